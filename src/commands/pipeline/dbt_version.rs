//! `require-dbt-version`: which versions of dbt a project and its packages ask for.

use semver::Version;

use crate::artifacts::DBT_VERSION;
use crate::diagnostic::{Diagnostic, Span};
use crate::packages::version::{suits, unreadable};
use crate::project::Project;

/// An error for each project file that asks for another dbt than the one that is spoken here.
pub(super) fn check(project: &Project) -> Vec<Diagnostic> {
    let Ok(ours) = Version::parse(DBT_VERSION) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for package in project.all() {
        let Some(required) = &package.file.require_dbt_version else {
            continue;
        };
        if let Some(wrong) = unreadable(&required.to_json()) {
            problems.push(
                Diagnostic::error(
                    "dbt-version",
                    format!("`{wrong}` is no condition on a version of dbt"),
                )
                .at(required.span.clone())
                .help("write whole versions: `\">=1.6.0\"`, or `[\">=1.6.0\", \"<2.0.0\"]`"),
            );
            continue;
        }
        if suits(&required.to_json(), &ours) {
            continue;
        }
        let problem = Diagnostic::error(
            "dbt-version",
            format!(
                "`{}` is not for dbt {ours}, which is spoken here",
                package.name
            ),
        )
        .help("take a version of it that is, or run again with --no-version-check");
        let place: Option<Span> = Some(required.span.clone());
        problems.push(problem.at_some(place));
    }
    problems
}
