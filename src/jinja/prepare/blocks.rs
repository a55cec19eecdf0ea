//! The named blocks of a file that stand for something of their own: snapshots.
//!
//! In: a file. Out: [`NamedBlock`]s, their bodies as ranges of the file.
//! Does not read what is in them.

use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::Token;

use super::scan::scan;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::jinja::template::Template;

/// A block with a name and a body.
#[derive(Clone, Debug)]
pub struct NamedBlock {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The bytes between its tags.
    pub body: Range<usize>,
}

/// The outermost `{% snapshot name %} … {% endsnapshot %}` of a file, in order.
///
/// # Errors
/// What is wrong with the outer shape of the file, or a block without a name.
pub fn snapshot_blocks(source: &Arc<Source>) -> Result<Vec<NamedBlock>, Box<Diagnostic>> {
    let template = Template::file(source);
    let scan = scan(&template, template.text())?;
    let mut found = Vec::new();
    for block in &scan.blocks {
        let (Some(open), Some(close)) = (scan.tag(block.open), scan.tag(block.close)) else {
            continue;
        };
        if block.depth > 0 || block.word != "snapshot" {
            continue;
        }
        let Some((Token::Ident(name), place)) = scan.inside(open).get(1) else {
            return Err(Box::new(
                Diagnostic::error("jinja-syntax", "`{% snapshot %}` needs a name")
                    .help("write `{% snapshot name %}`")
                    .at(template.span(open.range.clone())),
            ));
        };
        found.push(NamedBlock {
            name: (*name).to_owned(),
            span: template.span(place.clone()),
            body: open.range.end..close.range.start,
        });
    }
    found.sort_by_key(|block| block.body.start);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_snapshot_of_a_file_is_a_block_of_its_own() {
        let text = "{# {% snapshot no %} #}\n{% snapshot a %}select 1{% endsnapshot %}\n{%- snapshot b -%}{% if true %}select 2{% endif %}{%- endsnapshot %}";
        let source = Source::new("snapshots/s.sql", text);
        let found = snapshot_blocks(&source).unwrap();
        let shown = found.iter().map(|block| {
            let body = &text[block.body.clone()];
            format!("{} {} {body}", block.name, block.span.place())
        });
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r"
        a snapshots/s.sql:2:13 select 1
        b snapshots/s.sql:3:14 {% if true %}select 2{% endif %}
        ");
    }
}
