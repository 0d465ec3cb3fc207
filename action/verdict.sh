#!/usr/bin/env bash
# Ends the job as `allot check` ended: 0 ready, 1 not ready, 2 wrong usage, 3 the environment failed.
set -euo pipefail

case "$VERDICT" in
ready) echo "ready: $ERRORS errors, $WARNINGS warnings" ;;
not_ready) echo "::error title=Not ready::$ERRORS errors, $WARNINGS warnings; each finding says how to mend it, and the summary has the whole report" ;;
*) echo "::error title=The catalogue was not judged::\`allot check\` ended with ${CODE:-no code}; the log above says why" ;;
esac
exit "${CODE:-3}"
