# The hand-made guide as it is typed, with this lab's names: $fqdn, $network. The stages after it mend it by hand, one mistake
# at a time, so that the next one can be seen.
restart() {
  # What waits would kill a daemon again before it is looked at.
  postsuper -d ALL
  systemctl reset-failed postfix
  systemctl restart postfix
}
poll() { for _ in $(seq 150); do "$@" && return; sleep 0.1; done; }

# What the guide leaves to the reader: a Postfix that runs, and a firewall that somebody else uses, too.
before() {
  dnf install postfix openssl -y
  systemctl start postfix
  firewall-cmd --add-port=8025/tcp
}

started() {
  hostnamectl set-hostname "$fqdn"
  dnf install postfix openssl -y
  mkdir /etc/postfix/ssl
  chmod 700 /etc/postfix/ssl # セキュリティのため所有者のみ書き込み可能にする
  printf '\n\n\n\n\n%s\n\n' "$fqdn" |
    openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout /etc/postfix/ssl/postfix.key -out /etc/postfix/ssl/postfix.crt
  chmod 600 /etc/postfix/ssl/postfix.key
  chmod 644 /etc/postfix/ssl/postfix.crt
  cp /etc/postfix/main.cf /etc/postfix/main.cf.bak
  main_cf | sed "s|mail\.mydomain\.local|$fqdn|; s|192\.168\.1\.0/24|$network|" >>/etc/postfix/main.cf
  cat >/etc/postfix/sender_canonical <<'MAP'
# ローカルユーザー名がFromアドレスになる場合
/.*/        mail@mydomain.local

# もし特定のユーザーからのメールだけを上書きしたい場合
# user1       mail@mydomain.local
# user2       mail@mydomain.local
MAP
  postmap /etc/postfix/sender_canonical
  echo '/^From:.*$/ REPLACE From: mail@mydomain.local' >/etc/postfix/header_checks.pcre
  postmap -q - /etc/postfix/header_checks.pcre </dev/null # シンタックスチェック
  firewall-cmd --permanent --add-service=smtp
  firewall-cmd --permanent --add-port=587/tcp # Submissionポート
  firewall-cmd --reload
  systemctl enable postfix
  systemctl start postfix
  systemctl status postfix
}

main_cf() {
  cat <<'CF'
# ホスト名 (FQDN)
myhostname = mail.mydomain.local

# ドメイン名
mydomain = mydomain.local

# 受信するドメイン (同一LAN内のmydomain.local宛てのみ受信)
#mydestination = $myhostname, localhost.$mydomain, localhost, $mydomain

# ローカルネットワーク
mynetworks = 127.0.0.0/8, 192.168.1.0/24  # 環境に合わせて変更してください

# SSL/TLS設定
smtpd_use_tls = yes
smtpd_tls_cert_file = /etc/postfix/ssl/postfix.crt
smtpd_tls_key_file = /etc/postfix/ssl/postfix.key
smtpd_tls_security_level = may # or encrypt
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3
smtpd_tls_protocols = !SSLv2, !SSLv3

smtp_use_tls = yes
smtp_tls_cert_file = /etc/postfix/ssl/postfix.crt
smtp_tls_key_file = /etc/postfix/ssl/postfix.key
smtp_tls_security_level = may # or encrypt
smtp_tls_loglevel = 1
smtp_tls_mandatory_protocols = !SSLv2, !SSLv3
smtp_tls_protocols = !SSLv2, !SSLv3

# 送信元アドレスの上書き (mail@mydomain.local に統一)
sender_canonical_maps = hash:/etc/postfix/sender_canonical
smtp_header_checks = pcre:/etc/postfix/header_checks.pcre # 後述で設定

# 中継を許可する宛先 (今回はLAN内のみなので、明示的に設定)
relay_domains = $mydomain
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination

# ネットワークインターフェース
inet_interfaces = all
inet_protocols = ipv4
CF
}

# `start` did nothing, as it ran already.
restarted() { restart; }

# No comment behind the TLS levels any more.
levels() {
  sed -i 's/ # or encrypt$//' /etc/postfix/main.cf
  restart
}

# No comment behind any value; the users of the other example; and a crypto policy that leaves old TLS to Postfix.
comments() {
  sed -i 's/ *# 環境.*$//; s/ *# 後述で設定$//' /etc/postfix/main.cf
  sed -i 's/^# user1/user1/' /etc/postfix/sender_canonical
  postmap /etc/postfix/sender_canonical
  cp -a /etc/ssl/openssl.cnf /root/openssl.cnf
  printf 'openssl_conf = o\n[o]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n' \
    >/etc/ssl/openssl.cnf
  restart
}

# A table that does what the guide means, and no header checks that need a package.
regexp() {
  sed -i '/user1/d' /etc/postfix/sender_canonical
  postconf -e sender_canonical_maps=regexp:/etc/postfix/sender_canonical
  postconf -X smtp_header_checks
  restart
}

# Header checks with the package that they need.
pcre() {
  dnf install postfix-pcre -y
  postconf -e smtp_header_checks=pcre:/etc/postfix/header_checks.pcre
  restart
}

# So that `up` has something to do at the firewall, beside somebody else's port.
before_up() {
  firewall-cmd --remove-service=smtp
  firewall-cmd --add-port=8025/tcp
}

# deliver RECIPIENT: sends on the host, and says what became of it.
deliver() {
  local seen
  seen=$(wc -l </var/log/maillog)
  printf 'Subject: x\n\nx\n' | sendmail "$1"
  poll said "$1" "$seen"
}
said() { tail -n "+$(($2 + 1))" /var/log/maillog | grep -E "postfix/(relay/)?(smtp|local)\[.*(fatal: |to=<$1>.* status=)"; }

# talk PORT LINE...: a dialogue in the clear, an answer at a time.
talk() {
  python3 - "$fqdn" "$@" <<'PY'
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
s.settimeout(6)
f = s.makefile("rb")
def answer():
    while True:
        line = f.readline().decode(errors="replace")
        print(line, end="")
        if not line or line[3:4] != "-":
            return
try:
    answer()
    for line in sys.argv[3:]:
        s.sendall(line.encode().decode("unicode_escape").encode() + b"\r\n")
        answer()
except OSError as error:
    print("no answer:", error)
PY
}
