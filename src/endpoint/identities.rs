//! Users, groups, roles, and what is granted to them. Recorded and shown; nothing is kept from anybody.

use sqlparser::tokenizer::Token;

use super::failure::Failure;
use super::session::{Answer, Session};
use super::words::Words;
use crate::adapter::emulating::literal;

/// Who gets a privilege.
struct Grantee {
    kind: String,
    name: String,
}

/// Refuses a password that is too simple: <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html>.
fn check_password(words: &Words, from: usize) -> Result<(), Failure> {
    let at = words.find(from, "password");
    let Some(password) = at.and_then(|at| words.text(at + 1)) else {
        return Ok(());
    };
    let is_digest = password.starts_with("sha256|") || is_md5(&password);
    let has = |kind: fn(&char) -> bool| password.chars().any(|letter| kind(&letter));
    let long = (8..=64).contains(&password.chars().count());
    let mixed =
        has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    let plain =
        !password.contains(|letter: char| !letter.is_ascii_graphic() || "'\"\\/@".contains(letter));
    match is_digest || long && mixed && plain {
        true => Ok(()),
        false => Err(Failure::new(
            "22023",
            "password must have 8 to 64 characters, with at least one uppercase letter, one lowercase letter and one digit, and without ' \" \\ / @ and blanks",
        )),
    }
}

/// `md5` and the digest of the password with the name of the user.
fn is_md5(password: &str) -> bool {
    let digest = password.strip_prefix("md5");
    digest
        .is_some_and(|hex| hex.len() == 32 && hex.chars().all(|letter| letter.is_ascii_hexdigit()))
}

impl Session {
    /// `create|alter|drop user|group|role …`.
    pub fn identity(&mut self, words: &Words) -> Result<Answer, Failure> {
        let (verb, kind) = (words.word(0), words.word(1));
        let mut at = 2;
        let may = words.are(at, &["if", "exists"]);
        if may {
            at += 2;
        }
        let (parts, mut at) = words.name(at);
        let name = parts.last().cloned().unwrap_or_default();
        let state = self.state();
        let place = format!("kind = {} and name = {}", literal(&kind), literal(&name));
        let known = !self
            .texts(&format!("select 1 from {state}.identities where {place}"))?
            .is_empty();
        if kind == "user" {
            check_password(words, at)?;
        }
        match (verb.as_str(), known) {
            ("create", true) => {
                return Err(Failure::new(
                    "42710",
                    format!("{kind} \"{name}\" already exists"),
                ));
            }
            ("create", false) => {
                let all: Vec<String> = (at..words.len()).map(|at| words.word(at)).collect();
                let says = |word: &str| all.iter().any(|said| said == word);
                self.raw(&format!(
                    "insert into {state}.identities select {}, {}, coalesce(max(id), 99) + 1, {}, {}, {} from {state}.identities",
                    literal(&kind),
                    literal(&name),
                    says("createuser"),
                    says("createdb") || says("createuser"),
                    literal(&self.user.clone())
                ))?;
            }
            ("drop", true) => {
                let granted = self.texts(&format!(
                    "select 1 from {state}.grants where grantee_kind = {} and grantee = {}",
                    literal(&kind),
                    literal(&name)
                ))?;
                if !granted.is_empty() && words.word(at) != "force" {
                    return Err(Failure::new(
                        "2BP01",
                        format!(
                            "{kind} \"{name}\" cannot be dropped because some objects depend on it"
                        ),
                    ));
                }
                self.raw(&format!("delete from {state}.identities where {place}"))?;
                self.raw(&format!(
                    "delete from {state}.members where (member_kind = {0} and member = {1}) or (kind = {0} and name = {1})",
                    literal(&kind),
                    literal(&name)
                ))?;
            }
            ("drop", false) if may => {}
            (_, false) => {
                return Err(Failure::new(
                    "42704",
                    format!("{kind} \"{name}\" does not exist"),
                ));
            }
            _ => {}
        }
        // `create user u in group g, h`; `create group g with user a, b`; `alter group g add user a`.
        let leaves = words.word(at) == "drop";
        while at < words.len() {
            let other = words.word(at);
            if (other == "group" && kind == "user") || (other == "user" && kind == "group") {
                at += 1;
                loop {
                    let (parts, after) = words.name(at);
                    let Some(member) = parts.last() else { break };
                    let (group, user) = if kind == "group" {
                        (name.clone(), member.clone())
                    } else {
                        (member.clone(), name.clone())
                    };
                    self.belong("group", &group, "user", &user, !leaves)?;
                    at = after;
                    if !words.is(at, &Token::Comma) {
                        break;
                    }
                    at += 1;
                }
            } else {
                at += 1;
            }
        }
        Ok(Answer::done(format!("{verb} {kind}").to_uppercase()))
    }

    /// Puts somebody into a group or role, or takes them out.
    fn belong(
        &mut self,
        kind: &str,
        name: &str,
        member_kind: &str,
        member: &str,
        joins: bool,
    ) -> Result<(), Failure> {
        self.must_exist(kind, name)?;
        self.must_exist(member_kind, member)?;
        let state = self.state();
        let values = [kind, name, member_kind, member].map(literal);
        self.raw(&format!(
            "delete from {state}.members where kind = {} and name = {} and member_kind = {} and member = {}",
            values[0], values[1], values[2], values[3]
        ))?;
        if joins {
            self.raw(&format!(
                "insert into {state}.members values ({})",
                values.join(", ")
            ))?;
        }
        Ok(())
    }

    fn must_exist(&mut self, kind: &str, name: &str) -> Result<(), Failure> {
        if kind == "public" {
            return Ok(());
        }
        let state = self.state();
        let rows = self.texts(&format!(
            "select 1 from {state}.identities where kind = {} and name = {}",
            literal(kind),
            literal(name)
        ))?;
        if rows.is_empty() {
            return Err(Failure::new(
                "42704",
                format!("{kind} \"{name}\" does not exist"),
            ));
        }
        Ok(())
    }

    /// `grant … on … to …`, `revoke … on … from …`, `grant role r to …`.
    pub fn grant(&mut self, words: &Words) -> Result<Answer, Failure> {
        let grants = words.word(0) == "grant";
        let done = Answer::done(words.word(0).to_uppercase());
        let to = if grants { "to" } else { "from" };
        let mut at = 1;
        if words.are(at, &["grant", "option", "for"]) {
            at += 3;
        }
        let Some(end) = words.find(at, to) else {
            return Err(Failure::new("42601", format!("`{to}` is expected")));
        };
        let grantees = grantees(words, end + 1);
        if words.word(at) == "role" {
            let name = words.name(at + 1).0.pop().unwrap_or_default();
            for grantee in grantees {
                self.belong("role", &name, &grantee.kind, &grantee.name, grants)?;
            }
            return Ok(done);
        }
        let Some(on) = words.find(at, "on") else {
            return Err(Failure::new("42601", "`on` is expected"));
        };
        let mut privileges: Vec<String> = (at..on)
            .map(|at| words.word(at))
            .filter(|word| !word.is_empty() && word != "privileges")
            .collect();
        let admin = words.find(end, "with").is_some();
        let objects = self.objects(words, on + 1, end)?;
        let kind = objects
            .first()
            .map_or("table", |object| object.0.as_str())
            .to_owned();
        if privileges == ["all"] {
            let all: &[&str] = match kind.as_str() {
                "schema" => &["create", "usage"],
                "database" => &["create", "temporary"],
                _ => &[
                    "select",
                    "insert",
                    "update",
                    "delete",
                    "references",
                    "drop",
                    "alter",
                    "truncate",
                ],
            };
            privileges = all.iter().map(|word| (*word).to_owned()).collect();
        }
        let state = self.state();
        for grantee in &grantees {
            self.must_exist(&grantee.kind, &grantee.name)?;
            for (kind, schema, name) in &objects {
                for privilege in &privileges {
                    let place = format!(
                        "kind = {} and schema_name = {} and name = {} and privilege = {} and grantee_kind = {} and grantee = {}",
                        literal(kind),
                        literal(schema),
                        literal(name),
                        literal(privilege),
                        literal(&grantee.kind),
                        literal(&grantee.name)
                    );
                    self.raw(&format!("delete from {state}.grants where {place}"))?;
                    if grants {
                        let values: Vec<String> = [
                            kind,
                            schema,
                            name,
                            privilege,
                            &grantee.kind,
                            &grantee.name,
                            &self.user.clone(),
                        ]
                        .iter()
                        .map(|value| literal(value))
                        .collect();
                        self.raw(&format!(
                            "insert into {state}.grants values ({}, {admin})",
                            values.join(", ")
                        ))?;
                    }
                }
            }
        }
        Ok(done)
    }

    fn schema_exists(&mut self, name: &str) -> Result<(), Failure> {
        match self.schemas()?.iter().any(|schema| schema == name) {
            true => Ok(()),
            false => Err(Failure::new(
                "3F000",
                format!("schema \"{name}\" does not exist"),
            )),
        }
    }

    /// Kind, schema and name of what is granted.
    fn objects(
        &mut self,
        words: &Words,
        mut at: usize,
        end: usize,
    ) -> Result<Vec<(String, String, String)>, Failure> {
        let kind = match words.word(at).as_str() {
            "schema" => "schema",
            "database" => "database",
            "all" => {
                let Some(schema) = words.find(at, "schema") else {
                    return Err(Failure::new("42601", "`in schema` is expected"));
                };
                let (names, _) = names(words, schema + 1, end);
                let mut all = Vec::new();
                for parts in names {
                    let schema = parts.last().cloned().unwrap_or_default();
                    self.schema_exists(&schema)?;
                    let rows = self.texts(&format!(
                        "select lower(relname) from __pg.main.relations where nspname = {} and sort <> 'storage'",
                        literal(&schema)
                    ))?;
                    all.extend(
                        rows.into_iter()
                            .flatten()
                            .map(|name| ("table".to_owned(), schema.clone(), name)),
                    );
                }
                return Ok(all);
            }
            "function" | "procedure" | "language" | "datashare" | "model" | "external" => {
                return Err(Failure::not_emulated(format!(
                    "a grant on a {}",
                    words.word(at)
                )));
            }
            "table" => {
                at += 1;
                "table"
            }
            _ => "table",
        };
        if kind != "table" {
            at += 1;
        }
        let (names, _) = names(words, at, end);
        let mut all = Vec::new();
        for parts in names {
            if kind == "table" {
                let Some(found) = self.existing(&parts)? else {
                    return Err(Failure::new(
                        "42P01",
                        format!("relation \"{}\" does not exist", parts.join(".")),
                    ));
                };
                all.push((kind.to_owned(), found.schema, found.name));
            } else {
                let name = parts.last().cloned().unwrap_or_default();
                if kind == "schema" {
                    self.schema_exists(&name)?;
                }
                all.push((kind.to_owned(), String::new(), name));
            }
        }
        Ok(all)
    }
}

/// Names with commas between them, up to a place.
fn names(words: &Words, mut at: usize, end: usize) -> (Vec<Vec<String>>, usize) {
    let mut all = Vec::new();
    while at < end {
        let (parts, after) = words.name(at);
        if parts.is_empty() {
            break;
        }
        all.push(parts);
        at = after;
        if !words.is(at, &Token::Comma) {
            break;
        }
        at += 1;
    }
    (all, at)
}

fn grantees(words: &Words, mut at: usize) -> Vec<Grantee> {
    let mut all = Vec::new();
    while at < words.len() {
        let mut kind = "user".to_owned();
        match words.word(at).as_str() {
            "group" | "role" => {
                kind = words.word(at);
                at += 1;
            }
            "user" if !words.is(at + 1, &Token::Comma) && at + 1 < words.len() => at += 1,
            "public" => kind = "public".to_owned(),
            _ => {}
        }
        let (parts, after) = words.name(at);
        let Some(name) = parts.last() else { break };
        all.push(Grantee {
            kind,
            name: name.clone(),
        });
        at = after;
        if !words.is(at, &Token::Comma) {
            break;
        }
        at += 1;
    }
    all
}
