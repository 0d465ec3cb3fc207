#!/bin/sh
# Makes a Python with DuckDB for the benchmark, and prints its path.
#
#     DUCKDB_PYTHON=$(benches/warehouse/install.sh FOLDER) cargo bench --bench warehouse
set -eu

folder=${1:?usage: install.sh FOLDER}
"${PYTHON:-python3}" -m venv "$folder" >&2
"$folder/bin/pip" --quiet --disable-pip-version-check install duckdb==2.0.1 >&2
printf '%s\n' "$folder/bin/python"
