//! Ten thousand inventories and playbooks with slips in them: none panics, none takes long.

use std::time::{Duration, Instant};

use super::*;

const HOSTS: &str = "# Servers
all:
  vars:
    mail_domain: example.com
    list: [1, 'two', \"three\"]
    text: |
      two
      lines
  hosts:
    mail[1:3]:
    gate.example.net: {ansible_host: 10.0.0.1, ansible_port: 2222}
  children:
    web:
      hosts: {mail1: {}, 'mail2': {weight: 0x10}}
      vars: &common {a: '{{ b }}', b: \"{{ mail_domain | upper }}\"}
    eu: {children: {web: {}}, vars: *common}
";

const SITE: &str = "- name: Mail
  hosts: 'web:&eu:!gate.example.net'
  become: true
  serial: [1, 50%]
  vars: {a: '{{ b }}', b: \"{% if x %}1{% else %}{{ [1, 2] | map('string') | join(',') }}{% endif %}\", x: 1}
  roles: [r, {role: r, x: 2, when: b is defined}]
  tasks:
    - name: Install {{ a }}
      dnf: {name: [postfix], state: present}
      notify: restart
      loop: '{{ [a] | product([1, 2]) }}'
      loop_control: {loop_var: i, label: '{{ i }}'}
      register: out
      until: out is succeeded
      retries: 2
    - block:
        - copy: content=\"{{ a }}\" dest=/x mode=0644
        - import_tasks: more.yml
        - set_fact: {c: \"{{ lookup('vars', 'a') ~ ('x' * 3) }}\"}
      rescue: [{command: echo, args: {chdir: /}}]
      always:
        - debug: {var: \"groups['web'] | length\"}
      when: [a == 'b', not (x | bool)]
      tags: [t]
  handlers:
    - {name: restart, service: {name: postfix, state: restarted}, listen: x}
";

/// Marsaglia's xorshift: the same slips in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    ":",
    ": ",
    "- ",
    "\n",
    "\t",
    "  ",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "|",
    ">",
    "&a ",
    "*a",
    "!vault |",
    "!x ",
    "<<: ",
    "~",
    "null",
    "yes",
    "0",
    "-1",
    "99999999999999999999",
    "1e309",
    "é",
    "\u{0}",
    "\u{feff}",
    "---\n",
    "...\n",
    "#",
    "%",
    "@",
    "`",
    "\\",
    "hosts",
    "vars",
    "children",
    "tasks",
    "loop: ",
    "when: ",
    "{{ a }}",
    "{{ a | default(a) }}",
    "{{ range(10**9) | list }}",
    "{% for i in range(99999) %}{% endfor %}",
    "(",
    ")",
    "[1:999999999]",
    "[a:zzzz]",
    "import_tasks: more.yml",
    "include_tasks: '{{ a }}'",
];

/// One or two slips: a piece put in, cut out, doubled or moved.
fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(2) {
        let at = dice.below(characters.len());
        let end = (at + dice.below(40)).min(characters.len());
        match dice.below(4) {
            0 => drop(characters.drain(at..end)),
            1 => {
                let piece: Vec<char> = PIECES[dice.below(PIECES.len())].chars().collect();
                characters.splice(at..at, piece);
            }
            2 => {
                let copy = characters[at..end].to_vec();
                characters.splice(at..at, copy);
            }
            _ => {
                let cut: Vec<char> = characters.drain(at..end).collect();
                let to = dice.below(characters.len());
                characters.splice(to..to, cut);
            }
        }
    }
    characters.into_iter().collect()
}

#[test]
fn ten_thousand_slips_neither_panic_nor_hang() {
    /// Far more than any takes, on a machine that has much else to do.
    const PATIENCE: Duration = Duration::from_secs(20);
    let folder = Folder::new(&[
        ("site.yaml", SITE),
        ("more.yml", "- ping:\n"),
        ("roles/r/tasks/main.yml", "- debug: {msg: '{{ x }}'}\n"),
        ("roles/r/defaults/main.yml", "x: 1\n"),
    ]);
    std::fs::write(folder.path("hosts.yaml"), HOSTS).unwrap();
    folder.load(&Options::default()).unwrap_or_else(|told| panic!("{told}"));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut right = 0;
    for round in 0..10_000 {
        let (file, original) = if round % 2 == 0 { ("hosts.yaml", HOSTS) } else { ("site.yaml", SITE) };
        let text = mutated(original, &mut dice);
        std::fs::write(folder.path(file), &text).unwrap();
        let begin = Instant::now();
        match folder.load(&Options::default()) {
            Ok(compiled) => {
                right += 1;
                for play in &compiled.plays {
                    play.hosts.iter().take(3).for_each(|host| drop(play.host_play(host)));
                }
            }
            Err(told) => assert!(told.starts_with("error: "), "round {round}: {told}\n{text}"),
        }
        assert!(begin.elapsed() < PATIENCE, "round {round} took {:?}:\n{text}", begin.elapsed());
        std::fs::write(folder.path(file), original).unwrap();
    }
    // Not all are wrong, and not all are right: the slips are of the size that people make.
    assert!((300..9_500).contains(&right), "{right} of 10000 were right");
}
