//! What to do about each kind of error, where the place that found it knows nothing more exact.
//!
//! In: the code of an error. Out: a sentence. Every code has one (a test reads the sources for codes), so no error leaves its reader alone.

/// Errors of a query that is worth a look.
pub(super) const OF_A_QUERY: [&str; 3] = ["sql-syntax", "database-error", "test-failed"];

/// What to do about an error of a code; nothing for a code that no error has.
pub(super) fn of(code: &str) -> Option<&'static str> {
    template(code)
        .or_else(|| yaml(code))
        .or_else(|| configuration(code))
        .or_else(|| name(code))
        .or_else(|| query(code))
        .or_else(|| rows(code))
        .or_else(|| target(code))
        .or_else(|| packages(code))
        .or_else(|| command(code))
}

/// The template language.
fn template(code: &str) -> Option<&'static str> {
    Some(match code {
        "compiler-error" => {
            "a macro raised this with `exceptions`: give the call what its words ask for, or change the macro's condition"
        }
        "dispatch" => {
            "name the macro and its package: `adapter.dispatch('name', 'package')`; `dispatch:` of dbt_project.yml says where else to look"
        }
        "duplicate-macro" => "rename one of the two, or delete the one that is not meant",
        "endless-recursion" => "let one of the macros end without a call",
        "jinja" | "internal" => {
            "this is a mistake of redstart: please report it, with the file and the command line"
        }
        "jinja-error" => {
            "look at the values that meet here: `{{ log(value, info=true) }}` before this place prints one"
        }
        "jinja-include" => "put what the files share into a macro",
        "jinja-syntax" => {
            "expressions stand in `{{ … }}`, statements in `{% … %}`; what is not meant as Jinja goes between `{% raw %}` and `{% endraw %}`"
        }
        "macro-arguments" => {
            "give the call the arguments that the macro declares, or declare another one, such as `name=none`"
        }
        "missing-config" => {
            "set it: in `config(…)` of the model, or under `config:` of its properties"
        }
        "missing-materialization" => {
            "write `{% materialization name, adapter='…' %}` in macros/, or use `table`, `view`, `incremental` or `ephemeral`"
        }
        "bad-materialization" => {
            "let the materialization run its query in `{% call statement('main') %}` and end with `{{ return({'relations': […]}) }}`"
        }
        "not-available-here" => "use it in a model, a test, a hook or a macro that these call",
        "late" => {
            "guard it with `{% if execute %}`, and let the node that asks depend on what it reads by `ref` or `source`"
        }
        "relation-type" => "drop the relation, or give the node another `alias`",
        "return-outside-macro" => "move it into a macro, or print the value with `{{ … }}`",
        "undefined-env-var" => {
            "set it before the run, or give a default: `env_var('NAME', 'default')`"
        }
        "undefined-macro" => {
            "write it in macros/, or name the package that has it in packages.yml and run `redstart deps`"
        }
        "undefined-var" => {
            "give it a value in `vars:` of dbt_project.yml or with `--vars '{name: value}'`, or a default: `var('name', 'default')`"
        }
        "undefined-variable" => {
            "ask first whether it is there: `{% if value is defined %}`, or fall back with `value | default('…')`"
        }
        "unknown-filter" => {
            "Jinja's filters stand behind `|`; a macro is called as `name(value)` instead"
        }
        "unknown-jinja-test" => {
            "Jinja's tests stand behind `is`, such as `is none`, `is defined`, `is string`, `is mapping`; compare with `==` otherwise"
        }
        "unknown-method" => {
            "texts, lists and mappings have the methods of Python; of an object of dbt, see the page on it in dbt's documentation"
        }
        "wrong-arguments" => "change the arguments to those that the message names",
        "wrong-config" => "write one of the values that the message names",
        "bad-comment" => "take the `*/` out of the query comment",
        "docs-block" => {
            "write `{% docs name %}`, the text, and `{% enddocs %}`, one block after the other"
        }
        "duplicate-docs-block" => "rename one of the two: `doc('name')` finds a block by its name",
        "unknown-docs-block" => {
            "write `{% docs name %} … {% enddocs %}` in a .md file of the project"
        }
        "secret-env-var" => "secret environment variables are for profiles.yml and packages.yml",
        _ => return None,
    })
}

/// The shape of a YAML file.
fn yaml(code: &str) -> Option<&'static str> {
    Some(match code {
        "missing-key" => "add the key that the message names, indented as its neighbours are",
        "unknown-key" => "take it out, or put what is your own under `meta`",
        "unknown-value" => "write one of the values that are known here",
        "yaml-duplicate-key" | "duplicate-key" => "keep one of the two",
        "yaml-syntax" => {
            "look at the indentation and at quotes: a text that holds `: `, `#`, `{`, `[`, `*`, `&` or `%` stands in quotes"
        }
        "yaml-tab" => "indent with spaces",
        "yaml-type" | "yaml-value" => {
            "write a value of the kind that is expected here, or take the key out"
        }
        "yaml-unknown-alias" => "name a value with `&name` above, or write the value in quotes",
        "yaml-unquoted-jinja" => "put it in quotes: `\"{{ … }}\"`",
        _ => return None,
    })
}

/// Options of nodes and of the project.
fn configuration(code: &str) -> Option<&'static str> {
    Some(match code {
        "bad-config" => "write a value of the kind that the message names, or take the key out",
        "bad-copy-option" | "bad-unload-option" | "copy-option" => {
            "change the value as the message says, or take the option out"
        }
        "bad-encoding" | "unknown-encoding" => {
            "use `az64`, `zstd`, `lzo`, `bytedict`, `runlength`, `raw` or another encoding that goes with the type, or leave it to Redshift"
        }
        "bad-external-location" => {
            "write a path or a call: `data/{name}.csv`; in braces stand `name`, `identifier`, `schema`, `database` or a key of its `meta`"
        }
        "bad-exposure" | "bad-relation" => "write `ref('model')` or `source('source', 'table')`",
        "bad-freshness" => {
            "write `warn_after: {count: 12, period: hour}`, the period one of `minute`, `hour` and `day`"
        }
        "bad-load" => "take one of the two out",
        "bad-location" => "write a place that begins with `s3://`",
        "bad-project-name" => "use letters, digits and `_`, and begin with a letter",
        "bad-version" => "write it as `1.2.3`",
        "event-time-type" => "name a column of type `timestamp` or `date`, or cast it in the query",
        "contract-broken" => {
            "change the query or the declared columns, so that names and types agree"
        }
        "contract-cannot-be-kept" => {
            "use `table`, `view` or `incremental`, or take the contract out"
        }
        "copy-syntax" => {
            "write `copy schema.table from 's3://bucket/prefix' iam_role default format json 'auto'`"
        }
        "dbt-version" => "widen `require-dbt-version`, or take it out",
        "duplicate-copy-option" | "duplicate-version" | "duplicate-properties" => {
            "keep one of the two, with what both say"
        }
        "duplicate-name" => "give one of the two another name",
        "duplicate-selector" => "give one of the two another name",
        "duplicate-sort-column" => "name each column once",
        "two-default-selectors" => "leave `default: true` to one of them",
        "empty-name" => "give it a name, or take the key out",
        "invalid-table" => "choose other columns or another style for the keys of the table",
        "key-in-project" => "use `iam_role`, and keep keys in the environment of who runs",
        "long-sort-key" | "too-many-keys" => "keep the columns by which most queries filter",
        "missing-columns" | "no-columns" => {
            "list the columns under `columns:`, each with its `name` and `data_type`"
        }
        "missing-data-type" => "add `data_type: …` to the column",
        "no-loaded-at" => "add `loaded_at_field: column`, or `loaded_at_query: select max(…) …`",
        "not-a-load" => "add `external: {location: 's3://…', file_format: …}` to the table",
        "not-supported" | "not-supported-yet" | "unsupported-strategy" => {
            "take it out, or do without it on this target: docs/reference.md says what is supported"
        }
        "python-arguments" => "write the name or the value itself, not an expression",
        "python-model" => "write it in SQL, or take it out of this run: `--exclude name`",
        "unknown-copy-option" => {
            "docs/reference.md lists the options under \"Staged loads\", by the names that COPY gives them"
        }
        "unknown-materialization" => "use `table`, `view`, `incremental` or `ephemeral`",
        "unknown-strategy" => "use `append`, `delete+insert`, `merge` or `microbatch`",
        "unknown-target-key"
        | "unsupported-target-key"
        | "unsupported-target-value"
        | "bad-target-key"
        | "bad-target-value"
        | "wrong-type" => {
            "change the line of the target in profiles.yml as the message says, or take it out"
        }
        "missing-target-key" => "add it to the target in profiles.yml",
        "unknown-test-argument" => "take it out, or write one of the arguments that the test has",
        "missing-test-argument" => "add it under `arguments:` of the test",
        "bad-test-argument" => "write such a value, or take the argument out",
        "bad-test-answer" => {
            "a test is one `select` that gives the failing rows; look at its `fail_calc`, `error_if` and `warn_if` too"
        }
        "bad-unit-test" => "let the rows say the same columns, each once",
        _ => return None,
    })
}

/// Names that lead nowhere, or to too much.
fn name(code: &str) -> Option<&'static str> {
    Some(match code {
        "cycle" => {
            "take one of the `ref`s out: what several of them need goes into a model that all of them read"
        }
        "disabled-ref" => "enable it, or read something else",
        "private-model" => {
            "put both into one `group`, or give the model that is read `access: protected`"
        }
        "undeclared-column" => "name a column that is there, or declare this one",
        "undeclared-dependency" => {
            "write `-- depends_on: {{ ref('…') }}` above the query, so that it runs first"
        }
        "unknown-column" => "name a column that is there, or add this one to the query",
        "unknown-group" => "declare it under `groups:`, with an `owner`",
        "unknown-node" => "`redstart ls` lists the names that there are",
        "unknown-package" => "look the name up at https://hub.getdbt.com, as `owner/package`",
        "unknown-ref" => {
            "`redstart ls --resource-type model seed snapshot` lists what `ref` can name"
        }
        "unknown-relation" => {
            "write the name as `{{ ref('…') }}` or `{{ source('…', '…') }}`, so that it is built first, or create the table outside"
        }
        "unknown-schema" => {
            "create the schema first, or say another one with `schema:` of the source, the model or the target"
        }
        "unknown-database" => {
            "name one that the target opens: its own, or one of `attach: [{path: other.duckdb, alias: other}]` in profiles.yml"
        }
        "unknown-selector" => "write it under `selectors:` of selectors.yml",
        "unknown-selector-method" => "write one of the methods above, a name, or a path",
        "invalid-selector" => {
            "see `redstart ls --help`; `redstart ls --select …` shows what a selection holds"
        }
        "unsupported-selector" => "select by name, `tag:`, `path:` or another method instead",
        "unknown-source" => "declare it under `sources:` of a .yml file in models/",
        "unknown-test" => {
            "write `{% test name(model, column_name) %} … {% endtest %}` in tests_sql/generic/ or macros/, or install the package that has it"
        }
        "unknown-version" => "name a version that is declared under `versions:`",
        "other-database" => "name relations of the target's own database",
        "wrong-relation" => "drop it, or give the node another `alias`",
        "name-too-long" => "set a shorter `alias` or `name`",
        "name-with-spaces" => "write `_` in its place",
        "no-relation" => "read a model that is a table or a view",
        _ => return None,
    })
}

/// SQL.
fn query(code: &str) -> Option<&'static str> {
    Some(match code {
        "aggregate-misuse" => "add the column to the `group by`, or aggregate it",
        "ambiguous-column" => "write the table or its alias before it, as in `orders.id`",
        "column-count" | "union-columns" => {
            "let each query of the `union` give the same columns, with `null as name` where one has none"
        }
        "union-types" => "cast one of the two, so that both have one type",
        "many-rows" => "aggregate it, or tie it to the row around it by a key that is unique",
        "subquery-columns" => "select as many columns as there are values: mostly one",
        "too-many-names" => "give the list as many names as the query has columns",
        "no-such-place" => "name the column, or write its place in the list",
        "incomparable-types" => "compare values of one type: look at the columns, or cast one side",
        "impossible-cast" => "use a function of dates, such as `date_part` or `to_date`",
        "copy-in-sql" => "declare the load under `external:` of a source table",
        "duplicate-alias" => "give one of them another alias",
        "duplicate-column" => "give one of the two another name: `… as other_name`",
        "empty-query" | "not-a-query" => {
            "write one `select` in the file, without `;` between statements"
        }
        "foreign-key-not-supported" => {
            "leave the constraint out on this target, and test with `relationships`"
        }
        "no-materialized-views" => "use `materialized: table` on this target",
        "no-privileges" => {
            "set `grants` for targets that have users only: `{% if target.type == 'redshift' %}`"
        }
        "no-copy" | "no-unload" => {
            "add `emulate: redshift` to the target, or use a Redshift target"
        }
        "not-an-expression" => "write one expression, without `select`, `,` or `;` around it",
        "not-emulated" => {
            "write it in another way, or run this node on Redshift; docs/redshift-emulation.md lists what is emulated"
        }
        "not-redshift" => "write it as Redshift takes it, so that it runs on the cluster too",
        "sql-syntax" => "the word before the caret is often the wrong one",
        "statement-too-long" => "split it, or keep long lists in a seed",
        "too-many-columns" => "split it, or keep what is rarely asked for in one `super` column",
        "type-mismatch" => "cast one of the two",
        "bad-pattern" => "close its brackets, and escape letters that are meant as they are",
        "window-frame" => "write the earlier end of the frame first",
        "unknown-alias" => "write the alias that `from` gives, or none",
        "unknown-date-part" => {
            "use `year`, `quarter`, `month`, `week`, `day`, `hour`, `minute`, `second` or another part that Redshift knows"
        }
        "unknown-function" => {
            "use a function of Redshift: docs/redshift-emulation.md lists those that are emulated; a function of your own can be a macro"
        }
        "unknown-type" => {
            "use a type of Redshift, such as `bigint`, `decimal(38,10)`, `varchar(65535)`, `timestamp` or `super`"
        }
        "database-error" => {
            "mend the query: the words of the database, above, say what is wrong with it"
        }
        "bound-dependents" | "bound-leftovers" => {
            "make the views that read it late binding: `bind: false`, or drop them first"
        }
        "concurrent-change" => "run again when the other work has ended",
        "disk-full" => "free space on the disk of the database, and run again",
        "connection-lost" => "look at the network and at the warehouse, and run `redstart retry`",
        "warehouse" => "`redstart debug` tries the connection and says what it uses",
        _ => return None,
    })
}

/// Rows, files of rows, and tests of rows.
fn rows(code: &str) -> Option<&'static str> {
    Some(match code {
        "audit-failed" => "mend the rows or the query; nothing was shown to readers",
        "ambiguous-file" => "give the longer one a folder of its own",
        "bad-csv" => "double a quote inside of a quoted cell: `\"\"`",
        "bad-seed-header" => "give each column one name of its own in the first line",
        "bad-time-format" => {
            "write a format of Redshift, such as `YYYY-MM-DD HH:MI:SS`, `auto` or `epochsecs`"
        }
        "bad-value" => {
            "find the rows with `redstart show --inline`, and clean them before the cast: `nullif(trim(x), '')`, `case when x ~ '^[0-9]+$' then x::int end`"
        }
        "changed-file" => "load the table anew: `--full-refresh`",
        "columns-changed" => "load the table anew: `--full-refresh`",
        "division-by-zero" => "write `nullif(…, 0)` as the divisor, and the result is NULL there",
        "duplicate-key" => "keep one of the two",
        "empty-seed" => "write a first line with the names of the columns, or remove the file",
        "load-error" => {
            "mend the file, or declare the column so that its values fit; `maxerror` of a load leaves bad rows out"
        }
        "multibyte-char" => "declare it as `varchar`",
        "no-history" => {
            "add the columns of the history and fill them, or move the table out of the way"
        }
        "no-memory" => "load it anew: `--full-refresh`",
        "no-rejects" => "take `rejects` out, and test the rows of the table instead",
        "no-audit" => "build it without `--audit`",
        "node-failed" => "logs/dbt.log has the statements that were run",
        "null-value" => "leave such rows out, give them a value, or take `not_null` away",
        "nul-byte" => "save the file as UTF-8 text",
        "out-of-range" => "cast to a wider type first, such as `bigint` or `decimal(38,0)`",
        "personal-data-exposed" => {
            "leave the column out, hash it, or mark it with `meta: {pii: true}` too"
        }
        "ragged-seed" => {
            "give each line as many cells as the header has; a cell with a comma stands in quotes"
        }
        "refused-index" => {
            "look at `indexes` of the configuration: its columns, its `type`, and whether rows are alike in what is to be `unique`"
        }
        "repeated-key" => "have the query give one row a key",
        "rows-lost" => {
            "let the query be one whose rows do not change between two readings: no `random()` or `limit`"
        }
        "schema-changed" => {
            "rebuild it with `--full-refresh`, or set `on_schema_change` to `append_new_columns` or `sync_all_columns`"
        }
        "stale-source" => "find out why nothing came, or widen `error_after`",
        "test-failed" => "`--store-failures` keeps the rows that it finds",
        "too-many-rejected" => {
            "mend the rows, or allow more with a higher `reject_limit`: a percentage such as `10%`, or a number of rows"
        }
        "unit-test-failed" => {
            "a row marked `---` was expected, `+++` came, and `→` came with another value: change the model or what is expected"
        }
        "unreadable-file" => {
            "look at the file's permissions, or take it out of the project's folders"
        }
        "value-too-long" => "declare a longer column, or cut the value with `left`",
        _ => return None,
    })
}

/// Profiles and where the project lies.
fn target(code: &str) -> Option<&'static str> {
    Some(match code {
        "adapter-not-built-in" | "extension-not-built-in" => {
            "use a released `redstart`, which has it built in, or build with the default features"
        }
        "missing-profile" => "write it in profiles.yml, or name another one with `--profile`",
        "missing-profiles" => {
            "write a profiles.yml beside dbt_project.yml, or name its folder with `--profiles-dir`"
        }
        "missing-project" => "name the project's folder with `--project-dir`",
        "missing-target" => {
            "name a target that is there with `--target`, or write this one under `outputs:`"
        }
        "unknown-adapter" => "write `type: duckdb`, `type: postgres` or `type: redshift`",
        "unsupported-method" => "use `method: database` or `method: iam`",
        "bad-dbtignore" => "write one pattern a line, as in a .gitignore",
        _ => return None,
    })
}

/// Installed packages.
fn packages(code: &str) -> Option<&'static str> {
    Some(match code {
        "bad-index" | "unreachable" | "git-failed" => {
            "look at the network and the proxy settings, and run `redstart deps` again"
        }
        "bad-package" => {
            "name the folder that holds its dbt_project.yml, with `subdirectory:` where it is not the top"
        }
        "duplicate-package" => "name it once",
        "missing-packages" => "run `redstart deps`",
        "missing-version" => "write a version behind the name: `package@1.2.3`",
        "no-git" => "install git, or use a package of the hub",
        "no-such-version" => {
            "name a version that there is; `redstart deps --upgrade` takes the newest that all allow"
        }
        "package-conflict" => "ask for the same revision in both places",
        "package-is-named" => "change its version in packages.yml",
        "packages-folder" | "unwritable-file" => {
            "look at the permissions of the folder and at the free space of the disk"
        }
        "unknown-revision" => "name a branch, a tag or a commit that is there",
        _ => return None,
    })
}

/// Commands and their flags.
fn command(code: &str) -> Option<&'static str> {
    Some(match code {
        "already-exists" | "backup-exists" => "name another place, or move away what is there",
        "backup-damaged" => "restore from an earlier backup: these files are not what was written",
        "bad-flag" | "conflicting-flags" | "missing-flag" | "unknown-flag" | "unknown-command"
        | "missing-argument" => {
            "`redstart help` lists the commands, `redstart COMMAND --help` the flags of one"
        }
        "bad-source-columns" => "write it anew with `redstart source columns`",
        "cancelled" => "run it again; what was done before it stopped is kept",
        "clean-refused" => "name folders inside of the project under `clean-targets:`",
        "docs-serve" => "choose another port with `--port`",
        "failed" => "what went wrong lies outside of the project: mend it and run again",
        "invalid-project-name" => "use letters, digits and `_`, and begin with a letter",
        "backup-failed" => {
            "without its manifest the folder is no backup yet: run it again, to another place"
        }
        "not-restorable" => {
            "leave the table out with `--exclude`, or build it with this column cast to a type that files can hold"
        }
        "restore-failed" => "the tables are as they were",
        "reserved-name" => {
            "give it another `alias`, or another name: one that does not end in `__rs_…`"
        }
        "nothing-to-back-up" => {
            "`redstart ls` with the same selection shows what it means; build the tables first"
        }
        "no-backup" => "name the folder that `redstart backup --to` wrote",
        "no-failed-build" => "run `redstart build --audit` first",
        "not-retryable" | "nothing-to-retry" => "run the command itself",
        "several-unloads" => "unload one node at a time, or give each a `location` of its own",
        "state-missing" | "state-needed" => {
            "name the folder with the artifacts of an earlier run: `--state path/to/artifacts`"
        }
        "state-unreadable" => "write the artifacts anew with the same version of redstart or dbt",
        "not-atomic" => "build without `--atomic`, or leave it out with `--exclude`",
        "written-meanwhile" => {
            "run it again, it begins with the rows that are there now; what other programs write into goes on without `--atomic`"
        }
        "not-published" => {
            "mend what failed and run `redstart retry`, which builds the whole selection again"
        }
        "selector-matches-nothing" => "`redstart ls` lists what there is to select",
        "target-folder" => "name another one with `--target-path`",
        "unload-error" => "look at `location` and at what the role may write",
        "unsupported-flag" => "leave it out",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use regex::Regex;

    use super::of;

    /// The files below a folder, but for those of tests alone.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                sources(&path, found);
            } else if name.ends_with(".rs") && !name.contains("test") {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_code_of_an_error_has_something_to_do() {
        let written =
            Regex::new(r#"(?:Diagnostic::error|Refusal::new)\(\s*"([a-z-]+)",|code: "([a-z-]+)""#)
                .unwrap();
        // What the emulation refuses.
        let refused = Regex::new(
            r#"(?:[a-z]\.refuse|refusal|plain)\(\s*"([a-z]+-[a-z-]+)",|code: "([a-z-]+)""#,
        )
        .unwrap();
        let mut files = Vec::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for folder in fs::read_dir(&root).unwrap() {
            let folder = folder.unwrap().path();
            // The endpoint speaks to clients of a database.
            if folder.is_dir() && !folder.ends_with("endpoint") {
                sources(&folder, &mut files);
            }
        }
        files.sort();
        let mut missing = Vec::new();
        let mut codes = 0;
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            let of_warehouse = file.starts_with(root.join("adapter"));
            let found = written.captures_iter(text);
            let found = found.chain(refused.captures_iter(if of_warehouse { text } else { "" }));
            for found in found {
                let code = found.get(1).or_else(|| found.get(2)).unwrap().as_str();
                codes += 1;
                if of(code).is_none() {
                    missing.push(format!("{code} in {}", file.display()));
                }
            }
        }
        assert!(codes > 300, "only {codes} codes were found");
        assert!(
            missing.is_empty(),
            "without advice:\n{}",
            missing.join("\n")
        );
    }
}
