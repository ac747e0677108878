//! Whole reports.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::{Arc, Mutex};

use super::samples::{mixed_run, run_info};
use super::*;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn report(kind: RunKind, form: Form) -> String {
    let page = Page::default();
    let run = run_info(kind, &["mx1", "mx2", "mx3"]);
    let mut reporter = Reporter::new(run, form, Box::new(|_| None), Box::new(page.clone()));
    for event in mixed_run() {
        reporter.handle(&event);
    }
    assert_eq!(reporter.finish().0.verdict(), Verdict::Failed);
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_whole_report_in_a_pipe() {
    insta::assert_snapshot!(report(RunKind::Up, Form::Plain { look: Look::plain(80) }), @r"
    PLAY [Mail servers] (3 hosts)
    unreachable mx3
        error: connect to mx3: connection timed out
    changed     mx1  postfix : Install the packages (4.2 s)
    changed     mx2  postfix : Install the packages (4.2 s)
    failed      mx2  postfix : Write main.cf
        error: postfix check found faults in the configuration that was written, so
          the service was not reloaded
        because: bad numeric parameter value
        at: roles/postfix/tasks/main.yml:14:3
        command: postfix -c '/etc/postfix dir' check (exit status 1)
        stderr:
          postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
        hint: write the size in bytes
    changed     mx1  postfix : Write main.cf
    rollback    mx2  taking the changes back: a task failed
    rolled back mx2  this run's changes were taken back
    changed     mx1  postfix : Restart Postfix (handler)

    CHANGES
    mx1: 2 changes, 1 action
      + package postfix  version: 2:3.5.8-7.el8.x86_64
      ~ file /etc/postfix/main.cf
      ! restart postfix.service
    mx2: 1 change, taken back
      + package postfix  version: 2:3.5.8-7.el8.x86_64

    PLAY RECAP
    mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
    mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
    mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
    failed: mx2: postfix : Write main.cf: postfix check found faults in the
        configuration that was written, so the service was not reloaded (changes
        taken back)
    unreachable: mx3: connect to mx3: connection timed out

    1 of 3 hosts changed (2 changes, 1 action). 1 host failed and took this run's
    changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run
    `mailprov up inventory.yaml --limit mx2,mx3` again.
    ");
    insta::assert_snapshot!(report(RunKind::Check, Form::Plain { look: Look::plain(usize::MAX) }), @r"
    PLAY [Mail servers] (3 hosts, check: nothing is changed)
    unreachable mx3
        error: connect to mx3: connection timed out
    changed     mx1  postfix : Install the packages (4.2 s)
    changed     mx2  postfix : Install the packages (4.2 s)
    failed      mx2  postfix : Write main.cf
        error: postfix check found faults in the configuration that was written, so the service was not reloaded
        because: bad numeric parameter value
        at: roles/postfix/tasks/main.yml:14:3
        command: postfix -c '/etc/postfix dir' check (exit status 1)
        stderr:
          postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
        hint: write the size in bytes
    changed     mx1  postfix : Write main.cf
    rollback    mx2  taking the changes back: a task failed
    rolled back mx2  this run's changes were taken back
    changed     mx1  postfix : Restart Postfix (handler)

    PLAN
    mx1: 2 changes, 1 action
      + package postfix  version: 2:3.5.8-7.el8.x86_64
      ~ file /etc/postfix/main.cf
      ! restart postfix.service
    mx2: 1 change, taken back
      + package postfix  version: 2:3.5.8-7.el8.x86_64

    PLAY RECAP
    mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
    mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
    mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
    failed: mx2: postfix : Write main.cf: postfix check found faults in the configuration that was written, so the service was not reloaded (changes taken back)
    unreachable: mx3: connect to mx3: connection timed out

    1 of 3 hosts would change (2 changes, 1 action). 1 host failed and took this run's changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run `mailprov up inventory.yaml --limit mx2,mx3` again.
    ");
}

#[test]
fn quiet_leaves_the_recap() {
    let look = Look { verbosity: Verbosity::Quiet, ..Look::plain(80) };
    insta::assert_snapshot!(report(RunKind::Up, Form::Plain { look }), @r"
    PLAY RECAP
    mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
    mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
    mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
    failed: mx2: postfix : Write main.cf: postfix check found faults in the
        configuration that was written, so the service was not reloaded (changes
        taken back)
    unreachable: mx3: connect to mx3: connection timed out
    1 of 3 hosts changed (2 changes, 1 action). 1 host failed and took this run's
    changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run
    `mailprov up inventory.yaml --limit mx2,mx3` again.
    ");
}

#[test]
fn a_terminal_is_told_once_what_hosts_have_in_common() {
    let terminal = report(RunKind::Up, Form::Terminal { look: Look::plain(80), rows: 24 });
    let (lines, ending) = terminal.split_at(terminal.find("\n\nCHANGES").unwrap());
    insta::assert_snapshot!(lines, @r"
    PLAY [Mail servers] (3 hosts)
    unreachable mx3
        error: connect to mx3: connection timed out
    changed     2 of 3 hosts  postfix : Install the packages (4.2 s)
    failed      mx2  postfix : Write main.cf
        error: postfix check found faults in the configuration that was written, so
          the service was not reloaded
        because: bad numeric parameter value
        at: roles/postfix/tasks/main.yml:14:3
        command: postfix -c '/etc/postfix dir' check (exit status 1)
        stderr:
          postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
        hint: write the size in bytes
    changed     mx1  postfix : Write main.cf
    rolled back mx2  this run's changes were taken back
    changed     mx1  postfix : Restart Postfix (handler)
    ");
    assert!(report(RunKind::Up, Form::Plain { look: Look::plain(80) }).ends_with(ending));
}

struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_run_but_a_full_disk_is_told() {
    for (kind, told) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let run = run_info(RunKind::Up, &["mx1"]);
        let out = Box::new(Closed(kind));
        let mut reporter = Reporter::new(run, Form::Json, Box::new(|_| None), out);
        for event in mixed_run() {
            reporter.handle(&event);
        }
        let (tally, written) = reporter.finish();
        assert_eq!((tally.verdict(), written.is_err()), (Verdict::Failed, told));
    }
}
