//! Secrets, and how they stay out of everything that is written.
//!
//! In: the values that must not be seen. Out: [`Redactor`].
//! Does not know where a secret came from or where a text goes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

/// Environment variables whose name starts so hold secrets.
pub const SECRET_PREFIX: &str = "DBT_ENV_SECRET";

const MASK: &str = "*****";

/// A part of a secret of several lines (a private key) is a secret by itself from this length.
const SHORTEST_LINE: usize = 8;

/// A secret of fewer letters is masked only where it is a word by itself: within other words it tells nobody anything, and what is
/// left of a text in which each `p` is masked is of no use.
const SHORTEST_PART: usize = 4;

/// Replaces secrets in text.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret that holds another one goes as a whole.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor for some values; blank ones are left out.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            if secret.trim().is_empty() {
                continue;
            }
            // A text with the secret may have been laid out anew or written as JSON before it comes here.
            if secret.contains('\n') {
                let lines = secret.lines().map(str::trim);
                all.extend(
                    lines
                        .filter(|line| line.len() >= SHORTEST_LINE)
                        .map(str::to_owned),
                );
            }
            let quoted = serde_json::Value::String(secret.clone()).to_string();
            all.push(quoted[1..quoted.len() - 1].to_owned());
            all.push(secret);
        }
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { secrets: all }
    }

    /// The text without any secret.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if let Some(masked) = masked(&text, secret) {
                text = Cow::Owned(masked);
            }
        }
        text
    }
}

/// A text without a secret; none where it does not hold it.
fn masked(text: &str, secret: &str) -> Option<String> {
    if !text.contains(secret) {
        return None;
    }
    if secret.chars().count() >= SHORTEST_PART {
        return Some(text.replace(secret, MASK));
    }
    let of_word = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let goes_on = |before: Option<char>, after: Option<char>| of_word(before) && of_word(after);
    let mut masked = String::new();
    let mut kept = 0;
    for (at, found) in text.match_indices(secret) {
        let end = at + found.len();
        let (first, last) = (found.chars().next(), found.chars().next_back());
        // What a JSON text has for a line end ends in a letter too.
        let mut before = text[..at].chars().rev();
        let before = before.next().filter(|_| before.next() != Some('\\'));
        let inside = goes_on(before, first) || goes_on(last, text[end..].chars().next());
        if !inside {
            masked.push_str(&text[kept..at]);
            masked.push_str(MASK);
            kept = end;
        }
    }
    masked.push_str(&text[kept..]);
    (kept > 0).then_some(masked)
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

/// What a warehouse says of a bad value, without the value: what stands in quotes, and the bytes that it spells out.
pub fn without_values(said: &str) -> String {
    let mut kept = String::new();
    let mut rest = said;
    for bytes in ["hex sequence: ", "Invalid char: "] {
        if let Some(at) = rest.find(bytes) {
            rest = &rest[..at + bytes.len()];
        }
    }
    let cut = rest.len() < said.len();
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = &rest[at..=at];
        kept.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        // `can't` and `doesn't`.
        if quote == "'" && kept.ends_with('n') && inside.starts_with("t ") {
            kept.push_str(quote);
            rest = inside;
            continue;
        }
        // The value may hold quotes itself: only a quote that a word does not follow ends it.
        let end = inside.match_indices(quote).map(|(end, _)| end).find(|end| {
            !inside[end + 1..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
        });
        kept.push_str(quote);
        kept.push_str(MASK);
        let Some(end) = end else {
            return kept;
        };
        kept.push_str(quote);
        rest = &inside[end + 1..];
    }
    kept.push_str(rest);
    if cut {
        kept.push_str(MASK);
    }
    kept
}

/// As [`without_values`], also of what stands without quotes: rows, keys and sums in parentheses (PostgreSQL's details, DuckDB's overflows),
/// what follows the last colon that is the warehouse's own (`Invalid Input Error: invalid digit in the number: …`), every word that is
/// not one of those in which warehouses speak of values, and lines of data below the first. The lines of the query itself stay.
pub fn without_data(said: &str) -> String {
    static ROWS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?s)(\)=|contains |[Vv]alue |of [A-Z]+[0-9]* )(\(.*\)|\(.*$|-?[0-9][^ ,]*)")
            .expect("a pattern that is one")
    });
    static QUERY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^LINE \d+: ").expect("a pattern that is one"));
    let (words, query) = match QUERY.find_iter(said).last() {
        Some(found) => said.split_at(found.start()),
        None => (said, ""),
    };
    let words = ROWS.replace_all(words, format!("${{1}}{MASK}"));
    let first = words.lines().next().unwrap_or_default();
    let mut colons = first
        .match_indices(": ")
        .map(|(at, found)| at + found.len());
    // DuckDB names the kind of its errors before the first.
    let of_duckdb = colons
        .clone()
        .next()
        .is_some_and(|end| first[..end].ends_with(" Error: "));
    match colons.nth(usize::from(of_duckdb)) {
        Some(end) => known_words(&without_values(&format!("{}'{MASK}'", &first[..end]))),
        None if query.is_empty() => known_words(&without_values(first)),
        None => format!(
            "{}\n\n{}",
            known_words(&without_values(first)),
            without_values(query)
        ),
    }
}

/// The words of DuckDB, PostgreSQL, Redshift and ours in what is said of a value, and types.
const WORDS: &str = "a A Array absolute check CHECK data Expected jsonb Key new not-null Token according Casting addition after allowed already an and approximate are argument arguments array as assert at base be because before \
    between BIGINT bigint Binder bits BLOB blob bool BOOLEAN boolean bound but by byte bytea bytes can can't Cannot cannot Cast cast \
    casting char character characters cidr code Codepoint codepoint column columns Constraint constraint contain contains Conversion \
    conversion convert converted Could could DATE date date/time dates day days DECIMAL decimal delimiter destination detected digit \
    digits divided dividing division does doesn't DOUBLE double duplicate element elements empty encoding end Error error exceed \
    exceeded exceeds exist exists expected expression extra fail Failed failed Failing failing Fatal field fields fit fits FLOAT \
    float for form format found fraction from function greater has have hexadecimal hour hours HUGEINT if implemented in index inet \
    infinity Input input INT128 INT16 INT32 INT64 INT8 INTEGER integer INTERNAL Internal internal INTERVAL interval into Invalid \
    invalid is it its JSON json key larger least left length less limit line list literal logarithm long longer lower macaddr \
    Malformed malformed match matching Maximum maximum minimum minute minutes Mismatch missing month months more most multiplication \
    must name negative no NOT Not not NULL null number numbers NUMERIC numeric object of on one only operation or Out out outside \
    Overflow overflow parse parsed Parser part pattern pos position positive power precision primary quote quoted Range range real \
    recognized relation requested result right root round row rows scale second seconds Sequence sequence set should signed size \
    smaller SMALLINT smallint specifier square start string struct subquery substring subtraction such syntax table take takes \
    terminated text than that the there this TIME time times TIMESTAMP timestamp TIMESTAMPTZ timestamptz TimeZone timezone TINYINT \
    to token too truncated Type type UBIGINT UINT16 UINT32 UINT64 UINT8 Unable unable unexpected UNIQUE unique unit Unknown unknown \
    unsigned unterminated upper used UTF8 utf8 UUID uuid valid Value value values VARCHAR varchar varying violates was when where \
    which while width with within without word words wrong year years zero zone";

/// A line in which each word that nobody vouches for is masked: it may be the value, or a part of it.
fn known_words(line: &str) -> String {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());
    // The columns of a key, a type with its size, a check of a table.
    static SAFE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^Key \([^()]*\)=|CHECK constraint failed on table [^ ]+ with expression CHECK\(.*\)$|\b(DECIMAL|NUMERIC|VARCHAR|CHAR|decimal|numeric|varchar|char|character|varying)\([0-9]+(,[0-9]+)?\)")
            .expect("a pattern that is one")
    });
    const SIGNS: [char; 5] = ['.', ',', '!', ':', ';'];
    let masked = |part: &str| {
        let mut words: Vec<String> = Vec::new();
        for word in part.split(' ') {
            let bare = word.trim_matches(|sign: char| sign.is_ascii_punctuation());
            if bare.is_empty() || KNOWN.contains(bare) {
                words.push(word.to_owned());
                continue;
            }
            let signs = &word[word.trim_end_matches(SIGNS).len()..];
            if words.last().is_some_and(|last| last == MASK) {
                words.pop();
            }
            words.push(format!("{MASK}{signs}"));
        }
        words.join(" ")
    };
    let mut kept = String::new();
    let mut from = 0;
    for safe in SAFE.find_iter(line) {
        kept += &masked(&line[from..safe.start()]);
        kept += safe.as_str();
        from = safe.end();
    }
    kept + &masked(&line[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_and_its_json_form_are_masked_the_longest_first() {
        let redactor = Redactor::new(["pass".to_owned(), "pass\"word".to_owned(), " ".to_owned()]);
        assert_eq!(
            redactor.redact("pass\"word pass {\"p\":\"pass\\\"word\"}"),
            "***** ***** {\"p\":\"*****\"}"
        );
        assert_eq!(format!("{redactor:?}"), "Redactor(3 secrets)");
    }

    #[test]
    fn a_secret_of_few_letters_is_masked_as_a_word_of_its_own() {
        let redactor = |secret: &str| Redactor::new([secret.to_owned()]);
        assert_eq!(
            redactor("p").redact("help: project p, 'p', p_1, pp, user:p@host, \"p\""),
            "help: project *****, '*****', p_1, pp, user:*****@host, \"*****\""
        );
        assert_eq!(
            redactor("sec").redact("secret_access_key of sec"),
            "secret_access_key of *****"
        );
        assert_eq!(redactor("p").redact(r#""x\np""#), r#""x\n*****""#);
        assert_eq!(redactor("a!").redact("a!b a! ca!"), "*****b ***** ca!");
        assert_eq!(redactor("é").redact("é café"), "***** café");
        assert_eq!(redactor("abcd").redact("xabcdx"), "x*****x");
    }

    #[test]
    fn what_is_said_of_a_value_goes_without_it() {
        for (said, kept) in [
            (
                "Invalid digit, Value 'x', Pos 0, Type: Integer",
                "Invalid digit, Value '*****', Pos 0, Type: Integer",
            ),
            (
                "Could not convert 'O'Hara' to int",
                "Could not convert '*****' to int",
            ),
            (
                "invalid input syntax for type integer: \"ada@example.com\"",
                "invalid input syntax for type integer: \"*****\"",
            ),
            (
                "Bad UTF8 hex sequence: e9 78 (error 4)",
                "Bad UTF8 hex sequence: *****",
            ),
            ("Delimiter not found", "Delimiter not found"),
            ("a 'b", "a '*****"),
        ] {
            assert_eq!(without_values(said), kept);
        }
    }

    #[test]
    fn what_is_said_of_data_goes_without_it_however_it_is_said() {
        for (said, kept) in [
            (
                "invalid digit in the number: Ada",
                "invalid digit in the number: '*****'",
            ),
            (
                "Invalid Input Error: invalid digit in the number: Ada",
                "Invalid Input Error: invalid digit in the number: '*****'",
            ),
            (
                "Invalid Input Error: Could not parse string \"Ada\" according to format specifier \"%Y\"\nAda\n^\nError: no year",
                "Invalid Input Error: Could not parse string \"*****\" according to format specifier \"*****\"",
            ),
            (
                "Conversion Error: Could not convert string 'Ada' to INT32\n\nLINE 1: select cast(name as int)\n               ^",
                "Conversion Error: Could not convert string '*****' to INT32\n\nLINE 1: select cast(name as int)\n               ^",
            ),
            (
                "Failing row contains (1, ann@x.org, 12 Main St\nSpringfield).",
                "Failing row contains *****.",
            ),
            (
                "Key (address)=(12 Main St\nSpringfield) already exists.",
                "Key (address)=***** already exists.",
            ),
            (
                "Invalid Input Error: Could not parse string \"12 AIRLINE 1: Road\" according to format specifier \"%Y\"\n12 AIRLINE 1: Road, ann@x.org\n^",
                "Invalid Input Error: Could not parse string \"*****",
            ),
            (
                "Out of Range Error: Overflow in multiplication of INT32 (85000 * 1000000)!",
                "Out of Range Error: Overflow in multiplication of INT32 *****!",
            ),
            (
                "Conversion Error: Type INT32 with value -85000 can't be cast because the value is out of range",
                "Conversion Error: Type INT32 with value ***** can't be cast because the value is out of range",
            ),
            (
                "value too long for type character varying(3)",
                "value too long for type character varying(3)",
            ),
            (
                "Constraint Error: CHECK constraint failed on table people with expression CHECK((strlen(\"name\") <= 3))",
                "Constraint Error: CHECK constraint failed on table people with expression CHECK((strlen(\"*****\") <= 3))",
            ),
            (
                "Invalid Input Error: the input Ada van Dam is not valid to be converted to base 10",
                "Invalid Input Error: the input ***** is not valid to be converted to base *****",
            ),
            (
                "Not implemented Error: Unknown TimeZone 'Ada'!",
                "Not implemented Error: Unknown TimeZone '*****'!",
            ),
            (
                "Invalid Input Error: Invalid UTF8 Codepoint 47110000",
                "Invalid Input Error: Invalid UTF8 Codepoint *****",
            ),
            (
                "Conversion Error: Casting value \"1234.5\" to type DECIMAL(4,2) failed: value is out of range!",
                "Conversion Error: Casting value \"*****\" to type DECIMAL(4,2) failed: '*****'",
            ),
        ] {
            assert_eq!(without_data(said), kept);
        }
    }

    #[test]
    fn the_lines_of_a_key_are_masked_when_laid_out_anew() {
        let redactor = Redactor::new(["-----BEGIN\nMIIabcdefgh\nx\n".to_owned()]);
        assert_eq!(redactor.redact("  = note: MIIabcdefgh"), "  = note: *****");
    }
}
