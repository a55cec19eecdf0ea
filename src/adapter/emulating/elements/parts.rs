//! Parts of dates and times.

use super::{Element, element};

pub(super) const ROWS: &[Element] = &[
    element(
        "`millennium`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(millennium, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "3",
            ),
            (
                "SELECT DATE_TRUNC('millennium', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2001-01-01 00:00:00",
            ),
        ],
    ),
    element(
        "`century`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(century, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "21",
            ),
            (
                "SELECT DATE_TRUNC('century', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2001-01-01 00:00:00",
            ),
        ],
    ),
    element(
        "`decade`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(decade, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "203",
            ),
            (
                "SELECT DATE_TRUNC('decade', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2020-01-01 00:00:00",
            ),
        ],
    ),
    element(
        "`epoch`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[(
            "SELECT DATE_PART(epoch, TIMESTAMP '2024-03-05 14:07:09.123456')",
            "1709647629",
        )],
    ),
    element(
        "`year`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(year, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024",
            ),
            (
                "SELECT DATEDIFF(year, DATE '2023-12-31', DATE '2024-01-01')",
                "1",
            ),
            (
                "SELECT DATE_TRUNC('year', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-01-01 00:00:00",
            ),
        ],
    ),
    element(
        "`quarter`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(quarter, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "1",
            ),
            (
                "SELECT DATEADD(quarter, 1, DATE '2024-01-31')",
                "2024-04-30 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('quarter', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-01-01 00:00:00",
            ),
        ],
    ),
    element(
        "`month`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(month, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "3",
            ),
            (
                "SELECT DATEADD(month, 1, DATE '2024-01-31')",
                "2024-02-29 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('month', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-01 00:00:00",
            ),
        ],
    ),
    element(
        "`week`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(week, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "10",
            ),
            (
                "SELECT DATEADD(week, 1, DATE '2024-01-31')",
                "2024-02-07 00:00:00",
            ),
            (
                "SELECT DATE_TRUNC('week', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-04 00:00:00",
            ),
        ],
    ),
    element(
        "`dayofweek`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[(
            "SELECT DATE_PART(dayofweek, TIMESTAMP '2024-03-05 14:07:09.123456')",
            "2",
        )],
    ),
    element(
        "`dayofyear`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[(
            "SELECT DATE_PART(dayofyear, TIMESTAMP '2024-03-05 14:07:09.123456')",
            "65",
        )],
    ),
    element(
        "`day`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(day, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "5",
            ),
            ("SELECT DATEDIFF(day, '2024-02-28', '2024-03-01')", "2"),
            (
                "SELECT DATE_TRUNC('day', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 00:00:00",
            ),
        ],
    ),
    element(
        "`hour`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(hour, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "14",
            ),
            (
                "SELECT DATEDIFF(hour, '2024-01-01 00:59:59', '2024-01-01 01:00:00')",
                "1",
            ),
            (
                "SELECT DATE_TRUNC('hour', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 14:00:00",
            ),
        ],
    ),
    element(
        "`minute`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(minute, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "7",
            ),
            (
                "SELECT DATEADD(minute, 90, TIMESTAMP '2024-01-01 00:00:00')",
                "2024-01-01 01:30:00",
            ),
            (
                "SELECT DATE_TRUNC('minute', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 14:07:00",
            ),
        ],
    ),
    element(
        "`second`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(second, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "9.123456",
            ),
            (
                "SELECT DATEADD(second, 90, TIMESTAMP '2024-01-01 00:00:00')",
                "2024-01-01 00:01:30",
            ),
            (
                "SELECT DATE_TRUNC('second', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 14:07:09",
            ),
        ],
    ),
    element(
        "`millisecond`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(millisecond, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "123",
            ),
            (
                "SELECT DATE_TRUNC('millisecond', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 14:07:09.123",
            ),
        ],
    ),
    element(
        "`microsecond`",
        "",
        "r_Dateparts_for_datetime_functions.html",
        &[
            (
                "SELECT DATE_PART(microsecond, TIMESTAMP '2024-03-05 14:07:09.123456')",
                "123456",
            ),
            (
                "SELECT DATE_TRUNC('microsecond', TIMESTAMP '2024-03-05 14:07:09.123456')",
                "2024-03-05 14:07:09.123456",
            ),
        ],
    ),
    element(
        "`timezone`, `timezone_hour`, `timezone_minute`",
        "all times are in UTC here",
        "r_Dateparts_for_datetime_functions.html",
        &[(
            "SELECT DATE_PART(timezone, TIMESTAMP '2024-03-05 14:07:09.123456')",
            "ERROR",
        )],
    ),
    element(
        "any other word",
        "it is not a date part",
        "r_Dateparts_for_datetime_functions.html",
        &[(
            "SELECT DATE_PART(fortnight, TIMESTAMP '2024-03-05 14:07:09.123456')",
            "ERROR",
        )],
    ),
];
