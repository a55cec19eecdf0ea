//! What a project says about the looks of its site: `flags: {docs: {title, logo, color, color_dark}}` of dbt_project.yml.
//!
//! In: the flags and the project's folder. Out: [`Branding`]. dbt knows no key `docs` at the top of the file, and lets strangers be in `flags`.

use std::fs;
use std::path::{Component, Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// The largest logo: it stands in the index that every page loads.
const LARGEST: u64 = 64 * 1024;
/// What WCAG 2.2 asks of text on its ground.
const READABLE: f64 = 4.5;
/// The ground of light pages and of dark ones, with its name; `--paper` of the style.
const LIGHT: (&str, [u8; 3]) = ("light", [0xff, 0xff, 0xff]);
const DARK: (&str, [u8; 3]) = ("dark", [0x12, 0x16, 0x1c]);
/// Pictures by the ends of their names.
const PICTURES: [(&str, &str); 6] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
];

/// The looks of a site; what is not said keeps the usual look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    /// In the place of the project's name.
    pub title: Option<String>,
    /// A `data:` address: a page shows it as an image, which runs no script.
    pub logo: Option<String>,
    /// `#rrggbb` of links and marks on light pages.
    pub color: Option<String>,
    /// The same on dark pages.
    pub color_dark: Option<String>,
}

impl Branding {
    /// Reads the settings, and the logo's file below `root`.
    ///
    /// # Errors
    /// Keys and values that are not known, a logo that cannot be read, a colour in which nobody could read.
    pub fn of(flags: &Map<String, Value>, root: &Path) -> Result<Self, Diagnostics> {
        let mut branding = Self::default();
        let Some(docs) = flags.get("docs") else {
            return Ok(branding);
        };
        let Some(docs) = docs.as_object() else {
            return Err(wrong("`docs` holds keys").into());
        };
        let mut problems = Diagnostics::default();
        for (key, value) in docs {
            if let Err(problem) = branding.set(key, value, root) {
                problems.push(problem);
            }
        }
        problems.or(branding).map(|(branding, _)| branding)
    }

    fn set(&mut self, key: &str, value: &Value, root: &Path) -> Result<(), Diagnostic> {
        let text = value.as_str().map(str::trim);
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(wrong(&format!("`{key}` cannot be {value}")).help("write a text"));
        };
        match key {
            "title" => self.title = Some(text.to_owned()),
            "logo" => self.logo = Some(logo(root, text)?),
            "color" => self.color = Some(color(text, LIGHT)?),
            "color_dark" => self.color_dark = Some(color(text, DARK)?),
            _ => {
                return Err(wrong(&format!("there is no key `{key}`"))
                    .did_you_mean(key, ["title", "logo", "color", "color_dark"]));
            }
        }
        Ok(())
    }
}

fn wrong(what: &str) -> Diagnostic {
    Diagnostic::error(
        "bad-config",
        format!("{what} (`flags: {{docs: …}}` of dbt_project.yml)"),
    )
}

/// The picture as a `data:` address.
fn logo(root: &Path, path: &str) -> Result<String, Diagnostic> {
    let inside = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(wrong(&format!("the logo `{path}` is not in the project"))
            .help("write its path from the folder of dbt_project.yml"));
    }
    let ending = Path::new(path).extension().and_then(|end| end.to_str());
    let kind = PICTURES
        .iter()
        .find(|(end, _)| ending.is_some_and(|own| own.eq_ignore_ascii_case(end)));
    let Some((_, kind)) = kind else {
        return Err(wrong(&format!("the logo `{path}` is no picture"))
            .help("take an SVG, PNG, JPEG, WebP or GIF file"));
    };
    let file = root.join(path);
    let read = fs::metadata(&file).and_then(|about| Ok((about.len(), fs::read(&file)?)));
    match read {
        Err(cause) => Err(wrong(&format!("the logo `{path}` cannot be read: {cause}"))),
        Ok((size, _)) if size > LARGEST => Err(wrong(&format!(
            "the logo `{path}` has {} KB, and 64 KB is the most",
            size.div_ceil(1024)
        ))),
        Ok((_, bytes)) => Ok(format!("data:{kind};base64,{}", STANDARD.encode(bytes))),
    }
}

/// `#rgb` or `#rrggbb` as the latter.
fn color(text: &str, (pages, ground): (&str, [u8; 3])) -> Result<String, Diagnostic> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let long = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    let part = |at: usize| u8::from_str_radix(long.get(at..at + 2)?, 16).ok();
    let (6, Some(red), Some(green), Some(blue)) = (long.len(), part(0), part(2), part(4)) else {
        return Err(wrong(&format!("`{text}` is no colour")).help("write one as `#0b5cad`"));
    };
    let contrast = contrast([red, green, blue], ground);
    if contrast < READABLE {
        return Err(wrong(&format!(
            "`{text}` cannot be read on {pages} pages: its contrast is {contrast:.1} to 1, and {READABLE} is the least"
        ))
        .help("`color` is for light pages, `color_dark` for dark ones"));
    }
    Ok(format!("#{}", long.to_lowercase()))
}

/// As WCAG 2 defines it: 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let light = |[red, green, blue]: [u8; 3]| {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(docs: Value) -> Result<Branding, String> {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("logo.svg"), "<svg/>").unwrap();
        fs::write(root.path().join("large.png"), vec![0; 70_000]).unwrap();
        let Value::Object(flags) = json!({ "docs": docs }) else {
            unreachable!()
        };
        Branding::of(&flags, root.path()).map_err(|wrong| wrong.0[0].message.clone())
    }

    #[test]
    fn a_project_says_its_title_logo_and_colours() {
        let branding = of(
            json!({"title": "Sparkify", "logo": "logo.svg", "color": "#a03", "color_dark": "#F9b"}),
        );
        assert_eq!(
            branding.unwrap(),
            Branding {
                title: Some("Sparkify".into()),
                logo: Some("data:image/svg+xml;base64,PHN2Zy8+".into()),
                color: Some("#aa0033".into()),
                color_dark: Some("#ff99bb".into()),
            }
        );
        assert_eq!(
            Branding::of(&Map::new(), Path::new("/")),
            Ok(Branding::default())
        );
    }

    #[test]
    fn what_cannot_be_shown_is_refused_with_a_reason() {
        let told: Vec<String> = [
            json!({"titel": "x"}),
            json!({"title": 1}),
            json!({"logo": "../logo.svg"}),
            json!({"logo": "logo.txt"}),
            json!({"logo": "large.png"}),
            json!({"color": "red"}),
            json!({"color": "#ffee00"}),
            json!({"color_dark": "#222"}),
        ]
        .into_iter()
        .map(|docs| of(docs).unwrap_err())
        .map(|message| message.replace(" (`flags: {docs: …}` of dbt_project.yml)", ""))
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        there is no key `titel`
        `title` cannot be 1
        the logo `../logo.svg` is not in the project
        the logo `logo.txt` is no picture
        the logo `large.png` has 69 KB, and 64 KB is the most
        `red` is no colour
        `#ffee00` cannot be read on light pages: its contrast is 1.2 to 1, and 4.5 is the least
        `#222` cannot be read on dark pages: its contrast is 1.1 to 1, and 4.5 is the least
        ");
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        // The grey that is known for being just readable on white.
        assert!((contrast([0x76; 3], [255; 3]) - 4.54).abs() < 0.01);
    }
}
