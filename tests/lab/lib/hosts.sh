# shellcheck shell=bash
# The life of a host: made, started, killed, reset, removed.
#
# hosts/NAME/  seed/   files of this host alone (keys, machine id, a server's settings): a lower layer, so that
#              upper/  holds nothing but what the host itself changed
#              work/   overlayfs's own      root/  where it is mounted      origin  its layers, and a hash of the rest
#              pid     the container manager: boot id, process id, start time      console.log

bring_up() {
  local n=$1 i host hosts=()
  make_bridge
  make_room
  mkdir -p "$LAB_STATE/hosts"
  hosts=("${LAB_SERVERS[@]}")
  for ((i = 1; i <= n; i++)); do hosts+=("mail$i"); done
  for host in $(made_hosts); do
    if ! in_list "$host" "${hosts[@]}"; then hosts+=("$host"); fi
  done
  stage "prepare" make_hosts "${hosts[@]}"
  stage "hosts" start_hosts "${hosts[@]}"
}

# All hosts share this machine's kernel, and every systemd watches files: the usual limit is used up by about ten of them.
make_room() {
  local limit=/proc/sys/fs/inotify/max_user_instances
  (($(<"$limit") >= 1024)) || printf 1024 >"$limit"
}

start_hosts() {
  local host pids=() failed=0
  for host in "$@"; do
    (
      lock_host "$host"
      if healthy "$host"; then exit 0; fi
      stop_host "$host"
      start_host "$host"
    ) &
    pids+=($!)
  done
  for host in "${pids[@]}"; do wait "$host" || failed=1; done
  ((!failed)) || die "not every host came up; 'lab status' shows which"
}

in_list() {
  local wanted=$1 item
  shift
  for item in "$@"; do [[ $item != "$wanted" ]] || return 0; done
  return 1
}

lower_of() { # the layers below the seed, topmost first
  if is_target "$1"; then
    printf '%s:%s' "$(rocky_layer)" "$(deb_layer)"
  else
    printf '%s:%s:%s' "$(tools_layer)" "$(rocky_layer)" "$(deb_layer)"
  fi
}

# What a host is made of: its layers and what its seed says.
origin_of() { printf '%s\n%s\n' "$(lower_of "$1")" "$(seed_key)"; }
seed_key() { { cat "$LAB_LIB/services.sh" "$LAB_STATE/id_ed25519.pub"; printf '%s\n' "$LAB_LAN" "$LAB_OUT"; } | hash_of; }

make_hosts() {
  local host
  for host in "$@"; do make_host "$host"; done
  write_ssh_files
}

make_host() {
  local host=$1 dir origin
  dir=$(host_dir "$host")
  origin=$(origin_of "$host")
  if [[ -r $dir/origin ]]; then # written last: the host is complete
    [[ $(<"$dir/origin") != "$origin" ]] || return 0
    if is_target "$host"; then
      # Somebody may be in the middle of something there.
      say "lab: $host was made by an older lab; 'lab reset $host' renews it"
      return
    fi
    stop_host "$host"
  fi
  if [[ -d $dir ]]; then # half made, or out of date
    unmount_host "$host"
    rm -f "$dir/origin"
    remove_tree "$dir"
  fi
  mkdir -p "$dir"
  empty_host "$host"
}

# Gives the host an empty disk over its layers. It must not be running.
empty_host() {
  local host=$1 dir
  dir=$(host_dir "$host")
  rm -f "$dir/origin"
  remove_tree "$dir/upper"
  remove_tree "$dir/work"
  mkdir -p "$dir"/{upper,work,root}
  seed_host "$host" "$dir/seed"
  origin_of "$host" >"$dir/origin"
}

# seed_host HOST DIR: what tells this host from the others. Keys are kept outside, so that they outlive the seed.
seed_host() {
  local host=$1 seed=$2 keys=$LAB_STATE/keys user
  if [[ ! -r $keys/$host.machine-id ]]; then
    rm -f "$keys/$host" "$keys/$host.pub"
    ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$keys/$host"
    tr -d - </proc/sys/kernel/random/uuid >"$keys/$host.machine-id"
  fi
  remove_tree "$seed"
  mkdir -p "$seed"/etc/ssh
  install -m 600 "$keys/$host" "$seed/etc/ssh/ssh_host_ed25519_key"
  install -m 644 "$keys/$host.pub" "$seed/etc/ssh/ssh_host_ed25519_key.pub"
  # Without one, systemd takes the boot for the first and resets which units are enabled.
  install -m 444 "$keys/$host.machine-id" "$seed/etc/machine-id"
  install -d -m 550 "$seed/root"
  give_key "$seed/root/.ssh" 0
  for user in admin:1000 ops:1001; do
    install -d -m 700 -o "${user#*:}" -g "${user#*:}" "$seed/home/${user%:*}"
    give_key "$seed/home/${user%:*}/.ssh" "${user#*:}"
  done
  if ! is_target "$host"; then seed_service "$host" "$seed"; fi
}

give_key() {
  install -d -m 700 -o "$2" -g "$2" "$1"
  install -m 600 -o "$2" -g "$2" "$LAB_STATE/id_ed25519.pub" "$1/authorized_keys"
}

mount_host() {
  local dir
  dir=$(host_dir "$1")
  ! mounted_at "$dir/root" || return 0
  mount -t overlay "$LAB_PREFIX-$1" -o "lowerdir=$dir/seed:$(head -n 1 "$dir/origin"),upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
}

unmount_host() {
  local dir
  dir=$(host_dir "$1")
  if mounted_at "$dir/root"; then
    # What still holds it is a program that reads the host's files from outside; it gets a moment to finish.
    until_true 5 umount "$dir/root" 2>/dev/null || umount "$dir/root" || die "cannot unmount $dir/root"
  fi
}

# --- processes ------------------------------------------------------------------------------------------------------

# A process id alone may by now be somebody else's; with boot and start time it is one process for all time.
process_identity() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }" # the name before it may hold anything
  # A dead process stays in the table until it is reaped, which not every process 1 does at once.
  [[ ${stat[0]} != Z ]] || return 1
  printf '%s %s %s\n' "$(</proc/sys/kernel/random/boot_id)" "$1" "${stat[19]}"
}

recorded_pid() { # the container manager's, while it lives
  local file boot pid start
  file=$(host_dir "$1")/pid
  [[ -r $file ]] || return 1
  read -r boot pid start <"$file" || return 1
  [[ -n $pid && $(process_identity "$pid" 2>/dev/null) == "$boot $pid $start" ]] || return 1
  printf '%s' "$pid"
}

# The host's own process 1, seen from here.
init_pid() {
  local manager init
  manager=$(recorded_pid "$1") || return 1
  init=$(cat "/proc/$manager/task/$manager/children" 2>/dev/null) || return 1
  init=${init%% *}
  [[ -n $init ]] && printf '%s' "$init"
}

healthy() { init_pid "$1" >/dev/null && network_attached "$1" && ssh_banner "$(address_of "$1")"; }

# Every host needs a control group of its own: two systemds in one would take each other's units for theirs.
host_cgroups() {
  local mount
  while read -r mount; do printf '%s/%s-%s\n' "$mount" "$LAB_PREFIX" "$1"; done < <(
    awk '{ for (i = 7; i <= NF && $i != "-"; i++); if ($(i+1) == "cgroup2" || ($(i+1) == "cgroup" && $NF ~ /name=systemd/)) print $5 }' \
      /proc/self/mountinfo
  )
}

enter_cgroups() {
  local group
  while read -r group; do
    mkdir -p "$group"
    printf '%s' "$BASHPID" >"$group/cgroup.procs"
  done < <(host_cgroups "$1")
}

cgroup_processes() {
  local group
  while read -r group; do
    if [[ -d $group ]]; then find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true; fi
  done < <(host_cgroups "$1") | sort -un
}

remove_cgroups() {
  local group
  while read -r group; do
    if [[ -d $group ]]; then find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
  done < <(host_cgroups "$1")
}

spawn_host() {
  local host=$1 dir
  dir=$(host_dir "$host")
  (
    exec </dev/null >"$dir/console.log" 2>&1 8>&- 9>&-
    enter_cgroups "$host"
    # Before the program runs: a lab command that dies here leaves a record of what it started.
    process_identity "$BASHPID" >"$dir/pid"
    # A root user may change network settings in /proc/sys, as on a real host.
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    exec setsid systemd-nspawn --quiet --settings=no -D "$dir/root" -M "$(netns_of "$host")" \
      --network-namespace-path="/run/netns/$(netns_of "$host")" --capability=CAP_NET_ADMIN,CAP_NET_RAW \
      --boot --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off
  ) &
  until_true 10 test -s "$dir/pid" || die "$host: not started"
}

# --- what the commands do -------------------------------------------------------------------------------------------

start_host() {
  local host=$1
  ! recorded_pid "$host" >/dev/null || return 0
  stop_host "$host" # whatever a crash left
  mount_host "$host"
  attach_network "$host"
  spawn_host "$host"
  wait_ready "$host"
}

wait_ready() {
  local host=$1 address state
  address=$(address_of "$host")
  until_true 60 answers_or_died "$host" "$address" || die "$host: no ssh after 60 s; see $(host_dir "$host")/console.log"
  recorded_pid "$host" >/dev/null || die "$host: did not boot: $(tail -n 3 "$(host_dir "$host")/console.log")"
  state=$(ssh_run "$host" 'systemctl is-system-running --wait' 2>&1) ||
    say "lab: $host is '$state': $(ssh_run "$host" 'systemctl --failed --no-legend --plain' 2>&1 | tr '\n' ';')"
}

answers_or_died() { ssh_banner "$2" || ! recorded_pid "$1" >/dev/null; }

# A power cut: off the network first, so that nobody hears a farewell.
stop_host() {
  local host=$1 pid
  unplug "$host"
  for pid in $(init_pid "$host") $(recorded_pid "$host") $(cgroup_processes "$host"); do
    kill -KILL "$pid" 2>/dev/null || true
  done
  until_true 20 no_processes "$host" || die "$host: processes that do not die: $(cgroup_processes "$host" | tr '\n' ' ')"
  rm -f "$(host_dir "$host")/pid"
  remove_cgroups "$host"
  detach_network "$host"
  unmount_host "$host"
}

no_processes() { ! recorded_pid "$1" >/dev/null && [[ -z $(cgroup_processes "$1") ]]; }

kill_host() { stop_host "$1"; }

reset_host() {
  stop_host "$1"
  empty_host "$1"
  start_host "$1"
}

take_down() {
  local host pids=()
  for host in $(made_hosts); do
    (
      lock_host "$host"
      stop_host "$host"
      rm -f "$(host_dir "$host")/origin" # no longer complete, should this be cut short
      remove_tree "$(host_dir "$host")"
    ) &
    pids+=($!)
  done
  for host in "${pids[@]}"; do wait "$host" || die "a host could not be removed"; done
  remove_bridge
  # Only what the lab made, by name: the directory may be one that has other things in it.
  remove_tree "$LAB_STATE/keys"
  rm -f "$LAB_STATE"/{id_ed25519,id_ed25519.pub,known_hosts,ssh_config,inventory.yaml,inventory-admin.yaml,inventory-ops.yaml}
  rmdir "$LAB_STATE/hosts" "$LAB_STATE" 2>/dev/null || true
}

status() {
  local host pid state
  for host in $(made_hosts); do
    state='down -'
    if pid=$(init_pid "$host"); then
      state="running $(nsenter --target "$pid" --mount --uts --ipc --pid --root systemctl is-system-running 2>/dev/null || true)"
    fi
    # shellcheck disable=SC2086 # two words
    printf '%-9s %-13s %-8s %s\n' "$host" "$(address_of "$host")" $state
  done
}

path_of() {
  local which=upper
  if [[ ${1:-} == --root ]]; then
    which=root
    shift
  fi
  (($# == 1)) || die "path of which host?"
  require_made "$1"
  printf '%s/%s\n' "$(host_dir "$1")" "$which"
}
