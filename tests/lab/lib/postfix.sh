# shellcheck shell=bash
# Postfix as EL8 packages it, around the programs of Debian's package.

POSTFIX_VERSION=3.5.8
POSTFIX_RELEASES=(7.el8 8.el8_10) # two, to have an update to install; a plain install takes the last

build_postfix_rpms() {
  local stage=$RPM_BUILD/stage-postfix spec=$RPM_BUILD/postfix.spec release
  fetch_debs postfix postfix-pcre
  mkdir -p "$RPM_BUILD/deb"
  unpack_deb postfix "$RPM_BUILD/deb"
  unpack_deb postfix-pcre "$RPM_BUILD/deb"
  stage_postfix "$RPM_BUILD/deb" "$stage"
  postfix_spec "$stage" >"$spec"
  for release in "${POSTFIX_RELEASES[@]}"; do run_rpmbuild "$spec" repo --define "lab_release $release"; done
}

stage_postfix() {
  local deb=$1 to=$2 file name
  mkdir -p "$to"/usr/{bin,sbin,lib/systemd/system,lib64/postfix,libexec/postfix} \
    "$to"/etc/{postfix/dynamicmaps.cf.d,postfix/postfix-files.d,sasl2,ld.so.conf.d} "$to/var/lib/postfix" \
    "$to"/var/spool/postfix/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,maildrop,pid,private,public,saved,trace}
  cp -a "$deb"/usr/lib/postfix/sbin/. "$to/usr/libexec/postfix/"
  cp -a "$deb"/usr/lib/postfix/*.so "$to/usr/lib64/postfix/"
  for name in postalias postcat postconf postdrop postfix postkick postlock postlog postmap postmulti postqueue postsuper \
    posttls-finger qmqp-sink qmqp-source smtp-sink smtp-source; do
    cp -a "$deb/usr/sbin/$name" "$to/usr/sbin/"
  done
  chmod -R go-w "$to"
  # The names that `alternatives` points at.
  cp -a "$deb/usr/sbin/sendmail" "$to/usr/sbin/sendmail.postfix"
  cp -a "$deb/usr/sbin/rmail" "$to/usr/bin/rmail.postfix"
  ln -s ../sbin/sendmail.postfix "$to/usr/bin/mailq.postfix"
  ln -s ../sbin/sendmail.postfix "$to/usr/bin/newaliases.postfix"
  ln -s ../sbin/sendmail.postfix "$to/usr/lib/sendmail.postfix"
  # The programs look for their libraries where Debian has them; the loader's cache tells them otherwise.
  printf '/usr/lib64/postfix\n' >"$to/etc/ld.so.conf.d/postfix-x86_64.conf"

  # Permissions that `postfix set-permissions` sets: Debian's list, less what is not packed here.
  # shellcheck disable=SC2016 # Postfix's own variables
  grep -vE '^\$(manpage|html|readme|sample)_directory|makedefs.out|\$config_directory/[^:]*:[^:]*:o|:o$' \
    "$deb/etc/postfix/postfix-files" >"$to/etc/postfix/postfix-files"
  # shellcheck disable=SC2016 # Postfix's own variable
  printf '$shlib_directory/postfix-pcre.so:f:root:-:755\n' >"$to/etc/postfix/postfix-files.d/pcre.files"
  printf '# dict-type\tso-name (pathname)\tdict-function\tmkmap-function\n' >"$to/etc/postfix/dynamicmaps.cf"
  printf 'pcre\tpostfix-pcre.so\tdict_pcre_open\n' >"$to/etc/postfix/dynamicmaps.cf.d/pcre.cf"

  for name in main.cf master.cf; do
    if file=$(el8_file "$name"); then
      cp "$file" "$to/etc/postfix/$name"
    else
      "postfix_${name/./_}" >"$to/etc/postfix/$name"
    fi
  done
  # EL8 ships these tables as files of comments, so they exist before any tool writes them.
  for name in access canonical generic header_checks relocated transport virtual; do
    printf '# %s: see the manual page of that name in section 5. Nothing is set here by default.\n' "$name" >"$to/etc/postfix/$name"
  done
  printf 'pwcheck_method: saslauthd\nmech_list: plain login\n' >"$to/etc/sasl2/smtpd.conf"
  postfix_unit >"$to/usr/lib/systemd/system/postfix.service"
  postfix_aliasesdb >"$to/usr/libexec/postfix/aliasesdb"
  printf '#!/bin/sh\n# Nothing is chrooted by default on EL8, so nothing is to be copied.\nexit 0\n' >"$to/usr/libexec/postfix/chroot-update"
  chmod 755 "$to"/usr/libexec/postfix/{aliasesdb,chroot-update}
  chmod 644 "$to"/etc/postfix/*.cf "$to/etc/postfix/postfix-files"
}

# EL8's active lines; used when the genuine files are not at hand.
postfix_main_cf() {
  cat <<'CF'
# Stand-in for EL8's default main.cf: its active lines without the explanations.
compatibility_level = 2
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/libexec/postfix
data_directory = /var/lib/postfix
mail_owner = postfix

#myhostname = host.domain.tld
#mydomain = domain.tld
#myorigin = $mydomain

#inet_interfaces = all
inet_interfaces = localhost
inet_protocols = all

mydestination = $myhostname, localhost.$mydomain, localhost
#mydestination = $myhostname, localhost.$mydomain, localhost, $mydomain
unknown_local_recipient_reject_code = 550

#mynetworks = 168.100.189.0/28, 127.0.0.0/8
#relay_domains = $mydestination
#relayhost = $mydomain

alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases

debug_peer_level = 2
debugger_command =
	 PATH=/bin:/usr/bin:/usr/local/bin:/usr/X11R6/bin
	 ddd $daemon_directory/$process_name $process_id & sleep 5

sendmail_path = /usr/sbin/sendmail.postfix
newaliases_path = /usr/bin/newaliases.postfix
mailq_path = /usr/bin/mailq.postfix
setgid_group = postdrop
html_directory = no
manpage_directory = /usr/share/man
sample_directory = /usr/share/doc/postfix/samples
readme_directory = /usr/share/doc/postfix/README_FILES

smtpd_tls_cert_file = /etc/pki/tls/certs/postfix.pem
smtpd_tls_key_file = /etc/pki/tls/private/postfix.key
smtpd_tls_security_level = may
smtp_tls_CApath = /etc/pki/tls/certs
smtp_tls_CAfile = /etc/pki/tls/certs/ca-bundle.crt
smtp_tls_security_level = may
meta_directory = /etc/postfix
shlib_directory = /usr/lib64/postfix
CF
}

postfix_master_cf() {
  cat <<'CF'
# Stand-in for EL8's default master.cf: its active lines.
# service type  private unpriv  chroot  wakeup  maxproc command + args
smtp      inet  n       -       n       -       -       smtpd
#submission inet n       -       n       -       -       smtpd
#  -o syslog_name=postfix/submission
#  -o smtpd_tls_security_level=encrypt
#  -o smtpd_client_restrictions=$mua_client_restrictions
#smtps     inet  n       -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
        -o syslog_name=postfix/$service_name
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
CF
}

postfix_unit() {
  cat <<'UNIT'
[Unit]
Description=Postfix Mail Transport Agent
After=syslog.target network.target
Conflicts=sendmail.service exim.service

[Service]
Type=forking
PIDFile=/var/spool/postfix/pid/master.pid
EnvironmentFile=-/etc/sysconfig/network
PrivateTmp=true
CapabilityBoundingSet=~ CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_MODULE
ProtectSystem=true
PrivateDevices=true
ExecStartPre=-/usr/sbin/restorecon -R /var/spool/postfix/pid
ExecStartPre=-/usr/libexec/postfix/aliasesdb
ExecStartPre=-/usr/libexec/postfix/chroot-update
ExecStart=/usr/sbin/postfix start
ExecReload=/usr/sbin/postfix reload
ExecStop=/usr/sbin/postfix stop

[Install]
WantedBy=multi-user.target
UNIT
}

postfix_aliasesdb() {
  cat <<'SCRIPT'
#!/bin/sh
# Rebuilds the alias table when the text is newer than it.
if [ "$(/usr/sbin/postconf -h alias_database)" = hash:/etc/aliases ] && [ /etc/aliases.db -nt /etc/aliases ]; then
  exit 0
fi
/usr/bin/newaliases
SCRIPT
}

postfix_spec() {
  local stage=$1
  cat <<SPEC
Name: postfix
Epoch: 2
Version: $POSTFIX_VERSION
Release: %{lab_release}
Summary: Postfix Mail Transport Agent
License: (IBM and GPLv2+) or (EPL-2.0 and GPLv2+)
AutoReqProv: no
Provides: MTA smtpd smtpdaemon server(smtp) config(postfix) = %{epoch}:%{version}-%{release}
Requires(post): openssl
%description
Postfix with EL8's layout and defaults; the programs are Debian's.

%package pcre
Summary: Postfix PCRE map support
AutoReqProv: no
Requires: postfix = %{epoch}:%{version}-%{release}
%description pcre
PCRE maps for Postfix.

%install
cp -a "$stage/." %{buildroot}

SPEC
  cat <<'SPEC'
%pre
getent group postdrop >/dev/null || groupadd -g 90 -r postdrop
getent group postfix >/dev/null || groupadd -g 89 -r postfix
getent passwd postfix >/dev/null || useradd -d /var/spool/postfix -s /sbin/nologin -g postfix -G mail -M -r -u 89 postfix
exit 0

%post
ldconfig
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if [ "$1" = 1 ]; then systemctl --no-reload preset postfix.service >/dev/null 2>&1; fi
/usr/sbin/postfix set-permissions upgrade-configuration >/dev/null 2>&1
alternatives --quiet --install /usr/sbin/sendmail mta /usr/sbin/sendmail.postfix 60 \
  --slave /usr/bin/mailq mta-mailq /usr/bin/mailq.postfix \
  --slave /usr/bin/newaliases mta-newaliases /usr/bin/newaliases.postfix \
  --slave /usr/bin/rmail mta-rmail /usr/bin/rmail.postfix \
  --slave /usr/lib/sendmail mta-sendmail /usr/lib/sendmail.postfix
# EL8 makes a key of 4096 bits here; 2048 keep an install in the lab short.
cert=/etc/pki/tls/certs/postfix.pem key=/etc/pki/tls/private/postfix.key
if [ ! -f "$key" ]; then
  (umask 077; openssl genrsa 2048 2>/dev/null >"$key")
fi
if [ ! -f "$cert" ]; then
  name=$(hostname)
  openssl req -new -x509 -sha256 -days 365 -key "$key" -out "$cert" -subj "/CN=${name:-localhost.localdomain}" 2>/dev/null
  chmod 644 "$cert"
fi
exit 0

%preun
if [ "$1" = 0 ]; then
  if [ -d /run/systemd/system ]; then systemctl --no-reload disable --now postfix.service >/dev/null 2>&1; fi
  alternatives --quiet --remove mta /usr/sbin/sendmail.postfix
fi
exit 0

%postun
ldconfig
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ "$1" -ge 1 ]; then systemctl try-restart postfix.service >/dev/null 2>&1; fi
fi
exit 0

%files pcre
%attr(0755,root,root) /usr/lib64/postfix/postfix-pcre.so
%attr(0644,root,root) /etc/postfix/dynamicmaps.cf.d/pcre.cf
%attr(0644,root,root) /etc/postfix/postfix-files.d/pcre.files

%files
%defattr(-,root,root,0755)
%dir /etc/postfix
%dir /etc/postfix/dynamicmaps.cf.d
%dir /etc/postfix/postfix-files.d
%config(noreplace) /etc/postfix/main.cf
%config(noreplace) /etc/postfix/master.cf
%config(noreplace) /etc/postfix/access
%config(noreplace) /etc/postfix/canonical
%config(noreplace) /etc/postfix/generic
%config(noreplace) /etc/postfix/header_checks
%config(noreplace) /etc/postfix/relocated
%config(noreplace) /etc/postfix/transport
%config(noreplace) /etc/postfix/virtual
%config(noreplace) /etc/sasl2/smtpd.conf
/etc/postfix/dynamicmaps.cf
/etc/postfix/postfix-files
/etc/ld.so.conf.d/postfix-x86_64.conf
/usr/lib/systemd/system/postfix.service
/usr/lib/sendmail.postfix
/usr/bin/mailq.postfix
/usr/bin/newaliases.postfix
/usr/bin/rmail.postfix
/usr/sbin/postalias
/usr/sbin/postcat
/usr/sbin/postconf
%attr(2755,root,postdrop) /usr/sbin/postdrop
/usr/sbin/postfix
/usr/sbin/postkick
/usr/sbin/postlock
%attr(2755,root,postdrop) /usr/sbin/postlog
/usr/sbin/postmap
/usr/sbin/postmulti
%attr(2755,root,postdrop) /usr/sbin/postqueue
/usr/sbin/postsuper
/usr/sbin/posttls-finger
/usr/sbin/qmqp-sink
/usr/sbin/qmqp-source
/usr/sbin/sendmail.postfix
/usr/sbin/smtp-sink
/usr/sbin/smtp-source
/usr/libexec/postfix
%dir /usr/lib64/postfix
%attr(0755,root,root) /usr/lib64/postfix/libpostfix-*.so
%dir %attr(0700,postfix,root) /var/lib/postfix
%dir /var/spool/postfix
%dir %attr(0700,postfix,root) /var/spool/postfix/active
%dir %attr(0700,postfix,root) /var/spool/postfix/bounce
%dir %attr(0700,postfix,root) /var/spool/postfix/corrupt
%dir %attr(0700,postfix,root) /var/spool/postfix/defer
%dir %attr(0700,postfix,root) /var/spool/postfix/deferred
%dir %attr(0700,postfix,root) /var/spool/postfix/flush
%dir %attr(0700,postfix,root) /var/spool/postfix/hold
%dir %attr(0700,postfix,root) /var/spool/postfix/incoming
%dir %attr(0700,postfix,root) /var/spool/postfix/saved
%dir %attr(0700,postfix,root) /var/spool/postfix/trace
%dir %attr(0700,postfix,root) /var/spool/postfix/private
%dir %attr(0730,postfix,postdrop) /var/spool/postfix/maildrop
%dir %attr(0710,postfix,postdrop) /var/spool/postfix/public
%dir %attr(0755,root,root) /var/spool/postfix/pid
SPEC
}
