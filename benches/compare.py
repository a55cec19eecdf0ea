#!/usr/bin/env python3
"""Redstart beside dbt-core and beside the same statements straight through DuckDB: CPU seconds, peak memory, ratios.

    python3 benches/compare.py --generator gen_project.py [--models 100 1000] [--rounds 3]

The generator is a program that takes `--models N --out DIR --adapter duckdb` and writes a dbt project. The tools take turns,
round by round, so that a busy machine is unfair to all alike; the least CPU time of the rounds is reported. dbt comes from PyPI
into a virtual environment in the cache folder. CPU seconds are those of the process and its children, user and system together.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

DBT = ["dbt-core==1.11.*", "dbt-duckdb==1.11.*", "duckdb==1.5.6"]
CACHE = pathlib.Path(
    os.environ.get("REDSTART_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "redstart"
)


def main():
    arguments = parse_arguments()
    if arguments.bare:
        return bare(*arguments.bare)
    redstart = arguments.redstart or cargo_target() / "release" / "redstart"
    python = dbt_environment(arguments.dbt_venv)
    print(f"{'':24}{'CPU s':>10}{'wall s':>10}{'MiB':>10}   against redstart")
    for models in arguments.models:
        with tempfile.TemporaryDirectory(prefix="redstart-bench-") as folder:
            compare(models, pathlib.Path(folder), redstart, python, arguments)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--generator", type=pathlib.Path, help="the program that writes a project of N models")
    parser.add_argument("--models", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--redstart", type=pathlib.Path, help="the program to measure; the release build unless given")
    parser.add_argument("--dbt-venv", type=pathlib.Path, default=CACHE / "bench-dbt-1.11")
    parser.add_argument("--dbt-build-up-to", type=int, default=100, help="dbt builds no larger project: it takes many minutes")
    parser.add_argument("--bare", nargs=2, metavar=("MANIFEST", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.bare and not (arguments.generator and arguments.generator.is_file()):
        parser.error(f"there is no generator at {arguments.generator}: give one with --generator (make bench GEN=path)")
    return arguments


def compare(models, folder, redstart, python, arguments):
    ours, theirs = folder / "redstart", folder / "dbt"
    for project in (ours, theirs):
        subprocess.run(
            [sys.executable, arguments.generator, "--models", str(models), "--out", project, "--adapter", "duckdb"],
            check=True, stdout=subprocess.DEVNULL,
        )
    dbt = [python.parent / "dbt", "--quiet"]
    runs = {
        "parse": {
            "redstart": lambda: measure([redstart, "parse", "--quiet"], ours),
            "dbt-core": lambda: measure([*dbt, "--no-partial-parse", "parse"], theirs),
        },
        "build": {
            "redstart": lambda: measure([redstart, "build", "--quiet"], ours, fresh=True),
            "statements alone": lambda: bare_run(python, ours, folder),
            "dbt-core": lambda: measure([*dbt, "--no-partial-parse", "build"], theirs, fresh=True),
        },
    }
    if models > arguments.dbt_build_up_to:
        del runs["build"]["dbt-core"]
    for step, tools in runs.items():
        best = {}
        for _ in range(arguments.rounds):
            for tool, run in tools.items():
                result = run()
                best[tool] = min(best.get(tool, result), result)
        print(f"{step}, {models} models")
        for tool, (cpu, wall, memory) in best.items():
            print(f"  {tool:22}{cpu:10.2f}{wall:10.2f}{memory:10.0f}   {cpu / best['redstart'][0]:.2f} x CPU")


def measure(command, project, fresh=False):
    """CPU seconds, wall seconds and peak MiB of a command that must succeed."""
    if fresh:
        for leftover in [*project.glob("*.duckdb*"), project / "target"]:
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)
    environment = {**os.environ, "DBT_PROFILES_DIR": str(project), "DBT_SEND_ANONYMOUS_USAGE_STATS": "0"}
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], cwd=project, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{said.read().decode(errors='replace')[-4000:]}")
    mebibytes = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return usage.ru_utime + usage.ru_stime, wall, mebibytes


def bare_run(python, project, folder):
    """The statements of the last build alone; what Python needs to start and to load DuckDB is taken off."""
    idle = measure([python, "-c", "import duckdb, json"], project)
    cpu, wall, memory = measure(
        [python, pathlib.Path(__file__).resolve(), "--bare", project / "target" / "manifest.json", folder], project
    )
    return max(cpu - idle[0], 0.0), max(wall - idle[1], 0.0), memory


def bare(manifest_path, folder):
    """Runs what a manifest compiled, in order, on one connection: the least that any tool can do."""
    import duckdb

    manifest_path = pathlib.Path(manifest_path)
    project = manifest_path.parent.parent
    nodes = json.loads(manifest_path.read_text())["nodes"]
    # The compiled text names the database that it was built in, which DuckDB calls by its file.
    name = next((node["database"] for node in nodes.values() if node.get("database")), "bare")
    database = pathlib.Path(folder, f"{name}.duckdb")
    database.unlink(missing_ok=True)
    connection = duckdb.connect(str(database))
    done, schemas = set(), set()

    def code(node):
        return node.get("compiled_code") or (project / node["compiled_path"]).read_text()

    def visit(unique_id):
        if unique_id in done or unique_id not in nodes:
            return
        done.add(unique_id)
        node = nodes[unique_id]
        for upstream in node["depends_on"].get("nodes", []):
            visit(upstream)
        kind, materialized = node["resource_type"], node["config"]["materialized"]
        relation = f'"{node["schema"]}"."{node.get("alias") or node["name"]}"'
        if kind in ("model", "seed") and node["schema"] not in schemas:
            schemas.add(node["schema"])
            connection.execute(f'create schema if not exists "{node["schema"]}"')
        if kind == "seed":
            connection.execute(f"create table {relation} as from read_csv('{project / node['original_file_path']}')")
        elif kind == "model" and materialized != "ephemeral":
            shape = "view" if materialized == "view" else "table"
            connection.execute(f"create {shape} {relation} as {code(node)}")
        elif kind == "test":
            connection.execute(f"select count(*) from ({code(node)}) as failures").fetchall()

    for unique_id in nodes:
        visit(unique_id)


def dbt_environment(folder):
    python = folder / "bin" / "python"
    if not (folder / "bin" / "dbt").exists():
        print(f"bench: installing {' '.join(DBT)} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *DBT], check=True)
    return python


def cargo_target():
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"], check=True, capture_output=True, text=True
    )
    return pathlib.Path(json.loads(metadata.stdout)["target_directory"])


if __name__ == "__main__":
    main()
