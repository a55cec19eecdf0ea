//! Statements of hooks and operations, sent one after the other as a template sends them, with what Redshift answers.

use std::sync::Mutex;

use super::*;
use crate::relation::{KnownColumn, KnownColumns};

/// Knows what a session sees at this moment.
struct Live<'c>(Mutex<&'c mut dyn Connection>);

impl KnownColumns for Live<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        let columns = self.0.lock().unwrap().columns(relation).ok()?;
        (!columns.is_empty()).then(|| columns.iter().map(KnownColumn::from).collect())
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        self.0.lock().unwrap().identities(relation)
    }
}

/// What the last query of a script gives, or why a statement failed.
fn answer(warehouse: &Warehouse, script: &str) -> Result<String, String> {
    let mut connection = warehouse.connect();
    let live = Live(Mutex::new(connection.as_mut()));
    let mut last = String::new();
    for sql in script.split(";; ") {
        let is_query = ["select", "with"].iter().any(|word| sql.starts_with(word));
        if is_query && !sql.contains(" update ") && !sql.contains(" delete ") {
            let prepared = warehouse.adapter.prepare_query(sql, &live);
            let prepared = prepared.map_err(|refusal| refusal.message)?;
            let rows = live.0.lock().unwrap().query(&prepared, None);
            last = lines(&rows.map_err(|error| error.message)?).replace('\n', "; ");
            continue;
        }
        let raw = Statement::Raw {
            sql: sql.to_owned(),
            origin: None,
        };
        let prepared = warehouse.adapter.prepare(&raw, &live);
        let prepared = prepared.map_err(|refusal| refusal.message)?;
        let done = live.0.lock().unwrap().execute(&prepared);
        done.map_err(|error| error.message)?;
    }
    Ok(last)
}

/// Leaves nothing of a script behind.
fn clear(warehouse: &Warehouse) {
    let mut connection = warehouse.connect();
    for (kind, of) in [
        ("view", "views"),
        ("table", "tables"),
        ("sequence", "sequences"),
    ] {
        let all = format!(
            "select 'drop {kind} main.\"' || {kind}_name || '\"' from duckdb_{of}() where database_name = 'dev' and schema_name = 'main'{}",
            if kind == "sequence" {
                ""
            } else {
                " and not internal"
            }
        );
        let drops = warehouse.rows(connection.as_mut(), &all);
        for drop in drops.lines() {
            warehouse.raw(connection.as_mut(), drop);
        }
    }
}

#[test]
fn statements_of_templates_answer_as_on_redshift() {
    let scripts = include_str!("statements.txt");
    let scripts = scripts
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("--"));
    let warehouse = Warehouse::new(true);
    let failures: Vec<String> = scripts
        .filter_map(|line| {
            let (script, wanted) = line.rsplit_once(" => ").unwrap();
            let given = answer(&warehouse, script);
            clear(&warehouse);
            match (given, wanted) {
                (Err(_), "ERROR") => None,
                (Ok(given), _) if given == wanted => None,
                (given, _) => Some(format!("{script}\n    wanted {wanted}, gave {given:?}")),
            }
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
