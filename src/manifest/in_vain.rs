//! Descriptions of macros and of tests in files that nobody finds.
//!
//! In: the project and its macros. Out: warnings at the names.

use crate::diagnostic::Diagnostic;
use crate::jinja::Macros;
use crate::project::Project;

/// A warning a name that property files describe and no file holds.
pub(super) fn descriptions(project: &Project, macros: &Macros) -> Vec<Diagnostic> {
    let mut found = of_tests(project);
    if macros.is_whole() {
        found.extend(of_macros(project, macros));
    }
    found
}

fn of_macros(project: &Project, macros: &Macros) -> Vec<Diagnostic> {
    let described = project.all().flat_map(|package| {
        let of_package = package.properties.macros.iter();
        of_package.map(move |described| (&package.name, &described.name))
    });
    let missing = described.filter(|(package, name)| {
        let found = macros.find(package, &name.value);
        found.is_none_or(|found| found.package != **package)
    });
    missing
        .map(|(package, name)| {
            let own = macros.iter().filter(|known| known.package == *package);
            Diagnostic::warning(
                "unmatched-properties",
                format!("there is no macro `{}` to describe", name.value),
            )
            .at(name.span.clone())
            .did_you_mean(&name.value, own.map(|known| known.name.as_str()))
        })
        .collect()
}

fn of_tests(project: &Project) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for package in project.all() {
        let files = || package.singular_tests.iter().map(|file| file.stem());
        for described in &package.properties.singular_tests {
            let name = &described.name;
            if files().any(|file| file == name.value) {
                continue;
            }
            found.push(
                Diagnostic::warning(
                    "unmatched-properties",
                    format!("there is no test `{}` to describe", name.value),
                )
                .at(name.span.clone())
                .label(format!("no file `{}.sql`", name.value))
                .did_you_mean(&name.value, files()),
            );
        }
    }
    found
}
