//! Jinja's filters over text that minijinja leaves out.
//!
//! In: text. Out: text.
//! Knows nothing of a render.

use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, Error, Value};

use super::args::Args;
use crate::jinja::error::bad_call;
use crate::jinja::values::pairs_of;

/// Adds the filters.
pub fn add(env: &mut Environment<'static>) {
    env.add_filter("truncate", truncate);
    env.add_filter("center", center);
    env.add_filter("wordwrap", wordwrap);
    env.add_filter("striptags", |text: &str| striptags(text));
    env.add_filter("filesizeformat", filesizeformat);
    env.add_filter("urlencode", |value: &Value| urlencode(&value.to_string()));
    env.add_filter("forceescape", |value: &Value| escaped(&value.to_string()));
    env.add_filter("xmlattr", xmlattr);
    env.add_filter("random", |value: Value| {
        // Any item will do, and the same one every time keeps compiled SQL the same.
        Ok::<_, Error>(value.try_iter()?.next().unwrap_or_default())
    });
}

/// `truncate(length=255, killwords=false, end='...', leeway=5)`.
fn truncate(text: &str, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let mut args = Args::new("truncate", &args.into_values())?;
    let number = |given: Option<Value>, usual: usize| given.map_or(Ok(usual), usize::try_from);
    let length = number(args.optional("length"), 255)?;
    let killwords = args.flag("killwords", false);
    let end = args.optional("end");
    let end = end.map_or_else(|| "...".to_owned(), |end| end.to_string());
    let leeway = number(args.optional("leeway").filter(|it| !it.is_none()), 5)?;
    args.done()?;
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= length + leeway {
        return Ok(text.to_owned());
    }
    let Some(kept) = length.checked_sub(end.chars().count()) else {
        return Err(bad_call(
            "the length is shorter than what stands at the end",
        ));
    };
    let kept: String = letters[..kept].iter().collect();
    let kept = match kept.rsplit_once(' ') {
        Some((whole, _)) if !killwords => whole.to_owned(),
        _ => kept,
    };
    Ok(kept + &end)
}

fn center(text: &str, width: Option<usize>) -> String {
    let width = width.unwrap_or(80);
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))
}

/// Lines of at most `width` letters, broken between words and, where a word is longer, in it.
fn wordwrap(text: &str, width: Option<usize>) -> Result<String, Error> {
    let width = width.unwrap_or(79);
    if width == 0 {
        return Err(bad_call("a line needs a width"));
    }
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let fits = line.chars().count() + 1 + word.chars().count() <= width;
            if !line.is_empty() && !fits {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for letter in word.chars() {
                if line.chars().count() == width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
        lines.push(line);
    }
    Ok(lines.join("\n"))
}

fn striptags(text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => kept.push(letter),
            _ => {}
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number of bytes for people; with `binary`, in powers of 1024.
fn filesizeformat(value: &Value, binary: Option<bool>) -> Result<String, Error> {
    let bytes = f64::try_from(value.clone())?;
    let (base, units): (f64, [&str; 8]) = match binary.unwrap_or(false) {
        true => (
            1024.0,
            ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"],
        ),
        false => (1000.0, ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]),
    };
    if (bytes - 1.0).abs() < f64::EPSILON {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{bytes:.0} Bytes"));
    }
    let mut size = bytes / base;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    Ok(format!("{size:.1} {}", units[unit]))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let text = text.replace('>', "&gt;").replace('"', "&#34;");
    text.replace('\'', "&#39;")
}

/// The pairs of a mapping as attributes of a tag, without those that are none.
fn xmlattr(value: &Value, autospace: Option<bool>) -> Result<String, Error> {
    let mut made = Vec::new();
    for (key, value) in pairs_of(value)? {
        if !value.is_none() && !value.is_undefined() {
            let [key, value] = [key, value].map(|it| escaped(&it.to_string()));
            made.push(format!("{key}=\"{value}\""));
        }
    }
    let blank = !made.is_empty() && autospace.unwrap_or(true);
    Ok(if blank { " " } else { "" }.to_owned() + &made.join(" "))
}

fn urlencode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    #[test]
    fn texts_are_cut_and_padded_as_jinja_does() {
        let model = "{{ 'long text here' | truncate(8) }}|{{ 'abc' | center(8) }}|{{ 'abc' | wordwrap(2) }}|\
            {{ '<p>x  y</p>' | striptags }}|{{ 1234567 | filesizeformat }}|{{ 'x y&z' | urlencode }}";
        assert_eq!(
            text("", model),
            "long...|  abc   |ab\nc|x y|1.2 MB|x%20y%26z"
        );
        let model = "{{ 'hello world' | truncate(5, false, '..', 0) }}|{{ {'x': 1, 'y': none, 'z': '\"'} | xmlattr }}|\
            {{ '<a>' | forceescape }}|{{ 'aaa' | replace(old='a', new='b', count=1) }}|{{ \"a\\nb\" | indent('> ', first=true) }}|\
            {{ [1, {'b': []}] | tojson(indent=2) }}";
        assert_eq!(
            text("", model),
            "hel..| x=\"1\" z=\"&#34;\"|&lt;a&gt;|baa|> a\n> b|[\n  1,\n  {\n    \"b\": []\n  }\n]"
        );
    }
}
