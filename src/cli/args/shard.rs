//! `--shard K/N`: one part of the hosts, so that many machines can work on an inventory.

use std::fmt;
use std::str::FromStr;

/// The Kth of N parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    part: u32,
    of: u32,
}

impl Shard {
    /// Every Nth host, from the Kth on. What is picked depends on the hosts and their order alone, the parts have no host
    /// in common, and together they have all.
    #[must_use]
    pub fn pick(self, hosts: Vec<String>) -> Vec<String> {
        let picked = hosts.into_iter().zip((0..self.of).cycle()).filter(|(_, part)| part + 1 == self.part);
        picked.map(|(host, _)| host).collect()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Self { part, of }),
            _ => Err("expected K/N with K from 1 to N, as 2/8".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_are_the_whole(hosts in 0..200_usize, of in 1..40_u32) {
            let hosts: Vec<String> = (0..hosts).map(|number| format!("mx{number}")).collect();
            let parts: Vec<_> = (1..=of).map(|part| Shard { part, of }.pick(hosts.clone())).collect();
            let mut all: Vec<String> = parts.concat();
            let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
            all.sort_by_key(|host| hosts.iter().position(|one| one == host));
            prop_assert_eq!(all, hosts);
            prop_assert!(sizes.iter().max().zip(sizes.iter().min()).is_none_or(|(most, least)| most - least <= 1));
        }
    }

    #[test]
    fn a_part_is_written_as_it_is_read() {
        assert_eq!("2/8".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/8".to_owned()));
        for wrong in ["", "2", "0/2", "3/2", "-1/2", "1/0", "a/b", "1/2/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
