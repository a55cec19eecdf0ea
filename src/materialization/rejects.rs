//! `rejects: true`: the rows of a query that fail a test of one row go to a table of their own, with the reasons; the rest is the model.
//!
//! The query runs once, into a temporary table that notes for each row which conditions it meets. Both tables are made from that,
//! beside, counted against it, and shown in one transaction. What cannot be a value of the type that `castable` names is rejected; what
//! is left has that type.

use std::collections::BTreeMap;

use super::publish::{Publish, beside, clean, hooks_before, prepare, removed};
use super::{Build, Input, Phase, Rest, Section, columns, quote, sections};
use crate::adapter::Statement;
use crate::adapter::statement::TableAttributes;
use crate::data_tests::RowRule;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::manifest::config::RejectLimit;
use crate::relation::{Column, KnownColumn, Relation, RelationKind};

/// The end of the name of the table of rejected rows.
const REJECTS: &str = "__rejects";
/// The beginning of the names of the columns that note what a row fails.
const FAILS: &str = "rs_fails_";
/// The columns that tell why a row was rejected.
const REASONS: [&str; 2] = ["rejected_columns", "rejected_because"];

/// Where the rejected rows of a node stand.
pub fn rejects_of(relation: &Relation) -> Relation {
    beside(relation, REJECTS)
}

/// The rest of a model with rejected rows, waiting for the columns of its query.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejects {
    all: Relation,
    good: Relation,
    bad: Relation,
    rules: Vec<RowRule>,
    attributes: TableAttributes,
    publish: Section,
    clean: Section,
    name: String,
    limit: Option<RejectLimit>,
    place: Option<Span>,
}

/// The table with its rejected rows beside it.
pub(super) fn build(input: &Input<'_>) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let config = &input.node.config;
    let mut problems = columns::check_attributes_of_query(input, &config.attributes);
    if config.contract_enforced {
        problems.extend(input.error(
            "no-rejects",
            format!(
                "`{}` has a contract, which its rejected rows would break",
                input.node.name
            ),
        ));
    }
    let rules = (input.row_rules)()?;
    if rules.is_empty() {
        problems.push(
            Diagnostic::error(
                "no-rejects",
                format!("`{}` rejects no rows: none of its tests looks at one row", input.node.name),
            )
            .at_some(input.place_of("rejects", ""))
            .help("declare `not_null`, `castable`, `accepted_values`, `accepted_range` or `expression_is_true` under its columns"),
        );
    }
    if problems.has_errors() {
        return Err(problems);
    }
    let relation = input.relation()?;
    let publish = Publish::new(input, RelationKind::Table)?;
    let (good, shown) = publish.aside()?;
    let kept = publish.kept(&good);
    let rejected = rejects_of(relation);
    let (bad, shown_too) = Publish::beside(input, &rejected).aside()?;
    let all = Relation::temporary(beside(relation, "__rs_all").identifier);
    let mut before = prepare(input, relation);
    before.statements.splice(0..0, removed(input, &rejected));
    let mut publish = shown.swap;
    publish.statements.extend(shown_too.swap.statements);
    let mut dropped = shown.dropped;
    dropped.extend(shown_too.dropped);
    dropped.push(Statement::Drop {
        kind: RelationKind::Table,
        relation: all.clone(),
        if_exists: true,
    });
    let mut last = shown.last;
    last.extend(shown_too.last);
    let mut all_sections = vec![before];
    all_sections.push(hooks_before(input));
    all_sections.push(Section {
        phase: Phase::Build,
        transaction: false,
        retryable: true,
        statements: vec![
            Statement::Drop {
                kind: RelationKind::Table,
                relation: all.clone(),
                if_exists: true,
            },
            Statement::CreateTableAs {
                relation: all.clone(),
                query: noted(query, &rules),
                attributes: TableAttributes::default(),
                temporary: true,
                header: config.sql_header.clone(),
            },
        ],
    });
    Ok(Build {
        sections: sections(all_sections),
        counts: Some(relation.clone()),
        keep: kept,
        staging: Some((RelationKind::Table, good.clone())),
        also: vec![(RelationKind::Table, bad.clone())],
        last,
        then: Some(Box::new(Rest::Rejects(Box::new(Rejects {
            all,
            good,
            bad,
            rules,
            attributes: config.attributes.clone(),
            publish,
            clean: clean(input, dropped),
            name: input.node.name.clone(),
            limit: config.reject_limit,
            place: input.place_of("reject_limit", ""),
        })))),
        ..Build::default()
    })
}

/// The query with a column for each rule, 1 in the rows that fail it.
fn noted(query: &str, rules: &[RowRule]) -> String {
    let fails = rules.iter().enumerate().map(|(number, rule)| {
        format!(
            ",\n  case when {} then 1 else 0 end as {FAILS}{number}",
            rule.fails
        )
    });
    format!(
        "select\n  rs_rows.*{}\nfrom (\n{}\n) as rs_rows",
        fails.collect::<String>(),
        query.trim_end().trim_end_matches(';')
    )
}

impl Rejects {
    /// The rows of the query.
    pub fn all(&self) -> &Relation {
        &self.all
    }

    /// The columns of the model, of those of its query.
    pub fn kept(&self, mut columns: Vec<KnownColumn>) -> Vec<KnownColumn> {
        columns.retain(|column| !column.name.starts_with(FAILS));
        for column in &mut columns {
            if let Some(data_type) = self.cast_to(&column.name) {
                column.data_type = Some(data_type.to_owned());
            }
        }
        columns
    }

    /// The type that a test of the column names.
    fn cast_to(&self, column: &str) -> Option<&str> {
        let mut rules = self.rules.iter();
        rules.find_map(|rule| {
            let named = rule.column.as_deref()?.trim_matches('"');
            rule.data_type
                .as_deref()
                .filter(|_| named.eq_ignore_ascii_case(column))
        })
    }

    /// What remains to be done when the query has these columns.
    ///
    /// # Errors
    /// When the query has a column that the table of rejected rows has of its own.
    pub fn sections(&self, columns: &[Column]) -> Result<Vec<Section>, Box<Diagnostic>> {
        let kept: Vec<&Column> = columns
            .iter()
            .filter(|column| !column.name.to_lowercase().starts_with(FAILS))
            .collect();
        if let Some(taken) = kept.iter().find(|column| {
            let mut reasons = REASONS.iter();
            reasons.any(|reason| reason.eq_ignore_ascii_case(&column.name))
        }) {
            return Err(Box::new(
                Diagnostic::error(
                    "no-rejects",
                    format!(
                        "`{}` has a column `{}`, and so has its table of rejected rows",
                        self.name, taken.name
                    ),
                )
                .at_some(self.place.clone())
                .help("give the column another name"),
            ));
        }
        let flags: Vec<String> = (0..self.rules.len())
            .map(|number| format!("{FAILS}{number}"))
            .collect();
        let failed = flags.join(" + ");
        let from = quote(&self.all.identifier);
        let typed = kept.iter().map(|column| {
            let name = quote(&column.name);
            match self.cast_to(&column.name) {
                Some(data_type) => format!("  cast({name} as {data_type}) as {name}"),
                None => format!("  {name}"),
            }
        });
        let typed: Vec<String> = typed.collect();
        let plain: Vec<String> = kept
            .iter()
            .map(|column| format!("  {}", quote(&column.name)))
            .collect();
        let good = format!(
            "select\n{}\nfrom {from}\nwhere {failed} = 0",
            typed.join(",\n")
        );
        let bad = format!(
            "select\n{},\n  {} as {},\n  {} as {}\nfrom {from}\nwhere {failed} > 0",
            plain.join(",\n"),
            self.failed_columns(),
            REASONS[0],
            self.reasons(),
            REASONS[1],
        );
        let create = |relation: &Relation, query: String, attributes: &TableAttributes| {
            Statement::CreateTableAs {
                relation: relation.clone(),
                query,
                attributes: attributes.clone(),
                temporary: false,
                header: None,
            }
        };
        Ok(sections([
            Section {
                phase: Phase::Build,
                transaction: true,
                retryable: true,
                statements: vec![
                    create(&self.good, good, &self.attributes),
                    create(&self.bad, bad, &TableAttributes::default()),
                ],
            },
            self.publish.clone(),
            self.clean.clone(),
        ]))
    }

    /// `job_id, name`: the columns that a row fails by.
    fn failed_columns(&self) -> String {
        let mut by_column: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (number, rule) in self.rules.iter().enumerate() {
            if let Some(column) = &rule.column {
                let flag = format!("{FAILS}{number}");
                by_column.entry(column).or_default().push(flag);
            }
        }
        let said = by_column.iter().map(|(column, flags)| {
            format!(
                "case when {} > 0 then {} else '' end",
                flags.join(" + "),
                literal(&format!(", {column}"))
            )
        });
        listed(said)
    }

    /// `job_id is null; name is no varchar(9)`.
    fn reasons(&self) -> String {
        let said = self.rules.iter().enumerate().map(|(number, rule)| {
            let reason = match (&rule.column, rule.reason.strip_prefix("not ")) {
                (Some(column), None) => format!("{column} {}", rule.reason),
                _ => rule.reason.clone(),
            };
            format!(
                "case when {FAILS}{number} = 1 then {} else '' end",
                literal(&format!("; {reason}"))
            )
        });
        listed(said)
    }

    /// The query that tells how many rows there are in all, good and rejected.
    pub fn count(&self) -> String {
        let count =
            |relation: &Relation| format!("(select count(*) from {})", super::name(relation));
        format!(
            "select {} as all_rows, {} as good_rows, {} as rejected_rows",
            count(&self.all),
            count(&self.good),
            count(&self.bad)
        )
    }

    /// Whether these numbers let the rows be shown.
    ///
    /// # Errors
    /// When rows are lost or doubled, or too many are rejected.
    pub fn judge(&self, [all, good, rejected]: [u64; 3]) -> Result<(), Box<Diagnostic>> {
        let name = &self.name;
        let wrong = |code, message: String| {
            Box::new(Diagnostic::error(code, message).at_some(self.place.clone()))
        };
        if good + rejected != all {
            return Err(wrong(
                "rows-lost",
                format!(
                    "{good} good and {rejected} rejected rows of `{name}` are not the {all} of its query"
                ),
            ));
        }
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let over = match limit {
            RejectLimit::Rows(most) => rejected > most,
            RejectLimit::Percent(percent) => rejected as f64 * 100.0 > all as f64 * percent,
        };
        if !over {
            return Ok(());
        }
        Err(wrong(
            "too-many-rejected",
            format!("{rejected} of {all} rows of `{name}` are rejected, and {limit} are allowed"),
        ))
    }
}

/// Texts of which some are empty, without what stands before the first.
fn listed(said: impl Iterator<Item = String>) -> String {
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => "''".to_owned(),
        false => format!("substring({}, 3)", said.join("\n    || ")),
    }
}

/// A text for people. A backslash in it would mean something else on each warehouse.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "").replace('\'', "''"))
}
