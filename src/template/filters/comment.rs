//! Ansible's `comment`, for `{{ ansible_managed | comment }}`.

use minijinja::Error;
use minijinja::value::Value;

use super::super::environment::Registry;
use super::{Arguments, invalid, text_of};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("comment", comment);
}

/// Decoration of a comment: what comes before each line, and around all.
struct Style {
    beginning: &'static str,
    decoration: &'static str,
    end: &'static str,
}

fn style(name: &str) -> Option<Style> {
    let (beginning, decoration, end) = match name {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        _ => return None,
    };
    Some(Style { beginning, decoration, end })
}

/// Ansible's `comment`, for `{{ ansible_managed | comment }}`: a line of decoration, the text with each
/// line decorated, a line of decoration.
fn comment(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let name = arguments.text("style")?.unwrap_or_else(|| "plain".to_owned());
    let style = style(&name).ok_or_else(|| invalid("the style must be plain, erlang, c, cblock or xml"))?;
    let decoration = arguments.text("decoration")?.unwrap_or_else(|| style.decoration.to_owned());
    let beginning = arguments.text("beginning")?.unwrap_or_else(|| style.beginning.to_owned());
    let end = arguments.text("end")?.unwrap_or_else(|| style.end.to_owned());
    let prefix = arguments.text("prefix")?.unwrap_or_else(|| decoration.trim_end().to_owned());
    let postfix = arguments.text("postfix")?.unwrap_or_else(|| decoration.trim_end().to_owned());
    arguments.end()?;
    let text = text_of(value)?;
    let body = text.split('\n').enumerate().map(|(index, line)| {
        let last = index == text.matches('\n').count();
        if line.is_empty() && !last { decoration.trim_end().to_owned() } else { format!("{decoration}{line}") }
    });
    let mut lines: Vec<String> = [beginning, prefix].into_iter().filter(|line| !line.is_empty()).collect();
    lines.extend(body);
    lines.push(postfix);
    lines.extend(Some(end).filter(|line| !line.is_empty()));
    Ok(lines.join("\n"))
}
