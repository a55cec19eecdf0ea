//! JSON functions over texts, and functions over `super` values.

use sqlparser::ast::Spanned;

use super::{Call, How, Kind, Returns, Row, TEXT, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::json::key as key_of;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

const INT: Returns = Returns::Is(Type::Int4);
const BOOL: Returns = Returns::Is(Type::Bool);
const SUPER: Returns = Returns::Is(Type::Super);

const fn is(types: &'static [(usize, &'static str)]) -> How {
    How::Forms(types, BOOL)
}

/// JSON functions: <https://docs.aws.amazon.com/redshift/latest/dg/json-functions.html>;
/// `super` functions: <https://docs.aws.amazon.com/redshift/latest/dg/c_Type_Info_Functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "array",
        How::Native(Kind::Scalar, array),
        "r_array.html",
        &[
            (
                "SELECT GET_ARRAY_LENGTH(ARRAY(1,50,null,100,'abc',true,3.14))",
                "7",
            ),
            ("SELECT GET_ARRAY_LENGTH(ARRAY(1,2,3))", "3"),
            ("SELECT JSON_SERIALIZE(ARRAY(1,'a'))", "[1,\"a\"]"),
            ("SELECT JSON_SERIALIZE(ARRAY())", "[]"),
            ("SELECT ARRAY('2024-01-15'::date)", "ERROR"),
            ("SELECT ARRAY(d) FROM sales", "ERROR"),
        ],
    ),
    row(
        "array_concat",
        How::Forms(
            &[(
                2,
                "to_json(list_concat(from_json({0}, '[\"JSON\"]'), from_json({1}, '[\"JSON\"]')))",
            )],
            SUPER,
        ),
        "r_array_concat.html",
        &[(
            "SELECT JSON_SERIALIZE(ARRAY_CONCAT(ARRAY(1,2), ARRAY(3)))",
            "[1,2,3]",
        )],
    ),
    row(
        "can_json_parse",
        How::Forms(&[(1, "(__rs_is_json({0:t}, 1) = 1)")], BOOL),
        "CAN_JSON_PARSE.html",
        &[
            ("SELECT CAN_JSON_PARSE('[1]')", "True"),
            ("SELECT CAN_JSON_PARSE('{a')", "False"),
            ("SELECT CAN_JSON_PARSE('[1,]')", "False"),
            ("SELECT CAN_JSON_PARSE(NULL)", "null"),
        ],
    ),
    row(
        "get_array_length",
        How::Forms(
            &[(
                1,
                "CASE WHEN json_type({0}) = 'ARRAY' THEN CAST(json_array_length({0}) AS INTEGER) END",
            )],
            INT,
        ),
        "get_array_length.html",
        &[
            (
                "SELECT GET_ARRAY_LENGTH(SPLIT_TO_ARRAY('12,345,6789',','))",
                "3",
            ),
            ("SELECT GET_ARRAY_LENGTH(JSON_PARSE('{}'))", "null"),
        ],
    ),
    row(
        "is_array",
        is(&[(1, "coalesce(json_type({0}) = 'ARRAY', false)")]),
        "r_is_array.html",
        &[
            ("SELECT IS_ARRAY(JSON_PARSE('[1]'))", "True"),
            ("SELECT IS_ARRAY(JSON_PARSE('{\"a\":1}').b)", "False"),
        ],
    ),
    row(
        "is_boolean",
        is(&[(1, "coalesce(json_type({0}) = 'BOOLEAN', false)")]),
        "r_is_boolean.html",
        &[("SELECT IS_BOOLEAN(JSON_PARSE('true'))", "True")],
    ),
    row(
        "is_object",
        is(&[(1, "coalesce(json_type({0}) = 'OBJECT', false)")]),
        "r_is_object.html",
        &[("SELECT IS_OBJECT(JSON_PARSE('[1]'))", "False")],
    ),
    row(
        "is_scalar",
        is(&[(
            1,
            "coalesce(json_type({0}) NOT IN ('ARRAY', 'OBJECT', 'NULL'), false)",
        )]),
        "r_is_scalar.html",
        &[
            ("SELECT IS_SCALAR(JSON_PARSE('1'))", "True"),
            ("SELECT IS_SCALAR(JSON_PARSE('{}'))", "False"),
            ("SELECT IS_SCALAR(JSON_PARSE('null'))", "False"),
        ],
    ),
    row(
        "is_varchar",
        is(&[(1, "coalesce(json_type({0}) = 'VARCHAR', false)")]),
        "r_is_varchar.html",
        &[("SELECT IS_VARCHAR(JSON_PARSE('\"x\"'))", "True")],
    ),
    row(
        "is_valid_json",
        How::Forms(
            &[(
                1,
                "CASE WHEN __rs_is_json({0:t}, 0) = 1 THEN json_type({0:t}) = 'OBJECT' WHEN {0:t} IS NOT NULL THEN false END",
            )],
            BOOL,
        ),
        "IS_VALID_JSON.html",
        &[
            ("SELECT IS_VALID_JSON('{\"a\":1}')", "True"),
            ("SELECT IS_VALID_JSON('{')", "False"),
            ("SELECT IS_VALID_JSON('[1,2,3]')", "False"),
        ],
    ),
    row(
        "is_valid_json_array",
        How::Forms(
            &[(
                1,
                "CASE WHEN __rs_is_json({0:t}, 0) = 1 THEN json_type({0:t}) = 'ARRAY' WHEN {0:t} IS NOT NULL THEN false END",
            )],
            BOOL,
        ),
        "IS_VALID_JSON_ARRAY.html",
        &[
            ("SELECT IS_VALID_JSON_ARRAY('[1]')", "True"),
            ("SELECT IS_VALID_JSON_ARRAY('{}')", "False"),
            ("SELECT IS_VALID_JSON_ARRAY('[')", "False"),
            ("SELECT IS_VALID_JSON_ARRAY('[1,]')", "False"),
            ("SELECT IS_VALID_JSON_ARRAY(NULL)", "null"),
        ],
    ),
    row(
        "json_array_length",
        How::Native(Kind::Scalar, array_length),
        "JSON_ARRAY_LENGTH.html",
        &[
            ("SELECT JSON_ARRAY_LENGTH('[1,2]')", "2"),
            ("SELECT JSON_ARRAY_LENGTH('x', true)", "null"),
            ("SELECT JSON_ARRAY_LENGTH('{}')", "ERROR"),
        ],
    ),
    row(
        "json_extract_array_element_text",
        How::Native(Kind::Scalar, array_element),
        "JSON_EXTRACT_ARRAY_ELEMENT_TEXT.html",
        &[
            (
                "SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[111,112,113]',2)",
                "113",
            ),
            (
                "SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[\"a\",[\"b\",1]]',1)",
                "[\"b\",1]",
            ),
            ("SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[\"a\"]',0)", "a"),
            (
                "SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[1,{\"a\":[2,null]}]',id) FROM sales WHERE id=1",
                "{\"a\":[2,null]}",
            ),
            ("SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[1]',-1)", "null"),
            ("SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[1]','x')", "ERROR"),
            (
                "SELECT JSON_EXTRACT_ARRAY_ELEMENT_TEXT('[1]',d) FROM sales",
                "ERROR",
            ),
        ],
    ),
    row(
        "json_extract_path_text",
        How::Native(Kind::Scalar, path_text),
        "JSON_EXTRACT_PATH_TEXT.html",
        &[
            (
                "SELECT JSON_EXTRACT_PATH_TEXT('{\"a\":{\"b\":\"x\"}}','a','b')",
                "x",
            ),
            (
                "SELECT JSON_EXTRACT_PATH_TEXT('{\"a\":{\"b\":12}}','a','b')",
                "12",
            ),
            ("SELECT JSON_EXTRACT_PATH_TEXT('{\"a\":1}','zz')", "null"),
            ("SELECT JSON_EXTRACT_PATH_TEXT('bad','a',true)", "null"),
            (
                "SELECT JSON_EXTRACT_PATH_TEXT('{\"a.b\":\"x\"}','a.b')",
                "x",
            ),
            ("SELECT JSON_EXTRACT_PATH_TEXT('bad','a')", "ERROR"),
            ("SELECT JSON_EXTRACT_PATH_TEXT('[5]','0')", "null"),
            (
                "SELECT JSON_EXTRACT_PATH_TEXT('{\"0\":{\"a\":7}}','0','a')",
                "7",
            ),
            (
                "SELECT JSON_EXTRACT_PATH_TEXT('{\"a/b\":\"x\"}','a/b')",
                "x",
            ),
        ],
    ),
    row(
        "json_parse",
        How::Forms(&[(1, "json(__rs_json({0:t}, 1))")], SUPER),
        "JSON_PARSE.html",
        &[
            (
                "SELECT t.x.a[0].c FROM (SELECT JSON_PARSE('{\"a\":[{\"c\":5}]}') AS x) t",
                "5",
            ),
            (
                "SELECT t.x.a[0].c::int + 1 FROM (SELECT JSON_PARSE('{\"a\":[{\"c\":5}]}') AS x) t",
                "6",
            ),
            (
                "SELECT t.x.name::varchar FROM (SELECT JSON_PARSE('{\"name\":\"ann\"}') AS x) t",
                "ann",
            ),
            (
                "SELECT count(*) FROM (SELECT JSON_PARSE('[1,2,3]') AS arr) t, t.arr AS it",
                "3",
            ),
            (
                "SELECT SUM(e.n::int) FROM (SELECT JSON_PARSE('[{\"n\":4},{\"n\":5}]') AS arr) t, t.arr AS e",
                "9",
            ),
            (
                "SELECT SUM(it::int) FROM (SELECT JSON_PARSE('[1,2,3]') AS arr) t, t.arr AS it",
                "6",
            ),
            ("SELECT JSON_PARSE('{x')", "ERROR"),
            ("SELECT JSON_PARSE('[1,]')", "ERROR"),
            ("SELECT JSON_PARSE('{\"a\":1,\"a\":2}')", "ERROR"),
        ],
    ),
    row(
        "json_serialize",
        How::Forms(&[(1, "CAST(json({0}) AS VARCHAR)")], Returns::Text),
        "JSON_SERIALIZE.html",
        &[(
            "SELECT JSON_SERIALIZE(JSON_PARSE('{\"a\": 1}'))",
            "{\"a\":1}",
        )],
    ),
    row(
        "json_typeof",
        How::Forms(
            &[(
                1,
                "CASE json_type({0}) WHEN 'ARRAY' THEN 'array' WHEN 'OBJECT' THEN 'object' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE CASE WHEN json_type({0}) IS NOT NULL THEN 'number' END END",
            )],
            Returns::Text,
        ),
        "r_json_typeof.html",
        &[
            ("SELECT JSON_TYPEOF(JSON_PARSE('[1]'))", "array"),
            ("SELECT JSON_TYPEOF(JSON_PARSE('1.5'))", "number"),
            ("SELECT JSON_TYPEOF(JSON_PARSE('null'))", "null"),
        ],
    ),
    row(
        "object",
        How::Native(Kind::Scalar, object),
        "r_object_function.html",
        &[
            ("SELECT JSON_SERIALIZE(OBJECT('a', 1))", "{\"a\":1}"),
            ("SELECT JSON_SERIALIZE(OBJECT())", "{}"),
            (
                "SELECT JSON_SERIALIZE(OBJECT('a', OBJECT('aa', 1), 'b', ARRAY(2,3), 'c', JSON_PARSE('{}'), 'd', TRUE))",
                "{\"a\":{\"aa\":1},\"b\":[2,3],\"c\":{},\"d\":true}",
            ),
            ("SELECT OBJECT('k', '2008-12-31'::date)", "ERROR"),
            ("SELECT OBJECT('k')", "ERROR"),
            ("SELECT OBJECT('k', 1, 'k', 2)", "ERROR"),
        ],
    ),
    row(
        "split_to_array",
        How::Forms(
            &[
                (1, "to_json(string_split({0:t}, ','))"),
                (2, "to_json(string_split({0:t}, {1:t}))"),
            ],
            SUPER,
        ),
        "split_to_array.html",
        &[(
            "SELECT JSON_SERIALIZE(SPLIT_TO_ARRAY('a|b', '|'))",
            "[\"a\",\"b\"]",
        )],
    ),
];

/// `array(…)`: a value of any type but dates and times, which have no place in a `super`.
fn array(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 0, usize::MAX)?;
    let elements = elements(translator, call, &args)?;
    Ok(Sql::typed(format!("json_array({})", elements.join(", ")), Type::Super).of(&args))
}

/// `object(key, value, …)`: keys are texts, and stand once.
fn object(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 0, usize::MAX)?;
    if args.len() % 2 == 1 {
        return Err(translator.not_redshift(
            call.span,
            "`object` takes keys and values in turn",
            "write `object('key', value, …)`",
        ));
    }
    let mut keys: Vec<&str> = args
        .iter()
        .step_by(2)
        .filter_map(Sql::constant_text)
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() < all {
        return Err(translator.unsupported(
            call.span,
            "an `object` with one key twice is not emulated",
            "no page tells which of its values stays",
        ));
    }
    let mut elements = elements(translator, call, &args)?;
    for at in (0..args.len()).step_by(2) {
        let key = translator.text_operand(call.args[at])?;
        elements[at] = key.text;
    }
    Ok(Sql::typed(format!("json_object({})", elements.join(", ")), Type::Super).of(&args))
}

/// Arguments that become parts of a `super`.
fn elements(
    translator: &Translator<'_>,
    call: &Call<'_>,
    args: &[Sql],
) -> Result<Vec<String>, Refusal> {
    let each = args.iter().zip(&call.args);
    each.map(|(arg, expr)| Ok(translator.as_super(arg, expr.span())?.text))
        .collect()
}

/// Whether the last argument says that invalid JSON gives NULL.
fn null_if_invalid(
    translator: &mut Translator<'_>,
    call: &Call<'_>,
) -> Result<Option<bool>, Refusal> {
    let Some(last) = call.args.last().filter(|_| call.args.len() > 1) else {
        return Ok(None);
    };
    Ok(match translator.expr(last)?.constant {
        Some(Constant::Bool(value)) => Some(value),
        _ => None,
    })
}

fn guarded(
    translator: &Translator<'_>,
    json: &str,
    text: String,
    null_if_invalid: Option<bool>,
) -> String {
    if null_if_invalid != Some(true) {
        return text;
    }
    match translator.on_postgres() {
        true => format!("CASE WHEN __rs.json_valid({json}) THEN {text} END"),
        false => format!("CASE WHEN __rs_is_json({json}, 0) = 1 THEN {text} END"),
    }
}

/// A text that must be JSON by the letter: DuckDB reads over commas too many and `NaN`.
fn strict(json: &str, null_if_invalid: Option<bool>) -> String {
    match null_if_invalid {
        Some(true) => json.to_owned(),
        _ => format!("__rs_json({json}, 0)"),
    }
}

/// A text as JSON on PostgreSQL, which would read a literal before it looks at any condition.
fn as_json(json: &Sql) -> String {
    format!("CAST(CAST({} AS TEXT) AS JSON)", json.text)
}

/// The keys of a path are texts, dots and all: a JSON pointer.
fn path_text(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, usize::MAX)?;
    let json = translator.text_operand(call.args[0])?;
    let invalid = null_if_invalid(translator, call)?;
    let keys = &call.args[1..call.args.len() - usize::from(invalid.is_some())];
    if keys.is_empty() {
        return Err(translator.not_redshift(call.span, "`json_extract_path_text` needs a key", ""));
    }
    if translator.on_postgres() {
        let mut text = format!("json_extract_path_text({}", as_json(&json));
        for key in keys {
            let place = key.span();
            let key = translator.text_operand(key)?;
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if key.constant_text().is_some_and(digits) {
                // There it counts the elements of an array too.
                return Err(translator.not_on_postgres(place, "a key of digits alone"));
            }
            text.push_str(&format!(", {}", key.text));
        }
        text.push(')');
        return Ok(Sql::typed(guarded(translator, &json.text, text, invalid), TEXT).of([&json]));
    }
    let (mut pointer, mut path, mut pointed) = (String::new(), String::from("$"), true);
    for key in keys {
        let key_sql = translator.expr(key)?;
        let Some(key_text) = key_sql.constant_text() else {
            return Err(translator.unsupported(
                key.span(),
                "a key that is not constant is not emulated",
                "write the key as a text",
            ));
        };
        pointer.push('/');
        pointer.push_str(&key_text.replace('~', "~0").replace('/', "~1"));
        // A pointer counts the elements of an array, and a key names none.
        pointed = pointed && !key_text.bytes().all(|byte| byte.is_ascii_digit());
        path.push_str(&key_of(key_text));
    }
    let way = if pointed { pointer } else { path };
    let read = strict(&json.text, invalid);
    let text = format!("json_extract_string({read}, {})", literal(&way));
    Ok(Sql::typed(guarded(translator, &json.text, text, invalid), TEXT).of([&json]))
}

fn array_element(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 2, 3)?;
    let json = translator.text_operand(call.args[0])?;
    let invalid = if call.args.len() == 3 {
        null_if_invalid(translator, call)?
    } else {
        None
    };
    let position = translator.count_argument(call, 1)?;
    let read = strict(&json.text, invalid);
    let text = match &position.constant {
        Some(Constant::Number(number))
            if translator.on_postgres() && number.parse::<i32>().is_ok_and(|at| at >= 0) =>
        {
            format!("({} ->> {number})", as_json(&json))
        }
        None if translator.on_postgres() => format!(
            "CASE WHEN {0} >= 0 THEN {1} ->> CAST({0} AS INTEGER) END",
            position.text,
            as_json(&json)
        ),
        Some(Constant::Number(number)) if number.parse::<u32>().is_ok() => {
            format!("json_extract_string({read}, '$[{number}]')")
        }
        Some(Constant::Number(_)) => "CAST(NULL AS VARCHAR)".to_owned(),
        _ => format!(
            "json_extract_string({read}, CAST({} AS BIGINT))",
            position.text
        ),
    };
    let text = guarded(translator, &json.text, text, invalid);
    Ok(Sql::typed(text, TEXT).of([&json, &position]))
}

fn array_length(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    translator.count(call, 1, 2)?;
    let json = translator.text_operand(call.args[0])?;
    let invalid = null_if_invalid(translator, call)?;
    if translator.on_postgres() {
        let length = format!("json_array_length({})", as_json(&json));
        let text = match invalid {
            Some(true) => format!(
                "CASE WHEN __rs.json_valid({}) THEN CASE WHEN json_typeof({}) = 'array' THEN {length} END END",
                json.text,
                as_json(&json)
            ),
            _ => length,
        };
        return Ok(Sql::typed(text, Type::Int4).of([&json]));
    }
    let text = format!("__rs.json_array_length({})", strict(&json.text, invalid));
    let text = if invalid == Some(true) {
        format!(
            "CASE WHEN __rs_is_json({0}, 0) = 1 THEN CASE WHEN json_type({0}) = 'ARRAY' THEN {text} END END",
            json.text
        )
    } else {
        text
    };
    Ok(Sql::typed(text, Type::Int4).of([&json]))
}
