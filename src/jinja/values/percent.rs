//! Python's `%` on a text: `'%s has %05.2f' % (name, share)`, and Jinja's filter `format`, which is the same.
//!
//! In: a text with fields, arguments. Out: the text with the values put in.
//! Knows nothing of a render.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::format::{Spec, float, integer, repr, wrong};

/// `text % value`: a tuple is several values.
///
/// # Errors
/// As [`fill`].
pub fn percent(text: &str, value: &Value) -> Result<String, Error> {
    match value.is_tuple() {
        true => fill(text, &value.try_iter()?.collect::<Vec<_>>()),
        false => fill(text, std::slice::from_ref(value)),
    }
}

/// Fills in the fields of a text, in order or, of a mapping, by name.
///
/// # Errors
/// A field that is written wrongly, has no value or one that it cannot take, and a value that no field takes.
pub fn fill(text: &str, args: &[Value]) -> Result<String, Error> {
    let mapping = match args {
        [only] if only.kind() == ValueKind::Map => Some(only),
        _ => None,
    };
    let mut given = args.iter();
    let mut made = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        let (field, after) = Field::read(&rest[at + 1..], &mut given)?;
        rest = after;
        if field.kind == '%' {
            made.push('%');
            continue;
        }
        let value = match field.name {
            Some(name) => {
                let mapping =
                    mapping.ok_or_else(|| wrong("a field with a name wants a mapping"))?;
                let found = mapping.get_item(&Value::from(name))?;
                if found.is_undefined() {
                    return Err(wrong(format!("the mapping has no `{name}`")));
                }
                found
            }
            None => next(&mut given)?,
        };
        made.push_str(&field.shown(&value)?);
    }
    made.push_str(rest);
    if mapping.is_none() && given.next().is_some() {
        return Err(wrong("there are more values than fields in the text"));
    }
    Ok(made)
}

fn next(given: &mut std::slice::Iter<'_, Value>) -> Result<Value, Error> {
    let value = given.next().cloned();
    value.ok_or_else(|| wrong("there are fewer values than fields in the text"))
}

/// `%(name)-05.2f`, without its sign.
struct Field<'t> {
    name: Option<&'t str>,
    spec: Spec,
    kind: char,
}

impl<'t> Field<'t> {
    /// A field, and what stands behind it.
    fn read(
        text: &'t str,
        given: &mut std::slice::Iter<'_, Value>,
    ) -> Result<(Self, &'t str), Error> {
        let cut = || wrong("a field of the text is not whole: a sign of per cent is written `%%`");
        let (name, mut rest) = match text.strip_prefix('(') {
            Some(inside) => {
                let (name, rest) = inside.split_once(')').ok_or_else(cut)?;
                (Some(name), rest)
            }
            None => (None, text),
        };
        let mut spec = Spec::default();
        while let Some(flag) = rest.chars().next().filter(|flag| "#0- +".contains(*flag)) {
            match flag {
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                '-' => spec.align = Some('<'),
                ' ' if spec.sign == Some('+') => {}
                sign => spec.sign = Some(sign),
            }
            rest = &rest[1..];
        }
        let mut number = |rest: &mut &'t str| -> Result<Option<i64>, Error> {
            if let Some(after) = rest.strip_prefix('*') {
                *rest = after;
                let width = i64::try_from(next(given)?);
                return width
                    .map(Some)
                    .map_err(|_| wrong("`*` wants a whole number"));
            }
            let end = rest.find(|letter: char| !letter.is_ascii_digit());
            let (digits, after) = rest.split_at(end.unwrap_or(rest.len()));
            *rest = after;
            Ok(digits.parse().ok())
        };
        let width = number(&mut rest)?.unwrap_or(0);
        if width < 0 {
            spec.align = Some('<');
        }
        spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(0);
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            let precision = number(&mut rest)?.unwrap_or(0);
            spec.precision = Some(usize::try_from(precision).unwrap_or(0));
        }
        rest = rest.trim_start_matches(['h', 'l', 'L']);
        let kind = rest.chars().next().ok_or_else(cut)?;
        spec.kind = Some(kind);
        Ok((Self { name, spec, kind }, &rest[kind.len_utf8()..]))
    }

    fn shown(self, value: &Value) -> Result<String, Error> {
        let Self { mut spec, kind, .. } = self;
        let refuse = || wrong(format!("`%{kind}` does not take a {}", value.kind()));
        // A number stands on the right of its place, and so does a text, unless it says otherwise.
        if spec.align == Some('<') {
            spec.zero = false;
        }
        let text = match kind {
            's' => value.to_string(),
            'r' => repr(value),
            'a' => ascii(&repr(value)),
            'c' => match value.as_str() {
                Some(text) if text.chars().count() == 1 => text.to_owned(),
                Some(_) => return Err(refuse()),
                None => {
                    spec.align = spec.align.or(Some('>'));
                    let whole = i128::try_from(value.clone()).map_err(|_| refuse())?;
                    return integer(whole, &spec).ok_or_else(refuse);
                }
            },
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' if is_number(value) => {
                return float(value, &spec).ok_or_else(refuse);
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' if is_number(value) => {
                let whole = whole(value, matches!(kind, 'd' | 'i' | 'u')).ok_or_else(refuse)?;
                if matches!(kind, 'i' | 'u') {
                    spec.kind = Some('d');
                }
                return digits(whole, spec).ok_or_else(refuse);
            }
            _ if "diuxXoeEfFgG".contains(kind) => return Err(refuse()),
            _ => return Err(wrong(format!("a text has no field `%{kind}`"))),
        };
        let text = match spec.precision {
            Some(most) if kind != 'c' => text.chars().take(most).collect(),
            _ => text,
        };
        let padding = Spec {
            align: spec.align.or(Some('>')),
            width: spec.width,
            ..Spec::default()
        };
        Ok(padding.padded(text, false))
    }
}

/// A whole number, with at least as many digits as its precision says.
fn digits(whole: i128, mut spec: Spec) -> Option<String> {
    let Some(least) = spec.precision.take() else {
        return integer(whole, &spec);
    };
    let bare = Spec {
        kind: spec.kind,
        sign: spec.sign,
        zero: true,
        width: least
            + usize::from(whole < 0 || spec.sign.is_some())
            + if spec.alternate { 2 } else { 0 },
        alternate: spec.alternate,
        ..Spec::default()
    };
    let text = integer(whole, &bare)?;
    spec.zero = false;
    Some(spec.padded(text, true))
}

fn is_number(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Number | ValueKind::Bool)
}

/// A number without its fraction, where that may be cut off.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the line before it checks that the number fits"
)]
fn whole(value: &Value, cut: bool) -> Option<i128> {
    if value.kind() == ValueKind::Bool {
        return Some(i128::from(value.is_true()));
    }
    if value.is_integer() {
        return i128::try_from(value.clone()).ok();
    }
    let number = f64::try_from(value.clone()).ok().filter(|_| cut)?;
    let fits = number.is_finite() && number.abs() < 1e18;
    fits.then(|| number.trunc() as i128)
}

/// With everything beyond ASCII written by its number.
fn ascii(text: &str) -> String {
    let mut made = String::new();
    for letter in text.chars() {
        match u32::from(letter) {
            0..=0x7f => made.push(letter),
            code @ 0x80..=0xff => made.push_str(&format!("\\x{code:02x}")),
            code @ 0x100..=0xffff => made.push_str(&format!("\\u{code:04x}")),
            code => made.push_str(&format!("\\U{code:08x}")),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    /// What Python prints for the same expressions.
    const CASES: [(&str, &str); 16] = [
        (
            "'%s %d %.2f %5s|%-5s|' % ('a', 3, 1.5, 'x', 'y')",
            "a 3 1.50     x|y    |",
        ),
        ("'%(a)s-%(b)03d' % {'a': 1, 'b': 7}", "1-007"),
        ("'%r %a' % ('q', 'é')", "'q' '\\xe9'"),
        ("'%d %i %d' % (3.7, true, -3.7)", "3 1 -3"),
        ("'%x %#X %o %#o' % (255, 255, 8, 8)", "ff 0XFF 10 0o10"),
        ("'%+d % d %05d %-5d|' % (5, 5, -5, 5)", "+5  5 -0005 5    |"),
        ("'%.3d|%5.2d' % (5, 7)", "005|   07"),
        ("'%*d|%.*f' % (5, 3, 1, 2.25)", "    3|2.2"),
        (
            "'%e %G %g' % (12345.678, 0.00001, 1000000)",
            "1.234568e+04 1E-05 1e+06",
        ),
        ("'%.2s|%c%c' % ('abc', 'x', 65)", "ab|xA"),
        ("'100%% of %s' % 'it'", "100% of it"),
        ("'%s' % [1, 'a']", "[1, 'a']"),
        ("'%s' % none", "None"),
        ("'a%sb' | format('x')", "axb"),
        ("'%(a)s' | format(a=1)", "1"),
        ("{% set pair = (1, 2) %}{{ '%s=%s' % pair }}", "1=2"),
    ];

    #[test]
    fn a_text_is_filled_as_python_fills_it() {
        for (expression, expected) in CASES {
            let model = match expression.starts_with('{') {
                true => expression.to_owned(),
                false => format!("{{{{ {expression} }}}}"),
            };
            assert_eq!(text("", &model), expected, "{expression}");
        }
    }

    #[test]
    fn values_that_do_not_fit_the_fields_are_errors() {
        for (text, args) in [
            ("%s", &[1, 2][..]),
            ("%s %s", &[1][..]),
            ("%(a)s", &[1][..]),
            ("%q", &[1][..]),
            ("%", &[1][..]),
            ("%(a", &[1][..]),
            ("none", &[1][..]),
        ] {
            let args: Vec<_> = args.iter().map(|it| minijinja::Value::from(*it)).collect();
            assert!(super::fill(text, &args).is_err(), "{text}");
        }
        assert!(super::fill("%d", &["a".into()]).is_err());
        assert!(super::fill("%x", &[3.5.into()]).is_err());
    }
}
