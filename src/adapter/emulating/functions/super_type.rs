//! Arrays, objects, and what kind of value a `super` holds.

use super::{How, Returns, Row, row};
use crate::adapter::emulating::types::Type;

const INT: Returns = Returns::Is(Type::Int4);
const BOOL: Returns = Returns::Is(Type::Bool);
const SUPER: Returns = Returns::Is(Type::Super);

/// A number in JSON with a fraction is a decimal or a float on Redshift, and the documentation does not say which.
const FRACTION: &str =
    "whether Redshift keeps a fraction in JSON as a decimal or as a float is not documented";

/// The documentation has no example of what happens to NULL, to doubles or to nested arrays.
const ARRAY_RULES: &str = "its rules for NULL and for values of different types are not known here";

const fn of_array(name: &'static str, page: &'static str) -> Row {
    row(
        name,
        How::Refused(ARRAY_RULES, "unnest the array (`from t, t.items as item`)"),
        page,
        &[],
    )
}

/// Whole numbers of a `super` in a range; everything else, NULL too, is not one.
macro_rules! whole {
    ($least:literal, $most:literal) => {
        How::Forms(
            &[(
                1,
                concat!(
                    "coalesce(CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT') THEN CAST(json_extract_string({0}, '$') AS HUGEINT) BETWEEN ",
                    $least,
                    " AND ",
                    $most,
                    " END, false)"
                ),
            )],
            BOOL,
        )
    };
}

/// Array functions: <https://docs.aws.amazon.com/redshift/latest/dg/c_Array_Functions.html>; objects:
/// <https://docs.aws.amazon.com/redshift/latest/dg/Object_Functions.html>; kinds of values:
/// <https://docs.aws.amazon.com/redshift/latest/dg/c_Type_Info_Functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "array_flatten",
        How::Forms(&[(1, "__rs.array_flatten({0})")], SUPER),
        "array_flatten.html",
        &[
            (
                "SELECT JSON_SERIALIZE(ARRAY_FLATTEN(ARRAY(ARRAY(1,2,3,4),ARRAY(5,6,7,8),ARRAY(9,10))))",
                "[1,2,3,4,5,6,7,8,9,10]",
            ),
            ("SELECT ARRAY_FLATTEN(ARRAY(ARRAY(ARRAY(1))))", "ERROR"),
        ],
    ),
    of_array("array_contains", "array_contains.html"),
    of_array("array_distinct", "array_distinct.html"),
    of_array("array_except", "array_except.html"),
    of_array("array_intersection", "array_intersection.html"),
    of_array("array_position", "array_position.html"),
    of_array("array_positions", "array_positions.html"),
    of_array("array_sort", "array_sort.html"),
    of_array("array_union", "array_union.html"),
    of_array("arrays_overlap", "arrays_overlap.html"),
    row(
        "subarray",
        How::Forms(
            &[(
                3,
                "__rs.subarray({0}, CAST({1} AS BIGINT), CAST({2} AS BIGINT))",
            )],
            SUPER,
        ),
        "r_subarray.html",
        &[
            (
                "SELECT JSON_SERIALIZE(SUBARRAY(SPLIT_TO_ARRAY('a,b,c,d,e,f',','), 2, 3))",
                "[\"c\",\"d\",\"e\"]",
            ),
            (
                "SELECT JSON_SERIALIZE(SUBARRAY(ARRAY(1,2,3), 1, 9))",
                "[2,3]",
            ),
            ("SELECT SUBARRAY(ARRAY(1,2,3), -1, 1)", "ERROR"),
        ],
    ),
    row(
        "decimal_precision",
        How::Refused(FRACTION, ""),
        "r_decimal_precision.html",
        &[],
    ),
    row(
        "decimal_scale",
        How::Refused(FRACTION, ""),
        "r_decimal_scale.html",
        &[],
    ),
    row(
        "is_bigint",
        whole!("-9223372036854775808", "9223372036854775807"),
        "r_is_bigint.html",
        &[
            ("SELECT IS_BIGINT(JSON_PARSE('5'))", "True"),
            (
                "SELECT IS_BIGINT(JSON_PARSE('9223372036854775807'))",
                "True",
            ),
            (
                "SELECT IS_BIGINT(JSON_PARSE('9223372036854775808'))",
                "False",
            ),
            ("SELECT IS_BIGINT(JSON_PARSE('\"5\"'))", "False"),
            ("SELECT IS_BIGINT(JSON_PARSE('null'))", "False"),
        ],
    ),
    row(
        "is_char",
        How::Forms(
            &[(
                1,
                "coalesce(CASE WHEN json_type({0}) = 'VARCHAR' THEN strlen(json_extract_string({0}, '$')) = length(json_extract_string({0}, '$')) END, false)",
            )],
            BOOL,
        ),
        "r_is_char.html",
        &[
            ("SELECT IS_CHAR(JSON_PARSE('\"t\"'))", "True"),
            ("SELECT IS_CHAR(JSON_PARSE('\"é\"'))", "False"),
            ("SELECT IS_CHAR(JSON_PARSE('1'))", "False"),
        ],
    ),
    row(
        "is_decimal",
        How::Refused(FRACTION, "use `is_bigint` for whole numbers"),
        "r_is_decimal.html",
        &[],
    ),
    row(
        "is_float",
        How::Refused(FRACTION, "use `json_typeof(x) = 'number'`"),
        "r_is_float.html",
        &[],
    ),
    row(
        "is_integer",
        whole!("-2147483648", "2147483647"),
        "r_is_integer.html",
        &[
            ("SELECT IS_INTEGER(JSON_PARSE('5'))", "True"),
            ("SELECT IS_INTEGER(JSON_PARSE('2147483648'))", "False"),
            ("SELECT IS_INTEGER(JSON_PARSE('1.5'))", "False"),
        ],
    ),
    row(
        "is_smallint",
        whole!("-32768", "32767"),
        "r_is_smallint.html",
        &[
            ("SELECT IS_SMALLINT(JSON_PARSE('5'))", "True"),
            ("SELECT IS_SMALLINT(JSON_PARSE('32768'))", "False"),
        ],
    ),
    row(
        "json_size",
        How::Forms(
            &[(1, "CAST(strlen(CAST(json({0}) AS VARCHAR)) AS INTEGER)")],
            INT,
        ),
        "r_json_size.html",
        &[("SELECT JSON_SIZE(JSON_PARSE('[10001,10002,\"⬤\"]'))", "19")],
    ),
    row(
        "lower_attribute_names",
        How::Forms(
            &[(1, "json(__rs_lower_names(CAST({0} AS VARCHAR)))")],
            SUPER,
        ),
        "r_lower_attribute_names.html",
        &[(
            "SELECT JSON_SERIALIZE(LOWER_ATTRIBUTE_NAMES(JSON_PARSE('{\"A\": {\"Bc\": \"Xy\"}, \"D\": [{\"E\": 1.5}]}')))",
            "{\"a\":{\"bc\":\"Xy\"},\"d\":[{\"e\":1.5}]}",
        )],
    ),
    row(
        "object_transform",
        How::Refused(
            "its paths (`keep`, `set`) are not emulated",
            "build it with `object(…)`",
        ),
        "r_object_transform_function.html",
        &[],
    ),
    row(
        "size",
        How::Refused(
            "the size of a `super` value in memory is not known here",
            "use `json_size`",
        ),
        "r_size_function.html",
        &[],
    ),
    row(
        "upper_attribute_names",
        How::Forms(
            &[(1, "json(__rs_upper_names(CAST({0} AS VARCHAR)))")],
            SUPER,
        ),
        "r_upper_attribute_names.html",
        &[(
            "SELECT JSON_SERIALIZE(UPPER_ATTRIBUTE_NAMES(JSON_PARSE('{\"a\": \"x: \\\\\"y\\\\\": z\"}')))",
            "{\"A\":\"x: \\\"y\\\": z\"}",
        )],
    ),
];
