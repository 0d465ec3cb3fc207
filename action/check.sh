#!/usr/bin/env bash
# Judges the catalogue: annotations in the log, the summary of the step, and files and outputs for the steps that follow.
#
# It fails only on wrong inputs; what `allot` answered is in the outputs, and the last step acts on it.
set -euo pipefail

fail() {
    printf '::error title=The catalogue was not judged::%s\n' "$2"
    printf 'verdict=failed\ncode=%s\n' "$1" >>"$GITHUB_OUTPUT"
    exit "$1"
}

# shellcheck source=action/base.sh
. "$GITHUB_ACTION_PATH/action/base.sh"

# A summary and an output may have 1 MiB; more is refused by the host, as a whole.
most=900000

command -v git >/dev/null || fail 3 '`git` is not installed on the runner'
cd "$GITHUB_WORKSPACE"
[[ $(git rev-parse --is-inside-work-tree 2>/dev/null) == true ]] ||
    fail 2 'the workspace is no Git work tree: run actions/checkout first'
find_base

folder=$(mktemp -d "$RUNNER_TEMP/allotment-XXXXXX")
report=$folder/report.json
sarif=$folder/allot.sarif
summary=$folder/summary.md
set -- check "--root=$INPUT_ROOT" --format=github "--write=json=$report" "--write=sarif=$sarif" "--write=markdown=$summary"
[[ -z $base ]] || set -- "$@" "--base=$base"
[[ -z $INPUT_AT ]] || set -- "$@" "--at=$INPUT_AT"
code=0
"$ALLOT" "$@" || code=$?

case $code in
0) verdict=ready ;;
1) verdict=not_ready ;;
*) verdict=failed ;;
esac
{
    printf 'verdict=%s\ncode=%s\n' "$verdict" "$code"
    if [[ $verdict != failed ]]; then
        printf 'report=%s\nsarif=%s\n' "$report" "$sarif"
        # The counts come before any text of the catalogue, and a key's quotes are never inside a text.
        for count in errors warnings; do
            grep -o "\"$count\": *[0-9]*" "$report" | head -n 1 | sed "s/.*: */$count=/"
        done
        if command -v jq >/dev/null; then
            plan=$(jq -c '.plan // empty' "$report")
            [[ ${#plan} -gt $most ]] || printf 'plan-json=%s\n' "$plan"
        fi
    fi
} >>"$GITHUB_OUTPUT"
if [[ -s $summary ]]; then
    if [[ $(wc -c <"$summary") -le $most ]]; then
        cat "$summary" >>"$GITHUB_STEP_SUMMARY"
    else
        echo 'The findings are too long for a summary; the log has them.' >>"$GITHUB_STEP_SUMMARY"
    fi
fi
