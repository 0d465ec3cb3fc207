"""Prints, as JSON lines, what the Eppo SDK for Python assigns to every unit for every flag that a server has.

    python assign.py URL UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv

The SDK fetches URL/flag-config/v1/config by itself. A unit is one line of UNITS.jsonl: its attributes, with its id under
UNIT_ATTRIBUTE. A line of output is {"unit","flag","experiment","variant","value"}; experiment and variant are what the
assignment logger was given, and null where it was not called. What it was given is also written to EXPOSURES.csv.
"""

import csv
import json
import sys

import eppo_client
from eppo_client import AssignmentLogger, ClientConfig

OWN = "the caller's own"


class Logger(AssignmentLogger):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.logged = []

    def log_assignment(self, event):
        self.logged.append(event)


def as_json(value):
    """Writes `1.0` as `1`, since JavaScript, and so the other script, knows one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def boolean(client, *subject):
    value = client.get_boolean_assignment(*subject, True)
    return value if value == client.get_boolean_assignment(*subject, False) else OWN


# How an application asks for each type, with a default that nobody is to get.
ASK = {
    "STRING": lambda client, *subject: client.get_string_assignment(*subject, OWN),
    "NUMERIC": lambda client, *subject: client.get_numeric_assignment(*subject, -271828.0),
    "JSON": lambda client, *subject: client.get_json_assignment(*subject, {"default": OWN}),
    "BOOLEAN": boolean,
}


def main(arguments):
    if len(arguments) != 4:
        print("usage: python assign.py URL UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv", file=sys.stderr)
        return 2
    base_url, units_path, unit_attribute, exposures_path = arguments
    logger = Logger()
    client = eppo_client.init(ClientConfig(api_key="none", base_url=base_url, assignment_logger=logger))
    client.wait_for_initialization()
    flags = json.loads(client.get_configuration().get_flags_configuration())["flags"]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with (
        open(units_path, encoding="utf-8", newline="\n") as units,
        open(exposures_path, "w", encoding="utf-8", newline="") as file,
    ):
        exposures = csv.writer(file, lineterminator="\n")
        exposures.writerow(["user_id", "experiment_id", "variant_id", "exposed_at"])
        for line in units:
            if not line.strip():
                continue
            attributes = json.loads(line)
            unit = attributes[unit_attribute]
            for flag, configuration in flags.items():
                logger.logged.clear()
                value = ASK[configuration["variationType"]](client, flag, unit, attributes)
                # This SDK logs at every call, and a boolean is asked for twice.
                events = {(event["allocation"], event["variation"]): event for event in logger.logged}
                if len(events) > 1:
                    raise SystemExit(f"flag {flag} was logged as {sorted(events)}")
                experiment, variant = None, None
                for event in events.values():
                    experiment, variant = event["variation"].split("/")
                    if event["allocation"] != experiment or event["featureFlag"] != flag:
                        raise SystemExit(json.dumps(event))
                    exposures.writerow([event["subject"], experiment, variant, event["timestamp"]])
                answer = {
                    "unit": unit,
                    "flag": flag,
                    "experiment": experiment,
                    "variant": variant,
                    "value": as_json(value),
                }
                sys.stdout.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
    client.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
