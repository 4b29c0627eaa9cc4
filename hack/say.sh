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
