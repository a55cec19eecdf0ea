#!/usr/bin/env python3
"""A project for measuring the documentation site: N models with varied words, 12 columns and 3 tests each.

    python3 benches/site_project.py --models 10000 --out DIR

The words come from a fixed seed, so that the same N gives the same project. Nothing has to be built:
`redstart docs generate --empty-catalog` makes the site from it.
"""
import argparse
import pathlib
import random

AREAS = "orders customers payments shipping inventory marketing web support finance people pricing suppliers returns loyalty search".split()
THINGS = "order customer payment parcel product campaign session ticket invoice employee price supplier refund member query item visit address contract stock".split()
PARTS = "id name amount status date region channel currency quantity discount category source score rank email country segment duration weight margin tax version owner code".split()
VERBS = "counts joins cleans groups ranks filters spreads keeps compares sums dates maps splits merges checks".split()
ADJECTIVES = "daily weekly net gross first last open closed average planned actual regional external internal late early unique valid missing weighted".split()
NOUNS = "revenue margin stock demand delivery contract budget forecast basket visit newsletter warehouse carrier voucher balance ledger cohort funnel churn retention payout deposit surcharge pallet shelf".split()


def sentence(random, words):
    pick = random.choice
    text = [f"The {pick(ADJECTIVES)} {pick(NOUNS)} of the {pick(THINGS)}"]
    while sum(len(part.split()) for part in text) < words:
        text.append(f"{pick(['which', 'and'])} {pick(VERBS)} the {pick(ADJECTIVES)} {pick(NOUNS)} by {pick(PARTS)}")
    return ", ".join(text) + "."


def layer(at, models):
    share = at / models
    return ("staging", "stg") if share < 0.4 else ("intermediate", "int") if share < 0.6 else ("dimensions", "dim") if share < 0.8 else ("facts", "fct")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    dice = random.Random(arguments.models)
    out = arguments.out
    (out / "models").mkdir(parents=True, exist_ok=True)
    (out / "dbt_project.yml").write_text("name: large\nversion: '1.0'\nprofile: large\nmodels:\n  large: {+materialized: table}\n")
    (out / "profiles.yml").write_text("large: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:', schema: main, threads: 2}}}\n")
    names = []
    for at in range(arguments.models):
        folder, prefix = layer(at, arguments.models)
        area = dice.choice(AREAS)
        name = f"{prefix}_{area}__{dice.choice(THINGS)}_{dice.choice(NOUNS)}_{at}"
        columns = ["id"] + dice.sample([f"{thing}_{part}" for thing in dice.sample(THINGS, 6) for part in dice.sample(PARTS, 4)], 11)
        reads = dice.sample(names[max(0, at - 400):], min(len(names), 1 + at % 3)) if prefix != "stg" and names else []
        place = out / "models" / folder / area
        place.mkdir(parents=True, exist_ok=True)
        listed = ",\n    ".join(f"{dice.choice(['cast(null as varchar)', '1', 'current_date', 'coalesce(1, 0)'])} as {column}" for column in columns[1:])
        joins = "\n".join(f"left join {{{{ ref('{read}') }}}} as r{number} on r{number}.id = base.id" for number, read in enumerate(reads))
        (place / f"{name}.sql").write_text(f"with base as (\n    select {at} as id\n)\nselect\n    base.id,\n    {listed}\nfrom base\n{joins}\n")
        described = [f"      - {{name: id, description: \"{sentence(dice, 8)}\", data_tests: [unique, not_null]}}"]
        described += [f"      - {{name: {column}, description: \"{sentence(dice, dice.randint(6, 14))}\"}}" for column in columns[1:-1]]
        described += [f"      - {{name: {columns[-1]}, description: \"{sentence(dice, 10)}\", data_tests: [not_null]}}"]
        (place / f"{name}.yml").write_text(f"models:\n  - name: {name}\n    description: \"{sentence(dice, 20)}\"\n    columns:\n" + "\n".join(described) + "\n")
        names.append(name)


if __name__ == "__main__":
    main()
