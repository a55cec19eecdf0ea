//! The example project at the top of the repository: on its fixture, and on the whole data set where that lies beside the clone.

use std::path::Path;

use insta::assert_snapshot;

use crate::project::TestProject;

const COUNTS: &str = "
    select 'raw.events' as relation, count(*) as rows from staging.events
    union all select 'raw.songs', count(*) from staging.songs
    union all select 'dim_users', count(*) from warehouse.dim_users
    union all select 'dim_songs', count(*) from warehouse.dim_songs
    union all select 'dim_artists', count(*) from warehouse.dim_artists
    union all select 'dim_time', count(*) from warehouse.dim_time
    union all select 'fct_songplays', count(*) from warehouse.fct_songplays";

fn query(project: &TestProject, sql: &str) -> String {
    project.query_file("sparkify.duckdb", sql)
}

#[test]
fn the_fixture_becomes_a_star_and_every_test_passes() {
    let project = TestProject::example();

    let output = project.redstart("build").success();
    assert!(!output.text().contains("warning"), "{output}");

    // Counted by hand and with a program that shares nothing with this one.
    assert_snapshot!(query(&project, COUNTS), @r"
    relation | rows
    raw.events | 60
    raw.songs | 30
    dim_users | 6
    dim_songs | 30
    dim_artists | 8
    dim_time | 36
    fct_songplays | 35
    ");
}

#[test]
fn the_traps_of_the_fixture_are_avoided() {
    let project = TestProject::example();
    project.redstart("build").success();

    // 1 upgraded and 3 downgraded: neither the first nor the greatest level is the latest.
    assert_snapshot!(
        query(&project, "select user_id, first_name, level from warehouse.dim_users order by user_id"),
        @r"
    user_id | first_name | level
    1 | Ada | paid
    2 | Bo | free
    3 | Çiğdem | free
    4 | Demo | free
    5 | Ёлка | paid
    6 | Fake | free
    "
    );
    // An artist with two names has the one of the latest song.
    assert_snapshot!(
        query(&project, "select name, location from warehouse.dim_artists where artist_id = 'AR0EXAMPLE0000001A'"),
        @r"
    name | location
    Orla Fennimark | Galway, Ireland
    "
    );
    // One user, one millisecond, one song, twice: two plays.
    assert_snapshot!(
        query(
            &project,
            "select start_time, count(*) as plays, count(distinct songplay_id) as ids
             from warehouse.fct_songplays where user_id = 4 and session_id = 15 and song_id like '%01O' group by 1"
        ),
        @r"
    start_time | plays | ids
    2018-11-02 00:12:15.302 | 2 | 2
    "
    );
    // Two songs of one title and artist: the nearest in length, even if not equal.
    assert_snapshot!(
        query(
            &project,
            "select start_time, song_id from warehouse.fct_songplays where session_id = 18 and start_time > '2018-11-05 00:16' order by 1"
        ),
        @r"
    start_time | song_id
    2018-11-05 00:17:02.5 | SOEXAMPLE00000026Q
    2018-11-05 00:24:01.5 | SOEXAMPLE00000024Q
    "
    );
    assert_snapshot!(
        query(
            &project,
            r#"select title, user_agent from warehouse.fct_songplays join warehouse.dim_songs using (song_id)
               where title in ('C:\Temp\Groove', '積雲') order by start_time desc"#
        ),
        @r#"
    title | user_agent
    積雲 | Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0
    C:\Temp\Groove | "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like Gecko) Version/7.0 Mobile/11D257 Safari/9537.53"
    積雲 | "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.143 Safari/537.36"
    "#
    );
}

/// The columns of a model and their types, as the catalog tells them.
fn types(project: &TestProject, node: &str) -> String {
    let catalog: serde_json::Value =
        serde_json::from_str(&project.read("target/catalog.json")).unwrap();
    let columns = catalog["nodes"][node]["columns"].as_object().unwrap();
    let mut columns: Vec<_> = columns.values().collect();
    columns.sort_by_key(|column| column["index"].as_u64());
    let told = columns.iter().map(|column| {
        let (name, ty) = (&column["name"], &column["type"]);
        format!("{} {}", name.as_str().unwrap(), ty.as_str().unwrap())
    });
    told.collect::<Vec<_>>().join("\n")
}

const TYPED: [&str; 7] = [
    "model.sparkify.dim_users",
    "model.sparkify.dim_songs",
    "model.sparkify.dim_artists",
    "model.sparkify.dim_time",
    "model.sparkify.fct_songplays",
    "model.sparkify.stg_songs",
    "model.sparkify.top_songs",
];

#[test]
fn the_columns_of_the_models_have_the_types_that_redshift_gives_them() {
    let project = TestProject::example();
    project.redstart("build").success();
    project.redstart("docs generate").success();

    let told = TYPED.map(|node| types(&project, node));
    assert_snapshot!(told.join("\n\n"), @"
    user_id integer
    first_name character varying(64)
    last_name character varying(64)
    gender character(1)
    level character varying(10)

    song_id character varying(18)
    title character varying(256)
    artist_id character varying(18)
    year smallint
    duration numeric(10,5)

    artist_id character varying(18)
    name character varying(256)
    location character varying(256)
    latitude numeric(10,6)
    longitude numeric(10,6)

    start_time timestamp without time zone
    hour integer
    day integer
    week integer
    month integer
    year integer
    weekday integer

    songplay_id character varying(32)
    start_time timestamp without time zone
    user_id integer
    level character varying(10)
    song_id character varying(18)
    artist_id character varying(18)
    session_id integer
    location character varying(256)
    user_agent character varying(512)

    song_id character varying(18)
    title character varying(256)
    duration numeric(10,5)
    year smallint
    artist_id character varying(18)
    artist_name character varying(256)
    artist_location character varying(256)
    artist_latitude numeric(10,6)
    artist_longitude numeric(10,6)

    place bigint
    song_id character varying(18)
    title character varying(256)
    artist character varying(256)
    plays bigint
    ");

    // What a part of the project builds is no different: the views that it reads tell their types too.
    project
        .redstart("run --select dim_users dim_songs dim_artists dim_time fct_songplays top_songs")
        .success();
    project.redstart("docs generate").success();
    assert_eq!(TYPED.map(|node| types(&project, node)), told);
}

#[test]
fn every_column_of_the_example_is_described_and_tested() {
    let project = TestProject::example();
    project.redstart("build").success();
    assert_snapshot!(project.redstart("docs coverage --fail-under 100"), @"
    exit 0
    108 of 108 declared columns are described (100%)
    108 of 108 declared columns are tested (100%)
    14 of 14 tables are described (100%)
    0 of 14 tables have an owner (0%)
      without an owner: raw.events
      without an owner: raw.songs
      without an owner: stg_events
      without an owner: stg_songs
      without an owner: dim_artists
      without an owner: dim_songs
      without an owner: dim_time
      without an owner: dim_users
      without an owner: levels
      without an owner: weekdays
      without an owner: fct_songplays
      without an owner: plays_by_weekday
      without an owner: top_songs
      without an owner: users_by_level
    ");
}

#[test]
fn a_second_build_changes_no_row() {
    let project = TestProject::example();
    let rows = |project: &TestProject| {
        query(
            project,
            "select * from warehouse.fct_songplays order by songplay_id",
        )
    };

    project.redstart("build").success();
    let first = rows(&project);
    project.redstart("build").success();

    assert_eq!(first, rows(&project));
}

#[cfg(all(unix, feature = "duckdb"))]
#[test]
fn the_commands_of_the_readme_say_what_it_tells() {
    let project = TestProject::example();
    project.redstart("build").success();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    assert_eq!(crate::pipelines::steps(&project, &readme), 4);
}

#[test]
fn select_distinct_doubles_users_and_the_unique_test_names_them() {
    let project = TestProject::example();
    project.redstart("build").success();

    let output = project.redstart(
        "build --threads 1 --select dim_users_distinct --vars '{with_dim_users_distinct: true}'",
    );

    assert_snapshot!(output, @"
    exit 1
    Running 10 nodes on 1 thread (target `dev.analytics`)
     1 of 10  OK    created sql table model warehouse.dim_users_distinct  [8 rows in [time]]
     2 of 10  PASS  test accepted_values_dim_users_distinct_gender__F__M  [[time]]
     3 of 10  PASS  test not_null_dim_users_distinct_first_name           [[time]]
     4 of 10  PASS  test not_null_dim_users_distinct_gender               [[time]]
     5 of 10  PASS  test not_null_dim_users_distinct_last_name            [[time]]
     6 of 10  PASS  test not_null_dim_users_distinct_level                [[time]]
     7 of 10  PASS  test not_null_dim_users_distinct_user_id              [[time]]
     8 of 10  PASS  test relationships_dim_users_distinct_level__level__ref_levels_  [[time]]
     9 of 10  PASS  test row_count_dim_users_distinct__var_expected_distinct_users_  [[time]]
    10 of 10  FAIL  test unique_dim_users_distinct_user_id                [2 failures in [time]]
          error[test-failed]: test `unique_dim_users_distinct_user_id` found 2 rows (models/dimensions/dimensions.yml:13:32)

    error[test-failed]: test `unique_dim_users_distinct_user_id` found 2 rows
      --> models/dimensions/dimensions.yml:13:32
       |
    13 |         data_tests: [not_null, unique]
       |                                ^^^^^^ Got 2 results, configured to fail if != 0
       |
       = note: the rows:
               unique_field | n_records
               -------------+----------
                          1 |         2
                          3 |         2
       = help: `redstart show --select unique_dim_users_distinct_user_id --limit -1 --vars '{with_dim_users_distinct: true}'` shows all that it finds, `redstart compile --select unique_dim_users_distinct_user_id --vars '{with_dim_users_distinct: true}'` its query

    Finished 9 data tests, 1 table model in [time]
    Done. PASS=9 WARN=0 ERROR=1 SKIP=0 TOTAL=10
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(
        query(&project, "select user_id from warehouse.dim_users_distinct group by 1 having count(*) > 1 order by 1"),
        @r"
    user_id
    1
    3
    "
    );
}

#[test]
fn the_whole_data_set_gives_the_known_numbers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(data) = crate::project::real_data("sparkify") else {
        return;
    };
    let numbers =
        std::fs::read_to_string(root.join("scripts/sparkify.yml")).expect("the expected numbers");
    let numbers = numbers
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join(", ");
    let project = TestProject::example().env("SPARKIFY_DATA", data.to_string_lossy());

    project
        .redstart(&format!("build --vars '{{{numbers}}}'"))
        .success();

    assert_snapshot!(query(&project, COUNTS), @r"
    relation | rows
    raw.events | 8056
    raw.songs | 14896
    dim_users | 96
    dim_songs | 14896
    dim_artists | 9553
    dim_time | 6813
    fct_songplays | 333
    ");
    let distinct = project.redstart(&format!(
        "build --select dim_users_distinct --vars '{{with_dim_users_distinct: true, {numbers}}}'"
    ));
    assert_eq!(distinct.code, 1, "{distinct}");
    let text = distinct.text();
    let named = text
        .lines()
        .filter_map(|line| line.trim().strip_suffix("|         2"))
        .count();
    assert_eq!(named, 8, "each doubled user is named\n{distinct}");
    assert_snapshot!(
        query(
            &project,
            "select count(*) as rows, count(distinct user_id) as users,
                 (select count(*) from (select user_id from warehouse.dim_users_distinct group by 1 having count(*) > 1)) as doubled
             from warehouse.dim_users_distinct"
        ),
        @r"
    rows | users | doubled
    104 | 96 | 8
    "
    );
}

#[test]
fn the_questions_of_the_team_have_their_answers_in_the_whole_data_set() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("../shared/data/sparkify");
    if !data.is_dir() {
        return;
    }
    let project = TestProject::example().env("SPARKIFY_DATA", data.to_string_lossy());
    project
        .redstart("build --exclude test_type:data test_type:unit fct_songplays+")
        .success();
    let first = |analysis: &str| {
        let shown = project.redstart(&format!("show --select {analysis} --limit 1"));
        let shown = shown.success().stdout;
        shown.lines().last().unwrap_or_default().to_owned()
    };
    assert_snapshot!(first("most_played_songs"), @"You're The One | Dwight Yoakam |    37");
    assert_snapshot!(first("plays_by_artist"), @"Coldplay |    58 |        22");
    assert_snapshot!(first("free_to_paid"), @"  74 |   22 |             3.36");
    assert_snapshot!(first("peak_weekday"), @"Wednesday |    1361 |  1364");
}
