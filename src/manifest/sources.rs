//! Sources: each table a node; with `external.copy`, one that is loaded.

use serde_json::{Value, json};

use super::declared::{self, config_layers};
use super::generic::{self, Tested};
use super::merge::Merged;
use super::node::{Detail, Node, ResourceType, SourceDetail};
use super::resolve::{Draft, Made, Resolver, object};
use super::{freshness, settings, staged_load};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::properties::{SourceProperties, SourceTableProperties};
use crate::project::yaml::{Spanned, Yaml};
use crate::relation::Relation;

/// The tables of every source, and their tests.
pub fn sources(resolver: &Resolver<'_>) -> Made {
    let mut made = Made::default();
    for source in &resolver.package.properties.sources {
        tell_unheeded(source.config.as_ref(), &mut made.1);
        freshness::check(
            source.freshness.as_ref(),
            source.config.as_ref(),
            &mut made.1,
        );
        for table in &source.tables {
            tell_unheeded(table.config.as_ref(), &mut made.1);
            freshness::check(table.freshness.as_ref(), table.config.as_ref(), &mut made.1);
            let node = table_node(resolver, source, table, &mut made.1);
            let tested = Tested::source(&node, source, table);
            let tests = generic::tests_of(resolver, &tested, &table.columns, &table.data_tests);
            made.1.extend(tests.1);
            made.0.push(Draft::from(node));
            made.0.extend(tests.0);
        }
    }
    made
}

/// A text of YAML before its Jinja was rendered.
fn as_written(text: &Spanned<String>) -> String {
    let written = text.span.text().trim();
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inner = written.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    quoted.unwrap_or(written).to_owned()
}

fn table_node(
    resolver: &Resolver<'_>,
    source: &SourceProperties,
    table: &SourceTableProperties,
    problems: &mut Diagnostics,
) -> Node {
    let package = &resolver.package.name;
    let (source_name, name) = (&source.name.value, &table.name.value);
    let file = &resolver.own_path(&source.name.span.source.path);
    let mut node = Node::new(ResourceType::Source, package, name);
    node.unique_id = format!("source.{package}.{source_name}.{name}");
    node.path.clone_from(file);
    node.original_file_path.clone_from(file);
    let below = file
        .split_once('/')
        .map_or(file.as_str(), |(_, below)| below);
    node.fqn = resolver.fqn(below, source_name);
    node.fqn.push(name.clone());
    let mut config = config(resolver, &node, source, table, problems);
    let freshness_value = freshness::merged(source, table, &config);
    let by_project = (!freshness::is_declared(source, table))
        .then(|| config.origin("freshness"))
        .flatten();
    let loaded_at = freshness::loaded_at(source, table, problems);
    config
        .values
        .insert("freshness", freshness_value.clone().unwrap_or_default());
    config
        .values
        .insert("loaded_at_field", json!(loaded_at.field));
    let query = loaded_at.query.as_ref().map(|query| &query.value);
    config.values.insert("loaded_at_query", json!(query));
    node.unrendered_config = resolver
        .trees(|configs| &configs.sources)
        .unrendered(&node.fqn);
    for declared in [&source.config, &table.config].into_iter().flatten() {
        for (key, value) in declared.entries() {
            node.unrendered_config
                .insert(key.key_text(), value.to_json());
        }
    }
    // As dbt writes them: the last four whether they are declared or not.
    if freshness::is_declared(source, table) {
        let value = config.get("freshness").cloned().unwrap_or_default();
        node.unrendered_config.insert("freshness".to_owned(), value);
    }
    for key in ["loaded_at_field", "loaded_at_query", "meta", "tags"] {
        let value = config.get(key).cloned().unwrap_or_default();
        node.unrendered_config.insert(key.to_owned(), value);
    }
    resolver.finish(&mut node, config, &table.name.span, problems);

    let identifier = table
        .identifier
        .as_ref()
        .map_or(name, |identifier| &identifier.value);
    let schema = source
        .schema
        .as_ref()
        .map_or(source_name, |schema| &schema.value);
    let database = source.database.as_ref().map(|database| &database.value);
    let relation = Relation {
        database: database
            .filter(|database| **database != resolver.project.target.database)
            .cloned(),
        ..Relation::new(schema.clone(), identifier.clone())
    };
    let quoting = [&source.quoting, &table.quoting].map(|said| said.as_ref().map(Yaml::to_json));
    let quoting = quoting.each_ref().map(Option::as_ref);
    let relation = resolver.names.folded(relation, &quoting);
    node.alias.clone_from(identifier);
    node.declared_at = Some(table.name.span.clone());
    node.description = resolver.description(table.description.as_ref(), problems);
    node.doc_blocks = declared::doc_blocks(resolver, table.description.as_ref());
    node.columns = resolver.columns(&table.columns, problems);
    declared::encodings(&mut node, problems);
    node.constraints = declared::constraints(&table.constraints);
    let load = table.external.as_ref().and_then(|external| {
        staged_load::read(
            external,
            node.config.attributes.clone(),
            &relation,
            problems,
        )
    });
    if let Some(load) = &load
        && resolver.project.target.kind == "redshift"
        && load.copy.iam_role.is_none()
        && load.copy.keys.is_none()
    {
        let copy = table
            .external
            .as_ref()
            .and_then(|external| external.get("copy"));
        let place = copy.map_or(&table.name.span, |copy| &copy.span);
        problems.push(
            Diagnostic::warning(
                "missing-role",
                format!("nothing says by whose right `COPY` reads the files of `{name}`"),
            )
            .at(place.clone())
            .help("add `iam_role: default`, or the ARN of a role, to `copy`: a cluster refuses the load without"),
        );
    }
    match &load {
        Some(_) => require_types(&node, table, problems),
        None => "source".clone_into(&mut node.config.materialized),
    }
    if load.is_some() {
        node.config
            .values
            .insert("materialized", Value::from("load"));
    }
    if node.config.rejects && load.is_none() {
        let message = format!("`{name}` is not loaded here, so no row of it can be rejected");
        let rejects = node.config.written("rejects", "");
        problems.push(
            Diagnostic::error("no-rejects", message)
                .at(rejects.unwrap_or_else(|| table.name.span.clone()))
                .help(
                    "load it with `external` and `copy`, or reject rows in a model that reads it",
                ),
        );
    }
    let location = location(resolver, &node, &relation, table, problems);
    node.relation = Some(relation);
    node.detail = Detail::Source(Box::new(SourceDetail {
        source_name: source_name.clone(),
        source_description: resolver.description(source.description.as_ref(), problems),
        loader: table
            .loader
            .clone()
            .or_else(|| source.loader.clone())
            .unwrap_or_default(),
        external: table.external.as_ref().map(Yaml::to_json),
        location,
        load,
        freshness: freshness_value
            .as_ref()
            .and_then(|value| freshness::typed(value, by_project.as_ref(), problems)),
        freshness_value: freshness_value.unwrap_or_default(),
        loaded_at,
        source_meta: object(source.meta.as_ref()),
        quoting: {
            let mut quoting = object(source.quoting.as_ref());
            quoting.extend(object(table.quoting.as_ref()));
            quoting
        },
        unrendered_schema: source.schema.as_ref().map(as_written),
        unrendered_database: source.database.as_ref().map(as_written),
    }));
    if let Some(overrides) = &source.overrides {
        problems.push(
            Diagnostic::error(
                "not-supported-yet",
                "`overrides` of a package's source is not supported yet",
            )
            .at(overrides.span.clone()),
        );
    }
    node
}

fn config(
    resolver: &Resolver<'_>,
    node: &Node,
    source: &SourceProperties,
    table: &SourceTableProperties,
    problems: &mut Diagnostics,
) -> Merged {
    let tree = resolver.trees(|configs| &configs.sources);
    let mut layers = tree.layers(&node.fqn);
    layers.extend(config_layers(
        [("meta", &source.meta), ("tags", &source.tags)],
        source.config.as_ref(),
        problems,
    ));
    layers.extend(config_layers(
        [("meta", &table.meta), ("tags", &table.tags)],
        table.config.as_ref(),
        problems,
    ));
    layers.extend(tree.last_word(&node.fqn));
    let mut merged = Merged::new(settings::defaults(ResourceType::Source));
    layers
        .iter()
        .for_each(|layer| merged.apply(layer, problems));
    merged
}

/// What `config` of a source says in vain: a name stands beside it, and a table that is not loaded is not built.
fn tell_unheeded(config: Option<&Yaml>, problems: &mut Diagnostics) {
    const KEYS: [(&str, &str); 4] = [
        ("schema", "write `schema:` beside the `name` of the source"),
        (
            "database",
            "write `database:` beside the `name` of the source",
        ),
        (
            "alias",
            "write `identifier:` beside the `name` of the table",
        ),
        (
            "materialized",
            "take it out: a source is read as it is there, or loaded where it has `external:`",
        ),
    ];
    for (key, value) in config.into_iter().flat_map(Yaml::entries) {
        let named = KEYS.iter().find(|(name, _)| key.as_str() == Some(name));
        if let Some((name, help)) = named.filter(|_| !value.is_null()) {
            problems.push(
                Diagnostic::warning(
                    "no-effect",
                    format!("`{name}` in the `config` of a source has no effect"),
                )
                .at(key.span.clone())
                .help(*help),
            );
        }
    }
}

/// What DuckDB reads in the place of a source's table: `external_location` in its `meta` or `config`, in which names in braces stand for
/// those of the source, as dbt-duckdb has it. Other adapters of dbt know no such key.
fn location(
    resolver: &Resolver<'_>,
    node: &Node,
    relation: &Relation,
    table: &SourceTableProperties,
    problems: &mut Diagnostics,
) -> Option<String> {
    const KEY: &str = "external_location";
    if resolver.project.target.dialect() != "duckdb" {
        return None;
    }
    let given = [node.config.meta.get(KEY), node.config.values.get(KEY)];
    let template = given.into_iter().flatten().find_map(Value::as_str)?;
    let named = |name: &str| match name {
        "name" => Some(node.name.clone()),
        "identifier" => Some(relation.identifier.clone()),
        "schema" => Some(relation.schema.clone()),
        "database" => Some(
            relation
                .database
                .clone()
                .unwrap_or_else(|| resolver.project.target.database.clone()),
        ),
        _ => node.config.meta.get(name).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
    };
    match in_braces(template, named) {
        Ok(text) if text.contains('(') || text.starts_with('\'') => Some(text),
        Ok(text) => Some(format!("'{text}'")),
        Err(name) => {
            problems.push(
                Diagnostic::error(
                    "bad-external-location",
                    format!("`{{{name}}}` in `{KEY}` of `{}` names nothing", node.name),
                )
                .at(table.name.span.clone())
                .help("there are `{name}`, `{identifier}`, `{schema}`, `{database}` and the keys of its `meta`"),
            );
            None
        }
    }
}

/// A text with names in braces, each of which is told; two braces are one that is meant as it is.
///
/// # Errors
/// The name that is not known.
fn in_braces(text: &str, named: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        rest = match (
            from.starts_with("{{") || from.starts_with("}}"),
            from.find('}'),
        ) {
            (true, _) => {
                out.push_str(&from[..1]);
                &from[2..]
            }
            (false, Some(end)) if end > 0 => {
                let name = &from[1..end];
                out.push_str(&named(name).ok_or_else(|| name.to_owned())?);
                &from[end + 1..]
            }
            _ => return Err(from.to_owned()),
        };
    }
    out.push_str(rest);
    Ok(out)
}

/// A table that is loaded is made from its columns: types are never guessed from files.
fn require_types(node: &Node, table: &SourceTableProperties, problems: &mut Diagnostics) {
    if table.columns.is_empty() {
        problems.push(
            Diagnostic::error(
                "missing-columns",
                format!("the table `{}` is loaded, but has no columns", node.name),
            )
            .at(table.name.span.clone())
            .help(
                "list its columns with `name` and `data_type`: types are never guessed from files",
            ),
        );
    }
    for column in table
        .columns
        .iter()
        .filter(|column| column.data_type.is_none())
    {
        problems.push(
            Diagnostic::error("missing-data-type", format!("the column `{}` of the loaded table `{}` has no `data_type`", column.name.value, node.name))
                .at(column.name.span.clone())
                .help("write its type, such as `data_type: varchar(256)`: types are never guessed from files"),
        );
    }
}
