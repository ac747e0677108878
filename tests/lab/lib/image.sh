# shellcheck shell=bash
# The file systems hosts start from: cached layers, each an overlay upper dir keyed by a hash of what makes it.
#
#   deb    plain Debian from debootstrap: slow to make, hardly ever changes
#   rocky  on top of it, what makes it look like a bare Rocky Linux 8 host
#   tools  on top of that, for the hosts that are not targets: BIND, Postfix, swaks, ...

DEB_PACKAGES=(
  systemd systemd-sysv dbus openssh-server sudo python3 dnf rpm firewalld nftables iptables ipset netbase iproute2 rsyslog
  procps hostname ca-certificates libpam-systemd python3-dbus python3-gi iputils-ping openssl
  libdb5.3 libicu72 libnsl2 libsasl2-2 libtirpc3 libpcre2-8-0 libpcre3 # what Postfix's programs are linked with
)
TOOLS_PACKAGES=(bind9 bind9-dnsutils swaks libnet-ssleay-perl libnet-dns-perl netcat-openbsd s-nail python3-dkim)

hash_of() { sha256sum | cut -c1-16; }

deb_layer() {
  printf '%s/layer-deb-%s' "$LAB_CACHE" "$(printf '%s\n' "$LAB_SUITE" "${DEB_PACKAGES[@]}" | hash_of)"
}
rocky_layer() {
  printf '%s/layer-rocky-%s' "$LAB_CACHE" "$({
    deb_layer
    rpms_key
    cat "$LAB_LIB/rocky.sh"
  } | hash_of)"
}
tools_layer() {
  printf '%s/layer-tools-%s' "$LAB_CACHE" "$({
    rocky_layer
    printf '%s\n' "${TOOLS_PACKAGES[@]}"
    declare -f fill_tools
  } | hash_of)"
}

build_images() {
  local deb rocky tools
  deb=$(deb_layer) rocky=$(rocky_layer) tools=$(tools_layer)
  [[ -d $deb ]] || stage "base system (once)" build_deb "$deb"
  [[ -d $rocky ]] || stage "Rocky Linux 8 look (once)" build_layer "$rocky" fill_rocky "$deb"
  [[ -d $tools ]] || stage "tools of the other hosts (once)" build_layer "$tools" fill_tools "$rocky" "$deb"
}

# A build happens in a directory of its own that is renamed when complete: a killed build leaves nothing that looks finished.
build_deb() {
  local final=$1 tmp
  clean_half_built
  tmp=$(mktemp -d "$LAB_CACHE/building.XXXXXX")
  export_apt_proxy
  quietly debootstrap --variant=minbase --include="$(IFS=,; printf '%s' "${DEB_PACKAGES[*]}")" \
    "$LAB_SUITE" "$tmp" "$(apt_mirror)" || {
    tail -n 20 "$LAB_CACHE/last.log" >&2
    die "debootstrap failed"
  }
  rm -rf "$tmp"/var/cache/apt/archives/*.deb
  chmod 755 "$tmp"
  mv "$tmp" "$final"
}

# build_layer FINAL FILL LOWER...: runs FILL with the root of an overlay over LOWER and keeps the difference as FINAL.
build_layer() {
  local final=$1 fill=$2 tmp lower
  shift 2
  lower=$(IFS=:; printf '%s' "$*")
  clean_half_built
  tmp=$(mktemp -d "$LAB_CACHE/building.XXXXXX")
  mkdir "$tmp/upper" "$tmp/work" "$tmp/root"
  chmod 755 "$tmp/upper"
  # In a mount namespace of its own: however this ends, no mount is left behind. The process namespace does the same for
  # daemons that a package script may start.
  # shellcheck disable=SC2016 # expanded by the inner shell
  quietly unshare --mount --pid --uts --fork --kill-child bash -c '
    set -euo pipefail
    fill=$1 tmp=$2 lower=$3
    for part in base tools image rpms rocky services; do source "$LAB_LIB/$part.sh"; done
    mount --make-rprivate /
    mount -t overlay overlay -o "lowerdir=$lower,upperdir=$tmp/upper,workdir=$tmp/work" "$tmp/root"
    mount -t proc proc "$tmp/root/proc"
    hostname localhost.localdomain
    "$fill" "$tmp/root"
  ' build "$fill" "$tmp" "$lower" || {
    tail -n 30 "$LAB_CACHE/last.log" >&2
    die "building ${final##*/} failed (all of it: $LAB_CACHE/last.log)"
  }
  mv "$tmp/upper" "$final"
  remove_tree "$tmp"
}

# Only called under the lab's exclusive lock, so nobody else is building.
clean_half_built() {
  local dir
  for dir in "$LAB_CACHE"/building.*; do
    if [[ -d $dir ]]; then remove_tree "$dir"; fi
  done
}

in_root() { # in_root ROOT CMD...
  local root=$1
  shift
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive \
    chroot "$root" "$@"
}

fill_tools() {
  local root=$1
  # No daemon may start in the chroot.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf "$root/etc/resolv.conf.build"
  mv "$root/etc/resolv.conf" "$root/etc/resolv.conf.lab"
  mv "$root/etc/resolv.conf.build" "$root/etc/resolv.conf"
  in_root "$root" apt-get update
  in_root "$root" apt-get install -y --no-install-recommends "${TOOLS_PACKAGES[@]}"
  mv "$root/etc/resolv.conf.lab" "$root/etc/resolv.conf"
  rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*
  in_root "$root" dnf -y install postfix openssl
  in_root "$root" systemctl disable named.service firewalld.service
}
