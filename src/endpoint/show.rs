//! `show schemas`, `show tables`, `show columns`, `show grants`, `show databases`, `show view`, `show table`.

use sqlparser::tokenizer::Token;

use super::ddl::Existing;
use super::failure::Failure;
use super::session::{Answer, Session};
use super::statement::texts_table;
use super::words::Words;
use crate::adapter::Value;
use crate::adapter::emulating::literal;

impl Session {
    pub fn show_objects(&mut self, words: &Words) -> Result<Answer, Failure> {
        let like = words
            .find(1, "like")
            .and_then(|at| words.text(at + 1))
            .map_or(String::new(), |pattern| pattern);
        let matches = |column: &str| {
            if like.is_empty() {
                String::new()
            } else {
                format!(" and {column} like {}", literal(&like))
            }
        };
        let limit = match words.find(1, "limit") {
            None => String::new(),
            Some(at) => match words.token(at + 1) {
                Some(Token::Number(rows, _)) => format!(" limit {rows}"),
                _ => return Err(Failure::syntax(words, at + 1)),
            },
        };
        let from = words.find(1, "from").unwrap_or(1);
        let sql = match words.word(1).as_str() {
            "databases" => "select database_name, database_owner, database_type, database_acl, null::varchar as parameters, database_isolation_level from __pg.main.svv_redshift_databases".to_owned(),
            "schemas" => {
                let (parts, _) = words.name(from + if words.word(from + 1) == "database" { 2 } else { 1 });
                self.own_database(&parts)?;
                format!(
                    "select database_name, schema_name, schema_owner, schema_type, schema_acl, null::varchar as source_database, schema_option from __pg.main.svv_redshift_schemas where true{} order by schema_name",
                    matches("schema_name")
                )
            }
            "tables" => {
                let (parts, _) = words.name(from + 2);
                let schema = self.schema_of(&parts)?;
                format!(
                    "select database_name, schema_name, table_name, table_type, null::varchar as table_acl, remarks, table_owner as owner, null::timestamp as last_altered_time, null::timestamp as last_modified_time, null::varchar as dist_style,
                       (select case sort when 'late' then 'LATE BINDING VIEW' when 'mv' then 'MATERIALIZED VIEW' when 'view' then 'REGULAR VIEW' else 'REGULAR TABLE' end from __pg.main.relations r where r.nspname = schema_name and r.relname = table_name limit 1) as table_subtype
                     from __pg.main.svv_redshift_tables where schema_name = {}{} order by table_name",
                    literal(&schema),
                    matches("table_name")
                )
            }
            "columns" => {
                let found = self.table_of(&words.name(from + 2).0)?;
                format!(
                    "select {} as database_name, nspname as schema_name, relname as table_name, column_name, number as ordinal_position, column_default,
                       case when is_nullable then 'YES' else 'NO' end as is_nullable, __pg.main.base_type(shown) as data_type, length as character_maximum_length, \"precision\" as numeric_precision,
                       scale as numeric_scale, comment as remarks, sort_position as sort_key_type, sort_position as sort_key, is_distkey as dist_key, encoding, null::varchar as \"collation\"
                     from __pg.main.typed_columns where nspname = {} and lower(relname) = {} and sort <> 'storage'{} order by number",
                    literal(&self.shared.options.database.clone()),
                    literal(&found.schema),
                    literal(&found.name),
                    matches("column_name")
                )
            }
            "grants" => return self.show_grants(words),
            "view" => {
                let found = self.table_of(&words.name(2).0)?;
                format!(
                    "select definition as \"Show View DDL statement\" from __pg.main.relations where nspname = {} and lower(relname) = {}",
                    literal(&found.schema),
                    literal(&found.name)
                )
            }
            other => return Err(Failure::not_emulated(format!("`show {other}`"))),
        };
        let mut table = self.ask(&format!("{sql}{limit}"))?;
        table.truncated = false;
        Ok(Answer::Rows(table, Some("SHOW".to_owned())))
    }

    fn show_grants(&mut self, words: &Words) -> Result<Answer, Failure> {
        let state = self.state();
        let columns = [
            "database_name",
            "schema_name",
            "object_name",
            "object_type",
            "privilege_type",
            "identity_id",
            "identity_name",
            "identity_type",
            "admin_option",
            "privilege_scope",
            "grantor_name",
        ];
        let on = words.find(1, "on");
        let condition = match (on, on.map(|at| words.word(at + 1)).as_deref()) {
            (Some(at), Some("table")) => {
                let found = self.table_of(&words.name(at + 2).0)?;
                format!(
                    "g.kind = 'table' and g.schema_name = {} and g.name = {}",
                    literal(&found.schema),
                    literal(&found.name)
                )
            }
            (Some(at), Some("schema")) => {
                let schema = self.schema_of(&words.name(at + 2).0)?;
                format!("g.kind = 'schema' and g.name = {}", literal(&schema))
            }
            (Some(_), Some("database")) => "g.kind = 'database'".to_owned(),
            (None, _) => match words.find(1, "for") {
                Some(at) => {
                    let role = words.word(at + 1) == "role";
                    let name = words
                        .name(at + if role { 2 } else { 1 })
                        .0
                        .pop()
                        .unwrap_or_default();
                    format!("g.grantee = {}", literal(&name))
                }
                None => format!("g.grantee = {}", literal(&self.user)),
            },
            _ => return Err(Failure::not_emulated("this `show grants`")),
        };
        // A group is told as a role whose name begins with a slash.
        let rows = self.texts(&format!(
            "select {}, case when g.kind = 'schema' then g.name else g.schema_name end, g.name, upper(g.kind), upper(g.privilege), coalesce(i.id, 0)::varchar,
               case when g.grantee_kind = 'group' then '/' || g.grantee else g.grantee end, case when g.grantee_kind = 'group' then 'role' else g.grantee_kind end,
               g.admin::varchar, upper(g.kind), g.grantor
             from {state}.grants g left join {state}.identities i on i.kind = g.grantee_kind and i.name = g.grantee where {condition} order by 3, 7, 5",
            literal(&self.shared.options.database.clone())
        ))?;
        let rows = rows
            .into_iter()
            .map(|row| row.into_iter().map(Value::Text).collect())
            .collect();
        Ok(Answer::Rows(
            texts_table(&columns, rows),
            Some("SHOW".to_owned()),
        ))
    }

    fn own_database(&self, parts: &[String]) -> Result<(), Failure> {
        let own = self.shared.options.database.to_lowercase();
        match parts.first() {
            Some(name) if *name != own => Err(Failure::new(
                "3D000",
                format!("database \"{name}\" does not exist"),
            )),
            _ => Ok(()),
        }
    }

    fn schema_of(&mut self, parts: &[String]) -> Result<String, Failure> {
        let schema = match parts {
            [schema] => schema.clone(),
            [_, schema] => {
                self.own_database(parts)?;
                schema.clone()
            }
            _ => return Err(Failure::new("42601", "a schema is expected")),
        };
        if !self.schemas()?.contains(&schema) {
            return Err(Failure::new(
                "3F000",
                format!("Schema \"{schema}\" does not exist in the database."),
            ));
        }
        Ok(schema)
    }

    fn table_of(&mut self, parts: &[String]) -> Result<Existing, Failure> {
        self.existing(parts)?.ok_or_else(|| {
            Failure::new(
                "42P01",
                format!("relation \"{}\" does not exist", parts.join(".")),
            )
        })
    }
}
