//! `view`: the query under a name.

use super::publish::Publish;
use super::{Input, Materialization, Work};
use crate::adapter::Statement;
use crate::diagnostic::Diagnostics;
use crate::relation::RelationKind;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "view",
    work,
    keys: &["bind"],
};

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let query = input.query()?;
    let config = &input.node.config;
    let build = Publish::new(input, RelationKind::View)?.build(|relation| {
        vec![Statement::CreateView {
            relation: relation.clone(),
            query: query.to_owned(),
            bind: config.bind,
            header: config.sql_header.clone(),
        }]
    })?;
    Ok(Work::Build(Box::new(build)))
}
