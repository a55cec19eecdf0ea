//! A table for rows that come back from a backup where there is none: as its node would make it.
//!
//! In: the columns that the rows have. Out: the table with everything that the project says of it, but its types: those are the rows'.

use super::publish::described;
use super::{Input, columns, seed};
use crate::adapter::Statement;
use crate::adapter::statement::{ColumnDefinition, TableAttributes, TableConstraint};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::ResourceType;
use crate::manifest::node::Detail;
use crate::relation::{Relation, RelationKind};

/// A table for rows that come back.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// Its columns.
    pub columns: Vec<ColumnDefinition>,
    /// Its constraints over several columns.
    pub constraints: Vec<TableConstraint>,
    /// How the warehouse keeps it.
    pub attributes: TableAttributes,
    /// Its grants and descriptions.
    pub described: Vec<Statement>,
}

impl Restored {
    /// A table of which nothing is known but its columns.
    pub fn plain(columns: Vec<ColumnDefinition>) -> Self {
        Self {
            columns,
            constraints: Vec::new(),
            attributes: TableAttributes::default(),
            described: Vec::new(),
        }
    }

    /// The statement that makes it, under some name.
    pub fn made(&self, relation: &Relation) -> Statement {
        Statement::CreateTable {
            relation: relation.clone(),
            columns: self.columns.clone(),
            constraints: self.constraints.clone(),
            attributes: self.attributes.clone(),
            temporary: false,
        }
    }

    /// The column that numbers its rows, if one does.
    pub fn numbered(&mut self) -> Option<&mut ColumnDefinition> {
        let mut columns = self.columns.iter_mut();
        columns.find(|column| column.identity.is_some())
    }
}

/// The table of a node for rows with some columns.
///
/// # Errors
/// What is wrong in the declarations, and keys that the rows do not have.
pub fn restored(
    input: &Input<'_>,
    mut found: Vec<ColumnDefinition>,
) -> Result<Restored, Diagnostics> {
    let node = input.node;
    let load = match &node.detail {
        Detail::Source(source) => source.load.as_ref(),
        _ => None,
    };
    let attributes = load.map_or(&node.config.attributes, |load| &load.attributes);
    let names: Vec<String> = found.iter().map(|column| column.name.clone()).collect();
    let known = names.iter().map(String::as_str);
    let mut problems = columns::check_attributes(input, attributes, Some(known));
    let (declared, mut constraints) = match load.is_some() || node.config.contract_enforced {
        true => columns::declared(input, &mut Vec::new()).unwrap_or_else(|more| {
            problems.extend(more);
            (Vec::new(), Vec::new())
        }),
        false => (Vec::new(), Vec::new()),
    };
    if node.resource_type == ResourceType::Seed {
        found = seed::encoded(input, &found, &mut problems);
    }
    if problems.has_errors() {
        return Err(problems);
    }
    for column in &mut found {
        let mut declared = declared.iter();
        if let Some(as_declared) = declared.find(|it| it.name.eq_ignore_ascii_case(&column.name)) {
            *column = ColumnDefinition {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                // It takes the numbers that its rows had.
                by_default: as_declared.identity.is_some(),
                ..as_declared.clone()
            };
        }
    }
    let has = |name: &String| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    constraints.retain(|constraint| match constraint {
        TableConstraint::PrimaryKey(columns)
        | TableConstraint::Unique(columns)
        | TableConstraint::ForeignKey { columns, .. } => columns.iter().all(has),
        TableConstraint::Written(_) => true,
    });
    let described = described(
        input,
        input.relation()?,
        RelationKind::Table,
        Some(names.as_slice()),
    );
    Ok(Restored {
        columns: found,
        constraints,
        attributes: attributes.clone(),
        described,
    })
}

/// Whether a node numbers the rows of its table, as far as it is declared.
pub fn numbers_rows(node: &crate::manifest::Node) -> bool {
    let definitions = node.columns.values().map(columns::column_definition);
    let mut known = definitions.filter_map(Result::<_, Diagnostic>::ok);
    known.any(|column| column.identity.is_some())
}
