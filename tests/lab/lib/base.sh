# shellcheck shell=bash
# shellcheck disable=SC2034 # the other files use what is set here
# What everything else stands on: where things live, who the hosts are, how a stage is reported, one lock.

LAB_STATE=${MAILPROV_LAB_DIR:-/var/lib/mailprov-lab}
LAB_CACHE=${MAILPROV_LAB_CACHE:-/var/cache/mailprov-lab}

# A documentation range (RFC 5737) and one for benchmarks (RFC 2544), so that a mistake can reach no real host. Not the other
# two documentation ranges: sandboxes have been seen to use 192.0.2.0/24 for their uplink and 203.0.113.0/24 for their package
# mirror, and a bridge that claims those cuts the machine off. check_network looks before anything is changed.
LAB_LAN=${MAILPROV_LAB_LAN:-198.51.100}
LAB_OUT=${MAILPROV_LAB_OUT:-198.18.0}
LAB_BRIDGE=mplab0
LAB_DOMAIN=mydomain.local
LAB_OPS_PASSWORD=lab-secret-ops
LAB_MAX_TARGETS=39

LAB_SERVERS=(ns mx client outsider)

# Names that end up in kernel-wide places (netns, interfaces, cgroups, machine names) carry a prefix to be told apart.
LAB_PREFIX=mplab

say() { printf '%s\n' "$*" >&2; }
die() {
  printf 'lab: %s\n' "$*" >&2
  exit 1
}

# stage TEXT CMD...: runs it and prints how long it took.
stage() {
  local text=$1 begin
  shift
  begin=$EPOCHREALTIME
  "$@"
  say "$(printf '%6.1f s  %s' "$(seconds_since "$begin")" "$text")"
}

seconds_since() {
  local now=$EPOCHREALTIME
  printf '%d.%03d' $(((${now/./} - ${1/./}) / 1000000)) $(((${now/./} - ${1/./}) / 1000 % 1000))
}

# until_true SECONDS CMD...: a bounded poll on a real condition.
until_true() {
  local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
  shift
  until "$@"; do
    ((${EPOCHREALTIME/./} < end)) || return 1
    sleep 0.03
  done
}

is_target() { [[ $1 =~ ^mail([1-9][0-9]?)$ ]] && ((BASH_REMATCH[1] <= LAB_MAX_TARGETS)); }

is_host() {
  local name
  for name in "${LAB_SERVERS[@]}"; do [[ $name != "$1" ]] || return 0; done
  is_target "$1"
}

require_host() { is_host "$1" || die "no such host: $1 (there are mail1..mail$LAB_MAX_TARGETS, ${LAB_SERVERS[*]})"; }

# A host exists in this lab once `up` made its directory.
require_made() {
  require_host "$1"
  [[ -d $(host_dir "$1") ]] || die "$1 is not part of the lab now: run 'lab up' first"
}

host_dir() { printf '%s/hosts/%s' "$LAB_STATE" "$1"; }

address_of() {
  case $1 in
    ns) printf '%s.2' "$LAB_LAN" ;;
    mx) printf '%s.3' "$LAB_LAN" ;;
    client) printf '%s.50' "$LAB_LAN" ;;
    outsider) printf '%s.7' "$LAB_OUT" ;;
    mail*) printf '%s.%d' "$LAB_LAN" $((10 + ${1#mail})) ;;
  esac
}

fqdn_of() {
  case $1 in
    outsider) printf 'outside.example.net' ;;
    *) printf '%s.%s' "$1" "$LAB_DOMAIN" ;;
  esac
}

# Every host the state dir knows, targets first, in numeric order.
made_hosts() {
  [[ -d $LAB_STATE/hosts ]] || return 0
  find "$LAB_STATE/hosts" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -V
}

made_targets() { made_hosts | grep '^mail' || true; }

# One lock for the machine, not one a state dir: bridge and namespace names are the machine's. `up` and `down` take it alone;
# commands on single hosts share it and lock their host, so that two hosts can be reset at the same time.
# The descriptors are closed in whatever is left running (see spawn_host), or a host would hold the lock for ever.
LAB_LOCK=/run/lock/mailprov-lab.lock
lock_lab() {
  mkdir -p "${LAB_LOCK%/*}"
  exec 8>"$LAB_LOCK"
  flock "$1" --timeout 600 8 || die "another lab command holds $LAB_LOCK"
}
lock_host() { # for use in a subshell: the lock ends with it
  exec 9>"$LAB_LOCK.$1"
  flock --timeout 600 9 || die "another lab command is working on $1"
}

mounted_at() { awk -v m="$1" '$5 == m { found = 1 } END { exit !found }' /proc/self/mountinfo; }
mounted_below() { awk -v m="$1/" 'index($5, m) == 1 { print $5 }' /proc/self/mountinfo; }

# Deletes a tree that nothing is mounted in. A delete that runs through a mount would empty what lies behind it.
remove_tree() {
  local dir=$1 below
  [[ -e $dir ]] || return 0
  below=$(mounted_below "$dir")
  if [[ -n $below ]] || mounted_at "$dir"; then die "still mounted, nothing deleted: ${below:-$dir}"; fi
  rm -rf --one-file-system -- "$dir"
}
