//! What a session may do, for `redstart debug`.
//!
//! In: [`Needs`]. Out: [`Check`]s, each with what to do where something is missing.

use std::collections::BTreeSet;

use super::catalog::in_list;
use super::external::External;
use super::session::Session;
use super::sql::{self, literal, quote};
use crate::adapter::{Check, Error, Needs};
use crate::relation::Relation;

impl Session {
    /// Versions, encryption, and the privileges that a build needs.
    pub(super) fn look_around(&self, needs: &Needs) -> Result<Vec<Check>, Error> {
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
        for schema in &needs.schemas {
            checks.push(self.schema(schema, &user)?);
        }
        checks.extend(self.sources(&needs.sources, &user)?);
        for (role, command) in &needs.roles {
            checks.push(self.role(role, command));
        }
        Ok(checks)
    }

    /// Whether the sources can be read: one question for all of them, and an answer for those that cannot.
    fn sources(&self, sources: &[Relation], user: &str) -> Result<Vec<Check>, Error> {
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let schemas: Vec<String> = sources.iter().map(|source| source.schema.clone()).collect();
        let seen = self.link.texts::<4>(&format!(
            "select n.nspname, c.relname, has_schema_privilege(n.nspname, 'usage'),
               has_table_privilege('\"' || n.nspname || '\".\"' || c.relname || '\"', 'select')
             from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where lower(n.nspname) in ({}) and c.relkind in ('r', 'v')",
            in_list(&schemas)
        ))?;
        let yes = |answer: &String| matches!(answer.as_str(), "t" | "true" | "1");
        let case = self.name_case()?;
        let of = |source: &Relation| {
            let (schema, name) = (case.said(&source.schema), case.said(&source.identifier));
            let mut seen = seen.iter();
            seen.find(|[of, relation, ..]| *of == schema && *relation == name)
        };
        let unseen = sources.iter().filter(|source| of(source).is_none());
        let unseen: Vec<String> = unseen.map(|source| source.schema.clone()).collect();
        let external = match unseen.is_empty() {
            true => External::default(),
            false => self.read_external(&unseen)?,
        };
        let mut closed = BTreeSet::new();
        for schema in &external.schemas {
            let schema = literal(schema);
            if !self.may(&format!("has_schema_privilege({schema}, 'usage')"))? {
                closed.insert(schema);
            }
        }
        let mut checks = Vec::new();
        for source in sources {
            let (schema, name) = source.key();
            let (found, todo) = match of(source) {
                None if closed.contains(&literal(&schema)) => (
                    "no usage of its schema, which is external",
                    format!(
                        "grant usage on schema {} to {}",
                        quote(&source.schema),
                        quote(user)
                    ),
                ),
                None if external.tables.contains(&(schema.clone(), name)) => continue,
                None if external.schemas.contains(&schema) => (
                    "not in its schema, which is external",
                    format!(
                        "look for `{}` in the data catalog behind the schema",
                        source.identifier
                    ),
                ),
                None => (
                    "not seen: it is not there, or the schema may not be used",
                    format!(
                        "grant usage on schema {} to {}, if it is",
                        quote(&source.schema),
                        quote(user)
                    ),
                ),
                Some([_, _, usage, _]) if !yes(usage) => (
                    "no usage of its schema",
                    format!(
                        "grant usage on schema {} to {}",
                        quote(&source.schema),
                        quote(user)
                    ),
                ),
                Some([_, _, _, select]) if !yes(select) => (
                    "may not be read",
                    format!("grant select on {} to {}", sql::name(source), quote(user)),
                ),
                Some(_) => continue,
            };
            checks.push(Check {
                what: format!("source `{source}`"),
                found: found.to_owned(),
                todo: Some(todo),
            });
        }
        if checks.is_empty() {
            checks.push(Check {
                what: "sources".to_owned(),
                found: format!("all {} can be read", sources.len()),
                todo: None,
            });
        }
        Ok(checks)
    }

    /// Whether the user may take a role in a command. What the role itself may do, only S3 knows.
    fn role(&self, role: &str, command: &str) -> Check {
        let what = format!("role for {command}");
        let default = role.eq_ignore_ascii_case("default");
        let answer = match default {
            true => self.one("select default_iam_role()"),
            false => self.one(&format!(
                "select has_assumerole_privilege(current_user, {}, {})",
                literal(role),
                literal(command)
            )),
        };
        let (found, todo) = match (answer, default) {
            (Err(error), _) => (format!("`{role}`: the server does not say ({})", error.message), None),
            (Ok(Some(arn)), true) if !arn.is_empty() => (format!("default, which is `{arn}`"), None),
            (Ok(_), true) => (
                "no role is the default".to_owned(),
                Some("attach a role to the cluster or the namespace and make it the default, or name one as `iam_role`".to_owned()),
            ),
            (Ok(Some(yes)), false) if matches!(yes.as_str(), "t" | "true" | "1") => {
                (format!("`{role}` may be taken"), None)
            }
            (Ok(_), false) => (
                format!("`{role}` may not be taken"),
                Some(format!("grant assumerole on {} to the user for {command}", literal(role))),
            ),
        };
        Check { what, found, todo }
    }

    /// Whether relations may be made in a schema.
    fn schema(&self, schema: &str, user: &str) -> Result<Check, Error> {
        let what = format!("schema `{schema}`");
        let name = literal(&self.name_case()?.said(schema));
        let there = self.one(&format!(
            "select nspname from pg_catalog.pg_namespace where nspname = {name}"
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
