"""The whole project as one task: the graph is Redstart's, and a second try builds what is left."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="shop_daily",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
):
    load = BashOperator(
        task_id="load",
        bash_command="cd /srv/shop && redstart load --target prod",
        append_env=True,
        retries=2,
    )
    build = BashOperator(
        task_id="build",
        bash_command="cd /srv/shop && redstart build --target prod --audit --exclude 'source:*'",
        append_env=True,
        execution_timeout=timedelta(hours=3),
        retries=1,
    )
    load >> build
