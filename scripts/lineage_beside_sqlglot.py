"""Reads the queries of tests/cases/lineage/shapes.txt with sqlglot's lineage, and lists where it names other columns.

    pip install sqlglot && python scripts/lineage_beside_sqlglot.py

What differs and why stands in docs/lineage.md.
"""

import pathlib
import re
import sys

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

ROOT = pathlib.Path(__file__).parent.parent
TABLES = re.findall(r'"([a-z.]+ [^"]+)",', (ROOT / "src/sql/lineage/tests.rs").read_text().split("];")[0])


def schema():
    """The tables of the test, those of which all columns are known."""
    found = {}
    for line in TABLES:
        name, *columns = line.split()
        if "…" in columns:
            continue
        place = found
        *schema_name, table = name.split(".")
        # sqlglot wants every table at the same depth.
        place = place.setdefault(schema_name[0] if schema_name else "public", {})
        place[table] = {column.rstrip("!"): "varchar" for column in columns}
    return found


def with_schemas(query, dialect):
    """The query with a schema before every table that has none and is no common table expression."""
    tree = sqlglot.parse_one(query, dialect=dialect)
    names = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        aliases = {other.alias_or_name for other in tree.find_all(exp.Table) if other is not table}
        if not table.db and table.name and table.name not in names and table.name not in aliases:
            table.set("db", exp.to_identifier("public"))
    return tree


def sources_of(column, tree, dialect):
    """Columns of tables at the ends of a column's lineage."""
    found = set()
    for node in lineage(column, tree, schema=schema(), dialect=dialect).walk():
        if not node.downstream and isinstance(node.expression, exp.Table):
            table = node.expression
            name = ".".join(part for part in (table.db, table.name) if part).removeprefix("public.")
            found.add(f"{name}.{node.name.split('.')[-1].strip(chr(34)).lower()}")
    return found


def cases():
    for case in (ROOT / "tests/cases/lineage/shapes.txt").read_text().strip().split("\n\n"):
        lines = case.splitlines()
        query = " ".join(line for line in lines if line[0] not in " #")
        if query:
            dialect, _, rest = query.partition(": ")
            known = dialect in ("duckdb", "postgres")
            yield (dialect, rest) if known else ("redshift", query), [line for line in lines if line.startswith("  ")]


def main():
    same = other = unread = 0
    for (dialect, query), told in cases():
        ours = {}
        for line in told:
            name, arrow, sources = line.strip().partition(" <- ")
            if arrow and name not in ("*", "rows"):
                pairs = [source.split(" ")[0] for source in sources.split(", ") if source != "no column"]
                ours.setdefault(name, set()).update(pairs)
        try:
            tree = with_schemas(query, dialect)
            theirs = {name: sources_of(name, tree.copy(), dialect) for name in ours}
        except Exception as error:  # noqa: BLE001 - every kind of failure is told
            unread += 1
            print(f"not read by sqlglot: {query}\n  {str(error).splitlines()[0]}")
            continue
        if theirs == ours:
            same += 1
            continue
        other += 1
        print(f"other: {query}")
        for name in ours:
            if ours[name] != theirs[name]:
                print(f"  {name}: redstart {sorted(ours[name])}, sqlglot {sorted(theirs[name])}")
    print(f"\n{same} the same, {other} other, {unread} not read by sqlglot ({sqlglot.__version__})")


if __name__ == "__main__":
    sys.exit(main())
