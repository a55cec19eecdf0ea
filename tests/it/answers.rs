//! What commands answer, as an event among the others with `--log-format json`; names and codes are dbt's.

use insta::assert_snapshot;

use crate::project::TestProject;

#[test]
fn answers_are_events_with_the_log_format_of_programs() {
    let project = TestProject::new().file("models/m.sql", "select 1 as id");
    let told = |command: &str| {
        let output = project.redstart(&format!("{command} --log-format json --quiet"));
        let events = output.stdout.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect(line);
            format!(
                "{} {} {}\n",
                event["info"]["name"], event["info"]["msg"], event["data"]
            )
        });
        events.collect::<String>()
    };
    assert_snapshot!(told("ls"), @r#""PrintEvent" "project.m" {"msg":"project.m"}"#);
    assert_snapshot!(told("compile -s m"), @r#""CompiledNode" "select 1 as id" {"is_inline":false,"node_name":"m","output_format":"text","quiet":true,"unique_id":"model.project.m","compiled":"select 1 as id"}"#);
    assert_snapshot!(told("show --inline 'select 2' --output json"), @r#""ShowNode" "{\n  \"show\": [\n    {\"?column?\": 2}\n  ]\n}" {"is_inline":true,"node_name":"inline_query","output_format":"json","quiet":true,"unique_id":"","preview":"{\n  \"show\": [\n    {\"?column?\": 2}\n  ]\n}"}"#);
    assert_snapshot!(told("show -s m"), @r#""ShowNode" "m\nid\n--\n 1" {"is_inline":false,"node_name":"m","output_format":"text","quiet":true,"unique_id":"model.project.m","preview":"m\nid\n--\n 1"}"#);
}

#[test]
fn the_engines_own_guesses_are_not_shown() {
    let output = TestProject::new().redstart("show --inline 'select * from nothere'");
    assert!(output.text().contains("nothere does not exist"), "{output}");
    assert!(!output.text().contains("Did you mean"), "{output}");
}

#[test]
fn compile_asks_the_warehouse_what_a_template_asks() {
    let project = TestProject::new()
        .file("seeds/s.csv", "id\n3\n")
        .file(
            "models/m.sql",
            "{% set all = run_query('select max(id) as n from ' ~ ref('s')) %}select {{ all.columns[0].values()[0] if execute }} as n",
        );
    assert_snapshot!(project.redstart("compile -q -s m"), @"
    exit 2
    error[database-error]: `run_query` failed
     --> models/m.sql:1:14
      |
    1 | {% set all = run_query('select max(id) as n from ' ~ ref('s')) %}select {{ all.columns[0].values()[0] if execute }} as n
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: Catalog Error: Table with name s does not exist!
      = help: mend the query: the words of the database, above, say what is wrong with it

    1 error
    ");
    project.redstart("seed").success();
    assert_snapshot!(project.redstart("compile -q -s m"), @"
    exit 0
    select 3 as n
    ");
    assert_eq!(
        project.read("target/compiled/project/models/m.sql").trim(),
        "select 3 as n"
    );
    assert_snapshot!(project.redstart("compile -s m --no-introspect"), @"
    exit 0
    `m` is late: `run_query` needs a connection to the warehouse, so its SQL is known only at its turn in a run
    ");
    assert_snapshot!(
        project.redstart("compile -q --inline \"select {{ run_query('select 4').columns[0].values()[0] if execute }}\""),
        @"
    exit 0
    select 4
    "
    );
}
