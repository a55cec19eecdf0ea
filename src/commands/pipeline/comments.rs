//! `query-comment`: what stands beside each statement of a node, for whoever reads the log of the warehouse.

use std::collections::BTreeMap;

use super::{Door, Prepared};
use crate::adapter::Comment;
use crate::commands::Stop;
use crate::compile::Compiler;
use crate::diagnostic::Diagnostics;
use crate::jinja::Template;
use crate::manifest::NodeId;
use crate::project::project_file::QueryComment;

/// The comments of the nodes of a run.
pub struct Comments(BTreeMap<NodeId, Comment>);

impl Comments {
    /// The comments of some nodes; none where the project wants none, or the warehouse keeps no log.
    ///
    /// # Errors
    /// What is wrong in the project's template.
    pub fn of<'n>(
        prepared: &Prepared,
        door: &Door,
        compiler: &Compiler,
        nodes: impl IntoIterator<Item = &'n NodeId>,
    ) -> Result<Option<Self>, Stop> {
        let QueryComment::Own { template, append } = &prepared.project.own.file.query_comment
        else {
            return Ok(None);
        };
        if !door.adapter.logs_comments() {
            return Ok(None);
        }
        let template = template
            .as_ref()
            .map(|text| Template::scalar(&text.value, &text.span));
        let mut comments = BTreeMap::new();
        let mut problems = Diagnostics::default();
        for id in nodes {
            let text = match &template {
                Some(template) => compiler.comment(*id, template),
                None => Ok(default(prepared, *id)),
            };
            match text {
                Ok(text) if text.is_empty() => {}
                Ok(text) => {
                    comments.insert(
                        *id,
                        Comment {
                            text,
                            append: *append,
                        },
                    );
                }
                Err(problem) => problems.push(*problem),
            }
            // One template is wrong in one way.
            if problems.has_errors() {
                break;
            }
        }
        let (comments, _) = problems.or(comments).map_err(Stop::Failed)?;
        Ok(Some(Self(comments)))
    }

    /// The comment of a node.
    pub fn of_node(&self, id: NodeId) -> Option<Comment> {
        self.0.get(&id).cloned()
    }
}

/// What dbt says where the project names no template, in its keys: tools that read the log look for them.
fn default(prepared: &Prepared, id: NodeId) -> String {
    let (target, node) = (&prepared.project.target, prepared.manifest.node(id));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "{{\"app\": \"dbt\", \"dbt_version\": {}, \"profile_name\": {}, \"target_name\": {}, \"node_id\": {}}}",
        quoted(crate::jinja::DBT_VERSION),
        quoted(&target.profile_name),
        quoted(&target.name),
        quoted(&node.unique_id)
    )
    .replace("*/", "* /")
}
