//! `external.copy` of a source table, as a checked `COPY`.
//!
//! In: the YAML of `external`. Out: [`StagedLoad`], or what is wrong with each option.

mod format;
mod options;

use options::Options;

use super::node::{LoadMode, StagedLoad};
use crate::adapter::copy::is_pattern;
use crate::adapter::statement::copy_options;
use crate::adapter::statement::{
    AccessKeys, Compression, Copy, CopyFormat, Credentials, Encoding, Secret, TableAttributes,
};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::project::yaml::{Yaml, YamlValue};
use crate::relation::Relation;

/// Keys of `external` that mean something here.
const EXTERNAL_KEYS: [&str; 4] = ["location", "file_format", "load_mode", "copy"];
/// Options whose values nobody may read.
const SECRET_KEYS: [&str; 5] = [
    "access_key_id",
    "secret_access_key",
    "session_token",
    "master_symmetric_key",
    "credentials",
];

/// The staged load that `external` declares; none for a table that is only described there.
pub fn read(
    external: &Yaml,
    attributes: TableAttributes,
    relation: &Relation,
    problems: &mut Diagnostics,
) -> Option<StagedLoad> {
    if !external.is_map() {
        problems.push(external.expected("a mapping with `location` and `copy`"));
        return None;
    }
    // Without ours, the table stays where it is: Spectrum reads it, or a package makes it.
    let copy = external.get("copy");
    if copy.is_none() && external.get("load_mode").is_none() {
        problems.extend(mistyped(external));
        return None;
    }
    for (key, _) in external.entries() {
        let name = key.key_text();
        if !EXTERNAL_KEYS.contains(&name.as_str()) {
            problems.push(
                Diagnostic::error(
                    "unknown-key",
                    format!("`external` of a table that is loaded has no key `{name}`"),
                )
                .at(key.span.clone())
                .one_of(&name, EXTERNAL_KEYS),
            );
        }
    }
    let before = problems.0.len();
    let mut reader = Reader {
        external,
        options: Options::read(copy, problems),
    };
    let copy = reader.copy(relation);
    let mode = mode(external, problems);
    problems.extend(listed_well(external, &copy, mode));
    (problems.0.len() == before).then_some(StagedLoad {
        copy,
        attributes,
        mode,
    })
}

/// A key that was meant to be one of those that make a table a load.
fn mistyped(external: &Yaml) -> Option<Diagnostic> {
    const OURS: [&str; 2] = ["copy", "load_mode"];
    external.entries().iter().find_map(|(key, _)| {
        let name = key.key_text();
        nearest(&name, OURS)?;
        let told =
            format!("`external` has the unknown key `{name}`, so that nothing loads its table");
        Some(
            Diagnostic::error("unknown-key", told)
                .at(key.span.clone())
                .did_you_mean(&name, OURS),
        )
    })
}

/// `load_mode`.
fn mode(external: &Yaml, problems: &mut Diagnostics) -> LoadMode {
    let Some(said) = external.get("load_mode").filter(|said| !said.is_null()) else {
        return LoadMode::Replace;
    };
    match said.as_str() {
        Some("replace") => LoadMode::Replace,
        Some("append") => LoadMode::Append,
        _ => {
            problems.push(said.expected("`replace` or `append` for `load_mode`"));
            LoadMode::Replace
        }
    }
}

/// Files that Redstart lists itself are loaded one by one: what would make something else of their names does not go with that.
fn listed_well(external: &Yaml, copy: &Copy, mode: LoadMode) -> Option<Diagnostic> {
    let (key, what) = match mode {
        LoadMode::Append => ("load_mode", "`load_mode: append`"),
        LoadMode::Replace if is_pattern(&copy.from) => ("location", "a pattern of names"),
        LoadMode::Replace => return None,
    };
    let (option, why) = match copy {
        Copy { manifest: true, .. } => ("manifest", "a manifest names the files by itself"),
        Copy { no_load: true, .. } => ("noload", "it looks at files and loads none"),
        _ => return None,
    };
    let place = external.get(key).unwrap_or(external).span.clone();
    Some(
        Diagnostic::error("bad-load", format!("{what} does not go with `{option}`"))
            .at(place)
            .label(why),
    )
}

/// Everything under `external.copy` that nobody may read, whether or not it is allowed there.
pub fn secrets(external: &Yaml) -> Vec<String> {
    let copy = external.get("copy").map(Yaml::entries).unwrap_or_default();
    let hidden = copy.iter().filter(|(key, _)| {
        copy_options::find(&key.key_text()).is_some_and(|option| SECRET_KEYS.contains(&option.key))
    });
    hidden
        .flat_map(|(key, value)| {
            let text = value.key_text();
            let of = copy_options::find(&key.key_text()).map(|option| option.key);
            if of != Some("credentials") {
                return vec![text];
            }
            // A role among the credentials is no secret.
            let parts = text.split(';').map(|part| match part.split_once('=') {
                Some(("aws_iam_role", _)) => String::new(),
                Some((_, value)) => value.to_owned(),
                None => part.to_owned(),
            });
            parts.filter(|part| !part.is_empty()).collect()
        })
        .collect()
}

struct Reader<'a, 'p> {
    external: &'a Yaml,
    options: Options<'a, 'p>,
}

impl Reader<'_, '_> {
    fn copy(&mut self, relation: &Relation) -> Copy {
        let from = self.location();
        let format = format::read(self.external, &mut self.options);
        let (iam_role, keys, master_symmetric_key) = self.authorization();
        let options = &mut self.options;
        let origin = options.declared().unwrap_or(self.external).span.clone();
        let copy = Copy {
            manifest: options.flag("manifest"),
            iam_role,
            keys,
            master_symmetric_key,
            region: region(options),
            compression: Compression::ALL
                .into_iter()
                .find(|compression| options.flag(compression.word())),
            ignore_header: options
                .number("ignore_header", 0, i64::MAX)
                .and_then(|lines| u64::try_from(lines).ok())
                .unwrap_or(0),
            encoding: options
                .one_of("encoding", Encoding::ALL.map(|it| (it.word(), it)))
                .filter(|encoding| *encoding != Encoding::Utf8),
            time_format: options.words("time_format"),
            date_format: options.words("date_format"),
            accept_any_date: options.flag("accept_any_date"),
            accept_invalid_characters: replacement(options),
            blanks_as_null: options.flag("blanks_as_null"),
            empty_as_null: options.flag("empty_as_null"),
            null_as: null_as(options),
            explicit_ids: options.flag("explicit_ids"),
            serialize_to_json: options.flag("serialize_to_json"),
            fill_record: options.flag("fill_record"),
            ignore_blank_lines: options.flag("ignore_blank_lines"),
            round_decimals: options.flag("roundec"),
            trim_blanks: options.flag("trim_blanks"),
            truncate_columns: options.flag("truncate_columns"),
            max_error: options
                .number("max_error", 0, 100_000)
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(0),
            ignore_all_errors: options.flag("ignore_all_errors"),
            no_load: options.flag("noload"),
            computes: computes(options),
            origin: Some(origin),
            ..Copy::new(relation.clone(), from, format)
        };
        let utf_16 = copy.encoding.is_some();
        if utf_16 && matches!(copy.format, CopyFormat::FixedWidth(_)) {
            options.refuse("encoding", "must be `utf8` for columns of fixed width");
        }
        let nests = matches!(copy.format, CopyFormat::Parquet | CopyFormat::Orc);
        if copy.serialize_to_json && !nests {
            options.refuse("serialize_to_json", "stands with Parquet and ORC only");
        }
        options.check_conflicts();
        copy
    }

    fn location(&mut self) -> String {
        const ELSEWHERE: [(&str, &str); 3] = [
            ("dynamodb://", "DynamoDB"),
            ("emr://", "EMR"),
            ("ssh://", "other hosts"),
        ];
        let Some(location) = self.external.get("location") else {
            self.options.problems.push(
                Diagnostic::error("missing-key", "`external` has no `location`")
                    .at(self.external.span.clone())
                    .help("write where the files are: `location: \"s3://bucket/prefix\"`"),
            );
            return String::new();
        };
        let Some(text) = location.as_str() else {
            self.options
                .problems
                .push(location.expected("an `s3://` location"));
            return String::new();
        };
        if text.starts_with("s3://") && text.len() > 5 {
            return text.to_owned();
        }
        let elsewhere = ELSEWHERE
            .iter()
            .find(|(scheme, _)| text.starts_with(scheme));
        let message = match elsewhere {
            Some((_, place)) => {
                format!("loads from {place} are not supported: COPY reads from S3 here")
            }
            None => "COPY reads from S3 only".to_owned(),
        };
        self.options.problems.push(
            Diagnostic::error("bad-location", message)
                .at(location.span.clone())
                .help("write an `s3://bucket/prefix`; a target may map it to a folder with `s3: {\"s3://bucket/\": \"folder/\"}`"),
        );
        String::new()
    }

    /// By whose right the files are read: a role, or keys where the user insists.
    fn authorization(&mut self) -> (Option<String>, Option<Box<AccessKeys>>, Option<Secret>) {
        let options = &mut self.options;
        let mut role = role(options);
        let mut master = options.text("master_symmetric_key").map(Secret::new);
        let id = options.text("access_key_id").map(Secret::new);
        let secret = options.text("secret_access_key").map(Secret::new);
        let session_token = options.text("session_token").map(Secret::new);
        let mut keys = id.zip(secret).map(|(id, secret)| {
            Box::new(AccessKeys {
                id,
                secret,
                session_token,
            })
        });
        let mut in_credentials = false;
        if let Some(text) = options.text("credentials") {
            match Credentials::parse(&text) {
                Ok(read) => {
                    in_credentials = read.has_keys();
                    role = role.or(read.iam_role);
                    keys = keys.or(read.keys);
                    master = master.or(read.master_symmetric_key);
                }
                Err(why) => options.refuse("credentials", &format!("cannot be read: {why}")),
            }
        }
        let allowed = options.flag("allow_keys");
        for key in SECRET_KEYS {
            let has_key = key != "credentials" || in_credentials;
            if !allowed && has_key {
                options.refuse_key(key);
            }
        }
        (role, keys, master)
    }
}

/// `default`, an ARN, or a list of them: the roles of a chain.
fn role(options: &mut Options<'_, '_>) -> Option<String> {
    let value = options.option("iam_role")?;
    let roles = match value.as_seq() {
        Some(items) => items.iter().map(Yaml::as_str).collect::<Option<Vec<_>>>(),
        None => value.as_str().map(|text| vec![text]),
    };
    let is_role =
        |role: &str| role.eq_ignore_ascii_case("default") || role.trim().starts_with("arn:");
    let roles = roles.map(|roles| roles.join(","));
    match roles {
        Some(roles) if roles.split(',').all(is_role) => Some(roles),
        _ => {
            options.expected("iam_role", "`default`, an ARN or a list of ARNs");
            None
        }
    }
}

/// The region of the bucket: `us-west-2`.
fn region(options: &mut Options<'_, '_>) -> Option<String> {
    let text = options.text("region")?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_region = match parts.as_slice() {
        [area, places @ .., number] if !places.is_empty() => {
            let letters = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase());
            letters(area) && places.iter().all(letters) && number.parse::<u8>().is_ok()
        }
        _ => false,
    };
    if !is_region {
        options.expected("region", "a region of AWS, such as `us-west-2`,");
        return None;
    }
    Some(text)
}

fn replacement(options: &mut Options<'_, '_>) -> Option<char> {
    match options.option("accept_inv_chars")?.value {
        YamlValue::Bool(true) => Some('?'),
        YamlValue::Bool(false) => None,
        _ => options.character("accept_inv_chars"),
    }
}

/// A newline ends a record, so it cannot stand for NULL.
fn null_as(options: &mut Options<'_, '_>) -> Option<String> {
    let text = options.text("null_as")?;
    if text == "\n" || text == "\\n" {
        options.expected(
            "null_as",
            "a text other than a newline, which ends a record,",
        );
        return None;
    }
    Some(text)
}

/// `COMPROWS`, `COMPUPDATE`, `STATUPDATE`.
fn computes(options: &mut Options<'_, '_>) -> Vec<(String, String)> {
    let rows = options
        .number("comp_rows", 1000, 2_147_483_647)
        .map(|rows| ("comprows".to_owned(), rows.to_string()));
    let updates = [
        ("comp_update", "compupdate", &["on", "off", "preset"][..]),
        ("stat_update", "statupdate", &["on", "off"][..]),
    ];
    let mut computes = Vec::from_iter(rows);
    for (key, word, known) in updates {
        let Some(value) = options.option(key) else {
            continue;
        };
        let text = match value.as_bool() {
            Some(true) => "on".to_owned(),
            Some(false) => "off".to_owned(),
            None => value.key_text().to_lowercase(),
        };
        if known.contains(&text.as_str()) {
            computes.push((word.to_owned(), text));
        } else {
            options.expected(key, &format!("one of `{}`", known.join("`, `")));
        }
    }
    computes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::project::yaml;

    fn load(text: &str) -> String {
        let yaml = yaml::parse(&Source::new("sources.yml", text)).unwrap();
        let mut problems = Diagnostics::default();
        let load = read(
            &yaml,
            TableAttributes::default(),
            &Relation::new("raw", "events"),
            &mut problems,
        );
        let told = problems.0.iter().map(|problem| {
            problem.to_string()
                + &problem
                    .help
                    .iter()
                    .map(|help| format!(" -- help: {help}"))
                    .collect::<String>()
        });
        let told = told.collect::<Vec<_>>().join("\n");
        match load {
            Some(load) => format!(
                "{told}{:?} {:?} {} {:?} {:?}",
                load.copy.from,
                load.copy.format,
                load.copy.max_error,
                load.copy.time_format,
                load.copy.computes
            ),
            None => told,
        }
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: json, copy: {jsonpaths: 's3://b/paths.json', timeformat: epochmillisecs, BLANKSASNULL: true, maxerror: 5, compupdate: off}}"), @r#""s3://b/p" JsonPaths("s3://b/paths.json") 5 Some("epochmillisecs") [("compupdate", "off")]"#);
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: csv, copy: {delimiter: '|', ignoreheader: 1}}"), @r#""s3://b/p" Csv { delimiter: "|", quote: '"' } 0 None []"#);
        assert_eq!(
            load("{location: 's3://b/p', file_format: json}"),
            "",
            "a table that is only described is not loaded"
        );
        assert_eq!(
            load(
                "{location: 's3://b/p', file_format: 'stored as parquet', row_format: serde 'x', partitions: [{name: d}], tbl_properties: '(1)'}"
            ),
            "",
            "nor is one that a package makes outside"
        );
    }

    #[test]
    fn the_format_is_said_in_several_ways() {
        let format = |text: &str| {
            let yaml = yaml::parse(&Source::new("sources.yml", text)).unwrap();
            let mut problems = Diagnostics::default();
            let relation = Relation::new("raw", "events");
            let load = read(&yaml, TableAttributes::default(), &relation, &mut problems);
            match load {
                Some(load) => format!("{:?}", load.copy.format),
                None => problems
                    .0
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" / "),
            }
        };
        let formats = [
            "file_format: text, copy: {}",
            "copy: {delimiter: '\\t', escape: true, remove_quotes: true}",
            "copy: {delimiter: '|~|'}",
            "copy: {csv: true, quote: '%'}",
            "copy: {format: csv}",
            "copy: {json: auto ignorecase}",
            "copy: {json: noshred}",
            "copy: {json: 's3://b/p.json'}",
            "file_format: fixedwidth, copy: {fixedwidth: 'id:3,name:25'}",
            "file_format: parquet, copy: {}",
            "copy: {avro: auto}",
            "copy: {orc: true}",
            "copy: {gzip: true}",
            "file_format: csv, copy: {json: auto}",
            "file_format: text, copy: {csv: true}",
            "file_format: csv, copy: {format: json}",
            "file_format: fixedwidth, copy: {}",
        ]
        .map(|options| format(&format!("{{location: 's3://b/p', {options}}}")));
        insta::assert_snapshot!(formats.join("\n"), @r#"
        Delimited { delimiter: "|", escape: false, remove_quotes: false }
        Delimited { delimiter: "\t", escape: true, remove_quotes: true }
        Delimited { delimiter: "|~|", escape: false, remove_quotes: false }
        Csv { delimiter: ",", quote: '%' }
        Csv { delimiter: ",", quote: '"' }
        JsonAutoIgnoreCase
        JsonNoShred
        JsonPaths("s3://b/p.json")
        FixedWidth([("id", 3), ("name", 25)])
        Parquet
        Avro("auto")
        Orc
        error[missing-key]: `external` does not say what the files hold (sources.yml:1:1)
        error[bad-copy-option]: the COPY option `json` does not go with `csv` (sources.yml:1:55)
        error[bad-copy-option]: the COPY option `csv` does not go with a text with delimiters (sources.yml:1:55)
        error[bad-copy-option]: the COPY option `format` is not the `file_format`, which is `csv` (sources.yml:1:57)
        error[missing-key]: files of fixed width need the widths of their columns (sources.yml:1:1)
        "#);
    }

    #[test]
    fn every_option_is_read() {
        let yaml = yaml::parse(&Source::new(
            "sources.yml",
            "
location: s3://b/cust.manifest
file_format: csv
copy:
  manifest: true
  region: eu-west-1
  iam_role: ['arn:aws:iam::1:role/a', 'arn:aws:iam::2:role/b']
  delimiter: ';'
  quote: \"'\"
  bzip2: true
  ignore_header: 2
  encoding: UTF-16LE
  time_format: auto
  date_format: DD/MM/YYYY
  accept_any_date: true
  accept_inv_chars: ^
  blanks_as_null: true
  empty_as_null: true
  null_as: NA
  explicit_ids: true
  fill_record: true
  ignore_blank_lines: true
  roundec: true
  trim_blanks: true
  truncate_columns: true
  ignore_all_errors: true
  noload: true
  comp_rows: 5000
  comp_update: preset
  stat_update: off
",
        ))
        .unwrap();
        let mut problems = Diagnostics::default();
        let relation = Relation::new("raw", "events");
        let load = read(&yaml, TableAttributes::default(), &relation, &mut problems);
        let copy = crate::adapter::Statement::Copy(Box::new(load.unwrap().copy));
        insta::assert_snapshot!(crate::adapter::redshift::sql::sql(&copy)[0], @r#"
        copy "raw"."events"
        from 's3://b/cust.manifest'
        manifest
        iam_role 'arn:aws:iam::1:role/a,arn:aws:iam::2:role/b'
        region 'eu-west-1'
        format csv
        delimiter ';'
        quote ''''
        bzip2
        ignoreheader 2
        encoding utf16le
        timeformat 'auto'
        dateformat 'DD/MM/YYYY'
        null as 'NA'
        acceptinvchars as '^'
        acceptanydate
        blanksasnull
        emptyasnull
        explicit_ids
        fillrecord
        ignoreblanklines
        roundec
        trimblanks
        truncatecolumns
        ignoreallerrors
        noload
        comprows 5000
        compupdate preset
        statupdate off
        "#);
    }

    #[test]
    fn keys_need_to_be_allowed_and_are_hidden() {
        let keys = |more: &str| {
            format!(
                "{{location: 's3://b/p', file_format: csv, copy: {{access_key_id: AKIA, secret_access_key: SECRET{more}}}}}"
            )
        };
        insta::assert_snapshot!(load(&keys("")), @"
        error[key-in-project]: `access_key_id` puts a key into the project (sources.yml:1:64) -- help: give a role instead: `iam_role: default` or its ARN -- help: where there is no role, `allow_keys: true` lets keys stand here, from `env_var`; they are masked in all that is written
        error[key-in-project]: `secret_access_key` puts a key into the project (sources.yml:1:89) -- help: give a role instead: `iam_role: default` or its ARN -- help: where there is no role, `allow_keys: true` lets keys stand here, from `env_var`; they are masked in all that is written
        ");
        insta::assert_snapshot!(load(&keys(", allow_keys: true, iam_role: default")), @"
        error[bad-copy-option]: the COPY option `access_key_id` does not go with `iam_role` (sources.yml:1:64)
        error[bad-copy-option]: the COPY option `secret_access_key` does not go with `iam_role` (sources.yml:1:89)
        ");
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: csv, copy: {session_token: x, allow_keys: true, encrypted: true, credentials: y}}"), @"
        error[bad-copy-option]: the COPY option `credentials` cannot be read: `credentials` are written `name=value;name=value` (sources.yml:1:115)
        error[bad-copy-option]: the COPY option `session_token` does not go with `credentials` (sources.yml:1:64)
        error[bad-copy-option]: the COPY option `encrypted` needs `master_symmetric_key` too (sources.yml:1:96)
        error[bad-copy-option]: the COPY option `session_token` needs `access_key_id` too (sources.yml:1:64)
        ");
        let allowed = yaml::parse(&Source::new(
            "s.yml",
            keys(
                ", allow_keys: true, session_token: 'to=;ken==', credentials: 'aws_iam_role=r;token=T='",
            ),
        ))
        .unwrap();
        assert_eq!(secrets(&allowed), ["AKIA", "SECRET", "to=;ken==", "T="]);
    }

    #[test]
    fn what_the_manual_forbids_is_told_at_its_place() {
        insta::assert_snapshot!(load("
location: dynamodb://t
file_format: csv
copy:
  escape: true
  gzip: true
  zstd: true
  max_error: 3
  ignore_all_errors: true
  readratio: 50
  fixedwidth: 'a'
  delimiter: ''
  comp_rows: 10
  null_as: \"\\n\"
  null: x
"), @r#"
        error[not-supported]: the COPY option `readratio` is not supported: it is for loads from DynamoDB (sources.yml:10:3)
        error[duplicate-copy-option]: the COPY option `null` is given twice (sources.yml:15:3)
        error[bad-location]: loads from DynamoDB are not supported: COPY reads from S3 here (sources.yml:2:11) -- help: write an `s3://bucket/prefix`; a target may map it to a folder with `s3: {"s3://bucket/": "folder/"}`
        error[yaml-type]: expected ASCII characters, no line ends among them for `delimiter`, found the text `` (sources.yml:12:14) -- help: write ASCII characters, no line ends among them for `delimiter` here, or take the key out
        error[yaml-type]: expected a text other than a newline, which ends a record, for `null_as`, found the text `
        ` (sources.yml:14:12) -- help: write one text, in quotes where it looks like something else
        error[yaml-type]: expected a number from 1000 to 2147483647 for `comp_rows`, found the number `10` (sources.yml:13:14) -- help: write a number from 1000 to 2147483647 for `comp_rows` here, or take the key out
        error[bad-copy-option]: the COPY option `fixedwidth` does not go with `csv` (sources.yml:11:15)
        error[bad-copy-option]: the COPY option `escape` does not go with `csv` (sources.yml:5:11)
        error[bad-copy-option]: the COPY option `fixedwidth` does not go with `delimiter` (sources.yml:11:15)
        error[bad-copy-option]: the COPY option `escape` does not go with `fixedwidth` (sources.yml:5:11)
        error[bad-copy-option]: the COPY option `ignore_all_errors` does not go with `max_error` (sources.yml:9:22)
        error[bad-copy-option]: the COPY option `zstd` does not go with `gzip` (sources.yml:7:9)
        "#);
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: json, copy: {delimiter: x, null_as: y, ignore_header: 1}}"), @"
        error[bad-copy-option]: the COPY option `delimiter` does not go with `json` (sources.yml:1:61)
        error[bad-copy-option]: the COPY option `null_as` does not go with `json` (sources.yml:1:73)
        ");
        insta::assert_snapshot!(load("{location: 's3://b/p', file_format: parquet, copy: {max_error: 1, gzip: true, accept_inv_chars: true}}"), @"
        error[bad-copy-option]: the COPY option `gzip` does not go with `parquet` (sources.yml:1:73)
        error[bad-copy-option]: the COPY option `max_error` does not go with `parquet` (sources.yml:1:64)
        ");
        insta::assert_snapshot!(load("{location: 's3://b/p', copy: {fixedwidth: 'a:1', encoding: utf16, quote: x}}"), @"
        error[bad-copy-option]: the COPY option `encoding` must be `utf8` for columns of fixed width (sources.yml:1:60)
        error[bad-copy-option]: the COPY option `quote` needs `csv` too (sources.yml:1:74)
        ");
    }

    #[test]
    fn each_wrong_option_is_refused_by_name() {
        insta::assert_snapshot!(load("
location: fixtures/events
file_format: jsno
partition: x
copy:
  blank_as_null: true
  maxerr: 3
  gzip: sure
  max_error: -1
  ignore_header: 1
  compupdate: maybe
"), @r#"
        error[unknown-key]: `external` of a table that is loaded has no key `partition` (sources.yml:4:1) -- help: there is `copy`, `file_format`, `load_mode`, `location`
        error[unknown-copy-option]: COPY has no option `blank_as_null` (sources.yml:6:3) -- help: did you mean `blanks_as_null`?
        error[unknown-copy-option]: COPY has no option `maxerr` (sources.yml:7:3) -- help: did you mean `max_error`?
        error[bad-location]: COPY reads from S3 only (sources.yml:2:11) -- help: write an `s3://bucket/prefix`; a target may map it to a folder with `s3: {"s3://bucket/": "folder/"}`
        error[unknown-value]: there is no file format `jsno` (sources.yml:3:14) -- help: did you mean `json`? -- help: write `csv`, `json`, `text` (with a delimiter), `fixedwidth`, `avro`, `parquet` or `orc`
        error[yaml-type]: expected `true` or `false` for `gzip`, found the text `sure` (sources.yml:8:9) -- help: write `true` or `false`, without quotes
        error[yaml-type]: expected a number from 0 to 100000 for `max_error`, found the number `-1` (sources.yml:9:14) -- help: write a number from 0 to 100000 for `max_error` here, or take the key out
        error[yaml-type]: expected one of `on`, `off`, `preset` for `compupdate`, found the text `maybe` (sources.yml:11:15) -- help: write one of `on`, `off`, `preset` for `compupdate` here, or take the key out
        "#);
    }
}
