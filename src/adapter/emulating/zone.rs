//! The names of time zones. An abbreviation is an offset that holds all the year, and goes before a name of the tz database, as in the
//! list that Amazon's page points to, `pg_timezone_abbrevs()`: <https://docs.aws.amazon.com/redshift/latest/dg/CONVERT_TIMEZONE.html>.
//! The engines read many of them as regions with summer times.

/// Abbreviations by the hours that they are before Greenwich; those that mean two zones mean PostgreSQL's.
const HOURS: [(i8, &str); 24] = [
    (-10, "HST TAHT"),
    (-9, "AKST GAMT"),
    (-8, "AKDT PST"),
    (-7, "MST PDT"),
    (-6, "CST GALT MDT"),
    (-5, "ACT CDT COT EST PET"),
    (-4, "AMT AST BOT EDT"),
    (-3, "ADT BRA BRT CLST GFT PMST PYST UYT WGT"),
    (-2, "BRST FNT PMDT UYST WGST"),
    (-1, "AZOT EGT FNST"),
    (0, "AZOST EGST GMT UCT UT UTC WET Z ZULU"),
    (1, "BST CET MET MEZ WAT WETDST"),
    (2, "BDST CEST CETDST EET IST MEST MESZ METDST SAST"),
    (3, "EAT EEST EETDST FET IDT MSK"),
    (4, "MSD MUT RET SCT"),
    (5, "MUST MVT PKT TFT TJT UZT"),
    (6, "ALMT BDT BTT KGST PKST UZST XJT YEKST"),
    (7, "ALMST CXT ICT WAST"),
    (8, "AWST BNT BORT CCT HKT MYT PHT SGT WADT"),
    (9, "AWSST JAYT JST KST PWT ULAST WDT"),
    (10, "AEST CHUT DDUT KDT LIGT MPT PGT TRUT YAPT"),
    (11, "AEDT AESST PONT VUT"),
    (12, "FJT GILT MHT NZST NZT TVT WAKT WFT"),
    (13, "FJST NZDT TOT"),
];

/// Abbreviations whose offset is no whole number of hours, or that only the engine gives a meaning.
const OTHERS: &str = "MART NFT NST NDT IRT AFT NPT MMT ACWST ACST CAST ACDT ACSST CADT LHST SADT CHAST CHADT \
                      AET AGT ART CAT CNT CTT ECT IET MIT NET PLT PNT PRT SST VST";

/// How many hours an abbreviation is before Greenwich.
fn hours(name: &str) -> Option<i8> {
    let found = HOURS.iter().find(|(_, names)| has(names, name));
    found.map(|(hours, _)| *hours)
}

fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|one| one.eq_ignore_ascii_case(name))
}

/// The offset of an abbreviation, as it stands behind a time.
pub(super) fn offset(name: &str) -> Option<String> {
    hours(name).map(|hours| format!("{hours:+03}"))
}

/// The minutes that a zone in the words of POSIX is west of Greenwich, `NEWZONE +2` or `PST8`: its name means nothing.
///
/// Redshift reads `America/Los_Angeles+2` so too ("Using POSIX-style format" of the page above).
fn posix(name: &str) -> Option<i32> {
    let name = name.trim();
    let digits = name.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))?;
    let (letters, offset) = name.split_at(digits);
    let letters = letters.trim_end();
    if letters.len() < 3
        || !letters
            .chars()
            .all(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
    {
        return None;
    }
    let (sign, offset) = match offset.strip_prefix('-') {
        Some(east) => (-1, east),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let number = |text: &str| match text.len() {
        1 | 2 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse::<i32>().ok(),
        _ => None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// The name by which PostgreSQL knows a zone: its own offsets are those of POSIX, without blanks.
pub(super) fn for_postgres(name: &str) -> String {
    match posix(name) {
        Some(west) => {
            let sign = if west < 0 { '-' } else { '+' };
            format!("UTC{sign}{}:{:02}", west.abs() / 60, west.abs() % 60)
        }
        None => name.to_owned(),
    }
}

/// The name by which DuckDB knows a zone; none where it means another zone there, or none.
pub(super) fn for_duckdb(name: &str) -> Option<String> {
    let name = name.trim();
    match posix(name) {
        Some(0) => return Some("UTC".to_owned()),
        // These names count as POSIX does, and there are no others of an offset.
        Some(west) => {
            let named = west % 60 == 0 && (-14..=12).contains(&(west / 60));
            return named.then(|| format!("Etc/GMT{:+}", west / 60));
        }
        None => {}
    }
    match hours(name) {
        // These names count the other way round.
        Some(hours) if hours != 0 => Some(format!("Etc/GMT{:+}", -hours)),
        Some(_) => Some("UTC".to_owned()),
        None if has(OTHERS, name) => None,
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abbreviation_is_an_offset_and_no_region() {
        assert_eq!(offset("pst").as_deref(), Some("-08"));
        assert_eq!(offset("IST").as_deref(), Some("+02"));
        assert_eq!(offset("Z").as_deref(), Some("+00"));
        assert_eq!(offset("Europe/Berlin"), None);
        assert_eq!(for_duckdb("PST").as_deref(), Some("Etc/GMT+8"));
        assert_eq!(for_duckdb("cet").as_deref(), Some("Etc/GMT-1"));
        assert_eq!(for_duckdb("gmt").as_deref(), Some("UTC"));
        assert_eq!(
            for_duckdb("Europe/Berlin").as_deref(),
            Some("Europe/Berlin")
        );
        assert_eq!(for_duckdb("NST"), None);
        assert_eq!(for_duckdb("AET"), None);
        for (name, offset) in [
            ("NEWZONE +2", "Etc/GMT+2"),
            ("America/Los_Angeles+2", "Etc/GMT+2"),
            ("GMT+2", "Etc/GMT+2"),
            ("UTC-14", "Etc/GMT-14"),
            ("PST8", "Etc/GMT+8"),
            ("Etc/GMT+5", "Etc/GMT+5"),
            ("UTC0", "UTC"),
            ("PST8PDT", "PST8PDT"),
        ] {
            assert_eq!(for_duckdb(name).as_deref(), Some(offset), "{name}");
        }
        assert_eq!(for_duckdb("NEWZONE-2:15"), None);
        assert_eq!(for_postgres("NEWZONE -2:15"), "UTC-2:15");
        assert_eq!(for_postgres("Europe/Berlin"), "Europe/Berlin");
        assert_eq!(posix("xxx36"), None);
        assert_eq!(posix("+02"), None);
    }
}
