//! Why a task failed: the place in the user's file, the causes, the evidence, what to try.

use super::look::{Look, Tone, clean, clean_lines, truncate};
use crate::event::Failure;
use crate::hostplay::Origin;

/// Lines of a command's stderr that are shown; programs put the reason last.
const STDERR_LINES: usize = 12;

/// The failure, every line indented by four columns. `origin` is where the task stands, for a failure that
/// names no nearer place; `source` is the line of the file at that place.
pub(crate) fn lines(look: &Look, failure: &Failure, origin: Option<&Origin>, source: Option<&str>) -> Vec<String> {
    let mut lines = labelled(look, Tone::Bad, "error", &failure.message);
    for cause in &failure.causes {
        lines.extend(labelled(look, Tone::Strong, "because", cause));
    }
    if let Some(origin) = failure.origin.as_ref().or(origin) {
        lines.extend(place(look, origin, source));
    }
    if let Some(command) = &failure.command {
        let command = shlex::try_join(command.iter().map(String::as_str)).unwrap_or_else(|_| command.join(" "));
        let status = failure.exit_status.map(|status| format!(" (exit status {status})")).unwrap_or_default();
        lines.extend(labelled(look, Tone::Strong, "command", &format!("{command}{status}")));
    } else if let Some(status) = failure.exit_status {
        lines.extend(labelled(look, Tone::Strong, "exit status", &status.to_string()));
    }
    lines.extend(stderr(look, failure.stderr.as_deref().unwrap_or_default()));
    for hint in &failure.hints {
        lines.extend(labelled(look, Tone::Skip, "hint", hint));
    }
    lines
}

/// The failure of a question, which is no task: as [`lines`], for any output.
pub(crate) fn plain(failure: &Failure) -> Vec<String> {
    lines(&Look::plain(usize::MAX), failure, None, None)
}

/// The place in the nearest file that the failure can be pinned to.
pub(crate) fn origin<'a>(failure: &'a Failure, task: Option<&'a Origin>) -> Option<&'a Origin> {
    failure.origin.as_ref().or(task)
}

fn labelled(look: &Look, tone: Tone, label: &str, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut texts = clean_lines(text);
    let first = texts.next().unwrap_or_default();
    let plain = format!("    {label}:");
    let mut wrapped = look.wrap(&format!("{plain} "), 6, &first);
    if look.colour
        && let Some(line) = wrapped.first_mut()
    {
        *line = line.replacen(&plain, &format!("    {}:", look.paint(tone, label)), 1);
    }
    lines.append(&mut wrapped);
    for text in texts {
        lines.extend(look.wrap("      ", 6, &text));
    }
    lines
}

/// ```text
///     at: roles/postfix/tasks/main.yml:14:3
///       14 | - name: Write main.cf
///          |   ^
/// ```
fn place(look: &Look, origin: &Origin, source: Option<&str>) -> Vec<String> {
    let at = format!("    {}: {}", look.paint(Tone::Strong, "at"), clean(&origin.to_string()));
    let Some(source) = source else { return vec![at] };
    let number = origin.line.to_string();
    let source = clean(source.trim_end()).into_owned();
    let room = look.width.saturating_sub(number.len() + 9).max(20);
    let before: String = source.chars().take(usize::try_from(origin.column).unwrap_or(1).saturating_sub(1)).collect();
    let column = super::look::width(&before);
    let mut lines = vec![
        at,
        format!("      {} {}", look.paint(Tone::Dim, &format!("{number} |")), truncate(&source, room))
            .trim_end()
            .into(),
    ];
    if column < room {
        let gutter = look.paint(Tone::Dim, &format!("{} |", " ".repeat(number.len())));
        lines.push(format!("      {gutter} {}{}", " ".repeat(column), look.paint(Tone::Bad, "^")));
    }
    lines
}

fn stderr(look: &Look, text: &str) -> Vec<String> {
    let all: Vec<_> = clean_lines(text).filter(|line| !line.trim().is_empty()).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("    {}:", look.paint(Tone::Strong, "stderr"))];
    let cut = all.len().saturating_sub(STDERR_LINES);
    if cut > 0 {
        lines.push(format!("      {}", look.paint(Tone::Dim, &format!("({cut} lines before these)"))));
    }
    lines.extend(all[cut..].iter().map(|line| format!("      {}", line.trim_end())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{failure, origin};

    fn shown(look: &Look, failure: &Failure, source: Option<&str>) -> String {
        lines(look, failure, Some(&origin(14, 3)), source).join("\n")
    }

    #[test]
    fn a_failure_names_place_cause_evidence_and_what_to_try() {
        let failure = failure();
        let source = Some("- name: Write main.cf");
        insta::assert_snapshot!(shown(&Look::plain(80), &failure, source), @r"
        error: postfix check found faults in the configuration that was written, so
          the service was not reloaded
        because: bad numeric parameter value
        at: roles/postfix/tasks/main.yml:14:3
          14 | - name: Write main.cf
             |   ^
        command: postfix -c '/etc/postfix dir' check (exit status 1)
        stderr:
          postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
        hint: write the size in bytes
        ");
        insta::assert_snapshot!(shown(&Look::plain(200), &failure, None), @r"
        error: postfix check found faults in the configuration that was written, so the service was not reloaded
        because: bad numeric parameter value
        at: roles/postfix/tasks/main.yml:14:3
        command: postfix -c '/etc/postfix dir' check (exit status 1)
        stderr:
          postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
        hint: write the size in bytes
        ");
    }

    #[test]
    fn odd_places_do_not_break_the_picture() {
        let failure = Failure { message: "no".to_owned(), ..Failure::default() };
        let shown = |line, column, source| {
            lines(&Look::plain(80), &failure, Some(&origin(line, column)), Some(source)).join("\n")
        };
        insta::assert_snapshot!(shown(3, 4, "日本語: \t値"), @r"
        error: no
        at: roles/postfix/tasks/main.yml:3:4
          3 | 日本語:  値
            |       ^
        ");
        insta::assert_snapshot!(shown(1, 900, ""), @r"
        error: no
        at: roles/postfix/tasks/main.yml:1:900
          1 |
            | ^
        ");
        insta::assert_snapshot!(shown(0, 0, "x"), @r"
        error: no
        at: roles/postfix/tasks/main.yml:0:0
          0 | x
            | ^
        ");
    }

    #[test]
    fn only_the_last_lines_of_stderr_are_shown() {
        let stderr = (1..=14).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        let failure = Failure { message: "x".to_owned(), stderr: Some(stderr), ..Failure::default() };
        let shown = lines(&Look::plain(80), &failure, None, None);
        assert_eq!(shown[2], "      (2 lines before these)");
        assert_eq!(shown[3], "      line 3");
        assert_eq!(shown.len(), 3 + STDERR_LINES);
    }
}
