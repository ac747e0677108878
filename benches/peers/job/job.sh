# shellcheck shell=sh disable=SC2034 # what is put in names it
# The job of site.yaml by hand, for `ssh HOST sh -s -- NAME MESSAGE_SIZE_LIMIT [check]`: what stands is left alone.
# peers.py puts generic and main.cf in the places of the words in @.
set -eu
name=$1 limit=$2 mode=${3:-apply}
changed=0 table=no aliases=no reload=no

differs() { # WHAT
  changed=$((changed + 1))
  echo "changed: $1"
  [ "$mode" = apply ]
}

put() { # FILE MODE; the text on stdin
  new=$(mktemp "$1.XXXXXX" 2>/dev/null || mktemp)
  cat >"$new"
  if cmp -s "$new" "$1" && [ "$(stat -c '%a %U %G' "$1")" = "$2 root root" ]; then
    rm -f "$new"
    return 1
  fi
  if differs "$1"; then
    chmod "$2" "$new"
    mv -f "$new" "$1"
  else
    rm -f "$new"
    return 1
  fi
}

if [ "$(hostname)" != "$name" ] && differs "host name"; then hostnamectl set-hostname "$name"; fi
if ! rpm -q postfix >/dev/null && differs packages; then
  dnf -q -y install postfix >/dev/null
fi
if [ "$(stat -c '%a %U %G' /etc/postfix/tables 2>/dev/null)" != "755 root root" ] && differs "folder of tables"; then
  install -d -m 755 /etc/postfix/tables
fi
if put /etc/postfix/tables/generic 644 <<'GENERIC'
@GENERIC@
GENERIC
then table=yes; fi
if put /etc/postfix/main.cf 644 <<MAIN
@MAIN@
MAIN
then reload=yes; fi
if ! grep -qx 'root: postmaster@mydomain.local' /etc/aliases && differs "mail of root"; then
  if grep -q '^root:' /etc/aliases; then
    sed -i 's/^root:.*/root: postmaster@mydomain.local/' /etc/aliases
  else
    echo 'root: postmaster@mydomain.local' >>/etc/aliases
  fi
  aliases=yes
fi
if ! systemctl -q is-enabled postfix 2>/dev/null && differs "service enabled"; then systemctl -q enable postfix; fi
if ! systemctl -q is-active postfix && differs "service started"; then systemctl start postfix; fi
[ "$table" = no ] || postmap /etc/postfix/tables/generic
[ "$aliases" = no ] || newaliases
[ "$reload" = no ] || systemctl reload postfix
echo "changes: $changed"
