# shellcheck shell=bash
# The programs the lab needs on this machine, installed only when one is missing.

LAB_SUITE=bookworm

LAB_TOOLS=(
  debootstrap:debootstrap systemd-nspawn:systemd-container ip:iproute2 ssh:openssh-client ssh-keygen:openssh-client
  rpmbuild:rpm createrepo_c:createrepo-c flock:util-linux unshare:util-linux dpkg-deb:dpkg mount:mount
)

install_tools() {
  local pair missing=()
  for pair in "${LAB_TOOLS[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "missing programs, and no apt-get to install them: ${missing[*]}"
  stage "install ${missing[*]}" apt_install "${missing[@]}"
}

apt_install() {
  quietly apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" && return 0
  # The lists may be missing or old.
  quietly apt-get update
  quietly apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" || {
    cat "$LAB_CACHE/last.log" >&2
    die "apt-get could not install: $*"
  }
}

# quietly CMD...: what it says goes to a log that is shown when it fails.
quietly() {
  DEBIAN_FRONTEND=noninteractive "$@" >"$LAB_CACHE/last.log" 2>&1 </dev/null 8>&- 9>&-
}

# The archive this machine installs from: whatever its own apt is set up with.
apt_mirror() {
  local uri codename component targets
  # shellcheck disable=SC2016 # apt's own variables
  targets=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Identifier: Packages')
  while read -r uri codename component; do
    [[ $codename == "$LAB_SUITE" && $component == main ]] || continue
    printf '%s' "$uri"
    return
  done <<<"$targets"
  die "no $LAB_SUITE archive in this machine's apt sources"
}

# debootstrap fetches with wget, which knows apt's proxy only by the environment.
export_apt_proxy() {
  local proxy=
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [[ -z $proxy ]] || export http_proxy=${http_proxy:-$proxy}
}
