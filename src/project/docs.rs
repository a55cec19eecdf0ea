//! Docs blocks: `{% docs name %} … {% enddocs %}` in Markdown files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::DocsBlock;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{%-?\s*(?:docs\s+(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<end>enddocs))\s*-?%\}")
        .unwrap_or_else(|error| unreachable!("a constant pattern: {error}"))
});

/// Adds the blocks of a file of a package.
pub fn read(
    package: &str,
    source: &Arc<Source>,
    blocks: &mut BTreeMap<String, DocsBlock>,
    problems: &mut Diagnostics,
) {
    let mut open: Option<(String, Span, usize)> = None;
    for tag in TAG.captures_iter(&source.text) {
        let Some(whole) = tag.get(0) else { continue };
        match (tag.name("name"), open.take()) {
            (Some(name), None) => {
                let span = Span::new(source, name.range());
                open = Some((name.as_str().to_owned(), span, whole.end()));
            }
            (Some(_), Some((outer, span, _))) => problems.push(
                Diagnostic::error(
                    "docs-block",
                    format!("the docs block `{outer}` does not end"),
                )
                .at(span)
                .related("the next block starts", Span::new(source, whole.range()))
                .help("write `{% enddocs %}` after its text"),
            ),
            (None, Some((name, span, start))) => {
                let text = rendered(&source.text[start..whole.start()]).unwrap_or_else(|error| {
                    let detail = error
                        .detail()
                        .map_or_else(|| error.kind().to_string(), str::to_owned);
                    problems.push(
                        Diagnostic::error(
                            "docs-block",
                            format!("the docs block `{name}` is no template: {detail}"),
                        )
                        .at(span.clone())
                        .help(
                            "put Jinja that is to be shown between `{% raw %}` and `{% endraw %}`",
                        ),
                    );
                    String::new()
                });
                let block = DocsBlock {
                    package: package.to_owned(),
                    text: text.trim().to_owned(),
                    name: name.clone(),
                    span,
                };
                if let Some(first) = blocks.get(&name) {
                    problems.push(
                        Diagnostic::error(
                            "duplicate-docs-block",
                            format!("there are two docs blocks `{name}`"),
                        )
                        .at(block.span)
                        .related("the first", first.span.clone()),
                    );
                } else {
                    blocks.insert(name, block);
                }
            }
            (None, None) => problems.push(
                Diagnostic::error("docs-block", "`enddocs` without `docs`")
                    .at(Span::new(source, whole.range())),
            ),
        }
    }
    if let Some((name, span, _)) = open {
        problems.push(
            Diagnostic::error(
                "docs-block",
                format!("the docs block `{name}` does not end"),
            )
            .at(span)
            .help("write `{% enddocs %}` after its text"),
        );
    }
}

/// The text of a block: as in dbt a template that knows nothing, so that `{% raw %}` shows Jinja.
fn rendered(text: &str) -> Result<String, minijinja::Error> {
    if !["{{", "{%", "{#"].iter().any(|tag| text.contains(tag)) {
        return Ok(text.to_owned());
    }
    minijinja::Environment::empty().render_str(text, ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_a_template_that_knows_nothing() {
        let text = "{% docs a %}{{ x }} {% raw %}{{ ref('m') }}{% endraw %}{% enddocs %}{% docs b %}{{ 1 + }}{% enddocs %}";
        let (mut blocks, mut problems) = (BTreeMap::new(), Diagnostics::default());
        read(
            "shop",
            &Source::new("docs.md", text),
            &mut blocks,
            &mut problems,
        );
        assert_eq!(blocks["a"].text, "{{ ref('m') }}");
        insta::assert_snapshot!(problems.0[0].to_string(), @"error[docs-block]: the docs block `b` is no template: unexpected end of variable block (docs.md:1:77)");
    }

    #[test]
    fn blocks_are_read_and_an_open_one_is_told() {
        let source = Source::new(
            "docs.md",
            "# x\n{% docs a %}\n one \n{% enddocs %}\n{% docs a %}{% enddocs %}\n{%- docs b -%} two",
        );
        let (mut blocks, mut problems) = (BTreeMap::new(), Diagnostics::default());
        read("shop", &source, &mut blocks, &mut problems);
        assert_eq!(blocks["a"].text, "one");
        let told = problems
            .0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        insta::assert_snapshot!(told, @r"
        error[duplicate-docs-block]: there are two docs blocks `a` (docs.md:5:9)
        error[docs-block]: the docs block `b` does not end (docs.md:6:10)
        ");
    }
}
