# Before every command of the table: $fqdn and $address are the host's, stub.py is in /root.
restart() { systemctl reset-failed postfix; systemctl restart postfix; }
reload() { postfix reload; }

stub() { python3 /root/stub.py "$@"; }
stop_stub() { kill "$(cat /run/lab-stub.pid)"; }

# Name servers: what the stub answers, with the host's own behind it; and back.
keep_resolver() { cp /etc/resolv.conf /root/resolv.conf; }
own_resolver() { cat /root/resolv.conf >/etc/resolv.conf; }
dns() {
  keep_resolver
  stub dns "$@"
  echo 'nameserver 127.0.0.1' >/etc/resolv.conf
}
no_dns() {
  own_resolver
  stop_stub
}
reversed() { echo "$address" | awk -F. '{ print $4 "." $3 "." $2 "." $1 ".in-addr.arpa" }'; }

# self_signed SUBJECT DAYS [NAMES]: a certificate of the server's key.
self_signed() {
  openssl req -x509 -new -key /etc/postfix/ssl/postfix.key -subj "/CN=$1" -days "$2" ${3:+-addext "subjectAltName=$3"} \
    -addext basicConstraints=critical,CA:FALSE -out /etc/postfix/ssl/postfix.crt
}

# One whose time is over, which `openssl req` cannot make.
expired() {
  mkdir -p /root/ca
  cd /root/ca || return
  : >index
  echo 01 >serial
  cat >cnf <<CNF
[ca]
default_ca=c
[c]
database=index
serial=serial
new_certs_dir=.
default_md=sha256
policy=p
x509_extensions=x
[p]
commonName=supplied
[x]
subjectAltName=DNS:$fqdn
CNF
  openssl req -new -key /etc/postfix/ssl/postfix.key -subj "/CN=$fqdn" -out csr
  openssl ca -batch -config cnf -selfsign -notext -keyfile /etc/postfix/ssl/postfix.key -in csr \
    -startdate 20200101000000Z -enddate 20210101000000Z -out crt
  cat crt >/etc/postfix/ssl/postfix.crt
}

# OpenSSL as EL8's crypto policy LEGACY has it.
legacy_openssl() {
  cp -a /etc/ssl/openssl.cnf /root/openssl.cnf
  printf 'openssl_conf = o\n[o]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n' \
    >/etc/ssl/openssl.cnf
}
own_openssl() { cp -a /root/openssl.cnf /etc/ssl/openssl.cnf; }

# A queue on a disk that has no room: no more than a few MiB.
full_disk() {
  systemctl stop postfix
  cp -a /var/spool/postfix /root/spool
  mount -t tmpfs -o size=4m tmpfs /var/spool/postfix
  cp -a /root/spool/. /var/spool/postfix/
  restart
}
empty_disk() {
  systemctl stop postfix
  umount /var/spool/postfix
  rm -rf /root/spool
  restart
}

# A packet filter that firewalld knows nothing of: wall input|output RULE...
wall() {
  nft add table inet lab
  nft add chain inet lab "$1" "{ type filter hook $1 priority -10; }"
  nft add rule inet lab "$@"
}
no_wall() { nft delete table inet lab; }
