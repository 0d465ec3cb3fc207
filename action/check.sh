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

# Bytes: the host refuses a longer summary as a whole, and a step no longer starts with a longer output in its environment.
most_summary=900000
most_plan=100000

command -v git >/dev/null || fail 3 "\`git\` is not installed on the runner"
cd "$GITHUB_WORKSPACE"
[[ $(git rev-parse --is-inside-work-tree 2>/dev/null) == true ]] ||
    fail 2 'the workspace is no Git work tree of this user: run actions/checkout first'
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
        # The counts come first in a report, and a key with its quotes is never inside a text: those have theirs escaped.
        for count in errors warnings; do
            head -c 200 "$report" | tr -s ',{' '\n' | LC_ALL=C sed -n "s/^ *\"$count\": *\([0-9][0-9]*\).*/$count=\1/p"
        done
        if command -v jq >/dev/null; then
            plan=$(jq -c '.plan // empty' "$report" | tr -d '\r')
            [[ $(printf '%s' "$plan" | wc -c) -gt $most_plan ]] || printf 'plan-json=%s\n' "$plan"
        fi
    fi
} >>"$GITHUB_OUTPUT"
if [[ -s $summary ]]; then
    if [[ $(wc -c <"$summary") -le $most_summary ]]; then
        cat "$summary" >>"$GITHUB_STEP_SUMMARY"
    else
        echo 'The findings are too long for a summary; the log has them.' >>"$GITHUB_STEP_SUMMARY"
    fi
fi
