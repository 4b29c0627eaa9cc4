# shellcheck shell=bash
# Sourced by the scripts beside it: one line per step, with the time since the whole set-up began.

export SETUP_STARTED=${SETUP_STARTED:-$EPOCHSECONDS}

say() {
  local elapsed=$((EPOCHSECONDS - SETUP_STARTED))
  printf '[setup %2d:%02d] %s\n' $((elapsed / 60)) $((elapsed % 60)) "$*" >&2
}

fail() {
  say "FAILED: $1"
  shift
  [ $# -eq 0 ] || printf '             %s\n' "$@" >&2
  exit 1
}

# Waits for a lock file that is open as descriptor 9: another set-up may be at it.
wait_for_lock() {
  ! flock --nonblock 9 || return 0
  say "$1: another set-up is at it; waiting for that"
  until flock --wait 20 9; do say "$1: still waiting for the other set-up"; done
}
