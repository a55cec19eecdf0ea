//! What is looked up for every table: in the manifest, the catalog, the last results.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Column, Exposure, Input, Kept, Link, Reference, Table, Test};
use crate::adapter::Figure;
use crate::artifacts::CatalogTable;
use crate::artifacts::keys::Keys;
use crate::artifacts::previous::LastResult;
use crate::docs::hidden::Hidden;
use crate::docs::words::{
    access, anchor, combination, constraint, declared, dist, kind, label, minute, name, owner,
    person, plain, sort,
};
use crate::manifest::config::Severity;
use crate::manifest::node::{self, ConstraintKind, Detail};
use crate::manifest::{Node, NodeId, ResourceType};
use crate::materialization::rejects_of;

/// What is looked up for every table.
pub(super) struct Facts<'a> {
    input: &'a Input<'a>,
    keys: Keys<'a>,
    catalog: BTreeMap<NodeId, &'a CatalogTable>,
    readers: BTreeMap<NodeId, Vec<NodeId>>,
    pub(super) hidden: Hidden,
}

impl<'a> Facts<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        let mut readers: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for id in input.manifest.ids() {
            for parent in &input.manifest.node(id).depends_on {
                readers.entry(*parent).or_default().push(id);
            }
        }
        Self {
            input,
            keys: Keys::new(input.manifest),
            catalog: input
                .catalog
                .iter()
                .map(|table| (table.node, table))
                .collect(),
            readers,
            hidden: Hidden::new(input.manifest),
        }
    }

    fn is_selected(&self, id: NodeId) -> bool {
        let selected = self.input.selected;
        selected.is_none_or(|selected| selected.contains(&id))
    }

    pub(super) fn is_shown(&self, id: NodeId) -> bool {
        let node = self.input.manifest.node(id);
        let is_table = matches!(
            node.resource_type,
            ResourceType::Model
                | ResourceType::Seed
                | ResourceType::Source
                | ResourceType::Snapshot
        );
        is_table
            && node.relation.is_some()
            && node.config.docs_show
            && node.config.materialized != "ephemeral"
            && self.is_selected(id)
    }

    pub(super) fn is_inlined(&self, id: NodeId) -> bool {
        let node = self.input.manifest.node(id);
        node.resource_type == ResourceType::Model
            && node.config.materialized == "ephemeral"
            && node.config.docs_show
            && self.is_selected(id)
    }

    fn link(&self, id: NodeId) -> Link {
        let node = self.input.manifest.node(id);
        Link {
            name: name(node),
            anchor: self.is_shown(id).then(|| anchor(node)),
        }
    }

    fn last(&self, id: NodeId) -> Option<&'a LastResult> {
        let previous = self.input.previous;
        previous
            .results
            .get(&self.input.manifest.node(id).unique_id)
    }

    pub(super) fn table(&self, id: NodeId) -> Table {
        let node = self.input.manifest.node(id);
        let catalog = self.catalog.get(&id);
        let built = self.last(id).filter(|last| last.status == "success");
        let attributes = match &node.detail {
            Detail::Source(detail) => detail.load.as_ref().map(|load| &load.attributes),
            _ => Some(&node.config.attributes),
        };
        let last_built = catalog
            .and_then(|table| table.last_built)
            .or_else(|| built.and_then(|last| last.completed_at));
        Table {
            node: id,
            name: name(node),
            anchor: anchor(node),
            relation: node
                .relation
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            elsewhere: self
                .input
                .elsewhere
                .iter()
                .filter_map(|(target, places)| {
                    let place = places.get(&node.unique_id)?;
                    Some((target.clone(), place.clone()))
                })
                .collect(),
            kind: kind(node),
            description: node.description.trim().to_owned(),
            owner: owner(node),
            grain: self.grain(id),
            columns: self.columns(id),
            tests: self.table_tests(id),
            dist: attributes.and_then(dist),
            sort: attributes.and_then(sort),
            rows: catalog
                .and_then(|table| table.rows)
                .or_else(|| built.and_then(|last| last.rows)),
            history: self.history(id),
            failed: self
                .last(id)
                .filter(|last| matches!(last.status.as_str(), "error" | "fail"))
                .map(|last| (last.status.clone(), last.completed_at.map(minute))),
            figures: catalog.map_or_else(Vec::new, |table| figures(&table.facts.figures)),
            rejected: built
                .and_then(|last| last.rejected)
                .zip(node.relation.as_ref())
                .map(|(rows, relation)| (rows, rejects_of(relation).to_string())),
            last_built: last_built.map(minute),
            upstream: self.links(node.depends_on.iter().copied()),
            downstream: self.downstream(id),
            file: node.original_file_path.clone(),
            declared: declared(node),
            tags: node.config.tags.clone(),
            contract: node.config.contract_enforced,
            access: access(node),
            group: self.group(node),
            freshness: self.freshness(node),
            meta: (!node.config.meta.is_empty())
                .then(|| serde_json::to_string_pretty(&node.config.meta).unwrap_or_default()),
        }
    }

    /// How many rows it had after the builds that are known, where there are several to compare.
    fn history(&self, id: NodeId) -> Vec<(String, u64)> {
        let counts = self.last(id).map(LastResult::row_counts);
        let counts = counts.filter(|counts| counts.len() > 1);
        let counts = counts.into_iter().flatten();
        counts.map(|(at, rows)| (minute(at), rows)).collect()
    }

    /// A group with who answers for it.
    fn group(&self, node: &Node) -> Option<String> {
        let name = node.config.group.as_ref()?;
        let groups = self.input.manifest.groups.iter();
        let mut own = groups.filter(|group| group.name == *name);
        let owner = own.next().and_then(|group| person(&group.owner));
        Some(owner.map_or_else(|| name.clone(), |owner| format!("{name} ({owner})")))
    }

    /// How old the rows of a source may be, and how old they were last.
    fn freshness(&self, node: &Node) -> Option<String> {
        let Detail::Source(source) = &node.detail else {
            return None;
        };
        let freshness = source.freshness.as_ref()?;
        let limits = [
            ("warns after", freshness.warn_after),
            ("fails after", freshness.error_after),
        ];
        let limits = limits
            .into_iter()
            .filter_map(|(word, age)| Some(format!("{word} {}", age?)));
        let last = self.input.ages.get(&node.unique_id);
        let told: Vec<String> = limits.chain(last.cloned()).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    pub(super) fn exposures(&self) -> Vec<Exposure> {
        let manifest = self.input.manifest;
        let shown = manifest.ids().filter_map(|id| {
            let node = manifest.node(id);
            let Detail::Exposure(exposure) = &node.detail else {
                return None;
            };
            let url = exposure.url.as_deref();
            let on_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
            (node.config.docs_show && self.is_selected(id)).then(|| Exposure {
                node: id,
                name: node.name.clone(),
                label: exposure.label.clone().filter(|label| !label.is_empty()),
                kind: exposure.kind.clone(),
                description: node.description.trim().to_owned(),
                owner: person(&exposure.owner),
                maturity: exposure.maturity.clone(),
                url: url.filter(on_web).map(str::to_owned),
                reads: self.links(node.depends_on.iter().copied()),
                declared: declared(node),
                tags: node.config.tags.clone(),
            })
        });
        shown.collect()
    }

    /// Links to what may be named.
    fn links(&self, ids: impl Iterator<Item = NodeId>) -> Vec<Link> {
        let named = ids.filter(|id| self.input.manifest.node(*id).config.docs_show);
        named.map(|id| self.link(id)).collect()
    }

    fn downstream(&self, id: NodeId) -> Vec<Link> {
        let readers = self.readers.get(&id).map_or(&[][..], Vec::as_slice);
        self.links(readers.iter().copied().filter(|id| {
            !matches!(
                self.input.manifest.node(*id).resource_type,
                ResourceType::Test
                    | ResourceType::UnitTest
                    | ResourceType::Operation
                    | ResourceType::Analysis
            )
        }))
    }

    /// The declared primary key; else the first column that is tested to be one.
    fn key(&self, id: NodeId) -> Vec<&'a str> {
        let declared = self.keys.declared(id);
        if !declared.is_empty() {
            return declared;
        }
        let failed = |column: &str| {
            let mut tests = self.keys.tests(id).filter(|(_, test)| {
                let generic = test.generic.as_ref();
                let of_key = generic.is_some_and(|it| matches!(&*it.name, "unique" | "not_null"));
                of_key && test.column_name.as_deref() == Some(column)
            });
            tests.any(|(test, _)| self.last(test).is_some_and(|last| last.status == "fail"))
        };
        let tested = self.keys.unique(id).into_iter();
        tested.filter(|column| !failed(column)).take(1).collect()
    }

    /// As said in `meta.grain`, or else from what makes a row unique.
    fn grain(&self, id: NodeId) -> Option<String> {
        let node = self.input.manifest.node(id);
        if let Some(said) = node.config.meta.get("grain").and_then(Value::as_str) {
            return Some(said.to_owned());
        }
        let mut key: Vec<&str> = self.key(id);
        if key.is_empty() {
            key = node.config.unique_key.iter().map(String::as_str).collect();
        }
        if key.is_empty() {
            let combination = self
                .keys
                .tests(id)
                .find_map(|(_, test)| combination(test.generic.as_ref()?));
            key = combination.unwrap_or_default();
        }
        let history = match node.resource_type {
            // Its key tells what a row is the history of.
            ResourceType::Snapshot => " and time of validity",
            _ => "",
        };
        (!key.is_empty()).then(|| format!("one row per {}{history}", key.join(", ")))
    }

    /// In the order of the warehouse; then what is declared and not there.
    fn columns(&self, id: NodeId) -> Vec<Column> {
        let node = self.input.manifest.node(id);
        let declared: BTreeMap<String, &node::Column> = node
            .columns
            .values()
            .map(|column| (column.name.to_lowercase(), column))
            .collect();
        let held = self
            .catalog
            .get(&id)
            .map_or(&[][..], |table| &table.columns);
        let there: BTreeSet<String> = held
            .iter()
            .map(|column| column.name.to_lowercase())
            .collect();
        let key: BTreeSet<String> = self
            .key(id)
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        let held = held.iter().map(|column| {
            let declared = declared.get(&column.name.to_lowercase()).copied();
            let mut fact = self.column(id, &column.name, declared, &key);
            fact.data_type = Some(column.data_type.clone());
            if !column.nullable {
                fact.nullable = Some(false);
            }
            fact
        });
        let missing = node
            .columns
            .values()
            .filter(|column| !there.contains(&column.name.to_lowercase()))
            .map(|column| {
                let mut fact = self.column(id, &column.name, Some(column), &key);
                if self.catalog.contains_key(&id) {
                    fact.missing = true;
                    fact.nullable = None;
                    fact.data_type = Some("not in the table".to_owned());
                }
                fact
            });
        held.chain(missing).collect()
    }

    fn column(
        &self,
        id: NodeId,
        name: &str,
        declared: Option<&node::Column>,
        key: &BTreeSet<String>,
    ) -> Column {
        let of_column = |test: &node::TestDetail| {
            let column = test.column_name.as_ref();
            column.is_some_and(|column| column.eq_ignore_ascii_case(name))
        };
        let tests: Vec<(NodeId, &node::TestDetail)> = self.keys.tests(id).collect();
        let in_combination = tests.iter().any(|(_, test)| {
            let columns = test.generic.as_ref().and_then(combination);
            columns.is_some_and(|columns| {
                columns
                    .iter()
                    .any(|column| column.eq_ignore_ascii_case(name))
            })
        });
        let own: Vec<_> = tests
            .into_iter()
            .filter(|(_, test)| of_column(test))
            .collect();
        let is = |test: &node::TestDetail, wanted: &str| {
            test.generic.as_ref().is_some_and(|it| it.name == wanted)
        };
        let constraints = declared.map_or(&[][..], |column| &column.constraints);
        // A test of some rows, one that only warns or one that failed says nothing about all rows.
        let whole = |test: NodeId| {
            let config = &self.input.manifest.node(test).config;
            let held = self.last(test).is_none_or(|last| last.status != "fail");
            config.where_clause.is_none() && config.severity == Severity::Error && held
        };
        let passed = |test: NodeId| self.last(test).is_some_and(|last| last.status == "pass");
        // A constraint holds where the table is made from its declaration; elsewhere nobody looks at it.
        let node = self.input.manifest.node(id);
        let loaded = matches!(&node.detail, Detail::Source(source) if source.load.is_some());
        let kept = loaded || node.config.contract_enforced;
        let not_null = own
            .iter()
            .any(|(id, test)| is(test, "not_null") && whole(*id) && passed(*id))
            || constraints.iter().filter(|_| kept).any(|constraint| {
                matches!(
                    constraint.kind,
                    ConstraintKind::NotNull | ConstraintKind::PrimaryKey
                )
            });
        let known = not_null || self.catalog.contains_key(&id);
        Column {
            name: name.to_owned(),
            data_type: declared.and_then(|column| column.data_type.clone()),
            nullable: known.then_some(!not_null),
            in_key: key.contains(&name.to_lowercase()),
            primary_key: self
                .keys
                .declared(id)
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name)),
            unique: own
                .iter()
                .any(|(id, test)| is(test, "unique") && whole(*id))
                || constraints
                    .iter()
                    .any(|it| it.kind == ConstraintKind::Unique),
            references: self.references(id, name, &own, constraints),
            description: declared
                .map_or_else(String::new, |column| column.description.trim().to_owned()),
            pii: node.personal_columns().contains(&name.to_lowercase()),
            classes: (self.input.classes)(id, &name.to_lowercase()),
            tags: declared.map_or_else(Vec::new, |column| column.tags.clone()),
            meta: declared.map_or_else(Vec::new, |column| {
                let own = column.meta.iter().filter(|(key, _)| {
                    !matches!(key.as_str(), "pii" | "classification" | "classifications")
                });
                own.map(|(key, value)| (key.clone(), plain(value)))
                    .collect()
            }),
            constraints: constraints
                .iter()
                .filter(|it| matches!(it.kind, ConstraintKind::Check | ConstraintKind::Custom))
                .map(|it| self.hidden.masked(&constraint(it)).into_owned())
                .collect(),
            tested: !own.is_empty() || in_combination,
            missing: false,
            tests: own
                .iter()
                .filter_map(|(test, _)| self.test(*test))
                .collect(),
        }
    }

    /// From `relationships` tests and foreign keys, each target once.
    fn references(
        &self,
        id: NodeId,
        name: &str,
        tests: &[(NodeId, &node::TestDetail)],
        constraints: &[node::Constraint],
    ) -> Vec<Reference> {
        let mut found = BTreeSet::new();
        for (test, detail) in tests {
            let Some(generic) = detail
                .generic
                .as_ref()
                .filter(|it| it.name == "relationships")
            else {
                continue;
            };
            let reads = &self.input.manifest.node(*test).depends_on;
            // A table may point to itself: then it is all that the test reads.
            let target = reads
                .iter()
                .find(|read| **read != id)
                .copied()
                .unwrap_or(id);
            if !self.input.manifest.node(target).config.docs_show {
                continue;
            }
            found.insert(Reference {
                table: self.link(target),
                column: generic
                    .arguments
                    .get("field")
                    .map(plain)
                    .unwrap_or_default(),
            });
        }
        let of_model = self.input.manifest.node(id).constraints.iter();
        for constraint in constraints.iter().chain(of_model) {
            let at = match constraint
                .columns
                .iter()
                .position(|column| column.eq_ignore_ascii_case(name))
            {
                Some(at) => at,
                None if constraint.columns.is_empty() => 0,
                None => continue,
            };
            if let (ConstraintKind::ForeignKey, Some(target)) =
                (constraint.kind, constraint.to_node)
                && self.input.manifest.node(target).config.docs_show
            {
                let column = constraint.to_columns.get(at).cloned();
                found.insert(Reference {
                    table: self.link(target),
                    column: column.unwrap_or_else(|| name.to_owned()),
                });
            }
        }
        found.into_iter().collect()
    }

    /// Generic tests without a column, and singular tests that read the table.
    fn table_tests(&self, id: NodeId) -> Vec<Test> {
        let generic = self
            .keys
            .tests(id)
            .filter(|(_, test)| test.column_name.is_none());
        let generic = generic.map(|(test, _)| test);
        let readers = self
            .readers
            .get(&id)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .copied();
        let singular = readers.filter(|reader| {
            matches!(&self.input.manifest.node(*reader).detail, Detail::Test(test) if test.generic.is_none())
        });
        generic
            .chain(singular)
            .filter_map(|test| self.test(test))
            .collect()
    }

    fn test(&self, id: NodeId) -> Option<Test> {
        let node = self.input.manifest.node(id);
        let Detail::Test(detail) = &node.detail else {
            return None;
        };
        if !node.config.docs_show {
            return None;
        }
        let last = self.last(id);
        let name = self.hidden.test_name(self.input.manifest, id);
        Some(Test {
            node: id,
            singular: detail.generic.is_none(),
            label: detail.generic.as_ref().map_or_else(
                || name.clone(),
                |test| {
                    let rows = node.config.where_clause.as_deref();
                    // A result is that of what the test was told then.
                    let then = last.and_then(|last| last.told.clone());
                    let said = |text: &str| (self.input.said)(id, text);
                    let label = then.unwrap_or_else(|| label(test, rows, &said));
                    self.hidden.masked(&label).into_owned()
                },
            ),
            name,
            status: last.map(|last| last.status.clone()),
            failures: last.and_then(|last| last.failures),
            only_warns: node.config.severity == Severity::Warn,
            kept: node
                .relation
                .as_ref()
                .filter(|_| node.config.keeps_failures(false))
                .map(|relation| Kept {
                    relation: relation.to_string(),
                    personal: node.personal_columns().into_iter().collect(),
                }),
        })
    }
}

/// The physical figures in a reader's words; rows and keys have places of their own.
fn figures(figures: &[Figure]) -> Vec<(&'static str, String)> {
    let shown = figures.iter().filter(|figure| figure.include);
    shown
        .filter_map(|figure| {
            let number = figure.value.as_f64()?;
            Some(match figure.id {
                "size" if number < 1e9 => ("Size", format!("{} MB", (number / 1e6).round())),
                "size" => ("Size", format!("{:.1} GB", number / 1e9)),
                "unsorted" => ("Unsorted rows", format!("{}%", (number * 100.0).round())),
                "stats_off" => ("Statistics out of date", format!("{}%", number.round())),
                "skew_rows" => ("Skew of rows", format!("{number:.2}")),
                "skew_sortkey1" => ("Skew of the sort key", format!("{number:.2}")),
                _ => return None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_told_in_units_and_what_has_another_place_is_left_out() {
        let figure = |id, value: Value| Figure {
            id,
            label: "",
            include: !value.is_null(),
            value,
            description: "",
        };
        let told = figures(&[
            figure("rows", json!(7)),
            figure("size", json!(25_000_000)),
            figure("unsorted", json!(0.125)),
            figure("stats_off", json!(10.0)),
            figure("skew_rows", Value::Null),
            figure("skew_sortkey1", json!(1.5)),
        ]);
        let told: Vec<String> = told
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        Size: 25 MB
        Unsorted rows: 13%
        Statistics out of date: 10%
        Skew of the sort key: 1.50
        ");
    }
}
