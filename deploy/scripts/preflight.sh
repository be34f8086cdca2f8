#!/usr/bin/env bash
# Everything `./justw test` will need, asked before the first minute is spent building.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
code=0
"$scripts/toolchain.sh" rust node python || code=1
"$scripts/services.sh" install || code=1
if [[ -e $scripts/../../web/playwright.config.ts ]]; then "$scripts/browser-e2e.sh" install || code=1; fi
exit "$code"
