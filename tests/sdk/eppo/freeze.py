"""Holds conditions.json against the Eppo Python SDK, or writes its answers into it.

    python freeze.py --frozen|--freeze FOLDER

A case is one line, and only its answers are replaced, so that a change of the SDK shows as a change of a few digits.
"""

import json
import re
import sys
from pathlib import Path

import eppo_client
from eppo_client import AssignmentLogger, ClientConfig, Configuration

PLACE = re.compile(r'(?<="py":")\d+(?="\},?$)')


def flag_of(key, rules):
    """A flag that is true for those whom the rules match."""

    def give(key, rules):
        return {"key": key, "rules": rules, "splits": [{"variationKey": key, "shards": []}], "doLog": False}

    return {
        "key": key,
        "enabled": True,
        "variationType": "BOOLEAN",
        "variations": {"yes": {"key": "yes", "value": True}, "no": {"key": "no", "value": False}},
        "allocations": [give("yes", rules), give("no", [])],
        "totalShards": 10000,
    }


def answers_of(cases):
    """What the SDK says of each case, in their order: a digit for each of its attributes."""
    configuration = {
        "createdAt": "1970-01-01T00:00:00Z",
        "format": "SERVER",
        "environment": {"name": "cases"},
        "flags": {f"case-{index}": flag_of(f"case-{index}", case["rules"]) for index, case in enumerate(cases)},
        "bandits": {},
    }
    client = eppo_client.init(
        ClientConfig(
            api_key="none",
            assignment_logger=AssignmentLogger(),
            is_graceful_mode=False,
            poll_interval_seconds=None,
            initial_configuration=Configuration(flags_configuration=json.dumps(configuration).encode()),
        )
    )

    def digit(index, attributes):
        return str(int(client.get_boolean_assignment(f"case-{index}", "u", attributes, False)))

    return ["".join(digit(index, some) for some in case["attributes"]) for index, case in enumerate(cases)]


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("--frozen", "--freeze"):
        print("usage: python freeze.py --frozen|--freeze FOLDER", file=sys.stderr)
        return 2
    mode, folder = arguments
    path = Path(folder) / "conditions.json"
    lines = path.read_text(encoding="utf-8").split("\n")
    asked = [index for index, line in enumerate(lines) if PLACE.search(line)]
    answers = answers_of([json.loads(lines[index].rstrip(",")) for index in asked])
    renewed = list(lines)
    for index, answer in zip(asked, answers):
        renewed[index] = PLACE.sub(answer, lines[index])
    if mode == "--freeze":
        path.write_text("\n".join(renewed), encoding="utf-8", newline="\n")
        return 0
    status = 0
    for number, (old, new) in enumerate(zip(lines, renewed), start=1):
        if old != new:
            print(f"conditions.json:{number}: the Python SDK now answers {new}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
