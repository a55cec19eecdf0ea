//! Packages: installed by `deps` from every kind of origin, and read with the project.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::project::TestProject;

/// A package with one of everything.
fn package(project: TestProject, folder: &str) -> TestProject {
    let at = |path: &str| format!("{folder}/{path}");
    project
        .file(
            at("dbt_project.yml"),
            "name: parts\nvars: {limit: 1, currency: none}\nmodels: {parts: {+materialized: table, +tags: own}}\n\
             on-run-start: \"select 1\"\n",
        )
        .file(
            at("models/lib/units.sql"),
            "select {{ var('limit') }} as n, '{{ var('currency') }}' as currency, '{{ parts.shout('a') }}' as word",
        )
        .file(at("models/lib/unused.sql"), "select nothing_is_here")
        .file(at("models/lib/many.sql"), "select * from {{ ref('units') }}")
        .file(
            at("models/lib/lib.yml"),
            "models:\n  - name: units\n    description: \"{{ doc('unit') }}\"\n    columns: [{name: n, data_tests: [positive]}]\n",
        )
        .file(at("models/lib/docs.md"), "{% docs unit %}what is counted{% enddocs %}")
        .file(
            at("macros/shout.sql"),
            "{% macro shout(word) %}{{ return(adapter.dispatch('shout', 'parts')(word)) }}{% endmacro %}\n\
             {% macro default__shout(word) %}{{ word | upper }}!{% endmacro %}",
        )
        .file(
            at("tests/generic/positive.sql"),
            "{% test positive(model, column_name) %}select * from {{ model }} where {{ column_name }} <= 0{% endtest %}",
        )
        .file(at("seeds/codes.csv"), "code\n1\n2\n")
}

fn shop() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nvars: {currency: all, parts: {limit: 3}}\n\
             models: {parts: {lib: {unused: {+enabled: false}, many: {+materialized: view, +schema: wide}}}}\n\
             dispatch: [{macro_namespace: parts, search_order: [shop, parts]}]\n",
        )
        .file(
            "models/orders.sql",
            "select n, currency, word from {{ ref('parts', 'units') }} join {{ ref('codes') }} on code = 1",
        )
        .file(
            "models/orders.yml",
            "models:\n  - name: orders\n    columns: [{name: n, data_tests: [parts.positive]}]\n",
        )
        .file("macros/shout.sql", "{% macro default__shout(word) %}{{ word }}?{% endmacro %}")
}

#[test]
fn a_local_package_is_built_with_the_project() {
    let project = package(shop(), "vendor/parts")
        .file("packages.yml", "packages:\n  - local: vendor/parts\n");

    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[missing-packages]: the project names one package and none is installed in `dbt_packages`
     --> packages.yml:2:5
      |
    2 |   - local: vendor/parts
      |     ^^^^^^^^^^^^^^^^^^^
      |
      = help: run `redstart deps`

    1 error
    ");
    assert_snapshot!(project.redstart("deps"), @"
    exit 0
    wrote package-lock.yml
    installed parts from vendor/parts
    ");
    assert_snapshot!(project.read("package-lock.yml"), @"
    packages:
      - local: vendor/parts
        name: parts
    sha1_hash: d5ca60088584f9a93b4b4e3b3d2ba9409a187752
    ");
    // The project's files win: its variables for the package, its configuration, its macro where `dispatch` says so.
    assert_snapshot!(project.redstart("build --threads 1"), @"
    exit 0
    Running 7 nodes on 1 thread (target `dev.main`)
    1 of 7  OK    hook parts-on-run-start-0                               [[time]]
    2 of 7  OK    created sql table model main.units                      [1 row in [time]]
    3 of 7  OK    loaded seed file main.codes                             [2 rows in [time]]
    4 of 7  PASS  test positive_units_n                                   [[time]]
    5 of 7  OK    created sql view model main.orders                      [[time]]
    6 of 7  OK    created sql view model main_wide.many                   [[time]]
    7 of 7  PASS  test parts_positive_orders_n                            [[time]]

    Finished 2 data tests, 1 project hook, 1 seed, 1 table model, 2 view models in [time]
    Done. PASS=7 WARN=0 ERROR=0 SKIP=0 TOTAL=7
    The data dictionary is in [project]/target/index.html
    ");
    assert_snapshot!(project.query("select * from orders"), @"
    n | currency | word
    3 | all | a?
    ");
    assert_snapshot!(project.redstart("ls --output path"), @"
    exit 0
    models/lib/many.sql
    models/lib/units.sql
    models/orders.sql
    seeds/codes.csv
    models/lib/lib.yml
    models/orders.yml
    ");
    assert_snapshot!(project.redstart("ls -s package:parts"), @"
    exit 0
    parts.lib.many
    parts.lib.units
    parts.codes
    parts.lib.positive_units_n
    ");
    let manifest: serde_json::Value =
        serde_json::from_str(&project.read("target/manifest.json")).unwrap();
    let units = &manifest["nodes"]["model.parts.units"];
    assert_eq!(units["original_file_path"], "models/lib/units.sql");
    assert_eq!(units["patch_path"], "parts://models/lib/lib.yml");
    assert_eq!(units["description"], "what is counted");
    assert_eq!(units["doc_blocks"][0], "doc.parts.unit");
    assert_eq!(
        manifest["docs"]["doc.parts.unit"]["original_file_path"],
        "models/lib/docs.md"
    );
    assert_eq!(
        manifest["macros"]["macro.parts.shout"]["original_file_path"],
        "macros/shout.sql"
    );
    assert!(
        project
            .path()
            .join("target/compiled/parts/models/lib/units.sql")
            .is_file()
    );
}

#[test]
fn a_mistake_in_a_package_is_shown_where_it_stands() {
    let project = package(shop(), "vendor/parts")
        .file("packages.yml", "packages:\n  - local: vendor/parts\n")
        .file(
            "vendor/parts/models/lib/units.sql",
            "select {{ shuot('a') }}",
        );
    project.redstart("deps").success();

    assert_snapshot!(project.redstart("compile"), @"
    exit 2
    error[undefined-macro]: there is no macro `shuot`
     --> dbt_packages/parts/models/lib/units.sql:1:11
      |
    1 | select {{ shuot('a') }}
      |           ^^^^^^^^^^
      |
      = help: did you mean `shout`?

    1 error
    ");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_repository_is_locked_at_its_commit() {
    let folder = package(TestProject::empty(), "sub");
    let remote = folder.path();
    git(&remote, &["init", "--quiet"]);
    git(&remote, &["add", "."]);
    git(&remote, &["commit", "--quiet", "-m", "one"]);
    let first = git(&remote, &["rev-parse", "HEAD"]);
    let project = shop().file(
        "packages.yml",
        "packages:\n  - git: \"{{ env_var('DBT_ENV_SECRET_REPO') }}\"\n    subdirectory: sub\n    revision: main\n",
    );
    let project = project.env(
        "DBT_ENV_SECRET_REPO",
        format!("file://{}", remote.display()),
    );

    // YAML needs quotes around a commit that could be a number; the hash holds the address of the repository.
    let shown = |text: String| {
        let text = text.replace(&format!("\"{first}\""), &first);
        let text = text.replace(&first, "[commit]");
        let lines = text.lines().filter(|line| !line.starts_with("sha1_hash"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(shown(project.redstart("deps").to_string()), @r#"
    exit 0
    wrote package-lock.yml
    installed parts at [commit]
    --- stderr
    warning[unpinned-package]: the package follows a branch
     --> packages.yml:2:5
      |
    2 |     - git: "{{ env_var('DBT_ENV_SECRET_REPO') }}"
      |  _____^
    3 | |     subdirectory: sub
    4 | |     revision: main
      | |__________________^
      |
      = help: name a tag or a commit with `revision`, or set `warn-unpinned: false`

    1 warning
    "#);
    assert_snapshot!(shown(project.read("package-lock.yml")), @r#"
    packages:
      - git: "{{ env_var('DBT_ENV_SECRET_REPO') }}"
        name: parts
        revision: [commit]
        subdirectory: sub
    "#);

    // Later commits wait until somebody asks for them.
    std::fs::remove_file(remote.join("sub/seeds/codes.csv")).unwrap();
    git(&remote, &["commit", "--quiet", "-am", "two"]);
    project.redstart("deps").success();
    assert!(
        project
            .path()
            .join("dbt_packages/parts/seeds/codes.csv")
            .is_file()
    );
    project.redstart("deps --upgrade").success();
    assert!(
        !project
            .path()
            .join("dbt_packages/parts/seeds/codes.csv")
            .is_file()
    );

    // What cannot be had leaves what is there.
    project.write(
        "packages.yml",
        format!(
            "packages:\n  - git: file://{}\n    revision: v9\n",
            remote.display()
        ),
    );
    let failed = project
        .redstart("deps")
        .to_string()
        .replace(&remote.display().to_string(), "[remote]");
    assert_snapshot!(failed, @"
    exit 2
    error[unknown-revision]: `*****` has no revision `v9`
     --> packages.yml:2:5
      |
    2 |     - git: *****
      |  _____^
    3 | |     revision: v9
      | |________________^
      |
      = help: name a branch, a tag or a whole commit

    1 error
    ");
    assert!(
        project
            .path()
            .join("dbt_packages/parts/dbt_project.yml")
            .is_file()
    );
}

/// Answers each request for a path with a file; 404 for the rest.
fn serve(files: impl FnOnce(&str) -> Vec<(String, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let files = files(&address);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut first = String::new();
            let mut line = String::new();
            reader.read_line(&mut first).unwrap();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap_or_default();
            let found = files.iter().find(|(known, _)| known == path);
            let (status, body) = found.map_or((404, &[][..]), |(_, body)| (200, body));
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let stream = reader.get_mut();
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body));
        }
    });
    address
}

fn archive(top: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, format!("{top}/{path}"), text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// A hub with two packages, one of which needs the other.
fn index(address: &str) -> Vec<(String, Vec<u8>)> {
    let release = |name: &str, version: &str, dbt: &str, needs: serde_json::Value| {
        let url = format!("{address}/{name}-{version}.tar.gz");
        serde_json::json!({
            "name": name, "version": version, "packages": needs, "require_dbt_version": [dbt, "<3.0.0"],
            "downloads": {"tarball": url, "format": "tgz", "sha1": null},
        })
    };
    let none = || serde_json::json!([]);
    let needs = serde_json::json!([{"package": "acme/base", "version": [">=1.0.0", "<1.2.0"]}]);
    let parts = serde_json::json!({"versions": {
        "0.9.0": release("parts", "0.9.0", ">=1.3.0", none()),
        "1.0.0": release("parts", "1.0.0", ">=1.3.0", needs),
    }});
    let base = serde_json::json!({"versions": {
        "1.0.0": release("base", "1.0.0", ">=1.3.0", none()),
        "1.1.0": release("base", "1.1.0", ">=1.3.0", none()),
        "1.1.5": release("base", "1.1.5", ">=2.0.0", none()),
        "1.1.9-rc1": release("base", "1.1.9-rc1", ">=1.3.0", none()),
        "1.3.0": release("base", "1.3.0", ">=1.3.0", none()),
    }});
    let packed = |name: &str, version: &str| {
        let project = format!("name: {name}\nversion: {version}\n");
        let macros = format!("{{% macro {name}_version() %}}'{version}'{{% endmacro %}}");
        let files = [
            ("dbt_project.yml", project.as_str()),
            ("macros/m.sql", &macros),
        ];
        (
            format!("/{name}-{version}.tar.gz"),
            archive(&format!("acme-{name}-1a2b"), &files),
        )
    };
    vec![
        (
            "/api/v1/acme/parts.json".to_owned(),
            parts.to_string().into_bytes(),
        ),
        (
            "/api/v1/acme/base.json".to_owned(),
            base.to_string().into_bytes(),
        ),
        packed("parts", "1.0.0"),
        packed("base", "1.1.0"),
    ]
}

#[test]
fn versions_of_the_hub_are_chosen_so_that_all_conditions_hold() {
    let hub = serve(index);
    let project = TestProject::new()
        .file("packages.yml", "packages:\n  - package: acme/parts\n    version: [\">=0.9.0\", \"<2.0.0\"]\n  - package: acme/base\n    version: \">=1.0.0\"\n")
        .file("models/v.sql", "select {{ parts.parts_version() }} as parts, {{ base.base_version() }} as base")
        .env("DBT_PACKAGE_HUB_URL", &hub);

    assert_snapshot!(project.redstart("deps"), @"
    exit 0
    wrote package-lock.yml
    installed acme/parts 1.0.0
    installed acme/base 1.1.0 (there is 1.3.0)
    ");
    assert_snapshot!(project.read("package-lock.yml"), @"
    packages:
      - name: parts
        package: acme/parts
        version: 1.0.0
      - name: base
        package: acme/base
        version: 1.1.0
    sha1_hash: 61c5b12b7aaf7a09fbfa7f75d927f750576db5fb
    ");
    project.redstart("build").success();
    assert_snapshot!(project.query("select * from v"), @"
    parts | base
    1.0.0 | 1.1.0
    ");
    let unknown = project.redstart("deps --add-package acme/nothing@1.0.0");
    assert_snapshot!(unknown.to_string().replace(&hub, "[hub]"), @"
    exit 2
    added acme/nothing@1.0.0 to packages.yml
    --- stderr
    error[unknown-package]: the hub has no package `acme/nothing`
     --> packages.yml:6:5
      |
    6 |     - package: acme/nothing
      |  _____^
    7 | |     version: 1.0.0
      | |__________________^
      |
      = note: asked [hub]/api/v1/acme/nothing.json
      = help: look up its name on the hub; a package that is not there is named with `git:`

    1 error
    ");
    project.write(
        "packages.yml",
        "packages:\n  - package: acme/base\n    version: [\">=1.2.0\", \"<1.3.0\"]\n",
    );
    assert_snapshot!(project.redstart("deps"), @r#"
    exit 2
    error[no-such-version]: no version of `acme/base` is >=1.2.0 and <1.3.0
     --> packages.yml:2:5
      |
    2 |     - package: acme/base
      |  _____^
    3 | |     version: [">=1.2.0", "<1.3.0"]
      | |__________________________________^
      |
      = help: there are 1.0.0, 1.1.0, 1.1.5, 1.3.0

    1 error
    "#);
}

#[test]
fn what_a_package_does_not_show_is_read_by_itself_alone() {
    let project = package(shop(), "vendor/parts")
        .file("packages.yml", "packages:\n  - local: vendor/parts\n")
        .file(
            "vendor/parts/dbt_project.yml",
            "name: parts\nrestrict-access: true\nvars: {currency: none}\n",
        );
    project.redstart("deps").success();

    assert_snapshot!(project.redstart("parse"), @"
    exit 2
    error[private-model]: `orders` may not read `units`
     --> models/orders.sql:1:34
      |
    1 | select n, currency, word from {{ ref('parts', 'units') }} join {{ ref('codes') }} on code = 1
      |                                  ^^^^^^^^^^^^^^^^^^^^^ it is not public, and the package `parts` restricts access
      |
      = help: read a model of `parts` with `access: public`, or give it that

    1 error
    ");

    let project = project.file(
        "vendor/parts/models/lib/lib.yml",
        "models: [{name: units, config: {access: public}}]\n",
    );
    project.redstart("parse").success();
}

#[test]
fn a_macro_of_a_package_hides_nothing_that_templates_know() {
    let project = TestProject::new()
        .file("packages.yml", "packages: [{local: other}]\n")
        .file("other/dbt_project.yml", "name: other\n")
        .file(
            "other/macros/m.sql",
            "{% macro model() %}hidden{% endmacro %}{% macro named() %}{{ return(model.name ~ sibling()) }}{% endmacro %}\n\
             {% macro sibling() %}!{% endmacro %}",
        )
        .file("models/a.sql", "select '{{ other.named() }}' as name");

    project.redstart("deps --quiet").success();
    project.redstart("build --quiet").success();
    assert_eq!(project.query("select name from a"), "name\na!\n");
}

#[test]
fn the_project_describes_and_configures_the_nodes_of_a_package() {
    let project = package(TestProject::empty(), "vendor/parts")
        .file("dbt_project.yml", "name: shop\nprofile: project\n")
        .file("profiles.yml", crate::project::PROFILES)
        .file("packages.yml", "packages:\n  - local: vendor/parts\n")
        .file("vendor/parts/models/bare.sql", "select 1 as id")
        .file("vendor/parts/seeds/rates.csv", "id\n1\n")
        .file(
            "models/of_package.yml",
            "models:
  - name: bare
    description: of the project
    config: {materialized: table, tags: [ours]}
    columns: [{name: id, data_tests: [not_null]}]
seeds:
  - {name: rates, description: of the project}
",
        );
    project.redstart("deps --quiet").success();
    assert_snapshot!(
        project.redstart("ls --quiet --output json --output-keys name config.materialized tags description -s bare rates --resource-type model seed"),
        @r#"
    exit 0
    {"name": "bare", "config.materialized": "table", "tags": ["own", "ours"], "description": "of the project"}
    {"name": "rates", "config.materialized": "seed", "tags": [], "description": "of the project"}
    "#
    );
    let built = project.redstart("build --quiet -s bare").success();
    assert_snapshot!(built, @"exit 0");

    // Both at once are too many, as with dbt.
    let twice = project.file(
        "dbt_packages/parts/models/bare.yml",
        "models: [{name: bare, description: of the package}]\n",
    );
    assert_snapshot!(twice.redstart("parse"), @"
    exit 2
    error[duplicate-properties]: the model `bare` is declared twice
     --> models/of_package.yml:2:11
      |
    2 |   - name: bare
      |           ^^^^
      |
      = help: keep one of them
    note: the first declaration
     --> dbt_packages/parts/models/bare.yml:1:17
      |
    1 | models: [{name: bare, description: of the package}]
      |                 ^^^^

    1 error
    ");
}
