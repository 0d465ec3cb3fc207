#!/usr/bin/env bash
# Finds the base that a change is compared with, sets `base` to it or to nothing, and fetches the history that it takes.
#
# Sourced by check.sh. Names from outside are never options and never code: each is quoted, behind a prefix of ours.

remedy="let actions/checkout fetch the history: \`fetch-depth: 0\`"

# Git as it is set up, and, where that may not read the repository, with the action's token. The token goes through the
# environment, not the arguments, and replaces what else is set up: a host refuses two of them.
fetch() {
    export GIT_TERMINAL_PROMPT=0
    git fetch --quiet --no-tags --no-recurse-submodules "$@" 2>/dev/null && return 0
    [[ -n ${INPUT_TOKEN:-} ]] || return 1
    local key="http.$GITHUB_SERVER_URL/.extraheader"
    GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=$key GIT_CONFIG_VALUE_0='' GIT_CONFIG_KEY_1=$key \
        GIT_CONFIG_VALUE_1="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 | tr -d '\r\n')" \
        git fetch --quiet --no-tags --no-recurse-submodules "$@"
}

commit() {
    git rev-parse --quiet --verify --end-of-options "$1^{commit}" 2>/dev/null
}

shallow() {
    [[ $(git rev-parse --is-shallow-repository) == true ]]
}

# reaches COMMIT: the history that is here leads from HEAD to it, so that the merge base is exactly it.
reaches() {
    git merge-base --is-ancestor "$1" HEAD 2>/dev/null
}

# joined COMMIT: makes a shallow history deep enough for the merge base of a commit and HEAD, or says what to do.
joined() {
    local depth
    for depth in 1 64; do
        if reaches "$1" || ! shallow; then
            return 0
        fi
        fetch --deepen="$depth" origin "$(git rev-parse HEAD)" || break
    done
    if reaches "$1" || ! shallow; then
        return 0
    fi
    fetch --unshallow origin "$(git rev-parse HEAD)" "$1"
}

# The branch that a pull request goes to. HEAD is usually the merge of the two that GitHub made: its first parent is then
# the base, exactly, even where the branch has moved on since.
base_of_pull_request() {
    local ref="refs/remotes/origin/$GITHUB_BASE_REF" here tip first=''
    here=$(git rev-parse HEAD)
    if shallow; then
        fetch --deepen=1 origin "$here" || return 1
    fi
    commit "$ref" >/dev/null || fetch ${1:+"$1"} origin "+refs/heads/$GITHUB_BASE_REF:$ref" || true
    if [[ $here == "$GITHUB_SHA" ]] && commit 'HEAD^2' >/dev/null; then
        first=$(commit 'HEAD^1')
    fi
    if ! tip=$(commit "$ref"); then
        base=$first
    elif [[ -n $first && $first != "$tip" ]]; then
        base=$first
    else
        base=origin/$GITHUB_BASE_REF
        joined "$tip" || return 1
    fi
    [[ -n $base ]]
}

# A commit that the event names. It is HEAD's ancestor, unless a branch was pushed by force.
base_of_event() {
    local sha=$1
    [[ $sha =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]] || return 1
    commit "$sha" >/dev/null || fetch --depth=1 origin "$sha" || return 1
    joined "$sha" || return 1
    base=$sha
}

find_base() {
    base=''
    local depth='' named
    if [[ -n $INPUT_BASE ]]; then
        base=$INPUT_BASE
        # One that is not here is for `allot` to complain about, in its words.
        if named=$(commit "$base") && ! joined "$named"; then
            fail 3 "the history up to the base is not here and could not be fetched; $remedy"
        fi
        return 0
    fi
    if shallow; then
        depth=--depth=1
    fi
    case "$GITHUB_EVENT_NAME" in
    pull_request) base_of_pull_request "$depth" || fail 3 "the base of the pull request is not here and could not be fetched; $remedy" ;;
    merge_group) base_of_event "$MERGE_GROUP_BASE" || fail 3 "the base of the merge group is not here and could not be fetched; $remedy" ;;
    push)
        # A new branch has nothing before it, and what was before a forced push may be gone: all findings count then.
        if [[ $PUSH_BEFORE =~ [1-9a-f] ]] && ! base_of_event "$PUSH_BEFORE"; then
            echo '::notice title=No base::What was before this push is not here and could not be fetched: all findings count.'
        fi
        ;;
    pull_request_target)
        fail 2 "on \`pull_request_target\` the base is checked out, with rights to write: use \`pull_request\`, or the two workflows for forks in examples/workflows"
        ;;
    esac
}
