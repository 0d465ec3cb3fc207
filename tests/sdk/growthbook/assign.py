"""Prints, as JSON lines, what the GrowthBook Python SDK assigns to every unit for every flag that a server has.

    python assign.py URL CLIENT_KEY UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv

The SDK fetches URL/api/features/CLIENT_KEY by itself. A unit is one line of UNITS.jsonl: its attributes, with its id under
UNIT_ATTRIBUTE. A line of output is {"unit","flag","experiment","variant","value"}; experiment and variant are what the
tracking callback was given, and null where it was not called. What it was given is also written to EXPOSURES.csv.
"""

import csv
import datetime
import json
import sys

from growthbook import GrowthBook


def as_json(value):
    """Writes `1.0` as `1`, since JavaScript, and so the other script, knows one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def lines_of(features, attributes, unit_attribute, exposures):
    """The lines that one unit gets, each ended by a line feed."""
    tracked = []

    def track(experiment, result, user_context):
        tracked.append((experiment.key, result.key))

    # A new instance for every unit: the SDK remembers what it has tracked, and an application has one user at a time.
    growthbook = GrowthBook(attributes=attributes, features=features, on_experiment_viewed=track)
    for flag in features:
        tracked.clear()
        value = growthbook.eval_feature(flag).value
        if len(tracked) > 1:
            raise SystemExit(f"flag {flag} was tracked {len(tracked)} times")
        experiment, variant = tracked[0] if tracked else (None, None)
        if tracked:
            now = datetime.datetime.now(datetime.timezone.utc)
            exposures.writerow([attributes.get(unit_attribute), experiment, variant, now.isoformat()])
        line = {
            "unit": as_json(attributes.get(unit_attribute)),
            "flag": flag,
            "experiment": experiment,
            "variant": variant,
            "value": as_json(value),
        }
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def main(arguments):
    if len(arguments) != 5:
        print("usage: python assign.py URL CLIENT_KEY UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv", file=sys.stderr)
        return 2
    url, client_key, units_path, unit_attribute, exposures_path = arguments
    first = GrowthBook(api_host=url, client_key=client_key)
    first.load_features()
    # Parsed once: a feature is not changed by being evaluated, and has hundreds of ranges.
    features = first.get_features()
    if not features:
        raise SystemExit("no features were loaded")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with (
        open(units_path, encoding="utf-8", newline="\n") as units,
        open(exposures_path, "w", encoding="utf-8", newline="") as file,
    ):
        exposures = csv.writer(file, lineterminator="\n")
        exposures.writerow(["user_id", "experiment_id", "variant_id", "exposed_at"])
        for line in units:
            if line.strip():
                sys.stdout.writelines(lines_of(features, json.loads(line), unit_attribute, exposures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
