"""Runs the steps of an action or of a job as GitHub's runner does: with its files, its environment and its shell.

Run as a program, `runner.py OUT FILE...` writes what each step runs into files, for a linter of scripts.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML


def load(path):
    """A file of YAML, as data."""
    return YAML(typ="safe").load(Path(path).read_text())


def steps_of(document):
    """All steps of an action or of a workflow's jobs."""
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


def evaluate(expression, contexts):
    """The few expressions that are in use: paths into contexts, comparisons with a text, `always()`, and `&&`."""
    terms = [term.strip() for term in expression.split("&&")]
    if len(terms) > 1:
        return all(evaluate(term, contexts) for term in terms)
    expression = expression.strip()
    if expression == "always()":
        return True
    compared = re.fullmatch(r"([\w.-]+)\s*(==|!=)\s*'([^']*)'", expression)
    if compared:
        path, operator, text = compared.groups()
        return (evaluate(path, contexts) == text) == (operator == "==")
    if not re.fullmatch(r"(inputs|github|needs|steps)(\.[\w-]+)+", expression):
        raise ValueError(f"the test does not know the expression `{expression}`")
    value = contexts
    for name in expression.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value):
    """A value as it stands in an environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def expand(template, contexts):
    """A text with its expressions replaced."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: text(evaluate(found[1], contexts)), text(template))


class Run:
    """One run of some steps: their exit code, log, outputs by step, summary and what they put on the PATH."""

    def __init__(self, steps, contexts, environment, scratch):
        self.code, self.log, self.summary, self.path = 0, "", "", ""
        self.contexts = {**contexts, "steps": {}}
        self.ran = []
        for number, step in enumerate(steps):
            wanted = step.get("if", "")
            if self.code and "always()" not in text(wanted):
                continue
            if wanted and not evaluate(text(wanted), self.contexts):
                continue
            if "run" not in step:
                raise ValueError(f"the test does not run `{step['uses']}`")
            self.step(number, step, environment, Path(scratch))

    def step(self, number, step, environment, scratch):
        """Runs one step, as `bash --noprofile --norc -eo pipefail`."""
        files = {}
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH", "GITHUB_ENV"):
            files[name] = scratch / f"{number}-{name}"
            files[name].write_text("")
        script = scratch / f"{number}.sh"
        if "${{" in step["run"]:
            raise ValueError(f"an expression in what `{step['name']}` runs")
        script.write_text(step["run"])
        own = {name: expand(value, self.contexts) for name, value in (step.get("env") or {}).items()}
        everything = {**environment, **own, **{name: str(path) for name, path in files.items()}}
        everything["PATH"] = os.pathsep.join([part for part in (self.path, everything["PATH"]) if part])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=everything,
            cwd=environment["GITHUB_WORKSPACE"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        self.ran.append(step["name"])
        self.log += done.stdout.decode("utf-8", "replace")
        self.code = self.code or done.returncode
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.path = os.pathsep.join([*files["GITHUB_PATH"].read_text().split("\n")[:-1], self.path]).strip(os.pathsep)
        outputs = {}
        for line in files["GITHUB_OUTPUT"].read_text().split("\n")[:-1]:
            name, equals, value = line.partition("=")
            if not equals or name in outputs:
                raise ValueError(f"`{line}` is no output, or a second one")
            outputs[name] = value
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": outputs}


def run_action(action, inputs, github, environment, scratch):
    """Runs a composite action; the outputs are those that it declares."""
    contexts = {"github": github}
    defaults = {name: expand(of.get("default", ""), contexts) for name, of in action["inputs"].items()}
    unknown = set(inputs) - set(defaults)
    if unknown:
        raise ValueError(f"no inputs of the action: {unknown}")
    contexts["inputs"] = {**defaults, **inputs}
    run = Run(action["runs"]["steps"], contexts, environment, scratch)
    run.outputs = {name: expand(of["value"], run.contexts) for name, of in action["outputs"].items()}
    return run


def payload(examples, event, action, number=0):
    """A payload that GitHub publishes as an example of an event."""
    of_event = next(entry for entry in json.loads(Path(examples).read_text()) if entry["name"] == event)
    found = [entry for entry in of_event["examples"] if entry.get("action") == action]
    return found[number]


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir()
    for path in sys.argv[2:]:
        for number, step in enumerate(steps_of(load(path))):
            if "run" in step:
                name = re.sub(r"[^a-z-]", "-", Path(path).stem) + f"-{number}.sh"
                (out / name).write_text(step["run"])
