"""Where the action is tried: a repository with the test catalogue, the clones a runner would make, and a host's API."""

import json
import os
import shutil
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

AT = "2027-01-05T00:00:00Z"
EXPERIMENT = "experiments/home/fresh-first.toml"


def git(folder, *arguments):
    """Git with no configuration but this; its output."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"git {arguments}: {done.stderr}")
    return done.stdout.strip()


class Origin:
    """A repository on a host: a branch with the allotted catalogue and some history, and what is opened against it."""

    def __init__(self, folder, root, allot, branch):
        self.work, self.url, self.branch = folder / "work", f"file://{folder / 'work'}", branch
        shutil.copytree(root / "tests/it/catalogue", self.work)
        subprocess.run([allot, "allocate", "--quiet", "--root", str(self.work), "--at", AT], check=True, stderr=subprocess.DEVNULL)
        git(self.work, "init", "-q", "-b", branch)
        # As the host does: any commit can be asked for by its digest.
        git(self.work, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.commit("The catalogue")
        for number in range(3):
            self.note(number)

    def commit(self, message):
        git(self.work, "add", "-A")
        git(self.work, "commit", "-qm", message)
        return git(self.work, "rev-parse", "HEAD")

    def note(self, number):
        """A commit that has nothing to do with the catalogue."""
        (self.work / "NOTES").write_text(f"{number}\n")
        return self.commit(f"Note {number}")

    def edit(self, old, new):
        """A change to the experiment."""
        path = self.work / EXPERIMENT
        before = path.read_text()
        if old not in before:
            raise ValueError(f"`{old}` is not in {EXPERIMENT}")
        path.write_text(before.replace(old, new))

    def pull(self, number, edit, base=None):
        """Opens a pull request of two commits; gives its head, and the merge that the host makes of it and the base."""
        base = base or self.branch
        git(self.work, "checkout", "-q", "-b", f"change-{number}", base)
        (self.work / "MORE").write_text(f"for {number}\n")
        self.commit("Before the change")
        self.edit(*edit)
        head = self.commit("The change")
        git(self.work, "checkout", "-q", "--detach", base)
        git(self.work, "merge", "-q", "--no-ff", "-m", f"Merge {number}", head)
        merge = git(self.work, "rev-parse", "HEAD")
        git(self.work, "update-ref", f"refs/pull/{number}/merge", merge)
        git(self.work, "checkout", "-q", self.branch)
        return head, merge

    def clone(self, folder, commit, depth=1):
        """A work tree as actions/checkout makes it: one commit, or all of the history with every branch."""
        commit = git(self.work, "rev-parse", commit)
        folder.mkdir()
        git(folder, "init", "-q")
        git(folder, "remote", "add", "origin", self.url)
        if depth:
            git(folder, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", commit)
        else:
            git(folder, "fetch", "-q", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*", commit)
        git(folder, "checkout", "-q", "--detach", commit)
        return folder


def pack(allot, folder, version, target):
    """The archive of a release, with the program that is tested."""
    path = folder / f"allot-{version}-{target}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(allot, "allot")
        archive.add(__file__, "LICENSE-MIT")
    return path


class Host:
    """A host's API and its releases, on a port of this machine; it remembers what it was asked."""

    def __init__(self):
        self.requests, self.answers, self.files = [], {}, None
        host = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                split = urlsplit(self.path)
                host.requests.append(
                    {
                        "method": self.command,
                        "path": split.path,
                        "query": {name: values[0] for name, values in parse_qs(split.query).items()},
                        "authorization": ", ".join(self.headers.get_all("Authorization") or []),
                        "body": json.loads(body) if body else None,
                    }
                )
                file = host.files / Path(split.path).name if host.files else None
                if file and file.is_file():
                    status, answer = 200, file.read_bytes()
                else:
                    status, answer = host.answers.get((self.command, split.path), (404, {"message": "Not Found"}))
                    answer = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wrote(self):
        """The requests that would have changed something."""
        return [request for request in self.requests if request["method"] != "GET"]
