//! Semantic models, metrics and saved queries as nodes: they stand in the manifest and tie to each other as dbt ties them, and nobody
//! asks them anything.
//!
//! In: their declarations. Out: drafts of nodes, each with what dbt writes of its kind.

use serde_json::{Map, Value, json};

use super::declared::{self, Reading};
use super::node::{Detail, Node, ResourceType, SemanticDetail};
use super::resolve::{Draft, Made, Resolver};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::yaml::{Spanned, Yaml};

/// The semantic models, metrics and saved queries of a package.
pub(super) fn semantic(resolver: &Resolver<'_>) -> Made {
    let mut made = Made::default();
    let properties = &resolver.package.properties;
    let known = Known::of(resolver);
    for declared in &properties.semantic_models {
        let Some(part) = Part::new(resolver, declared, ResourceType::SemanticModel, &mut made.1)
        else {
            continue;
        };
        for measure in list(declared, "measures") {
            let creates = measure.get("create_metric").map(Yaml::to_json);
            if creates == Some(Value::Bool(true)) {
                let metric = metric_of_measure(resolver, declared, measure, &mut made.1);
                made.0.extend(metric.map(|part| part.metric(&known)));
            }
        }
        made.0.push(part.semantic_model(&mut made.1));
    }
    for declared in &properties.metrics {
        let part = Part::new(resolver, declared, ResourceType::Metric, &mut made.1);
        made.0.extend(part.map(|part| part.metric(&known)));
    }
    for declared in &properties.saved_queries {
        let part = Part::new(resolver, declared, ResourceType::SavedQuery, &mut made.1);
        made.0.extend(part.map(|part| part.saved_query(&known)));
    }
    made
}

/// The metric that a measure makes of itself (`create_metric`).
fn metric_of_measure<'a>(
    resolver: &'a Resolver<'a>,
    model: &'a Yaml,
    measure: &Yaml,
    problems: &mut Diagnostics,
) -> Option<Part<'a>> {
    let measure = measure.to_object();
    let name = measure.get("name")?.as_str()?.to_owned();
    let of_measure = |key: &str| measure.get(key).filter(|value| !value.is_null()).cloned();
    let described = format!("Metric created from measure {name}");
    let mut part = Part::new(resolver, model, ResourceType::Metric, problems)?;
    part.rename(&name);
    part.node.description = match of_measure("description") {
        Some(Value::String(words)) => words,
        _ => described,
    };
    part.said = Map::new();
    part.said.insert(
        "label".to_owned(),
        of_measure("label").unwrap_or_else(|| json!(name)),
    );
    part.said.insert("type".to_owned(), json!("simple"));
    let expr = of_measure("expr").unwrap_or_else(|| json!(name));
    part.said.insert(
        "type_params".to_owned(),
        json!({ "measure": name, "expr": expr }),
    );
    Some(part)
}

/// What the names in metrics and saved queries mean.
struct Known {
    /// Measure and `unique_id` of its semantic model; those of the package first.
    measures: Vec<(String, String)>,
    /// Metrics with what they are made of; those of the package first.
    metrics: Vec<(String, String, Map<String, Value>)>,
}

impl Known {
    fn of(resolver: &Resolver<'_>) -> Self {
        let mut known = Self {
            measures: Vec::new(),
            metrics: Vec::new(),
        };
        let others = resolver.project.all();
        let others = others.filter(|package| package.name != resolver.package.name);
        for package in std::iter::once(resolver.package).chain(others) {
            let name_of = |item: &Yaml| item.get("name")?.as_str().map(str::to_owned);
            for model in &package.properties.semantic_models {
                let Some(model_name) = name_of(model) else {
                    continue;
                };
                let id = format!("semantic_model.{}.{model_name}", package.name);
                for measure in list(model, "measures") {
                    let Some(name) = name_of(measure) else {
                        continue;
                    };
                    let creates = measure.get("create_metric").map(Yaml::to_json);
                    if creates == Some(Value::Bool(true)) {
                        let params = Map::from_iter([("measure".to_owned(), json!(name))]);
                        let metric = format!("metric.{}.{name}", package.name);
                        known.metrics.push((name.clone(), metric, params));
                    }
                    known.measures.push((name, id.clone()));
                }
            }
            for metric in &package.properties.metrics {
                let Some(name) = name_of(metric) else {
                    continue;
                };
                let id = format!("metric.{}.{name}", package.name);
                let params = metric.get("type_params").map(Yaml::to_object);
                known.metrics.push((name, id, params.unwrap_or_default()));
            }
        }
        known
    }

    fn measure(&self, name: &str) -> Option<&String> {
        let mut measures = self.measures.iter();
        measures.find(|(known, _)| known == name).map(|(_, id)| id)
    }

    fn metric(&self, name: &str) -> Option<&(String, String, Map<String, Value>)> {
        self.metrics.iter().find(|(known, ..)| known == name)
    }

    /// The measures that a metric is made of, also through other metrics, each once.
    fn measures_of(&self, params: &Map<String, Value>, depth: usize, found: &mut Vec<Value>) {
        let mut add = |measure: Value| {
            if !found.contains(&measure) {
                found.push(measure);
            }
        };
        params
            .get("measure")
            .into_iter()
            .for_each(|it| add(input_measure(it)));
        if let Some(conversion) = params.get("conversion_type_params") {
            for key in ["base_measure", "conversion_measure"] {
                conversion
                    .get(key)
                    .into_iter()
                    .for_each(|it| add(input_measure(it)));
            }
        }
        // Metrics that are made of each other have no end.
        const DEEPEST: usize = 20;
        if depth < DEEPEST {
            for name in metrics_in(params) {
                if let Some((.., params)) = self.metric(&name) {
                    self.measures_of(params, depth + 1, found);
                }
            }
        }
    }
}

/// A declaration on its way to a node.
struct Part<'a> {
    resolver: &'a Resolver<'a>,
    declared: &'a Yaml,
    said: Map<String, Value>,
    node: Node,
}

impl<'a> Part<'a> {
    fn new(
        resolver: &'a Resolver<'a>,
        declared: &'a Yaml,
        kind: ResourceType,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let name = declared.get("name").filter(|name| name.as_str().is_some());
        let Some(name) = name else {
            let message = format!("a {} has no `name`", kind.as_str().replace('_', " "));
            problems.push(Diagnostic::error("missing-key", message).at(declared.span.clone()));
            return None;
        };
        let file = resolver.own_path(&declared.span.source.path);
        let mut node = Node::new(kind, &resolver.package.name, "");
        node.path = file
            .split_once('/')
            .map_or(file.as_str(), |(_, below)| below)
            .to_owned();
        node.original_file_path = file;
        node.declared_at = Some(name.span.clone());
        let said = declared.to_object();
        if let Some(words) = declared
            .get("description")
            .filter(|it| it.as_str().is_some())
        {
            let text = Spanned {
                value: words.as_str().unwrap_or_default().to_owned(),
                span: words.span.clone(),
            };
            node.description = resolver.description(Some(&text), problems);
        }
        let config = said.get("config").and_then(Value::as_object);
        let of = |key: &str| {
            config
                .and_then(|config| config.get(key))
                .or_else(|| said.get(key))
        };
        node.config.enabled = of("enabled") != Some(&Value::Bool(false));
        node.config.group = of("group").and_then(Value::as_str).map(str::to_owned);
        node.config.meta = of("meta")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        node.config.tags = match of("tags") {
            Some(Value::String(tag)) => vec![tag.clone()],
            Some(Value::Array(tags)) => tags
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        node.unrendered_config = config.cloned().unwrap_or_default();
        let mut part = Self {
            resolver,
            declared,
            said,
            node,
        };
        part.rename(name.as_str().unwrap_or_default());
        Some(part)
    }

    fn rename(&mut self, name: &str) {
        let node = &mut self.node;
        name.clone_into(&mut node.name);
        name.clone_into(&mut node.alias);
        node.unique_id = format!("{}.{}.{name}", node.resource_type, node.package_name);
        node.fqn = self.resolver.fqn(&node.path, name);
    }

    fn of(&self, key: &str) -> Value {
        self.said.get(key).cloned().unwrap_or_default()
    }

    fn words(&self) -> Value {
        match self.node.description.as_str() {
            "" if self.node.resource_type != ResourceType::Metric => Value::Null,
            words => Value::from(words),
        }
    }

    fn config(&self) -> Value {
        let config = &self.node.config;
        json!({ "enabled": config.enabled, "group": config.group, "meta": config.meta })
    }

    fn done(mut self, reads: Vec<String>, keys: Value) -> Draft {
        let keys = match keys {
            Value::Object(keys) => keys,
            _ => Map::new(),
        };
        self.node.detail = Detail::Semantic(Box::new(SemanticDetail { reads, keys }));
        Draft::from(self.node)
    }

    fn metric(self, known: &Known) -> Draft {
        let said = self.said.get("type_params").and_then(Value::as_object);
        let said = said.cloned().unwrap_or_default();
        let kind = self.of("type");
        let mut measures = Vec::new();
        known.measures_of(&said, 0, &mut measures);
        let mut reads: Vec<String> = Vec::new();
        let mut read = |id: Option<&String>| {
            if let Some(id) = id.filter(|id| !reads.contains(id)) {
                reads.push(id.clone());
            }
        };
        let metrics = metrics_in(&said);
        for name in &metrics {
            read(known.metric(name).map(|(_, id, _)| id));
        }
        if metrics.is_empty() {
            for measure in &measures {
                read(
                    measure["name"]
                        .as_str()
                        .and_then(|name| known.measure(name)),
                );
            }
        }
        let input = |key: &str| said.get(key).map_or(Value::Null, input_metric);
        let conversion = said
            .get("conversion_type_params")
            .and_then(Value::as_object);
        let cumulative = said
            .get("cumulative_type_params")
            .and_then(Value::as_object);
        let params = json!({
            "measure": said.get("measure").map_or(Value::Null, input_measure),
            "input_measures": measures,
            "numerator": input("numerator"),
            "denominator": input("denominator"),
            "expr": text_of(said.get("expr")),
            "window": said.get("window").map_or(Value::Null, window),
            "grain_to_date": said.get("grain_to_date"),
            "metrics": said.get("metrics").and_then(Value::as_array).map_or_else(Vec::new, |metrics| metrics.iter().map(input_metric).collect()),
            "conversion_type_params": conversion.map(conversion_params),
            "cumulative_type_params": (kind == "cumulative").then(|| cumulative_params(cumulative)),
            "metric_aggregation_params": null,
        });
        let keys = json!({
            "description": self.words(),
            "label": self.of("label"),
            "type": kind,
            "type_params": params,
            "filter": filter(self.said.get("filter")),
            "metadata": null,
            "time_granularity": self.of("time_granularity"),
            "meta": self.node.config.meta,
            "tags": self.node.config.tags,
            "config": self.config(),
            "unrendered_config": self.node.unrendered_config,
            "sources": [],
            "metrics": [],
            "group": self.node.config.group,
        });
        self.done(reads, keys)
    }

    fn semantic_model(mut self, problems: &mut Diagnostics) -> Draft {
        let model = self.declared.get("model");
        let text = model.and_then(|model| {
            Some(Spanned {
                value: model.as_str()?.to_owned(),
                span: model.span.clone(),
            })
        });
        match text.as_ref().and_then(declared::reading) {
            Some(Reading::Ref(call)) => self.node.reads_model(call),
            Some(Reading::Source(call)) => self.node.reads_source(call),
            None => {
                let message = format!("the semantic model `{}` has no `model`", self.node.name);
                let at =
                    model.map_or_else(|| self.declared.span.clone(), |model| model.span.clone());
                problems.push(
                    Diagnostic::error("missing-key", message)
                        .at(at)
                        .help("write `model: ref('…')`"),
                );
            }
        }
        let listed = |key: &str, defaults: &[(&str, Value)]| -> Vec<Value> {
            let items = self
                .said
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            items.map(|item| shaped(item, defaults)).collect()
        };
        let config = json!({ "meta": {} });
        let keys = json!({
            "model": text.as_ref().map(|text| &text.value),
            "description": self.words(),
            "label": self.of("label"),
            "defaults": self.of("defaults"),
            "entities": listed("entities", &[
                ("name", Value::Null), ("type", Value::Null), ("description", Value::Null), ("label", Value::Null), ("role", Value::Null),
                ("expr", Value::Null), ("config", config.clone()),
            ]),
            "measures": listed("measures", &[
                ("name", Value::Null), ("agg", Value::Null), ("description", Value::Null), ("label", Value::Null), ("create_metric", json!(false)),
                ("expr", Value::Null), ("agg_params", Value::Null), ("non_additive_dimension", Value::Null), ("agg_time_dimension", Value::Null),
                ("config", config.clone()),
            ]),
            "dimensions": listed("dimensions", &[
                ("name", Value::Null), ("type", Value::Null), ("description", Value::Null), ("label", Value::Null), ("is_partition", json!(false)),
                ("type_params", Value::Null), ("expr", Value::Null), ("metadata", Value::Null), ("config", config),
            ]),
            "metadata": null,
            "config": self.config(),
            "unrendered_config": self.node.unrendered_config,
            "primary_entity": self.of("primary_entity"),
            "group": self.node.config.group,
        });
        self.done(Vec::new(), keys)
    }

    fn saved_query(self, known: &Known) -> Draft {
        let params = self
            .said
            .get("query_params")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let metrics = params
            .get("metrics")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let reads = metrics
            .iter()
            .filter_map(|name| known.metric(name.as_str()?));
        let reads = reads.map(|(_, id, _)| id.clone()).collect();
        let empty = || json!([]);
        let exports = self.said.get("exports").and_then(Value::as_array);
        let exports: Vec<Value> = exports
            .into_iter()
            .flatten()
            .map(|export| self.export(export))
            .collect();
        let mut config = self.config();
        let said = self.said.get("config").and_then(Value::as_object);
        for (key, default) in [
            ("export_as", Value::Null),
            ("schema", Value::Null),
            ("cache", json!({ "enabled": false })),
        ] {
            config[key] = said
                .and_then(|said| said.get(key))
                .cloned()
                .unwrap_or(default);
        }
        let keys = json!({
            "query_params": {
                "metrics": metrics,
                "group_by": params.get("group_by").cloned().unwrap_or_else(empty),
                "where": filter(params.get("where")),
                "order_by": params.get("order_by").cloned().unwrap_or_else(empty),
                "limit": params.get("limit"),
            },
            "exports": exports,
            "description": self.words(),
            "label": self.of("label"),
            "metadata": null,
            "config": config,
            "unrendered_config": self.node.unrendered_config,
            "group": self.node.config.group,
            "tags": self.node.config.tags,
        });
        self.done(reads, keys)
    }

    fn export(&self, export: &Value) -> Value {
        let target = &self.resolver.project.target;
        let said = export.get("config").cloned().unwrap_or_else(|| json!({}));
        let of = |key: &str| said.get(key).filter(|value| !value.is_null()).cloned();
        json!({
            "name": export.get("name"),
            "config": {
                "export_as": of("export_as"),
                "schema_name": of("schema_name").or_else(|| of("schema")).unwrap_or_else(|| json!(target.schema)),
                "alias": of("alias").unwrap_or_else(|| export.get("name").cloned().unwrap_or_default()),
                "database": of("database").unwrap_or_else(|| json!(target.database)),
            },
            "unrendered_config": said,
        })
    }
}

/// The items of a list of a declaration.
fn list<'y>(declared: &'y Yaml, key: &str) -> &'y [Yaml] {
    declared.get(key).and_then(Yaml::as_seq).unwrap_or_default()
}

/// The metrics that a metric names, in dbt's order.
fn metrics_in(params: &Map<String, Value>) -> Vec<String> {
    let single = ["numerator", "denominator"]
        .into_iter()
        .filter_map(|key| params.get(key));
    let of_cumulative = params
        .get("cumulative_type_params")
        .and_then(|it| it.get("metric"));
    let listed = params
        .get("metrics")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let named = single.chain(of_cumulative).chain(listed);
    named
        .filter_map(|metric| input_metric(metric)["name"].as_str().map(str::to_owned))
        .collect()
}

/// A mapping with these keys in this order; a text alone is its name.
fn shaped(value: &Value, keys: &[(&str, Value)]) -> Value {
    let mut shaped = Map::new();
    for (key, default) in keys {
        let said = match value {
            Value::String(name) => (*key == "name").then(|| json!(name)),
            value => value.get(key).filter(|said| !said.is_null()).cloned(),
        };
        let said = match (*key, said) {
            ("expr", said) => text_of(said.as_ref()),
            (_, said) => said.unwrap_or_else(|| default.clone()),
        };
        shaped.insert((*key).to_owned(), said);
    }
    Value::Object(shaped)
}

fn input_measure(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let mut measure = shaped(
        value,
        &[
            ("name", Value::Null),
            ("filter", Value::Null),
            ("alias", Value::Null),
            ("join_to_timespine", json!(false)),
            ("fill_nulls_with", Value::Null),
        ],
    );
    measure["filter"] = filter(value.get("filter"));
    measure
}

fn input_metric(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let mut metric = shaped(
        value,
        &[
            ("name", Value::Null),
            ("filter", Value::Null),
            ("alias", Value::Null),
            ("offset_window", Value::Null),
            ("offset_to_grain", Value::Null),
        ],
    );
    metric["filter"] = filter(value.get("filter"));
    metric["offset_window"] = window(&metric["offset_window"]);
    metric
}

/// `1 month` as dbt writes it.
fn window(value: &Value) -> Value {
    let Some((count, grain)) = value.as_str().and_then(|text| text.trim().split_once(' ')) else {
        return value.clone();
    };
    let grain = grain.trim();
    let grain = grain.strip_suffix('s').unwrap_or(grain);
    json!({ "count": count.parse::<i64>().unwrap_or_default(), "granularity": grain })
}

fn filter(value: Option<&Value>) -> Value {
    let one = |text: &Value| json!({ "where_sql_template": text });
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::Array(filters)) => {
            json!({ "where_filters": filters.iter().map(one).collect::<Vec<_>>() })
        }
        Some(text) => json!({ "where_filters": [one(text)] }),
    }
}

fn conversion_params(said: &Map<String, Value>) -> Value {
    let measure = |key: &str| said.get(key).map_or(Value::Null, input_measure);
    json!({
        "base_measure": measure("base_measure"),
        "conversion_measure": measure("conversion_measure"),
        "entity": said.get("entity"),
        "calculation": said.get("calculation").cloned().unwrap_or_else(|| json!("conversion_rate")),
        "window": said.get("window").map_or(Value::Null, window),
        "constant_properties": said.get("constant_properties"),
    })
}

fn cumulative_params(said: Option<&Map<String, Value>>) -> Value {
    let of = |key: &str| said.and_then(|said| said.get(key));
    json!({
        "window": of("window").map_or(Value::Null, window),
        "grain_to_date": of("grain_to_date"),
        "period_agg": of("period_agg").cloned().unwrap_or_else(|| json!("first")),
        "metric": of("metric").map_or(Value::Null, input_metric),
    })
}

/// An expression: a number is its text.
fn text_of(value: Option<&Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    }
}
