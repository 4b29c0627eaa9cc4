#!/usr/bin/env bash
# The programs that the tests run against and Debian does not have: built once from pinned Go modules, kept outside the
# checkout. No prebuilt binaries: what is built here is checked against the go.sum files beside this script.
#
#   hack/tools.sh             builds what is missing
#   hack/tools.sh path NAME   prints where NAME is; exit code 1 when it is not there yet
#
# Looked for in this order: KUBEBUILDER_ASSETS (Kubernetes and etcd), the cache
# (TLSA_OPERATOR_CACHE, else XDG_CACHE_HOME/tlsa-operator, else ~/.cache/tlsa-operator). The cache may be deleted any time.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=hack/say.sh
. "$here/say.sh"

tools=(kube-apiserver kube-controller-manager kubectl etcd cert-manager-controllers helm3 helm4 kubeconform
  argo-cd-crds helm-controller-crds kustomize-controller-crds source-controller-crds prometheus-operator-crds)
go_minimum=1.26
cache=${TLSA_OPERATOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tlsa-operator}/tools
PATH=$PATH:/usr/local/go/bin # sudo drops it

# Sets module (a folder here), package, dependency (the module whose version counts), files (of that, which come along), about
# (how long, cold, two cores). What has no package is no program but a folder with these files.
describe() {
  package='' files=''
  case $1 in
    kube-apiserver) module=kubernetes about='4 min' ;;
    kube-controller-manager) module=kubernetes about='70 s' ;;
    kubectl) module=kubernetes about='25 s' ;;
    etcd) module=etcd about='30 s' package=go.etcd.io/etcd/server/v3 dependency=go.etcd.io/etcd/server/v3 ;;
    cert-manager-controllers)
      module=cert-manager about='2 min' package=. dependency=github.com/cert-manager/cert-manager files='deploy/crds/*.yaml' ;;
    helm3 | helm4)
      module=$1 about='90 s' dependency=helm.sh/helm/v${1#helm} package=helm.sh/helm/v${1#helm}/cmd/helm ;;
    kubeconform)
      module=kubeconform about='20 s' dependency=github.com/yannh/kubeconform package=github.com/yannh/kubeconform/cmd/kubeconform ;;
    argo-cd-crds) module=crds about='5 s' dependency=github.com/argoproj/argo-cd/v3 files=manifests/crds/application-crd.yaml ;;
    helm-controller-crds | kustomize-controller-crds | source-controller-crds)
      module=crds about='2 s' dependency=github.com/fluxcd/${1%-crds} files='config/crd/bases/*.yaml' ;;
    prometheus-operator-crds)
      module=crds about='2 s' dependency=github.com/prometheus-operator/prometheus-operator
      files='example/prometheus-operator-crd/*_podmonitors.yaml' ;;
    *) fail "no such tool: $1" "there are: ${tools[*]}" ;;
  esac
  [ $module != kubernetes ] || package=k8s.io/kubernetes/cmd/$1 dependency=k8s.io/kubernetes
  version=$(awk -v wanted="$dependency" '{ sub(/^require /, "") } $1 == wanted { print $2; exit }' "$here/$module/go.mod")
  ldflags='-s -w'
  if [ $module = kubernetes ]; then
    # Without these the API server says v0.0.0, and a chart's kubeVersion is not met.
    local variables=k8s.io/component-base/version minor=${version#v1.}
    ldflags+=" -X $variables.gitVersion=$version -X $variables.gitMajor=1 -X $variables.gitMinor=${minor%%.*}"
  fi
  if [ $module = helm3 ]; then
    # Without these `helm template` renders for Kubernetes 1.20, and refuses a chart that asks for more.
    local client
    client=$(awk '$1 == "k8s.io/client-go" { print $2 }' "$here/$module/go.mod")
    client=${client#v0.}
    ldflags+=" -X $dependency/pkg/chartutil.k8sVersionMajor=1 -X $dependency/pkg/chartutil.k8sVersionMinor=${client%%.*}"
  fi
  [ $module != helm3 ] && [ $module != helm4 ] || ldflags+=" -X $dependency/internal/version.version=$version"
}

# Where the tool is or will be. The folder's name changes with everything that goes into the program.
built_path() {
  local sources
  sources=$({ cat "$here/$module"/{go.mod,go.sum,*.go} && echo "${package:-$files} $ldflags"; } | sha256sum)
  printf '%s/%s-%s-%.12s/%s\n' "$cache" "$1" "$version" "$sources" "$1"
}

# cert-manager's are never there: what we run is a main of our own.
preinstalled_path() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ] && printf '%s/%s\n' "$KUBEBUILDER_ASSETS" "$1"
}

check_go() {
  local install="Install Go $go_minimum or newer (https://go.dev/doc/install) and see that \`go\` is in PATH."
  command -v go >/dev/null || fail 'Go is needed to build the test tools, and there is none' "$install"
  local found
  # Inside a module, so that a Go which may fetch a newer one (GOTOOLCHAIN=auto) does so now.
  found=$(cd "$here/etcd" && go env GOVERSION) || fail "$(command -v go) does not work" "$install"
  printf '%s\n' "$go_minimum" "${found#go}" | sort --check=quiet --version-sort ||
    fail "$(command -v go) is $found: too old" "$install"
}

# Runs a function of ours in the background with its output in $log; a sign of life every 20 seconds.
with_heartbeat() {
  local what=$1 started=$EPOCHSECONDS spoken=$EPOCHSECONDS
  shift
  "$@" >>"$log" 2>&1 9>&- &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.5
    if ((EPOCHSECONDS - spoken >= 20)); then
      spoken=$EPOCHSECONDS
      say "$what: still at it, $((spoken - started)) s, $(grep --count --invert-match --regexp='^go: ' "$log" || true) packages compiled"
    fi
  done
  local result=0
  wait "$child" || result=$?
  child=
  return $result
}

# VCS stamping fails where root builds in someone else's checkout; a go.work or GOFLAGS of the user's is not for us. What
# go build leaves behind when it is killed goes with our temporary folder.
compile() {
  cd "$here/$module"
  GOWORK=off GOFLAGS='' GOTMPDIR=$building CGO_ENABLED=0 \
    exec setsid go build -v -mod=readonly -buildvcs=false -trimpath -ldflags "$ldflags" -o "$1" "$package"
}

# Beside the program, or all there is. The module is checked against go.sum, whether it was there or is downloaded now.
collect() {
  local dir to=$1/crds
  [ -n "$package" ] || to=$1/$tool
  dir=$(cd "$here/$module" && GOWORK=off GOFLAGS='' go mod download -json "$dependency" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') &&
    mkdir "$to" && install --mode=0644 "$dir"/$files "$to"
}

# The build has a process group of its own (setsid), since go build alone would leave its linker running.
clean_up() {
  [ -z "$child" ] || { kill -TERM -- "-$child" && wait "$child"; } 2>/dev/null || true
  [ -z "$building" ] || rm -rf "$building"
}

build() {
  local tool=$1 target started=$EPOCHSECONDS
  target=$(built_path "$tool")
  mkdir -p "$cache"
  exec 9>"$cache/.$tool.lock"
  wait_for_lock "$tool"
  if [ -x "$target" ]; then
    say "$tool $version: another set-up has built it"
    return
  fi
  rm -rf "$cache/.building-$tool".* # of a run that was killed; we hold the lock
  building=$(mktemp -d "$cache/.building-$tool.XXXXXX")
  log=$building/build.log
  say "$tool $version: ${package:+building }from its Go module, about $about on two cores when nothing is cached"
  { [ -z "$package" ] || with_heartbeat "$tool" compile "$building/$tool"; } &&
    { [ -z "$files" ] || with_heartbeat "$tool" collect "$building"; } ||
    fail "$tool was not made; the last lines of what go said:" "$(tail -n 15 "$log")"
  rm "$log"
  chmod 0755 "$building"
  mv --no-target-directory "$building" "$(dirname "$target")"
  building=
  say "$tool $version: there, after $((EPOCHSECONDS - started)) s"
}

build_missing() {
  local tool found missing=() there=()
  for tool in "${tools[@]}"; do
    describe "$tool"
    if found=$(preinstalled_path "$tool"); then
      say "$tool: $found, from KUBEBUILDER_ASSETS"
    elif [ -x "$(built_path "$tool")" ]; then
      there+=("$tool $version")
    else
      missing+=("$tool")
    fi
  done
  [ ${#there[@]} -eq 0 ] || say "test tools: $(printf '%s, ' "${there[@]}")in $cache"
  [ ${#missing[@]} -gt 0 ] || return 0

  check_go
  say "test tools: to build, one after the other: ${missing[*]}"
  say 'test tools: when nothing is cached that takes about 12 min on two cores, and 6 GB of disk for the caches of Go'
  child='' building=''
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for tool in "${missing[@]}"; do
    describe "$tool"
    build "$tool"
  done
}

case ${1:-} in
  '') build_missing ;;
  path)
    describe "${2:?the name of a tool}"
    preinstalled_path "$2" && exit 0
    path=$(built_path "$2")
    [ -x "$path" ] || exit 1
    printf '%s\n' "$path"
    ;;
  *) fail "usage: hack/tools.sh [path NAME]" ;;
esac
