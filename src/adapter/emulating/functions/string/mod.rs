//! String functions.

mod part;
mod regexp;

use super::{How, Kind, Returns, Row, row};
use crate::adapter::emulating::types::Type;
pub(in super::super) use part::part_of;
use part::{concat, left_right, length, octet_length, split_part, substring_call};
use regexp::{regexp_count, regexp_instr, regexp_replace, regexp_substr};

/// Two texts without the blanks at their ends, by their bytes.
const COMPARED: How = How::Forms(
    &[(
        2,
        "CAST(CASE WHEN rtrim({0:t}, ' ') < rtrim({1:t}, ' ') THEN -1 WHEN rtrim({0:t}, ' ') > rtrim({1:t}, ' ') THEN 1 WHEN rtrim({0:t}, ' ') = rtrim({1:t}, ' ') THEN 0 END AS INTEGER)",
    )],
    INT,
);

const INT: Returns = Returns::Is(Type::Int4);

/// String functions: <https://docs.aws.amazon.com/redshift/latest/dg/String_functions_header.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "ascii",
        How::Forms(&[(1, "ascii({0:t})")], INT),
        "r_ASCII.html",
        &[
            ("SELECT ASCII('amazon')", "97"),
            ("SELECT CHR(65)||ASCII('a')", "A97"),
        ],
    ),
    row(
        "bpcharcmp",
        COMPARED,
        "r_BPCHARCMP.html",
        &[
            ("SELECT BPCHARCMP('abc','abd')", "-1"),
            ("SELECT BPCHARCMP('abc  ','abc')", "0"),
            ("SELECT BPCHARCMP('b','abc')", "1"),
            ("SELECT BPCHARCMP('b',NULL)", "null"),
        ],
    ),
    row(
        "bttext_pattern_cmp",
        COMPARED,
        "r_BTTEXT_PATTERN_CMP.html",
        &[("SELECT BTTEXT_PATTERN_CMP('a','b')", "-1")],
    ),
    row(
        "btrim",
        How::Forms(
            &[(1, "trim({0:t}, ' ')"), (2, "trim({0:t}, {1:t})")],
            Returns::Text,
        ),
        "r_BTRIM.html",
        &[
            ("SELECT BTRIM('  abc  ')", "abc"),
            ("SELECT BTRIM('xyzaxyzbxyzcxyz','xyz')", "axyzbxyzc"),
        ],
    ),
    row(
        "char_length",
        How::Forms(&[(1, "CAST(length({0:t}) AS INTEGER)")], INT),
        "r_CHAR_LENGTH.html",
        &[("SELECT CHAR_LENGTH('café')", "4")],
    ),
    row(
        "character_length",
        How::Forms(&[(1, "CAST(length({0:t}) AS INTEGER)")], INT),
        "r_CHARACTER_LENGTH.html",
        &[("SELECT CHARACTER_LENGTH('abc')", "3")],
    ),
    row(
        "charindex",
        How::Forms(&[(2, "CAST(strpos({1:t}, {0:t}) AS INTEGER)")], INT),
        "r_CHARINDEX.html",
        &[
            ("SELECT CHARINDEX('fish','dogfish')", "4"),
            ("SELECT CHARINDEX('x','dogfish')", "0"),
        ],
    ),
    row(
        "chr",
        How::Forms(&[(1, "chr({0})")], Returns::Text),
        "r_CHR.html",
        &[("SELECT CHR(65)", "A")],
    ),
    row(
        "collate",
        How::Refused(
            "comparisons here know one collation, Redshift's default",
            "compare `lower(x)`",
        ),
        "r_COLLATE.html",
        &[],
    ),
    row(
        "concat",
        How::Native(Kind::Scalar, concat),
        "r_CONCAT.html",
        &[
            ("SELECT CONCAT('a',NULL)", "null"),
            ("SELECT CONCAT('a','b')", "ab"),
            ("SELECT CONCAT('n', 5)", "n5"),
        ],
    ),
    row(
        "difference",
        How::Forms(&[(2, "__rs_difference({0:t}, {1:t})")], INT),
        "DIFFERENCE.html",
        &[
            ("SELECT DIFFERENCE('AC/DC','Ay See Dee See')", "4"),
            ("SELECT DIFFERENCE('Amazon','Ama')", "2"),
            ("SELECT DIFFERENCE('Amazon',NULL)", "null"),
        ],
    ),
    row(
        "initcap",
        How::Forms(&[(1, "__rs_initcap({0:t})")], Returns::Text),
        "r_INITCAP.html",
        &[
            ("SELECT INITCAP('the soap')", "The Soap"),
            ("SELECT INITCAP('o''NEIL-smith x2y')", "O'Neil-Smith X2y"),
        ],
    ),
    row(
        "left",
        How::Native(Kind::Scalar, left_right),
        "r_LEFT.html",
        &[
            ("SELECT LEFT('abcdef',2)||RIGHT('abcdef',2)", "abef"),
            ("SELECT LEFT(rep,id) FROM sales WHERE id=2", "bo"),
            ("SELECT LEFT(rep,id-3) FROM sales WHERE id=1", "ERROR"),
            ("SELECT LEFT(rep, rep) FROM sales", "ERROR"),
        ],
    ),
    row(
        "len",
        How::Native(Kind::Scalar, length),
        "r_LEN.html",
        &[
            ("SELECT LEN(FROM_HEX('abcd'))", "2"),
            ("SELECT LEN('abc  ')", "5"),
            ("SELECT LEN('français')", "8"),
        ],
    ),
    row(
        "length",
        How::Native(Kind::Scalar, length),
        "r_LENGTH.html",
        &[
            ("SELECT LENGTH('café')", "4"),
            ("SELECT LENGTH(123)", "3"),
            ("SELECT LEN(qty::float) FROM sales WHERE id=1", "1"),
            ("SELECT LEN(qty > 1) FROM sales", "ERROR"),
        ],
    ),
    row(
        "lower",
        How::Forms(&[(1, "lower({0:t})")], Returns::SameAs(0)),
        "r_LOWER.html",
        &[("SELECT LOWER('ÀbC')", "àbc")],
    ),
    row(
        "lpad",
        How::Forms(
            &[
                (2, "__rs.lpad({0:t}, {1}, ' ')"),
                (3, "__rs.lpad({0:t}, {1}, {2:t})"),
            ],
            Returns::Text,
        ),
        "r_LPAD.html",
        &[
            ("SELECT LPAD('abc', 70000)", "ERROR"),
            ("SELECT LPAD('a', 3, '')", "a"),
            ("SELECT LPAD('7',3,'0')", "007"),
            ("SELECT LPAD('ab',4)", "  ab"),
            ("SELECT LPAD(id,5,'0') FROM sales WHERE id=3", "00003"),
            ("SELECT LPAD('abcdef',3,'0')", "abc"),
        ],
    ),
    row(
        "ltrim",
        How::Forms(
            &[(1, "ltrim({0:t}, ' ')"), (2, "ltrim({0:t}, {1:t})")],
            Returns::SameAs(0),
        ),
        "r_LTRIM.html",
        &[
            ("SELECT LTRIM('  abc ')", "abc "),
            ("SELECT LTRIM('2008-01-01','0123456789')", "-01-01"),
        ],
    ),
    row(
        "octet_length",
        How::Native(Kind::Scalar, octet_length),
        "r_OCTET_LENGTH.html",
        &[
            ("SELECT OCTET_LENGTH('café')", "5"),
            ("SELECT OCTET_LENGTH(FROM_HEX('00ff'))", "2"),
        ],
    ),
    row(
        "octetindex",
        How::Forms(
            &[(
                2,
                "CAST(CASE strpos({1:t}, {0:t}) WHEN 0 THEN 0 ELSE strlen(left({1:t}, strpos({1:t}, {0:t}) - 1)) + 1 END AS INTEGER)",
            )],
            INT,
        ),
        "OCTETINDEX.html",
        &[
            ("SELECT OCTETINDEX('AWS', 'Amazon AWS')", "8"),
            ("SELECT OCTETINDEX('AWS', 'Άμαζον AWS')", "14"),
            ("SELECT OCTETINDEX('x', rep) FROM sales WHERE id = 1", "0"),
            ("SELECT OCTETINDEX(NULL, 'a')", "null"),
        ],
    ),
    row(
        "position",
        How::Refused(
            "the standard form is `position(a in b)`",
            "use `strpos(b, a)`",
        ),
        "r_POSITION.html",
        &[("SELECT POSITION('fish' IN 'dogfish')", "4")],
    ),
    row(
        "quote_ident",
        How::Forms(&[(1, "__rs_quote_ident({0:t})")], Returns::Text),
        "r_QUOTE_IDENT.html",
        &[
            ("SELECT QUOTE_IDENT('catname')", "catname"),
            ("SELECT QUOTE_IDENT('\"CAT\"')", "\"\"\"CAT\"\"\""),
            ("SELECT QUOTE_IDENT('Foo bar')", "\"Foo bar\""),
            ("SELECT QUOTE_IDENT('user')", "\"user\""),
        ],
    ),
    row(
        "quote_literal",
        How::Forms(
            &[(
                1,
                "('''' || replace(replace({0:t}, '\\', '\\\\'), '''', '''''') || '''')",
            )],
            Returns::Text,
        ),
        "r_QUOTE_LITERAL.html",
        &[
            ("SELECT QUOTE_LITERAL('it''s')", "'it''s'"),
            ("SELECT QUOTE_LITERAL('a\\\\b')", "'a\\\\b'"),
            ("SELECT QUOTE_LITERAL(123)", "'123'"),
        ],
    ),
    row(
        "regexp_count",
        How::Native(Kind::Scalar, regexp_count),
        "REGEXP_COUNT.html",
        &[
            ("SELECT REGEXP_COUNT('abcabc','b')", "2"),
            (
                "SELECT REGEXP_COUNT('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')",
                "8",
            ),
            ("SELECT REGEXP_COUNT('xABCabc','abc',1,'i')", "2"),
            ("SELECT REGEXP_COUNT(NULL,'b')", "null"),
        ],
    ),
    row(
        "regexp_instr",
        How::Native(Kind::Scalar, regexp_instr),
        "REGEXP_INSTR.html",
        &[
            ("SELECT REGEXP_INSTR('dogfish','fish')", "4"),
            ("SELECT REGEXP_INSTR('dogfish','x')", "0"),
            ("SELECT REGEXP_INSTR('a1b22','[0-9]+',1,2)", "4"),
            ("SELECT REGEXP_INSTR('a1b22','[0-9]+',1,2,1)", "6"),
            ("SELECT REGEXP_INSTR('the fox','FOX',1,1,0,'i')", "5"),
            ("SELECT REGEXP_INSTR('the fox','FOX',1,1,1,'c')", "0"),
        ],
    ),
    row(
        "regexp_replace",
        How::Native(Kind::Scalar, regexp_replace),
        "REGEXP_REPLACE.html",
        &[
            ("SELECT REGEXP_REPLACE('a-b-c','-','_')", "a_b_c"),
            ("SELECT REGEXP_REPLACE('aaa','a','b',2)", "abb"),
            ("SELECT REGEXP_REPLACE('aaa','a','b',9)", "aaa"),
            ("SELECT REGEXP_REPLACE('(555) 123','[^0-9]','')", "555123"),
            (
                "SELECT REGEXP_REPLACE('ab12','([a-z]+)([0-9]+)','$2$1')",
                "12ab",
            ),
            ("SELECT REGEXP_REPLACE('abc','b')", "ac"),
            ("SELECT REGEXP_REPLACE('aAbA','a','x',1,'i')", "xxbx"),
        ],
    ),
    row(
        "regexp_substr",
        How::Native(Kind::Scalar, regexp_substr),
        "REGEXP_SUBSTR.html",
        &[
            ("SELECT REGEXP_SUBSTR('a1b22','[0-9]+')", "1"),
            ("SELECT REGEXP_SUBSTR('a1b22','[0-9]+',1,2)", "22"),
            ("SELECT REGEXP_SUBSTR('abc','[0-9]+')", ""),
            ("SELECT REGEXP_SUBSTR('abc123','\\\\d+')", "123"),
            ("SELECT REGEXP_SUBSTR('a1b22','[0-9]+',3)", "22"),
            (
                "SELECT REGEXP_SUBSTR('key=val','(\\\\w+)=(\\\\w+)',1,1,'e')",
                "key",
            ),
        ],
    ),
    row(
        "repeat",
        How::Forms(&[(2, "__rs.repeat({0:t}, {1})")], Returns::Text),
        "r_REPEAT.html",
        &[
            ("SELECT REVERSE(REPEAT('ab',2))", "baba"),
            ("SELECT LEN(REPEAT('x', 65535))", "65535"),
            ("SELECT LEN(REPEAT('xy', 65535))", "ERROR"),
        ],
    ),
    row(
        "replicate",
        How::Forms(&[(2, "__rs.repeat({0:t}, {1})")], Returns::Text),
        "r_REPLICATE.html",
        &[("SELECT REPLICATE('ab',3)", "ababab")],
    ),
    row(
        "replace",
        How::Forms(&[(3, "replace({0:t}, {1:t}, {2:t})")], Returns::Text),
        "r_REPLACE.html",
        &[
            ("SELECT REPLACE('a-b','-','+')", "a+b"),
            ("SELECT REPLACE('abc', NULL, 'x')", "null"),
        ],
    ),
    row(
        "reverse",
        // DuckDB's own keeps letters and their marks together.
        How::Forms(&[(1, "__rs_reverse({0:t})")], Returns::SameAs(0)),
        "r_REVERSE.html",
        &[
            ("SELECT REVERSE('abc')", "cba"),
            ("SELECT REVERSE('abc'::varbyte)", "ERROR"),
            ("SELECT REVERSE(12345)", "54321"),
            (
                "SELECT LEN(REVERSE('e' || CHR(769) || 'x')) || LEFT(REVERSE('é' || CHR(769) || 'x'), 1)",
                "3x",
            ),
            (
                "SELECT REVERSE('e' || CHR(769) || 'x') = 'x' || CHR(769) || 'e'",
                "True",
            ),
        ],
    ),
    row(
        "right",
        How::Native(Kind::Scalar, left_right),
        "r_RIGHT.html",
        &[("SELECT RIGHT('Chicago',3)", "ago")],
    ),
    row(
        "rpad",
        How::Forms(
            &[
                (2, "__rs.rpad({0:t}, {1}, ' ')"),
                (3, "__rs.rpad({0:t}, {1}, {2:t})"),
            ],
            Returns::Text,
        ),
        "r_RPAD.html",
        &[
            ("SELECT RPAD('ab',4,'*')", "ab**"),
            ("SELECT RPAD('abcdef',3,'*')", "abc"),
        ],
    ),
    row(
        "rtrim",
        How::Forms(
            &[(1, "rtrim({0:t}, ' ')"), (2, "rtrim({0:t}, {1:t})")],
            Returns::SameAs(0),
        ),
        "r_RTRIM.html",
        &[
            ("SELECT RTRIM('abc  ')||'|'", "abc|"),
            ("SELECT RTRIM('baseball park','park')", "baseball "),
        ],
    ),
    row(
        "soundex",
        How::Forms(&[(1, "__rs_soundex({0:t})")], Returns::Text),
        "SOUNDEX.html",
        &[
            ("SELECT SOUNDEX('Amazon')", "A525"),
            ("SELECT SOUNDEX('AWS Amazon')", "A252"),
            ("SELECT SOUNDEX('12321Amazon')", "A525"),
            ("SELECT SOUNDEX('')", ""),
            ("SELECT SOUNDEX(NULL)", "null"),
        ],
    ),
    row(
        "split_part",
        How::Native(Kind::Scalar, split_part),
        "SPLIT_PART.html",
        &[
            ("SELECT SPLIT_PART('a$b$c','$',2)", "b"),
            ("SELECT SPLIT_PART('a$b','$',9)", ""),
            ("SELECT SPLIT_PART('abc','b',1)", "a"),
        ],
    ),
    row(
        "strpos",
        How::Forms(&[(2, "CAST(strpos({0:t}, {1:t}) AS INTEGER)")], INT),
        "r_STRPOS.html",
        &[
            ("SELECT STRPOS('dogfish','fish')", "4"),
            ("SELECT STRPOS('dogfish','')", "1"),
        ],
    ),
    row(
        "substr",
        How::Native(Kind::Scalar, substring_call),
        "r_SUBSTRING.html",
        &[
            ("SELECT SUBSTR('caterpillar',6,4)", "pill"),
            ("SELECT SUBSTR('abc',2)", "bc"),
        ],
    ),
    row(
        "substring",
        How::Native(Kind::Scalar, substring_call),
        "r_SUBSTRING.html",
        &[
            ("SELECT SUBSTRING('caterpillar',6,4)", "pill"),
            ("SELECT SUBSTRING('caterpillar' FROM 6 FOR 4)", "pill"),
            ("SELECT SUBSTRING('abcdef',0,3)", "ab"),
            ("SELECT SUBSTRING('abcdef',-1,4)", "ab"),
            (
                "SELECT SUBSTRING('abcdef',qty-2,4) FROM sales WHERE id=1",
                "ab",
            ),
            ("SELECT SUBSTRING('abcdef',-1)", "abcdef"),
            (
                "SELECT SUBSTRING(rep,1,STRPOS(rep,'n')-1) FROM sales WHERE id=1",
                "a",
            ),
            (
                "SELECT SUBSTRING(rep,1,STRPOS(rep,'n')-1) FROM sales WHERE id=2",
                "ERROR",
            ),
            ("SELECT SUBSTRING('abcdef',2,-1)", "ERROR"),
            (
                "SELECT FROM_VARBYTE(SUBSTRING('abcd'::varbyte, 2, 2), 'utf8')",
                "bc",
            ),
            ("SELECT TO_HEX(SUBSTRING(FROM_HEX('00ff10'), 2))", "ff10"),
            ("SELECT TO_HEX(SUBSTRING(FROM_HEX('00ff10'), -1, 3))", "00"),
            ("SELECT SUBSTRING(rep, d) FROM sales", "ERROR"),
            ("SELECT SUBSTRING('abc', 'x')", "ERROR"),
            ("SELECT SUBSTRING('abc', '2')", "bc"),
        ],
    ),
    row(
        "textlen",
        How::Forms(&[(1, "CAST(length({0:t}) AS INTEGER)")], INT),
        "r_TEXTLEN.html",
        &[("SELECT TEXTLEN('abc')", "3")],
    ),
    row(
        "translate",
        How::Forms(&[(3, "translate({0:t}, {1:t}, {2:t})")], Returns::Text),
        "r_TRANSLATE.html",
        &[
            ("SELECT TRANSLATE('mint tea','inea','osin')", "most tin"),
            ("SELECT TRANSLATE('a-b(c)','-()','')", "abc"),
        ],
    ),
    row(
        "trim",
        How::Forms(
            &[(1, "trim({0:t}, ' ')"), (2, "trim({0:t}, {1:t})")],
            Returns::Text,
        ),
        "r_TRIM.html",
        &[
            ("SELECT TRIM('  a  ')||'|'", "a|"),
            ("SELECT TRIM(BOTH '\"' FROM '\"dog\"')", "dog"),
            ("SELECT TRIM(BOTH FROM '  dog ') || '.'", "dog."),
            ("SELECT TRIM(LEADING FROM '  dog ') || '.'", "dog ."),
            (
                "SELECT TRIM(TRAILING FROM rep || ' ') || '.' FROM sales WHERE id = 1",
                "ann.",
            ),
            ("SELECT TRIM(LEADING 'x' FROM 'xxax')", "ax"),
            ("SELECT TRIM(TRAILING 'x' FROM 'xxax')", "xxa"),
            ("SELECT TRIM('\t a')", "\t a"),
        ],
    ),
    row(
        "upper",
        // A letter becomes one letter, and `ß` has none.
        How::Forms(
            &[(
                1,
                "replace(upper(replace({0:t}, 'ß', chr(57344))), chr(57344), 'ß')",
            )],
            Returns::SameAs(0),
        ),
        "r_UPPER.html",
        &[
            ("SELECT UPPER('café')", "CAFÉ"),
            ("SELECT UPPER('straße')", "STRAßE"),
        ],
    ),
];
