# shellcheck shell=bash
# What works beside Postfix: Dovecot and Cyrus SASL, which check logins, and OpenDKIM, which signs. Debian's programs with
# EL8's (OpenDKIM: EPEL's) package names, users, units and folders. Libraries that the base has not are packed along.

build_dovecot_rpm() {
  rpm_from_debs dovecot 1 2.3.16 3.el8 dovecot-core libsodium23 libunwind8
}

arrange_dovecot() {
  local stage=$1 name
  rm -rf "${stage:?}"/etc "$stage"/usr/share/{bug,apport} "$stage/usr/lib/systemd/system/dovecot.socket"
  # Mailboxes, search and Lua want more libraries and are of no use to logins.
  find "$stage/usr/lib/dovecot" -name '*.so*' \( -path '*/modules/lib[0-9]*' -o -path '*/doveadm/*' -o -name '*lua*' \) -delete
  mkdir -p "$stage/etc/dovecot/conf.d"
  # EL8's conf.d turns IMAP, POP3 and LMTP on; this stand-in has none of their programs.
  printf '# Stand-in for the default dovecot.conf.\n!include conf.d/*.conf\n' >"$stage/etc/dovecot/dovecot.conf"
  for name in 10-auth 10-logging 10-mail 10-master 10-ssl; do printf '# Nothing is set here.\n' >"$stage/etc/dovecot/conf.d/$name.conf"; done
}

spec_dovecot() {
  cat <<'SPEC'
%pre
getent group dovecot >/dev/null || groupadd -r -g 97 dovecot
getent passwd dovecot >/dev/null || useradd -r -u 97 -g dovecot -d /usr/libexec/dovecot -s /sbin/nologin -M dovecot
getent group dovenull >/dev/null || groupadd -r dovenull
getent passwd dovenull >/dev/null || useradd -r -g dovenull -d /usr/libexec/dovecot -s /sbin/nologin -M dovenull
exit 0
SPEC
  unit_scriptlets dovecot
}

build_cyrus_sasl_rpms() {
  rpm_from_debs cyrus-sasl 0 2.1.27 6.el8_5 sasl2-bin
  rpm_from_debs cyrus-sasl-plain 0 2.1.27 6.el8_5 libsasl2-modules
}

arrange_cyrus-sasl() {
  local stage=$1
  # The base's libraries are Debian's, with programs of their own for the rest.
  find "$stage" -mindepth 1 ! -type d ! -path '*/usr/sbin/saslauthd' ! -path '*/usr/sbin/testsaslauthd' -delete
  find "$stage" -mindepth 1 -type d -empty -delete
  mkdir -p "$stage"/{etc/sysconfig,usr/lib/systemd/system}
  printf 'SOCKETDIR=/run/saslauthd\nMECH=pam\nFLAGS=\n' >"$stage/etc/sysconfig/saslauthd"
  cat >"$stage/usr/lib/systemd/system/saslauthd.service" <<'UNIT'
[Unit]
Description=SASL authentication daemon.

[Service]
Type=forking
PIDFile=/run/saslauthd/saslauthd.pid
EnvironmentFile=/etc/sysconfig/saslauthd
ExecStart=/usr/sbin/saslauthd -m $SOCKETDIR -a $MECH $FLAGS
RuntimeDirectory=saslauthd

[Install]
WantedBy=multi-user.target
UNIT
  # Where Debian's smtpd looks for the settings that EL8's finds in /etc/sasl2.
  ln -s /etc/sasl2 "$stage/usr/lib/sasl"
}

spec_cyrus-sasl() { unit_scriptlets saslauthd; }

# Each mechanism is a package of its own on EL8.
arrange_cyrus-sasl-plain() {
  find "$1" ! -type d ! -name 'libplain.*' ! -name 'liblogin.*' -delete
}

build_opendkim_rpm() {
  rpm_from_debs opendkim 0 2.11.0 0.28.el8 opendkim libopendkim11 libmilter1.0.1 libopendbx1 librbl1 libvbr2 libmemcached11 \
    libhashkit2 libunbound8 libevent-2.1-7
}

arrange_opendkim() {
  local stage=$1
  rm -rf "${stage:?}"/etc "$stage/usr/lib/tmpfiles.d"
  mkdir -p "$stage"/etc/{sysconfig,opendkim/keys}
  printf '# Stand-in for the default opendkim.conf: it verifies.\nPidFile /run/opendkim/opendkim.pid\nMode v\nSocket inet:8891@localhost\n' \
    >"$stage/etc/opendkim.conf"
  printf 'OPTIONS="-x /etc/opendkim.conf"\n' >"$stage/etc/sysconfig/opendkim"
  cat >"$stage/usr/lib/systemd/system/opendkim.service" <<'UNIT'
[Unit]
Description=DomainKeys Identified Mail (DKIM) Milter
After=network.target nss-lookup.target syslog.target

[Service]
Type=forking
PIDFile=/run/opendkim/opendkim.pid
EnvironmentFile=-/etc/sysconfig/opendkim
ExecStart=/usr/sbin/opendkim $OPTIONS
ExecReload=/bin/kill -USR1 $MAINPID
User=opendkim
Group=opendkim
RuntimeDirectory=opendkim
RuntimeDirectoryMode=0750

[Install]
WantedBy=multi-user.target
UNIT
}

spec_opendkim() {
  cat <<'SPEC'
%pre
getent group opendkim >/dev/null || groupadd -r opendkim
getent passwd opendkim >/dev/null || useradd -r -g opendkim -G mail -d /run/opendkim -s /sbin/nologin -M opendkim
exit 0
SPEC
  unit_scriptlets opendkim
}

folders_opendkim() { printf '%%dir %%attr(0755,root,opendkim) /etc/opendkim\n%%dir %%attr(0750,root,opendkim) /etc/opendkim/keys\n'; }

# unit_scriptlets UNIT: what EL8's systemd macros do.
unit_scriptlets() {
  cat <<SPEC
%post
ldconfig
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if [ "\$1" = 1 ]; then systemctl --no-reload preset $1.service >/dev/null 2>&1; fi
exit 0

%preun
if [ "\$1" = 0 ] && [ -d /run/systemd/system ]; then systemctl --no-reload disable --now $1.service >/dev/null 2>&1; fi
exit 0

%postun
ldconfig
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ "\$1" -ge 1 ]; then systemctl try-restart $1.service >/dev/null 2>&1; fi
fi
exit 0

SPEC
}

# rpm_from_debs NAME EPOCH VERSION RELEASE DEB...: Debian packages under an EL8 name, files where Debian has them, after the
# function arrange_NAME has seen to the stage. Where there are such functions, spec_NAME prints scriptlets, folders_NAME folders.
rpm_from_debs() {
  local name=$1 epoch=$2 version=$3 release=$4 stage=$RPM_BUILD/stage-$1 spec=$RPM_BUILD/$1.spec deb
  shift 4
  fetch_debs "$@"
  mkdir -p "$stage"
  for deb in "$@"; do unpack_deb "$deb" "$stage"; done
  rm -rf "$stage"/usr/share/{doc,man,lintian} "$stage"/etc/init.d
  if [[ -d $stage/lib ]]; then # a link on the hosts
    mkdir -p "$stage/usr/lib"
    cp -a "$stage/lib/." "$stage/usr/lib/"
    rm -rf "${stage:?}/lib"
  fi
  "arrange_$name" "$stage"
  {
    printf 'Name: %s\nEpoch: %s\nVersion: %s\nRelease: %s\n' "$name" "$epoch" "$version" "$release"
    printf 'Summary: %s, repackaged\nLicense: see Debian\nAutoReqProv: no\n%%description\nDebian programs under the EL8 name.\n' "$name"
    printf '%%install\ncp -a "%s/." %%{buildroot}\n\n' "$stage"
    if declare -F "spec_$name" >/dev/null; then "spec_$name"; fi
    printf '%%files\n%%defattr(-,root,root,0755)\n'
    if declare -F "folders_$name" >/dev/null; then "folders_$name"; fi
    (cd "$stage" && find . \( -type f -o -type l \) ! -path './etc/*' -printf '"/%P"\n' -o -path './etc/*' -type f -printf '%%config(noreplace) "/%P"\n')
  } >"$spec"
  run_rpmbuild "$spec" repo
}
