//! Merged configuration, typed and checked.
//!
//! In: [`Merged`] values. Out: [`Config`], and everything that is wrong with the values.

mod building;
mod defaults;
mod examples;
mod layout;
mod mappings;
mod slips;

use serde_json::{Map, Value};

use super::config::{Config, KnownMaterialization, RejectLimit, Severity};
use super::in_jinja::InJinja;
use super::merge::{Merged, list};
use super::node::ResourceType;
use super::values::Values;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

pub use defaults::defaults;

/// The typed configuration of a node; what is wrong goes to `problems`, pointing at `at` where no better place is known.
pub fn typed(
    materializations: &Materializations<'_>,
    merged: Merged,
    kind: ResourceType,
    at: Option<&Span>,
    problems: &mut Diagnostics,
) -> Config {
    let mut reader = Reader {
        materializations: materializations.built_in,
        own: materializations.in_jinja,
        in_jinja: None,
        merged: &merged,
        at,
        problems,
    };
    let config = reader.config(kind);
    reader.warn_of_slips(kind);
    if kind == ResourceType::Model {
        crate::manifest::no_effect::check(&config, &merged, problems);
    }
    let mut values = merged.values;
    if kind == ResourceType::Test {
        agree_on_failures(&config, &mut values);
    }
    if let Some(microbatch) = &config.microbatch {
        values.insert("begin", Value::from(microbatch.begin.to_string()));
    }
    Config {
        values,
        pre_hook: merged.pre_hook,
        post_hook: merged.post_hook,
        origins: merged.origins,
        ..config
    }
}

/// `store_failures` and `store_failures_as` say the same; where both are there, the second wins.
fn agree_on_failures(config: &Config, values: &mut Values) {
    match (&config.store_failures_as, config.store_failures) {
        (Some(kept_as), _) => {
            values.insert("store_failures", Value::Bool(kept_as != "ephemeral"));
        }
        (None, Some(kept)) => {
            let kept_as = if kept { "table" } else { "ephemeral" };
            values.insert("store_failures_as", Value::from(kept_as));
        }
        (None, None) => {}
    }
}

/// The materializations that a node can name.
#[derive(Clone, Copy, Debug)]
pub struct Materializations<'a> {
    /// Those that are built in.
    pub built_in: &'a [KnownMaterialization],
    /// Those written in Jinja.
    pub in_jinja: &'a InJinja,
}

struct Reader<'a> {
    materializations: &'a [KnownMaterialization],
    own: &'a InJinja,
    /// The macro that builds the node.
    in_jinja: Option<String>,
    merged: &'a Merged,
    at: Option<&'a Span>,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn config(&mut self, kind: ResourceType) -> Config {
        self.in_jinja = self.built_in_jinja(kind);
        let (persist_relation, persist_columns) =
            crate::manifest::persist_docs::read(self.merged, self.at, self.problems);
        self.quoting();
        if kind == ResourceType::Model {
            self.one_of("access", &["private", "protected", "public"]);
        }
        Config {
            persist_docs_relation: persist_relation,
            persist_docs_columns: persist_columns,
            contract_enforced: self.switch("contract", "enforced").unwrap_or(false),
            docs_show: self.switch("docs", "show").unwrap_or(true),
            enabled: self.flag("enabled").unwrap_or(true),
            materialized: self.materialized(kind),
            in_jinja: self.in_jinja.clone(),
            tags: self.texts("tags"),
            meta: self.meta(),
            schema: self.text("schema"),
            alias: self.text("alias"),
            database: self.text("database"),
            unique_key: self.texts("unique_key"),
            incremental_strategy: self.strategy(),
            microbatch: self.microbatch(kind),
            incremental_predicates: self.predicates(),
            merge_update_columns: self.texts("merge_update_columns"),
            merge_exclude_columns: self.texts("merge_exclude_columns"),
            on_schema_change: self.on_schema_change(),
            full_refresh: self.flag("full_refresh"),
            sql_header: self.text("sql_header"),
            grants: self.grants(),
            attributes: self.attributes(kind),
            auto_refresh: self.flag("auto_refresh").unwrap_or(false),
            on_configuration_change: self.on_configuration_change(),
            query_group: self.text("query_group"),
            bind: self.flag("bind").unwrap_or(true),
            column_types: self.column_types(),
            delimiter: self.delimiter(),
            quote_columns: self.flag("quote_columns"),
            severity: self.severity(),
            warn_if: self.condition("warn_if"),
            error_if: self.condition("error_if"),
            where_clause: self.text("where"),
            limit: self.limit(),
            fail_calc: self
                .text("fail_calc")
                .unwrap_or_else(|| "count(*)".to_owned()),
            store_failures: self.flag("store_failures"),
            store_failures_as: self.one_of("store_failures_as", &["table", "view", "ephemeral"]),
            group: self.text("group"),
            snapshot: self.snapshot(kind).map(Box::new),
            unload: self.unload().map(Box::new),
            rejects: self.flag("rejects").unwrap_or(false),
            reject_limit: self.reject_limit(),
            audit: self.flag("audit"),
            ..Config::default()
        }
    }

    fn snapshot(
        &mut self,
        kind: ResourceType,
    ) -> Option<crate::manifest::snapshot_config::SnapshotConfig> {
        let enabled = self.merged.get("enabled") != Some(&Value::Bool(false));
        (kind == ResourceType::Snapshot && enabled)
            .then(|| {
                // A materialization of the project's own does with a strategy what it likes.
                let of_project = self
                    .in_jinja
                    .as_ref()
                    .is_some_and(|it| !it.starts_with("dbt."));
                let own = self.own;
                let is_own = |name: &str| of_project || own.keeps_histories(name);
                crate::manifest::snapshot_config::read(self.merged, &is_own, self.at, self.problems)
            })
            .flatten()
    }

    fn unload(&mut self) -> Option<crate::manifest::unload::UnloadConfig> {
        let keys = match self.merged.get("unload")? {
            Value::Object(keys) => keys.clone(),
            Value::Null => return None,
            other => {
                let other = other.clone();
                self.wrong("unload", "a mapping with `to` and `format`", &other);
                return None;
            }
        };
        let at = self.place("unload");
        let place = |word: &str| Some(at.as_ref()?.of_word(word));
        match crate::manifest::unload::read(&keys, &place) {
            Ok(unload) => Some(unload),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    fn meta(&mut self) -> Map<String, Value> {
        match self.merged.get("meta") {
            Some(Value::Object(meta)) => meta.clone(),
            Some(other) => {
                self.wrong("meta", "a mapping", other);
                Map::new()
            }
            None => Map::new(),
        }
    }

    fn place(&self, key: &str) -> Option<Span> {
        self.merged.origin(key).or_else(|| self.at.cloned())
    }

    fn wrong(&mut self, key: &str, what: &str, value: &Value) {
        self.wrong_at(key, key, what, value);
    }

    /// As [`Self::wrong`], of something inside the value of a key.
    fn wrong_at(&mut self, key: &str, named: &str, what: &str, value: &Value) {
        let problem = Diagnostic::error(
            "bad-config",
            format!("`{named}` is {what}, not `{}`", shown(value)),
        )
        .at_some(self.place(key));
        self.problems.push(match examples::of(named, what) {
            Some(example) => problem.help(format!("write {example}")),
            None => problem,
        });
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.merged.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => {
                self.wrong(key, "a text", other);
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        match self.merged.get(key)? {
            Value::Bool(flag) => Some(*flag),
            // What `{{ … }}` renders to inside a longer text is text.
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            other => {
                self.wrong(key, "`true` or `false`", other);
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.merged.get(key) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in list(value) {
            match item {
                Value::String(text) => texts.push(text),
                other => self.wrong(key, "a text or a list of texts", &other),
            }
        }
        texts
    }

    fn one_of(&mut self, key: &str, known: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        let folded = text.to_lowercase();
        if known.contains(&folded.as_str()) {
            return Some(folded);
        }
        self.unknown(key, &text, known);
        None
    }

    fn unknown(&mut self, key: &str, value: &str, known: &[&str]) {
        let names = known
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let problem = Diagnostic::error("unknown-value", format!("`{key}` cannot be `{value}`"))
            .at_some(self.place(key))
            .did_you_mean(value, known.iter().copied())
            .help(match known {
                [_] => format!("write {names}, or leave it out"),
                _ => format!("write one of {names}"),
            });
        self.problems.push(problem);
    }

    /// A comparison that stands behind a number: `> 10`, `between 1 and 5`.
    fn condition(&mut self, key: &str) -> String {
        const WORDS: [&str; 5] = ["between ", "in ", "in(", "not ", "is "];
        const SIGNS: [&str; 8] = ["<", ">", "=", "!=", "<>", "<=", ">=", "=="];
        let Some(text) = self.text(key) else {
            return "!= 0".to_owned();
        };
        let begins = text.trim_start().to_lowercase();
        let sign: String = begins
            .chars()
            .take_while(|sign| "<>=!".contains(*sign))
            .collect();
        let compared_with = begins
            .strip_prefix(&sign)
            .is_some_and(|rest| !rest.trim().is_empty());
        let compares = SIGNS.contains(&sign.as_str()) && compared_with
            || WORDS.iter().any(|word| begins.starts_with(word));
        if !compares {
            let problem =
                Diagnostic::error("bad-config", format!("`{key}` is no comparison: `{text}`"))
                    .at_some(self.place(key))
                    .label("the number of failures stands before it")
                    .help(format!(
                        "write such as `{key}: \">10\"` or `{key}: \"between 1 and 5\"`"
                    ));
            self.problems.push(problem);
        }
        text
    }

    fn delimiter(&mut self) -> Option<char> {
        let text = self.text("delimiter")?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) if character.is_ascii() => Some(character),
            _ => {
                self.wrong(
                    "delimiter",
                    "one ASCII character",
                    &Value::String(text.clone()),
                );
                None
            }
        }
    }

    fn severity(&mut self) -> Severity {
        match self.one_of("severity", &["error", "warn"]).as_deref() {
            Some("warn") => Severity::Warn,
            _ => Severity::Error,
        }
    }

    /// A number of rows, or a share of them such as `5%`.
    fn reject_limit(&mut self) -> Option<RejectLimit> {
        let value = self.merged.get("reject_limit")?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let limit = match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim().parse().ok();
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                percent.map(RejectLimit::Percent)
            }
            None => text.trim().parse().ok().map(RejectLimit::Rows),
        };
        if limit.is_none() {
            self.wrong(
                "reject_limit",
                "a number of rows or a share of them such as `5%`",
                value,
            );
        }
        limit
    }

    fn limit(&mut self) -> Option<u64> {
        let value = self.merged.get("limit")?;
        let limit = value
            .as_u64()
            .or_else(|| value.as_str()?.trim().parse().ok());
        if limit.is_none() {
            self.wrong("limit", "a number of rows", value);
        }
        limit
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::manifest::merge::Layer;
    use crate::project::yaml;

    const KNOWN: [KnownMaterialization; 4] = [
        known("view", &["bind"]),
        known("table", &["dist", "sort"]),
        known("incremental", &["unique_key", "incremental_strategy"]),
        known("ephemeral", &[]),
    ];

    const fn known(name: &'static str, keys: &'static [&'static str]) -> KnownMaterialization {
        KnownMaterialization { name, keys }
    }

    fn typed_of(text: &str) -> (Config, String) {
        let yaml = yaml::parse(&Source::new("dbt_project.yml", text)).unwrap();
        let mut problems = Diagnostics::default();
        let mut merged = Merged::new(defaults(ResourceType::Model));
        merged.apply(&Layer::of_mapping(&yaml).unwrap(), &mut problems);
        let known = Materializations {
            built_in: &KNOWN,
            in_jinja: &InJinja::default(),
        };
        let config = typed(&known, merged, ResourceType::Model, None, &mut problems);
        let told = problems.0.iter().map(|problem| {
            problem.to_string()
                + &problem
                    .help
                    .iter()
                    .map(|help| format!(" -- help: {help}"))
                    .collect::<String>()
        });
        (config, told.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn every_wrong_value_is_named_at_its_place() {
        let (_, told) = typed_of(
            "materialized: tabel\nsort_type: zigzag\nenabled: maybe\non_schema_change: sync\nunique_keys: id\nmy_own: 1\nlimit: many\ntags: [1]\nmeta: mine\naccess: secret\n",
        );
        insta::assert_snapshot!(told, @"
        error[unknown-value]: `access` cannot be `secret` (dbt_project.yml:10:9) -- help: write one of `private`, `protected`, `public`
        error[bad-config]: `enabled` is `true` or `false`, not `maybe` (dbt_project.yml:3:10) -- help: write `enabled: true` or `enabled: false`
        error[unknown-materialization]: there is no materialization `tabel` (dbt_project.yml:1:15) -- help: did you mean `table`? -- help: write one of `view`, `table`, `incremental`, `ephemeral`
        error[bad-config]: `tags` is a text or a list of texts, not `1` (dbt_project.yml:8:7) -- help: write `tags: daily` or `tags: [daily, finance]`
        error[bad-config]: `meta` is a mapping, not `mine` (dbt_project.yml:9:7) -- help: write `meta: {owner: finance}`
        error[unknown-value]: `on_schema_change` cannot be `sync` (dbt_project.yml:4:19) -- help: write one of `ignore`, `fail`, `append_new_columns`, `sync_all_columns`
        error[unknown-value]: `sort_type` cannot be `zigzag` (dbt_project.yml:2:12) -- help: write one of `compound`, `interleaved`, `auto`
        error[bad-config]: `limit` is a number of rows, not `many` (dbt_project.yml:7:8) -- help: write `limit: 100`
        warning[unknown-config]: the configuration `unique_keys` is unknown and has no effect (dbt_project.yml:5:1) -- help: did you mean `unique_key`?
        ");
        insta::assert_snapshot!(typed_of("materialized: snapshot\n").1, @"error[unknown-materialization]: there is no materialization `snapshot` (dbt_project.yml:1:15) -- help: write one of `view`, `table`, `incremental`, `ephemeral`");
    }

    #[test]
    fn a_slip_in_a_privilege_is_told_and_what_others_grant_is_not() {
        let (config, told) = typed_of("grants: {selct: [bo], SELECT: [ann], ownership: [cy]}\n");
        insta::assert_snapshot!(told, @"warning[unknown-value]: `grants` gives `selct`, which is no privilege (dbt_project.yml:1:10) -- help: did you mean `select`?");
        assert_eq!(config.grants.len(), 3);
    }

    #[test]
    fn values_are_typed() {
        let (config, told) = typed_of(
            "materialized: incremental\nunique_key: [a, b]\ndist: user_id\nsort: ts\nsort_type: COMPOUND\nbind: false\nincremental_strategy: delete+insert\npersist_docs: {relation: true}\n",
        );
        assert_eq!(told, "");
        insta::assert_snapshot!(format!("{:?} {:?} {} {:?} {}", config.unique_key, config.attributes, config.bind, config.incremental_strategy, config.persist_docs_relation), @r#"["a", "b"] TableAttributes { dist: Some(Key("user_id")), sort: ["ts"], sort_type: Some(Compound), backup: None, indexes: [], unlogged: false } false Some("delete+insert") true"#);
    }
}
