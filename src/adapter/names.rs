//! How long names may be: what a warehouse would refuse or cut is refused before anything runs.
//!
//! In: a typed statement. Out: nothing, or the [`Refusal`] of the name that it gives to something new.

use super::Refusal;
use super::statement::Statement;

/// The most bytes of a name on Redshift: <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>.
pub(super) const ON_REDSHIFT: usize = 127;

/// The most bytes of a name that PostgreSQL keeps: two longer ones could become one.
pub(super) const ON_POSTGRES: usize = 63;

/// Refuses the name of a new relation or schema that is too long. `most` is what the warehouse does: "Redshift takes 127".
pub(super) fn check(statement: &Statement, longest: usize, most: &str) -> Result<(), Refusal> {
    let name = match statement {
        Statement::CreateTableAs { relation, .. }
        | Statement::CreateTable { relation, .. }
        | Statement::CreateMaterializedView { relation, .. }
        | Statement::CreateView { relation, .. } => &relation.identifier,
        Statement::Rename { to, .. } => to,
        Statement::CreateSchema { schema, .. } => schema,
        _ => return Ok(()),
    };
    if name.len() <= longest {
        return Ok(());
    }
    Err(Refusal {
        code: "name-too-long",
        message: format!(
            "the name `{name}` has {} bytes, {most} {longest}",
            name.len()
        ),
        range: None,
        reason: None,
        help: Some("give it a shorter one with `alias`".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_measured_in_bytes() {
        let schema = |name: String| Statement::CreateSchema {
            database: None,
            schema: name,
        };
        let fits = schema("é".repeat(63));
        assert!(check(&fits, ON_REDSHIFT, "Redshift takes").is_ok());
        let refused = check(&schema("é".repeat(64)), ON_REDSHIFT, "Redshift takes").unwrap_err();
        assert!(
            refused
                .message
                .ends_with("` has 128 bytes, Redshift takes 127")
        );
    }
}
