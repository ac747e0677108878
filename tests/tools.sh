# shellcheck shell=bash
# What a fresh Debian 12 with a Rust toolchain lacks, for those who source this.
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# need PROGRAM=PACKAGE...: installs the packages of the programs that are missing.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [[ ${#missing[@]} == 0 ]] || install_packages "${missing[@]}"
}

install_packages() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"
}

# A C compiler for the cryptography in the certificate library.
need cc=build-essential
