# shellcheck shell=bash
# What makes the base system look, to a tool that provisions it, like a minimal install of Rocky Linux 8.10.

fill_rocky() {
  local root=$1
  rocky_identity "$root"
  rocky_packages "$root"
  rocky_services "$root"
  rocky_ssh_and_users "$root"
  rocky_mail_files "$root"
}

rocky_identity() {
  local root=$1
  cat >"$root/usr/lib/os-release" <<'TXT'
NAME="Rocky Linux"
VERSION="8.10 (Green Obsidian)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="8.10"
PLATFORM_ID="platform:el8"
PRETTY_NAME="Rocky Linux 8.10 (Green Obsidian)"
ANSI_COLOR="0;32"
LOGO="fedora-logo-icon"
CPE_NAME="cpe:/o:rocky:rocky:8:GA"
HOME_URL="https://rockylinux.org/"
BUG_REPORT_URL="https://bugs.rockylinux.org/"
SUPPORT_END="2029-05-31"
ROCKY_SUPPORT_PRODUCT="Rocky-Linux-8"
ROCKY_SUPPORT_PRODUCT_VERSION="8.10"
REDHAT_SUPPORT_PRODUCT="Rocky Linux"
REDHAT_SUPPORT_PRODUCT_VERSION="8.10"
TXT
  rm -f "$root/etc/os-release" "$root/etc/debian_version" "$root/etc/hostname" "$root/etc/resolv.conf"
  ln -s ../usr/lib/os-release "$root/etc/os-release"
  printf 'Rocky Linux release 8.10 (Green Obsidian)\n' >"$root/etc/rocky-release"
  ln -sf rocky-release "$root/etc/redhat-release"
  ln -sf rocky-release "$root/etc/system-release"
  printf 'localhost.localdomain\n' >"$root/etc/hostname"
  cat >"$root/etc/hosts" <<'TXT'
127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4
::1         localhost localhost.localdomain localhost6 localhost6.localdomain6
TXT
  printf 'search %s\nnameserver %s\n' "$LAB_DOMAIN" "$(address_of ns)" >"$root/etc/resolv.conf"
  printf 'LANG="C.UTF-8"\n' >"$root/etc/locale.conf"
  printf 'LANG=C.UTF-8\n' >"$root/etc/default/locale"
  ln -sf /usr/share/zoneinfo/UTC "$root/etc/localtime"
  mkdir -p "$root/etc/sysconfig"
  printf '# Created by anaconda\n' >"$root/etc/sysconfig/network"
  ln -s /usr/bin/python3 "$root/usr/libexec/platform-python"
  ln -s ../bin/update-alternatives "$root/usr/sbin/alternatives"
}

rocky_packages() {
  local root=$1 rpms
  rpms=$(rpms_dir)
  # Debian's rpm keeps its database in the caller's home directory unless told otherwise.
  mkdir -p "$root/etc/rpm" "$root/var/lib/rpm" "$root/etc/yum.repos.d" "$root/srv/repo"
  printf '%%_dbpath /var/lib/rpm\n' >"$root/etc/rpm/macros"
  rm -rf "$root/root/.rpmdb"
  cp -a "$rpms/repo/." "$root/srv/repo/"
  cat >"$root/etc/yum.repos.d/lab.repo" <<'TXT'
[lab]
name=Rocky Linux 8 - lab
baseurl=file:///srv/repo
gpgcheck=0
enabled=1
metadata_expire=365d
TXT
  cat >"$root/etc/dnf/dnf.conf" <<'TXT'
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
TXT
  mkdir -p "$root/tmp/rpms"
  cp "$rpms"/installed/*.rpm "$root/tmp/rpms/"
  in_root "$root" sh -c 'rpm --force-debian -i --nodeps /tmp/rpms/*.rpm'
  rm -rf "$root/tmp/rpms"
  in_root "$root" dnf -q makecache
  rm -f "$root"/var/log/dnf*.log "$root"/var/log/hawkey.log
}

rocky_services() {
  local root=$1 unit
  # Services of Debian, and those that have nothing to do in a container. Left in, they would end up failed, or wake up in
  # the middle of a measurement.
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    getty@.service console-getty.service systemd-pstore.service systemd-remount-fs.service systemd-networkd.service \
    systemd-networkd.socket systemd-networkd-wait-online.service systemd-udevd.service systemd-udev-trigger.service \
    systemd-firstboot.service ldconfig.service systemd-update-utmp-runlevel.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  ln -sf /usr/lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  # EL8 enables no service that is not on its list; Debian enables all.
  rm -f "$root"/usr/lib/systemd/system-preset/*
  printf 'enable %s.service\n' ssh sshd rsyslog firewalld dbus >"$root/usr/lib/systemd/system-preset/90-default.preset"
  printf 'disable *\n' >"$root/usr/lib/systemd/system-preset/99-default-disable.preset"
  # EL8's journal is in memory unless the directory exists.
  rm -rf "$root/var/log/journal"

  # firewalld: EL8's zone has cockpit, and NetworkManager (not here) puts the interface into the zone, which is why
  # `firewall-cmd --get-active-zones` is not empty on a real host.
  cat >"$root/usr/lib/firewalld/zones/public.xml" <<'TXT'
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <description>For use in public areas. You do not trust the other computers on networks to not harm your computer. Only selected incoming connections are accepted.</description>
  <service name="ssh"/>
  <service name="dhcpv6-client"/>
  <service name="cockpit"/>
</zone>
TXT
  mkdir -p "$root/etc/systemd/system/firewalld.service.d"
  cat >"$root/etc/systemd/system/firewalld.service.d/interface.conf" <<'TXT'
[Service]
ExecStartPost=-/usr/bin/busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.zone changeZoneOfInterface ss "" eth0
TXT

  cat >"$root/etc/rsyslog.conf" <<'TXT'
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/run/systemd/journal/syslog")
$WorkDirectory /var/lib/rsyslog
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
$FileCreateMode 0600
$IncludeConfig /etc/rsyslog.d/*.conf
*.info;mail.none;authpriv.none;cron.none  /var/log/messages
authpriv.*                                /var/log/secure
mail.*                                    -/var/log/maillog
cron.*                                    /var/log/cron
*.emerg                                   :omusrmsg:*
TXT
  mkdir -p "$root/var/lib/rsyslog"
  rm -f "$root"/etc/rsyslog.d/*.conf "$root"/var/log/{bootstrap,dpkg,alternatives}.log
  rm -rf "$root"/var/log/{apt,runit,README}
}

rocky_ssh_and_users() {
  local root=$1 user
  # Host keys come with each host's own seed.
  rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/ssh/sshd_config.d/*
  cat >"$root/etc/ssh/sshd_config" <<'TXT'
HostKey /etc/ssh/ssh_host_ed25519_key
SyslogFacility AUTHPRIV
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
UseDNS no
MaxStartups 200
MaxSessions 200
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
TXT
  # Debian's message of the day and mail notice are not EL8's.
  sed -i -E '/pam_(motd|mail)\.so/d' "$root/etc/pam.d/sshd" "$root/etc/pam.d/login"
  printf 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"\n' >"$root/etc/environment"

  in_root "$root" groupadd --system wheel
  cat >"$root/etc/sudoers" <<'TXT'
Defaults   !visiblepw
Defaults    always_set_home
Defaults    match_group_by_gid
Defaults    always_query_group_plugin
Defaults    env_reset
Defaults    env_keep =  "COLORS DISPLAY HOSTNAME HISTSIZE KDEDIR LS_COLORS"
Defaults    env_keep += "MAIL PS1 PS2 QTDIR USERNAME LANG LC_ADDRESS LC_CTYPE"
Defaults    env_keep += "LC_COLLATE LC_IDENTIFICATION LC_MEASUREMENT LC_MESSAGES"
Defaults    env_keep += "LC_MONETARY LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE"
Defaults    env_keep += "LC_TIME LC_ALL LANGUAGE LINGUAS _XKB_CHARSET XAUTHORITY"
Defaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin
root    ALL=(ALL)       ALL
%wheel  ALL=(ALL)       ALL
#includedir /etc/sudoers.d
TXT
  chmod 440 "$root/etc/sudoers"
  printf 'admin ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/admin"
  chmod 440 "$root/etc/sudoers.d/admin"
  in_root "$root" usermod --shell /bin/bash root
  for user in admin ops; do in_root "$root" useradd --create-home --shell /bin/bash "$user"; done
  in_root "$root" usermod --append --groups wheel ops
  printf 'ops:%s\n' "$LAB_OPS_PASSWORD" | in_root "$root" chpasswd
}

# The key that the seed brings is the same for all three users (see seed_host).
rocky_mail_files() {
  local root=$1
  cat >"$root/etc/aliases" <<'TXT'
#
#  Aliases in this file will NOT be expanded in the header from
#  Mail, but WILL be visible over networks or from /bin/mail.
#
#	>>>>>>>>>>	The program "newaliases" must be run after
#	>> NOTE >>	this file is updated for any changes to
#	>>>>>>>>>>	show through to sendmail.
#

# Basic system aliases -- these MUST be present.
mailer-daemon:	postmaster
postmaster:	root

# General redirections for pseudo accounts.
bin:		root
daemon:		root
adm:		root
lp:		root
sync:		root
shutdown:	root
halt:		root
mail:		root
news:		root
uucp:		root
operator:	root
games:		root
ftp:		root
nobody:		root

# mailman aliases
mailman:	root

# trap decode to catch security attacks
decode:		root

# Person who should get root's mail
#root:		marc
TXT
  chmod 644 "$root/etc/aliases"
  mkdir -p "$root"/etc/pki/tls/{certs,private} "$root"/etc/pki/ca-trust/{source/anchors,extracted/pem}
  ln -sf /etc/ssl/openssl.cnf "$root/etc/pki/tls/openssl.cnf"
  cp "$root/etc/ssl/certs/ca-certificates.crt" "$root/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
  ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem "$root/etc/pki/tls/certs/ca-bundle.crt"
  ln -s ../../ca-trust/extracted/pem/tls-ca-bundle.pem "$root/etc/pki/tls/cert.pem"
  rm -f "$root/root/.bash_history"
}
