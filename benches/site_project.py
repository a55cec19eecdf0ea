#!/usr/bin/env python3
"""A project for measuring the documentation site: N models with varied words, 12 columns and 3 tests each.

    python3 benches/site_project.py --models 10000 --out DIR

The words come from a fixed seed, so that the same N gives the same project. Nothing has to be built:
`redstart docs generate --empty-catalog` makes the site from it. `queries.json` beside the project has fifty searches,
each with the model that is to be found: by its name, by parts of it, by a column's name, by words of its description,
and by words that stand in the description of one of its columns alone.
"""
import argparse
import bisect
import collections
import itertools
import json
import pathlib
import random

AREAS = "orders customers payments shipping inventory marketing web support finance people pricing suppliers returns loyalty search".split()
THINGS = "order customer payment parcel product campaign session ticket invoice employee price supplier refund member query item visit address contract stock".split()
PARTS = "id name amount status date region channel currency quantity discount category source score rank email country segment duration weight margin tax version owner code".split()
VERBS = "counts joins cleans groups ranks filters spreads keeps compares sums dates maps splits merges checks".split()
ADJECTIVES = "daily weekly net gross first last open closed average planned actual regional external internal late early unique valid missing weighted".split()
NOUNS = "revenue margin stock demand delivery contract budget forecast basket visit newsletter warehouse carrier voucher balance ledger cohort funnel churn retention payout deposit surcharge pallet shelf".split()
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za bren cal dor fen gral hist jor kel lam mor nest or pral quin rast sel tor und ver".split()


class Words:
    """Words of a trade that nobody else has: six thousand, the second half as often as the first, and so on, as words are."""

    def __init__(self, dice):
        made = set()
        while len(made) < 6000:
            made.add("".join(dice.choices(SYLLABLES, k=dice.choice([2, 3, 3, 4]))))
        self.words = sorted(made)
        dice.shuffle(self.words)
        self.sums = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(self.words))))
        self.dice = dice

    def one(self):
        return self.words[bisect.bisect(self.sums, self.dice.random() * self.sums[-1])]


def sentence(dice, trade, words):
    pick = dice.choice
    text = [f"The {pick(ADJECTIVES)} {pick(NOUNS)} of the {trade.one()} {pick(THINGS)}"]
    while sum(len(part.split()) for part in text) < words:
        text.append(f"{pick(['which', 'and'])} {pick(VERBS)} the {trade.one()} {pick(NOUNS)} by {pick(PARTS)}")
    return ", ".join(text) + "."


def layer(at, models):
    share = at / models
    return ("staging", "stg") if share < 0.4 else ("intermediate", "int") if share < 0.6 else ("dimensions", "dim") if share < 0.8 else ("facts", "fct")


def made_from(dice, reads):
    """The expression of a column: a column that is read, as it is or within a function, or a value."""
    if reads and dice.random() < 0.7:
        at = dice.randrange(len(reads))
        column = f"r{at}.{dice.choice(list(reads[at]['columns']))}"
        return dice.choice([column, column, f"coalesce({column}, null)", f"case when base.id > 7 then {column} end"])
    return dice.choice(["cast(null as varchar)", "1", "current_date", "coalesce(1, 0)"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    dice = random.Random(arguments.models)
    trade = Words(dice)
    out = arguments.out
    (out / "models").mkdir(parents=True, exist_ok=True)
    (out / "dbt_project.yml").write_text("name: large\nversion: '1.0'\nprofile: large\nmodels:\n  large: {+materialized: table}\n")
    (out / "profiles.yml").write_text("large: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:', schema: main, threads: 2}}}\n")
    models = []
    for at in range(arguments.models):
        folder, prefix = layer(at, arguments.models)
        area = dice.choice(AREAS)
        name = f"{prefix}_{area}__{dice.choice(THINGS)}_{dice.choice(NOUNS)}_{at}"
        columns = ["id"] + dice.sample([f"{thing}_{part}" for thing in dice.sample(THINGS, 6) for part in dice.sample(PARTS, 4)], 11)
        before = models[max(0, at - 400):]
        reads = dice.sample(before, min(len(before), 1 + at % 3)) if prefix != "stg" else []
        place = out / "models" / folder / area
        place.mkdir(parents=True, exist_ok=True)
        listed = ",\n    ".join(f"{made_from(dice, reads)} as {column}" for column in columns[1:])
        joins = "\n".join(f"left join {{{{ ref('{read['name']}') }}}} as r{number} on r{number}.id = base.id" for number, read in enumerate(reads))
        (place / f"{name}.sql").write_text(f"with base as (\n    select {at} as id\n)\nselect\n    base.id,\n    {listed}\nfrom base\n{joins}\n")
        words = {column: sentence(dice, trade, dice.randint(6, 14)) for column in columns}
        tests = {columns[0]: ", data_tests: [unique, not_null]", columns[-1]: ", data_tests: [not_null]"}
        described = [f"      - {{name: {column}, description: \"{words[column]}\"{tests.get(column, '')}}}" for column in columns]
        models.append({"name": name, "words": sentence(dice, trade, 20), "columns": words})
        (place / f"{name}.yml").write_text(f"models:\n  - name: {name}\n    description: \"{models[-1]['words']}\"\n    columns:\n" + "\n".join(described) + "\n")
    (out / "queries.json").write_text(json.dumps(queries(dice, models), indent=1) + "\n")


def plain(text):
    return text.lower().replace(",", "").replace(".", "").split()


def queries(dice, models):
    """Fifty searches with one right hit each; none where only the number at the end of a name would tell two models apart."""
    in_description, in_column, in_names = (collections.defaultdict(set) for _ in range(3))
    for at, model in enumerate(models):
        for word in plain(model["words"]):
            in_description[word].add(at)
        for words in model["columns"].values():
            for word in plain(words):
                in_column[word].add(at)
        for column in model["columns"]:
            in_names[column].add(at)
    found = []
    while len(found) < 50:
        at = dice.randrange(len(models))
        model = models[at]
        column = dice.choice(list(model["columns"])[1:])
        words = plain(model["columns"][column])
        kind, text = [
            ("name", model["name"]),
            ("parts of a name", " ".join(model["name"].split("_")[1:]).replace("  ", " ")),
            ("column and a word", None),
            ("description", None),
            ("column's description", None),
        ][len(found) % 5]
        if kind == "description":
            rare = [word for word in plain(model["words"]) if len(in_description[word]) < 40 and word not in ADJECTIVES]
            pairs = [pair for pair in itertools.combinations(rare, 2) if in_description[pair[0]] & in_description[pair[1]] == {at}]
            text = " ".join(dice.choice(pairs)) if pairs else None
        if kind == "column and a word":
            rare = [word for word in words if in_column[word] & in_names[column] == {at} and word not in in_description]
            text = f"{column} {dice.choice(rare)}" if rare else None
        if kind == "column's description":
            # One word, or two that no other model's columns have together, and no model's own description.
            alone = [word for word in words if in_column[word] == {at} and not in_description[word]]
            pairs = [f"{a} {b}" for a, b in itertools.combinations(words, 2) if in_column[a] & in_column[b] == {at} and not in_description[a] & in_description[b]]
            text = dice.choice(alone or pairs) if alone or pairs else None
        if text:
            found.append({"kind": kind, "text": text, "hit": model["name"]})
    return found


if __name__ == "__main__":
    main()
