"""Compares results of Allotment with those of tea-tasting.

Reads a list of cases from standard input: rows of units by arm, control first, and what Allotment made of them. Prints what differs.
Exit: 0 all agree, 1 something differs.
"""

import json
import sys

import pyarrow as pa
import tea_tasting as tt

wrong = []
checked = 0


def near(what, ours, theirs, tolerance, scale=None):
    """Two numbers agree relative to `scale`, which is the number itself unless something else matters."""
    global checked
    checked += 1
    bound = tolerance * (abs(theirs) if scale is None else abs(scale)) + 1e-300
    if isinstance(ours, str) or ours is None or not abs(ours - theirs) <= bound:
        wrong.append(f"{what}: {ours!r} is not {theirs!r}")


def compare(number, case):
    control, *treatments = case["arms"]
    for index, (rows, ours) in enumerate(zip(treatments, case["ours"], strict=True)):
        both = [(0, row) for row in control] + [(1, row) for row in rows]
        columns = {name: [row[at] for _, row in both] for at, name in enumerate(["gain", "part", "whole", "other"])}
        data = pa.table({"variant": [variant for variant, _ in both], **columns})
        for outcome in ours["outcomes"]:
            name = f"case {number}, treatment {index}, {outcome['metric']}"
            options = {"confidence_level": 1 - outcome["alpha"], "equal_var": False, "use_t": True}
            if outcome["metric"] == "rate":
                metric = tt.RatioOfMeans("part", "whole", **options)
            else:
                metric = tt.Mean(outcome["metric"], **options)
            found = tt.Experiment(metric=metric).analyze(data)["metric"]
            near(f"{name}, control", outcome["control"], found.control, 1e-12)
            near(f"{name}, treatment", outcome["treatment"], found.treatment, 1e-12)
            low, high = found.effect_size_ci_lower, found.effect_size_ci_upper
            # The width stands for the standard error: differences near 0 have no digits of their own. What an offset costs
            # the peer in doubles is not held against either.
            width = max(high - low, abs(found.control) * 1e-4)
            near(f"{name}, difference", outcome["difference"], found.effect_size, 1e-9, width)
            near(f"{name}, low", outcome["interval"][0], low, 1e-8, width)
            near(f"{name}, high", outcome["interval"][1], high, 1e-8, width)
            near(f"{name}, lift", outcome["lift"], found.rel_effect_size, 1e-9, max(abs(found.rel_effect_size), 1e-3))
            near(f"{name}, p", outcome["p"], found.pvalue, 1e-7)


cases = json.load(sys.stdin)
for number, case in enumerate(cases):
    compare(number, case)
for line in wrong[:20]:
    print(line)
print(f"{len(cases)} cases, {checked} figures, {len(wrong)} differ")
sys.exit(1 if wrong else 0)
