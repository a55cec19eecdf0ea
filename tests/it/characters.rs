//! Columns of `char(n)`: the blanks at their end mean nothing, whoever wrote them, and on every warehouse alike.

use insta::assert_snapshot;

use crate::loads::Everywhere;

fn project(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    for (path, text) in [
        (
            "dbt_project.yml",
            "name: shop
profile: project
on-run-start:
  - create schema if not exists {{ target.schema }}
  - drop table if exists {{ target.schema }}.hooked
  - create table {{ target.schema }}.hooked (id int, code char(5) default 'd ', note varchar(5))
  - insert into {{ target.schema }}.hooked values (1, 'ab ', 'n '), (2, null, 'm ')
  - insert into {{ target.schema }}.hooked (id) values (3)
  - insert into {{ target.schema }}.hooked select 4, note || ' ', note from {{ target.schema }}.hooked where id = 1
  - update {{ target.schema }}.hooked set code = note || '  ' where id = 2
  - update {{ target.schema }}.hooked set code = code || 'x ' where id = 3
",
        ),
        ("seeds/codes.csv", "id,code\n1,\"ab \"\n2,c\n3,\"  \"\n"),
        (
            "seeds/seeds.yml",
            "seeds: [{name: codes, config: {column_types: {id: integer, code: char(5)}}}]\n",
        ),
        (
            "models/raw.yml",
            "sources:
  - name: raw
    schema: \"{{ target.schema }}\"
    tables:
      - name: lines
        external: {location: 's3://lake/lines', file_format: csv, copy: {iam_role: default}}
        columns: [{name: id, data_type: integer}, {name: code, data_type: char(5)}]
      - name: objects
        external: {location: 's3://lake/objects', file_format: json, copy: {iam_role: default}}
        columns: [{name: id, data_type: integer}, {name: code, data_type: char(5)}]
",
        ),
        ("bucket/lines/1.csv", "1,ab \n2,c\n3,abcde   \n"),
        (
            "bucket/objects/1.json",
            "{\"id\": 1, \"code\": \"ab  \"} {\"id\": 2, \"code\": \"c\"}",
        ),
        (
            "models/copied.sql",
            "{{ config(materialized='table') }} select id, code, code as again, code::varchar as words from {{ ref('codes') }}",
        ),
        (
            "models/joined.sql",
            "{{ config(materialized='table') }} select id, code from {{ ref('codes') }} union all select 9, 'x '",
        ),
        (
            "models/merged.sql",
            "{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }}
select {% if is_incremental() %} 1 as id, 'zz '::varchar(5) as code union all select 2, 'new '::varchar(5) {% else %} 1 as id, 'ab '::char(5) as code {% endif %}",
        ),
        (
            "models/added.sql",
            "{{ config(materialized='incremental', incremental_strategy='append') }}
select {% if is_incremental() %} 2 as id, 'zz '::varchar(9) as code {% else %} 1 as id, 'ab '::char(5) as code {% endif %}",
        ),
    ] {
        all.project.write(path, text);
    }
    all
}

/// A value of a `char` that is no fit, and the row of a classified column that PostgreSQL would tell.
#[test]
fn a_text_that_does_not_fit_is_told_in_redshifts_words_and_without_the_row() {
    let all = Everywhere::new("too_long");
    for (path, text) in [
        (
            "macros/fill.sql",
            "{% macro fill(which) %}
{% set values = [\"'ada@example.com', 'éé', 'a'\", \"'ada@example.com', 'a', 'é'\"] %}
{% do run_query('create schema if not exists ' ~ target.schema) %}
{% do run_query('drop table if exists ' ~ target.schema ~ '.people') %}
{% do run_query('create table ' ~ target.schema ~ '.people (email varchar(20), name varchar(3), code char(3))') %}
{% do run_query('insert into ' ~ target.schema ~ '.people values (' ~ values[which] ~ ')') %}
{% endmacro %}",
        ),
        (
            "models/sources.yml",
            "sources:
  - name: crm
    schema: \"{{ target.schema }}\"
    tables:
      - name: people
        columns: [{name: email, meta: {pii: true}}]
",
        ),
    ] {
        all.project.write(path, text);
    }
    let told = |which: usize| {
        let said = ["dev", "ci"].map(|target| {
            let output = all.project.redstart(&format!(
                "run-operation fill --target {target} --args '{{which: {which}}}'"
            ));
            assert!(!output.text().contains("ada@example.com"), "{output}");
            let lines = output.stderr.lines();
            lines
                .filter(|line| line.starts_with("error") || line.contains("= "))
                .collect::<Vec<_>>()
                .join("\n")
        });
        said.join("\n")
    };
    assert_snapshot!(told(0), @r#"
    error[database-error]: `run_query` failed: value too long for character type: `name` is character varying(3)
      = note: Constraint Error: CHECK constraint failed on table people with expression CHECK((strlen("*****") <= 3))
      = help: the length counts bytes: declare a longer column, or cut the value with `left`
    error[database-error]: `run_query` failed: value too long for character type: `name` is character varying(3)
      = note: new row for relation "*****" violates check constraint "*****"
      = note: Failing row contains *****.
      = help: the length counts bytes: declare a longer column, or cut the value with `left`
    "#);
    assert_snapshot!(told(1), @r#"
    error[database-error]: `run_query` failed: `code` is of type char, which holds characters of one byte
      = note: Constraint Error: CHECK constraint failed on table people with expression CHECK((length(code) >= strlen(code)))
      = help: declare it as `varchar`
    error[database-error]: `run_query` failed: `code` is of type char, which holds characters of one byte
      = note: new row for relation "*****" violates check constraint "*****"
      = note: Failing row contains *****.
      = help: declare it as `varchar`
    "#);
}

#[test]
fn blanks_at_the_end_of_a_char_count_nowhere() {
    let all = project("characters");
    all.run("load -q");
    all.run("build -q --no-check");
    all.run("build -q --no-check");
    let asked = |table: &str| {
        all.rows(&format!(
            "select '{table}' as t, id, len(code) as l, octet_length(code) as o, '<' || code || '>' as w, left(md5(code), 4) as m, code = 'ab' as e, code like '%b' as k, reverse(code) || '|' as r, replace(code, ' ', '_') as p, code::varchar || '|' as v, nvl(code, 'n') || '|' as n, upper(code) || '|' as u, lpad(code, 6, '.') as d from characters.{table} order by id, w"
        ))
    };
    let told: Vec<String> = [
        "codes", "lines", "objects", "copied", "joined", "merged", "added", "hooked",
    ]
    .map(asked)
    .to_vec();
    assert_snapshot!(told.join("\n"), @r#"
    t     | id | l    | o    | w    | m    | e     | k     | r    | p    | v    | n   | u    | d
    ------+----+------+------+------+------+-------+-------+------+------+------+-----+------+-------
    codes |  1 |    2 |    2 | <ab> | 187e | true  | true  | ba|  | ab   | ab|  | ab| | AB|  | ....ab
    codes |  2 |    1 |    1 | <c>  | 4a8a | false | false | c|   | c    | c|   | c|  | C|   | .....c
    codes |  3 | NULL | NULL | NULL | NULL | NULL  | NULL  | NULL | NULL | NULL | n|  | NULL | NULL

    t     | id | l | o | w       | m    | e     | k     | r      | p     | v      | n      | u      | d
    ------+----+---+---+---------+------+-------+-------+--------+-------+--------+--------+--------+-------
    lines |  1 | 2 | 2 | <ab>    | 187e | true  | true  | ba|    | ab    | ab|    | ab|    | AB|    | ....ab
    lines |  2 | 1 | 1 | <c>     | 4a8a | false | false | c|     | c     | c|     | c|     | C|     | .....c
    lines |  3 | 5 | 5 | <abcde> | ab56 | false | false | edcba| | abcde | abcde| | abcde| | ABCDE| | .abcde

    t       | id | l | o | w    | m    | e     | k     | r   | p  | v   | n   | u   | d
    --------+----+---+---+------+------+-------+-------+-----+----+-----+-----+-----+-------
    objects |  1 | 2 | 2 | <ab> | 187e | true  | true  | ba| | ab | ab| | ab| | AB| | ....ab
    objects |  2 | 1 | 1 | <c>  | 4a8a | false | false | c|  | c  | c|  | c|  | C|  | .....c

    t      | id | l    | o    | w    | m    | e     | k     | r    | p    | v    | n   | u    | d
    -------+----+------+------+------+------+-------+-------+------+------+------+-----+------+-------
    copied |  1 |    2 |    2 | <ab> | 187e | true  | true  | ba|  | ab   | ab|  | ab| | AB|  | ....ab
    copied |  2 |    1 |    1 | <c>  | 4a8a | false | false | c|   | c    | c|   | c|  | C|   | .....c
    copied |  3 | NULL | NULL | NULL | NULL | NULL  | NULL  | NULL | NULL | NULL | n|  | NULL | NULL

    t      | id | l    | o    | w    | m    | e     | k     | r    | p    | v    | n   | u    | d
    -------+----+------+------+------+------+-------+-------+------+------+------+-----+------+-------
    joined |  1 |    2 |    2 | <ab> | 187e | true  | true  | ba|  | ab   | ab|  | ab| | AB|  | ....ab
    joined |  2 |    1 |    1 | <c>  | 4a8a | false | false | c|   | c    | c|   | c|  | C|   | .....c
    joined |  3 | NULL | NULL | NULL | NULL | NULL  | NULL  | NULL | NULL | NULL | n|  | NULL | NULL
    joined |  9 |    2 |    2 | <x > | 45b3 | false | false |  x|  | x_   | x |  | x | | X |  | ....x

    t      | id | l | o | w     | m    | e     | k     | r    | p   | v    | n    | u    | d
    -------+----+---+---+-------+------+-------+-------+------+-----+------+------+------+-------
    merged |  1 | 2 | 2 | <zz>  | 25ed | false | false | zz|  | zz  | zz|  | zz|  | ZZ|  | ....zz
    merged |  2 | 3 | 3 | <new> | 22af | false | false | wen| | new | new| | new| | NEW| | ...new

    t     | id | l | o | w    | m    | e     | k     | r   | p  | v   | n   | u   | d
    ------+----+---+---+------+------+-------+-------+-----+----+-----+-----+-----+-------
    added |  1 | 2 | 2 | <ab> | 187e | true  | true  | ba| | ab | ab| | ab| | AB| | ....ab
    added |  2 | 2 | 2 | <zz> | 25ed | false | false | zz| | zz | zz| | zz| | ZZ| | ....zz

    t      | id | l | o | w    | m    | e     | k     | r   | p  | v   | n   | u   | d
    -------+----+---+---+------+------+-------+-------+-----+----+-----+-----+-----+-------
    hooked |  1 | 2 | 2 | <ab> | 187e | true  | true  | ba| | ab | ab| | ab| | AB| | ....ab
    hooked |  2 | 1 | 1 | <m>  | 6f8f | false | false | m|  | m  | m|  | m|  | M|  | .....m
    hooked |  3 | 2 | 2 | <dx> | acd2 | false | false | xd| | dx | dx| | dx| | DX| | ....dx
    hooked |  4 | 1 | 1 | <n>  | 7b8b | false | false | n|  | n  | n|  | n|  | N|  | .....n
    "#);
    assert_snapshot!(all.rows("select listagg(code, '-') within group (order by id) as l, count(distinct code) as n, min(code || '|') as f from characters.added"), @r#"
    l     | n | f
    ------+---+----
    ab-zz | 2 | ab|
    "#);
}
