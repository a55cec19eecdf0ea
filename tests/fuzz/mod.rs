//! Broken SQL by the thousand: statements that are cut, doubled, swapped and spliced, through the parser, the translator and lineage.
//!
//! In: a seed and a count. Out: how many statements were taken, or the first that is answered in two ways, points outside of itself, or
//! panics (then its text is told). Used by a test with a fixed seed and by `cargo run --example fuzz_sql`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redstart::adapter::Refusal;
use redstart::adapter::emulating::{
    Catalog, Engine, NoCatalog, Type, examples, translate_expression, translate_query,
    translate_query_with, translate_statements,
};
use redstart::sql::dialect::Dialect;
use redstart::sql::lineage::{Table, Tables, lineage};

/// Numbers that look random and come again for the same seed (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Statements to begin with.
const STATEMENTS: &[&str] = &[
    "create table if not exists s.t (id int identity(0,1) not null distkey, x varchar(12) encode zstd) diststyle key compound sortkey (id, x)",
    "insert into s.t (id, x) select a, b from s.u where c between 1 and 2",
    "update s.t set x = u.x from s.u where t.id = u.id",
    "delete from s.t using s.u where t.id = u.id and u.gone",
    "merge into s.t using s.u on t.id = u.id when matched then update set x = u.x when not matched then insert (id, x) values (u.id, u.x)",
    "copy s.t from 's3://b/k' iam_role 'arn:aws:iam::1:role/r' format as csv ignoreheader 1 delimiter ';' region 'eu-west-1'",
    "alter table s.t add column y decimal(12,2) default 0; truncate s.t; comment on table s.t is 'it''s'",
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select max(i) over (partition by i order by i rows between unbounded preceding and current row) from n qualify row_number() over (order by i) = 1",
    "select t.x.a[0].\"b\", u.v from s.t as t, t.x.items as u at i where u.v ilike '%\\\\_%' escape '\\\\' group by grouping sets ((1), (2), ())",
    "select * from (select region, qty from sales) pivot (sum(qty) for region in ('e' as east, 'w')) unpivot include nulls (cnt for color in (east, w))",
];

/// What is put in at random places.
const PIECES: &[&str] = &[
    "(",
    ")",
    "'",
    "\"",
    "''",
    "$$",
    "--",
    "/*",
    "*/",
    ";",
    ",",
    "::",
    ".",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "\0",
    "é",
    "💥",
    "\u{2028}",
    " ",
    "select",
    "from",
    "over (",
    "case when",
    "end",
    "interval '",
    "cast(",
    " as ",
    "distinct ",
    "1e999",
    "0x",
    "99999999999999999999",
    "within group (order by",
    "approximate ",
    "not ",
    "null",
    "at time zone",
    "extract(epoch from ",
    "date_trunc('",
    "varchar(",
    "::super",
];

/// Splits a text at the borders of words and signs.
fn tokens(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut last = None;
    for character in text.chars() {
        let kind = match character {
            c if c.is_alphanumeric() || c == '_' => 0,
            c if c.is_whitespace() => 1,
            _ => 2,
        };
        match all.last_mut() {
            Some(token) if last == Some(kind) && kind != 2 => token.push(character),
            _ => all.push(character.to_string()),
        }
        last = Some(kind);
    }
    all
}

fn mutated(corpus: &[String], random: &mut Random) -> String {
    let mut all = tokens(random.pick::<String>(corpus));
    for _ in 0..=random.below(4) {
        if all.is_empty() {
            break;
        }
        let at = random.below(all.len());
        let length = 1 + random.below((all.len() - at).min(8));
        match random.below(7) {
            0 => drop(all.drain(at..at + length)),
            1 => {
                let copy: Vec<String> = all[at..at + length].to_vec();
                all.splice(at..at, copy);
            }
            2 => {
                let other = random.below(all.len());
                all.swap(at, other);
            }
            3 => {
                let other = tokens(random.pick::<String>(corpus));
                let from = random.below(other.len().max(1)).min(other.len());
                let to = (from + 1 + random.below(12)).min(other.len());
                all.splice(at..at, other[from..to].iter().cloned());
            }
            4 => all.insert(at, (*random.pick(PIECES)).to_owned()),
            5 => {
                let depth = 1 + random.below(40);
                all.insert(at, "(".repeat(depth));
                all.insert((at + length).min(all.len()), ")".repeat(depth));
            }
            _ => all.truncate(at),
        }
    }
    all.concat()
}

/// No table is known.
struct NoTables;

impl Tables for NoTables {
    fn table(&self, _parts: &[String]) -> Option<Table> {
        None
    }
}

/// No column is known, and PostgreSQL is spoken to.
struct OnPostgres;

impl Catalog for OnPostgres {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn columns(&self, _: Option<&str>, _: &str) -> Option<Vec<(String, Option<Type>)>> {
        None
    }
}

/// What is wrong with the answers to one text.
fn trouble(sql: &str) -> Option<String> {
    let fits = |refusal: &Refusal| match &refusal.range {
        Some(range) => sql.get(range.clone()).is_some(),
        None => true,
    };
    let answers = |sql: &str| {
        (
            translate_query(sql),
            translate_query_with(sql, &OnPostgres),
            translate_statements(sql, &NoCatalog),
            translate_expression(sql),
        )
    };
    let given = answers(sql);
    if given != answers(sql) {
        return Some("it is answered in two ways".to_owned());
    }
    let (query, on_postgres, statements, expression) = given;
    let refusals = [
        query.as_ref().err(),
        on_postgres.as_ref().err(),
        statements.as_ref().err(),
        expression.as_ref().err(),
    ];
    for refusal in refusals.into_iter().flatten() {
        if !fits(refusal) {
            return Some(format!("a refusal points outside of it: {refusal:?}"));
        }
        if refusal.message.is_empty() {
            return Some("a refusal says nothing".to_owned());
        }
    }
    for dialect in [Dialect::Redshift, Dialect::Postgres, Dialect::DuckDb] {
        if let Some(query) = dialect.query(sql) {
            let told = lineage(&query, sql, dialect, &NoTables);
            let ranges = told
                .columns
                .iter()
                .filter_map(|column| column.range.as_ref());
            let of_findings = told
                .findings
                .iter()
                .filter_map(|found| found.range.as_ref());
            if let Some(range) = ranges
                .chain(of_findings)
                .find(|range| sql.get((*range).clone()).is_none())
            {
                return Some(format!("lineage points outside of it: {range:?}"));
            }
        }
    }
    None
}

/// Tries so many statements; gives how many were translated.
///
/// # Errors
/// The first statement that is in trouble, and why.
pub fn run(seed: u64, count: usize) -> Result<usize, String> {
    // Whoever reads lineage gives it a large stack.
    let work = std::thread::Builder::new().stack_size(256 << 20);
    let handle = work
        .spawn(move || tried(seed, count))
        .map_err(|error| error.to_string())?;
    handle
        .join()
        .unwrap_or_else(|_| Err("the thread ended".to_owned()))
}

fn tried(seed: u64, count: usize) -> Result<usize, String> {
    let corpus: Vec<String> = examples()
        .into_iter()
        .map(|(sql, _)| sql.to_owned())
        .chain(STATEMENTS.iter().map(|sql| (*sql).to_owned()))
        .collect();
    let mut random = Random::new(seed);
    let mut translated = 0;
    for number in 0..count {
        let sql = mutated(&corpus, &mut random);
        let answered = catch_unwind(AssertUnwindSafe(|| {
            (
                trouble(&sql),
                translate_statements(&sql, &NoCatalog).is_ok(),
            )
        }));
        match answered {
            Ok((None, taken)) => translated += usize::from(taken),
            Ok((Some(trouble), _)) => {
                return Err(format!(
                    "statement {number} of seed {seed}: {trouble}\n{sql}"
                ));
            }
            Err(_) => return Err(format!("statement {number} of seed {seed} panics\n{sql}")),
        }
    }
    Ok(translated)
}
