#!/usr/bin/env bash
# Runs a command in network, mount and process namespaces of its own: ports cannot collide, no packet leaves, and whatever the
# command leaves behind ends with it. Usage: hack/in-netns.sh COMMAND [ARG ...]
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
  echo "in-netns: root is needed to make a network namespace; run this as root" >&2
  exit 2
fi
if [ "${1:-}" != --inside ]; then
  # The process that `unshare` becomes is in the namespaces too: `nsenter --target $IN_NETNS_PID --net --mount` leads there.
  export IN_NETNS_PID=$$
  exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
shift
ip link set lo up
# Where a pod finds its ServiceAccount.
mkdir -p /run/secrets
mount -t tmpfs tmpfs /run/secrets
# Addresses that are not loopback ones, for servers that tenants may reach and for Postfix on port 25.
for net in 0 1 2 3; do
  for host in 10 11 12 13 14 15 16 17 18 19; do
    ip address add "10.53.$net.$host/32" dev lo
  done
done
exec "$@"
