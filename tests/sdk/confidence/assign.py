"""Prints, as JSON lines, what Confidence's local provider for Python assigns to every unit for every flag of a surface.

    python assign.py URL UNITS.jsonl FLAGS.json UNIT_ATTRIBUTE

The provider fetches the sealed state below URL; the client's secret and the key are in the environment, as CONFIDENCE_CLIENT_SECRET
and CONFIDENCE_ENCRYPTION_KEY. A unit is one line of UNITS.jsonl: its attributes, with its id under UNIT_ATTRIBUTE. FLAGS.json names
the type of each flag. A line of output is {"unit","flag","experiment","variant","value"}; experiment and variant are what the log
of the provider says of the exposure, and null where it says none. A value that is the application's own default is `"caller"`.
"""

import json
import os
import sys
import threading

import httpx
from confidence import ConfidenceProvider
from confidence.proto.confidence.flags.resolver.v1 import internal_api_pb2
from openfeature import api
from openfeature.evaluation_context import EvaluationContext


class FromOurs(httpx.HTTPTransport):
    """Asks our own server for what the provider would ask Confidence's."""

    def __init__(self, url):
        super().__init__()
        self._url = httpx.URL(url)

    def handle_request(self, request):
        path = self._url.path.rstrip("/") + request.url.path
        request.url = self._url.copy_with(path=path)
        request.headers["host"] = request.url.netloc.decode()
        return super().handle_request(request)


class Exposures:
    """Keeps what would be a row of the exposures table: unit and flag, and of which experiment which variant."""

    def __init__(self):
        self.rows = {}
        self.logged = 0
        self._lock = threading.Lock()

    def write(self, request_bytes):
        request = internal_api_pb2.WriteFlagLogsRequest()
        request.ParseFromString(request_bytes)
        with self._lock:
            for assigned in request.flag_assigned:
                for applied in assigned.flags:
                    self.logged += 1
                    # Whatever is no experiment and no rollout has no assignment id.
                    if applied.assignment_id:
                        unit = (applied.targeting_key, applied.flag.removeprefix("flags/"))
                        row = (applied.rule.rsplit("/", 1)[1], applied.assignment_id)
                        if self.rows.setdefault(unit, row) != row:
                            raise SystemExit(f"{unit} was exposed to {row} and to {self.rows[unit]}")

    def shutdown(self):
        pass


def as_json(value):
    """Writes `1.0` as `1`: a struct knows one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def asked(client, flag, kind, context):
    """A flag's value, asked for as an application would; `"caller"` where the provider gave the application's own default."""
    if kind == "object":
        details = client.get_object_details(flag, {"caller": True}, context)
    elif kind == "number":
        details = client.get_float_details(f"{flag}.value", -1e9, context)
    elif kind == "boolean":
        details = client.get_boolean_details(f"{flag}.value", False, context)
    else:
        details = client.get_string_details(f"{flag}.value", "caller", context)
    return as_json(details.value) if details.variant else "caller"


def main(arguments):
    if len(arguments) != 4:
        print("usage: python assign.py URL UNITS.jsonl FLAGS.json UNIT_ATTRIBUTE", file=sys.stderr)
        return 2
    url, units_path, flags_path, unit_attribute = arguments
    with open(flags_path, encoding="utf-8") as file:
        flags = json.load(file)
    exposures = Exposures()
    provider = ConfidenceProvider(
        client_secret=os.environ["CONFIDENCE_CLIENT_SECRET"],
        encryption_key=os.environ["CONFIDENCE_ENCRYPTION_KEY"],
        http_client=httpx.Client(transport=FromOurs(url)),
        flag_logger=exposures,
    )
    api.set_provider_and_wait(provider)
    client = api.get_client()
    answers = []
    with open(units_path, encoding="utf-8", newline="\n") as units:
        for line in units:
            if not line.strip():
                continue
            attributes = json.loads(line)
            unit = attributes.pop(unit_attribute)
            context = EvaluationContext(targeting_key=unit, attributes=attributes)
            for flag, kind in flags.items():
                answers.append((unit, flag, asked(client, flag, kind, context)))
    # The last of the logs are written as it ends.
    api.shutdown()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for unit, flag, value in answers:
        experiment, variant = exposures.rows.get((unit, flag), (None, None))
        row = {"unit": unit, "flag": flag, "experiment": experiment, "variant": variant, "value": value}
        print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    print(f"{len(exposures.rows)} exposures of {exposures.logged} lines logged", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
