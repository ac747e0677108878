//! The queue: how long mail has waited, and room for more.

use serde::Deserialize;

use super::{Look, line};
use crate::probe::{Finding, catalogue as c};

/// Seconds that a message may wait before it is worth a word: Postfix tries again after 300 s at the soonest.
const LONG: i64 = 600;

/// A line of `postqueue -j`.
#[derive(Deserialize)]
struct Message {
    queue_name: String,
    queue_id: String,
    arrival_time: i64,
    #[serde(default)]
    recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Recipient {
    #[serde(default)]
    delay_reason: Option<String>,
}

pub(super) fn look(look: &mut Look<'_>) {
    let finding = match look.ask(&["postqueue", "-j"]) {
        Ok(output) if output.status == 0 => age(&output.stdout_text(), look.spec.now),
        Ok(output) => Finding::not_testable(line(&output.stderr_text())),
        Err(error) => Finding::not_testable(error),
    };
    look.checks.add(&c::QUEUE_AGE, finding);
    let finding = space(look);
    look.checks.add(&c::QUEUE_SPACE, finding);
}

fn age(lines: &str, now: i64) -> Finding {
    let messages: Vec<Message> = match lines.lines().map(serde_json::from_str).collect() {
        Ok(messages) => messages,
        Err(error) => return Finding::not_testable(format!("what postqueue says cannot be read: {error}")),
    };
    let Some(oldest) = messages.iter().min_by_key(|message| message.arrival_time) else {
        return Finding::good("the queue is empty");
    };
    let age = (now - oldest.arrival_time).max(0);
    let held = messages.iter().filter(|message| message.queue_name == "hold").count();
    let reason = oldest.recipients.iter().find_map(|recipient| recipient.delay_reason.as_deref()).map(line);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let evidence = format!(
        "{} in the queue, {held} on hold; the oldest, {} ({}), for {age} s{reason}",
        messages.len(),
        oldest.queue_id,
        oldest.queue_name
    );
    let remedy = "`postqueue -p` shows all; when the cause is mended, `postqueue -f` sends them (held ones: `postsuper \
                  -H ALL`)";
    Finding::when(age < LONG && held == 0, evidence, remedy)
}

/// smtpd(8) refuses mail with less free than `queue_minfree`, or than one and a half times the greatest message.
fn space(look: &mut Look<'_>) -> Finding {
    let directory = look.parameter("queue_directory");
    let limit = look.parameter("message_size_limit").parse::<u64>().unwrap_or(0);
    let minimum = look.parameter("queue_minfree").parse::<u64>().unwrap_or(0);
    let output = match look.ask(&["stat", "-f", "-c", "%a %S", &directory]) {
        Ok(output) => output,
        Err(error) => return Finding::not_testable(error),
    };
    let text = output.stdout_text();
    let Some((Ok(blocks), Ok(size))) = text.split_once(' ').map(|(a, b)| (a.parse::<u64>(), b.parse::<u64>())) else {
        return Finding::not_testable(line(&output.stderr_text()));
    };
    let free = blocks.saturating_mul(size);
    let needed = minimum.max(limit.saturating_add(limit / 2));
    Finding::when(
        free >= needed,
        format!("{} MiB free in {directory}, at least {} MiB needed", free >> 20, needed >> 20),
        format!("make room on the file system of {directory}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_long_is_told_with_its_reason() {
        let message = |name: &str, arrival: i64| {
            format!(
                r#"{{"queue_name":"{name}","queue_id":"ABC","arrival_time":{arrival},"message_size":3,"sender":"a@b","recipients":[{{"address":"c@d","delay_reason":"no route"}}]}}"#
            )
        };
        assert_eq!(age("", 1000), Finding::good("the queue is empty"));
        assert!(matches!(age("postqueue: warning: no such file", 1000), Finding::NotTestable(_)));
        assert!(matches!(age(&message("active", 990), 1000), Finding::Good(_)));
        assert!(matches!(age(&message("hold", 990), 1000), Finding::Bad(..)));
        let both = format!("{}\n{}", message("active", 990), message("deferred", 10));
        let Finding::Bad(evidence, _) = age(&both, 1000) else { unreachable!("it is bad") };
        assert_eq!(evidence, "2 in the queue, 0 on hold; the oldest, ABC (deferred), for 990 s: no route");
    }
}
