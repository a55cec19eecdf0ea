//! `--select`, `--exclude` and what belongs to them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::graph::{Definitions, IndirectSelection, Request, Selection};
use crate::manifest::{Manifest, NodeId, ResourceType};

/// The kinds of node that have rows of their own.
pub const WITH_ROWS: [ResourceType; 4] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Source,
];

/// Which nodes a command is about.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Selecting {
    /// Nodes to take: names, +parents, children+, tag:x, path:x, source:x, config.x:y; a comma means both
    #[arg(short, long, value_name = "SELECTOR", num_args = 1..)]
    pub select: Vec<String>,

    /// An older name of --select
    #[arg(short, long, alias = "model", value_name = "SELECTOR", num_args = 1.., hide = true)]
    pub models: Vec<String>,

    /// Nodes to leave out, in the same language
    #[arg(long, value_name = "SELECTOR", num_args = 1..)]
    pub exclude: Vec<String>,

    /// A selection that selectors.yml defines
    #[arg(long, value_name = "NAME", conflicts_with_all = ["select", "models", "exclude"])]
    pub selector: Option<String>,

    /// Which tests come along with selected nodes [default: eager]
    #[arg(
        long,
        value_name = "MODE",
        env = "DBT_INDIRECT_SELECTION",
        hide_env_values = true,
        ignore_case = true
    )]
    pub indirect_selection: Option<Indirect>,

    /// The artifacts of an earlier run.
    #[command(flatten)]
    pub earlier: Earlier,
}

/// The artifacts of an earlier run: to compare with, and whose relations unselected nodes may lend.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Earlier {
    /// Folder with the artifacts of an earlier run, for state:modified, result:error and --defer
    #[arg(long, value_name = "FOLDER", env = "DBT_STATE", hide_env_values = true)]
    pub state: Option<PathBuf>,

    /// Read what is neither selected nor built here from where the earlier run built it
    #[arg(long, env = "DBT_DEFER", hide_env_values = true, value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue, overrides_with = "no_defer")]
    pub defer: bool,

    /// The opposite of --defer
    #[arg(long, hide = true, overrides_with = "defer")]
    pub no_defer: bool,

    /// Folder with the manifest to defer to, where that is another than --state
    #[arg(
        long,
        value_name = "FOLDER",
        env = "DBT_DEFER_STATE",
        hide_env_values = true,
        hide = true
    )]
    pub defer_state: Option<PathBuf>,

    /// With --defer: read every unselected node from there, also where it is built here
    #[arg(long, env = "DBT_FAVOR_STATE", hide_env_values = true, value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue, overrides_with = "no_favor_state", hide = true)]
    pub favor_state: bool,

    /// The opposite of --favor-state
    #[arg(long, hide = true, overrides_with = "favor_state")]
    pub no_favor_state: bool,
}

impl Selecting {
    /// Whether no `--select` restricts the command.
    pub fn is_everything(&self) -> bool {
        self.select.is_empty() && self.models.is_empty() && self.selector.is_none()
    }

    /// Whether any nodes were asked for or left out.
    pub fn is_some(&self) -> bool {
        let words = [&self.select, &self.models, &self.exclude];
        self.selector.is_some() || words.iter().any(|words| !words.is_empty())
    }

    /// What is asked for, of nodes of these kinds.
    pub fn request(&self, kinds: impl IntoIterator<Item = ResourceType>) -> Asked {
        Asked {
            select: [self.select.as_slice(), &self.models].concat(),
            exclude: self.exclude.clone(),
            selector: self.selector.clone(),
            kinds: kinds.into_iter().collect(),
            indirect: self.indirect_selection.map(IndirectSelection::from),
            earlier: self.earlier.clone(),
        }
    }
}

/// The words of the command line, before the project says what they mean.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `--select`.
    pub select: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--selector`.
    pub selector: Option<String>,
    /// The kinds of node that the command works on.
    pub kinds: BTreeSet<ResourceType>,
    /// `--indirect-selection`.
    pub indirect: Option<IndirectSelection>,
    /// `--state` and `--defer`.
    pub earlier: Earlier,
}

impl Asked {
    /// The request in a project: `--selector`, or the default selector where nothing else is asked, by its definition.
    ///
    /// # Errors
    /// A selector that is not defined.
    pub fn request(&self, definitions: &Definitions) -> Result<Request, Diagnostic> {
        let default = || {
            let nothing = self.select.is_empty() && self.exclude.is_empty();
            nothing.then(|| definitions.default_name()).flatten()
        };
        let name = self.selector.as_deref().or_else(default);
        Ok(Request {
            select: self.select.clone(),
            exclude: self.exclude.clone(),
            resource_types: Some(self.kinds.clone()),
            indirect: self.indirect.unwrap_or_default(),
            definition: name
                .map(|name| {
                    definitions.find(name).map_err(|problem| {
                        let said = Source::new("--selector", name);
                        problem.or_at(Span::file(&said))
                    })
                })
                .transpose()?,
            compared: None,
        })
    }
}

/// The selected nodes without the tests that came along with what they test, unless tests are all there is.
pub fn asked_for(manifest: &Manifest, selection: &Selection) -> Vec<NodeId> {
    let is_test = |id: &NodeId| manifest.node(*id).resource_type.is_test();
    let only_tests = selection.iter().all(|id| is_test(&id));
    selection
        .iter()
        .filter(|id| only_tests || !is_test(id))
        .collect()
}

/// Which kinds of node a command is about.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Kinds {
    /// Only nodes of these kinds
    #[arg(long, alias = "resource-types", value_name = "KIND", num_args = 1.., env = "DBT_RESOURCE_TYPES", hide_env_values = true, value_delimiter = ' ', ignore_case = true, hide_possible_values = true)]
    pub resource_type: Vec<Kind>,

    /// No nodes of these kinds
    #[arg(long, alias = "exclude-resource-types", value_name = "KIND", num_args = 1.., env = "DBT_EXCLUDE_RESOURCE_TYPES", hide_env_values = true, value_delimiter = ' ', ignore_case = true, hide_possible_values = true)]
    pub exclude_resource_type: Vec<Kind>,
}

impl Kinds {
    /// The kinds that are left of those a command works on by default, and of all that it can work on.
    pub fn of(&self, default: &[ResourceType], all: &[ResourceType]) -> BTreeSet<ResourceType> {
        let expand = |kinds: &[Kind]| -> BTreeSet<ResourceType> {
            kinds
                .iter()
                .flat_map(|kind| match kind {
                    Kind::All => all.to_vec(),
                    Kind::Default => default.to_vec(),
                    kind => kind.resource_type().into_iter().collect(),
                })
                .collect()
        };
        let wanted = if self.resource_type.is_empty() {
            default.iter().copied().collect()
        } else {
            expand(&self.resource_type)
        };
        let unwanted = expand(&self.exclude_resource_type);
        wanted
            .into_iter()
            .filter(|kind| all.contains(kind) && !unwanted.contains(kind))
            .collect()
    }
}

/// What `--resource-type` takes: dbt's kinds, also those of which there are no nodes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
#[expect(missing_docs, reason = "dbt's names of kinds")]
pub enum Kind {
    Model,
    Seed,
    Snapshot,
    Test,
    Analysis,
    Source,
    Exposure,
    UnitTest,
    Function,
    Metric,
    SavedQuery,
    SemanticModel,
    Default,
    All,
}

impl Kind {
    fn resource_type(self) -> Option<ResourceType> {
        match self {
            Self::Model => Some(ResourceType::Model),
            Self::Seed => Some(ResourceType::Seed),
            Self::Snapshot => Some(ResourceType::Snapshot),
            Self::Test => Some(ResourceType::Test),
            Self::Analysis => Some(ResourceType::Analysis),
            Self::Source => Some(ResourceType::Source),
            Self::Exposure => Some(ResourceType::Exposure),
            Self::UnitTest => Some(ResourceType::UnitTest),
            Self::Metric => Some(ResourceType::Metric),
            Self::SemanticModel => Some(ResourceType::SemanticModel),
            Self::SavedQuery => Some(ResourceType::SavedQuery),
            _ => None,
        }
    }
}

/// The values of `--indirect-selection`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Indirect {
    /// Tests with at least one selected parent
    #[default]
    Eager,
    /// Tests whose parents are all selected
    Cautious,
    /// Tests whose parents are all selected or read by what is
    Buildable,
    /// No tests
    Empty,
}

impl From<Indirect> for IndirectSelection {
    fn from(mode: Indirect) -> Self {
        match mode {
            Indirect::Eager => Self::Eager,
            Indirect::Cautious => Self::Cautious,
            Indirect::Buildable => Self::Buildable,
            Indirect::Empty => Self::Empty,
        }
    }
}
