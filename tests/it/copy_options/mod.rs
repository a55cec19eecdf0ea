//! Every option of `COPY` beside what the manual says of it, loaded on every warehouse that plays Redshift: one table of small files.
//!
//! The manual: <https://docs.aws.amazon.com/redshift/latest/dg/r_COPY-alphabetical-parm-list.html> and the pages that it leads to.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::loads::{Everywhere, TARGETS};
use cases::{Case, cases};

/// The manual's list, but for `FROM`, which is `location`.
const MANUAL: [&str; 48] = [
    "ACCEPTANYDATE",
    "ACCEPTINVCHARS",
    "ACCESS_KEY_ID",
    "AVRO",
    "BLANKSASNULL",
    "BZIP2",
    "COMPROWS",
    "COMPUPDATE",
    "CREDENTIALS",
    "CSV",
    "DATEFORMAT",
    "DELIMITER",
    "EMPTYASNULL",
    "ENCODING",
    "ENCRYPTED",
    "ESCAPE",
    "EXPLICIT_IDS",
    "FILLRECORD",
    "FIXEDWIDTH",
    "FORMAT",
    "GZIP",
    "IAM_ROLE",
    "IGNOREALLERRORS",
    "IGNOREBLANKLINES",
    "IGNOREHEADER",
    "JSON",
    "LZOP",
    "MANIFEST",
    "MASTER_SYMMETRIC_KEY",
    "MAXERROR",
    "NOLOAD",
    "NULL AS",
    "ORC",
    "PARQUET",
    "QUOTE",
    "READRATIO",
    "REGION",
    "REMOVEQUOTES",
    "ROUNDEC",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "SHAPEFILE",
    "SSH",
    "STATUPDATE",
    "TIMEFORMAT",
    "TRIMBLANKS",
    "TRUNCATECOLUMNS",
    "ZSTD",
];

/// Options that no project may have, and why.
const NEVER: [(&str, &str); 4] = [
    ("readratio", "it is for loads from DynamoDB"),
    ("ssh", "it is for loads from other hosts"),
    ("job", "`load_mode: append` does"),
    ("simplify", "it is for shapefiles"),
];

/// The table of the reference: what each key is in the statement.
fn reference() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let page = std::fs::read_to_string(page).expect("the reference");
    let (_, table) = page
        .split_once("<!-- The options of COPY")
        .expect("a table");
    let lines = table.lines().skip(3).take_while(|line| !line.is_empty());
    let cells = lines.map(|line| {
        let cells: Vec<&str> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        (cells[1].to_owned(), cells[2].to_owned())
    });
    cells.collect()
}

#[test]
fn every_option_of_the_manual_has_a_case() {
    let known = reference();
    assert!(known.len() > 50, "{known:?}");
    for word in MANUAL {
        assert!(known.values().any(|known| known == word), "{word}");
    }
    let all = cases();
    let tried: BTreeSet<&str> = all
        .iter()
        .flat_map(|case| case.keys)
        .copied()
        .chain(NEVER.map(|(key, _)| key))
        .collect();
    for key in known.keys() {
        assert!(tried.contains(key.as_str()), "nothing tries `{key}`");
    }
}

#[test]
fn what_no_load_may_say_is_told_by_name() {
    for (key, why) in NEVER {
        let all = Everywhere::new("copy_refused");
        all.project.write(
            "models/sources.yml",
            format!("sources: [{{name: raw, tables: [{{name: t, external: {{location: 's3://lake/t', file_format: csv, copy: {{iam_role: default, {key}: true}}}}, columns: [{{name: a, data_type: int}}]}}]}}]"),
        );
        let parsed = all.project.redstart("parse");
        assert_ne!(parsed.code, 0, "{parsed}");
        let told = format!("the COPY option `{key}` is not supported: ");
        assert!(
            parsed.text().contains(&told) && parsed.text().contains(why),
            "{parsed}"
        );
    }
}

/// The sources of the cases, a table each.
fn sources(cases: &[Case]) -> String {
    let mut text = "sources:\n  - name: raw\n    schema: copy_options\n    tables:\n".to_owned();
    for (number, case) in cases.iter().enumerate() {
        let location = match case.load.contains("location:") {
            true => String::new(),
            false => format!("location: 's3://lake/{}/', ", name(number)),
        };
        let columns = case.columns.iter().map(|(column, kind)| {
            let (kind, not_null) = match kind.strip_suffix(" not null") {
                Some(kind) => (kind, ", constraints: [{type: not_null}]"),
                None => (*kind, ""),
            };
            format!("{{name: {column}, data_type: '{kind}'{not_null}}}")
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        text += &format!(
            "      - name: {}\n        external: {{{location}{}}}\n        columns: [{columns}]\n",
            name(number),
            case.load
        );
    }
    text
}

fn name(number: usize) -> String {
    format!("case_{number:02}")
}

/// A query for the rows of the cases whose load comes to its end, each as one text.
fn query(cases: &[Case], target: &str) -> String {
    let loaded = cases.iter().enumerate();
    let loaded = loaded.filter(|(_, case)| !case.fails(target));
    let all = loaded.map(|(number, case)| {
        let shown = case.columns.iter().map(|(column, kind)| {
            let text = match *kind {
                "bool" => format!("case when {column} then 'true' else 'false' end"),
                // PostgreSQL has no text of it that is Redshift's.
                "super" if target == "ci" => "'super'".to_owned(),
                "super" => format!("json_serialize({column})"),
                kind if kind.contains("char") => (*column).to_owned(),
                _ => format!("{column}::varchar"),
            };
            format!("case when {column} is null then 'null' else '[' || {text} || ']' end")
        });
        let shown = shown.collect::<Vec<_>>().join(" || ' ' || ");
        let name = name(number);
        format!("select '{name}' as name, {shown} as shown from {{{{ source('raw', '{name}') }}}}")
    });
    all.collect::<Vec<_>>().join(" union all ")
}

/// The rows of each case on a target, sorted.
fn rows(all: &Everywhere, cases: &[Case], target: &str) -> BTreeMap<String, Vec<String>> {
    let query = query(cases, target);
    let show = format!("show --inline \"{query}\" --limit -1 --output json --target {target}");
    let shown = all.project.redstart(&show).success().stdout;
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in shown.lines().map(str::trim) {
        if line.starts_with("{\"") {
            let row: Value = serde_json::from_str(line.trim_end_matches(',')).expect("a row");
            let text = |key: &str| row[key].as_str().expect("a text").to_owned();
            rows.entry(text("name")).or_default().push(text("shown"));
        }
    }
    for rows in rows.values_mut() {
        rows.sort_unstable();
    }
    rows
}

#[test]
fn each_option_does_what_the_manual_says_on_every_warehouse() {
    let all = Everywhere::new("copy_options");
    let cases = cases();
    for (number, case) in cases.iter().enumerate() {
        let file = format!("bucket/{}/file", name(number));
        all.project.write(file, &case.file);
    }
    cases::others(&all.project);
    all.project.write("models/sources.yml", sources(&cases));
    let mut wrong = Vec::new();
    for target in TARGETS {
        let load = all.project.redstart(&format!("load --target {target}"));
        let text = load.text();
        let found = rows(&all, &cases, target);
        for (number, case) in cases.iter().enumerate() {
            let name = name(number);
            let empty = Vec::new();
            let rows = found.get(&name).unwrap_or(&empty);
            let mut expected = match case.fails(target) {
                true => Vec::new(),
                false => case.rows.to_vec(),
            };
            if target == "ci" && case.columns.iter().any(|(_, kind)| *kind == "super") {
                expected.fill("[super]");
            }
            expected.sort_unstable();
            if *rows != expected {
                wrong.push(format!(
                    "{target} {name} {:?}, {}: {rows:?}, not {expected:?}",
                    case.keys, case.rule
                ));
            }
            let place = |told: &str| told.replace("FILE", &format!("s3://lake/{name}/file"));
            let said = text.replace(&format!(" of `{name}`: "), ": ");
            let said = said.replace(&format!(": `{name}`: "), ": ");
            let told = case.told(target).into_iter().map(place);
            for told in told.filter(|told| !said.contains(told)) {
                wrong.push(format!(
                    "{target} {name} {:?}, {}: nobody says {told}",
                    case.keys, case.rule
                ));
            }
            let errors = text
                .matches(&format!("loading source table copy_options.{name} "))
                .count();
            if (errors > 0) != case.fails(target) {
                wrong.push(format!(
                    "{target} {name} {:?}, {}: {errors} errors",
                    case.keys, case.rule
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_load_that_only_looks_leaves_the_table_as_it_is() {
    let all = Everywhere::new("copy_noload");
    let source = |noload: &str| {
        format!(
            "sources: [{{name: raw, schema: copy_noload, tables: [{{name: t, external: {{location: 's3://lake/t', file_format: csv, copy: {{iam_role: default{noload}}}}}, columns: [{{name: a, data_type: int}}]}}]}}]"
        )
    };
    all.project.write("models/sources.yml", source(""));
    all.project.write("bucket/t.csv", "1\n");
    all.run("load").success();
    all.project
        .write("models/sources.yml", source(", noload: true"));
    all.project.write("bucket/t.csv", "2\n");
    all.run("load").success();
    let there = "select a from {{ source('raw', 't') }}";
    assert!(all.rows(there).ends_with("1\n"), "{}", all.rows(there));
    all.project.write("bucket/t.csv", "two\n");
    for target in TARGETS {
        let load = all.project.redstart(&format!("load --target {target}"));
        assert_eq!(load.code, 1, "{load}");
        assert!(load.text().contains("Invalid digit, Value 't'"), "{load}");
    }
    assert!(all.rows(there).ends_with("1\n"), "{}", all.rows(there));
}
