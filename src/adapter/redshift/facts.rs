//! What the cluster tells of relations beyond their columns, for `catalog.json`: owners, comments, and the figures of `svv_table_info`.
//!
//! In: names of schemas. Out: [`Facts`], each kind of thing in one query, however many relations there are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalog::{Name, in_list, of_materialized_view};
use super::session::Session;
use crate::adapter::{Error, Facts, Figure, TableFacts};

/// How the text of a figure becomes a value.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
}

/// dbt's key and label of a figure, what it is, and how `svv_table_info` says it.
struct Known {
    id: &'static str,
    label: &'static str,
    expression: &'static str,
    kind: Kind,
    description: &'static str,
}

const fn known(
    id: &'static str,
    label: &'static str,
    expression: &'static str,
    kind: Kind,
    description: &'static str,
) -> Known {
    Known {
        id,
        label,
        expression,
        kind,
        description,
    }
}

/// The figures that dbt shows, in its order.
const FIGURES: [Known; 13] = [
    known(
        "encoded",
        "Encoded",
        "encoded",
        Kind::Text,
        "Whether a column is compressed",
    ),
    known(
        "diststyle",
        "Dist Style",
        "diststyle",
        Kind::Text,
        "How the rows are spread over the slices, and by which column",
    ),
    // Of an interleaved key the catalog tells a byte that is no text.
    known(
        "sortkey1",
        "Sort Key 1",
        "case when sortkey1 like 'INTERLEAVED%' then 'INTERLEAVED' else sortkey1 end",
        Kind::Text,
        "The first column of the sort key",
    ),
    known(
        "max_varchar",
        "Max Varchar",
        "max_varchar",
        Kind::Number,
        "The length of the longest varchar column",
    ),
    known(
        "sortkey1_enc",
        "Sort Key 1 Encoding",
        "null",
        Kind::Text,
        "The encoding of the first column of the sort key",
    ),
    known(
        "sortkey_num",
        "# Sort Keys",
        "sortkey_num",
        Kind::Number,
        "How many columns the sort key has",
    ),
    known(
        "size",
        "Approximate Size",
        "size * 1000000",
        Kind::Number,
        "Bytes, counted in blocks of 1 MB",
    ),
    known(
        "pct_used",
        "Disk Utilization",
        "pct_used / 100.0",
        Kind::Number,
        "The part of the space that the table takes",
    ),
    known(
        "unsorted",
        "Unsorted %",
        "unsorted / 100.0",
        Kind::Number,
        "The part of the rows that is not sorted yet",
    ),
    known(
        "stats_off",
        "Stats Off",
        "stats_off",
        Kind::Number,
        "How old the statistics of the planner are: 0 is current, 100 is out of date",
    ),
    known(
        "rows",
        "Approximate Row Count",
        "tbl_rows",
        Kind::Number,
        "Rows, with those that were deleted and are not vacuumed yet",
    ),
    known(
        "skew_sortkey1",
        "Sort Key Skew",
        "skew_sortkey1",
        Kind::Number,
        "The largest column that is no sort key, by the size of the first that is",
    ),
    known(
        "skew_rows",
        "Skew Rows",
        "skew_rows",
        Kind::Number,
        "Rows of the fullest slice, by those of the emptiest",
    ),
];

impl Session {
    /// What is known of the relations of some schemas.
    pub(super) fn read_facts(&self, schemas: &[String]) -> Result<Facts, Error> {
        let wanted = in_list(schemas);
        let mut found = BTreeMap::<Name, TableFacts>::new();
        let owners = self.link.texts::<3>(&format!(
            "select schemaname, tablename, tableowner from pg_tables where lower(schemaname) in ({wanted})
             union all select schemaname, viewname, viewowner from pg_views where lower(schemaname) in ({wanted})"
        ))?;
        for [schema, name, owner] in owners {
            found.entry(key(schema, &name)).or_default().owner = Some(owner);
        }
        let comments = self.link.texts::<4>(&format!(
            "select n.nspname, c.relname, a.attname, d.description
             from pg_catalog.pg_description d
             join pg_catalog.pg_class c on c.oid = d.objoid
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
             where lower(n.nspname) in ({wanted})"
        ))?;
        for [schema, name, column, text] in comments {
            let facts = found.entry(key(schema, &name)).or_default();
            if column.is_empty() {
                facts.comment = Some(text);
            } else {
                facts.column_comments.insert(column.to_lowercase(), text);
            }
        }
        let missing = self.read_figures(&wanted, &mut found)?;
        Ok(Facts {
            by_relation: found,
            missing,
        })
    }

    /// Adds the figures, or says why there are none: not everybody may look there.
    fn read_figures(
        &self,
        wanted: &str,
        found: &mut BTreeMap<Name, TableFacts>,
    ) -> Result<Option<String>, Error> {
        let may = self.link.texts::<2>(
            "select has_table_privilege(current_user, 'svv_table_info', 'select'), current_user",
        )?;
        if let Some([may, user]) = may.into_iter().next()
            && !matches!(may.as_str(), "t" | "true" | "1")
        {
            return Ok(Some(format!(
                "catalog.json has no sizes, sort keys and skew: the user may not read them. grant select on svv_table_info to {}",
                super::sql::quote(&user)
            )));
        }
        let figures: Vec<&str> = FIGURES.iter().map(|figure| figure.expression).collect();
        let rows = self.link.text(&format!(
            "select \"schema\", \"table\", {} from svv_table_info where lower(\"schema\") in ({wanted})",
            figures.join(", ")
        ))?;
        for row in rows {
            let mut cells = row.into_iter();
            let (Some(Some(schema)), Some(Some(name))) = (cells.next(), cells.next()) else {
                continue;
            };
            let facts = found.entry(key(schema, &name)).or_default();
            facts.figures = FIGURES
                .iter()
                .zip(cells)
                .map(|(known, cell)| figure(known, cell))
                .collect();
        }
        Ok(None)
    }
}

fn key(schema: String, name: &str) -> Name {
    (schema, of_materialized_view(name).to_owned())
}

/// A figure that is not there, or a number of sort keys that is 0, is not shown.
fn figure(known: &Known, cell: Option<String>) -> Figure {
    let value = match (known.kind, cell) {
        (_, None) => Value::Null,
        (Kind::Text, Some(text)) => Value::String(text),
        (Kind::Number, Some(text)) => number(&text),
    };
    Figure {
        id: known.id,
        label: known.label,
        include: !(value.is_null() || known.id == "sortkey_num" && value == json!(0)),
        description: known.description,
        value,
    }
}

fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => json!(whole),
        (_, Ok(number)) => json!(number),
        _ => json!(text),
    }
}
