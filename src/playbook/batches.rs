//! `serial`: which hosts go together.

use crate::diagnostic::Diagnostics;
use crate::yaml::{Node, NodeValue};

/// One size of `serial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Hosts(usize),
    Percent(usize),
}

/// The sizes of the batches, the last one repeating; empty for all hosts at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Serial(Vec<Size>);

impl Serial {
    /// A number, a percentage, or a list of them.
    pub(super) fn read(node: Option<&Node>, problems: &mut Diagnostics) -> Self {
        let Some(node) = node else { return Self::default() };
        let items = match &node.value {
            NodeValue::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut sizes = Vec::new();
        for item in items {
            match size(item) {
                Some(size) => sizes.push(size),
                None => problems.push(item.problem("expected a number of hosts or a percentage, as in `serial: 25%`")),
            }
        }
        Self(sizes)
    }

    /// The hosts in their batches.
    pub(super) fn batches(&self, hosts: &[String]) -> Vec<Vec<String>> {
        let mut rest = hosts;
        let mut batches = Vec::new();
        let mut sizes = self.0.iter();
        let mut size = hosts.len();
        while !rest.is_empty() {
            size = match sizes.next() {
                Some(Size::Hosts(count)) => *count,
                // As in Ansible: of all hosts, rounded down, and at least one.
                Some(Size::Percent(percent)) => hosts.len().saturating_mul(*percent) / 100,
                None => size,
            }
            .clamp(1, rest.len().max(size));
            let (batch, behind) = rest.split_at(size.min(rest.len()));
            batches.push(batch.to_vec());
            rest = behind;
        }
        batches
    }
}

fn size(node: &Node) -> Option<Size> {
    match &node.value {
        NodeValue::Int(number) => usize::try_from(*number).ok().filter(|&number| number > 0).map(Size::Hosts),
        NodeValue::Str(text) => match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim().parse().ok();
                percent.filter(|percent| (1..=100).contains(percent)).map(Size::Percent)
            }
            None => text.trim().parse().ok().filter(|&number| number > 0).map(Size::Hosts),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("h{number}")).collect()
    }

    #[test]
    fn batches_have_the_sizes_that_ansible_gives_them() {
        use Size::{Hosts, Percent};
        for (serial, count, expected) in [
            (vec![], 5, vec![5]),
            (vec![Hosts(2)], 5, vec![2, 2, 1]),
            (vec![Percent(30)], 10, vec![3, 3, 3, 1]),
            (vec![Percent(10)], 3, vec![1, 1, 1]),
            (vec![Hosts(1), Percent(50)], 8, vec![1, 4, 3]),
            (vec![Hosts(9)], 5, vec![5]),
            (vec![], 0, vec![]),
        ] {
            let sizes: Vec<_> = Serial(serial.clone()).batches(&hosts(count)).iter().map(Vec::len).collect();
            assert_eq!(sizes, expected, "{serial:?} of {count}");
        }
    }

    proptest! {
        #[test]
        fn every_host_is_in_one_batch(sizes in prop::collection::vec(1_usize..200, 0..4), count in 0_usize..40) {
            let serial = Serial(sizes.iter().map(|&n| if n > 100 { Size::Hosts(n - 100) } else { Size::Percent(n) }).collect());
            prop_assert_eq!(serial.batches(&hosts(count)).concat(), hosts(count));
        }
    }
}
