# What the ingredients of start states share. `fqdn` and `address` are set in front of it.
set -e
ssl=/etc/postfix/ssl

postfix_installed() { dnf -qy install "${1:-postfix}" openssl >/dev/null 2>&1; }

# file PATH: with the text on standard input, in a directory that is there afterwards.
file() {
  mkdir -p -m 0755 "$(dirname "$1")"
  cat >"$1"
}

# aside PATH: what stands there, if anything, is kept under another name.
aside() {
  mkdir -p -m 0755 "$(dirname "$1")"
  if [ -e "$1" ] || [ -L "$1" ]; then mv "$1" "$1.aside"; fi
}

# database PROGRAM TABLE: whatever stands in the place of main.cf by now.
database() {
  local dir
  dir=$(mktemp -d)
  touch "$dir/main.cf"
  "$1" -c "$dir" "$2"
  rm -r "$dir"
}

link_aside() { # link_aside PATH: a symbolic link to where the file is now
  aside "$1"
  ln -s "$1.aside" "$1"
}

directory() { # directory PATH: in the place of a file
  aside "$1"
  mkdir "$1"
}

ssl_directory() {
  mkdir -p -m 0755 /etc/postfix
  mkdir -p -m 0700 $ssl
}

rsa_key() { # rsa_key [BITS [PATH]]
  ssl_directory
  (umask 077; openssl genrsa -out "${2:-$ssl/postfix.key}" "${1:-2048}" 2>/dev/null)
}

# certificate NAME FROM UNTIL [foreign]: for the key that is there, by itself or by an authority of somebody else.
certificate() {
  local dir issuer=(-selfsign -keyfile $ssl/postfix.key)
  dir=$(mktemp -d)
  cat >"$dir/ca.cnf" <<CNF
[ca]
default_ca = it
[it]
database = $dir/index
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = policy
x509_extensions = leaf
[policy]
commonName = supplied
[leaf]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:$1
[req]
distinguished_name = dn
[dn]
CNF
  : >"$dir/index"
  echo 01 >"$dir/serial"
  if [ "${4:-}" = foreign ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/ca.key" -out "$dir/ca.crt" -subj '/CN=Some authority' 2>/dev/null
    issuer=(-cert "$dir/ca.crt" -keyfile "$dir/ca.key")
  fi
  openssl req -new -config "$dir/ca.cnf" -key $ssl/postfix.key -subj "/CN=$1" -out "$dir/csr"
  openssl ca -batch -notext -config "$dir/ca.cnf" "${issuer[@]}" -in "$dir/csr" -out $ssl/postfix.crt \
    -startdate "$(date -u -d "$2" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" 2>/dev/null
  chmod 0644 $ssl/postfix.crt
  rm -r "$dir"
}

# main_cf: what every main.cf of a host needs to start at all, then standard input.
main_cf() {
  mkdir -p -m 0755 /etc/postfix
  cat - >/tmp/main.cf.end
  cat >/etc/postfix/main.cf <<'CF'
compatibility_level = 2
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/libexec/postfix
data_directory = /var/lib/postfix
meta_directory = /etc/postfix
shlib_directory = /usr/lib64/postfix
mail_owner = postfix
setgid_group = postdrop
sendmail_path = /usr/sbin/sendmail.postfix
newaliases_path = /usr/bin/newaliases.postfix
mailq_path = /usr/bin/mailq.postfix
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
CF
  cat /tmp/main.cf.end >>/etc/postfix/main.cf
}
