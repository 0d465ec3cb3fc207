"""The action's steps, and the script of the workflow for forks, on real repositories with real payloads of events."""

import base64
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from places import AT, EXPERIMENT, Host, Origin, git, pack
from runner import Run, load, payload, run_action

ROOT, ALLOT, EXAMPLES = Path(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3]
ACTION = load(ROOT / "action.yml")
TOKEN = "ghs_no-token-but-looked-for-in-the-log"
ARCH = {"x86_64": ("X64", "x86_64"), "aarch64": ("ARM64", "aarch64"), "arm64": ("ARM64", "aarch64")}[platform.machine()]
SYSTEM = {"Linux": ("Linux", "unknown-linux-gnu"), "Darwin": ("macOS", "apple-darwin")}[platform.system()]
TARGET = f"{ARCH[1]}-{SYSTEM[1]}"
VERSION = ACTION["inputs"]["version"]["default"]
WORSE = ('segment = "nordic-premium"', 'segment = "nordic-premiun"')
BETTER = ("Ranking those first makes them listen longer", "Ranking those first makes them stay and listen longer")


class Place:
    """A fresh runner: folders, an origin, a host, and the release that the action installs."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="allotment-action-"))
        self.host = Host()
        self.origin = Origin(self.folder, ROOT, ALLOT, "master")
        self.archive = pack(ALLOT, self.folder, VERSION, TARGET)
        self.sum = hashlib.sha256(self.archive.read_bytes()).hexdigest()
        self.runs = 0

    def environment(self, workspace, event, body, **further):
        """What a runner sets."""
        self.runs += 1
        temporary = self.folder / f"temp-{self.runs}"
        temporary.mkdir()
        path = temporary / "event.json"
        path.write_text(json.dumps(body))
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(temporary),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.host.url,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": body["repository"]["full_name"],
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": git(workspace, "rev-parse", "HEAD") if (workspace / ".git").exists() else "0" * 40,
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_ARCH": ARCH[0],
            "RUNNER_OS": SYSTEM[0],
            "RUNNER_TEMP": str(temporary),
            **further,
        }

    def act(self, workspace, event, body, inputs=None, **further):
        """Runs the action."""
        environment = self.environment(workspace, event, body, **further)
        github = {"event": body, "token": TOKEN, "repository_id": str(body["repository"]["id"]), "action_repository": "example/allotment"}
        base = {"at": AT, "release-url": f"file://{self.folder}", "checksum": self.sum}
        run = run_action(ACTION, {**base, **(inputs or {})}, github, environment, environment["RUNNER_TEMP"])
        assert TOKEN not in run.log, run.log
        return run

    def fresh(self, commit, depth=1):
        """A clone of its own."""
        self.runs += 1
        return self.origin.clone(self.folder / f"clone-{self.runs}", commit, depth)


def pull_request(head, merge, fork=False, base="master"):
    """The payload of a pull request that was pushed to, with this repository's commits."""
    body = payload(EXAMPLES, "pull_request", "synchronize")
    body["pull_request"]["head"]["sha"] = head
    body["pull_request"]["merge_commit_sha"] = merge
    body["pull_request"]["base"]["ref"] = base
    if fork:
        body["pull_request"]["head"]["repo"]["id"] += 1
    return body, {"GITHUB_BASE_REF": base, "GITHUB_HEAD_REF": body["pull_request"]["head"]["ref"]}


def job(workflow, name):
    """The steps of a job in an example."""
    return load(ROOT / f"examples/workflows/{workflow}.yml")["jobs"][name]["steps"]


def report_of(run):
    return json.loads(Path(run.outputs["report"]).read_text())


def says(run, *words):
    for word in words:
        assert word in run.log, f"`{word}` is not in:\n{run.log}"


def is_ready(run):
    assert run.code == 0, run.log
    assert (run.outputs["verdict"], run.outputs["errors"]) == ("ready", "0"), run.outputs
    assert report_of(run)["verdict"] == "ready"


def installs_what_was_recorded_and_nothing_else(place):
    workspace = place.fresh("master")
    body = payload(EXAMPLES, "push", None)
    only = {"check": "false"}
    run = place.act(workspace, "push", body, only)
    assert run.code == 0 and run.ran == ["Install allot"], run.log
    assert (Path(run.path) / "allot").read_bytes() == ALLOT.read_bytes()
    assert sorted(path.name for path in Path(run.path).iterdir()) == ["allot"]
    place.host.files = place.folder
    over_http = {**only, "release-url": place.host.url + "/download", "checksum": place.sum.upper()}
    assert place.act(workspace, "push", body, over_http).code == 0
    assert place.host.requests[-1]["path"] == f"/download/{place.archive.name}"

    wrong = place.act(workspace, "push", body, {**only, "checksum": "0" * 64})
    assert wrong.code == 3 and not wrong.path, wrong.log
    says(wrong, "is not what was recorded", place.sum)
    place.archive.write_bytes(place.archive.read_bytes() + b"\n")
    assert place.act(workspace, "push", body, only).code == 3
    absent = place.act(workspace, "push", body, {**only, "release-url": f"file://{place.folder}/nowhere"})
    assert absent.code == 3, absent.log
    says(absent, "could not be downloaded")

    unrecorded = place.act(workspace, "push", body, {**only, "checksum": "", "version": "999.0.0"})
    assert unrecorded.code == 2, unrecorded.log
    says(unrecorded, "records no checksum", "install: source")
    for name, value in [("version", "1.0.0; touch x"), ("checksum", "../x"), ("install", "auto")]:
        refused = place.act(workspace, "push", body, {**only, name: value})
        assert refused.code == 2, refused.log
    nowhere = place.act(workspace, "push", body, only, RUNNER_ARCH="RISCV64")
    assert nowhere.code == 2, nowhere.log
    assert git(workspace, "status", "--porcelain") == ""


def judges_a_pull_request_from_one_commit(place):
    origin = place.origin
    head, merge = origin.pull(2, BETTER)
    first = git(origin.work, "rev-parse", "master")
    body, further = pull_request(head, merge)
    run = place.act(place.fresh(merge), "pull_request", body, {"comment": "never"}, **further)
    is_ready(run)
    source = report_of(run)["source"]
    assert source["base"] == {"name": "origin/master", "commit": first}, source
    assert source["head"] == merge and not source["dirty"], source
    assert json.loads(run.outputs["plan-json"]) == report_of(run)["plan"]
    assert json.loads(Path(run.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert run.summary.strip()
    assert place.host.requests == []
    # The branch moves on; what the merge was made with stays the base.
    origin.note("later")
    for depth in (1, 2, 0):
        run = place.act(place.fresh(merge, depth), "pull_request", body, {"comment": "never"}, **further)
        is_ready(run)
        assert report_of(run)["source"]["base"]["commit"] == first
    # Somebody checks out the head itself: the merge base takes the history.
    for depth in (1, 0):
        run = place.act(place.fresh(head, depth), "pull_request", body, {"comment": "never"}, **further)
        is_ready(run)
        assert report_of(run)["source"]["base"] == {"name": "origin/master", "commit": first}
    named = place.act(place.fresh(merge, 0), "pull_request", body, {"comment": "never", "base": "origin/master~1"}, **further)
    is_ready(named)
    assert report_of(named)["source"]["base"]["name"] == "origin/master~1"


def fails_when_not_ready_and_says_why(place):
    head, merge = place.origin.pull(2, WORSE)
    body, further = pull_request(head, merge, fork=True)
    run = place.act(place.fresh(merge), "pull_request", body, **further)
    assert run.code == 1, run.log
    assert run.ran[-1] == "Verdict"
    report = report_of(run)
    assert run.outputs["verdict"] == report["verdict"] == "not_ready"
    assert run.outputs["errors"] == str(report["summary"]["errors"]) != "0"
    assert run.outputs["warnings"] == str(report["summary"]["warnings"])
    says(run, "::error", "file=experiments/home/fresh-first.toml", "unknown-reference", "title=Not ready")
    assert "nordic-premiun" in run.summary, run.summary
    # From a fork, nothing is written, and it is said where to look.
    says(run, "::notice title=No comment::")
    assert place.host.requests == []
    # What was wrong before is not held against a later change.
    git(place.origin.work, "merge", "-q", "change-2")
    head, merge = place.origin.pull(3, BETTER)
    body, further = pull_request(head, merge)
    is_ready(place.act(place.fresh(merge), "pull_request", body, {"comment": "never"}, **further))


def judges_a_merge_group(place):
    origin = place.origin
    base = git(origin.work, "rev-parse", "master")
    origin.pull(2, BETTER)
    git(origin.work, "checkout", "-q", "--detach", "refs/pull/2/merge")
    for number in range(2):
        origin.note(f"queued {number}")
    commit = git(origin.work, "rev-parse", "HEAD")
    git(origin.work, "checkout", "-q", "master")
    body = payload(EXAMPLES, "merge_group", "checks_requested")
    body["merge_group"].update(base_sha=base, head_sha=commit)
    run = place.act(place.fresh(commit), "merge_group", body)
    is_ready(run)
    assert report_of(run)["source"]["base"]["commit"] == base
    assert place.host.requests == []


def judges_a_push(place):
    origin = place.origin
    before = git(origin.work, "rev-parse", "master~2")
    body = payload(EXAMPLES, "push", None)
    body["before"] = before
    run = place.act(place.fresh("master"), "push", body)
    is_ready(run)
    assert report_of(run)["source"]["base"]["commit"] == before
    body["before"] = "0" * 40
    run = place.act(place.fresh("master"), "push", body)
    is_ready(run)
    assert report_of(run)["source"]["base"] is None and run.outputs["plan-json"] == ""
    body["before"] = "1" * 40
    run = place.act(place.fresh("master"), "push", body)
    is_ready(run)
    says(run, "::notice title=No base::")
    assert report_of(run)["source"]["base"] is None
    # A faulty branch counts all of its findings where there is nothing to compare with.
    origin.edit(*WORSE)
    origin.commit("Worse")
    for event in ("schedule", "workflow_dispatch"):
        run = place.act(place.fresh("master"), event, {"repository": body["repository"]})
        assert run.code == 1 and run.outputs["verdict"] == "not_ready", run.log


def says_what_to_do_where_it_cannot_judge(place):
    head, merge = place.origin.pull(2, BETTER)
    body, further = pull_request(head, merge)
    target = place.act(place.fresh(merge), "pull_request_target", body, **further)
    assert (target.code, target.outputs["verdict"]) == (2, "failed"), target.log
    says(target, "pull_request_target", "the two workflows for forks")
    empty = place.folder / "empty"
    empty.mkdir()
    bare = place.act(empty, "pull_request", body, **further)
    assert bare.code == 2, bare.log
    says(bare, "run actions/checkout first")
    elsewhere = place.act(place.fresh(merge), "pull_request", body, {"root": "nowhere"}, **further)
    assert (elsewhere.code, elsewhere.outputs["verdict"]) == (2, "failed"), elsewhere.log
    assert elsewhere.outputs["report"] == ""
    workspace = place.fresh(merge)
    git(workspace, "remote", "set-url", "origin", f"file://{place.folder}/gone")
    alone = place.act(workspace, "pull_request", body, **further)
    assert (alone.code, alone.outputs["verdict"]) == (3, "failed"), alone.log
    says(alone, "fetch-depth: 0")


def reads_a_private_base_with_one_token(place):
    head, merge = place.origin.pull(2, BETTER)
    body, further = pull_request(head, merge)
    workspace = place.fresh(merge)
    git(workspace, "remote", "set-url", "origin", f"{place.host.url}/Codertocat/Hello-World")
    basic = "basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    for kept in ("", "AUTHORIZATION: basic b2xk"):
        if kept:
            git(workspace, "config", f"http.{place.host.url}/.extraheader", kept)
        place.host.requests.clear()
        run = place.act(workspace, "pull_request", body, **further, GITHUB_SERVER_URL=place.host.url)
        assert run.code == 3 and basic not in run.log, run.log
        asked = [request["authorization"] for request in place.host.requests]
        assert asked == [kept.removeprefix("AUTHORIZATION: "), basic], asked
    assert basic not in (workspace / ".git/config").read_text()


def runs_no_name_as_code(place):
    hostile = "a$(touch${IFS}pwned)`touch${IFS}pwned`;touch${IFS}pwned;--upload-pack=pwned"
    git(place.origin.work, "branch", hostile)
    head, merge = place.origin.pull(2, BETTER, base=hostile)
    body, further = pull_request(head, merge, base=hostile)
    body["pull_request"]["title"] = body["pull_request"]["head"]["ref"] = hostile
    for workspace in (place.fresh(merge), place.fresh(head)):
        is_ready(place.act(workspace, "pull_request", body, {"comment": "never"}, **further))
        assert git(workspace, "status", "--porcelain") == ""
    for name in ("root", "at", "base"):
        run = place.act(place.fresh(merge), "pull_request", body, {name: "--help; touch pwned"}, **further)
        assert run.code in (2, 3), (name, run.log)
    assert not list(place.folder.glob("**/pwned")) and not (ROOT / "pwned").exists()


def keeps_one_comment_and_its_failure_hides_nothing(place):
    head, merge = place.origin.pull(2, WORSE)
    body, further = pull_request(head, merge)
    comments = "/repos/Codertocat/Hello-World/issues/2/comments"
    place.host.answers = {
        ("GET", comments): (200, []),
        ("POST", comments): (201, {"id": 7, "html_url": "https://github.com/Codertocat/Hello-World/pull/2#issuecomment-7", "body": ""}),
    }
    run = place.act(place.fresh(merge), "pull_request", body, **further)
    assert run.code == 1, run.log
    wrote = place.host.wrote()
    assert [(request["method"], request["path"]) for request in wrote] == [("POST", comments)], run.log
    assert "nordic-premiun" in wrote[0]["body"]["body"], wrote
    assert wrote[0]["authorization"] in (f"Bearer {TOKEN}", f"token {TOKEN}")
    place.host.requests.clear()
    assert place.act(place.fresh(merge), "pull_request", body, {"comment-key": "second"}, **further).code == 1
    assert [request["path"] for request in place.host.wrote()] == [comments]
    assert place.host.wrote()[0]["body"] != wrote[0]["body"], "another comment has another mark"
    for status in (403, 500):
        place.host.answers = {("GET", comments): (200, []), ("POST", comments): (status, {"message": "No"})}
        refused = place.act(place.fresh(merge), "pull_request", body, **further)
        assert (refused.code, refused.ran[-1]) == (1, "Verdict"), refused.log
        assert refused.outputs["verdict"] == "not_ready"
        assert refused.summary.count("1 blocking problem") == 1, refused.summary


def comments_for_a_fork(place):
    head, merge = place.origin.pull(2, WORSE)
    body, further = pull_request(head, merge, fork=True)
    gate = place.act(place.fresh(merge), "pull_request", body, {"comment": "never"}, **further)
    assert gate.code == 1 and "No comment" not in gate.log, gate.log
    after = payload(EXAMPLES, "workflow_run", "completed")
    comments = f"/repos/{after['repository']['full_name']}/issues/6/comments"
    report = Path(gate.outputs["report"]).read_bytes()
    for content, code in [(report, 0), (report.replace(b'"version":1', b'"version":1,"more":1', 1), None), (b"{}", None)]:
        place.host.requests.clear()
        place.host.answers = {
            ("GET", comments): (200, []),
            ("POST", comments): (201, {"id": 8, "html_url": "https://github.com/octo-org/octo-repo/pull/6#issuecomment-8", "body": ""}),
        }
        environment = place.environment(place.folder, "workflow_run", after)
        folder = Path(environment["RUNNER_TEMP"]) / "report"
        folder.mkdir()
        (folder / "report.json").write_bytes(content)
        environment["PATH"] = os.pathsep.join([gate.path, environment["PATH"]])
        steps = [step for step in job("gate-fork-comment", "comment") if step["name"] == "Comment"]
        steps = [{**steps[0], "if": "always()", "env": {**steps[0]["env"], "NUMBER": "6"}}]
        run = Run(steps, {"github": {"event": after, "token": TOKEN}}, environment, environment["RUNNER_TEMP"])
        assert TOKEN not in run.log, run.log
        wrote = [(request["method"], request["path"]) for request in place.host.wrote()]
        if code == 0:
            assert run.code == 0 and wrote == [("POST", comments)], run.log
        else:
            assert run.code != 0 and wrote == [], run.log


def publishes_what_is_proven(place):
    workspace = place.fresh("master")
    body = payload(EXAMPLES, "push", None)
    installed = place.act(workspace, "push", body, {"check": "false"})
    artifacts = f"/repos/{body['repository']['full_name']}/actions/artifacts"

    def kept(number, branch="main", repository=1, **further):
        run = {"id": number * 100, "repository_id": 1, "head_repository_id": repository, "head_branch": branch}
        return {"id": number, "expired": False, "created_at": f"2027-01-0{number}T00:00:00Z", "workflow_run": run, **further}

    def published(artifact):
        place.host.answers = {("GET", artifacts): (200, {"artifacts": artifact})}
        environment = place.environment(workspace, "push", body)
        environment["PATH"] = os.pathsep.join([installed.path, environment["PATH"]])
        steps = [step for step in job("publish", "compile") if "run" in step]
        return Run(steps, {"github": {"token": TOKEN}}, environment, environment["RUNNER_TEMP"])

    first = published([kept(1), kept(3), kept(2), kept(4, branch="other"), kept(5, repository=2), kept(6, expired=True)])
    assert first.code == 0 and TOKEN not in first.log, first.log
    assert first.contexts["steps"]["last"]["outputs"] == {"artifact": "3", "run": "300"}
    assert first.contexts["steps"]["compile"]["outputs"] == {"held": "0"}
    served = json.loads((workspace / "dist/manifest.json").read_text())["surfaces"]["home"]
    # What is not ready but harms nobody goes out; what could harm is held, keeps its last files, and is seen at the end.
    (workspace / EXPERIMENT).write_text((workspace / EXPERIMENT).read_text().replace(*WORSE))
    second = published([])
    assert second.code == 0, second.log
    assert second.contexts["steps"]["last"]["outputs"] == {}
    assert second.contexts["steps"]["compile"]["outputs"] == {"held": "1"}
    held = json.loads((workspace / "dist/manifest.json").read_text())["surfaces"]["home"]
    assert held["held"] and held["formats"] == served["formats"]
    last = job("publish", "deliver")[-1:]
    for code in ("0", "1"):
        environment = place.environment(workspace, "push", body)
        needs = {"needs": {"compile": {"outputs": {"held": code}}}}
        assert Run(last, needs, environment, environment["RUNNER_TEMP"]).code == int(code)


def finds_the_pull_request_by_what_the_host_names(place):
    find = [step for step in job("gate-fork-comment", "comment") if step.get("id") == "find"]
    body = payload(EXAMPLES, "workflow_run", "completed")
    of_run = body["workflow_run"]
    of_run.update(event="pull_request", head_branch="a&state=closed$(touch pwned)")
    repository = of_run["head_repository"]
    pulls = f"/repos/{body['repository']['full_name']}/pulls"
    artifacts = f"/repos/{body['repository']['full_name']}/actions/runs/{of_run['id']}/artifacts"

    def pull(number, sha=of_run["head_sha"], repo=repository["id"]):
        return {"number": number, "head": {"sha": sha, "repo": {"id": repo} if repo else None}}

    def found(open_pulls, artifact):
        place.host.answers = {("GET", pulls): (200, open_pulls), ("GET", artifacts): (200, {"artifacts": artifact})}
        workspace = place.folder / "nothing"
        workspace.mkdir(exist_ok=True)
        environment = place.environment(workspace, "workflow_run", body)
        run = Run(find, {"github": {"event": body, "token": TOKEN}}, environment, environment["RUNNER_TEMP"])
        assert run.code == 0 and TOKEN not in run.log, run.log
        assert not list(workspace.iterdir())
        return run.contexts["steps"]["find"]["outputs"]

    small = {"id": 11, "size_in_bytes": 4000, "expired": False}
    others = [pull(3, sha="0" * 40), pull(4, repo=repository["id"] + 1), pull(5, repo=None)]
    assert found([*others, pull(6)], [small]) == {"number": "6", "artifact": "11"}
    asked = next(request for request in place.host.requests if request["path"] == pulls)
    assert asked["query"] == {"state": "open", "head": f"{repository['owner']['login']}:{of_run['head_branch']}"}, asked
    assert asked["authorization"] == f"Bearer {TOKEN}"
    for open_pulls, artifact in [
        ([], [small]),
        (others, [small]),
        ([pull(6), pull(7)], [small]),
        ([pull(6)], []),
        ([pull(6)], [{**small, "size_in_bytes": 1 << 30}]),
        ([pull(6)], [{**small, "expired": True}]),
    ]:
        assert found(open_pulls, artifact) == {}, (open_pulls, artifact)


CASES = [
    installs_what_was_recorded_and_nothing_else,
    judges_a_pull_request_from_one_commit,
    fails_when_not_ready_and_says_why,
    judges_a_merge_group,
    judges_a_push,
    says_what_to_do_where_it_cannot_judge,
    reads_a_private_base_with_one_token,
    runs_no_name_as_code,
    keeps_one_comment_and_its_failure_hides_nothing,
    finds_the_pull_request_by_what_the_host_names,
    comments_for_a_fork,
    publishes_what_is_proven,
]


def main():
    failed = 0
    for case in CASES:
        place = Place()
        try:
            case(place)
            print(f"ok {case.__name__}")
        except Exception:  # One case that fails leaves the others to say what they find.
            failed += 1
            print(f"FAILED {case.__name__}\n{traceback.format_exc()}")
        finally:
            shutil.rmtree(place.folder)
    return 1 if failed else 0


sys.exit(main())
