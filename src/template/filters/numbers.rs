//! Arithmetic, and amounts of bytes for people.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::super::environment::Registry;
use super::{Arguments, invalid, text_of, undefined};

pub(super) fn register(registry: &mut Registry) {
    registry.filter("log", |value, arguments| {
        let base = arguments.value("base")?;
        arguments.end()?;
        let value = operand(value)?;
        finite(match base {
            None => value.ln(),
            Some(base) if base.as_i64() == Some(10) => value.log10(),
            Some(base) => value.ln() / operand(&base)?.ln(),
        })
    });
    registry.filter("pow", |value, arguments| {
        let exponent = operand(&arguments.need("y")?)?;
        arguments.end()?;
        finite(operand(value)?.powf(exponent))
    });
    registry.filter("root", |value, arguments| {
        let base = arguments.value("base")?;
        arguments.end()?;
        let value = operand(value)?;
        finite(match base {
            Some(base) if base.as_i64() != Some(2) => value.powf(1.0 / operand(&base)?),
            _ => value.sqrt(),
        })
    });
    registry.filter("human_readable", human_readable);
    registry.filter("human_to_bytes", human_to_bytes);
    registry.filter("filesizeformat", filesizeformat);
}

fn operand(value: &Value) -> Result<f64, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Bool => Ok(f64::from(u8::from(value.is_true()))),
        _ => f64::try_from(value.clone()).map_err(|_| invalid("a number is needed")),
    }
}

fn finite(value: f64) -> Result<Value, Error> {
    if value.is_finite() { Ok(Value::from(value)) } else { Err(invalid("the result is not a number")) }
}

/// Ansible's units, which are powers of 1024 whatever their names say.
const UNITS: [(char, u32); 8] =
    [('Y', 80), ('Z', 70), ('E', 60), ('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10)];

fn power(exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * 2.0)
}

fn human_readable(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let bits = arguments.flag("isbits", false)?;
    let unit = arguments.text("unit")?;
    arguments.end()?;
    let size = operand(value)?;
    let base = if bits { "bits" } else { "Bytes" };
    let wanted = unit.as_deref().and_then(|unit| unit.chars().next()).map(|first| first.to_ascii_uppercase());
    let chosen = UNITS.iter().find(|(name, exponent)| match wanted {
        Some(wanted) => *name == wanted,
        None => size >= power(*exponent),
    });
    Ok(match chosen {
        Some((name, exponent)) => {
            let unit = if bits { 'b' } else { 'B' };
            format!("{:.2} {name}{unit}", size / power(*exponent))
        }
        None => format!("{size:.2} {base}"),
    })
}

fn human_to_bytes(value: &Value, arguments: &mut Arguments<'_>) -> Result<Value, Error> {
    let default_unit = arguments.text("default_unit")?;
    let bits = arguments.flag("isbits", false)?;
    arguments.end()?;
    let text = text_of(value)?;
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    let number: f64 = number.parse().map_err(|_| invalid("an amount begins with a number: '10 MB'"))?;
    let unit = if unit.is_empty() { default_unit.unwrap_or_default() } else { unit.to_owned() };
    let first = unit.chars().next().map(|first| first.to_ascii_uppercase());
    let exponent = match first {
        None | Some('B') => 0,
        Some(first) => {
            let known = UNITS.iter().find(|(name, _)| *name == first).map(|(_, exponent)| *exponent);
            known.ok_or_else(|| invalid("the unit must be one of B, K, M, G, T, P, E, Z and Y"))?
        }
    };
    if unit.len() > 1 && !bits && unit.get(1..2).is_some_and(|second| second == "b") {
        return Err(invalid("the unit is one of bits: say isbits=true, or write `B`"));
    }
    whole((number * power(exponent)).round())
}

/// A whole number of bytes. Above 2^63 there is no disk.
fn whole(value: f64) -> Result<Value, Error> {
    let text = format!("{value:.0}");
    text.parse::<i64>().map(Value::from).map_err(|_| invalid("the amount is too large"))
}

/// Jinja's.
fn filesizeformat(value: &Value, arguments: &mut Arguments<'_>) -> Result<String, Error> {
    let binary = arguments.flag("binary", false)?;
    arguments.end()?;
    let one = value.as_i64() == Some(1);
    let bytes = operand(value)?;
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if one {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{bytes:.0} Bytes"));
    }
    let mut unit = base;
    for name in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
        if bytes < unit * base || name == "Y" {
            let name = if binary { format!("{}iB", name.to_uppercase()) } else { format!("{name}B") };
            return Ok(format!("{:.1} {name}", bytes / unit));
        }
        unit *= base;
    }
    Ok(format!("{bytes:.0} Bytes"))
}
