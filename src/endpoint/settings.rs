//! The parameters of a session: `set`, `reset`, `show`.
//!
//! In: names and values. Out: the values that hold, or Redshift's refusal. What changes a result and is not emulated is refused.

use std::collections::BTreeMap;

use super::failure::Failure;

/// The parameters that a session has, with the values that it starts with.
const PARAMETERS: &[(&str, &str)] = &[
    ("analyze_threshold_percent", "10"),
    ("application_name", ""),
    ("autocommit", "on"),
    ("bytea_output", "hex"),
    ("cast_super_null_on_error", "on"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datashare_break_glass_session_var", ""),
    ("datestyle", "ISO, MDY"),
    ("default_geometry_encoding", "1"),
    ("describe_field_name_in_uppercase", "off"),
    ("downcase_delimited_identifier", "on"),
    ("enable_case_sensitive_identifier", "off"),
    ("enable_case_sensitive_super_attribute", "off"),
    ("enable_numeric_rounding", "on"),
    ("enable_result_cache_for_session", "on"),
    ("enable_vacuum_boost", "off"),
    ("error_on_nondeterministic_update", "off"),
    ("extra_float_digits", "0"),
    ("integer_datetimes", "on"),
    ("interval_forbid_composite_literals", "on"),
    ("intervalstyle", "postgres"),
    ("is_superuser", "on"),
    ("json_serialization_enable", "off"),
    ("json_serialization_parse_nested_strings", "off"),
    ("lc_collate", "C"),
    ("max_cursor_result_set_size", "0"),
    ("max_concurrency_scaling_clusters", "1"),
    ("max_identifier_length", "127"),
    ("mv_enable_aqmv_for_session", "on"),
    ("navigate_super_null_on_error", "on"),
    ("parse_super_null_on_error", "off"),
    ("padb_version", "1.0.100000"),
    ("query_group", "default"),
    ("search_path", "$user, public"),
    ("server_encoding", "UTF8"),
    ("server_version", "8.0.2"),
    ("session_authorization", ""),
    ("spectrum_query_maxerror", "-1"),
    ("spectrum_enable_pseudo_columns", "on"),
    ("standard_conforming_strings", "off"),
    ("statement_timeout", "0"),
    ("stored_proc_log_min_messages", "log"),
    ("timezone", "UTC"),
    ("transaction_isolation", "Serializable"),
    ("transaction_read_only", "off"),
    ("use_fips_ssl", "off"),
    ("wlm_query_slot_count", "1"),
];

/// Parameters that nobody may set.
const FIXED: &[&str] = &[
    "integer_datetimes",
    "is_superuser",
    "lc_collate",
    "max_identifier_length",
    "padb_version",
    "server_encoding",
    "server_version",
    "session_authorization",
];

/// Parameters whose other values would change answers here; they keep the one they start with.
const KEPT: &[&str] = &[
    "cast_super_null_on_error",
    "datestyle",
    "describe_field_name_in_uppercase",
    "downcase_delimited_identifier",
    "enable_case_sensitive_identifier",
    "enable_case_sensitive_super_attribute",
    "json_serialization_enable",
    "json_serialization_parse_nested_strings",
    "navigate_super_null_on_error",
    "parse_super_null_on_error",
    "standard_conforming_strings",
    "timezone",
];

/// What a client is told without asking.
const REPORTED: &[&str] = &[
    "server_version",
    "client_encoding",
    "server_encoding",
    "datestyle",
    "timezone",
    "integer_datetimes",
    "is_superuser",
    "session_authorization",
    "standard_conforming_strings",
    "padb_version",
];

/// The parameters of one session.
#[derive(Clone, Debug)]
pub(super) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Those of a new session, with what its start-up message said.
    pub fn new(user: &str, startup: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let mut values: BTreeMap<String, String> = PARAMETERS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        values.insert("session_authorization".to_owned(), user.to_owned());
        let mut settings = Self(values);
        for (name, value) in startup {
            let name = name.to_lowercase();
            if PARAMETERS.iter().any(|(known, _)| *known == name) {
                settings.set(&name, value)?;
            }
        }
        let options = startup.get("options").map_or("", String::as_str);
        for option in options.split("-c").skip(1) {
            let (name, value) = option
                .trim()
                .split_once('=')
                .ok_or_else(|| Failure::fatal("42601", "-c needs name=value"))?;
            settings.set(name.trim(), &value.trim().replace("\\ ", " "))?;
        }
        Ok(settings)
    }

    /// The value that holds.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value that holds, or that there is no such parameter.
    pub fn show(&self, name: &str) -> Result<&str, Failure> {
        let name = canonical(name);
        match self.0.get(&name) {
            Some(value) => Ok(value),
            None => Err(unknown(&name)),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Gives a parameter another value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let name = canonical(name);
        let Some(first) = default_of(&name) else {
            // A prefix makes a parameter of one's own: `set my.thing to 1`.
            if name.contains('.') {
                self.0.insert(name, value.to_owned());
                return Ok(());
            }
            return Err(unknown(&name));
        };
        if FIXED.contains(&name.as_str()) {
            return Err(Failure::new(
                "55P02",
                format!("parameter \"{name}\" cannot be changed"),
            ));
        }
        let value = normal(&name, value)?;
        if KEPT.contains(&name.as_str()) && !same(&value, first) {
            return Err(Failure::not_emulated(format!("`{name}` = `{value}`"))
                .detail("it changes what queries answer")
                .hint(format!("this emulator knows `{first}`")));
        }
        self.0.insert(name, value);
        Ok(())
    }

    /// Gives a parameter the value that it starts with; `all` gives all of them back.
    pub fn reset(&mut self, name: &str) -> Result<(), Failure> {
        let name = canonical(name);
        if name == "all" {
            for (name, value) in PARAMETERS.iter().filter(|(name, _)| !FIXED.contains(name)) {
                self.0.insert((*name).to_owned(), (*value).to_owned());
            }
            return Ok(());
        }
        let Some(first) = default_of(&name) else {
            return Err(unknown(&name));
        };
        if !FIXED.contains(&name.as_str()) {
            self.0.insert(name, first.to_owned());
        }
        Ok(())
    }

    /// What a client is told at its start.
    pub fn reported(&self) -> Vec<(String, String)> {
        REPORTED
            .iter()
            .map(|name| {
                let shown = match *name {
                    "datestyle" => "DateStyle",
                    "timezone" => "TimeZone",
                    name => name,
                };
                (shown.to_owned(), self.get(name).to_owned())
            })
            .collect()
    }

    /// The schemas in which a bare name is looked up, in order.
    pub fn search_path(&self) -> Vec<String> {
        let user = self.get("session_authorization").to_lowercase();
        self.get("search_path")
            .split(',')
            .map(|part| part.trim().trim_matches(['"', '\'']).to_lowercase())
            .filter(|part| !part.is_empty())
            .map(|part| match part.as_str() {
                "$user" => user.clone(),
                _ => part,
            })
            .collect()
    }
}

fn canonical(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "time zone" => "timezone".to_owned(),
        "names" => "client_encoding".to_owned(),
        name => name.to_owned(),
    }
}

fn default_of(name: &str) -> Option<&'static str> {
    PARAMETERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

fn unknown(name: &str) -> Failure {
    Failure::new(
        "42704",
        format!("unrecognized configuration parameter \"{name}\""),
    )
}

fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace([' ', '\''], "");
    let (one, other) = (plain(one), plain(other));
    one == other || (other == "iso,mdy" && one == "iso") || (other == "utc" && one == "gmt")
}

/// A value as it is kept.
fn normal(name: &str, value: &str) -> Result<String, Failure> {
    let bad = || {
        Failure::new(
            "22023",
            format!("invalid value for parameter \"{name}\": \"{value}\""),
        )
    };
    let first = default_of(name).unwrap_or_default();
    if value.eq_ignore_ascii_case("default") {
        return Ok(first.to_owned());
    }
    if matches!(first, "on" | "off") {
        return match value.to_lowercase().as_str() {
            "on" | "true" | "yes" | "1" | "t" => Ok("on".to_owned()),
            "off" | "false" | "no" | "0" | "f" => Ok("off".to_owned()),
            _ => Err(bad()),
        };
    }
    match name {
        "extra_float_digits" => {
            let digits: i32 = value.parse().map_err(|_| bad())?;
            if !(-15..=2).contains(&digits) {
                return Err(Failure::new(
                    "22023",
                    format!(
                        "{digits} is outside the valid range for parameter \"{name}\" (-15 .. 2)"
                    ),
                ));
            }
        }
        "statement_timeout" | "wlm_query_slot_count" => {
            value.parse::<u64>().map_err(|_| bad())?;
        }
        "client_encoding" => {
            let plain = value.to_lowercase().replace(['-', '_'], "");
            if !matches!(plain.as_str(), "utf8" | "unicode") {
                return Err(Failure::not_emulated(format!("the encoding `{value}`")));
            }
            return Ok("UTF8".to_owned());
        }
        _ => {}
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_kept_or_refused() {
        let mut settings = Settings::new("ann", &BTreeMap::new()).unwrap();
        settings.set("QUERY_GROUP", "etl").unwrap();
        assert_eq!(settings.show("query_group").unwrap(), "etl");
        settings.reset("query_group").unwrap();
        assert_eq!(settings.show("query_group").unwrap(), "default");
        assert_eq!(settings.search_path(), ["ann", "public"]);
        settings.set("timezone", "utc").unwrap();
        assert_eq!(
            settings
                .set("timezone", "Europe/Berlin")
                .unwrap_err()
                .sqlstate,
            "0A000"
        );
        assert_eq!(
            settings
                .set("extra_float_digits", "3")
                .unwrap_err()
                .sqlstate,
            "22023"
        );
        assert_eq!(settings.set("nothing", "3").unwrap_err().sqlstate, "42704");
        assert_eq!(
            settings.set("server_version", "9").unwrap_err().sqlstate,
            "55P02"
        );
    }
}
