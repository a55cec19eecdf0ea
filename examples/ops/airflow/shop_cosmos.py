"""A task of Airflow for every model, from the manifest.json that Redstart writes (`redstart parse`), by astronomer-cosmos.

Airflow reads only files that have its name in them: this one, too, has to.
"""

import pendulum
from cosmos import DbtDag, ExecutionConfig, LoadMode, ProfileConfig, ProjectConfig, RenderConfig

shop = DbtDag(
    dag_id="shop_models",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    project_config=ProjectConfig(
        dbt_project_path="/srv/shop",
        manifest_path="/srv/shop/target/manifest.json",
        project_name="shop",
    ),
    profile_config=ProfileConfig(
        profile_name="shop",
        target_name="prod",
        profiles_yml_filepath="/srv/shop/profiles.yml",
    ),
    # Redstart takes dbt's commands and flags.
    execution_config=ExecutionConfig(dbt_executable_path="redstart"),
    render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST),
)
