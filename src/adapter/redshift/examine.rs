//! What a session may do, for `redstart debug`.
//!
//! In: names of schemas. Out: [`Check`]s, each with what to do where something is missing.

use super::session::Session;
use super::sql::{literal, quote};
use crate::adapter::{Check, Error};

impl Session {
    /// Versions, encryption, and the privileges that a build needs.
    pub(super) fn look_around(&self, schemas: &[String]) -> Result<Vec<Check>, Error> {
        let mut checks = Vec::new();
        let good = |what: &str, found: String| Check {
            what: what.to_owned(),
            found,
            todo: None,
        };
        let version = self.one("select version()")?;
        checks.push(good("server", version.unwrap_or_default()));
        checks.push(match self.config.sslmode {
            Some(_) => good("TLS", "encrypted, the certificate checked".to_owned()),
            None => Check {
                what: "TLS".to_owned(),
                found: "not encrypted".to_owned(),
                todo: Some(
                    "leave out `sslmode: disable`, unless the network is your own".to_owned(),
                ),
            },
        });
        let user = self.one("select current_user")?.unwrap_or_default();
        checks.push(good("user", user.clone()));
        for schema in schemas {
            checks.push(self.schema(schema, &user)?);
        }
        Ok(checks)
    }

    /// Whether relations may be made in a schema.
    fn schema(&self, schema: &str, user: &str) -> Result<Check, Error> {
        let what = format!("schema `{schema}`");
        let name = literal(schema);
        let there = self.one(&format!(
            "select nspname from pg_catalog.pg_namespace where lower(nspname) = lower({name})"
        ))?;
        if there.is_none() {
            let database = literal(&self.config.database);
            let may = self.may(&format!("has_database_privilege({database}, 'create')"))?;
            let grant = format!(
                "grant create on database {} to {}",
                quote(&self.config.database),
                quote(user)
            );
            return Ok(Check {
                what,
                found: match may {
                    true => "not there, will be made".to_owned(),
                    false => "not there, and may not be made".to_owned(),
                },
                todo: (!may).then_some(grant),
            });
        }
        for privilege in ["usage", "create"] {
            if !self.may(&format!("has_schema_privilege({name}, '{privilege}')"))? {
                let grant = format!(
                    "grant {privilege} on schema {} to {}",
                    quote(schema),
                    quote(user)
                );
                return Ok(Check {
                    what,
                    found: format!("no {privilege}"),
                    todo: Some(grant),
                });
            }
        }
        Ok(Check {
            what,
            found: "usage and create".to_owned(),
            todo: None,
        })
    }

    fn may(&self, question: &str) -> Result<bool, Error> {
        let answer = self.one(&format!("select {question}"))?;
        Ok(matches!(answer.as_deref(), Some("t" | "true" | "1")))
    }

    /// The first value of an answer.
    fn one(&self, sql: &str) -> Result<Option<String>, Error> {
        let rows = self.link.text(sql)?;
        Ok(rows.into_iter().flatten().flatten().next())
    }
}
