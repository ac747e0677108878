# shellcheck shell=bash
# How to reach the hosts: key, known hosts, ssh configuration, inventories.

make_keys() {
  mkdir -p "$LAB_STATE/keys"
  chmod 700 "$LAB_STATE/keys"
  [[ -r $LAB_STATE/id_ed25519.pub ]] || {
    rm -f "$LAB_STATE/id_ed25519"
    ssh-keygen -q -t ed25519 -N '' -C mailprov-lab -f "$LAB_STATE/id_ed25519"
  }
}

# write_file FILE: standard input, complete or not at all, since a test may be reading it.
write_file() {
  cat >"$1.new"
  mv "$1.new" "$1"
}

# Known before the first connection, because the lab made the keys: nobody has to trust what answers first.
write_ssh_files() {
  local host name
  for host in $(made_hosts); do
    printf '%s,%s,%s %s\n' "$host" "$(fqdn_of "$host")" "$(address_of "$host")" "$(cut -d' ' -f1,2 "$LAB_STATE/keys/$host.pub")"
  done | write_file "$LAB_STATE/known_hosts"
  {
    for host in $(made_hosts); do
      name=$(fqdn_of "$host")
      printf 'Host %s %s\n  HostName %s\n' "$host" "$name" "$(address_of "$host")"
    done
    cat <<CONF
Host *
  User root
  IdentityFile $LAB_STATE/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile $LAB_STATE/known_hosts
  StrictHostKeyChecking yes
  ServerAliveInterval 5
  ServerAliveCountMax 3
CONF
  } | write_file "$LAB_STATE/ssh_config"
}

ssh_run() { # ssh_run HOST ARG...
  ssh -F "$LAB_STATE/ssh_config" -o BatchMode=yes -o ConnectTimeout=10 "$@" </dev/null 8>&- 9>&-
}

ssh_to() {
  local host=${1:-}
  [[ -n $host ]] || die "ssh to which host?"
  shift
  require_made "${host#*@}"
  (($# < 2)) || set -- "${*@Q}"
  exec ssh -F "$LAB_STATE/ssh_config" "$host" "$@"
}

write_inventory() {
  inventory_text root | write_file "$LAB_STATE/inventory.yaml"
  inventory_text admin "ansible_become: true" | write_file "$LAB_STATE/inventory-admin.yaml"
  inventory_text ops "ansible_become: true" | write_file "$LAB_STATE/inventory-ops.yaml"
}

inventory_text() { # inventory_text USER [LINE...]
  local user=$1 host line
  shift
  cat <<YAML
all:
  vars:
    ansible_user: $user
    ansible_ssh_private_key_file: $LAB_STATE/id_ed25519
    ansible_ssh_common_args: -o UserKnownHostsFile=$LAB_STATE/known_hosts -o StrictHostKeyChecking=yes
YAML
  for line in "$@"; do printf '    %s\n' "$line"; done
  printf '  children:\n    mail:\n      hosts:\n'
  for host in $(made_targets); do
    printf '        %s:\n          ansible_host: %s\n' "$(fqdn_of "$host")" "$(address_of "$host")"
  done
}

inventory_path() {
  case ${1:-root} in
    root) printf '%s/inventory.yaml\n' "$LAB_STATE" ;;
    admin | ops) printf '%s/inventory-%s.yaml\n' "$LAB_STATE" "$1" ;;
    *) die "there are inventories for root, admin and ops" ;;
  esac
}
