"""Runs statements in DuckDB and in a PostgreSQL server of its own, and prints the rows that they return.

Reads from standard input a list of cases, each `{"duckdb": {"setup": [...], "statements": [...]}, "postgres": {...}}`. Prints
a list with, for each case and engine, the rows of each statement as numbers and texts, or what went wrong as a text.
Exit: 0 all was run, 3 no server could be started.
"""

import contextlib
import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import duckdb
import psycopg


def program(name):
    """The newest installed program of PostgreSQL."""
    installed = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    found = shutil.which(name) or (installed[-1] if installed else None)
    if found is None:
        sys.exit(f"error: `{name}` is not installed")
    return found


@contextlib.contextmanager
def server():
    """A server in a folder of its own that listens on a socket there; it refuses to run as root."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="allot-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "user": user, "cwd": folder, "check": True}
    data = folder / "data"
    control = [program("pg_ctl"), "-D", data, "-w"]
    try:
        # A collation that takes more than bytes into account, so that nothing rests on a server's default.
        make = [program("initdb"), "-D", data, "-U", "allot", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*make, "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"], **quiet)
        options = f"-k {folder} -h '' -c fsync=off -c timezone=America/New_York"
        subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], **quiet)
        try:
            yield str(folder)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rows(fetched):
    return [[cell if cell is None or isinstance(cell, str) else float(cell) for cell in row] for row in fetched]


def in_duckdb(case):
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'America/New_York'")
        for statement in case["setup"]:
            db.execute(statement)
        for statement in case["statements"]:
            try:
                yield rows(db.execute(statement).fetchall())
            except duckdb.Error as wrong:
                yield str(wrong)


def in_postgres(case, folder):
    with psycopg.connect(host=folder, user="allot", dbname="postgres", autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS lake CASCADE")
        for statement in case["setup"]:
            db.execute(statement)
        for statement in case["statements"]:
            try:
                yield rows(db.execute(statement).fetchall())
            except psycopg.Error as wrong:
                yield str(wrong)


try:
    with server() as folder:
        cases = json.load(sys.stdin)
        ran = [
            {
                "duckdb": list(in_duckdb(case["duckdb"])),
                "postgres": list(in_postgres(case["postgres"], folder)),
            }
            for case in cases
        ]
except subprocess.CalledProcessError as wrong:
    print(f"error: {wrong}", file=sys.stderr)
    sys.exit(3)
json.dump(ran, sys.stdout)
