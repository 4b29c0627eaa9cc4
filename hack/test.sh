#!/usr/bin/env bash
# Runs levels of tests one after the other and prints how long each took. Usage: hack/test.sh LEVEL [LEVEL ...]
# Each level but `unit` and `model` runs in a network namespace of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

jest=(npm run --silent jest -- --selectProjects)

# Its tests mostly wait: for leases, TTLs, gates. So two files run at a time, each in a namespace of its own; the second half is told last.
in_halves() {
  local level=$1 status=0
  log=$(mktemp)
  hack/in-netns.sh "${jest[@]}" "$level" --runInBand --shard=2/2 >"$log" 2>&1 &
  half=$!
  # Whatever ends this script ends it too, and its namespace with it (unshare heeds nothing milder).
  trap 'kill -KILL "$half" 2>/dev/null || true; rm -f "$log"' EXIT
  hack/in-netns.sh "${jest[@]}" "$level" --runInBand --shard=1/2 || status=$?
  wait "$half" || status=$?
  cat "$log"
  return "$status"
}

for level in "$@"; do
  echo "== $level tests"
  start=$SECONDS
  if [ "$level" = unit ] || [ "$level" = model ]; then
    "${jest[@]}" "$level"
  elif [ "$level" = integration ]; then
    in_halves "$level"
  else
    # Servers under test share two cores: one test file at a time keeps each run like the last.
    hack/in-netns.sh "${jest[@]}" "$level" --runInBand
  fi
  echo "== $level tests: $((SECONDS - start)) s"
done
