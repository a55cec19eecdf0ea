//! Macros of dbt that a project replaces, and that nothing here would call.
//!
//! In: the macros of a project. Out: what is refused: passing over a replacement would do something else than the project asks for.

use super::resolve::Resolver;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// By which dbt decides data tests.
const OF_TESTS: &str = "get_test_sql";

/// Refuses a macro of the project by which dbt would decide its data tests.
pub(super) fn refuse(resolver: &Resolver<'_>, problems: &mut Diagnostics) {
    let dialect = &resolver.shared.dialect;
    let forms = [
        OF_TESTS.to_owned(),
        format!("{dialect}__{OF_TESTS}"),
        format!("default__{OF_TESTS}"),
    ];
    let found = forms
        .iter()
        .filter_map(|form| resolver.macros.find(&resolver.shared.project, form))
        .find(|found| found.package != "dbt");
    if let Some(found) = found {
        problems.push(
            Diagnostic::error(
                "not-supported-yet",
                format!("the project overrides `{OF_TESTS}`, which is not supported yet"),
            )
            .at(found.span.clone())
            .label("data tests are decided without this macro")
            .help("remove the macro: `fail_calc`, `warn_if`, `error_if` and `limit` of a test say what it would"),
        );
    }
}
