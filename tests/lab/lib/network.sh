# shellcheck shell=bash
# One bridge for everybody, and for each host a network namespace joined to it by a veth pair. Nothing forwards anything.

netns_of() { printf '%s-%s' "$LAB_PREFIX" "$1"; }
veth_of() { printf 'mpv-%s' "$1"; }

bridge_exists() { [[ -e /sys/class/net/$LAB_BRIDGE ]]; }

# Names of namespaces and interfaces are the machine's, so only one lab fits on it; the bridge says whose it is.
refuse_other_lab() {
  local owner=
  bridge_exists || return 0
  owner=$(<"/sys/class/net/$LAB_BRIDGE/ifalias")
  [[ -z $owner || $owner == "$LAB_STATE" ]] ||
    die "another lab is up, with state directory '$owner'; only one fits on a machine"
}

# The ranges may be in use here: then the lab must not start, since its routes would take the machine off its network.
check_network() {
  local net used
  ! bridge_exists || return 0
  for net in "$LAB_LAN" "$LAB_OUT"; do
    used=$({
      ip -4 route show match "$net.11" | grep -v '^default' || true
      addresses_in_use | grep -F -e "$net." || true
    })
    [[ -z $used ]] || die "this machine uses $net.0/24 itself ($used); set MAILPROV_LAB_LAN or MAILPROV_LAB_OUT to another /24, as 'a.b.c'"
  done
}

# What lies behind the default route and must stay reachable: the resolver, the package archive, whoever is connected.
addresses_in_use() {
  sed -n 's/^nameserver //p' /etc/resolv.conf
  ip -4 -oneline route show default
  timeout 10 getent ahostsv4 "$(apt_mirror | sed -E 's,^[a-z+]+://([^/:]*).*,\1,')" || true
  # Peers of open connections; one that this machine holds with the lab's own address is left over from a lab before.
  awk '$4 == "01" { print $2, $3 }' /proc/net/tcp | while read -r here there; do
    [[ $(address_from_hex "$here") == "$LAB_LAN.1" ]] || printf '%s\n' "$(address_from_hex "$there")"
  done
}
address_from_hex() { printf '%d.%d.%d.%d' "0x${1:6:2}" "0x${1:4:2}" "0x${1:2:2}" "0x${1:0:2}"; }

make_bridge() {
  if ! bridge_exists; then
    ip link add "$LAB_BRIDGE" type bridge forward_delay 0 stp_state 0
  fi
  ip link set "$LAB_BRIDGE" alias "$LAB_STATE"
  # Frames between hosts are not this machine's packet filter's business.
  local knob
  for knob in /proc/sys/net/bridge/bridge-nf-call-{iptables,ip6tables,arptables}; do
    [[ ! -w $knob || $(<"$knob") == 0 ]] || printf 0 >"$knob"
  done
  printf 1 >"/proc/sys/net/ipv6/conf/$LAB_BRIDGE/disable_ipv6" 2>/dev/null || true
  printf 0 >"/proc/sys/net/ipv4/conf/$LAB_BRIDGE/forwarding"
  fail_fast "/proc/sys/net/ipv4/neigh/$LAB_BRIDGE"
  ip link set "$LAB_BRIDGE" up
  ip address replace "$LAB_LAN.1/24" dev "$LAB_BRIDGE"
  ip route replace "$LAB_OUT.0/24" dev "$LAB_BRIDGE" src "$LAB_LAN.1"
}

remove_bridge() {
  if bridge_exists; then ip link delete "$LAB_BRIDGE"; fi
}

# An address that nobody has is "no route to host" after 0.6 s in place of 3 s.
fail_fast() {
  printf 3 >"$1/mcast_solicit"
  printf 200 >"$1/retrans_time_ms"
}

# A boot gets a namespace made anew, as it gets a kernel made anew on a real host: no packet filter rule, no connection is
# left from before. The hardware address stays, or the neighbours would go on sending to the old one.
attach_network() {
  local host=$1 netns veth address a b c d
  netns=$(netns_of "$host") veth=$(veth_of "$host") address=$(address_of "$host")
  detach_network "$host"
  IFS=. read -r a b c d <<<"$address"
  ip netns add "$netns"
  ip link add "$veth" type veth peer name eth0 netns "$netns" address "$(printf '02:6d:%02x:%02x:%02x:%02x' "$a" "$b" "$c" "$d")"
  ip link set "$veth" master "$LAB_BRIDGE" up
  # shellcheck disable=SC2016 # expanded in the namespace
  ip netns exec "$netns" bash -c '
    set -e
    address=$1 lan=$2 out=$3
    printf 0 >/proc/sys/net/ipv4/ip_forward
    printf 3 >/proc/sys/net/ipv4/neigh/eth0/mcast_solicit
    printf 200 >/proc/sys/net/ipv4/neigh/eth0/retrans_time_ms
    ip -batch - <<BATCH
link set lo up
address add $address/24 dev eth0
link set eth0 up
BATCH
    if [[ $address == "$lan".* ]]; then ip route add "$out.0/24" dev eth0; else ip route add "$lan.0/24" dev eth0; fi
    # The way out leads to a host that forwards nothing, so no packet leaves the lab.
    [[ $address == "$lan.2" ]] || ip route add default via "$lan.2" dev eth0
  ' attach "$address" "$LAB_LAN" "$LAB_OUT" 8>&- 9>&-
}

detach_network() {
  local netns veth
  netns=$(netns_of "$1") veth=$(veth_of "$1")
  if [[ -e /sys/class/net/$veth ]]; then ip link delete "$veth"; fi
  if [[ -e /run/netns/$netns ]]; then ip netns delete "$netns"; fi
}

unplug() {
  local veth
  veth=$(veth_of "$1")
  if [[ -e /sys/class/net/$veth ]]; then ip link set "$veth" down; fi
}

plug() { ip link set "$(veth_of "$1")" up; }

network_attached() {
  [[ -e /run/netns/$(netns_of "$1") && $(readlink "/sys/class/net/$(veth_of "$1")/master") == */"$LAB_BRIDGE" ]]
}

# sshd's first line, read without starting a program.
ssh_banner() {
  local line fd
  # shellcheck disable=SC2188
  { exec {fd}<>"/dev/tcp/$1/22"; } 2>/dev/null || return 1
  IFS= read -r -t 5 line <&"$fd" || line=
  # Answered, since sshd logs an error for whoever leaves without a word.
  { printf 'SSH-2.0-lab\r\n' >&"$fd"; } 2>/dev/null || true
  exec {fd}>&-
  [[ $line == SSH-2.0-* ]]
}
