//! What the property files say of nodes, by the names of the nodes' files.
//!
//! In: the declarations of a package, and those of the project about the package's nodes. Out: [`ByName`], and what belongs to no file.

use std::collections::{BTreeMap, HashSet};

use super::resolve::Resolver;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::project::Package;
use crate::project::properties::{NodeProperties, Properties};

/// Declarations of one kind by name.
pub struct ByName<'a>(BTreeMap<&'a str, &'a NodeProperties>);

impl<'a> ByName<'a> {
    fn new<'n>(
        kind: &str,
        declared: impl IntoIterator<Item = &'a NodeProperties>,
        files: impl Iterator<Item = &'n str> + Clone,
        problems: &mut Diagnostics,
    ) -> Self {
        let mut by_name: BTreeMap<&str, &NodeProperties> = BTreeMap::new();
        let known = files.clone().collect::<HashSet<_>>();
        for properties in declared {
            let name = properties.file();
            if let Some(first) = by_name.get(name) {
                problems.push(
                    Diagnostic::error(
                        "duplicate-properties",
                        format!("the {kind} `{name}` is declared twice"),
                    )
                    .at(properties.name.span.clone())
                    .related("the first declaration", first.name.span.clone())
                    .help("keep one of them"),
                );
                continue;
            }
            let own = kind == "snapshot" && properties.relation.is_some();
            if let Some(relation) = properties.relation.as_ref().filter(|_| kind != "snapshot") {
                problems.push(
                    Diagnostic::error(
                        "unknown-key",
                        format!("the {kind} `{name}` has a `relation`, which is for snapshots"),
                    )
                    .at(relation.span.clone()),
                );
            }
            if !known.contains(name) && !own {
                let extension = if kind == "seed" { "csv" } else { "sql" };
                problems.push(
                    Diagnostic::warning(
                        "unmatched-properties",
                        format!("there is no {kind} `{name}`"),
                    )
                    .at(properties.name.span.clone())
                    .label(format!("no file `{name}.{extension}`"))
                    .did_you_mean(name, files.clone()),
                );
            }
            by_name.insert(name, properties);
        }
        Self(by_name)
    }

    /// The declaration of a name.
    pub fn get(&self, name: &str) -> Option<&'a NodeProperties> {
        self.0.get(name).copied()
    }
}

impl<'a> Resolver<'a> {
    /// The declarations of one kind by name: the package's own, and what the project says of the package's nodes. As in dbt, both at
    /// once are too many.
    pub(super) fn by_name<'d>(
        &self,
        kind: &str,
        own: &[&'d NodeProperties],
        declared: fn(&Properties) -> &Vec<NodeProperties>,
        files: impl Fn(&'d Package) -> Vec<&'d str>,
        problems: &mut Diagnostics,
    ) -> ByName<'d>
    where
        'a: 'd,
    {
        let root = &self.project.own;
        let mut known = files(self.package);
        let mut by_project: Vec<&NodeProperties> = Vec::new();
        if root.name == self.package.name {
            known.extend(self.project.packages.iter().flat_map(&files));
        } else {
            let of_root: HashSet<&str> = files(root).into_iter().collect();
            let here: HashSet<&str> = known.iter().copied().collect();
            by_project.extend(declared(&root.properties).iter().filter(|said| {
                let name = said.name.value.as_str();
                said.versions.is_none() && here.contains(name) && !of_root.contains(name)
            }));
        }
        let all = own.iter().copied().chain(by_project);
        ByName::new(kind, all, known.iter().copied(), problems)
    }
}
