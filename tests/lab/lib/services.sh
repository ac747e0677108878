# shellcheck shell=bash
# The hosts that are not targets: what each one's seed adds to the tools layer.

seed_service() {
  local host=$1 seed=$2
  fqdn_of "$host" >"$seed/etc/hostname"
  mkdir -p "$seed/etc/systemd/system/multi-user.target.wants"
  case $host in
    ns) seed_ns "$seed" ;;
    mx) seed_mx "$seed" ;;
  esac
}

enable_unit() { ln -s "/usr/lib/systemd/system/$2" "$1/etc/systemd/system/multi-user.target.wants/$2"; }

reversed() { # 203.0.113 -> 113.0.203
  local a b c
  IFS=. read -r a b c <<<"$1"
  printf '%s.%s.%s' "$c" "$b" "$a"
}

seed_ns() {
  local seed=$1 zone
  local zones=$seed/etc/bind/lab
  enable_unit "$seed" named.service
  mkdir -p "$zones"
  zone_forward >"$zones/$LAB_DOMAIN"
  zone_foreign >"$zones/example.net"
  zone_reverse_lan >"$zones/$(reversed "$LAB_LAN").in-addr.arpa"
  zone_reverse_out >"$zones/$(reversed "$LAB_OUT").in-addr.arpa"
  # An empty root: any other name does not exist, which is an answer; to refuse would leave the asker to try again.
  {
    zone_head
    printf 'ns.%s. IN A %s\n' "$LAB_DOMAIN" "$(address_of ns)"
  } >"$zones/root"
  {
    cat <<CONF
options {
  directory "/var/cache/bind";
  listen-on { $(address_of ns); };
  listen-on-v6 { none; };
  recursion no;
  empty-zones-enable no;
  dnssec-validation no;
  notify no;
  allow-transfer { none; };
};
controls { };
zone "." { type primary; file "/etc/bind/lab/root"; };
CONF
    for zone in "$LAB_DOMAIN" example.net "$(reversed "$LAB_LAN").in-addr.arpa" "$(reversed "$LAB_OUT").in-addr.arpa"; do
      printf 'zone "%s" { type primary; file "/etc/bind/lab/%s"; };\n' "$zone" "$zone"
    done
  } >"$seed/etc/bind/named.conf"
}

zone_head() {
  # shellcheck disable=SC2016 # the zone file's own directive
  printf '$TTL 60\n@ IN SOA ns.%s. hostmaster.%s. 1 3600 600 86400 60\n@ IN NS ns.%s.\n' "$LAB_DOMAIN" "$LAB_DOMAIN" "$LAB_DOMAIN"
}

zone_forward() {
  local host i
  zone_head
  printf '@ IN MX 10 mx\n@ IN TXT "v=spf1 ip4:%s.0/24 -all"\n' "$LAB_LAN"
  for host in ns mx client; do printf '%s IN A %s\n' "$host" "$(address_of "$host")"; done
  for ((i = 1; i <= LAB_MAX_TARGETS; i++)); do printf 'mail%d IN A %s\n' "$i" "$(address_of "mail$i")"; done
  # The guide's one host goes by this name.
  printf 'mail IN A %s\n' "$(address_of mail1)"
}

# Somebody else's mail domains, to relay to. Their mail arrives at the same host.
zone_foreign() {
  zone_head
  printf '@ IN MX 10 mx.%s.\nforeign IN MX 10 mx.%s.\noutside IN A %s\n' "$LAB_DOMAIN" "$LAB_DOMAIN" "$(address_of outsider)"
}

zone_reverse_lan() {
  local host i address
  zone_head
  for host in ns mx client; do
    address=$(address_of "$host")
    printf '%s IN PTR %s.\n' "${address##*.}" "$(fqdn_of "$host")"
  done
  for ((i = 1; i <= LAB_MAX_TARGETS; i++)); do printf '%d IN PTR mail%d.%s.\n' $((10 + i)) "$i" "$LAB_DOMAIN"; done
}

zone_reverse_out() {
  local address
  address=$(address_of outsider)
  zone_head
  printf '%s IN PTR %s.\n' "${address##*.}" "$(fqdn_of outsider)"
}

# The receiving end: takes everything for its domains, TLS on offer, each message a file.
seed_mx() {
  local seed=$1
  enable_unit "$seed" postfix.service
  mkdir -p "$seed/etc/postfix"
  {
    cat <<CF
compatibility_level = 2
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/libexec/postfix
data_directory = /var/lib/postfix
meta_directory = /etc/postfix
shlib_directory = /usr/lib64/postfix
sendmail_path = /usr/sbin/sendmail.postfix
newaliases_path = /usr/bin/newaliases.postfix
mailq_path = /usr/bin/mailq.postfix
html_directory = no
readme_directory = no
setgid_group = postdrop
mail_owner = postfix
myhostname = $(fqdn_of mx)
mydomain = $LAB_DOMAIN
inet_interfaces = all
inet_protocols = ipv4
mynetworks_style = host
mydestination = localhost
virtual_mailbox_domains = $LAB_DOMAIN, example.net, foreign.example.net
virtual_mailbox_base = /var/mail/lab
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:89
virtual_gid_maps = static:89
virtual_minimum_uid = 89
virtual_mailbox_limit = 0
message_size_limit = 0
smtpd_tls_cert_file = /etc/pki/tls/certs/postfix.pem
smtpd_tls_key_file = /etc/pki/tls/private/postfix.key
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
CF
  } >"$seed/etc/postfix/main.cf"
  install -d -m 700 -o 89 -g 89 "$seed/var/mail/lab"
}

# --- reading what arrived -------------------------------------------------------------------------------------------

received_mail() {
  local box
  require_made mx
  box=$(host_dir mx)/root/var/mail/lab/Maildir/new
  case ${1:-} in
    --clear) find "$box" -type f -delete 2>/dev/null || true ;;
    --count) messages "$box" "${2:-}" | wc -l ;;
    --list) messages "$box" "${2:-}" ;;
    -*) die "mail: unknown option $1" ;;
    *)
      local newest
      newest=$(messages "$box" "${1:-}" | tail -n 1)
      [[ -n $newest ]] || die "no message${1:+ for $1}"
      cat "$newest"
      ;;
  esac
}

# Files of the messages (for a recipient), oldest first.
messages() {
  local box=$1 recipient=$2 file
  [[ -d $box ]] || return 0
  find "$box" -type f -printf '%T@ %p\n' | sort -n | cut -d' ' -f2- | while IFS= read -r file; do
    if [[ -z $recipient ]] || sed '/^$/q' "$file" | grep -qixF -e "Delivered-To: $recipient" -e "X-Original-To: $recipient"; then
      printf '%s\n' "$file"
    fi
  done
}
