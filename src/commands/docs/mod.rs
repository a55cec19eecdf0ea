//! `redstart docs generate`, `docs serve`, `docs coverage` and `docs diff`.

mod diff;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};

use clap::Subcommand;

use crate::artifacts::Previous;
use crate::commands::pipeline::{self, Door, Prepared, TargetFolder};
use crate::commands::selecting::Selecting;
use crate::commands::{Outcome, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::docs::dictionary::percent;
use crate::docs::serve::Server;
use crate::docs::{Dictionary, Formats, Input, Layout};
use crate::graph::Selection;
use crate::manifest::ResourceType;

/// Write the documentation of the project
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs generate                  the site, the data dictionary and catalog.json
  redstart docs serve                     the site in a browser
  redstart docs coverage --fail-under 90  exit 1 when less than 90 % of the columns are described")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Generate(Generate),
    Serve(Serve),
    Coverage(Coverage),
    Diff(diff::Diff),
}

/// Write the data dictionary and catalog.json from what is built
///
/// With a selection, only the selected nodes are in them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs generate               target/index.html, dictionary.md, dictionary.csv, catalog.json
  redstart docs generate -s dimensions only the tables of one folder
  redstart docs generate --format md   dictionary.md, and dictionary/ with a file a table")]
pub(in crate::commands) struct Generate {
    #[command(flatten)]
    pub(in crate::commands) selecting: Selecting,

    /// Use what is compiled already
    #[arg(long, overrides_with = "compile")]
    pub(in crate::commands) no_compile: bool,

    /// Compile first: the default
    #[arg(long, hide = true, overrides_with = "no_compile")]
    pub(in crate::commands) compile: bool,

    /// Do not ask the warehouse for columns
    #[arg(long)]
    pub(in crate::commands) empty_catalog: bool,

    /// Write the site as one page that holds everything, to mail or to move
    #[arg(long, visible_alias = "static")]
    pub(in crate::commands) single_file: bool,

    /// What to write, instead of the site, dictionary.md and dictionary.csv
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',')]
    pub(in crate::commands) format: Vec<Format>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Format {
    /// The site, from index.html on
    Html,
    /// dictionary.md, and the folder dictionary/ with a file a table
    Md,
    /// dictionary.csv, a line a column
    Csv,
    /// dictionary.json
    Json,
}

/// Show the site in a browser, from this machine to this machine alone
///
/// The page loads itself anew when the site is written again. Ctrl-C ends it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs generate && redstart docs serve
  redstart docs serve --port 9000 --no-browser")]
struct Serve {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// The address to listen on: one of this machine
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// Open a browser; the default on a terminal
    #[arg(long, overrides_with = "no_browser")]
    browser: bool,

    /// Do not open a browser
    #[arg(long, overrides_with = "browser")]
    no_browser: bool,
}

/// Say how many tables and columns are described, tested and owned
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart docs coverage
  redstart docs coverage --fail-under 90   exit code 1 when less is described
  redstart docs coverage --fail-under 80 --of tested
  redstart docs coverage --fail-under 100 --of owned")]
struct Coverage {
    #[command(flatten)]
    selecting: Selecting,

    /// The least share, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,

    /// What --fail-under looks at
    #[arg(long, value_enum, default_value_t = Share::Described)]
    of: Share,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    /// Columns with a description
    Described,
    /// Columns with a test
    Tested,
    /// Tables with an owner
    Owned,
}

impl Args {
    pub(in crate::commands) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        match &self.verb {
            Verb::Generate(args) => args.run(session),
            Verb::Serve(args) => args.run(session),
            Verb::Coverage(args) => args.run(session),
            Verb::Diff(args) => args.run(session),
        }
    }
}

impl Generate {
    fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let formats = self.formats()?;
        let prepared = pipeline::prepare(session)?;
        let selection = documented(session, &prepared, &self.selecting)?;
        let door = Door::of(&prepared)?;
        let folder = TargetFolder::of(session, &prepared)?;
        let kinds = pipeline::compiled_kinds();
        let manifest = &prepared.manifest;
        let queries = selection
            .iter()
            .filter(|id| kinds.contains(&manifest.node(*id).resource_type));
        let compiled = if self.no_compile {
            None
        } else {
            let compiler = pipeline::compiler(session, &prepared, &door, None, false, &selection);
            Some(compiler.all(queries).map_err(Stop::Refused)?)
        };
        let texts: Vec<Option<&str>> = manifest
            .ids()
            .map(|id| compiled.as_ref()?.sql(id).map(|sql| sql.text.as_str()))
            .collect();
        if let Some(compiled) = &compiled {
            folder.write_manifest(compiled, &texts, &BTreeSet::new())?;
        }
        // A selection by default, of selectors.yml, leaves nodes out too.
        let all = manifest
            .ids()
            .all(|id| selection.contains(id) || !kinds.contains(&manifest.node(id).resource_type));
        let last = Previous::load(&folder.path(""))?;
        let nodes = selection.iter().collect();
        let wanted = pipeline::dictionary::Wanted {
            nodes: self.selecting.is_some().then_some(&nodes),
            formats,
            whole: compiled.as_ref().filter(|_| all),
        };
        if !pipeline::dictionary::write(session, &prepared, &door, &last, &texts, wanted)? {
            let target = &prepared.project.target.name;
            session.terminal.info(format!(
                "Nothing of it is in the warehouse of `{target}` yet: rows, types and what tests found are told when it is built"
            ));
        }
        Ok(Outcome::Done)
    }

    fn formats(&self) -> Result<Formats, Stop> {
        let layout = if self.single_file {
            Layout::SingleFile
        } else {
            Layout::Folder
        };
        if self.format.is_empty() {
            return Ok(Formats {
                html: Some(layout),
                ..Formats::USUAL
            });
        }
        let has = |format| self.format.contains(&format);
        if self.single_file && !has(Format::Html) {
            let wrong = Diagnostic::error(
                "bad-flag",
                "--single-file is about the site, and --format leaves the site out",
            );
            return Err(Stop::refused(wrong.help("add `html` to --format")));
        }
        Ok(Formats {
            html: has(Format::Html).then_some(layout),
            markdown: has(Format::Md),
            pages: has(Format::Md),
            csv: has(Format::Csv),
            json: has(Format::Json),
        })
    }
}

/// The nodes that documents are about.
fn documented(
    session: &Session,
    prepared: &Prepared,
    selecting: &Selecting,
) -> Result<Selection, Stop> {
    let mut kinds = pipeline::compiled_kinds();
    kinds.extend([ResourceType::Source, ResourceType::Exposure]);
    pipeline::select(session, prepared, &selecting.request(kinds))
}

impl Serve {
    fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let refused = |what: String, help: &str| {
            Stop::refused(Diagnostic::error("docs-serve", what).help(help))
        };
        let host = match self.host.as_str() {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            other => other.parse().map_err(|_| {
                refused(
                    format!("`{other}` is not an address"),
                    "write 127.0.0.1 or leave --host out",
                )
            })?,
        };
        if !host.is_loopback() {
            return Err(refused(
                format!("the site is not served at {host}, which other machines reach"),
                "leave --host out, or copy the folder `site` to a web server",
            ));
        }
        let prepared = pipeline::prepare(session)?;
        let target = TargetFolder::of(session, &prepared)?;
        let folder = target.path("site");
        if !folder.join("index.html").is_file() {
            return Err(refused(
                format!("there is no site in `{}`", folder.display()),
                "run `redstart docs generate` first",
            ));
        }
        let address = SocketAddr::from((host, self.port));
        let server = Server::bind(&folder, address).map_err(|cause| {
            refused(
                format!("cannot listen at {address}: {cause}"),
                "choose another --port",
            )
        })?;
        let url = format!("http://{}/", server.address()?);
        session
            .terminal
            .info(format!("The site is at {url}; Ctrl-C ends it"));
        let on_terminal = std::io::stdout().is_terminal();
        if self.browser || (!self.no_browser && on_terminal) {
            open(&url);
        }
        session.begin_run();
        server.run(&|| session.cancel.is_requested())?;
        Ok(Outcome::Done)
    }
}

/// Asks the desktop for a browser; where there is none, the address was printed.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let quiet = std::process::Stdio::null;
    drop(
        std::process::Command::new(program)
            .arg(url)
            .stdin(quiet())
            .stdout(quiet())
            .stderr(quiet())
            .spawn(),
    );
}

impl Coverage {
    fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let folder = TargetFolder::of(session, &prepared)?;
        let nodes = documented(session, &prepared, &self.selecting)?;
        let nodes = nodes.iter().collect();
        let dictionary = Dictionary::new(&Input {
            manifest: &prepared.manifest,
            selected: self.selecting.is_some().then_some(&nodes),
            catalog: &[],
            previous: &Previous::load(&folder.path(""))?,
            said: &|_, _| None,
            classes: &|_, _| Vec::new(),
            ages: &std::collections::BTreeMap::new(),
            elsewhere: &std::collections::BTreeMap::new(),
            generated_at: session.started,
        });
        let coverage = dictionary.coverage();
        let (columns, tables) = (coverage.columns, coverage.tables);
        let mut low = None;
        for (share, name, all, missing, told, each) in [
            (
                Some(Share::Described),
                "described",
                columns,
                &coverage.undocumented,
                "declared columns are described",
                "not described",
            ),
            (
                Some(Share::Tested),
                "tested",
                columns,
                &coverage.untested,
                "declared columns are tested",
                "not tested",
            ),
            (
                None,
                "described",
                tables,
                &coverage.undescribed,
                "tables are described",
                "not described",
            ),
            (
                Some(Share::Owned),
                "owned",
                tables,
                &coverage.unowned,
                "tables have an owner",
                "without an owner",
            ),
        ] {
            let done = all - missing.len();
            let percent = percent(done, all);
            let terminal = &session.terminal;
            terminal.info(format!("{done} of {all} {told} ({percent}%)"));
            for one in missing {
                terminal.info(format!("  {each}: {one}"));
            }
            let least = self.fail_under.map(usize::from);
            if share == Some(self.of) && least.is_some_and(|least| percent < least) {
                low = Some((name, percent));
            }
        }
        let Some((name, percent)) = low else {
            return Ok(Outcome::Done);
        };
        session.terminal.info(format!(
            "{percent}% are {name}, less than the {}% that --fail-under asks for",
            self.fail_under.unwrap_or_default()
        ));
        Ok(Outcome::Failed)
    }
}
