//! Who may read and write what was made (`grants`).
//!
//! In: the configuration, and what others may do with a table that stays. Out: statements that give and take privileges.

use std::collections::BTreeMap;

use super::Input;
use crate::adapter::Statement;
use crate::relation::Relation;

/// Grants on a relation that was just made, on which nobody was granted anything.
pub(super) fn of_new(input: &Input<'_>, relation: &Relation) -> Vec<Statement> {
    let all = input.node.config.grants.iter();
    all.filter(|(_, grantees)| !grantees.is_empty())
        .map(|(privilege, grantees)| Statement::Grant {
            relation: relation.clone(),
            privilege: privilege.clone(),
            grantees: grantees.clone(),
        })
        .collect()
}

/// Grants on a table that stays: as in dbt, what the configuration does not name is taken back and then what is missing given.
/// Without `grants`, and where nobody asked who may do what, nothing is taken.
pub(super) fn of_old(input: &Input<'_>, relation: &Relation) -> Vec<Statement> {
    let wanted = &input.node.config.grants;
    let granted = input.existing.granted(relation);
    let Some(granted) = granted.filter(|_| !wanted.is_empty()) else {
        return of_new(input, relation);
    };
    let mut gone: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for it in granted {
        let mut of_privilege = wanted.iter().filter(|(name, _)| same(name, &it.privilege));
        if !of_privilege.any(|(_, grantees)| grantees.iter().any(|who| same(who, &it.grantee))) {
            let grantees = gone.entry(&it.privilege).or_default();
            grantees.push(it.grantee.clone());
        }
    }
    let mut statements: Vec<Statement> = gone
        .into_iter()
        .map(|(privilege, grantees)| Statement::Revoke {
            relation: relation.clone(),
            privilege: privilege.to_owned(),
            grantees,
        })
        .collect();
    let missing = wanted.iter().filter_map(|(privilege, grantees)| {
        let has = |who: &String| {
            let mut granted = granted.iter();
            granted.any(|it| same(privilege, &it.privilege) && same(who, &it.grantee))
        };
        let grantees: Vec<String> = grantees.iter().filter(|who| !has(who)).cloned().collect();
        (!grantees.is_empty()).then(|| Statement::Grant {
            relation: relation.clone(),
            privilege: privilege.clone(),
            grantees,
        })
    });
    statements.extend(missing);
    statements
}

/// Whether two names of a privilege or of a user are the same.
fn same(left: &str, right: &str) -> bool {
    let bare = |name: &str| {
        let name = name.trim().to_lowercase();
        let name = name.strip_prefix("user:").unwrap_or(&name);
        name.trim().trim_matches('"').to_owned()
    };
    bare(left) == bare(right)
}
