# shellcheck shell=sh disable=SC2154 # the assignments come before this text
#
# Finds, or receives, the agent that the controller names by its digest, and becomes it.
#
# The controller puts assignments before this text and a call of `main` after it:
#   nonce      makes our markers known
#   uid        who we must be
#   platform   what `uname -sm` must say, else the controller is asked for another agent
#   digest     SHA-256 of the agent
#   size       its length in bytes
#   disk       `no` in check mode: nothing may be written to a disk
#   sealed     the format in which stat tells whether a file is still the one that was checked
# `main` takes the folders in which the agent may live. Only stdout speaks to the controller; stdin carries the
# rest of this text's commands, then the agent's frames: nothing here may read more of it than is its own.

say() {
  printf 'MAILPROV-%s %s\n' "$*" "$nonce"
}

reasons=
refuse() { # FOLDER REASON
  reasons="$reasons; $1: $2"
}

# Every folder on the way must be one that nobody else can exchange: no link, root's or ours, and writable to
# nobody else (or sticky, like /tmp). One stat for all: every program that is started here, every run waits for.
trusted() { # FOLDER
  path=
  rest=${1#/}/
  set --
  while [ -n "$rest" ]; do
    path=$path/${rest%%/*}
    rest=${rest#*/}
    set -- "$@" "$path"
  done
  folders=$#
  IFS='
'
  set -f
  # shellcheck disable=SC2046 # a line a folder
  set -- $(stat -c '%A %u %n' -- "$@" 2>&1)
  set +f
  unset IFS
  for facts in "$@"; do
    case $facts in
      d????-??-?" 0 "* | d????-??-?" $uid "* | d????????[tT]" 0 "* | d????????[tT]" $uid "*) ;;
      *)
        path=${facts#* * }
        why="$path is not a folder of ours alone (${facts%" $path"})"
        return 1
        ;;
    esac
  done
  # A stat that says too little has found nothing to be well.
  [ "$#" -eq "$folders" ] || {
    why="stat does not tell whose $path is"
    return 1
  }
}

# Makes what is missing from `mailprov` on; what is above it is the system's.
make() { # FOLDER
  path=${1%/mailprov*}
  rest=${1#"$path"/}/
  if [ "$disk" = no ]; then
    kind=$(stat -f -c %T -- "$path" 2>&1)
    case $kind in
      tmpfs | ramfs) ;;
      *)
        why="nothing is written to a disk in check mode ($path is $kind)"
        return 1
        ;;
    esac
  fi
  while [ -n "$rest" ]; do
    path=$path/${rest%%/*}
    rest=${rest#*/}
    [ -e "$path" ] || [ -L "$path" ] || why=$(mkdir -m 0700 -- "$path" 2>&1) || return 1
  done
}

# Leaves a new file of ours in the folder, and has seen that programs can be run from there.
can_run() { # FOLDER
  new=$(mktemp -- "$1/.new.XXXXXX" 2>&1) || {
    why=$new
    new=
    return 1
  }
  why=$({ printf '#!/bin/sh\n' >"$new" && chmod 0700 -- "$new" && "$new"; } 2>&1) || {
    why="programs cannot be run from there ($why)"
    return 1
  }
}

has_room() { # FOLDER
  free=$(df --output=avail -k -- "$1" 2>/dev/null | tail -n 1 | tr -dc 0-9)
  needed=$((size / 1024 + 1024))
  [ "${free:-$needed}" -ge "$needed" ] || {
    why="$free KiB free, $needed KiB needed"
    return 1
  }
}

# The rest of a stream that cannot be stored is read away, so that the controller stays in step with us.
receive() { # [FILE]; what lies here already need not be sent
  if [ -n "$1" ]; then
    why=$(cat -- "$1" 2>&1 >"$new")
    return
  fi
  say NEED # the answer: the length of the gzip stream in a line, and the stream
  read -r packed || return 1
  why=$(head -c "$packed" | {
    gzip -dc 2>&1 >"$new"
    status=$?
    cat >/dev/null
    exit "$status"
  })
}

# A digest check before every run, unless there is a seal.
is_agent() { # FILE
  sum=$(sha256sum <"$1" 2>&1)
  [ "$sum" = "$digest  -" ] || {
    why="what is there has another digest (${sum%% *})"
    return 1
  }
}

# SELinux, fapolicyd and foreign machine code show only when it is tried.
runs() { # FILE
  why=$("$1" --version 2>&1 >/dev/null </dev/null) || {
    why="the agent does not run there ($why)"
    return 1
  }
}

# Notes what was checked, so that the next run need not read it. First the file has to be on the disk: a crash must
# not leave a seal on what it tore.
seal() { # FILE
  [ "$disk" = no ] || { sync -- "$1" && stat -c "$sealed" -- "$1" >"$1.seal"; } 2>/dev/null
}

start() { # FILE
  umask 022
  exec "$1" agent "$nonce"
}

try_cached() { # FOLDER
  file=$1/agent-$digest
  [ -e "$file" ] && trusted "$1" || return
  case $(stat -c '%A %u' -- "$file") in
    -???------" $uid") is_agent "$file" && runs "$file" && {
      keep "$file"
      seal "$file"
      start "$file"
    } ;;
  esac
}

# Agents of other versions: the newest is kept, since two controllers may take turns.
prune() { # FOLDER
  # shellcheck disable=SC2010 # names that pass the first grep have nothing but letters and digits
  ls -t "$1" | grep -E '^agent-[0-9a-f]{64}$' | grep -Fvx "agent-$digest" | tail -n +2 |
    while read -r name; do rm -f -- "$1/$name" "$1/$name.seal"; done
  find "$1" -maxdepth 1 -name '.new.*' -mmin +60 -exec rm -f -- {} +
}

drop_new() {
  [ -z "$new" ] || rm -f -- "$new"
  new=
}

store() { # FOLDER [FILE]
  make "$1" && trusted "$1" && has_room "$1" && can_run "$1" && receive "${2-}" && is_agent "$new" && runs "$new" &&
    why=$(mv -fT -- "$new" "$1/agent-$digest" 2>&1)
}

# What a check left in memory is kept where it stays, too, if that folder takes it. The other one may be somebody's who
# is about to start it.
keep() { # FILE
  if [ "$disk" = yes ] && [ "${1%/*}" != "$home" ] && store "$home" "$1"; then
    new=
    prune "$home"
    file=$home/agent-$digest
  fi
  drop_new
}

main() {
  LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
  export LC_ALL PATH
  umask 077
  cd /
  new=
  home=$1
  trap drop_new EXIT

  found=$(id -u)
  if [ "$found" != "$uid" ]; then
    say NOT-ROOT "$found"
    exit 1
  fi
  found=$(uname -sm)
  if [ "$found" != "$platform" ]; then
    say ARCH "$found" # the answer: digest and size of another agent in a line
    read -r digest size || exit 1
  fi
  for folder in "$@"; do try_cached "$folder"; done
  for folder in "$@"; do
    why=
    if store "$folder"; then
      new=
      prune "$folder"
      seal "$folder/agent-$digest"
      start "$folder/agent-$digest"
    fi
    refuse "$folder" "${why:-unknown reason}"
    drop_new
  done
  say FAIL "$(printf '%s' "${reasons#; }" | tr '\n' ' ')"
  exit 1
}
