//! What a template asks for: the one seam between the template language and everything else.
//!
//! In: calls like `ref('orders')` that a template makes while it renders. Out: the answers, or a [`Diagnostic`].
//! A room that renders templates implements [`World`]; each method has an answer that says the name is not available there.

use minijinja::Value;

use super::values::{ColumnValue, RelationValue, TableValue};
use crate::diagnostic::Diagnostic;
use crate::relation::Relation;

/// The name under which a world knows its project, as dbt's internals show it: `builtins.ref.config`.
pub const PROJECT: &str = "__project";

/// The code of the diagnostic with which a world says that only a warehouse knows the answer and none is connected.
///
/// Whoever renders without a connection takes a diagnostic of this code as "this node is late", not as a mistake.
pub const LATE: &str = "late";

/// What a world answers: a value, or what is wrong. The span is added by the renderer when the world gives none.
pub type Answer<T> = Result<T, Box<Diagnostic>>;

/// The arguments of a `ref` call.
#[derive(Clone, Debug)]
pub struct RefCall<'a> {
    /// The package, in the two-argument form.
    pub package: Option<&'a str>,
    /// The name of the model, seed or snapshot.
    pub name: &'a str,
    /// The version, from `v=` or `version=`.
    pub version: Option<Value>,
}

/// What a template asks of the warehouse. Only asked while `execute` is true.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// Runs SQL, which may be several statements: [`Reply::Answer`].
    Query {
        /// The text.
        sql: &'a str,
        /// Whether a transaction is opened first, where none is.
        begin: bool,
    },
    /// Renames a relation, in a transaction: [`Reply::Nothing`].
    Rename {
        /// From.
        from: &'a RelationValue,
        /// To.
        to: &'a RelationValue,
    },
    /// Commits the open transaction, if there is one: [`Reply::Nothing`].
    Commit,
    /// Whether a relation exists: [`Reply::Relation`] with its kind, or [`Reply::Nothing`].
    Relation(&'a Relation),
    /// The columns of a relation: [`Reply::Columns`].
    Columns(&'a Relation),
    /// All relations of a schema: [`Reply::Relations`].
    Relations {
        /// The database, where it was named.
        database: Option<&'a str>,
        /// The schema.
        schema: &'a str,
    },
    /// Whether a schema exists: [`Reply::Bool`].
    SchemaExists {
        /// The database, where it was named.
        database: Option<&'a str>,
        /// The schema.
        schema: &'a str,
    },
}

/// The answer to a [`Question`].
#[derive(Clone, Debug)]
pub enum Reply {
    /// Nothing to tell, or not found.
    Nothing,
    /// Yes or no.
    Bool(bool),
    /// What SQL gave.
    Answer {
        /// The rows; none for statements that give no rows.
        table: TableValue,
        /// The number of rows that were given or written, where it is known.
        rows: Option<u64>,
    },
    /// One relation.
    Relation(RelationValue),
    /// Several relations.
    Relations(Vec<RelationValue>),
    /// Columns in order.
    Columns(Vec<ColumnValue>),
}

/// The outside of a template, as far as the template can see it.
///
/// A render holds the world for its whole length and asks it from one thread at a time. A world that collects (the refs of a
/// model, its config) does so behind a `Mutex`.
pub trait World: Send + Sync {
    /// dbt's name of the adapter (`redshift`, `postgres`, `duckdb`): decides where `adapter.dispatch` looks.
    fn dialect(&self) -> &str;

    /// The package that the template belongs to: its own macros are found first.
    fn package(&self) -> &str;

    /// Whether the render may look at what exists; false while the project is parsed.
    fn execute(&self) -> bool {
        false
    }

    /// Whether a macro or a variable that is missing is none of the render's business: as in dbt, a template that calls one is refused
    /// when it is compiled, and not when the project is parsed.
    fn forgives(&self) -> bool {
        false
    }

    /// Notes that the template is wrong, whatever it asks for when it is rendered again to find what else is.
    fn is_wrong(&self) {}

    /// Whether the template may change the warehouse while it renders, so that it must not be rendered twice.
    fn acts(&self) -> bool {
        false
    }

    /// A plain name: `this`, `target`, `model`, `flags`, `graph`, `invocation_id`, `run_started_at`, `project_name`, `database`,
    /// `schema`, `thread_id`, `selected_resources`, and whatever else holds only here (`results` in a hook, the arguments of a test).
    fn global(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The names that [`World::global`] knows, for "did you mean".
    fn global_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// `ref(…)`.
    ///
    /// # Errors
    /// When nothing has this name.
    fn ref_(&self, call: &RefCall<'_>) -> Answer<RelationValue> {
        let _ = call;
        unavailable("ref")
    }

    /// `source(source, table)`.
    ///
    /// # Errors
    /// When nothing has this name.
    fn source(&self, source: &str, table: &str) -> Answer<RelationValue> {
        let _ = (source, table);
        unavailable("source")
    }

    /// `config(…)`: settings in the order they were written. Called while parsing and again while executing.
    ///
    /// # Errors
    /// When a setting is not understood.
    fn set_config(&self, settings: &[(String, Value)]) -> Answer<()> {
        let _ = settings;
        unavailable("config")
    }

    /// `config.get(key)`, `None` where it is not set.
    ///
    /// # Errors
    /// When there is no config here.
    fn config(&self, key: &str) -> Answer<Option<Value>> {
        let _ = key;
        unavailable("config")
    }

    /// `var(name)`, `None` where it is not set.
    ///
    /// # Errors
    /// When variables cannot be used here.
    fn var(&self, name: &str) -> Answer<Option<Value>> {
        let _ = name;
        unavailable("var")
    }

    /// The names of the variables that have a value.
    fn var_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// `env_var(name)`, `None` where it is not set.
    ///
    /// # Errors
    /// When the variable may not be read here (a secret in a model).
    fn env_var(&self, name: &str) -> Answer<Option<String>> {
        let _ = name;
        unavailable("env_var")
    }

    /// `doc(name)` or `doc(package, name)`: the text of a docs block.
    ///
    /// # Errors
    /// When there is no such block.
    fn doc(&self, package: Option<&str>, name: &str) -> Answer<String> {
        let _ = (package, name);
        unavailable("doc")
    }

    /// `is_incremental()`; only asked while `execute` is true.
    fn is_incremental(&self) -> bool {
        false
    }

    /// What a macro returns whatever its arguments, where a unit test says so; `package` where it is called as `package.name`.
    fn overridden(&self, package: Option<&str>, name: &str) -> Option<Value> {
        let _ = (package, name);
        None
    }

    /// A question to the warehouse.
    ///
    /// # Errors
    /// A diagnostic with the code [`LATE`] when no connection is there to ask; otherwise what the warehouse said.
    fn ask(&self, question: &Question<'_>) -> Answer<Reply> {
        let what = match question {
            Question::Query { .. } => "run_query",
            _ => "adapter",
        };
        unavailable(what)
    }

    /// `store_result(name, response)`: what a named statement answered. The one called `main` is the materialization's own.
    fn stored(&self, name: &str, response: &Value) {
        let _ = (name, response);
    }

    /// `log(message, info)`; `info` means that the user sees it.
    fn log(&self, message: &str, info: bool) {
        let _ = (message, info);
    }

    /// `print(message)`: the user sees it, however little else is told.
    fn print(&self, message: &str) {
        self.log(message, true);
    }

    /// `exceptions.warn(message)`: a warning with the place of the call.
    ///
    /// # Errors
    /// The warning, where it is to be an error.
    fn warn(&self, warning: Diagnostic) -> Answer<()> {
        let _ = warning;
        Ok(())
    }
}

/// Says that a name of the template language has no meaning where the template stands.
///
/// # Errors
/// Always.
pub fn unavailable<T>(name: &str) -> Answer<T> {
    Err(Box::new(Diagnostic::error(
        "not-available-here",
        format!("`{name}` cannot be used here"),
    )))
}

/// Says that the answer must wait for a connection.
pub fn late(what: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(
        LATE,
        format!("`{what}` needs a connection to the warehouse"),
    ))
}
