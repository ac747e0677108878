//! `mail[01:20].example.com` and `db-[a:c]`.

/// Hosts that one key may stand for.
const MAX_HOSTS: usize = 100_000;

/// All names that a key stands for, in order. A key without a range stands for itself.
///
/// # Errors
/// Why the range cannot be read, as a lower-case fragment.
pub(super) fn expand(key: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = key;
    while let Some((head, body, tail)) = next_range(rest)? {
        let items = items(body)?;
        if names.len().saturating_mul(items.len()) > MAX_HOSTS {
            return Err(format!("the range stands for more than {MAX_HOSTS} hosts"));
        }
        let extended = |name: &String| items.iter().map(|item| format!("{name}{head}{item}")).collect::<Vec<_>>();
        names = names.iter().flat_map(extended).collect();
        rest = tail;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// The text before, inside and behind the next pair of brackets.
fn next_range(text: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let Some((head, rest)) = text.split_once('[') else {
        return if text.contains(']') { Err("a `]` without its `[`".to_owned()) } else { Ok(None) };
    };
    let (body, tail) = rest.split_once(']').ok_or("a `[` without its `]`")?;
    Ok(Some((head, body, tail)))
}

fn items(body: &str) -> Result<Vec<String>, String> {
    let mut parts = body.split(':');
    let (Some(begin), Some(end), step, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(format!("`[{body}]` is no range: expected [first:last] or [first:last:step]"));
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    let step = match step.map(str::parse::<usize>) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(format!("the step of `[{body}]` must be a whole number above 0")),
    };
    if end.is_empty() {
        return Err(format!("`[{body}]` has no end"));
    }
    match (letter(begin), letter(end)) {
        (Some(first), Some(last)) => letters(first, last, step, body),
        _ => numbers(begin, end, step, body),
    }
}

fn letter(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|c| c.is_ascii_alphabetic() && characters.next().is_none())
}

fn letters(first: char, last: char, step: usize, body: &str) -> Result<Vec<String>, String> {
    // Python's `string.ascii_letters`: small letters come before capitals.
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').collect();
    let place = |letter: char| letters.iter().position(|&known| known == letter);
    let between = place(first).zip(place(last)).and_then(|(first, last)| letters.get(first..=last));
    match between {
        Some(between) if !between.is_empty() => Ok(between.iter().step_by(step).map(ToString::to_string).collect()),
        _ => Err(format!("`[{body}]` ends before it begins")),
    }
}

fn numbers(begin: &str, end: &str, step: usize, body: &str) -> Result<Vec<String>, String> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (Some(first), Some(last)) = (number(begin), number(end)) else {
        return Err(format!("`[{body}]` must be a range of whole numbers or of single letters"));
    };
    let padded = begin.len() > 1 && begin.starts_with('0');
    if padded && begin.len() != end.len() {
        return Err(format!(
            "both ends of `[{body}]` must have the same number of digits, since the first starts with 0"
        ));
    }
    if first > last {
        return Err(format!("`[{body}]` ends before it begins"));
    }
    if usize::try_from((last - first) / step as u64).map_or(true, |count| count >= MAX_HOSTS) {
        return Err(format!("the range stands for more than {MAX_HOSTS} hosts"));
    }
    let width = if padded { begin.len() } else { 0 };
    Ok((first..=last).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::expand;

    #[test]
    fn ranges_expand_as_in_ansible() {
        for (key, expected) in [
            ("mail.example.com", vec!["mail.example.com"]),
            ("mail[1:3]", vec!["mail1", "mail2", "mail3"]),
            ("mail[08:11].x", vec!["mail08.x", "mail09.x", "mail10.x", "mail11.x"]),
            ("db-[a:c]", vec!["db-a", "db-b", "db-c"]),
            ("m[y:B]", vec!["my", "mz", "mA", "mB"]),
            ("m[:2]", vec!["m0", "m1", "m2"]),
            ("m[1:9:4]", vec!["m1", "m5", "m9"]),
            ("[a:b][1:2]", vec!["a1", "a2", "b1", "b2"]),
        ] {
            assert_eq!(
                expand(key).as_deref(),
                Ok(expected.iter().map(|&s| s.to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
    }

    #[test]
    fn bad_ranges_say_why() {
        for (key, why) in [
            ("m[3:1]", "ends before it begins"),
            ("m[c:a]", "ends before it begins"),
            ("m[B:a]", "ends before it begins"),
            ("m[01:100]", "same number of digits"),
            ("m[1:]", "has no end"),
            ("m[1:2:0]", "above 0"),
            ("m[1]", "no range"),
            ("m[1:x]", "whole numbers or of single letters"),
            ("m[1:2", "without its `]`"),
            ("m1:2]", "without its `[`"),
            ("m[0:999999]", "more than 100000"),
            ("m[0:999][0:999]", "more than 100000"),
            ("m[0:99999999999999999999]", "whole numbers"),
        ] {
            let error = expand(key).err().unwrap_or_default();
            assert!(error.contains(why), "{key}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_padded_range_has_names_of_one_length(first in 0_u32..500, count in 1_u32..50) {
            let last = first + count - 1;
            let names = expand(&format!("h[{first:04}:{last:04}]")).unwrap_or_default();
            prop_assert_eq!(names.len(), count as usize);
            prop_assert!(names.iter().all(|name| name.len() == 5));
        }

        #[test]
        fn no_key_panics(key in "[-a-c0-9:\\[\\].]{0,20}") {
            let _ = expand(&key);
        }
    }
}
