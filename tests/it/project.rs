//! A project in a temporary folder, built file by file, on which the real program runs.
//!
//! ```ignore
//! let project = TestProject::new()
//!     .file("models/orders.sql", "select 1 as id");
//!
//! assert_snapshot!(project.redstart("build"), @"…");
//! assert_snapshot!(project.query("select * from orders"), @"…");
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output::{Output, stable};

/// The profile of a [`TestProject`] that brings none: DuckDB, emulating Redshift, in `project.duckdb`.
pub const PROFILES: &str = "\
project:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: project.duckdb
      schema: main
      emulate: redshift
      threads: 2
";

/// A project in a temporary folder called `project`, gone when this value is.
///
/// The program runs in it with an empty home folder and none of the caller's environment, so that nothing of the machine shows.
pub struct TestProject {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl TestProject {
    /// An empty project with [`PROFILES`].
    pub fn new() -> Self {
        Self::empty().file("profiles.yml", PROFILES)
    }

    /// The example project at the top of the repository, with its fixture.
    pub fn example() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut project = Self::empty();
        for name in [
            "dbt_project.yml",
            "profiles.yml",
            "models",
            "seeds",
            "tests_sql",
            "macros",
            "analyses",
            "fixtures",
        ] {
            project = project.copy(root, &root.join(name), &[]);
        }
        project
    }

    /// A whole project in a folder, with its own profile.
    pub fn example_of(folder: &Path) -> Self {
        Self::empty().copy(folder, folder, &["target", "logs"])
    }

    /// A folder without any file, not even a profile.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for inner in ["project", "home"] {
            fs::create_dir(folder.path().join(inner)).expect("an inner folder");
        }
        Self {
            folder,
            env: Vec::new(),
        }
    }

    /// [`TestProject::new`] with every file of `source` except those that `skip` names (paths from `source`).
    pub fn copy_of(source: &Path, skip: &[&str]) -> Self {
        Self::new().copy(source, source, skip)
    }

    /// Copies what lies in `from`, a file or folder below `root`, to the same path in the project.
    fn copy(mut self, root: &Path, from: &Path, skip: &[&str]) -> Self {
        for entry in walkdir::WalkDir::new(from).sort_by_file_name() {
            let entry = entry.expect("a readable folder");
            let path = entry
                .path()
                .strip_prefix(root)
                .expect("a path below the root");
            if skip.iter().any(|skipped| path.starts_with(skipped)) {
                continue;
            }
            if entry.file_type().is_file() {
                self = self.bytes(path, fs::read(entry.path()).expect("a readable file"));
            }
        }
        self
    }

    /// Writes a file, over an earlier one of this name.
    pub fn file(self, path: impl AsRef<Path>, text: impl AsRef<str>) -> Self {
        self.bytes(path, text.as_ref())
    }

    /// Writes a file that need not be UTF-8.
    pub fn bytes(self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Self {
        self.write(path, bytes);
        self
    }

    /// Writes a file between two runs.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a path in the project")).expect("a folder");
        fs::write(path, bytes).expect("a written file");
    }

    /// Makes a link, which may lead nowhere.
    #[cfg(unix)]
    pub fn link(self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a path in the project")).expect("a folder");
        std::os::unix::fs::symlink(target, path).expect("a link");
        self
    }

    /// Sets an environment variable for every run.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The project folder.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The text of a file below the project folder, as it is.
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.path().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The same with what differs from run to run filtered out.
    #[track_caller]
    pub fn read_stable(&self, path: impl AsRef<Path>) -> String {
        stable(&self.read(path), &self.path())
    }

    /// Runs the program in the project folder. `arguments` are split as a shell splits them, quotes included.
    #[track_caller]
    pub fn redstart(&self, arguments: &str) -> Output {
        let output = self
            .command(arguments)
            .output()
            .expect("the program starts");
        let text = |bytes: &[u8]| stable(&String::from_utf8_lossy(bytes), &self.path());
        let output = Output {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!(!output.stderr.contains("panicked at"), "a panic:\n{output}");
        output
    }

    /// The program ready to start, for tests that kill it or read it while it runs.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command
            .args(words(arguments))
            .current_dir(self.path())
            .env_clear();
        for kept in [
            "PATH",
            "LD_LIBRARY_PATH",
            "DYLD_LIBRARY_PATH",
            "SYSTEMROOT",
            "LLVM_PROFILE_FILE",
        ] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("HOME", self.folder.path().join("home"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The rows of a query on `project.duckdb` as text: a line of column names, then a line a row.
    #[cfg(feature = "duckdb")]
    #[track_caller]
    pub fn query(&self, sql: &str) -> String {
        self.query_file("project.duckdb", sql)
    }

    /// The same on another DuckDB file of the project.
    #[cfg(feature = "duckdb")]
    #[track_caller]
    pub fn query_file(&self, database: &str, sql: &str) -> String {
        query(&self.path().join(database), sql)
            .unwrap_or_else(|error| panic!("{error}\nin the test's query: {sql}"))
    }
}

/// The rows of one `select` on a DuckDB file, every value as DuckDB shows it.
#[cfg(feature = "duckdb")]
fn query(database: &Path, sql: &str) -> duckdb::Result<String> {
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly)?;
    let connection = duckdb::Connection::open_with_flags(database, config)?;
    let sql = sql.trim().trim_end_matches(';');
    let mut statement =
        connection.prepare(&format!("select cast(columns(*) as varchar) from ({sql})"))?;
    let mut rows = statement.query([])?;
    let names = rows.as_ref().expect("a statement that ran").column_names();
    let mut text = names.join(" | ") + "\n";
    while let Some(row) = rows.next()? {
        let values = (0..names.len())
            .map(|column| {
                Ok(row
                    .get::<_, Option<String>>(column)?
                    .unwrap_or_else(|| "NULL".to_owned()))
            })
            .collect::<duckdb::Result<Vec<_>>>()?;
        text += &(values.join(" | ") + "\n");
    }
    Ok(text)
}

/// A folder of real data, where it lies beside the clone or `REDSTART_TEST_DATA` says.
pub fn real_data(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = root.join("../shared/data").join(folder);
    let found = std::env::var_os("REDSTART_TEST_DATA")
        .map_or(found, |data| PathBuf::from(data).join(folder));
    let there = found.is_dir();
    if !there {
        skipped(&found);
    }
    there.then_some(found)
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
fn skipped(folder: &Path) {
    eprintln!(
        "SKIPPED: no real data in `{}`; REDSTART_TEST_DATA names another folder",
        folder.display()
    );
}

/// The program under test: the one that was just compiled, or the file that `REDSTART_TEST_PROGRAM` names, such as the one that is shipped.
pub fn program() -> PathBuf {
    let other = std::env::var_os("REDSTART_TEST_PROGRAM");
    other.map_or_else(|| env!("CARGO_BIN_EXE_redstart").into(), PathBuf::from)
}

/// Splits a command line at blanks; `'…'` and `"…"` hold blanks, without escapes.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if character == '"' || character == '\'' => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_keep_what_is_in_quotes_together() {
    assert_eq!(
        words(r#"show --inline "select 'a b'" --vars '{"n": 1}' '' -q"#),
        [
            "show",
            "--inline",
            "select 'a b'",
            "--vars",
            r#"{"n": 1}"#,
            "",
            "-q"
        ]
    );
}

#[test]
fn the_program_runs_in_the_project_and_sees_nothing_of_the_machine() {
    let project = TestProject::new().env("REDSTART_TEST", "yes");
    let command = project.command("--version");

    assert_eq!(command.get_current_dir(), Some(project.path().as_path()));
    let names = command
        .get_envs()
        .map(|(name, _)| name.to_string_lossy())
        .collect::<Vec<_>>();
    assert!(names.iter().any(|name| name == "REDSTART_TEST"));
    assert!(
        !names
            .iter()
            .any(|name| name.starts_with("DBT_") || name.starts_with("CARGO"))
    );
}

#[cfg(feature = "duckdb")]
#[test]
fn a_query_shows_names_values_and_nulls() -> duckdb::Result<()> {
    let project = TestProject::new();
    duckdb::Connection::open(project.path().join("project.duckdb"))?
        .execute_batch("create table t as select 1 as id, 'a' as name union all select 2, null")?;

    insta::assert_snapshot!(project.query("select * from t order by id;"), @r"
    id | name
    1 | a
    2 | NULL
    ");
    Ok(())
}
