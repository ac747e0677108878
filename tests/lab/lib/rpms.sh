# shellcheck shell=bash
# The local RPM repository: stand-ins for EL8's packages. `repo/` is what dnf sees, `installed/` what a bare host already has.
#
# To add a package: a function build_NAME_rpm that puts files under a stage directory and calls run_rpmbuild or rpm_from_debs,
# and its name in LAB_RPMS. A changed function changes the key, so the repository and the layers on top of it are made anew.

LAB_RPMS=(build_installed_rpms build_openssl_rpm build_postfix_rpms build_dovecot_rpm build_cyrus_sasl_rpms build_opendkim_rpm)

# Genuine EL8 files, used when they lie beside the project; they are not the project's to ship.
el8_file() { # el8_file NAME: its path, or failure
  local file=$LAB_PROJECT/../shared/el8/$1
  [[ -r $file ]] && printf '%s' "$file"
}

rpms_key() {
  {
    cat "$LAB_LIB/rpms.sh" "$LAB_LIB/postfix.sh" "$LAB_LIB/companions.sh"
    local name file
    for name in main.cf master.cf; do
      if file=$(el8_file "$name"); then cat "$file"; else printf 'no %s\n' "$name"; fi
    done
  } | hash_of
}
rpms_dir() { printf '%s/rpms-%s' "$LAB_CACHE" "$(rpms_key)"; }

build_rpms() {
  local final
  final=$(rpms_dir)
  [[ -d $final ]] || stage "RPM repository (once)" build_rpm_repository "$final"
}

build_rpm_repository() {
  local final=$1 build
  clean_half_built
  build=$(mktemp -d "$LAB_CACHE/building.XXXXXX")
  RPM_BUILD=$build
  mkdir -p "$build/out/repo" "$build/out/installed"
  for build in "${LAB_RPMS[@]}"; do "$build"; done
  quietly createrepo_c --general-compress-type=gz "$RPM_BUILD/out/repo" || die "createrepo_c failed: $(<"$LAB_CACHE/last.log")"
  chmod 755 "$RPM_BUILD/out"
  mv "$RPM_BUILD/out" "$final"
  remove_tree "$RPM_BUILD"
}

# run_rpmbuild SPEC INTO [ARG...]: the RPMs it makes go to out/INTO. Files come from a stage directory, so every step in
# which rpm would look at or alter the programs is off.
run_rpmbuild() {
  local spec=$1 into=$2
  shift 2
  quietly rpmbuild -bb --target x86_64 \
    --define "_topdir $RPM_BUILD/rpmbuild" --define "_rpmdir $RPM_BUILD/out/$into" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
    --define '_binary_payload w1.gzdio' --define '__os_install_post %{nil}' --define 'debug_package %{nil}' \
    --define '_build_id_links none' --define 'vendor mailprov lab' "$@" "$spec" || {
    tail -n 20 "$LAB_CACHE/last.log" >&2
    die "rpmbuild failed for $spec"
  }
}

# metadata_spec NAME: on standard input lines of `NAME EPOCH VERSION RELEASE [PROVIDES,PROVIDES]`; packages without a file
# that stand in the RPM database for what the layer really has from Debian.
metadata_spec() {
  local name epoch version release provides
  printf 'Name: %s\nVersion: 1\nRelease: 1\nSummary: stand-in\nLicense: none\nAutoReqProv: no\n%%description\nstand-in\n' "$1"
  while read -r name epoch version release provides; do
    printf '%%package -n %s\nEpoch: %s\nVersion: %s\nRelease: %s\nSummary: stand-in for %s\nAutoReqProv: no\n' \
      "$name" "$epoch" "$version" "$release" "$name"
    [[ -z $provides ]] || printf 'Provides: %s\n' "${provides//+/ }"
    printf '%%description -n %s\nThe programs are the base system'"'"'s own.\n%%files -n %s\n' "$name" "$name"
  done
}

# What a minimal install of Rocky Linux 8.10 has and a tool like ours may ask for. `rocky-release` gives dnf its release and
# the paths that scriptlets require; openssl, postfix and mailx are left out, as they are on a minimal install.
build_installed_rpms() {
  local spec=$RPM_BUILD/installed.spec
  metadata_spec lab-installed >"$spec" <<'LIST'
rocky-release 0 8.10 1.9.el8 /bin/sh,/usr/bin/sh,system-release+=+8.10,system-release(releasever)+=+8,config(rocky-release)+=+8.10
setup 0 2.12.2 9.el8
bash 0 4.4.20 5.el8_10
coreutils 0 8.30 15.el8
systemd 0 239 82.el8_10
rsyslog 0 8.2102.0 15.el8
openssh-server 0 8.0p1 25.el8_10
sudo 0 1.9.5p2 1.el8_10
firewalld 0 0.9.11 9.el8_10
python3-firewall 0 0.9.11 9.el8_10
dnf 0 4.7.0 20.el8
rpm 0 4.14.3 31.el8
openssl-libs 1 1.1.1k 14.el8_10
ca-certificates 0 2024.2.69_v8.0.303 80.0.el8_10
crypto-policies 0 20230731 1.git3177e06.el8
LIST
  run_rpmbuild "$spec" installed
}

build_openssl_rpm() {
  local spec=$RPM_BUILD/openssl.spec
  metadata_spec lab-openssl <<<'openssl 1 1.1.1k 14.el8_10' >"$spec"
  run_rpmbuild "$spec" repo
}

# fetch_debs NAME...: into a directory of the cache; prints nothing.
fetch_debs() {
  local name
  mkdir -p "$LAB_CACHE/debs"
  for name in "$@"; do
    ! compgen -G "$LAB_CACHE/debs/${name}_*.deb" >/dev/null || continue
    (cd "$LAB_CACHE/debs" && {
      quietly apt-get -o APT::Sandbox::User=root download "$name" || {
        quietly apt-get update
        quietly apt-get -o APT::Sandbox::User=root download "$name"
      }
    }) || die "cannot fetch the Debian package $name: $(tail -n 3 "$LAB_CACHE/last.log")"
  done
}

unpack_deb() { # unpack_deb NAME DIR
  local debs=("$LAB_CACHE/debs/$1"_*.deb)
  dpkg-deb -x "${debs[-1]}" "$2"
}
