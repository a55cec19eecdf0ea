#!/usr/bin/env python3
"""What the documentation site costs: to make, on disk, and in a headless Chromium that opens it from disk.

    python3 benches/site.py --redstart target/release/redstart [--models 1000 10000] [--keep DIR]

Prints a Markdown table with the goals. Needs node, and what `scripts/setup --for-tests` brings for the browser.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("REDSTART_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "redstart")
ROWS = [
    ("Made in, CPU s", "cpu", "{:.1f}"),
    ("Peak memory of making it, MB", "memory", "{:.0f}"),
    ("Site, MB", "site_mb", "{:.2f}"),
    ("Files", "files", "{}"),
    ("Own script and style, KB", "script_kb", "{:.0f}"),
    ("Ready, CPU s of all the browser's processes", "ready_cpu_s", "{:.2f}"),
    ("JavaScript heap when ready, MB", "heap_mb", "{:.0f}"),
    ("Heap after 30 pages and the searches, MB", "heap_after_mb", "{:.0f}"),
    ("DOM nodes at the start", "nodes", "{}"),
    ("A table's page, ms (median, worst of 15)", "page_ms page_worst_ms", "{:.0f}, {:.0f}"),
    ("Lineage, two steps each way, ms (median, worst of 15)", "lineage_ms lineage_worst_ms", "{:.0f}, {:.0f}"),
    ("Search, ms (median, 95th percentile, worst)", "query_median_ms query_p95_ms query_worst_ms", "{:.0f}, {:.0f}, {:.0f}"),
    ("Right hit among the first five", "hits queries", "{} of {}"),
]


def made(redstart, project):
    """Makes the site, as a child whose CPU time and memory are told alone."""
    child = os.spawnv(os.P_NOWAIT, redstart, [redstart, "docs", "generate", "--empty-catalog", "--format", "html", "--quiet", "--project-dir", str(project)])
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{redstart} ended with {status}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}


def measured(redstart, models, folder):
    project = folder / f"project_{models}"
    if not project.is_dir():
        subprocess.run([sys.executable, HERE / "site_project.py", "--models", str(models), "--out", project], check=True)
    seen = made(redstart, project)
    site = project / "target" / "site"
    files = [file for file in site.rglob("*") if file.is_file()]
    seen["site_mb"] = sum(file.stat().st_size for file in files) / 1e6
    seen["files"] = len(files)
    seen["script_kb"] = sum((site / name).stat().st_size for name in ("app.js", "style.css")) / 1e3
    chromium = next(program for name in ("chromium", "chromium-browser", "google-chrome") if (program := shutil.which(name)))
    told = subprocess.run(["node", HERE / "site.mjs", CACHE / "browser-tests-1", chromium, site, project / "queries.json"], check=True, capture_output=True, text=True)
    return seen | json.loads(told.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redstart", type=pathlib.Path, default=HERE.parent / "target/release/redstart")
    parser.add_argument("--models", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the projects, used again where they are there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        figures = [measured(str(arguments.redstart.resolve()), models, folder) for models in arguments.models]
    print("| | " + " | ".join(f"{models:,} models" for models in arguments.models) + " |")
    print("| --- |" + " --- |" * len(figures))
    for title, keys, form in ROWS:
        print(f"| {title} | " + " | ".join(form.format(*(figure[key] for key in keys.split())) for figure in figures) + " |")
    for figure in figures:
        for missed in figure["missed"]:
            print(f"not found among the first five: {missed}", file=sys.stderr)


if __name__ == "__main__":
    main()
