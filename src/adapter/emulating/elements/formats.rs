//! Elements of format models, of dates and times and of numbers.

use super::{Element, element};

pub(super) const ROWS: &[Element] = &[
    element(
        "`YYYY`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'YYYY')",
                "2024",
            ),
            ("SELECT TO_DATE('2024', 'YYYY')", "2024-01-01"),
        ],
    ),
    element(
        "`YYY`, `YY`, `Y`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'YYY YY Y')",
            "024 24 4",
        )],
    ),
    element(
        "`Y,YYY`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'Y,YYY')",
            "2,024",
        )],
    ),
    element(
        "`IYYY`, `IYY`, `IY`, `I`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'IYYY')",
                "2024",
            ),
            (
                "SELECT TO_CHAR(DATE '2024-12-30', 'IYYY IYY IY I')",
                "2025 025 25 5",
            ),
        ],
    ),
    element(
        "`CC`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'CC')",
            "21",
        )],
    ),
    element(
        "`BC`, `AD`, `B.C.`, `A.D.`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'AD a.d.')",
                "AD a.d.",
            ),
            ("SELECT TO_DATE('0044 BC', 'YYYY BC')", "ERROR"),
        ],
    ),
    element(
        "`J`",
        "",
        "r_FORMAT_strings.html",
        &[
            ("SELECT TO_CHAR(DATE '2009-12-31', 'J')", "2455197"),
            (
                "SELECT TO_CHAR(TIMESTAMP '2000-01-01 23:00:00', 'J')",
                "2451545",
            ),
            ("SELECT TO_DATE('2455197', 'J')", "ERROR"),
        ],
    ),
    element(
        "`Q`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'Q')",
            "1",
        )],
    ),
    element(
        "`MONTH`, `Month`, `month`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'MONTH|Month|FMmonth')",
            "MARCH    |March    |march",
        )],
    ),
    element(
        "`MON`, `Mon`, `mon`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'MON Mon mon')",
                "MAR Mar mar",
            ),
            ("SELECT TO_DATE('05 Mar 2024', 'DD Mon YYYY')", "2024-03-05"),
        ],
    ),
    element(
        "`MM`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'MM')",
                "03",
            ),
            ("SELECT TO_DATE('20240305', 'YYYYMMDD')", "2024-03-05"),
        ],
    ),
    element(
        "`WW`, `W`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'WW W')",
            "10 1",
        )],
    ),
    element(
        "`IW`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'IW')",
            "10",
        )],
    ),
    element(
        "`DAY`, `Day`, `day`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'DAY|FMDay')",
            "TUESDAY  |Tuesday",
        )],
    ),
    element(
        "`DY`, `Dy`, `dy`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'DY Dy dy')",
            "TUE Tue tue",
        )],
    ),
    element(
        "`DDD`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'DDD')",
            "065",
        )],
    ),
    element(
        "`DD`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'DD')",
            "05",
        )],
    ),
    element(
        "`D`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'D')",
            "3",
        )],
    ),
    element(
        "`ID`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'ID')",
            "2",
        )],
    ),
    element(
        "`HH24`",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'HH24')",
                "14",
            ),
            (
                "SELECT TO_TIMESTAMP('2024-03-05 14:07', 'YYYY-MM-DD HH24:MI')::timestamp",
                "2024-03-05 14:07:00",
            ),
        ],
    ),
    element(
        "`HH`, `HH12`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'HH HH12')",
            "02 02",
        )],
    ),
    element(
        "`MI`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'MI')",
            "07",
        )],
    ),
    element(
        "`SS`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'SS')",
            "09",
        )],
    ),
    element(
        "`MS`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'MS')",
            "123",
        )],
    ),
    element(
        "`US`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'US')",
            "123456",
        )],
    ),
    element(
        "`SSSS`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'SSSS')",
            "50829",
        )],
    ),
    element(
        "`AM`, `PM`, `A.M.`, `P.M.`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'AM pm')",
            "PM pm",
        )],
    ),
    element(
        "`FM`",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'FMMM-FMDD')",
            "3-5",
        )],
    ),
    element(
        "text in double quotes",
        "",
        "r_FORMAT_strings.html",
        &[(
            "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'YYYY\"th year\"')",
            "2024th year",
        )],
    ),
    element(
        "`TH`, `th` behind a number, where it is written",
        "",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2009-12-31 23:15:59', 'FMMonth DDth, YYYY')",
                "December 31st, 2009",
            ),
            ("SELECT TO_CHAR(DATE '2024-03-12', 'DDTH')", "12TH"),
            ("SELECT TO_CHAR(DATE '2024-03-02', 'FMDDth')", "2nd"),
            ("SELECT TO_DATE('12th', 'DDth')", "ERROR"),
            ("SELECT TO_CHAR(DATE '2024-03-12', 'MonthTH')", "ERROR"),
        ],
    ),
    element(
        "`RM` behind `FM`",
        "",
        "r_FORMAT_strings.html",
        &[
            ("SELECT TO_CHAR(DATE '2024-11-05', 'FMRM FMrm')", "XI xi"),
            ("SELECT TO_CHAR(DATE '2024-11-05', 'RM')", "ERROR"),
        ],
    ),
    element(
        "`TZ`, `OF`",
        "all times are in UTC here",
        "r_FORMAT_strings.html",
        &[
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'TZ')",
                "ERROR",
            ),
            (
                "SELECT TO_CHAR(TIMESTAMP '2024-03-05 14:07:09.123456', 'OF')",
                "ERROR",
            ),
        ],
    ),
    element(
        "`9`",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(12, '999')", "  12")],
    ),
    element(
        "`0`",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(12, '000')", " 012")],
    ),
    element(
        "`.`, `D`",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(12.5, '99.99')", " 12.50"),
            ("SELECT TO_NUMBER('12.5', '99D9')", "12.5"),
        ],
    ),
    element(
        "`,`, `G`",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(1234, '9,999')", " 1,234"),
            ("SELECT TO_NUMBER('1,234', '9G999')", "1234"),
        ],
    ),
    element(
        "`$`, `L`",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(12, '$99')", "$ 12")],
    ),
    element(
        "`S`",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(-12, 'S99')", "-12"),
            ("SELECT TO_CHAR(12, '99S')", "12+"),
        ],
    ),
    element(
        "`MI`",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(-12, '99MI')", "12-"),
            ("SELECT TO_NUMBER('12-', '99MI')", "-12"),
        ],
    ),
    element(
        "`PR`",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(-12, '99PR')", "<12>")],
    ),
    element(
        "`FM` of numbers",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(12, 'FM999')", "12")],
    ),
    element(
        "more digits than places",
        "",
        "r_Numeric_format_strings.html",
        &[("SELECT TO_CHAR(1234, '99')", " ##")],
    ),
    element(
        "`SG` before or behind the digits",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(12, 'SG999')", "+ 12"),
            ("SELECT TO_CHAR(-485, '999SG')", "485-"),
            ("SELECT TO_CHAR(-485, '9SG99')", "ERROR"),
        ],
    ),
    element(
        "`RN` behind `FM`",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(125, 'FMRN')", "CXXV"),
            ("SELECT TO_CHAR(3999, 'FMrn')", "mmmcmxcix"),
            ("SELECT TO_CHAR(125, 'RN')", "ERROR"),
        ],
    ),
    element(
        "`TH`, `th` behind the digits",
        "",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(482, '999th')", " 482nd"),
            ("SELECT TO_CHAR(12, 'FM99TH')", "12TH"),
            ("SELECT TO_CHAR(-3, '9th')", "-3"),
            ("SELECT TO_CHAR(1.5, '9.9th')", "ERROR"),
        ],
    ),
    element(
        "`PL`, `V`, `EEEE`",
        "they are not emulated",
        "r_Numeric_format_strings.html",
        &[
            ("SELECT TO_CHAR(12, 'PL99')", "ERROR"),
            ("SELECT TO_CHAR(12, '99V9')", "ERROR"),
            ("SELECT TO_CHAR(12, '9.9EEEE')", "ERROR"),
        ],
    ),
];
