//! What changed, or would: each host's net changes, hosts with equal ones folded into one entry.

use super::look::{Look, Tone, clean, count, list, width};
use super::tally::{HostTally, Tally};
use super::{change, own_name};
use crate::event::{ChangeView, KNOWN_AFTER_APPLY, PropertyChange, TextChange};

/// Lines that the names of equal hosts may take.
const HOST_LINES: usize = 3;

/// The hosts with the same changes, but for their own names.
struct Group<'a> {
    hosts: Vec<&'a str>,
    taken_back: bool,
    /// Without names of hosts; the texts are those of the first host.
    changes: Vec<ChangeView>,
    actions: Vec<String>,
    /// Every host's texts, in the order of the changes.
    texts: Vec<Vec<Option<TextChange>>>,
    size: Size,
}

/// How much changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    /// Resources whose state differs afterwards.
    pub(crate) changes: usize,
    /// Commands, restarts and reloads.
    pub(crate) actions: usize,
}

impl Size {
    /// Of one host.
    pub(crate) fn of(host: &HostTally) -> Self {
        Self { changes: net(&host.changes).len(), actions: host.actions.len() }
    }

    /// `9 changes, 2 actions`; `no changes`.
    pub(crate) fn text(self) -> String {
        let changes = count(self.changes, "change");
        let actions = count(self.actions, "action");
        match self {
            Self { changes: 0, actions: 0 } => "no changes".to_owned(),
            Self { actions: 0, .. } => changes,
            Self { changes: 0, .. } => actions,
            Self { .. } => format!("{changes}, {actions}"),
        }
    }
}

/// The plan under its title; nothing where there is nothing to tell.
pub(crate) fn lines(look: &Look, title: &str, tally: &Tally) -> Vec<String> {
    let groups = groups(tally);
    if groups.iter().all(|group| group.size == Size::default()) {
        return Vec::new();
    }
    let mut lines = vec![look.paint(Tone::Strong, title)];
    for group in groups {
        lines.extend(group.heading(look));
        lines.extend(group.body(look));
    }
    lines
}

fn groups<'a>(tally: &'a Tally) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    // A host that was never reached has no changes to speak of; the recap says why.
    for (name, host) in tally.hosts().filter(|(_, host)| !host.is_not_started() && !unheard(host)) {
        let group = Group::of(name, host);
        match groups.iter_mut().find(|other| other.is_like(&group)) {
            Some(other) => {
                other.hosts.extend(group.hosts);
                other.texts.extend(group.texts);
            }
            None => groups.push(group),
        }
    }
    // A host that is alone keeps its name.
    for group in &mut groups {
        if let [name] = group.hosts[..]
            && let Some((_, host)) = tally.hosts().find(|(host, _)| *host == name)
        {
            group.changes = net(&host.changes);
            group.actions.clone_from(&host.actions);
        }
    }
    groups
}

fn unheard(host: &HostTally) -> bool {
    host.is_unreachable() && host.changes.is_empty() && host.actions.is_empty()
}

impl<'a> Group<'a> {
    fn of(name: &'a str, host: &HostTally) -> Self {
        let changes: Vec<ChangeView> =
            net(&host.changes).iter().map(|change| own_name::of_change(name, change)).collect();
        let texts = changes.iter().map(|change| change.text.clone()).collect();
        let actions = host.actions.iter().map(|action| own_name::without(name, action)).collect();
        let (size, taken_back) = (Size::of(host), host.is_taken_back());
        Self { hosts: vec![name], taken_back, changes, actions, texts: vec![texts], size }
    }

    /// Whether the same happens, whatever the texts of files are.
    fn is_like(&self, other: &Self) -> bool {
        let same = |(one, two): (&ChangeView, &ChangeView)| {
            ChangeView { text: None, ..one.clone() } == ChangeView { text: None, ..two.clone() }
        };
        self.taken_back == other.taken_back
            && self.actions == other.actions
            && self.changes.len() == other.changes.len()
            && self.changes.iter().zip(&other.changes).all(same)
    }

    fn body(&self, look: &Look) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, change) in self.changes.iter().enumerate() {
            let all_alike = self.texts.iter().all(|texts| texts[index] == self.texts[0][index]);
            if !look.diff || all_alike {
                lines.extend(change::lines(look, 2, change));
                continue;
            }
            lines.extend(change::summary(look, 2, change));
            for (hosts, text) in self.texts_of(index) {
                lines.push(look.paint(Tone::Strong, &format!("      {}:", list(&hosts, look.width.min(100) - 8))));
                lines.extend(change::diff(look, 6, &ChangeView { text, ..change.clone() }));
            }
        }
        lines.extend(self.actions.iter().map(|action| change::action(look, 2, action)));
        lines
    }

    /// The different texts of one change, with the hosts that have them.
    fn texts_of(&self, index: usize) -> Vec<(Vec<&str>, Option<TextChange>)> {
        let mut texts: Vec<(Vec<&str>, Option<TextChange>)> = Vec::new();
        for (host, own) in self.hosts.iter().zip(&self.texts) {
            match texts.iter_mut().find(|(_, text)| *text == own[index]) {
                Some((hosts, _)) => hosts.push(host),
                None => texts.push((vec![host], own[index].clone())),
            }
        }
        texts
    }

    /// `3 hosts: same 9 changes, 2 actions (mx1, mx2, mx3)`
    fn heading(&self, look: &Look) -> Vec<String> {
        let same = if self.hosts.len() > 1 && self.size != Size::default() { "same " } else { "" };
        let fate = if self.taken_back && self.size != Size::default() { ", taken back" } else { "" };
        let what = format!("{same}{}{fate}", self.size.text());
        if let [host] = self.hosts[..] {
            return vec![format!("{}: {what}", clean(host))];
        }
        let start = format!("{}: {what} ", count(self.hosts.len(), "host"));
        let room = look.width.saturating_mul(HOST_LINES).saturating_sub(width(&start));
        look.wrap(&start, 4, &format!("({})", list(&self.hosts, room)))
    }
}

/// The changes with those of one resource taken together: what the run as a whole does to it.
fn net(changes: &[ChangeView]) -> Vec<ChangeView> {
    let mut net: Vec<Net> = Vec::new();
    for change in changes {
        match net
            .iter_mut()
            .find(|Net { change: earlier, .. }| earlier.kind == change.kind && earlier.name == change.name)
        {
            Some(earlier) => earlier.follow(change),
            None => net.push(Net { change: change.clone(), is_told: is_told(change) }),
        }
    }
    net.into_iter().map(|net| net.change).filter(|change| !change.verb.is_empty()).collect()
}

/// Whether a change says what it changes. One under `no_log` does not, nor one that is too large to be told.
fn is_told(change: &ChangeView) -> bool {
    change.text.is_some() || !change.properties.is_empty()
}

/// What happened to one resource so far.
struct Net {
    /// Its verb is empty where the resource is as it was.
    change: ChangeView,
    /// Whether each change said what it changes. Else nobody can tell that the resource is as it was.
    is_told: bool,
}

impl Net {
    fn follow(&mut self, later: &ChangeView) {
        let Self { change: earlier, is_told: told } = self;
        *told &= is_told(later);
        let created = |verb: &str| matches!(verb, "create" | "install");
        let deleted = |verb: &str| matches!(verb, "delete" | "remove");
        earlier.verb = match (earlier.verb.as_str(), later.verb.as_str()) {
            (first, last) if created(first) && deleted(last) => String::new(),
            (first, last) if deleted(first) && created(last) => "update".to_owned(),
            (first, last) if created(first) && !last.is_empty() => first.to_owned(),
            (_, last) => last.to_owned(),
        };
        earlier.sensitive |= later.sensitive;
        earlier.text = match (earlier.text.take(), &later.text) {
            (Some(first), Some(last)) => Some(TextChange { before: first.before, after: last.after.clone() }),
            (first, last) => first.or_else(|| last.clone()),
        };
        for property in &later.properties {
            follow_property(&mut earlier.properties, property);
        }
        // A text that no change has is one that none touched: each of them told all that it did.
        let same_text = earlier.text.as_ref().is_none_or(|text| is_same(text.before.as_deref(), text.after.as_deref()));
        if earlier.verb == "update" && earlier.properties.is_empty() && same_text && *told {
            earlier.verb.clear();
        }
    }
}

/// Whether a value is known to be what it was.
fn is_same(before: Option<&str>, after: Option<&str>) -> bool {
    before == after && before != Some(KNOWN_AFTER_APPLY)
}

/// A property may have several values (a zone's services), so only a value that is replaced is followed.
fn follow_property(properties: &mut Vec<PropertyChange>, later: &PropertyChange) {
    let same = |earlier: &PropertyChange| earlier.name == later.name && earlier.after == later.before;
    match properties.iter().position(same) {
        // Contents are told by size, or not at all: they may differ all the same.
        Some(index)
            if is_same(properties[index].before.as_deref(), later.after.as_deref()) && later.name != "content" =>
        {
            properties.remove(index);
        }
        Some(index) => properties[index].after.clone_from(&later.after),
        None => properties.push(later.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, HostOutcome, Status};
    use crate::report::samples::{change, event, mixed_run, property, task};

    fn tally(hosts: &[(&str, Vec<ChangeView>)]) -> Tally {
        let names: Vec<String> = hosts.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut tally = Tally::new(&names, false);
        for (host, changes) in hosts {
            let mut result = task("Write", Status::Changed);
            result.changes.clone_from(changes);
            result.actions = changes.iter().take(1).map(|_| "restart postfix.service".to_owned()).collect();
            tally.add(&event(host, Event::TaskFinished(result)));
            tally.add(&event(host, Event::HostFinished { outcome: HostOutcome::Succeeded }));
        }
        tally
    }

    fn shown(look: &Look, tally: &Tally) -> String {
        lines(look, "CHANGES", tally).join("\n")
    }

    #[test]
    fn equal_hosts_are_told_once() {
        let changes = vec![change("package", "postfix", "install"), change("file", "/etc/postfix/main.cf", "update")];
        let other = vec![change("file", "/etc/aliases", "delete")];
        let tally = tally(&[
            ("mx1.example.org", changes.clone()),
            ("mx2.example.org", changes.clone()),
            ("mx3.example.org", other),
            ("mx4.example.org", changes),
            ("mx5.example.org", Vec::new()),
        ]);
        insta::assert_snapshot!(shown(&Look::plain(80), &tally), @r"
        CHANGES
        3 hosts: same 2 changes, 1 action (mx1.example.org, mx2.example.org,
            mx4.example.org)
          + package postfix
          ~ file /etc/postfix/main.cf
          ! restart postfix.service
        mx3.example.org: 1 change, 1 action
          - file /etc/aliases
          ! restart postfix.service
        mx5.example.org: no changes
        ");
        insta::assert_snapshot!(shown(&Look::plain(200), &tally), @r"
        CHANGES
        3 hosts: same 2 changes, 1 action (mx1.example.org, mx2.example.org, mx4.example.org)
          + package postfix
          ~ file /etc/postfix/main.cf
          ! restart postfix.service
        mx3.example.org: 1 change, 1 action
          - file /etc/aliases
          ! restart postfix.service
        mx5.example.org: no changes
        ");
    }

    #[test]
    fn a_failed_run_tells_what_was_taken_back() {
        let mut tally = Tally::new(&["mx1".to_owned(), "mx2".to_owned(), "mx3".to_owned()], false);
        for event in mixed_run() {
            tally.add(&event);
        }
        insta::assert_snapshot!(shown(&Look::plain(80), &tally), @r"
        CHANGES
        mx1: 2 changes, 1 action
          + package postfix  version: 2:3.5.8-7.el8.x86_64
          ~ file /etc/postfix/main.cf
          ! restart postfix.service
        mx2: 1 change, taken back
          + package postfix  version: 2:3.5.8-7.el8.x86_64
        ");
    }

    #[test]
    fn nothing_changed_is_nothing_shown() {
        assert_eq!(shown(&Look::plain(80), &tally(&[("mx1", Vec::new())])), "");
    }

    #[test]
    fn changes_of_one_resource_are_taken_together() {
        let mut created = change("file", "/etc/aliases", "create");
        created.properties = vec![property("mode", None, Some("0644"))];
        created.text = Some(TextChange { before: None, after: Some("a\n".to_owned()) });
        let mut changed = change("file", "/etc/aliases", "update");
        changed.properties = vec![property("mode", Some("0644"), Some("0600"))];
        changed.text = Some(TextChange { before: Some("a\n".to_owned()), after: Some("b\n".to_owned()) });
        let deleted = change("file", "/etc/aliases", "delete");

        let both = net(&[created.clone(), changed.clone()]);
        assert_eq!(both.len(), 1);
        assert_eq!(both[0].verb, "create");
        assert_eq!(both[0].properties, [property("mode", None, Some("0600"))]);
        assert_eq!(both[0].text, Some(TextChange { before: None, after: Some("b\n".to_owned()) }));

        assert_eq!(net(&[created.clone(), changed.clone(), deleted.clone()]), []);
        assert_eq!(net(&[changed, deleted.clone()])[0].verb, "delete");
        assert_eq!(net(&[deleted, created])[0].verb, "update");

        let mut there = change("file", "/etc/aliases", "update");
        there.properties = vec![property("mode", Some("0644"), Some("0600"))];
        let mut back = there.clone();
        back.properties = vec![property("mode", Some("0600"), Some("0644"))];
        assert_eq!(net(&[there, back]), []);

        let mut zone = change("firewall", "public", "update");
        zone.properties = vec![property("service", None, Some("smtp"))];
        let mut more = zone.clone();
        more.properties = vec![property("service", None, Some("smtps"))];
        assert_eq!(net(&[zone, more])[0].properties.len(), 2);
    }

    #[test]
    fn only_what_is_known_to_be_as_it_was_is_left_out() {
        let texts = |before: &str, after: &str| {
            let text = TextChange { before: Some(before.to_owned()), after: Some(after.to_owned()) };
            ChangeView { text: Some(text), ..change("file", "/etc/aliases", "update") }
        };
        let mode = |before: &str, after: &str| {
            let properties = vec![property("mode", Some(before), Some(after))];
            ChangeView { properties, ..change("file", "/etc/aliases", "update") }
        };
        // Under `no_log`, or too large for a frame.
        let untold = || change("file", "/etc/aliases", "update");
        let created = || change("file", "/etc/aliases", "create");
        let deleted = || change("file", "/etc/aliases", "delete");
        for (what, changes, is_left_out) in [
            ("text there and back", vec![texts("a", "b"), texts("b", "a")], true),
            ("mode there and back", vec![mode("0644", "0600"), mode("0600", "0644")], true),
            ("one after the other", vec![texts("a", "b"), texts("b", "a"), mode("1", "2"), mode("2", "1")], true),
            ("back, and changed again", vec![texts("a", "b"), texts("b", "a"), texts("a", "b")], false),
            ("what is not told, twice", vec![untold(), untold()], false),
            ("what is not told in between", vec![mode("0644", "0600"), untold(), mode("0600", "0644")], false),
            ("what is not told at the end", vec![texts("a", "b"), texts("b", "a"), untold()], false),
            ("what is not told, in another's place", vec![deleted(), created()], false),
            ("what is not told, and deleted again", vec![created(), untold(), deleted()], true),
            (
                "a text that only applying can tell",
                vec![texts(KNOWN_AFTER_APPLY, "b"), texts("b", KNOWN_AFTER_APPLY)],
                false,
            ),
            (
                "a mode that only applying can tell",
                vec![mode(KNOWN_AFTER_APPLY, "1"), mode("1", KNOWN_AFTER_APPLY)],
                false,
            ),
        ] {
            assert_eq!(net(&changes).is_empty(), is_left_out, "{what}");
        }
    }
}
