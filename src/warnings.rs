//! What becomes of a warning: `--warn-error` and `--warn-error-options`.
//!
//! In: the words of the flag. Out: per warning, whether it stops the command, is told, or is passed over.
//! Warnings are named by dbt's names of its events or by the codes of ours.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Level};

/// The name of all of dbt's events that tell of something deprecated.
const DEPRECATIONS: &str = "Deprecations";

/// Our codes of warnings, and dbt's names of the events that tell the same.
const NAMES: &[(&str, &[&str])] = &[
    ("bad-flag", &["InvalidValueForField"]),
    ("empty-file", &[]),
    ("no-sample", &[]),
    ("not-supported", &["SemanticValidationFailure"]),
    ("repeated-key", &[]),
    ("rows-left-out", &[]),
    (
        "selector-matches-nothing",
        &[
            "NoNodesForSelectionCriteria",
            "NoNodesSelected",
            "NothingToDo",
        ],
    ),
    ("state-is-target", &["WarnStateTargetEqual"]),
    ("template-warning", &["JinjaLogWarning"]),
    ("test-warned", &["LogTestResult"]),
    ("source-stale", &["LogFreshnessResult"]),
    ("uncalled-macro", &[]),
    ("unfiltered-batches", &["MicrobatchModelNoEventTimeInputs"]),
    ("unfiltered-sample", &[]),
    ("unknown-flag", &["CustomKeyInObjectDeprecation"]),
    (
        "unknown-key",
        &[
            "CustomKeyInObjectDeprecation",
            "CustomTopLevelKeyDeprecation",
        ],
    ),
    (
        "unmatched-properties",
        &[
            "NoNodeForYamlKey",
            "MacroNotFoundForPatch",
            "WrongResourceSchemaFile",
        ],
    ),
    ("unpinned-package", &["DepsUnpinned"]),
    (
        "unsupported-constraint",
        &[
            "ConstraintNotSupported",
            "ConstraintNotEnforced",
            "UnsupportedConstraintMaterialization",
        ],
    ),
    ("untested-key", &[]),
    (
        "unused-key",
        &[
            "UnusedResourceConfigPath",
            "UnusedTables",
            "CustomKeyInConfigDeprecation",
        ],
    ),
    ("unused-selector", &[]),
];

/// Codes of warnings about what dbt passes over in silence: they are errors where they are named, and not where all are.
const ALONE: &[&str] = &["empty-file", "uncalled-macro", "unfiltered-sample"];

/// Events of dbt that may be named too, though nothing here tells the like.
const OTHERS: &[&str] = &[
    "AdapterDeprecationWarning",
    "AdapterEventWarning",
    "ArgumentsPropertyInGenericTestDeprecation",
    "BehaviorChangeEvent",
    "CatalogGenerationError",
    "CollectFreshnessReturnSignature",
    "ConfigDataPathDeprecation",
    "ConfigLogPathDeprecation",
    "ConfigSourcePathDeprecation",
    "ConfigTargetPathDeprecation",
    "CustomOutputPathInSourceFreshnessDeprecation",
    "DeprecatedModel",
    "DeprecatedReference",
    "DeprecationsSummary",
    "DepsScrubbedPackageName",
    "DuplicateNameDistinctNodeTypesDeprecation",
    "DuplicateYAMLKeysDeprecation",
    "EnvironmentVariableNamespaceDeprecation",
    "EnvironmentVariableRenamed",
    "ExposureNameDeprecation",
    "FreshnessConfigProblem",
    "GenericJSONSchemaValidationDeprecation",
    "GetMetaKeyWarning",
    "InternalDeprecation",
    "InvalidConcurrentBatchesConfig",
    "InvalidMacroAnnotation",
    "MFCumulativeTypeParamsDeprecation",
    "MFTimespineWithoutYamlConfigurationDeprecation",
    "MetricAttributesRenamed",
    "MicrobatchMacroOutsideOfBatchesDeprecation",
    "MissingArgumentsPropertyInGenericTestDeprecation",
    "MissingPlusPrefixDeprecation",
    "ModelParamUsageDeprecation",
    "ModulesItertoolsUsageDeprecation",
    "NodeNotFoundOrDisabled",
    "PackageInstallPathDeprecation",
    "PackageMaterializationOverrideDeprecation",
    "PackageNodeDependsOnRootProjectNode",
    "PackageRedirectDeprecation",
    "ProjectFlagsMovedDeprecation",
    "PropertyMovedToConfigDeprecation",
    "ResourceNamesWithSpacesDeprecation",
    "RunResultWarning",
    "RunResultWarningMessage",
    "SeedExceedsLimitAndPathChanged",
    "SeedExceedsLimitChecksumChanged",
    "SeedExceedsLimitSamePath",
    "SeedIncreased",
    "SnapshotTimestampWarning",
    "SourceFreshnessProjectHooksNotRun",
    "SourceOverrideDeprecation",
    "TestsConfigDeprecation",
    "UnexpectedJinjaBlockDeprecation",
    "UnversionedBreakingChange",
    "UpcomingReferenceDeprecation",
    "ValidationWarning",
    "WEOIncludeExcludeDeprecation",
];

/// What becomes of one warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stops the command, or fails the node.
    Error,
    /// It is told.
    Warn,
    /// It is passed over.
    Silence,
}

/// Which warnings are errors, and which are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    all: bool,
    error: BTreeSet<String>,
    warn: BTreeSet<String>,
    silence: BTreeSet<String>,
}

impl Policy {
    /// Every warning is an error: `--warn-error`.
    pub fn all_are_errors() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Reads the options: a mapping of `error` (older: `include`), `warn` (older: `exclude`) and `silence`.
    ///
    /// # Errors
    /// What is wrong, in words, with names that are near.
    pub fn read(options: &Value) -> Result<Self, Diagnostic> {
        let wrong = |what: String| Diagnostic::error("bad-flag", what);
        let Some(entries) = options.as_object() else {
            let help = "write a mapping: {error: all, warn: [NoNodesForSelectionCriteria]}";
            return Err(wrong("`warn-error-options` is no mapping".to_owned()).help(help));
        };
        let mut policy = Self::default();
        for (key, value) in entries {
            let list = match key.as_str() {
                "error" | "include" => &mut policy.error,
                "warn" | "exclude" => &mut policy.warn,
                "silence" => &mut policy.silence,
                other => {
                    return Err(wrong(format!("`warn-error-options` has no key `{other}`"))
                        .did_you_mean(other, ["error", "warn", "silence"]));
                }
            };
            match value {
                Value::Null => {}
                Value::String(word)
                    if matches!(word.as_str(), "all" | "*")
                        && key.starts_with(['e', 'i'])
                        && key != "exclude" =>
                {
                    policy.all = true;
                }
                Value::Array(names) => {
                    for name in names {
                        let name = name.as_str().unwrap_or_default();
                        list.insert(known(name)?);
                    }
                }
                _ => {
                    return Err(wrong(format!(
                        "`{key}` of `warn-error-options` is no list of names"
                    ))
                    .help("write a list of names of dbt's events, or `all` for `error`"));
                }
            }
        }
        let named = |list: &BTreeSet<String>| list.contains(DEPRECATIONS);
        if !policy.warn.is_empty()
            && !policy.all
            && !named(&policy.error)
            && !named(&policy.silence)
        {
            return Err(wrong(
                "`warn` of `warn-error-options` needs `error: all` beside it".to_owned(),
            ));
        }
        Ok(policy)
    }

    /// What becomes of a warning with this code. What is named goes before `all`; of lists, `silence` before `warn` before `error`.
    pub fn fate(&self, code: &str) -> Fate {
        let events = NAMES
            .iter()
            .find(|(ours, _)| *ours == code)
            .map_or(&[][..], |(_, events)| events);
        let named = |list: &BTreeSet<String>| {
            list.contains(code) || events.iter().any(|event| list.contains(*event))
        };
        if named(&self.silence) {
            Fate::Silence
        } else if named(&self.warn) {
            Fate::Warn
        } else if named(&self.error) || self.all && !ALONE.contains(&code) {
            Fate::Error
        } else {
            Fate::Warn
        }
    }

    /// Warnings as they are to be told: some raised to errors, some left out. Errors stay as they are.
    pub fn apply(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        found.into_iter().filter_map(|it| self.of(it)).collect()
    }

    /// One diagnostic as it is to be told.
    pub fn of(&self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        if diagnostic.level == Level::Warning {
            match self.fate(diagnostic.code) {
                Fate::Silence => return None,
                Fate::Warn => {}
                Fate::Error => {
                    diagnostic.level = Level::Error;
                    let note =
                        "a warning, which is an error by --warn-error or --warn-error-options";
                    diagnostic.notes.push(note.to_owned());
                }
            }
        }
        Some(diagnostic)
    }

    /// The options as dbt writes them among the arguments of a run.
    pub fn to_json(&self) -> Value {
        let mut error: Value = self.error.iter().cloned().collect();
        if self.all {
            error = "all".into();
        }
        serde_json::json!({ "error": error, "warn": self.warn, "silence": self.silence })
    }
}

/// A name that may stand in the options.
fn known(name: &str) -> Result<String, Diagnostic> {
    let ours = NAMES.iter().map(|(code, _)| *code);
    let events = NAMES.iter().flat_map(|(_, events)| events.iter().copied());
    let mut all = ours
        .chain(events)
        .chain(OTHERS.iter().copied())
        .chain([DEPRECATIONS]);
    if all.clone().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let message = format!("`{name}` in `warn-error-options` is the name of no warning");
    Err(Diagnostic::error("bad-flag", message).did_you_mean(name, &mut all))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(options: Value) -> Policy {
        Policy::read(&options).unwrap()
    }

    #[test]
    fn what_is_named_goes_before_all_and_silence_before_warn() {
        let none = Policy::default();
        assert_eq!(none.fate("test-warned"), Fate::Warn);
        assert_eq!(Policy::all_are_errors().fate("empty-file"), Fate::Warn);
        let empty = policy(json!({"error": ["empty-file"]}));
        assert_eq!(empty.fate("empty-file"), Fate::Error);
        let all = policy(json!({"error": "all", "warn": ["NoNodesForSelectionCriteria"]}));
        assert_eq!(all.fate("test-warned"), Fate::Error);
        assert_eq!(all.fate("selector-matches-nothing"), Fate::Warn);
        let named = policy(json!({"include": ["LogTestResult"], "silence": ["unused-key"]}));
        assert_eq!(named.fate("test-warned"), Fate::Error);
        assert_eq!(named.fate("unused-key"), Fate::Silence);
        assert_eq!(named.fate("unmatched-properties"), Fate::Warn);
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let wrong = Policy::read(&json!({"error": ["JinjaLogWarnin"]})).unwrap_err();
        assert_eq!(wrong.help, ["did you mean `JinjaLogWarning`?"]);
        assert!(Policy::read(&json!({"warn": ["LogTestResult"]})).is_err());
        assert!(Policy::read(&json!({"errors": []})).is_err());
        assert!(Policy::read(&json!([])).is_err());
    }
}
