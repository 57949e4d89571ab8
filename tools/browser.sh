#!/usr/bin/env bash
# See to a Chromium and a Chinese font for the browser tests: Debian's packages, or the Chromium that playwright
# fetches where Debian's is missing (Ubuntu has it only as a snap). $1 is playwright's command, $2 the file to touch
# when all is there. Never fails: it says loudly what is missing.
set -uo pipefail

playwright=$1
stamp=$2
here=$(dirname "$0")

has_browser() {
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$candidate" ] && "$candidate" --version >/dev/null 2>&1 && return 0
    done
    compgen -G "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}/chromium*" >/dev/null
}

has_font() { [ -n "$(fc-list :lang=zh 2>/dev/null)" ]; }

wanted=()
has_browser || wanted+=(chromium)
has_font || wanted+=(fontconfig fonts-noto-cjk)
if [ ${#wanted[@]} -gt 0 ]; then
    echo "browser tests need ${wanted[*]}: installing"
    "$here/apt.sh" "${wanted[@]}"
    has_browser || "$playwright" install --with-deps chromium
fi

if has_browser && has_font; then
    touch "$stamp"
    exit 0
fi
cat >&2 <<'END'
*************************************************************************************
*  BROWSER TESTS WILL BE SKIPPED: Chromium or a Chinese font is missing here and    *
*  could not be installed. As root: apt-get install chromium fonts-noto-cjk         *
*************************************************************************************
END
