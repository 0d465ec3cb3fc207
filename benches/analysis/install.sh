#!/bin/sh
# Makes a Python with gbstats for the benchmark, and prints its path.
#
#     GBSTATS=$(benches/analysis/install.sh FOLDER) cargo bench --bench analysis
set -eu

folder=${1:?usage: install.sh FOLDER}
"${PYTHON:-python3}" -m venv "$folder" >&2
"$folder/bin/pip" --quiet --disable-pip-version-check install gbstats==0.8.0 >&2
printf '%s\n' "$folder/bin/python"
