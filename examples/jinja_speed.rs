//! How long the template language takes on a project: `cargo run --release --example jinja_speed -- FOLDER`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use redstart::diagnostic::Source;
use redstart::jinja::{
    Answer, MacroFile, Macros, RefCall, RelationValue, Template, Value, World, static_calls,
};
use redstart::relation::Relation;

struct Anything {
    execute: bool,
}

impl World for Anything {
    fn dialect(&self) -> &str {
        "duckdb"
    }

    fn package(&self) -> &str {
        "bench_project"
    }

    fn execute(&self) -> bool {
        self.execute
    }

    fn global(&self, name: &str) -> Option<Value> {
        (name == "this").then(|| RelationValue::new(Relation::new("s", "this"), None).into())
    }

    fn ref_(&self, call: &RefCall<'_>) -> Answer<RelationValue> {
        Ok(RelationValue::new(Relation::new("s", call.name), None))
    }

    fn source(&self, source: &str, table: &str) -> Answer<RelationValue> {
        Ok(RelationValue::new(Relation::new(source, table), None))
    }

    fn set_config(&self, _: &[(String, Value)]) -> Answer<()> {
        Ok(())
    }

    fn var(&self, _: &str) -> Answer<Option<Value>> {
        Ok(Some(Value::from("x")))
    }

    fn is_incremental(&self) -> bool {
        true
    }
}

fn files(folder: &Path) -> Vec<Arc<Source>> {
    let mut found: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|ext| ext == "sql"))
        .map(|entry| entry.into_path())
        .collect();
    found.sort();
    found
        .iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).ok()?;
            Some(Source::new(path.display().to_string(), text))
        })
        .collect()
}

#[expect(clippy::print_stdout, reason = "an example that measures and tells")]
fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = Path::new(&folder);
    let models = files(&folder.join("models"));
    let macro_files: Vec<MacroFile> = files(&folder.join("macros"))
        .into_iter()
        .map(|source| MacroFile {
            package: "bench_project".into(),
            source,
        })
        .collect();
    let start = Instant::now();
    let macros = Macros::load("bench_project", &macro_files, &BTreeMap::new())
        .map_err(|found| anyhow::anyhow!("{found:?}"))?;
    println!(
        "load {} macros: {:?}",
        macros.iter().count(),
        start.elapsed()
    );
    let start = Instant::now();
    let of_static = models
        .iter()
        .filter(|source| static_calls(&macros, "bench_project", &Template::file(source)).is_some())
        .count();
    println!(
        "read {of_static} of {} without a render: {:?}",
        models.len(),
        start.elapsed()
    );
    for execute in [false, true] {
        let world: Arc<dyn World> = Arc::new(Anything { execute });
        let start = Instant::now();
        let mut bytes = 0;
        for source in &models {
            let rendered = macros
                .render(&Template::file(source), &world)
                .map_err(|diagnostic| anyhow::anyhow!("{diagnostic}"))?;
            bytes += rendered.text.len();
        }
        println!(
            "render with execute={execute}: {:?} for {bytes} bytes",
            start.elapsed()
        );
    }
    Ok(())
}
