//! Text made safe for a page: escaped, or from Markdown with no HTML of the user in it.

use std::borrow::Cow;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Text for between tags and for quoted attributes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Markdown as HTML: raw HTML is shown as text, images become their words, links go only to the web, to a mail address or to a page
/// of the site (others lead nowhere and are their words alone),
/// headings become paragraphs so that the page keeps its own outline.
pub fn markdown(text: &str) -> String {
    written(text, |event| match event {
        Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Paragraph),
        other => other,
    })
}

/// The same for a page of its own: its headings stay, each one level below the title of the page.
pub fn page(text: &str) -> String {
    written(text, |event| match event {
        Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
            level: below(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        other => other,
    })
}

fn below(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + 1).unwrap_or(HeadingLevel::H6)
}

fn written(text: &str, headings: fn(Event<'_>) -> Event<'_>) -> String {
    let mut options = Options::empty();
    options.insert(Options::ENABLE_TABLES);
    options.insert(Options::ENABLE_STRIKETHROUGH);
    let mut links = Vec::new();
    let events = Parser::new_ext(text, options)
        .filter_map(|event| keep(event, &mut links))
        .map(headings);
    let mut safe = String::new();
    html::push_html(&mut safe, events);
    safe
}

/// What of the user stays; `links` tells which of the links around it do.
fn keep<'t>(event: Event<'t>, links: &mut Vec<bool>) -> Option<Event<'t>> {
    Some(match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let lower = dest_url.to_lowercase();
            let allowed = ["https://", "http://", "mailto:", "#/"];
            let leads = allowed.iter().any(|start| lower.starts_with(start));
            links.push(leads);
            return leads.then_some(event);
        }
        Event::End(TagEnd::Link) => return links.pop().unwrap_or_default().then_some(event),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_html_of_a_description_reaches_the_page() {
        let hostile = "# T\n<script>alert(1)</script>\n\n<img src=x onerror=a()> ![i](http://x/y.png) [a](javascript:b) [c](https://d \"e\\\"f\")";
        let safe = markdown(hostile);
        insta::assert_snapshot!(safe, @r##"
        <p>T</p>
        <p>&lt;script&gt;alert(1)&lt;/script&gt;
        </p>
        <p>&lt;img src=x onerror=a()&gt; i a <a href="https://d" title="e&quot;f">c</a></p>
        "##);
        let links = "[here](notes.md) [there](//x.y) [on](#/model.shop.a) **[b](javascript:c)**";
        assert_eq!(
            markdown(links).trim(),
            "<p>here there <a href=\"#/model.shop.a\">on</a> <strong>b</strong></p>"
        );
        assert_eq!(escape("<a href='\"&"), "&lt;a href=&#39;&quot;&amp;");
    }

    #[test]
    fn a_page_keeps_its_headings_below_the_title_and_no_html() {
        insta::assert_snapshot!(page("# T <script>a()</script>\n###### S\ntext"), @"
        <h2>T &lt;script&gt;a()&lt;/script&gt;</h2>
        <h6>S</h6>
        <p>text</p>
        ");
    }
}
