//! Python's `str.format`: fields by place and by name, conversions, and the words after the colon.
//!
//! In: a text with fields, arguments. Out: the text with the values put in.
//! Knows nothing of a render, but for what an object says to its own format (a moment's `%Y`).

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

/// `text.format(...)`.
///
/// # Errors
/// A field that is written wrongly or has no value, a format that its value does not take.
pub(super) fn format(state: &mut State, text: &str, args: &[Value]) -> Result<Value, Error> {
    let (positional, named) = match args.split_last() {
        Some((last, rest)) if last.is_kwargs() => (rest, Some(Kwargs::try_from(last.clone())?)),
        _ => (args, None),
    };
    let mut fields = Fields {
        positional,
        named,
        next: 0,
    };
    fields.fill(state, text, 0).map(Value::from)
}

struct Fields<'a> {
    positional: &'a [Value],
    named: Option<Kwargs>,
    next: usize,
}

impl Fields<'_> {
    fn fill(&mut self, state: &mut State, text: &str, depth: usize) -> Result<String, Error> {
        let mut made = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            made.push_str(&rest[..at]);
            let sign = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(sign) {
                made.push_str(sign);
                rest = after;
                continue;
            }
            if sign == "}" || depth > 1 {
                return Err(wrong("a single `}` in a format is written `}}`"));
            }
            let end = field_end(after).ok_or_else(|| wrong("a field of a format is not closed"))?;
            made.push_str(&self.field(state, &after[..end], depth)?);
            rest = &after[end + 1..];
        }
        made.push_str(rest);
        Ok(made)
    }

    /// `name!r:>10`, without its braces.
    fn field(&mut self, state: &mut State, field: &str, depth: usize) -> Result<String, Error> {
        let (head, spec) = match spec_start(field) {
            Some(colon) => (&field[..colon], &field[colon + 1..]),
            None => (field, ""),
        };
        let (name, conversion) = match head.rsplit_once('!') {
            Some((name, conversion)) => (name, Some(conversion)),
            None => (head, None),
        };
        let value = self.value(name)?;
        let spec = self.fill(state, spec, depth + 1)?;
        match conversion {
            None => shown(state, &value, &spec),
            Some("s") => shown(state, &Value::from(value.to_string()), &spec),
            Some("r" | "a") => shown(state, &Value::from(repr(&value)), &spec),
            Some(other) => Err(wrong(format!("a format has no conversion `!{other}`"))),
        }
    }

    /// `0`, `name`, nothing for the next, each with `.attribute` and `[key]` behind.
    fn value(&mut self, name: &str) -> Result<Value, Error> {
        let first = name.find(['.', '[']).unwrap_or(name.len());
        let (head, mut rest) = name.split_at(first);
        let missing = || wrong(format!("a format has no value for `{{{name}}}`"));
        let mut value = if head.is_empty() || head.bytes().all(|byte| byte.is_ascii_digit()) {
            let at = head.parse().unwrap_or(self.next);
            self.next += usize::from(head.is_empty());
            self.positional.get(at).cloned().ok_or_else(missing)?
        } else {
            let named = self.named.as_ref();
            let found = named.and_then(|named| named.peek::<Option<Value>>(head).ok());
            found.flatten().ok_or_else(missing)?
        };
        while !rest.is_empty() {
            let (found, after) = if let Some(inside) = rest.strip_prefix('[') {
                let (key, after) = inside.split_once(']').ok_or_else(missing)?;
                let key = key
                    .parse::<i64>()
                    .map_or_else(|_| Value::from(key), Value::from);
                (value.get_item(&key)?, after)
            } else {
                let inside = rest.strip_prefix('.').ok_or_else(missing)?;
                let end = inside.find(['.', '[']).unwrap_or(inside.len());
                (value.get_attr(&inside[..end])?, &inside[end..])
            };
            if found.is_undefined() {
                return Err(missing());
            }
            (value, rest) = (found, after);
        }
        Ok(value)
    }
}

/// Where a field ends, whose format may hold fields of its own.
fn field_end(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// The colon before the format: not one in the brackets of a key.
fn spec_start(field: &str) -> Option<usize> {
    let mut in_key = false;
    field.char_indices().find_map(|(at, sign)| {
        in_key = match sign {
            '[' => true,
            ']' => false,
            _ => in_key,
        };
        (sign == ':' && !in_key).then_some(at)
    })
}

/// `repr(value)`.
pub(super) fn repr(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return value.to_string();
    };
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut repr = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => repr.push_str("\\n"),
            '\t' => repr.push_str("\\t"),
            '\r' => repr.push_str("\\r"),
            '\\' => repr.push_str("\\\\"),
            letter if letter == quote => repr.extend(['\\', letter]),
            letter => repr.push(letter),
        }
    }
    repr.push(quote);
    repr
}

/// `[[fill]align][sign][#][0][width][,|_][.precision][type]`.
#[derive(Default)]
pub(super) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

impl Spec {
    fn read(text: &str) -> Option<Self> {
        let mut spec = Self::default();
        let letters: Vec<char> = text.chars().collect();
        let is_align = |letter: Option<&char>| letter.is_some_and(|it| "<>^=".contains(*it));
        let mut at = 0;
        if is_align(letters.get(1)) {
            (spec.fill, spec.align) = (Some(letters[0]), Some(letters[1]));
            at = 2;
        } else if is_align(letters.first()) {
            spec.align = Some(letters[0]);
            at = 1;
        }
        let take = |at: &mut usize, wanted: &str| {
            let found = letters.get(*at).copied().filter(|it| wanted.contains(*it));
            *at += usize::from(found.is_some());
            found
        };
        spec.sign = take(&mut at, "+- ");
        spec.alternate = take(&mut at, "#").is_some();
        spec.zero = take(&mut at, "0").is_some();
        let number = |at: &mut usize| {
            let start = *at;
            while letters.get(*at).is_some_and(char::is_ascii_digit) {
                *at += 1;
            }
            letters[start..*at]
                .iter()
                .collect::<String>()
                .parse::<usize>()
                .ok()
        };
        spec.width = number(&mut at).unwrap_or(0);
        spec.grouping = take(&mut at, ",_");
        if take(&mut at, ".").is_some() {
            spec.precision = Some(number(&mut at)?);
        }
        spec.kind = take(&mut at, "sdbcoxXeEfFgGn%");
        (at == letters.len()).then_some(spec)
    }

    /// A text in its place.
    pub(super) fn padded(&self, text: String, is_number: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let fills = |count: usize| std::iter::repeat_n(fill, count).collect::<String>();
        let align = self.align.unwrap_or(match (is_number, self.zero) {
            (true, true) => '=',
            (true, false) => '>',
            (false, _) => '<',
        });
        match align {
            '>' => fills(missing) + &text,
            '^' => fills(missing / 2) + &text + &fills(missing - missing / 2),
            '=' => {
                let signs = usize::from(text.starts_with(['-', '+', ' ']));
                let (sign, digits) = text.split_at(signs);
                format!("{sign}{}{digits}", fills(missing))
            }
            _ => text + &fills(missing),
        }
    }

    /// A number's digits with its sign and its groups.
    fn number(&self, negative: bool, digits: &str) -> String {
        let whole = digits.find(['.', 'e', 'E', '%']).unwrap_or(digits.len());
        let (whole, rest) = digits.split_at(whole);
        let size = match self.kind {
            Some('b' | 'o' | 'x' | 'X') => 4,
            _ => 3,
        };
        let grouped = match self.grouping {
            Some(between) => grouped(whole, between, size),
            None => whole.to_owned(),
        };
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            (false, _) => "",
        };
        self.padded(format!("{sign}{grouped}{rest}"), true)
    }
}

fn grouped(digits: &str, between: char, size: usize) -> String {
    let mut made = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(size) {
            made.push(between);
        }
        made.push(digit);
    }
    made
}

/// `format(value, spec)`.
fn shown(state: &mut State, value: &Value, spec: &str) -> Result<String, Error> {
    if spec.is_empty() {
        return Ok(value.to_string());
    }
    let refuse = || wrong(format!("`{spec}` is no format of a {}", value.kind()));
    if value.as_object().is_some() && spec.contains('%') {
        let words = value.call_method(state, "strftime", &[Value::from(spec)])?;
        return Ok(words.to_string());
    }
    let read = Spec::read(spec).ok_or_else(refuse)?;
    match (value.kind(), read.kind) {
        (ValueKind::String, None | Some('s')) => {
            let text = value.to_string();
            let text = match read.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            };
            Ok(read.padded(text, false))
        }
        (ValueKind::Number | ValueKind::Bool, Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => {
            float(value, &read).ok_or_else(refuse)
        }
        (ValueKind::Number | ValueKind::Bool, kind) => {
            let truth = (value.kind() == ValueKind::Bool).then(|| i128::from(value.is_true()));
            let whole = truth.or_else(|| {
                i128::try_from(value.clone())
                    .ok()
                    .filter(|_| !is_float(value))
            });
            match whole {
                Some(whole) if read.precision.is_none() => integer(whole, &read).ok_or_else(refuse),
                // A float without a type is written as it is.
                None if kind.is_none() && read.precision.is_none() => {
                    let text = value.to_string();
                    let digits = text.trim_start_matches('-');
                    Ok(read.number(text.starts_with('-'), digits))
                }
                None if kind.is_none() => {
                    let general = Spec {
                        kind: Some('g'),
                        ..read
                    };
                    float(value, &general).ok_or_else(refuse)
                }
                _ => Err(refuse()),
            }
        }
        _ => Err(refuse()),
    }
}

/// Whether a number is written as a float, be it a whole one.
fn is_float(value: &Value) -> bool {
    value.kind() == ValueKind::Number && value.to_string().contains(['.', 'e', 'n'])
}

pub(super) fn integer(whole: i128, spec: &Spec) -> Option<String> {
    let size = whole.unsigned_abs();
    let (prefix, digits) = match spec.kind {
        None | Some('d' | 'n') => ("", size.to_string()),
        Some('b') => ("0b", format!("{size:b}")),
        Some('o') => ("0o", format!("{size:o}")),
        Some('x') => ("0x", format!("{size:x}")),
        Some('X') => ("0X", format!("{size:X}")),
        Some('c') => {
            let letter = char::from_u32(u32::try_from(whole).ok()?)?;
            return Some(spec.padded(letter.to_string(), false));
        }
        _ => return None,
    };
    let prefix = if spec.alternate { prefix } else { "" };
    Some(spec.number(whole < 0, &format!("{prefix}{digits}")))
}

pub(super) fn float(value: &Value, spec: &Spec) -> Option<String> {
    let number = match value.kind() {
        ValueKind::Bool => f64::from(u8::from(value.is_true())),
        _ => f64::try_from(value.clone()).ok()?,
    };
    let size = number.abs();
    let precision = spec.precision.unwrap_or(6);
    let digits = match spec.kind? {
        'f' | 'F' => format!("{size:.precision$}"),
        '%' => format!("{:.precision$}%", size * 100.0),
        'e' => exponent(size, precision),
        'E' => exponent(size, precision).to_uppercase(),
        'g' => general(size, precision.max(1)),
        _ => general(size, precision.max(1)).to_uppercase(),
    };
    Some(spec.number(number.is_sign_negative(), &digits))
}

/// `1.5e+03`, with two digits of the exponent at least.
fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The shorter of both ways, without zeros at the end.
fn general(number: f64, precision: usize) -> String {
    let scientific = exponent(number, precision - 1);
    let power = scientific
        .rsplit_once('e')
        .and_then(|(_, power)| power.parse::<i64>().ok());
    let power = power.unwrap_or(0);
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if power < -4 || power >= digits {
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{power}", trimmed(mantissa));
    }
    let places = usize::try_from(digits - 1 - power).unwrap_or(0);
    trimmed(&format!("{number:.places$}"))
}

pub(super) fn wrong(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

#[cfg(test)]
mod tests {
    /// What Python prints for the same expressions.
    const CASES: [(&str, &str); 24] = [
        (
            "'{:>5}|{:<5}|{:^5}|{:05d}'.format('a', 'b', 'c', 3)",
            "    a|b    |  c  |00003",
        ),
        ("'{0:*^7}{0}'.format('ab')", "**ab***ab"),
        (
            "'{a}-{d[0]}-{b[c]}'.format(a=1, b={'c': 2}, d=[3])",
            "1-3-2",
        ),
        ("'{!r} {!s:>4}'.format('x', 1)", "'x'    1"),
        ("'{:.1%}'.format(0.256)", "25.6%"),
        ("'{0:>{1}}'.format('a', 4)", "   a"),
        ("'{:,} {:_}'.format(1234567, 1234)", "1,234,567 1_234"),
        ("'{:+d} {: d} {:-d}'.format(5, 5, -5)", "+5  5 -5"),
        (
            "'{:=+8d}|{:08.2f}'.format(42, -3.14159)",
            "+     42|-0003.14",
        ),
        (
            "'{:x} {:#X} {:b} {:o} {:c}'.format(255, 255, 5, 8, 65)",
            "ff 0XFF 101 10 A",
        ),
        (
            "'{:.3f} {:.0f} {:e} {:G}'.format(2.5, 2.5, 12345.678, 0.00001)",
            "2.500 2 1.234568e+04 1E-05",
        ),
        (
            "'{:g} {:g} {:.3g}'.format(100000, 1000000, 3.14159)",
            "100000 1e+06 3.14",
        ),
        (
            "'{:10}|{:10}|{:10}'.format('a', 1, true)",
            "a         |         1|         1",
        ),
        ("'{:d}{:d}'.format(true, false)", "10"),
        ("'{:5.1}'.format('abc')", "a    "),
        ("'{{}}{}{{x}}'.format(1)", "{}1{x}"),
        ("'{} {}'.format(none, [1, 'a'])", "None [1, 'a']"),
        ("'{:>8}'.format(1.5)", "     1.5"),
        ("'{1} {0}'.format('a', 'b')", "b a"),
        ("'{:.2}'.format(3.14159)", "3.1"),
        ("'{:,.2f}'.format(1234567.891)", "1,234,567.89"),
        ("'{!r}'.format(\"it's\")", "\"it's\""),
        ("'{:b}'.format(1000)", "1111101000"),
        ("''.format()", ""),
    ];

    fn shows(expression: &str) -> Result<String, minijinja::Error> {
        let mut env = minijinja::Environment::new();
        env.set_unknown_method_callback(super::super::methods::call);
        env.render_str(&format!("{{{{ {expression} }}}}"), ())
    }

    #[test]
    fn a_format_prints_what_python_prints() {
        for (expression, expected) in CASES {
            assert_eq!(shows(expression).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn a_format_that_does_not_fit_is_an_error() {
        for expression in [
            "'{:d}'.format('a')",
            "'{:.2d}'.format(3)",
            "'{:q}'.format(3)",
            "'{}{}'.format(1)",
            "'{a}'.format(1)",
            "'{'.format(1)",
            "'}'.format(1)",
            "'{:>5}'.format(none)",
        ] {
            assert!(shows(expression).is_err(), "{expression}");
        }
    }
}
