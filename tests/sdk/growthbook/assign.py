"""Prints, as JSON lines, what the GrowthBook Python SDK assigns to every unit for every flag of a payload.

    python assign.py PAYLOAD.json UNITS.jsonl UNIT_ATTRIBUTE

A unit is one line of UNITS.jsonl: its attributes, with its id under UNIT_ATTRIBUTE. A line of output is
{"unit","flag","experiment","variant","value"}; experiment and variant are what the tracking callback was given,
and null where it was not called. Flags come in payload order, all-digit ids first, as JavaScript orders keys.
"""

import json
import sys

from growthbook import GrowthBook
from growthbook.common_types import Feature


def javascript_order(flags):
    """Keys that JavaScript takes for array indices, ascending, then the others as they stand."""
    indices = [f for f in flags if f.isascii() and f.isdigit() and str(int(f)) == f and int(f) < 2**32 - 1]
    return sorted(indices, key=int) + [f for f in flags if f not in set(indices)]


def as_json(value):
    """Writes `1.0` as `1`, since JavaScript, and so the other script, knows one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def lines_of(features, saved_groups, flags, attributes, unit_attribute):
    """The lines that one unit gets, each ended by a line feed."""
    tracked = []

    def track(experiment, result, user_context):
        tracked.append((experiment.key, result.key))

    # A new instance for every unit: the SDK remembers what it has tracked, and an application has one user at a time.
    growthbook = GrowthBook(
        attributes=attributes, features=features, saved_groups=saved_groups, on_experiment_viewed=track
    )
    for flag in flags:
        tracked.clear()
        value = growthbook.eval_feature(flag).value
        if len(tracked) > 1:
            raise SystemExit(f"flag {flag} was tracked {len(tracked)} times")
        experiment, variant = tracked[0] if tracked else (None, None)
        line = {
            "unit": as_json(attributes.get(unit_attribute)),
            "flag": flag,
            "experiment": experiment,
            "variant": variant,
            "value": as_json(value),
        }
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def main(arguments):
    if len(arguments) != 3:
        print("usage: python assign.py PAYLOAD.json UNITS.jsonl UNIT_ATTRIBUTE", file=sys.stderr)
        return 2
    payload_path, units_path, unit_attribute = arguments
    with open(payload_path, encoding="utf-8") as file:
        payload = json.load(file)
    flags = javascript_order(payload["features"])
    # Parsed once: a feature is not changed by being evaluated, and has hundreds of ranges.
    features = {
        flag: Feature(defaultValue=feature.get("defaultValue"), rules=feature.get("rules", []))
        for flag, feature in payload["features"].items()
    }
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with open(units_path, encoding="utf-8", newline="\n") as units:
        for line in units:
            if line.strip():
                sys.stdout.writelines(
                    lines_of(features, payload.get("savedGroups"), flags, json.loads(line), unit_attribute)
                )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
