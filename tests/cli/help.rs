//! The whole help, so that no change of the interface goes unseen.

use crate::world::World;

#[test]
#[expect(clippy::too_many_lines, reason = "the help is long")]
fn help() {
    let world = World::new();
    insta::assert_snapshot!(world.run("--help"), @r"
    ----- stdout
    Turn bare Rocky Linux 8 hosts into verified Postfix sending servers over SSH

    Usage: mailprov <COMMAND>

    Commands:
      up         Bring the hosts into the state that the playbook describes
      check      Show what `up` would change, and change nothing
      verify     Look whether the hosts do what they should, from within and from here; change nothing
      rollback   Put the hosts back to what they were before a run
      history    List the runs on the hosts
      status     Tell how things stand on the hosts: the last run, what is unfinished, who is at work
      inventory  Show the inventory: hosts, groups, and where variables come from
      lint       Look for everything that can be wrong without contacting a host
      facts      Show the facts of the hosts, as templates see them
      doc        Show what a module does and takes; without a name, list all
      vault      Make, open and edit what is encrypted with Ansible Vault
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes:
        0  every host is as described
        1  internal error, or the output could not be written
        2  check --exit-code: something would change
        3  wrong input: inventory, playbook, variables or files
        4  at least one host failed
        5  at least one host could not be reached, and none failed
       64  wrong usage of the command line
      130  interrupted
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("up --help"), @r"
    ----- stdout
    Bring the hosts into the state that the playbook describes

    Usage: mailprov up [OPTIONS] [INVENTORY]

    Arguments:
      [INVENTORY]  The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2`
                   [default: inventory.yaml or inventory.yml in this folder]

    Options:
      -i, --inventory <INVENTORY>      A further inventory; can be given several times
      -l, --limit <PATTERN>            Only these hosts: names, groups and patterns (`mx*,!mx3`), or
                                       @FILE with one a line
          --local                      Run on this machine itself, without SSH; needs no inventory
          --playbook <FILE>            The playbook [default: the built-in mail server]
      -t, --tags <TAGS>                Only tasks with one of these tags
          --skip-tags <TAGS>           No task with one of these tags
      -e, --extra-vars <VARS>          Variables above all others: `key=value ...`, a YAML or JSON
                                       mapping, or @FILE
      -D, --diff                       Show the differences in the text of files
          --list-hosts                 Only list the hosts of each play; no host is contacted
          --list-tasks                 Only list the tasks of each play that this run would take; no
                                       host is contacted
          --list-tags                  Only list the tags of each play; no host is contacted
          --no-rollback                Keep the changes of a failed run, for debugging, instead of
                                       taking them back
          --revert-fleet               When the run fails on any host, take it back on those where it
                                       went through, too
          --plan <FILE>                Apply this plan of `check --out`, and nothing else; hosts that
                                       have moved since are left alone
          --confirm-timeout <SECONDS>  Seconds that a host waits to be reached over a new connection
                                       after its firewall, network, name or sshd changed, before it
                                       takes the run back by itself; 0: it never does [default: 60]
      -h, --help                       Print help

    Vault:
      -J, --ask-vault-password          Ask for the password of the vault
          --vault-password-file <FILE>  Read the password of the vault from a file, or from what a
                                        program prints; can be given several times
          --vault-id <ID>               A password with its label: `LABEL@FILE`, `LABEL@PROGRAM` or
                                        `LABEL@prompt`; can be given several times

    Connection:
      -u, --user <USER>           Log in as this user
          --private-key <FILE>    Log in with this key
      -k, --ask-pass              Ask for the password of the login
      -b, --become                Become root through sudo
      -K, --ask-become-pass       Ask for the password that sudo wants
          --accept-new-host-keys  Accept and remember the keys of hosts never seen before; a changed key
                                  is refused all the same
          --timeout <SECONDS>     Seconds to wait for a connection [default: 10]
      -f, --forks <N>             Hosts at work at the same time [default: 10]

    Output:
      -v, --verbose...       Show every task with what it did, and the output of long ones
      -q, --quiet            Show only the recap
          --output <FORMAT>  `text` for people or `json` lines for programs [default: text]
          --color <WHEN>     When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the
                             environment is heeded [default: auto]

    Exit codes:
        0  every host is as described
        1  internal error, or the output could not be written
        2  check --exit-code: something would change
        3  wrong input: inventory, playbook, variables or files
        4  at least one host failed
        5  at least one host could not be reached, and none failed
       64  wrong usage of the command line
      130  interrupted
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("check --help"), @r"
    ----- stdout
    Show what `up` would change, and change nothing

    Usage: mailprov check [OPTIONS] [INVENTORY]

    Arguments:
      [INVENTORY]  The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2`
                   [default: inventory.yaml or inventory.yml in this folder]

    Options:
      -i, --inventory <INVENTORY>  A further inventory; can be given several times
      -l, --limit <PATTERN>        Only these hosts: names, groups and patterns (`mx*,!mx3`), or @FILE
                                   with one a line
          --local                  Run on this machine itself, without SSH; needs no inventory
          --playbook <FILE>        The playbook [default: the built-in mail server]
      -t, --tags <TAGS>            Only tasks with one of these tags
          --skip-tags <TAGS>       No task with one of these tags
      -e, --extra-vars <VARS>      Variables above all others: `key=value ...`, a YAML or JSON mapping,
                                   or @FILE
      -D, --diff                   Show the differences in the text of files
          --list-hosts             Only list the hosts of each play; no host is contacted
          --list-tasks             Only list the tasks of each play that this run would take; no host is
                                   contacted
          --list-tags              Only list the tags of each play; no host is contacted
          --exit-code              Exit with 2 when something would change
          --out <FILE>             Keep what would be done as a plan for `up --plan`
      -h, --help                   Print help

    Vault:
      -J, --ask-vault-password          Ask for the password of the vault
          --vault-password-file <FILE>  Read the password of the vault from a file, or from what a
                                        program prints; can be given several times
          --vault-id <ID>               A password with its label: `LABEL@FILE`, `LABEL@PROGRAM` or
                                        `LABEL@prompt`; can be given several times

    Connection:
      -u, --user <USER>           Log in as this user
          --private-key <FILE>    Log in with this key
      -k, --ask-pass              Ask for the password of the login
      -b, --become                Become root through sudo
      -K, --ask-become-pass       Ask for the password that sudo wants
          --accept-new-host-keys  Accept and remember the keys of hosts never seen before; a changed key
                                  is refused all the same
          --timeout <SECONDS>     Seconds to wait for a connection [default: 10]
      -f, --forks <N>             Hosts at work at the same time [default: 10]

    Output:
      -v, --verbose...       Show every task with what it did, and the output of long ones
      -q, --quiet            Show only the recap
          --output <FORMAT>  `text` for people or `json` lines for programs [default: text]
          --color <WHEN>     When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the
                             environment is heeded [default: auto]

    Exit codes:
        0  every host is as described
        1  internal error, or the output could not be written
        2  check --exit-code: something would change
        3  wrong input: inventory, playbook, variables or files
        4  at least one host failed
        5  at least one host could not be reached, and none failed
       64  wrong usage of the command line
      130  interrupted
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("rollback --help"), @r"
    ----- stdout
    Put the hosts back to what they were before a run

    Usage: mailprov rollback [OPTIONS] [INVENTORY]

    Arguments:
      [INVENTORY]  The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2`
                   [default: inventory.yaml or inventory.yml in this folder]

    Options:
      -i, --inventory <INVENTORY>      A further inventory; can be given several times
      -l, --limit <PATTERN>            Only these hosts: names, groups and patterns (`mx*,!mx3`), or
                                       @FILE with one a line
          --local                      Run on this machine itself, without SSH; needs no inventory
          --run <ID>                   The run to take back, with all later ones [default: the newest]
          --to <ID>                    Go back to what the hosts were after this run: take back all
                                       later ones
          --force                      Also overwrite what was changed by hand since
      -C, --check                      Only show what would be put back
          --confirm-timeout <SECONDS>  Seconds that a host waits to be reached over a new connection
                                       after its firewall, network, name or sshd changed, before it
                                       takes the run back by itself; 0: it never does [default: 60]
      -D, --diff                       Show the differences in the text of files
      -h, --help                       Print help

    Vault:
      -J, --ask-vault-password          Ask for the password of the vault
          --vault-password-file <FILE>  Read the password of the vault from a file, or from what a
                                        program prints; can be given several times
          --vault-id <ID>               A password with its label: `LABEL@FILE`, `LABEL@PROGRAM` or
                                        `LABEL@prompt`; can be given several times

    Connection:
      -u, --user <USER>           Log in as this user
          --private-key <FILE>    Log in with this key
      -k, --ask-pass              Ask for the password of the login
      -b, --become                Become root through sudo
      -K, --ask-become-pass       Ask for the password that sudo wants
          --accept-new-host-keys  Accept and remember the keys of hosts never seen before; a changed key
                                  is refused all the same
          --timeout <SECONDS>     Seconds to wait for a connection [default: 10]
      -f, --forks <N>             Hosts at work at the same time [default: 10]

    Output:
      -v, --verbose...       Show every task with what it did, and the output of long ones
      -q, --quiet            Show only the recap
          --output <FORMAT>  `text` for people or `json` lines for programs [default: text]
          --color <WHEN>     When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the
                             environment is heeded [default: auto]

    Exit codes:
        0  every host is as described
        1  internal error, or the output could not be written
        2  check --exit-code: something would change
        3  wrong input: inventory, playbook, variables or files
        4  at least one host failed
        5  at least one host could not be reached, and none failed
       64  wrong usage of the command line
      130  interrupted
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("history --help"), @r"
    ----- stdout
    List the runs on the hosts

    Usage: mailprov history [OPTIONS] [INVENTORY]

    Arguments:
      [INVENTORY]  The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2`
                   [default: inventory.yaml or inventory.yml in this folder]

    Options:
      -i, --inventory <INVENTORY>  A further inventory; can be given several times
      -l, --limit <PATTERN>        Only these hosts: names, groups and patterns (`mx*,!mx3`), or @FILE
                                   with one a line
          --local                  Run on this machine itself, without SSH; needs no inventory
      -h, --help                   Print help

    Vault:
      -J, --ask-vault-password          Ask for the password of the vault
          --vault-password-file <FILE>  Read the password of the vault from a file, or from what a
                                        program prints; can be given several times
          --vault-id <ID>               A password with its label: `LABEL@FILE`, `LABEL@PROGRAM` or
                                        `LABEL@prompt`; can be given several times

    Connection:
      -u, --user <USER>           Log in as this user
          --private-key <FILE>    Log in with this key
      -k, --ask-pass              Ask for the password of the login
      -b, --become                Become root through sudo
      -K, --ask-become-pass       Ask for the password that sudo wants
          --accept-new-host-keys  Accept and remember the keys of hosts never seen before; a changed key
                                  is refused all the same
          --timeout <SECONDS>     Seconds to wait for a connection [default: 10]
      -f, --forks <N>             Hosts at work at the same time [default: 10]

    Output:
      -v, --verbose...       Show every task with what it did, and the output of long ones
      -q, --quiet            Show only the recap
          --output <FORMAT>  `text` for people or `json` lines for programs [default: text]
          --color <WHEN>     When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the
                             environment is heeded [default: auto]

    Exit codes:
        0  every host is as described
        1  internal error, or the output could not be written
        2  check --exit-code: something would change
        3  wrong input: inventory, playbook, variables or files
        4  at least one host failed
        5  at least one host could not be reached, and none failed
       64  wrong usage of the command line
      130  interrupted
    ----- exit code 0
    ");
}

#[test]
fn short_help_is_the_same() {
    let world = World::new();
    for command in ["", "up", "check", "rollback", "history", "status"] {
        assert_eq!(world.run(&format!("{command} -h")).stdout, world.run(&format!("{command} --help")).stdout);
    }
}

#[test]
fn wrong_usage_is_told_from_drift() {
    let world = World::new();
    insta::assert_snapshot!(world.run("up --no-such-option"), @r"
    ----- stderr
    error: unexpected argument '--no-such-option' found

      tip: to pass '--no-such-option' as a value, use '-- --no-such-option'

    Usage: mailprov up [OPTIONS] [INVENTORY]

    For more information, try '--help'.
    ----- exit code 64
    ");
    insta::assert_snapshot!(world.run("chekc"), @r"
    ----- stderr
    error: unrecognized subcommand 'chekc'

      tip: a similar subcommand exists: 'check'

    Usage: mailprov <COMMAND>

    For more information, try '--help'.
    ----- exit code 64
    ");
    for wrong in ["", "up --forks 0", "up --timeout x", "up -v -q", "up a b", "agent"] {
        assert_eq!(world.run(wrong).code, Some(64), "{wrong}");
    }
    assert_eq!(world.run("--version").stdout, format!("mailprov {}\n", env!("CARGO_PKG_VERSION")));
}
