use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;

/// Tables with columns, as the shapes read them. A `…` says that there may be more; `!` that a column holds no NULL.
const TABLES: [&str; 9] = [
    "users id! name email level",
    "analytics.users id name email level",
    "orders id! user_id total created_at status",
    "plays id song",
    "events id user_id ts props payload",
    "sales id q1 q2",
    "lists names",
    "raw.open known …",
    "raw.other …",
];

struct Known(BTreeMap<String, Table>);

impl Known {
    fn new() -> Self {
        let tables = TABLES.iter().map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            let all: Vec<&str> = words.collect();
            let columns = all
                .iter()
                .filter(|word| **word != "…")
                .map(|word| TableColumn {
                    name: word.trim_end_matches('!').to_owned(),
                    data_type: None,
                    never_null: word.ends_with('!'),
                });
            let table = Table {
                key: name.into(),
                columns: columns.collect(),
                complete: !all.contains(&"…"),
            };
            (name.to_owned(), table)
        });
        Self(tables.collect())
    }
}

impl Tables for Known {
    fn table(&self, parts: &[String]) -> Option<Table> {
        self.0.get(&parts.join(".").to_lowercase()).cloned()
    }
}

fn read(sql: &str) -> Lineage {
    try_read(sql).unwrap_or_else(|| panic!("not understood: {sql}"))
}

fn try_read(sql: &str) -> Option<Lineage> {
    let (dialect, sql) = match sql.split_once(": ") {
        Some(("duckdb", sql)) => (Dialect::DuckDb, sql),
        Some(("postgres", sql)) => (Dialect::Postgres, sql),
        _ => (Dialect::Redshift, sql),
    };
    let query = dialect.query(sql)?;
    Some(lineage(&query, sql, dialect, &Known::new()))
}

/// What a query's columns are made of, one line each; then what its rows depend on, and what is wrong.
fn told(lineage: &Lineage) -> String {
    let mut text = String::new();
    for column in &lineage.columns {
        let sources: Vec<String> = column
            .sources
            .iter()
            .map(|(origin, through)| {
                let functions: Vec<&str> = through.functions.iter().map(AsRef::as_ref).collect();
                let by = match functions.is_empty() {
                    true => String::new(),
                    false => format!(" by {}", functions.join(" ")),
                };
                let how = through.how.as_str();
                format!("{}.{} {how}{by}", origin.table, origin.column)
            })
            .collect();
        let all = match sources.is_empty() {
            true => "no column".to_owned(),
            false => sources.join(", "),
        };
        let _ = writeln!(text, "  {} <- {all}", column.name);
    }
    match &lineage.rest {
        Rest::Closed => {}
        Rest::Of(tables) => {
            let _ = writeln!(text, "  * <- {}", tables.join(", "));
        }
        Rest::Unknown => text.push_str("  * <- ?\n"),
    }
    let influences = lineage.influences.iter().map(|(origin, kinds)| {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        format!("{}.{} {}", origin.table, origin.column, kinds.join("+"))
    });
    let influences: Vec<String> = influences.collect();
    if !influences.is_empty() {
        let _ = writeln!(text, "  rows <- {}", influences.join(", "));
    }
    for finding in &lineage.findings {
        let _ = writeln!(text, "  {}: {}", finding.code, finding.message);
    }
    text
}

/// `tests/cases/lineage/shapes.txt`: queries, each with what is told of it in indented lines below.
#[test]
fn the_columns_of_every_shape_of_query_come_from_where_its_table_says() {
    let file = include_str!("../../../tests/cases/lineage/shapes.txt");
    let mut wrong = String::new();
    let mut count = 0;
    for case in file
        .trim_end()
        .split("\n\n")
        .filter(|case| !case.starts_with('#'))
    {
        let lines: Vec<&str> = case.trim_matches('\n').lines().collect();
        let queries = lines.iter().take_while(|line| !line.starts_with(' '));
        let sql = queries.copied().collect::<Vec<_>>().join("\n");
        let expected: String = lines[sql.lines().count()..]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        let actual =
            try_read(&sql).map_or_else(|| "  not understood\n".to_owned(), |read| told(&read));
        count += 1;
        if actual != expected {
            let _ = write!(wrong, "{sql}\n{actual}\n");
        }
    }
    assert!(
        wrong.is_empty(),
        "these are told in another way:\n\n{wrong}"
    );
    assert!(count >= 200, "{count} shapes");
}

fn findings(sql: &str) -> Vec<String> {
    let found = read(sql).findings;
    let sql = sql.split_once(": ").map_or(sql, |(_, sql)| sql);
    found
        .into_iter()
        .map(|finding| {
            let at = finding.range.map(|range| sql[range].to_owned());
            let help = finding.help.unwrap_or_default();
            format!(
                "{}: {} [{}] {help}",
                finding.code,
                finding.message,
                at.unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn a_name_that_means_nothing_is_found_with_the_nearest_one() {
    assert_eq!(
        findings("select nam from users"),
        ["unknown-column: `users` has no column `nam` [nam] did you mean `name`?"]
    );
    assert_eq!(
        findings("select u.nam from users u join orders o on u.id = o.user_idd"),
        [
            "unknown-column: `o` has no column `user_idd` [user_idd] did you mean `user_id`?",
            "unknown-column: `u` has no column `nam` [nam] did you mean `name`?",
        ]
    );
    assert_eq!(
        findings("select users.id from users u"),
        ["unknown-alias: there is no table `users` in this query [users] "]
    );
    assert_eq!(
        findings("select id from users u join orders o on u.id = o.user_id"),
        ["ambiguous-column: `id` may be a column of `u` or `o` [id] write `u.id`"]
    );
    assert_eq!(
        findings("select upper(name) as shout from users where shout = 'A'"),
        [
            "unknown-column: `shout` is an alias of the select list, which cannot be named here [shout] write the expression out, or put the query into a subquery"
        ]
    );
    assert_eq!(
        findings("select u.id from users u join orders o using (user_id)"),
        [
            "unknown-column: `using (user_id)` names a column that one side of the join does not have [user_id] "
        ]
    );
    // What a misspelt name would have made one is not ambiguous.
    assert_eq!(
        findings("select user_id from orders o join orders p using (user_idd)"),
        [
            "unknown-column: `using (user_idd)` names a column that one side of the join does not have [user_idd] did you mean `user_id`?"
        ]
    );
    assert_eq!(
        findings("select id, name from users union all select id from orders"),
        [
            "union-columns: the queries of a `union` have 2 and 1 columns [select id from orders] give both the same columns, in the same order"
        ]
    );
}

#[test]
fn an_alias_may_be_called_as_a_schema_or_database_is() {
    for sql in [
        "select analytics.total, u.name from orders as analytics join analytics.users as u on u.id = analytics.user_id",
        "select raw.total, o.known from orders as raw join raw.open as o on o.known = raw.id",
    ] {
        assert_eq!(findings(sql), [""; 0], "{sql}");
    }
}

#[test]
fn nothing_is_said_about_what_is_not_known() {
    for sql in [
        "select anything from raw.open",
        "select o.anything, u.id from raw.open o join users u on o.x = u.id",
        "select anything from nowhere.at_all",
        "select t.a.b from raw.open t",
        "select a.b from raw.open",
        "select sysdate, current_date, user from users",
        "select level from users connect by prior id = id",
        "duckdb: select rowid, users from users",
        "postgres: select ctid, u from users u",
        "duckdb: select list_filter(names, n -> n <> 'a') as x from lists",
        "postgres: select o.id from users u, lateral (select id from orders where user_id = u.id) o",
        "select id from users order by upper(name)",
        "select upper(name) as n from users group by n order by n",
        "with a as (select 1 as x) select * from a natural join (select 1 as x) b",
    ] {
        assert_eq!(findings(sql), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn a_column_is_known_to_hold_no_null_only_where_it_cannot() {
    let told = |sql: &str| -> Vec<(String, bool)> {
        let columns = read(sql).columns.into_iter();
        columns
            .map(|column| (column.name, column.never_null))
            .collect()
    };
    let yes = |name: &str| (name.to_owned(), true);
    let no = |name: &str| (name.to_owned(), false);
    assert_eq!(
        told(
            "select u.id, o.id as order_id, u.name, count(*) as n, coalesce(name, 'x') as c, 1 as one from users u left join orders o on true"
        ),
        [
            yes("id"),
            no("order_id"),
            no("name"),
            yes("n"),
            yes("c"),
            yes("one")
        ]
    );
    assert_eq!(
        told(
            "select id + 1 as a, nullif(id, 0) as b, max(id) as c, case when true then id end as d from users"
        ),
        [yes("a"), no("b"), no("c"), no("d")]
    );
}
