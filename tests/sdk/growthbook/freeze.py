"""Holds vectors.json and conditions.json against the GrowthBook Python SDK, or writes its answers into them.

    python freeze.py --frozen|--freeze FOLDER

A case is one line, and only its answer is replaced, so that a change of the SDK shows as a change of a few words.
The cells of vectors.json are the JavaScript SDK's; they are never written here, only compared.
"""

import json
import re
import sys
from pathlib import Path

from growthbook import Experiment, GrowthBook
from growthbook.core import evalCondition


def cell_of(asked):
    """The cell, of 10,000, that the SDK hashes an id into."""
    experiment = Experiment(
        key="k", seed=asked["seed"], hashVersion=2, variations=[0, 1], ranges=[(0, 1), (1, 1)]
    )
    return round(GrowthBook(attributes={"id": asked["id"]}).run(experiment).bucket * 10000)


# A file, where the answer stands in a line of it, the answer, and whether it is this SDK's to write.
ANSWERS = [
    ("vectors.json", re.compile(r'(?<="cell":)\w+(?=\},?$)'), cell_of, False),
    (
        "conditions.json",
        re.compile(r'(?<="py":)\w+(?=\},?$)'),
        lambda asked: json.dumps(evalCondition(asked["attributes"], asked["condition"])),
        True,
    ),
]


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("--frozen", "--freeze"):
        print("usage: python freeze.py --frozen|--freeze FOLDER", file=sys.stderr)
        return 2
    mode, folder = arguments
    status = 0
    for name, place, answer, ours in ANSWERS:
        path = Path(folder) / name
        lines = path.read_text(encoding="utf-8").split("\n")
        renewed = [
            place.sub(str(answer(json.loads(line.rstrip(",")))), line) if place.search(line) else line
            for line in lines
        ]
        if mode == "--freeze" and ours:
            path.write_text("\n".join(renewed), encoding="utf-8", newline="\n")
            continue
        for number, (old, new) in enumerate(zip(lines, renewed), start=1):
            if old != new:
                print(f"{name}:{number}: the Python SDK now answers {new}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
