#!/usr/bin/env python3
"""Redstart's seed and load beside bare read_csv, read_json and COPY: CPU seconds, wall seconds, peak memory, ratios.

    python3 benches/load.py --generator gen_data.py [--rows 1000000] [--rounds 3] [--postgres]

The generator is a program that takes `--rows N --out FILE --format csv|jsonl`. The tools take turns, round by round, and each ratio is
the median of those of the rounds. A private PostgreSQL starts in a temporary folder from the installed binaries; its CPU seconds are
those of its backends, taken from the operating system, and are added to those of the client. Python's own start is taken off.
"""
import argparse
import os
import pathlib
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from compare import CACHE, cargo_target, dbt_environment, measure  # noqa: E402

COLUMNS = {
    "ts": "bigint", "user_id": "int", "session_id": "bigint", "song": "varchar(256)",
    "artist": "varchar(256)", "level": "varchar(10)", "location": "varchar(256)", "page": "varchar(32)",
}
TYPES = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
PROJECT = "name: bench\nprofile: bench\n"
SOURCES = """sources:
  - name: raw
    schema: raw
    tables:
      - {{name: from_csv, external: {{location: "s3://bench/events.csv", file_format: csv, copy: {{ignoreheader: 1, iam_role: default}}}}, columns: [{columns}]}}
      - {{name: from_json, external: {{location: "s3://bench/events.jsonl", file_format: json, copy: {{json: auto, iam_role: default}}}}, columns: [{columns}]}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--generator", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--redstart", type=pathlib.Path, help="the program to measure; the release build unless given")
    parser.add_argument("--dbt-venv", type=pathlib.Path, default=CACHE / "bench-dbt-1.11")
    parser.add_argument("--postgres", action="store_true", help="seed a private PostgreSQL too")
    arguments = parser.parse_args()
    redstart = (arguments.redstart or cargo_target() / "release" / "redstart").resolve()
    python = dbt_environment(arguments.dbt_venv)
    with tempfile.TemporaryDirectory(prefix="redstart-load-") as folder:
        project = pathlib.Path(folder)
        server = Server(project) if arguments.postgres else None
        try:
            write(project, arguments, server)
            bench(project, redstart, python, arguments, server)
        finally:
            if server:
                server.stop()


def write(project, arguments, server):
    for form in ("csv", "jsonl"):
        data = project / "data" / f"events.{form}"
        data.parent.mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, arguments.generator, "--rows", str(arguments.rows), "--out", data, "--format", form],
            check=True, stdout=subprocess.DEVNULL,
        )
    (project / "seeds").mkdir()
    (project / "models").mkdir()
    os.link(project / "data" / "events.csv", project / "seeds" / "events.csv")
    (project / "dbt_project.yml").write_text(PROJECT)
    columns = ", ".join(f"{{name: {name}, data_type: {kind}}}" for name, kind in COLUMNS.items())
    (project / "models" / "sources.yml").write_text(SOURCES.format(columns=columns))
    s3 = 's3: {"s3://bench/": "data/"}'
    outputs = [
        "    duckdb: {type: duckdb, path: bench.duckdb, schema: main}\n",
        f"    emulated: {{type: duckdb, path: bench.duckdb, schema: main, emulate: redshift, {s3}}}\n",
    ]
    if server:
        where = (
            f"type: postgres, host: 127.0.0.1, port: {server.port}, user: bench, password: x, dbname: postgres, "
            f"schema: public, sslmode: disable, {s3}"
        )
        outputs.append(f"    postgres: {{{where}}}\n")
        outputs.append(f"    postgres_emulated: {{{where}, emulate: redshift}}\n")
    (project / "profiles.yml").write_text("bench:\n  target: duckdb\n  outputs:\n" + "".join(outputs))


def bench(project, redstart, python, arguments, server):
    csv, json = project / "data" / "events.csv", project / "data" / "events.jsonl"
    typed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())

    def ours(verb, target, *more):
        return lambda: measure([redstart, verb, "--quiet", "--target", target, *more], project, fresh=True)

    def duckdb(query):
        script = f'import duckdb; duckdb.connect("bare.duckdb").execute("create table events as from {query}")'

        def run():
            idle = measure([python, "-c", "import duckdb; duckdb.connect('bare.duckdb')"], project, fresh=True)
            cpu, wall, memory = measure([python, "-c", script], project, fresh=True)
            return max(cpu - idle[0], 0.0), max(wall - idle[1], 0.0), memory

        return run

    runs = {
        "seed, DuckDB": [ours("seed", "duckdb"), duckdb(f"read_csv('{csv}')")],
        "seed, DuckDB as Redshift": [ours("seed", "emulated"), duckdb(f"read_csv('{csv}')")],
        "load CSV, DuckDB as Redshift": [
            ours("load", "emulated", "--select", "source:raw.from_csv"),
            duckdb(f"read_csv('{csv}', header = true, columns = {{{TYPES}}})"),
        ],
        "load JSON, DuckDB as Redshift": [
            ours("load", "emulated", "--select", "source:raw.from_json"),
            duckdb(f"read_json('{json}', columns = {{{TYPES}}})"),
        ],
    }
    if server:
        copy = [
            "psql", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", "bench", "-d", "postgres", "-v", "ON_ERROR_STOP=1",
            "-c", f"drop table if exists bare; create table bare ({typed})",
            "-c", f"\\copy bare from '{csv}' with (format csv, header true)",
        ]
        bare = server.counted(lambda: measure(copy, project))
        from_csv = ("--select", "source:raw.from_csv")
        runs["seed, PostgreSQL"] = [server.counted(ours("seed", "postgres")), bare]
        runs["seed, PostgreSQL as Redshift"] = [server.counted(ours("seed", "postgres_emulated")), bare]
        runs["load CSV, PostgreSQL"] = [server.counted(ours("load", "postgres", *from_csv)), bare]
        runs["load CSV, PostgreSQL as Redshift"] = [server.counted(ours("load", "postgres_emulated", *from_csv)), bare]
    print(f"{arguments.rows} rows{'':24}{'CPU s':>8}{'wall s':>8}{'MiB':>6}   bare:{'CPU s':>8}{'wall s':>8}   ratio CPU, wall")
    for name, (redstarts, bares) in runs.items():
        rounds = [(redstarts(), bares()) for _ in range(arguments.rounds)]
        middle = lambda figures: statistics.median(figures)  # noqa: E731
        mine = [middle(run[0][at] for run in rounds) for at in range(3)]
        bare = [middle(run[1][at] for run in rounds) for at in range(3)]
        ratios = [middle(run[0][at] / run[1][at] for run in rounds) for at in range(2)]
        print(
            f"{name:34}{mine[0]:8.2f}{mine[1]:8.2f}{mine[2]:6.0f}        {bare[0]:8.2f}{bare[1]:8.2f}   {ratios[0]:.2f} x, {ratios[1]:.2f} x",
            flush=True,
        )


class Server:
    """A PostgreSQL of our own, run by an ordinary user where we are root."""

    def __init__(self, folder):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="redstart-pg-"))
        found = shutil.which("initdb") or next(map(str, sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
        if not found:
            sys.exit("no initdb: install PostgreSQL, or leave --postgres out")
        self.user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.home, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.home, **self.user}
        subprocess.run([found, "-D", "data", "-U", "bench", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "trust"], check=True, **quiet)
        server = pathlib.Path(found).with_name("postgres")
        settings = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.home), "-c", "autovacuum=off", "-c", "max_wal_size=8GB"]
        self.process = subprocess.Popen([server, "-D", "data", *settings], **quiet)
        for _ in range(300):
            if subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "-d", "postgres", "-c", "select 1"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        self.stop()
        sys.exit("PostgreSQL did not start")

    def cpu(self):
        """Seconds of the backends that have ended."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def counted(self, run):
        def counting():
            before = self.cpu()
            cpu, wall, memory = run()
            time.sleep(0.3)
            return cpu + self.cpu() - before, wall, memory

        return counting

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


if __name__ == "__main__":
    main()
