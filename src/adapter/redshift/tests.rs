//! Every statement once, as Redshift says it.

use std::sync::Arc;

use super::sql::sql;
use crate::adapter::Statement;
use crate::adapter::seed::SeedRows;
use crate::adapter::statement::{
    AccessKeys, ColumnDefinition, Compression, Copy, CopyFormat, Dist, Encoding, Key, Rows, Secret,
    SortType, TableAttributes, TableConstraint,
};
use crate::relation::{Relation, RelationKind};

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn t(name: &str) -> Relation {
    Relation::new("Sales", name)
}

fn attributes(dist: Option<Dist>, sort: &[&str], sort_type: Option<SortType>) -> TableAttributes {
    TableAttributes {
        dist,
        sort: texts(sort),
        sort_type,
        ..TableAttributes::default()
    }
}

fn table_as(relation: Relation, attributes: TableAttributes, temporary: bool) -> Statement {
    Statement::CreateTableAs {
        relation,
        query: "select 1 as id -- one".to_owned(),
        attributes,
        temporary,
        header: temporary.then(|| "set query_group to 'x';".to_owned()),
    }
}

fn create_table() -> Statement {
    let column = |name: &str, data_type: &str| ColumnDefinition::new(name, data_type);
    Statement::CreateTable {
        relation: t("orders"),
        columns: vec![
            ColumnDefinition {
                identity: Some((0, 1)),
                not_null: true,
                primary_key: true,
                ..column("id", "bigint")
            },
            ColumnDefinition {
                encode: Some("zstd".to_owned()),
                unique: true,
                ..column("Weird \" name", "varchar(20)")
            },
            ColumnDefinition {
                default: Some("0.00".to_owned()),
                ..column("amount", "decimal(10,2)")
            },
        ],
        constraints: vec![
            TableConstraint::PrimaryKey(texts(&["id"])),
            TableConstraint::Unique(texts(&["id", "amount"])),
            TableConstraint::ForeignKey {
                columns: texts(&["id"]),
                to: t("parents"),
                to_columns: texts(&["id"]),
            },
        ],
        attributes: attributes(Some(Dist::Key("id".to_owned())), &["id"], None),
        temporary: false,
    }
}

fn copy(format: CopyFormat) -> Copy {
    Copy {
        columns: vec![ColumnDefinition::new("a", "int")],
        iam_role: Some("default".to_owned()),
        ..Copy::new(t("orders"), "s3://b/it's", format)
    }
}

fn copies() -> Vec<Statement> {
    let mut all = copy(CopyFormat::Csv {
        delimiter: "\t".to_owned(),
        quote: '\'',
    });
    all.ignore_header = 1;
    all.columns.push(ColumnDefinition {
        identity: Some((1, 1)),
        ..ColumnDefinition::new("id", "bigint")
    });
    all.iam_role = Some("arn:aws:iam::1:role/x".to_owned());
    all.region = Some("us-west-2".to_owned());
    all.compression = Some(Compression::Gzip);
    all.time_format = Some("epochmillisecs".to_owned());
    all.date_format = Some("auto".to_owned());
    all.blanks_as_null = true;
    all.empty_as_null = true;
    all.truncate_columns = true;
    all.trim_blanks = true;
    all.accept_invalid_characters = Some('?');
    all.fill_record = true;
    all.ignore_blank_lines = true;
    all.null_as = Some("\\N".to_owned());
    all.max_error = 5;
    all.computes = vec![("COMPUPDATE".to_owned(), "off".to_owned())];
    all.manifest = true;
    all.encoding = Some(Encoding::Utf16Le);
    all.accept_any_date = true;
    all.round_decimals = true;
    all.no_load = true;
    let delimited = CopyFormat::Delimited {
        delimiter: "\u{1}".to_owned(),
        escape: true,
        remove_quotes: true,
    };
    let mut keys = copy(CopyFormat::FixedWidth(vec![
        ("id".to_owned(), 3),
        ("name".to_owned(), 25),
    ]));
    keys.iam_role = None;
    keys.keys = Some(Box::new(AccessKeys {
        id: Secret::new("AKIA"),
        secret: Secret::new("it's"),
        session_token: Some(Secret::new("token")),
    }));
    keys.master_symmetric_key = Some(Secret::new("master"));
    keys.compression = Some(Compression::Bzip2);
    keys.ignore_all_errors = true;
    let mut explicit = copy(CopyFormat::Parquet);
    explicit.columns = vec![ColumnDefinition {
        identity: Some((1, 1)),
        ..ColumnDefinition::new("id", "bigint")
    }];
    explicit.iam_role = Some("arn:aws:iam::1:role/a,arn:aws:iam::2:role/b".to_owned());
    explicit.explicit_ids = true;
    [
        copy(CopyFormat::JsonAuto),
        copy(CopyFormat::JsonAutoIgnoreCase),
        copy(CopyFormat::JsonPaths("s3://b/paths.json".to_owned())),
        copy(CopyFormat::csv()),
        copy(delimited),
        copy(CopyFormat::JsonNoShred),
        copy(CopyFormat::Avro("auto ignorecase".to_owned())),
        copy(CopyFormat::Orc),
        explicit,
        keys,
        all,
    ]
    .into_iter()
    .map(|copy| Statement::Copy(Box::new(copy)))
    .collect()
}

fn seed() -> Statement {
    Statement::Load {
        into: t("seed"),
        columns: vec![
            ColumnDefinition::new("id", "int"),
            ColumnDefinition::new("name", "varchar(9)"),
        ],
        rows: Arc::new(SeedRows::of_text(
            "seeds/seed.csv",
            "id,name\n1,it's \\ it\n2,\n",
        )),
    }
}

/// One statement of each kind.
pub(in crate::adapter) fn statements() -> Vec<Statement> {
    let view = |bind| Statement::CreateView {
        relation: t("v"),
        query: "select 1 as id".to_owned(),
        bind,
        header: None,
    };
    let merge = |update: &[&str]| Statement::Merge {
        into: t("orders"),
        using: Relation::new("", "orders__tmp"),
        key: texts(&["id", "day"]),
        update: texts(update),
        insert: texts(&["id", "day", "amount"]),
        predicates: texts(&["DBT_INTERNAL_SOURCE.day > '2024-01-01'"]),
    };
    let comment = |column: Option<&str>| Statement::Comment {
        kind: RelationKind::View,
        relation: t("v"),
        column: column.map(str::to_owned),
        is_there: true,
        text: "it's \\ fine".to_owned(),
    };
    let mut all = vec![
        Statement::CreateSchema {
            database: None,
            schema: "Sales".to_owned(),
        },
        table_as(
            Relation {
                database: Some("dev".to_owned()),
                ..t("orders")
            },
            TableAttributes {
                backup: Some(false),
                ..attributes(
                    Some(Dist::Key("id".to_owned())),
                    &["id", "day"],
                    Some(SortType::Interleaved),
                )
            },
            false,
        ),
        table_as(
            t("a"),
            attributes(Some(Dist::All), &["id"], Some(SortType::Compound)),
            false,
        ),
        table_as(
            t("a"),
            attributes(Some(Dist::Even), &[], Some(SortType::Auto)),
            false,
        ),
        table_as(
            Relation::new("", "orders__tmp"),
            attributes(Some(Dist::Auto), &[], None),
            true,
        ),
        create_table(),
        view(true),
        view(false),
        Statement::Rename {
            kind: RelationKind::View,
            from: t("v"),
            to: "w".to_owned(),
        },
        Statement::Drop {
            kind: RelationKind::Table,
            relation: t("orders"),
            if_exists: true,
        },
        Statement::Drop {
            kind: RelationKind::View,
            relation: t("v"),
            if_exists: false,
        },
        Statement::Insert {
            into: t("orders"),
            columns: texts(&["id", "amount"]),
            from: Rows::Relation(Relation::new("", "orders__tmp")),
        },
        Statement::Insert {
            into: t("orders"),
            columns: Vec::new(),
            from: Rows::Query("select 1".to_owned()),
        },
        Statement::DeleteByKey {
            from: t("orders"),
            using: Relation::new("", "orders__tmp"),
            key: ["id", "day"]
                .map(|name| Key::Column(name.to_owned()))
                .to_vec(),
            predicates: texts(&["day > '2024-01-01'"]),
        },
        merge(&["amount"]),
        merge(&[]),
        seed(),
        Statement::AddColumn {
            relation: t("orders"),
            name: "note".to_owned(),
            data_type: "varchar(9)".to_owned(),
        },
        Statement::DropColumn {
            relation: t("orders"),
            name: "note".to_owned(),
        },
        Statement::CreateMaterializedView {
            relation: t("mv"),
            query: "select 1 as id".to_owned(),
            attributes: attributes(Some(Dist::Key("id".to_owned())), &["id"], None),
            auto_refresh: true,
        },
        Statement::RefreshMaterializedView { relation: t("mv") },
        Statement::SetAutoRefresh {
            relation: t("mv"),
            auto_refresh: false,
        },
        Statement::WidenColumn {
            relation: t("orders"),
            name: "note".to_owned(),
            data_type: "character varying(300)".to_owned(),
        },
        Statement::ChangeColumnType {
            relation: t("orders"),
            name: "note".to_owned(),
            data_type: "bigint".to_owned(),
        },
        Statement::QueryGroup {
            name: Some("it's nightly".to_owned()),
        },
        Statement::QueryGroup { name: None },
        comment(None),
        comment(Some("id")),
        Statement::Grant {
            relation: t("orders"),
            privilege: "select".to_owned(),
            grantees: texts(&[
                "Ann",
                "group analysts",
                "role r",
                "PUBLIC",
                "user:Bo",
                "group:Etl",
                "role:reader",
                "IAM:ada",
            ]),
        },
        Statement::Begin,
        Statement::Commit,
        Statement::Raw {
            sql: "vacuum; analyze".to_owned(),
            origin: None,
        },
    ];
    all.extend(copies());
    all
}

#[test]
fn every_statement_has_its_words() {
    let said = statements()
        .iter()
        .map(|statement| sql(statement).join("\n;\n"))
        .collect::<Vec<_>>()
        .join("\n---\n");
    insta::assert_snapshot!(said, @r#"
    create schema if not exists "Sales"
    ---
    create table "dev"."Sales"."orders"
    backup no
    diststyle key distkey ("id")
    interleaved sortkey ("id", "day")
    as (
    select 1 as id -- one
    )
    ---
    create table "Sales"."a"
    diststyle all
    compound sortkey ("id")
    as (
    select 1 as id -- one
    )
    ---
    create table "Sales"."a"
    diststyle even
    sortkey auto
    as (
    select 1 as id -- one
    )
    ---
    set query_group to 'x';
    ;
    create temporary table "orders__tmp"
    diststyle auto
    as (
    select 1 as id -- one
    )
    ---
    create table "Sales"."orders" (
      "id" bigint identity(0, 1) not null primary key,
      "Weird "" name" varchar(20) encode zstd unique,
      "amount" decimal(10,2) default 0.00,
      primary key ("id"),
      unique ("id", "amount"),
      foreign key ("id") references "Sales"."parents" ("id")
    )
    diststyle key distkey ("id")
    compound sortkey ("id")
    ---
    create view "Sales"."v" as (
    select 1 as id
    )
    ---
    create view "Sales"."v" as (
    select 1 as id
    ) with no schema binding
    ---
    alter table "Sales"."v" rename to "w"
    ---
    drop table if exists "Sales"."orders"
    ---
    drop view "Sales"."v"
    ---
    insert into "Sales"."orders" ("id", "amount") (
      select "id", "amount" from "orders__tmp"
    )
    ---
    insert into "Sales"."orders" (
    select 1
    )
    ---
    delete from "Sales"."orders"
    where ("id", "day") in (
      select "id", "day" from "orders__tmp"
    )
    and day > '2024-01-01'
    ---
    merge into "Sales"."orders"
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on "Sales"."orders"."id" = DBT_INTERNAL_SOURCE."id" and "Sales"."orders"."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when matched then update set "amount" = DBT_INTERNAL_SOURCE."amount"
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    merge into "Sales"."orders"
    using "orders__tmp" as DBT_INTERNAL_SOURCE
    on "Sales"."orders"."id" = DBT_INTERNAL_SOURCE."id" and "Sales"."orders"."day" = DBT_INTERNAL_SOURCE."day" and DBT_INTERNAL_SOURCE.day > '2024-01-01'
    when matched then update set "id" = DBT_INTERNAL_SOURCE."id", "day" = DBT_INTERNAL_SOURCE."day"
    when not matched then insert ("id", "day", "amount") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."day", DBT_INTERNAL_SOURCE."amount")
    ---
    insert into "Sales"."seed" ("id", "name") values
      -- the 2 rows of seeds/seed.csv
    ---
    alter table "Sales"."orders" add column "note" varchar(9)
    ---
    alter table "Sales"."orders" drop column "note"
    ---
    create materialized view "Sales"."mv"
    diststyle key distkey ("id")
    sortkey ("id")
    auto refresh yes
    as (
    select 1 as id
    )
    ---
    refresh materialized view "Sales"."mv"
    ---
    alter materialized view "Sales"."mv" auto refresh no
    ---
    alter table "Sales"."orders" alter column "note" type character varying(300)
    ---
    alter table "Sales"."orders" add column "note__rs_type" bigint
    ;
    update "Sales"."orders" set "note__rs_type" = cast("note" as bigint)
    ;
    alter table "Sales"."orders" drop column "note"
    ;
    alter table "Sales"."orders" rename column "note__rs_type" to "note"
    ---
    set query_group to 'it''s nightly'
    ---
    reset query_group
    ---
    comment on view "Sales"."v" is 'it''s \\ fine'
    ---
    comment on column "Sales"."v"."id" is 'it''s \\ fine'
    ---
    grant select on "Sales"."orders" to "Ann", group "analysts", role "r", PUBLIC, "Bo", group "Etl", role "reader", "IAM:ada"
    ---
    begin
    ---
    commit
    ---
    vacuum; analyze
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format json 'auto'
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format json 'auto ignorecase'
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format json 's3://b/paths.json'
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format csv
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    delimiter '\001'
    escape
    removequotes
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format json 'noshred'
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format avro 'auto ignorecase'
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role default
    format orc
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    iam_role 'arn:aws:iam::1:role/a,arn:aws:iam::2:role/b'
    format parquet
    explicit_ids
    ---
    copy "Sales"."orders"
    from 's3://b/it''s'
    access_key_id 'AKIA'
    secret_access_key 'it''s'
    session_token 'token'
    encrypted
    master_symmetric_key 'master'
    fixedwidth 'id:3,name:25'
    bzip2
    ignoreallerrors
    ---
    copy "Sales"."orders" ("a")
    from 's3://b/it''s'
    manifest
    iam_role 'arn:aws:iam::1:role/x'
    region 'us-west-2'
    format csv
    delimiter '\t'
    quote ''''
    gzip
    ignoreheader 1
    encoding utf16le
    timeformat 'epochmillisecs'
    dateformat 'auto'
    null as '\\N'
    acceptinvchars as '?'
    acceptanydate
    blanksasnull
    emptyasnull
    fillrecord
    ignoreblanklines
    roundec
    trimblanks
    truncatecolumns
    maxerror 5
    noload
    compupdate off
    "#);
}
