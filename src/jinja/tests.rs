//! The language as a whole: what templates print, and what is said when they are wrong.

use std::sync::Arc;

use insta::assert_snapshot;

use super::testing::{TestWorld, all_errors, error, macros, text, try_render};
use super::world::World;
use super::{Template, Value};
use crate::diagnostic::{Source, Span};

#[test]
fn a_model_reads_refs_sources_vars_and_config() {
    assert_snapshot!(text("", "\
{{ config(materialized='table', tags=['a']) }}
select '{{ var('start') }}', {{ var('n') + 1 }}, {{ var('x', 'none') }} from {{ ref('orders') }}
join {{ ref('pkg', 'customers', v=2) }} join {{ source('raw', 'events') }} -- {{ config.get('materialized') }} {{ this }} {{ env_var('HOME') }}
"), @r#"

    select '2024-01-01', 4, none from "main"."orders"
    join "pkg"."customers_v2" join "raw"."events" -- table "main"."here" /home/ada
    "#);
}

#[test]
fn lists_and_dicts_change_as_in_python() {
    assert_eq!(
        text("", "\
{%- set a = [1, 2] %}{% set b = a %}{% do b.append(3) %}{{ a }}
{%- set d = {'k': [], 'n': {'x': 1}} %}{% do d['k'].append('v') %}{% do d.n.update({'y': 2}) %}{% do d.setdefault('z', []).extend([1]) %} {{ d }}
{%- set c = a + [4] %}{% do c.insert(0, 0) %}{% for i in [1, 2] %}{% do c.append(i) %}{% endfor %} {{ c }} {{ c.pop() }} {{ c | length }} {{ 2 in c }} {{ c[1:3] }}
{%- set ns = namespace(found=[]) %}{% for i in range(3) %}{% set ns.found = ns.found + [i] %}{% endfor %} {{ ns.found }}"),
        "[1, 2, 3] {'k': ['v'], 'n': {'x': 1, 'y': 2}, 'z': [1]} [0, 1, 2, 3, 4, 1, 2] 2 6 True [1, 2] [0, 1, 2]"
    );
}

#[test]
fn return_leaves_the_macro_with_any_value() {
    assert_eq!(
        text(
            "{% macro numbers() %}{% for i in range(5) %}{% if i == 3 %}{{ return([i, 'x']) }}{% endif %}{% endfor %}no{% endmacro %}
             {% macro outer() %}before {{ return(numbers()) }} after{% endmacro %}
             {% macro fact(n) %}{{ return(1 if n <= 1 else n * fact(n - 1)) }}{% endmacro %}
             {% macro columns() %}{% set made = outer() %}{% do made.append('y') %}{{ return(made) }}{% endmacro %}",
            "{{ outer()[1] }} {{ fact(20) }} {{ columns() }}"
        ),
        "x 2432902008176640000 [3, 'x', 'y']"
    );
}

#[test]
fn parameters_take_defaults_keywords_varargs_and_callers() {
    assert_eq!(
        text(
            "{% macro m(a, b=a ~ '!', c=[1]) -%}{{ a }} {{ b }} {{ c }}{%- endmacro %}
             {% macro many(x) %}{{ x }}|{{ varargs | join(',') }}|{{ kwargs }}{% endmacro %}
             {% macro wrap(tag) %}<{{ tag }}>{{ caller(tag ~ '?') }}</{{ tag }}>{% endmacro %}
             {% macro missing(a, b) %}{{ a }}[{{ b }}]{{ b is defined }}{% endmacro %}",
            "{{ m('x') }}; {{ m(b=2, a='y', c=none) }}; {{ many(1, 2, 3, k='v') }}; {% call(y) wrap('b') %}in {{ y }}{% endcall %}; {{ missing(1) }}"
        ),
        "x x! [1]; y 2 None; 1|2,3|{'k': 'v'}; <b>in b?</b>; 1[]False"
    );
}

#[test]
fn dispatch_finds_the_macro_of_the_dialect() {
    let macros = "{% macro default__f() %}default{% endmacro %}{% macro postgres__f() %}postgres{% endmacro %}
         {% macro f() %}{{ return(adapter.dispatch('f', 'shop')()) }}{% endmacro %}
         {% macro default__generate_schema_name(custom_schema_name, node) %}mine_{{ custom_schema_name }}{% endmacro %}";
    assert_eq!(
        text(
            macros,
            "{{ f() }} {{ shop.f() }} {{ generate_schema_name('x') }} {{ dbt.type_string() }} {{ context['f']() }}"
        ),
        "postgres postgres mine_x TEXT postgres"
    );
}

#[test]
fn a_project_replaces_ref_and_reaches_the_old_one() {
    assert_eq!(
        text(
            "{% macro ref(name) %}{% do return(builtins.ref(name).include(schema=false)) %}{% endmacro %}",
            "{{ ref('orders') }}"
        ),
        r#""orders""#
    );
}

#[test]
fn what_is_unknown_has_no_items() {
    let template = "{{ results | length }}";
    for world in [TestWorld::parsing(), TestWorld::new()] {
        assert_eq!(try_render("", template, world).unwrap().text, "0");
    }
}

#[test]
fn a_query_gives_a_table() {
    assert_eq!(
        text(
            "",
            "{% set t = run_query('select 1') %}{{ t.columns[0].values() }} {{ t.columns['name'].values() | join('+') }} {{ t.column_names }} \
             {% for row in t.rows %}{{ row['id'] }}{{ row.name }}{{ row[1] }} {% endfor %}{{ t | length }}\
             {% call statement('s', fetch_result=True) %}select {{ 1 }}{% endcall %} {{ load_result('s').table.rows[0][1] }} {{ load_result('s')['data'] }}"
        ),
        "(1, 2) ada+grace ('id', 'name') 1adaada 2gracegrace 2 ada [(1, 'ada'), (2, 'grace')]"
    );
}

#[test]
fn a_table_does_what_agates_does_or_says_that_it_does_not() {
    let tried = |call: &str| {
        let model = format!("{{% set t = run_query('select 1') %}}{{{{ {call} }}}}");
        match try_render("", &model, TestWorld::new()) {
            Ok(rendered) => rendered.text,
            Err(diagnostic) => format!("error: {}", diagnostic.message),
        }
    };
    let calls = [
        "t.rename(column_names={'id': 'x'}).column_names",
        "t.rename(['a', 'b']).column_names",
        "t.rename(slug_columns=true)",
        "t.select(key=['name', 'id']).column_names",
        "t.select('name').rows[0][0]",
        "t.select(['nosuch'])",
        "t.exclude(key='id').column_names",
        "t.exclude(['name', 'nosuch']).column_names",
        "t.order_by('name', reverse=true).rows[0].id",
        "t.limit(1).rows | length",
        "t.limit(-1).rows | length",
        "t.limit(1, 2).rows[0].name",
        "t.limit(0, 2, 2).rows | length",
        "t.limit(none, none, 2).rows | length",
        "t.limit(0, 2, 0)",
        "t.limit('many')",
        "t.distinct(key='id').rows | length",
        "t.distinct('id', 'name')",
        "t.where()",
        "t.pivot('id')",
    ];
    let all: Vec<String> = calls
        .iter()
        .map(|call| format!("{call}: {}", tried(call)))
        .collect();
    assert_snapshot!(all.join("\n"), @"
    t.rename(column_names={'id': 'x'}).column_names: ('x', 'name')
    t.rename(['a', 'b']).column_names: ('a', 'b')
    t.rename(slug_columns=true): error: `rename` of a table has no argument `slug_columns` here: it takes `column_names`
    t.select(key=['name', 'id']).column_names: ('name', 'id')
    t.select('name').rows[0][0]: ada
    t.select(['nosuch']): error: the table has no column `nosuch`
    t.exclude(key='id').column_names: ('name',)
    t.exclude(['name', 'nosuch']).column_names: ('id',)
    t.order_by('name', reverse=true).rows[0].id: 2
    t.limit(1).rows | length: 1
    t.limit(-1).rows | length: 1
    t.limit(1, 2).rows[0].name: grace
    t.limit(0, 2, 2).rows | length: 1
    t.limit(none, none, 2).rows | length: 1
    t.limit(0, 2, 0): error: `step` of `limit` is a number from 1
    t.limit('many'): error: `start_or_stop` of `limit` is a whole number
    t.distinct(key='id').rows | length: 2
    t.distinct('id', 'name'): error: `distinct` of a table has 2 arguments here: it takes `key`
    t.where(): error: `where` of a table needs `test`
    t.pivot('id'): error: sequence has no method named pivot
    ");
}

#[test]
fn parsing_asks_nothing_and_forgives_nothing_that_a_query_would_give() {
    let world = TestWorld::parsing();
    let model = "{% set t = run_query('select 1') %}{{ t.columns[0].values() }}{% for c in adapter.get_columns_in_relation(ref('orders')) %}x{% endfor %}\
                 {{ load_result('x').table.rows[0][0] }}{% if execute: %}no{% endif %}done";
    assert_eq!(try_render("", model, world).unwrap().text, "done");
}

#[test]
fn operators_of_python_that_minijinja_lacks_are_rewritten() {
    assert_eq!(
        text(
            "",
            "{{ '%s-%s' % ('a', 1) }} {{ '%d' % 3 }} {% do 1 if true else 2 %}{{ +1 }} {{ 'x' | int }} {{ '7' | int + 1 }} {{ 'a'.zfill(3) }}"
        ),
        "a-1 3 1 0 8 00a"
    );
}

#[test]
fn text_is_mapped_back_to_the_line_that_made_it() {
    let macros = "{% macro cols() %}a,\nb,\nc{% endmacro %}";
    let model = "{{ config(x=1) }}\n\nselect\n  {{ cols() }},\n  {%- if true %}\n  d -- it\n  {% endif %}\n  {{- 'e' }}, f\nfrom {{ ref('orders') }} o\n";
    let rendered = try_render(macros, model, TestWorld::new()).unwrap();
    assert_snapshot!(rendered.text, @r#"


    select
      a,
    b,
    c,
      d -- it
      e, f
    from "main"."orders" o
    "#);
    let place = |part: &str| {
        let at = rendered.text.find(part).unwrap();
        let span = rendered.map.range(at..at + part.len());
        format!("{} `{}`", span.place(), span.text())
    };
    assert_snapshot!(
        ["select", "b,", "d -- it", "e, f", "f\nfrom", "orders", "o"].map(place).join("\n"),
        @r"
    models/m.sql:3:1 `select`
    models/m.sql:4:3 `{{ cols() }}`
    models/m.sql:6:3 `d -- it`
    models/m.sql:8:3 `{{- 'e' }}`
    models/m.sql:8:15 `f
    `
    models/m.sql:9:6 `{{ ref('orders') }}`
    models/m.sql:9:3 `o`
    "
    );
}

#[test]
fn marks_change_nothing_that_is_printed() {
    for model in [
        "a {%- if true -%}  b\n c {% raw %} {{ x }} \n{% endraw %}{{- 1 }}\n",
        "{{ 1 }}{# c #}   {{- 2 -}}  {{ 3 }}\n\n{%- set x %}\n  y {{ 4 }}\n{% endset -%}  [{{ x }}]",
        "{% for i in [1, 2] -%}\n {{ i }}{% if not loop.last %},{% endif %}\n{%- endfor %}\n{% filter upper %}a {{ 'b' }}\n{% endfilter %}",
        "{% macro m(x) %}\n{{ x }}\n{% endmacro %}{% call m(1) %}z{% endcall %}",
    ] {
        let marked = try_render("", model, TestWorld::new());
        let plain = try_render("", model, TestWorld::parsing());
        match (marked, plain) {
            (Ok(marked), Ok(plain)) => assert_eq!(marked.text, plain.text, "{model}"),
            (marked, plain) => assert_eq!(marked.is_err(), plain.is_err(), "{model}"),
        }
    }
}

#[test]
fn a_lone_expression_in_yaml_keeps_its_type() {
    let macros = macros("").unwrap();
    let world: Arc<dyn World> = Arc::new(TestWorld::new());
    let source = Source::new("dbt_project.yml", "");
    let value = |text: &str| -> Value {
        macros
            .render_value(&Template::scalar(text, &Span::file(&source)), &world)
            .unwrap()
    };
    assert_eq!(value("{{ var('n') }}"), Value::from(3));
    assert_eq!(value("{{ var('n') }} days"), Value::from("3 days"));
    assert_eq!(value("{{ 'True' | as_bool }}"), Value::from(true));
    assert_eq!(value("{{ '5' | as_number }}"), Value::from(5));
    assert_eq!(value("{{ '[1, 2]' | as_native }}").to_string(), "[1, 2]");
    assert_eq!(value("{{ 5 | as_text }}"), Value::from("5"));
    assert_eq!(value("plain"), Value::from("plain"));
}

#[test]
fn a_macro_is_called_by_name_from_outside() {
    let macros =
        macros("{% macro f(a, b=2) %}{{ return({'a': a, 'b': b}) }}{% endmacro %}").unwrap();
    let world: Arc<dyn World> = Arc::new(TestWorld::new());
    let at = Span::file(&Source::new("m.yml", "x: y"));
    let made = macros
        .call(
            "f",
            &[Value::from(1)],
            &[("b".into(), Value::from(3))],
            &world,
            &at,
        )
        .unwrap();
    assert_eq!(made.to_string(), "{'a': 1, 'b': 3}");
    let name = macros.call(
        "generate_schema_name",
        &[Value::from("x ")],
        &[],
        &world,
        &at,
    );
    assert_eq!(name.unwrap().to_string(), "dev_x");
    assert_eq!(
        macros
            .call("g", &[], &[], &world, &at)
            .unwrap_err()
            .to_string(),
        "error[undefined-macro]: there is no macro `g` (m.yml:1:1)"
    );
}

#[test]
fn an_error_in_a_macro_shows_the_calls_that_led_there() {
    let macros = "{% macro inner(x) %}\n  {{ exceptions.raise_compiler_error('bad ' ~ x) }}\n{% endmacro %}\n\
                  {% macro outer() %}{{ inner(1) }}{% endmacro %}";
    assert_snapshot!(error(macros, "select {{ outer() }}"), @r"
    error[compiler-error]: bad 1
      at macros/m.sql:2:6 `exceptions.raise_compiler_error('bad ' ~ x)`
      macro `inner` is called here: macros/m.sql:4:23 `inner(1)`
      macro `outer` is called here: models/m.sql:1:11 `outer()`
    ");
}

#[test]
fn a_macro_that_calls_itself_without_end_is_stopped() {
    let macros = "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}";
    let drawn = error(macros, "{{ again(1) }}");
    assert_eq!(drawn.matches("is called here").count(), 2, "{drawn}");
    assert!(drawn.starts_with("error[endless-recursion]"), "{drawn}");
    let sum = "{% macro sum(n) %}{{ return(0 if n == 0 else n + sum(n - 1)) }}{% endmacro %}";
    assert_eq!(text(sum, "{{ sum(200) }}"), "20100");
}

#[test]
fn a_call_over_several_lines_is_pointed_at_whole() {
    let macros = "{% macro m(a, b) %}{{ ref(\n  a ~\n  b\n) }}{% endmacro %}";
    assert_snapshot!(error(macros, "select\n{{ m('x\ny',\n  'z') }}"), @r"
    error[unknown-ref]: there is no model `x
    yz`
      at macros/m.sql:1:23 `ref(
      a ~
      b
    )`
      macro `m` is called here: models/m.sql:2:4 `m('x
    y',
      'z')`
    ");
    let model = "{% set x = 'l1\nl2' %}{{\n x ~\n 1\n}}";
    assert_eq!(text("", model), "l1\nl21");
}

#[test]
fn a_name_set_in_a_branch_that_was_not_taken_prints_nothing() {
    let macros = "{% macro m(on) %}{% if on %}{% set x = 'a' %}{% endif %}[{{ x }}]{% endmacro %}";
    assert_eq!(text(macros, "{{ m(true) }}{{ m(false) }}"), "[a][]");
}

#[test]
fn what_the_world_says_gets_the_place_of_the_call() {
    assert_snapshot!(error("", "select\n{{ [ref('ordes')] }}"), @r"
    error[unknown-ref]: there is no model `ordes`
      at models/m.sql:2:5 `ref('ordes')`
      help: did you mean `orders`?
    ");
}

#[test]
fn names_that_nobody_knows_are_pointed_at() {
    let macros = "{% macro cents(x) %}{{ x }}{% endmacro %}";
    let all = [
        "{{ cent(1) }}",
        "{{ foo }}",
        "{{ target.shema }}",
        "{% set rows = {} %}{{ rows.missing.deeper }}",
        "{{ rows.items() }}",
        "{{ 1 | uper }}",
        "{{ 1 is evn }}",
        "{{ cents(y=1) }}",
        "{{ cents(1, 2) }}",
        "{{ shop.cent(1) }}",
        "{{ adapter.quot('x') }}",
        "{{ adapter.dispatch('nope')() }}",
        "{{ var('unset') }}",
        "{{ env_var('UNSET') }}",
        "{{ 'abc'.uper() }}",
        "{{ 1 + 'a' }}",
        "{% include 'x.sql' %}",
        "{{ ref() }}",
        "{% for x in 5 %}{% endfor %}",
        "{{ return(1) }}",
        "{{ dbt_utils.star(ref('orders')) }}",
    ];
    assert_snapshot!(all.map(|model| error(macros, model)).join(""), @"
    error[undefined-macro]: there is no macro `cent`
      at models/m.sql:1:4 `cent(1)`
      help: did you mean `cents`?
    warning[undefined-variable]: `foo` is not defined
      at models/m.sql:1:4 `foo`
      help: give it a value with `{% set foo = … %}` before this place, or ask for a variable of the project: `var('foo')`
    warning[undefined-variable]: `target.shema` is not defined
      at models/m.sql:1:4 `target.shema`
      help: look at the name; where it may be missing, ask first: `{% if target.shema is defined %}`, or write `target.shema | default('…')`
      label: no `shema` in `target`
    error[undefined-variable]: `rows.missing.deeper` is not defined
      at models/m.sql:1:23 `rows.missing.deeper`
      help: look at the name; where it may be missing, ask first: `{% if rows.missing.deeper is defined %}`, or write `rows.missing.deeper | default('…')`
      label: no `deeper` in `rows.missing`, or `rows.missing` is not defined itself
    error[undefined-variable]: `rows` is not defined
      at models/m.sql:1:4 `rows.items()`
      help: if `rows` is a package, name it in packages.yml and run `redstart deps`; a variable needs a value first: `{% set rows = … %}`
    error[unknown-filter]: there is no filter `uper`
      at models/m.sql:1:8 `uper`
      help: did you mean `upper`?
    error[unknown-jinja-test]: there is no test `is evn`
      at models/m.sql:1:9 `evn`
      help: did you mean `even`?
    error[macro-arguments]: macro `cents` has no parameter `y`
      at models/m.sql:1:10 `y`
      declared here: macros/m.sql:1:10 `cents`
      help: did you mean `x`?
      help: call it as `cents(x)`
    error[macro-arguments]: macro `cents` takes 1 argument, 2 were given
      at models/m.sql:1:4 `cents(1, 2)`
      declared here: macros/m.sql:1:10 `cents`
      help: call it as `cents(x)`
    error[undefined-macro]: package `shop` has no macro `cent`
      at models/m.sql:1:4 `shop.cent(1)`
      help: did you mean `cents`?
    error[unknown-method]: `adapter` has no method `quot`
      at models/m.sql:1:4 `adapter.quot('x')`
      help: did you mean `quote`?
    error[undefined-macro]: no macro serves `nope`
      at models/m.sql:1:4 `adapter.dispatch('nope')`
      help: write `default__nope` in macros/, which serves every warehouse
      label: looked for `redshift__nope`, `postgres__nope`, `default__nope`
    error[undefined-var]: variable `unset` has no value
      at models/m.sql:1:4 `var('unset')`
      help: set it under `vars:` in dbt_project.yml, pass `--vars 'unset: …'`, or give a default: `var('unset', …)`
    error[undefined-env-var]: environment variable `UNSET` is not set
      at models/m.sql:1:4 `env_var('UNSET')`
      help: set it, or give a default: `env_var('UNSET', '…')`
    error[unknown-method]: string has no method named uper
      at models/m.sql:1:4 `'abc'.uper()`
    error[jinja-error]: `+` does not take a number and a text
      at models/m.sql:1:4 `1 + 'a'`
      help: join texts with `~`, or make a number of a text with `| int`
    error[jinja-include]: templates cannot include, import or extend other files
      at models/m.sql:1:4 `include 'x.sql'`
      help: put what they share into a macro
    error[wrong-arguments]: `ref` takes a model, or a package and a model
      at models/m.sql:1:4 `ref()`
      help: write `ref('model')`, `ref('package', 'model')` or `ref('model', v=2)`
    error[jinja-error]: number is not iterable
      at models/m.sql:1:13 `5`
    error[return-outside-macro]: `return` stands outside a macro
      at models/m.sql:1:4 `return(1)`
    error[undefined-variable]: `dbt_utils` is not defined
      at models/m.sql:1:4 `dbt_utils.star(ref('orders'))`
      help: if `dbt_utils` is a package, name it in packages.yml and run `redstart deps`; a variable needs a value first: `{% set dbt_utils = … %}`
    ");
}

#[test]
fn all_that_is_wrong_in_a_template_is_told_at_once() {
    let macros = "{% macro cents(x) %}{{ x }}{% endmacro %}";
    // What is asked of something that is not there, and what is printed time and again, is no mistake of its own.
    assert_snapshot!(all_errors(macros, "{{ log('once', info=true) }}{{ foo }} {{ target.shema }}\n{{ cent(1).a.b }}{{ ref('ordes').name }}\n{% for i in range(3) %}{{ bar }}{% endfor %}{{ var('x') | upper }}{{ shop.cent(1) ~ env_var('NOPE') }}\n{% set a = nothing(2) %}{{ a }}{{ a.b() }}{% if a > 2 %}{% endif %}{{ rows.items() }}"), @"
    models/m.sql:2:4 error: there is no macro `cent`
    models/m.sql:2:21 error: there is no model `ordes`
    models/m.sql:3:48 error: variable `x` has no value
    models/m.sql:3:70 error: package `shop` has no macro `cent`
    models/m.sql:3:85 error: environment variable `NOPE` is not set
    models/m.sql:4:12 error: there is no macro `nothing`
    models/m.sql:1:32 warning: `foo` is not defined
    models/m.sql:1:42 warning: `target.shema` is not defined
    models/m.sql:3:27 warning: `bar` is not defined
    text: 
    logged: once
    ");
    assert_snapshot!(all_errors(macros, "{{ foo }}{{ log('once', info=true) }}{{ exceptions.warn('twice') }}{{ bar }}{{ log('two', info=true) }}{{ cents(3) }}"), @"
    text: 3
    logged: once, warning[template-warning]: twice, two, warning[undefined-variable]: `foo` is not defined (models/m.sql:1:4), warning[undefined-variable]: `bar` is not defined (models/m.sql:1:71)
    ");
    // What ends everything else ends the search.
    assert_snapshot!(all_errors(macros, "{{ foo }}{{ 1 + 'a' }}{{ bar }}"), @"
    models/m.sql:1:13 error: `+` does not take a number and a text
    models/m.sql:1:4 warning: `foo` is not defined
    text: 
    logged:
    ");
    assert_snapshot!(all_errors(macros, "{{ var('x') + 'a' }}{{ bar }}"), @"
    models/m.sql:1:4 error: variable `x` has no value
    text: 
    logged:
    ");
}

#[test]
fn what_follows_from_a_mistake_or_is_none_is_not_told() {
    let macros =
        "{% macro opt(a, b) %}{{ b }}{% endmacro %}{% macro cents(x) %}{{ x }}{% endmacro %}";
    let told = |model: &str| all_errors(macros, model);
    // What is left out on purpose prints as nothing, and is nobody's excuse.
    assert_snapshot!(told("{{ opt(1) }}{{ 'x' if false }}{{ only_live_rows() }}"), @"
    models/m.sql:1:34 error: there is no macro `only_live_rows`
    text: 
    logged:
    ");
    assert_snapshot!(told("{{ opt(1) }}{{ log('L', info=true) }}{{ 1 + 'a' }}"), @"
    models/m.sql:1:41 error: `+` does not take a number and a text
    text: 
    logged: L
    ");
    assert_snapshot!(told("{{ opt(1) }}{{ opt(2) }}{{ foo }}"), @"
    text: 
    logged: warning[undefined-variable]: `foo` is not defined (models/m.sql:1:28)
    ");
    // A question that is put together of what is not known.
    assert_snapshot!(told("{{ ref(var('x')) }}{{ ref('stg_' ~ var('y')) }}{{ var(nothing()) }}{{ source(nothing(), 'b') }}"), @"
    models/m.sql:1:8 error: variable `x` has no value
    models/m.sql:1:36 error: variable `y` has no value
    models/m.sql:1:55 error: there is no macro `nothing`
    text: 
    logged:
    ");
    assert_snapshot!(told("{% set from = var('from') %}{% if not from %}{% set from = env_var('FROM_DAY') %}{{ never_set }}{% endif %}{{ cent(1) }}"), @"
    models/m.sql:1:15 error: variable `from` has no value
    models/m.sql:1:111 error: there is no macro `cent`
    text: 
    logged:
    ");
    assert_snapshot!(told("{% set cols = star('x') %}{% if not cols %}{% do exceptions.warn('no columns') %}{% endif %}{{ print('behind') }}{{ var('q') }}"), @"
    models/m.sql:1:15 error: there is no macro `star`
    text: 
    logged:
    ");
    // One mistake of a loop; and a name that stands for a mistake is printed like any other.
    assert_snapshot!(told("{% for i in range(200) %}{{ ref('m' ~ i) }}{% endfor %}"), @"
    models/m.sql:1:29 error: there is no model `m0`
    text: 
    logged:
    ");
    assert_snapshot!(told("{{ foo }}{{ foo.x() }}{{ bar }}{{ bar2 }}"), @"
    models/m.sql:1:13 error: `foo` is not defined
    models/m.sql:1:4 warning: `foo` is not defined
    models/m.sql:1:26 warning: `bar` is not defined
    models/m.sql:1:35 warning: `bar2` is not defined
    text: 
    logged:
    ");
}

#[test]
fn broken_syntax_is_pointed_at() {
    let all = [
        "select 1\n{% if x %}\n  a",
        "{% for x in y %}{% if x %}{% endfor %}",
        "a {% endif %}",
        "a {{ ref('x') ",
        "a {{ ref('x')\nfrom b where c = $1",
        "{{ ref('x) }}",
        "a {# never",
        "{{ a b }}",
        "{{ [1, 2 }}",
        "{% unknown %}",
        "{% set %}x{% endset %}",
        "{% snapshot s %}{% endsnapshot %}",
    ];
    assert_snapshot!(all.map(|model| error("", model)).join(""), @"
    error[jinja-syntax]: `{% if %}` is never closed
      at models/m.sql:2:1 `{% if x %}`
      help: write `{% endif %}` where it ends
      label: no `{% endif %}` follows
    error[jinja-syntax]: `{% endfor %}` closes nothing
      at models/m.sql:1:27 `{% endfor %}`
      the open `{% if %}`: models/m.sql:1:17 `{% if x %}`
      help: write `{% endif %}` before it: blocks end in the opposite order of their beginnings
      label: `{% endif %}` is expected first
    error[jinja-syntax]: `{% endif %}` closes nothing
      at models/m.sql:1:3 `{% endif %}`
      help: take it out, or open the block before it
      label: no `{% if %}` is open here
    error[jinja-syntax]: `{{` is never closed
      at models/m.sql:1:3 `{{`
      help: end it with `}}`
      label: no `}}` follows
    error[jinja-syntax]: unexpected character in a tag
      at models/m.sql:2:18 `$`
      in this tag; is its `}}` missing?: models/m.sql:1:3 `{{`
      help: end the tag with `}}`
    error[jinja-syntax]: a string is never closed
      at models/m.sql:1:8 `'`
      help: end it with the quote that it begins with
    error[jinja-syntax]: `{#` is never closed
      at models/m.sql:1:3 `{#`
      help: end the comment with `#}`
      label: no `#}` follows
    error[jinja-syntax]: unexpected name, expected `}}`
      at models/m.sql:1:6 `b`
      help: before it something is missing or too much: an operator has a value on both sides, a bracket its end
    error[jinja-syntax]: `[` is never closed
      at models/m.sql:1:4 `[`
      help: close it with `]`
    error[jinja-syntax]: there is no statement `{% unknown %}`
      at models/m.sql:1:4 `unknown`
    error[jinja-syntax]: `{% set %}` needs a name
      at models/m.sql:1:1 `{% set %}`
      help: write `{% set name = value %}`
    error[jinja-syntax]: there is no statement `{% snapshot %}`
      at models/m.sql:1:4 `snapshot`
      help: a snapshot stands in a file in `snapshots`
    ");
}

#[test]
fn a_broken_macro_file_is_pointed_at() {
    let all = [
        "{% macro a( %}{% endmacro %}",
        "{% macro a(b, b) %}{% endmacro %}",
        "{% macro a(b c) %}{% endmacro %}",
        "{% macro a() %}\n{{ x y }}{% endmacro %}",
        "{% macro a(b=[1) %}{% endmacro %}",
        "{% macro a() %}",
        "{% macro a() %}{% endmacro %}\n{% macro a() %}{% endmacro %}",
        "{% macro %}{% endmacro %}",
    ];
    let drawn = |text: &str| match macros(text) {
        Ok(_) => panic!("no error in {text}"),
        Err(found) => super::testing::drawn(&found.0[0]),
    };
    assert_snapshot!(all.map(drawn).join(""), @"
    error[jinja-syntax]: `(` is never closed
      at macros/m.sql:1:11 `(`
      help: close it with `)`
    error[jinja-syntax]: parameter `b` is declared twice
      at macros/m.sql:1:15 `b`
    error[jinja-syntax]: expected `,` or a default after the name of a parameter
      at macros/m.sql:1:14 `c`
    error[jinja-syntax]: unexpected name, expected `}}`
      at macros/m.sql:2:6 `y`
      help: before it something is missing or too much: an operator has a value on both sides, a bracket its end
    error[jinja-syntax]: `[` is never closed
      at macros/m.sql:1:14 `[`
      help: close it with `]`
    error[jinja-syntax]: `{% macro %}` is never closed
      at macros/m.sql:1:1 `{% macro a() %}`
      help: write `{% endmacro %}` where it ends
      label: no `{% endmacro %}` follows
    error[duplicate-macro]: macro `a` is declared twice
      at macros/m.sql:2:10 `a`
      first declared here: macros/m.sql:1:10 `a`
      help: rename one of the two, or delete the one that is not meant
    error[jinja-syntax]: a macro needs a name
      at macros/m.sql:1:1 `{% macro %}`
    ");
}

#[test]
fn a_render_leaves_nothing_behind() {
    let macros =
        macros("{% macro m(x) %}{% set l = [caller()] %}{{ return(l) }}{% endmacro %}").unwrap();
    let world: Arc<dyn World> = Arc::new(TestWorld::new());
    let model = Source::new(
        "m.sql",
        "{% call m(1) %}{{ ref('orders') }}{% endcall %}{{ context.get('m') }}",
    );
    macros.render(&Template::file(&model), &world).unwrap();
    assert_eq!(Arc::strong_count(&world), 1);
}

#[test]
fn an_if_without_else_prints_nothing_and_a_wrong_name_does_not() {
    assert_eq!(
        text(
            "",
            "{% set x = 1 if false %}[{{ x }}{{ 'a' if true }}{{ 'b' if false }}]{{ x is defined }}"
        ),
        "[a]False"
    );
}

#[test]
fn what_waits_for_a_connection_is_told_apart() {
    struct Alone;
    impl World for Alone {
        fn dialect(&self) -> &str {
            "redshift"
        }
        fn package(&self) -> &str {
            "shop"
        }
        fn execute(&self) -> bool {
            true
        }
        fn ask(&self, _: &super::Question<'_>) -> super::Answer<super::Reply> {
            Err(super::late("run_query"))
        }
    }
    let world: Arc<dyn World> = Arc::new(Alone);
    let model = Source::new("m.sql", "{{ run_query('select 1') }}");
    let macros = macros("").unwrap();
    let error = macros.render(&Template::file(&model), &world).unwrap_err();
    assert_eq!(error.code, super::LATE);
    assert_eq!(error.span.as_ref().unwrap().text(), "run_query('select 1')");
}

#[test]
fn the_library_speaks_each_dialect() {
    let model = "\
{{ dateadd('day', 1, 'ts') | replace('\\n', '') }}
{{ datediff('a', 'b', 'month') | replace('\\n', '') }}
{{ last_day('d', 'quarter') | replace('\\n', '') }}
{{ current_timestamp() }} {{ safe_cast('a', type_int()) }} {{ cast_bool_to_text('b') }}
{{ listagg('x', order_by_clause='order by x') | replace('\\n', '') }} {{ split_part('s', \"'-'\", -1) }}
{{ right('a', 2) | replace('\\n', '') }} {{ any_value('x') }} {{ hash(concat(['a', 'b'])) }}
{{ date(2024, 1, 2) }} {{ generate_series(3) | replace('\\n', ' ') }}
{{ escape_single_quotes(\"it's\") }} {{ string_literal('x') }} {{ length('a') | trim | length }} {{ type_numeric() }}
";
    let printed = ["redshift", "postgres", "duckdb"].map(|dialect| {
        let world = TestWorld {
            dialect,
            ..TestWorld::new()
        };
        match try_render("", model, world) {
            Ok(rendered) => {
                let words: Vec<&str> = rendered
                    .text
                    .split([' '])
                    .filter(|it| !it.is_empty())
                    .collect();
                format!("-- {dialect}\n{}", words.join(" "))
            }
            Err(diagnostic) => panic!("{}", super::testing::drawn(&diagnostic)),
        }
    });
    assert_snapshot!(printed.join("\n"), @"
    -- redshift
    dateadd( day, 1, ts )
    datediff( month, a, b )
    cast(dateadd( day, -1, dateadd( month, 3, date_trunc('quarter', d) ) ) as date)
    getdate() cast(a as integer) case when b is true then 'true' when b is false then 'false' end
    listagg( x, ',' ) within group (order by x) split_part(s, '-', length(s) - length(replace(s, '-', '')) + 2 + -1)
    case when 2 = 0 then '' else right( a, 2 ) end any_value(x) md5(cast(a || b as TEXT))
    to_date('2024-1-2', 'YYYY-MM-DD') with bit as ( select 0 as value union all select 1 ), numbers as ( select p0.value * power(2, 0) + p1.value * power(2, 1) + 1 as generated_number from bit as p0 cross join bit as p1 ) select * from numbers where generated_number <= 3 order by generated_number
    it''s 'x' 23 numeric(28,6)
    -- postgres
    ts + ((interval '1 day') * (1))
    ((date_part('year', (b)::date) - date_part('year', (a)::date)) * 12 + date_part('month', (b)::date) - date_part('month', (a)::date))
    cast(date_trunc('quarter', d) + ((interval '1 month') * (3)) + ((interval '1 day') * (-1)) as date)
    now() cast(a as integer) cast(b as TEXT)
    string_agg( x, ',' order by x ) split_part(s, '-', length(s) - length(replace(s, '-', '')) + 2 + -1)
    right( a, 2 ) min(x) md5(cast(a || b as TEXT))
    to_date('2024-1-2', 'YYYY-MM-DD') with bit as ( select 0 as value union all select 1 ), numbers as ( select p0.value * power(2, 0) + p1.value * power(2, 1) + 1 as generated_number from bit as p0 cross join bit as p1 ) select * from numbers where generated_number <= 3 order by generated_number
    it''s 'x' 23 numeric(28,6)
    -- duckdb
    (ts + cast(1 as bigint) * interval 1 day)
    (date_diff('month', a::timestamp, b::timestamp))
    cast(((date_trunc('quarter', d) + cast(3 as bigint) * interval 1 month) + cast(-1 as bigint) * interval 1 day) as date)
    now() cast(a as integer) cast(b as TEXT)
    string_agg( x, ',' order by x ) string_split(s, '-')[ -1 ]
    right( a, 2 ) arbitrary(x) md5(cast(a || b as TEXT))
    make_date(2024, 1, 2) select generate_series as generated_number from generate_series(1, 3)
    it''s 'x' 23 numeric(28,6)
    ");
}

#[test]
fn filters_of_what_is_not_defined_have_no_items() {
    let model = "{% set c = {'a': 1} %}{{ c.f | first }}{{ c.f | last }}{{ c.f | items | list }}{{ c.f | wordcount }} {{ 'aaa' | replace('a', 'b', 2) }} {{ '0x1f' | int(0, 16) }} {{ none | replace('a', 'b') }} {{ 5 | replace(5, none) }}";
    insta::assert_snapshot!(text("", model), @"[]0 bba 31 None None");
}

#[test]
fn a_package_is_a_mapping_of_its_macros() {
    let macros = "{% macro one() %}1{% endmacro %}";
    let model = "{{ context.get('shop', {}).get('one')() }} {{ context.get('shop', {}).get('nothing', 'no') }} {{ dbt.is_incremental() }} {{ 'a' in['a', 'b'] }}";
    insta::assert_snapshot!(text(macros, model), @"1 no True True");
    assert_eq!(
        text(
            macros,
            "{% do context.update({'a': 1}) %}{{ context.get('a') }}{{ a }}"
        ),
        "11"
    );
    // A namespace that is no package is none.
    let macros = "{% macro f() %}{{ return(adapter.dispatch('f', 'macros')()) }}{% endmacro %}{% macro default__f() %}2{% endmacro %}";
    assert_eq!(text(macros, "{{ f() }}"), "2");
}

/// Each `tests/cases/jinja/*.sql` prints what dbt-core 1.11 with dbt-duckdb made of it, kept beside it.
#[test]
fn templates_print_what_dbt_prints() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/jinja");
    let macros = std::fs::read_to_string(folder.join("macros.sql")).unwrap();
    let mut compared = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "expected")
        {
            continue;
        }
        let world = TestWorld {
            dialect: "duckdb",
            ..TestWorld::new()
        };
        let model = std::fs::read_to_string(path.with_extension("sql")).unwrap();
        let expected = std::fs::read_to_string(&path).unwrap();
        let text = match try_render(&macros, &model, world) {
            Ok(rendered) => rendered.text,
            Err(diagnostic) => panic!("{}", super::testing::drawn(&diagnostic)),
        };
        // dbt trims what it writes.
        assert_eq!(text.trim(), expected.trim(), "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 7, "{compared} templates compared");
}

#[test]
fn none_is_no_list_while_a_node_is_rendered() {
    for template in [
        "{% set x = none %}{% for y in x %}{{ y }}{% endfor %}",
        "{% set d = {} %}{{ d.get('k') | list }}",
    ] {
        let told = error("", template);
        assert!(told.contains("none cannot be gone over"), "{told}");
    }
    assert_eq!(
        text(
            "{% macro m() %}{% for k, v in kwargs.items() if v %}{{ k }}={{ v }};{% endfor %}{% for k in kwargs %}{{ k }}{% endfor %}{% endmacro %}",
            "{% for x in nothing %}{{ x }}{% endfor %}{% for a, b in {'k': 1}.items() %}{{ a }}{{ b }}{% endfor %}{% for x in [3, none] if x %}{{ x }}{% else %}no{% endfor %}\
             {% for x in [[1, [2]]] recursive %}{{ loop(x) if x is sequence else x }}{% endfor %}{{ m(a=1, b=none) }}"
        ),
        "k1312a=1;ab"
    );
}
