//! Mistakes that only follow from others.
//!
//! In: what was found wrong in a project of which some files could not be read. Out: what is worth telling.

use crate::diagnostic::{Diagnostic, Diagnostics, Level};
use crate::jinja::Macros;
use crate::project::Project;

/// What is left when the mistakes go that the gaps of the project explain, and the warnings, which nobody can act on yet.
pub fn without_consequences(
    project: &Project,
    macros: &Macros,
    mut problems: Diagnostics,
) -> Diagnostics {
    let gaps = &project.gaps;
    if !gaps.any() && macros.is_whole() {
        return problems;
    }
    let is_own = |problem: &Diagnostic| match problem.code {
        _ if problem.level == Level::Warning => false,
        "unknown-source" | "unknown-group" | "duplicate-name" | "disabled-ref" => !gaps.properties,
        "duplicate-relation" => !gaps.properties && macros.is_whole(),
        "unknown-docs-block" => !gaps.docs,
        "undefined-macro" | "unknown-test" => macros.is_whole(),
        _ => true,
    };
    problems.0.retain(is_own);
    problems
}
