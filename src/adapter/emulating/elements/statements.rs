//! Statements. An example is a script: the value is that of its last query.

use super::{Element, element};

pub(super) const ROWS: &[Element] = &[
    element(
        "`select`",
        "",
        "r_SELECT_synopsis.html",
        &[("SELECT 1 AS a", "1")],
    ),
    element(
        "`create table`",
        "",
        "r_CREATE_TABLE_NEW.html",
        &[
            (
                "CREATE TABLE t (id INT NOT NULL, s VARCHAR(3) DEFAULT 'a') DISTKEY (id) SORTKEY (s); INSERT INTO t (id) VALUES (1); SELECT id || s FROM t",
                "1a",
            ),
            ("CREATE TABLE t (a INT); CREATE TABLE t (a INT)", "ERROR"),
            (
                "CREATE TABLE t (a INT, c CHAR(5) DEFAULT 'ab '); INSERT INTO t (a) VALUES (1); SELECT LEN(c) || c || '|' FROM t",
                "2ab|",
            ),
            (
                "CREATE TABLE t (c CHAR(3)); INSERT INTO t VALUES ('é')",
                "ERROR",
            ),
        ],
    ),
    element(
        "`create temp table`, `#name`",
        "",
        "r_CREATE_TABLE_NEW.html",
        &[
            (
                "CREATE TEMP TABLE t (a INT); INSERT INTO t VALUES (1); SELECT a FROM t",
                "1",
            ),
            ("SELECT 1 AS a INTO #t; SELECT a FROM \"#t\"", "1"),
        ],
    ),
    element(
        "`create table … as`",
        "",
        "r_CREATE_TABLE_AS.html",
        &[
            (
                "CREATE TABLE t DISTSTYLE ALL AS SELECT 7 / 2 AS a; SELECT a FROM t",
                "3",
            ),
            (
                "CREATE TABLE s (c CHAR(5)); INSERT INTO s VALUES ('ab '); CREATE TABLE t AS SELECT c, c::varchar AS v FROM s UNION ALL SELECT 'c '::char(5), 'd '; SELECT LISTAGG(c || '|' || v || '|') WITHIN GROUP (ORDER BY c) FROM t",
                "ab|ab|c|d |",
            ),
        ],
    ),
    element(
        "`create table … (like …)`",
        "",
        "r_CREATE_TABLE_NEW.html",
        &[(
            "CREATE TABLE t (a INT); CREATE TABLE u (LIKE t); INSERT INTO u VALUES (4); SELECT a FROM u",
            "4",
        )],
    ),
    element(
        "`select … into`",
        "",
        "r_SELECT_INTO.html",
        &[("SELECT 1 AS a INTO t; SELECT a FROM t", "1")],
    ),
    element(
        "`create [or replace] view`",
        "",
        "r_CREATE_VIEW.html",
        &[
            ("CREATE VIEW v AS SELECT 1 AS a; SELECT a FROM v", "1"),
            (
                "CREATE OR REPLACE VIEW v AS SELECT 2 AS a WITH NO SCHEMA BINDING; SELECT a FROM v",
                "2",
            ),
        ],
    ),
    element(
        "`create materialized view`, `refresh materialized view`",
        "a model with `materialized: materialized_view` is one",
        "materialized-view-create-sql-command.html",
        &[
            ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a", "ERROR"),
            ("REFRESH MATERIALIZED VIEW v", "ERROR"),
        ],
    ),
    element(
        "`create schema`, `drop schema`",
        "",
        "r_CREATE_SCHEMA.html",
        &[(
            "CREATE SCHEMA IF NOT EXISTS s; CREATE TABLE s.t (a INT); DROP SCHEMA s CASCADE; SELECT 1",
            "1",
        )],
    ),
    element(
        "`alter table`: columns and names",
        "",
        "r_ALTER_TABLE.html",
        &[(
            "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT DEFAULT 2; INSERT INTO t (a) VALUES (1); ALTER TABLE t RENAME COLUMN b TO c; ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME TO u; SELECT c FROM u",
            "2",
        )],
    ),
    element(
        "`drop table`, `drop view`",
        "",
        "r_DROP_TABLE.html",
        &[
            (
                "CREATE TABLE t (a INT); DROP TABLE t; SELECT a FROM t",
                "ERROR",
            ),
            ("DROP TABLE IF EXISTS t; SELECT 1", "1"),
            ("CREATE TABLE t (a INT); DROP VIEW t", "ERROR"),
        ],
    ),
    element(
        "`insert`",
        "",
        "r_INSERT_30.html",
        &[
            (
                "CREATE TABLE t (a INT, b VARCHAR(3)); INSERT INTO t VALUES (1, 'x'), (DEFAULT, 'y'); INSERT INTO t SELECT 2, 'z'; SELECT COUNT(a) FROM t",
                "2",
            ),
            (
                "CREATE TABLE t (a INT); INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
                "ERROR",
            ),
        ],
    ),
    element(
        "`update … from`",
        "",
        "r_UPDATE.html",
        &[(
            "CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (1, 1); UPDATE t SET b = q.n FROM (SELECT 1 AS a, 5 AS n) q WHERE t.a = q.a; SELECT b FROM t",
            "5",
        )],
    ),
    element(
        "`delete … using`",
        "",
        "r_DELETE.html",
        &[
            (
                "CREATE TABLE t (a INT); CREATE TABLE u (a INT); INSERT INTO t VALUES (1), (2); INSERT INTO u VALUES (2); DELETE FROM t USING u WHERE t.a = u.a; SELECT a FROM t",
                "1",
            ),
            (
                "CREATE TABLE t (a INT); DELETE FROM t AS x WHERE x.a = 1",
                "ERROR",
            ),
        ],
    ),
    element(
        "`merge`",
        "",
        "r_MERGE.html",
        &[
            (
                "CREATE TABLE t (a INT, b INT); CREATE TABLE u (a INT, b INT); INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1, 5), (2, 6); MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT VALUES (u.a, u.b); SELECT SUM(b) FROM t",
                "11",
            ),
            (
                "CREATE TABLE t (a INT); CREATE TABLE u (a INT); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1), (1); MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (u.a)",
                "ERROR",
            ),
        ],
    ),
    element(
        "`truncate`",
        "",
        "r_TRUNCATE.html",
        &[(
            "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); TRUNCATE t; SELECT COUNT(*) FROM t",
            "0",
        )],
    ),
    element(
        "`begin`, `commit`, `rollback`, `end`",
        "",
        "r_BEGIN.html",
        &[(
            "CREATE TABLE t (a INT); BEGIN; INSERT INTO t VALUES (1); ROLLBACK; SELECT COUNT(*) FROM t",
            "0",
        )],
    ),
    element(
        "`comment on`",
        "",
        "r_COMMENT.html",
        &[(
            "CREATE TABLE t (a INT); COMMENT ON TABLE t IS 'x'; SELECT 1",
            "1",
        )],
    ),
    element(
        "`grant`, `revoke`, `analyze`, `vacuum`, `lock`",
        "",
        "r_GRANT.html",
        &[
            (
                "CREATE TABLE t (a INT); GRANT SELECT ON t TO PUBLIC; ANALYZE VERBOSE t (a); LOCK TABLE t; SELECT 1",
                "1",
            ),
            ("GRANT SELECT ON t TO PUBLIC", "ERROR"),
            ("GRANT USAGE ON SCHEMA s TO PUBLIC", "ERROR"),
            ("ANALYZE VERBOSE t", "ERROR"),
            ("VACUUM SORT ONLY t TO 99 PERCENT", "ERROR"),
            ("LOCK t", "ERROR"),
        ],
    ),
    element(
        "`set`, `reset`",
        "",
        "r_SET.html",
        &[("SET query_group TO 'x'; RESET query_group; SELECT 1", "1")],
    ),
    element(
        "`unload`",
        "files are written by an unload of the project",
        "r_UNLOAD.html",
        &[(
            "UNLOAD ('select 1') TO 's3://b/p' IAM_ROLE DEFAULT",
            "ERROR",
        )],
    ),
    element(
        "procedures, functions, models, libraries",
        "they live on the cluster",
        "r_CREATE_PROCEDURE.html",
        &[
            ("CALL p()", "ERROR"),
            (
                "CREATE FUNCTION f() RETURNS INT STABLE AS $$ SELECT 1 $$ LANGUAGE sql",
                "ERROR",
            ),
        ],
    ),
    element(
        "external schemas and tables",
        "there is no Spectrum here",
        "r_CREATE_EXTERNAL_TABLE.html",
        &[("CREATE EXTERNAL TABLE s.t (a INT)", "ERROR")],
    ),
    element(
        "`create index`, types, sequences, triggers",
        "Redshift does not have them",
        "c_unsupported-postgresql-features.html",
        &[
            ("CREATE TABLE t (a INT); CREATE INDEX i ON t (a)", "ERROR"),
            ("CREATE TYPE mood AS ENUM ('a')", "ERROR"),
            ("CREATE SEQUENCE s", "ERROR"),
        ],
    ),
];
