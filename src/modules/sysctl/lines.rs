//! The lines of a file that sysctl(8) reads: `name = value`, comments behind `#` and `;` (sysctl.conf(5)).

/// A parameter's name with dots between its parts, whichever way it was written (sysctl.d(5)): where the first
/// separator is a slash, slashes and dots change places.
pub(super) fn canonical(name: &str) -> String {
    let name = name.trim();
    let slashes = name.find(['.', '/']).is_some_and(|at| name[at..].starts_with('/'));
    let swap = |c| match c {
        '/' => '.',
        '.' => '/',
        c => c,
    };
    if slashes { name.chars().map(swap).collect() } else { name.to_owned() }
}

/// The text with the parameter's line in it: the last one counts for sysctl, so that one is edited, and a new one
/// comes last. Without a value all of its lines go. Every other line stays as it is.
pub(super) fn edited(text: &[u8], name: &str, value: Option<&str>) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let Some(value) = value else {
        lines.retain(|line| setting(line).is_none_or(|(found, _)| found != name));
        return lines.concat();
    };
    let new = format!("{name} = {value}\n").into_bytes();
    let last = lines.iter().rposition(|line| setting(line).is_some_and(|(found, _)| found == name));
    match last {
        Some(at) if setting(&lines[at]).is_some_and(|(_, is)| is == value) => {}
        Some(at) => lines[at] = new,
        None => {
            if let Some(line) = lines.last_mut().filter(|line| !line.ends_with(b"\n")) {
                line.push(b'\n');
            }
            lines.push(new);
        }
    }
    lines.concat()
}

/// The name and value that a line sets, if any. A dash in front says that a failure is to be ignored.
fn setting(line: &[u8]) -> Option<(String, String)> {
    let line = std::str::from_utf8(line).ok()?.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    Some((canonical(name.strip_prefix('-').unwrap_or(name)), value))
}
