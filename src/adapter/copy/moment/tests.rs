use super::*;
use crate::adapter::copy::Conversion;
use crate::adapter::emulating::Type;

fn shown(formats: (Option<&str>, Option<&str>), kind: Type, text: &str) -> String {
    let conversion = Conversion {
        moments: Moments::new(formats.0, formats.1).unwrap(),
        ..Conversion::of_seed()
    };
    match conversion.cell(kind, text.as_bytes()) {
        Ok(Cell::Date(days)) => days.to_string(),
        Ok(Cell::Timestamp(micros) | Cell::Time(micros)) => micros.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(reason) => reason.0,
    }
}

#[test]
fn dates_are_read_by_their_format() {
    let date = |format, text| shown((format, None), Type::Date, text);
    assert_eq!(date(None, "1970-01-01"), "0");
    assert_eq!(date(None, "2024-02-29"), "19782");
    assert_eq!(date(None, "2024-02-29 10:00:00"), "19782");
    assert_eq!(
        date(None, "2023-02-29"),
        "Invalid date format or value [YYYY-MM-DD]"
    );
    assert_eq!(
        date(None, "2023-2-9"),
        "Invalid Date Format - length must be 10 or more"
    );
    assert_eq!(date(None, ""), "Null");
    for text in [
        "2024-02-29",
        "2024/2/29",
        "20240229",
        "240229",
        "02/29/2024",
        "2.29.24",
        "29-Feb-2024",
        "Feb 29, 2024",
        "February 29 2024",
        "2024-02-29T23:59:59Z",
        "2024.060",
        "J2460370",
    ] {
        assert_eq!(date(Some("auto"), text), "19782", "{text}");
    }
    assert_eq!(date(Some("DD/MM/YYYY"), "29/02/2024"), "19782");
    assert_eq!(date(Some("DD MON YY"), "29 feb 24"), "19782");
    assert_eq!(
        date(Some("DD/MM/YYYY"), "2024-02-29"),
        "Invalid date format or value [DD/MM/YYYY]"
    );
}

#[test]
fn timestamps_are_read_by_their_format() {
    let time = |format, text| shown((None, format), Type::Timestamp, text);
    assert_eq!(time(None, "1970-01-02 00:00:01.5"), "86401500000");
    assert_eq!(
        time(None, "1970-01-02T00:00:01"),
        "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"
    );
    assert_eq!(
        time(Some("epochmillisecs"), "1541105830796"),
        "1541105830796000"
    );
    assert_eq!(
        time(Some("epochmillisecs"), "1541105830796.0"),
        "1541105830796000"
    );
    assert_eq!(
        time(Some("epochsecs"), "1541105830.796"),
        "1541105830000000"
    );
    assert_eq!(
        time(Some("epochsecs"), "soon"),
        "Invalid timestamp format or value [epochsecs]"
    );
    for text in [
        "1970-01-02T00:00:01Z",
        "19700102 000001",
        "700102 000001",
        "01/02/1970 12:00:01 AM",
        "19700102000001",
        "J2440589 00:00:01",
        "1970.002 00:00:01",
        "02 Jan 00:00:01 1970",
        "1970-01-02 00:00:01.000 PST",
    ] {
        assert_eq!(time(Some("auto"), text), "86401000000", "{text}");
    }
    assert_eq!(
        time(Some("MM.DD.YYYY HH12:MI AM"), "01.02.1970 01:30 PM"),
        "135000000000"
    );
    assert_eq!(
        time(Some("auto"), "1970-01-01 25:00:00"),
        "Invalid timestamp format or value [auto]"
    );
}

#[test]
fn a_zone_counts_only_where_the_column_has_one() {
    let zoned = |text| shown((None, Some("auto")), Type::TimestampTz, text);
    assert_eq!(zoned("1970-01-01 02:00:00+02"), "0");
    assert_eq!(zoned("1970-01-01 00:00:00-8:00"), "28800000000");
    assert_eq!(zoned("1970-01-01T00:00:00-05:30"), "19800000000");
    assert_eq!(zoned("31 Dec 16:00:00 1969 PST"), "0");
    let plain = shown(
        (None, Some("auto")),
        Type::Timestamp,
        "1970-01-01 02:00:00+02",
    );
    assert_eq!(plain, "7200000000");
    assert_eq!(
        shown((None, None), Type::Time, "10:30:00.25"),
        "37800250000"
    );
    assert_eq!(
        shown((None, None), Type::Time, "24:00"),
        "Invalid time format or value [HH24:MI:SS]"
    );
}

#[test]
fn a_format_model_that_is_not_understood_is_refused() {
    for (text, told) in [
        (
            "YYYY-DDD",
            "`YYYY-DDD` is no TIMEFORMAT: `D` is not understood",
        ),
        // The manual wants these words in lower case, and no zones.
        ("AUTO", "`AUTO` is no TIMEFORMAT"),
        (
            "YYYY-MM-DD HH:MI:SSOF",
            "`YYYY-MM-DD HH:MI:SSOF` is no TIMEFORMAT: `OF` is not understood",
        ),
    ] {
        assert_eq!(Moments::new(None, Some(text)).unwrap_err().message, told);
    }
}
