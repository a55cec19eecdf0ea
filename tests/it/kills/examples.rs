//! The four pipelines: their files before and after, and their tables.

use std::path::Path;

use serde_json::Value;

use crate::project::TestProject;

/// A pipeline and how its files change.
pub struct Pipeline {
    pub name: &'static str,
    pub project: fn() -> TestProject,
    /// The folder that plays the bucket.
    pub bucket: &'static str,
    /// Puts the new files into the place of the old.
    pub change: fn(&TestProject),
    /// Tables that are there together or not at all, each with the columns that do not tell when it was built.
    pub groups: &'static [&'static [(&'static str, &'static str)]],
    /// Tables in which the new files change nothing.
    pub stays: &'static [&'static str],
    /// The target of an ordinary run.
    pub usual: &'static str,
}

pub const CAFE: Pipeline = Pipeline {
    name: "cafe",
    project: || example("cafe"),
    bucket: "data",
    change: |project| {
        let brome = project.read("data/brome_03-05-2024_09-00-00.csv");
        let cress = brome
            .replace("03/05/2024", "04/05/2024")
            .replace("Brome", "Cress")
            .replace("coffee - 1.50,1.5,CASH", "coffee - 1.60,1.6,CASH");
        project.write("data/cress_04-05-2024_09-00-00.csv", cress);
    },
    groups: &[
        &[
            ("cafe_raw.transactions", "*"),
            (
                "cafe_raw.transactions__loaded_files",
                "\"file\", \"size\", etag",
            ),
        ],
        &[("cafe_staging.stg_transactions", "*")],
        &[("cafe_staging.stg_items", "*")],
        &[("cafe_warehouse.dim_branches", "*")],
        &[("cafe_warehouse.dim_products", "*")],
        &[("cafe_warehouse.dim_payment_methods", "*")],
        &[("cafe_warehouse.fct_transactions", "*")],
        &[("cafe_warehouse.fct_purchases", "*")],
        &[("cafe_marts.best_products", "*")],
        &[("cafe_marts.branch_sales", "*")],
    ],
    stays: &["cafe_warehouse.dim_payment_methods"],
    usual: "endpoint",
};

pub const HIRES: Pipeline = Pipeline {
    name: "hires",
    project: || example("hires"),
    bucket: "data",
    change: |project| {
        append(project, "data/departments.csv", "4,Legal\n,Nameless\n");
        append(project, "data/jobs.csv", "5,Clerk\nsix,Cook\n");
        append(
            project,
            "data/hired_employees.csv",
            "13,Lu Example,2021-09-01T08:00:00Z,4,5\n14,Mo Example,yesterday,4,5\n",
        );
    },
    groups: &[
        &[("hires_raw.departments", "*")],
        &[("hires_raw.jobs", "*")],
        &[("hires_raw.hired_employees", "*")],
        &[
            ("hires_warehouse.dim_departments", "*"),
            ("hires_warehouse.dim_departments__rejects", "*"),
        ],
        &[
            ("hires_warehouse.dim_jobs", "*"),
            ("hires_warehouse.dim_jobs__rejects", "*"),
        ],
        &[
            ("hires_warehouse.fct_hires", "*"),
            ("hires_warehouse.fct_hires__rejects", "*"),
        ],
    ],
    stays: &[],
    usual: "ci",
};

pub const GINVENTORY: Pipeline = Pipeline {
    name: "ginventory",
    project: || example("ginventory"),
    bucket: "data",
    change: |project| {
        append(project, "data/gins.csv", "8;Nacht;Österreich;44 %;\n");
        append(project, "data/tonics.csv", "4;Dry\n");
        append(project, "data/garnishes.csv", "4;Lime\n");
        append(project, "data/gin_tonics.csv", "8;4\n");
        append(project, "data/gin_garnishes.csv", "8;4\n");
        append(
            project,
            "seeds/countries.csv",
            "14;AT;AUSTRIA;Austria;AUT;40;43\n",
        );
        append(
            project,
            "seeds/country_corrections.csv",
            "Österreich,Austria\n",
        );
    },
    groups: &[
        &[("ginventory_raw.gins", "*")],
        &[("ginventory_raw.tonics", "*")],
        &[("ginventory_raw.garnishes", "*")],
        &[("ginventory_raw.gin_tonics", "*")],
        &[("ginventory_raw.gin_garnishes", "*")],
        &[("ginventory_seeds.countries", "*")],
        &[("ginventory_seeds.country_corrections", "*")],
        &[("ginventory_staging.stg_gins", "*")],
        &[("ginventory_warehouse.dim_countries", "*")],
        &[("ginventory_warehouse.dim_gins", "*")],
        &[("ginventory_warehouse.dim_tonics", "*")],
        &[("ginventory_warehouse.dim_garnishes", "*")],
        &[("ginventory_warehouse.bridge_gin_tonics", "*")],
        &[("ginventory_warehouse.bridge_gin_garnishes", "*")],
        &[("ginventory_marts.gins_by_country", "*")],
    ],
    stays: &[],
    usual: "dev",
};

pub const SPARKIFY: Pipeline = Pipeline {
    name: "sparkify",
    project: || {
        let profiles = "    endpoint: {type: redshift, host: 127.0.0.1, port: \"{{ env_var('REDSTART_EMULATOR_PORT', '5439') | as_number }}\", user: awsuser, password: unused, dbname: dev, sslmode: disable, schema: analytics, threads: 4}\n";
        let project = TestProject::example();
        append(&project, "profiles.yml", profiles);
        project
            .env("REDSHIFT_HOST", "not-asked")
            .env("REDSHIFT_USER", "nobody")
            .env("DBT_ENV_SECRET_REDSHIFT_PASSWORD", "no-one-asks")
    },
    bucket: "fixtures",
    change: |project| {
        let november = project.read("fixtures/log_data/2018/11/2018-11-30-events.json");
        project.write(
            "fixtures/log_data/2018/12/2018-12-01-events.json",
            changed(&november, a_day_later),
        );
        for file in ["A/A.json", "A/B.json", "B/A.json"] {
            let file = format!("fixtures/song_data/{file}");
            let songs = project.read(&file);
            project.write(&file, changed(&songs, elsewhere));
        }
        for (file, old, new) in [
            ("seeds/levels.csv", "every month", "every year"),
            ("seeds/weekdays.csv", "Sunday", "Sonntag"),
            ("dbt_project.yml", "events: 60", "events: 71"),
            ("dbt_project.yml", "times: 36", "times: 45"),
            ("dbt_project.yml", "songplays: 35", "songplays: 43"),
        ] {
            let text = project.read(file);
            assert!(text.contains(old), "{file}: {text}");
            project.write(file, text.replace(old, new));
        }
    },
    groups: &[
        &[("staging.events", "*")],
        &[("staging.songs", "*")],
        &[("warehouse.levels", "*")],
        &[("warehouse.weekdays", "*")],
        &[("warehouse.dim_users", "*")],
        &[("warehouse.dim_songs", "*")],
        &[("warehouse.dim_artists", "*")],
        &[("warehouse.dim_time", "*")],
        &[("warehouse.fct_songplays", "*")],
        &[("analytics.top_songs", "*")],
        &[("analytics.plays_by_weekday", "*")],
        &[("analytics.users_by_level", "*")],
    ],
    stays: &[],
    usual: "dev",
};

fn example(name: &str) -> TestProject {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    TestProject::example_of(&root.join("examples").join(name))
        .env("REDSHIFT_HOST", "not-asked")
        .env("REDSHIFT_USER", "nobody")
        .env("DBT_ENV_SECRET_REDSHIFT_PASSWORD", "no-one-asks")
}

fn append(project: &TestProject, file: &str, text: &str) {
    let before = project.read(file);
    project.write(file, before + text);
}

/// Objects of JSON, a line each, every one changed.
fn changed(text: &str, change: fn(&mut Value)) -> String {
    let objects = serde_json::Deserializer::from_str(text).into_iter();
    let changed = objects.map(|object| {
        let mut object: Value = object.expect("an object of JSON");
        change(&mut object);
        format!("{object}\n")
    });
    changed.collect()
}

/// An event of the next day, in a session of its own, of somebody with another name.
fn a_day_later(event: &mut Value) {
    for (name, more) in [("ts", 86_400_000), ("sessionId", 100)] {
        let number = event[name].as_i64().expect("a number");
        event[name] = (number + more).into();
    }
    if let Some(Value::String(name)) = event.get_mut("firstName") {
        name.push('!');
    }
}

/// A song of another year, by an artist who has moved.
fn elsewhere(song: &mut Value) {
    let year = song["year"].as_i64().unwrap_or(0);
    song["year"] = (year + i64::from(year > 0)).into();
    let location = song["artist_location"].as_str().unwrap_or_default();
    song["artist_location"] = format!("{location}!").into();
}
