#!/usr/bin/env bash
# Keeps the one comment on a pull request of this repository. That it could not is a warning: it never hides the verdict.
set -euo pipefail

say() {
    printf '::%s title=No comment::%s\n' "$1" "$2"
    exit 0
}

case "$INPUT_COMMENT" in
auto) ;;
never) exit 0 ;;
*) say warning "\`comment\` must be \`auto\` or \`never\`" ;;
esac
[[ $GITHUB_EVENT_NAME == pull_request && -n $NUMBER && -s $REPORT ]] || exit 0
[[ $HEAD_REPOSITORY_ID == "$REPOSITORY_ID" ]] ||
    say notice 'A pull request from a fork gets no token that may write; the summary of this run has the report, and docs/github.md the two workflows that comment on it.'

set -- comment "--report=$REPORT" "--pr=$NUMBER" --on-forbidden=pass
[[ -z $INPUT_COMMENT_KEY ]] || set -- "$@" "--key=$INPUT_COMMENT_KEY"
# Where the token may not comment, `allot` would add the report to the summary, which has it already.
GITHUB_STEP_SUMMARY=/dev/null "$ALLOT" "$@" ||
    say warning "\`allot comment\` ended with $?; the summary of this run has the report."
