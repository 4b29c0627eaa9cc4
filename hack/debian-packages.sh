#!/usr/bin/env bash
# Installs the Debian packages that the tests run: name servers, a validating resolver, a mail server, and the programs
# that judge them. Only what is missing, and no daemon is started. Needs root for that, and only for that.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=hack/say.sh
. "$here/say.sh"

packages=(
  bind9 bind9-utils bind9-dnsutils # authoritative servers with DNSSEC signing and RFC 2136; dnssec-*, dig, delv, nsupdate
  knot                             # a second authoritative server that signs and takes updates
  pdns-server pdns-backend-sqlite3 # a third, with its zones in SQLite
  unbound                          # the validating resolver
  postfix                          # receives by STARTTLS; posttls-finger judges as a DANE sender
  dovecot-core dovecot-imapd dovecot-pop3d # IMAP and POP3, in TLS and by STARTTLS
  openssl ldnsutils gnutls-bin     # three more judges: openssl s_client, ldns-dane, danetool
  iproute2 util-linux procps       # ip, unshare and flock, ps
  lua5.1                           # what Argo CD's health checks are written in
  libfaketime                      # a program whose clock is wrong
)
policy=/usr/sbin/policy-rc.d
mark='# tlsa-operator: hack/debian-packages.sh keeps daemons from starting while it installs'

missing_packages() {
  local installed
  # dpkg-query exits 1 when it knows nothing about one of them.
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null) || true
  local package
  for package in "${packages[@]}"; do
    grep --quiet --line-regexp --fixed-strings "installed $package" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Debian starts a daemon as soon as it is installed, unless policy-rc.d says 101. A policy that the host already has
# stays as it is; one with our mark was left behind by a run that was killed.
forbid_daemons() {
  if [ -e "$policy" ] && ! grep --quiet --fixed-strings "$mark" "$policy"; then
    local answer=0
    "$policy" named start >/dev/null 2>&1 || answer=$?
    [ "$answer" -eq 101 ] || say "this host's own $policy lets services start and is left alone: they may start"
    return
  fi
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 0755 "$policy"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes --option DPkg::Lock::Timeout=600 \
    --option Dpkg::Use-Pty=0 --option APT::Color=0 "$@" >>"$log" 2>&1 ||
    fail "apt-get $1 (its whole output: $log); the last lines:" "$(tail -n 15 "$log")"
}

command -v dpkg-query apt-get >/dev/null || fail 'the tests need Debian 12 or newer: dpkg-query and apt-get are not here'
mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -eq 0 ]; then
  say "Debian packages: all ${#packages[@]} are installed"
  exit 0
fi

say "Debian packages: ${missing[*]} missing"
[ "$(id -u)" -eq 0 ] || fail 'installing them needs root; run this as root, or install them yourself:' \
  "apt-get install --no-install-recommends ${missing[*]}"

# Two runs at once: the first one's policy must not go while the second installs.
exec 9>/run/lock/tlsa-operator-setup.lock
wait_for_lock 'Debian packages'
mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -eq 0 ]; then
  say 'Debian packages: the other set-up has installed them'
  exit 0
fi

trap 'exit 130' INT
trap 'exit 143' TERM
log=$(mktemp -t tlsa-operator-apt.XXXXXX)
forbid_daemons
say 'Debian packages: reading the package lists'
apt update
if [[ " ${missing[*]} " == *' postfix '* ]]; then
  # Otherwise postfix asks what kind of mail server this is. The tests bring configurations of their own.
  debconf-set-selections <<<'postfix postfix/main_mailer_type select No configuration'
fi
say "Debian packages: installing ${#missing[@]}, a minute or so"
apt install --no-install-recommends "${missing[@]}"
rm -f "$log"
say "Debian packages: installed ${missing[*]}"
if [ -d /run/systemd/system ]; then
  say 'Debian packages: their services start at the next boot, unless: systemctl disable named knot pdns unbound postfix dovecot'
fi
