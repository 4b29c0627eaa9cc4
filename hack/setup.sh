#!/usr/bin/env bash
# Brings this machine to the point where the tests can run (`make setup`). What is there already is left alone: a second
# run changes and downloads nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=hack/say.sh
. "$here/say.sh"

say 'Debian packages (as root) and test tools built from Go modules; minutes the first time, nothing after that'
"$here/debian-packages.sh"
"$here/tools.sh"
say 'ready'
