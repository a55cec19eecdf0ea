//! Jinja's filters over text that minijinja leaves out.
//!
//! In: text. Out: text.
//! Knows nothing of a render.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, Value};

use crate::jinja::error::bad_call;

/// Adds the filters.
pub fn add(env: &mut Environment<'static>) {
    env.add_filter("truncate", truncate);
    env.add_filter("center", center);
    env.add_filter("wordwrap", wordwrap);
    env.add_filter("striptags", |text: &str| striptags(text));
    env.add_filter("filesizeformat", filesizeformat);
    env.add_filter("urlencode", |value: &Value| urlencode(&value.to_string()));
    env.add_filter("random", |value: Value| {
        // Any item will do, and the same one every time keeps compiled SQL the same.
        Ok::<_, Error>(value.try_iter()?.next().unwrap_or_default())
    });
}

/// `truncate(length=255, killwords=false, end='...', leeway=5)`.
fn truncate(
    text: &str,
    length: Option<usize>,
    killwords: Option<bool>,
    end: Option<String>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let length = length.or(kwargs.get("length")?).unwrap_or(255);
    let killwords = killwords.or(kwargs.get("killwords")?).unwrap_or(false);
    let end = end
        .or(kwargs.get("end")?)
        .unwrap_or_else(|| "...".to_owned());
    let leeway: usize = kwargs.get::<Option<usize>>("leeway")?.unwrap_or(5);
    kwargs.assert_all_used()?;
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
    }
}
