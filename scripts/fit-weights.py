#!/usr/bin/env python3
"""Fits the weights of the built-in assessor to the labeled requests.

    scripts/fit-weights.py            writes crates/judge/src/weights.tsv again
    scripts/fit-weights.py --folds    prints figures for services that were not learned from, too
    scripts/fit-weights.py --check    fails if the table is not what the data give

The model is a logistic regression over the features that `--example features` prints. It is pulled
towards the priors of the table, which are set by hand, and a feature keeps to the direction that the
first character of its name allows: `+` never lowers a score, `-` never raises one, `~` does either.
Plain Python and no random numbers: the same data give the same table.
"""

import json
import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "crates/judge/src/weights.tsv"
DATA = ["risk/field.jsonl", "risk/tune.jsonl"]

# How strongly weights are pulled towards their priors: as much as so many requests of even odds
# times four would. Chosen by folds; anything from 4 to 8 is about as good.
PULL = 5.0

# The cost of forwarding a request that a human should have seen, where holding a harmless request
# costs 1. With this cost, asking a human pays from a score of 0.5 on.
MISS_COST = 1.6

# A feature of fewer services is not learned, since it would be a name.
SERVICES_MIN = 2

FOLDS = 8
ROUNDS = 60


def main():
    priors = read_priors()
    cases = read_cases()
    if "--folds" in sys.argv:
        print_folds(cases, priors)
    names = known_names(cases, priors)
    weights = fit(cases, names, priors)
    table = table_of(cases, names, priors, weights)
    if "--check" not in sys.argv:
        TABLE.write_text(table)
    elif table != TABLE.read_text():
        sys.exit(f"{TABLE.relative_to(ROOT)} is not what the data give: run `make weights`")


def read_priors():
    priors = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith(("#", "bias\t")) and line:
            name, _, prior, *_ = line.split("\t")
            priors[name] = float(prior)
    return priors


def read_cases():
    # For the whole workspace, as in `make test`: `-p` would select other features, and compile the dependencies again.
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--example", "features"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = ROOT / "target" / "debug" / "examples" / "features"
    printed = subprocess.run([program, *DATA], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    cases = [json.loads(line) for line in printed.splitlines()]
    for case in cases:
        case["held"] = case["label"] != "benign"
        case["service"] = case["file"] + ":" + case["group"]
    return cases


def known_names(cases, priors):
    services = {}
    for case in cases:
        for name in {*case["features"], *(name for one in case["operations"] for name in one)}:
            services.setdefault(name, set()).add(case["service"])
    learned = {name for name, where in services.items() if len(where) >= SERVICES_MIN}
    return sorted(learned | set(priors))


def bounds(name):
    return {"+": (0.0, math.inf), "-": (-math.inf, 0.0)}.get(name[0], (-math.inf, math.inf))


def fit(cases, names, priors):
    """Returns the weights by name, that of every request under `bias`."""
    weights = {name: priors.get(name, 0.0) for name in names}
    weights["bias"] = 0.0
    # Which of the operations of a request counts depends on the weights, and the other way round.
    for _ in range(3):
        rows = [row(case, weights) for case in cases]
        descend(cases, rows, names, priors, weights)
    return weights


def row(case, weights):
    return [name for name in case["features"] if name in weights] + gravest(case, weights)


def gravest(case, weights):
    operations = [[name for name in one if name in weights] for one in case["operations"]]
    return max(operations, key=lambda one: sum(weights[name] for name in one), default=[])


def descend(cases, rows, names, priors, weights):
    """Coordinate descent: one Newton step for each weight, round after round."""
    columns = {name: [] for name in names}
    for number, held in enumerate(rows):
        for name in held:
            columns[name].append(number)
    columns["bias"] = range(len(cases))
    margins = [weights["bias"] + sum(weights[name] for name in held) for held in rows]
    chances = [chance(margin) for margin in margins]
    targets = [float(case["held"]) for case in cases]
    for _ in range(ROUNDS):
        moved = 0.0
        for name in [*names, "bias"]:
            column = columns[name]
            slope = sum(chances[n] - targets[n] for n in column)
            curve = sum(chances[n] * (1.0 - chances[n]) for n in column)
            if name != "bias":
                slope += PULL * (weights[name] - priors.get(name, 0.0))
                curve += PULL
            low, high = bounds(name)
            new = min(max(weights[name] - slope / max(curve, 1e-9), low), high)
            step = new - weights[name]
            if abs(step) < 1e-5:
                continue
            weights[name] = new
            moved = max(moved, abs(step))
            for n in column:
                margins[n] += step
                chances[n] = chance(margins[n])
        if moved < 1e-3:
            break


def chance(margin):
    return 1.0 / (1.0 + math.exp(-max(min(margin, 30.0), -30.0)))


def table_of(cases, names, priors, weights):
    support = {name: [0, 0] for name in names}
    for case in cases:
        for name in row(case, weights):
            support[name][case["held"]] += 1
    bias = weights["bias"] + math.log(MISS_COST)
    lines = [
        "# Written by scripts/fit-weights.py; the third column is set by hand.",
        "# feature\tweight\tprior\tfound in benign requests\tfound in others",
        f"bias\t{bias:.3f}\t0\t{sum(not case['held'] for case in cases)}\t{sum(case['held'] for case in cases)}",
    ]
    for name in names:
        prior = priors.get(name, 0.0)
        weight = weights[name]
        # Leave out features without a weight, unless a prior expects one.
        if abs(weight) >= 0.005 or prior:
            benign, others = support[name]
            lines.append(f"{name}\t{weight:.3f}\t{prior:g}\t{benign}\t{others}")
    return "\n".join(lines) + "\n"


def print_folds(cases, priors):
    services = sorted({case["service"] for case in cases})
    fold_of = {service: number % FOLDS for number, service in enumerate(services)}
    scores = [0.0] * len(cases)
    for fold in range(FOLDS):
        learned = [case for case in cases if fold_of[case["service"]] != fold]
        names = known_names(learned, priors)
        weights = fit(learned, names, priors)
        for number, case in enumerate(cases):
            if fold_of[case["service"]] == fold:
                margin = weights["bias"] + sum(weights[name] for name in row(case, weights))
                scores[number] = chance(margin + math.log(MISS_COST))
    for file in DATA:
        print_figures(file, [(case, score) for case, score in zip(cases, scores) if case["file"] == file])


def print_figures(file, judged):
    def held(wanted):
        chosen = [score >= 0.5 for case, score in judged if wanted(case)]
        return sum(chosen) / len(chosen)

    benign = [score for case, score in judged if not case["held"]]
    others = [score for case, score in judged if case["held"]]
    wins = sum((o > b) + 0.5 * (o == b) for o in others for b in benign)
    print(
        f"{file}: AUC {wins / len(benign) / len(others):.3f}, "
        f"recall {held(lambda case: case['held']):.3f}, "
        f"false holds {held(lambda case: not case['held']):.3f}, "
        f"of writes {held(lambda case: not case['held'] and case['method'] not in ('GET', 'HEAD')):.3f}"
    )


if __name__ == "__main__":
    main()
