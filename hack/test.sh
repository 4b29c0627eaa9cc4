#!/usr/bin/env bash
# Runs levels of tests one after the other and prints how long each took. Usage: hack/test.sh LEVEL [LEVEL ...]
# Each level but `unit` and `model` runs in a network namespace of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

jest=(npm run --silent jest -- --selectProjects)
for level in "$@"; do
  echo "== $level tests"
  start=$SECONDS
  if [ "$level" = unit ] || [ "$level" = model ]; then
    "${jest[@]}" "$level"
  else
    # Servers under test share two cores: one test file at a time keeps each run like the last.
    hack/in-netns.sh "${jest[@]}" "$level" --runInBand
  fi
  echo "== $level tests: $((SECONDS - start)) s"
done
