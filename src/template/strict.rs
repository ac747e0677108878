//! What compiled templates get beyond the engine's own strictness.
//!
//! - Attributes of undefined values are undefined where that is welcome: `a.b.c is defined` and
//!   `a.b.c | default(1)` hold as in Ansible when `a` is undefined. Everywhere else they are errors.
//! - Values that are stored in a variable, and products, are measured, so that neither deep nor wide
//!   nesting can exhaust the stack or time where the engine's fuel does not count it.
//! - The result of a bare expression must be defined.
//! - `%` formats where it has text on its left, and otherwise takes the sign of the divisor, both as in Python.
//!
//! They insert or replace instructions, so jumps are moved along.

use std::collections::HashSet;

use minijinja::machinery::{Instruction, Instructions, Span};
use minijinja::value::{DynObject, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State};

use super::survey;
use super::vars;

/// Filters that no template can name.
const ACCESS: &str = "(access)";
const MEASURE: &str = "(measure)";
const REMAINDER: &str = "(remainder)";

/// "Look the filter up by name": the engine caches the first 50 filters of a template by number.
const UNCACHED: u8 = !0;

/// Nesting of a stored value.
const MAX_DEPTH: usize = 60;

/// Elements of a stored value, all levels together.
const MAX_ELEMENTS: usize = 200_000;

/// Teaches the environment the inserted filters.
pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter(ACCESS, access);
    environment.add_filter(MEASURE, measure);
    environment.add_filter(REMAINDER, remainder);
}

/// Rewrites compiled instructions. `result` is the place of the expression whose value is the result.
pub(super) fn harden<'a>(
    instructions: &Instructions<'a>,
    tolerated: &HashSet<(u32, u32)>,
    result: Option<Span>,
) -> Instructions<'a> {
    let mut hardened = Instructions::new(instructions.name(), instructions.source());
    let mut moved = Vec::new();
    let mut next = 0;
    let mut index = 0;
    while let Some(instruction) = instructions.get(index) {
        moved.push(next);
        let span = instructions.get_span(index);
        let line = instructions.get_line(index).and_then(|line| u16::try_from(line).ok()).unwrap_or_default();
        for instruction in replacement(instruction, span.map(survey::range).filter(|range| tolerated.contains(range))) {
            match span {
                Some(span) => hardened.add_with_span(instruction, span),
                None => hardened.add_with_line(instruction, line),
            };
            next += 1;
        }
        index += 1;
    }
    moved.push(next);
    move_jumps(&mut hardened, &moved);
    if let Some(span) = result {
        // Asking an undefined value for its truth is an error, and leaves it as it was.
        for instruction in [Instruction::DupTop, Instruction::Not, Instruction::DiscardTop] {
            hardened.add_with_span(instruction, span);
        }
    }
    hardened
}

fn replacement<'a>(instruction: &Instruction<'a>, tolerated: Option<(u32, u32)>) -> Vec<Instruction<'a>> {
    let measure = Instruction::ApplyFilter(MEASURE, Some(1), UNCACHED);
    let access = Instruction::ApplyFilter(ACCESS, Some(2), UNCACHED);
    match instruction {
        Instruction::GetAttr(name) if tolerated.is_some() => vec![Instruction::LoadConst(Value::from(*name)), access],
        Instruction::GetItem if tolerated.is_some() => vec![access],
        Instruction::StoreLocal(_) => vec![measure, instruction.clone()],
        // The namespace is on top of the value.
        Instruction::SetAttr(_) => vec![Instruction::Swap, measure, Instruction::Swap, instruction.clone()],
        Instruction::Rem => vec![Instruction::ApplyFilter(REMAINDER, Some(2), UNCACHED)],
        Instruction::Mul => vec![instruction.clone(), measure],
        other => vec![other.clone()],
    }
}

fn move_jumps(instructions: &mut Instructions<'_>, moved: &[u32]) {
    let mut index = 0;
    while let Some(instruction) = instructions.get_mut(index) {
        if let Instruction::Jump(target)
        | Instruction::JumpIfFalse(target)
        | Instruction::JumpIfFalseOrPop(target)
        | Instruction::JumpIfTrueOrPop(target)
        | Instruction::Iterate(target)
        | Instruction::BuildMacro(_, target, _) = instruction
            && let Some(new) = usize::try_from(*target).ok().and_then(|old| moved.get(old))
        {
            *target = *new;
        }
        index += 1;
    }
}

/// An attribute or item; of an undefined value, that value itself.
fn access(base: &Value, key: &Value) -> Result<Value, Error> {
    if base.is_undefined() {
        return Ok(base.clone());
    }
    match base.get_item(key) {
        Err(error) if error.kind() == ErrorKind::UndefinedError => Ok(Value::UNDEFINED),
        other => other,
    }
}

/// Python's `%`.
fn remainder(state: &mut State, left: &Value, right: &Value) -> Result<Value, Error> {
    if left.kind() == ValueKind::String {
        let mut arguments = vec![left.clone()];
        match right.kind() {
            ValueKind::Seq => arguments.extend(right.try_iter()?),
            _ => arguments.push(right.clone()),
        }
        return state.apply_filter("format", &arguments);
    }
    let wrong = |message: &str| Error::new(ErrorKind::InvalidOperation, message.to_owned());
    if left.is_undefined() || right.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        let rest = left.checked_rem(right).ok_or_else(|| wrong("division by zero"))?;
        return Ok(Value::from(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }));
    }
    let number =
        |value: &Value| f64::try_from(value.clone()).map_err(|_| wrong("`%` needs numbers, or text on its left"));
    let (left, right) = (number(left)?, number(right)?);
    if right == 0.0 {
        return Err(wrong("division by zero"));
    }
    Ok(Value::from(left - right * (left / right).floor()))
}

/// The value itself, if it is of reasonable size. Templates that are not yet rendered stay so.
fn measure(state: &State, value: Value) -> Result<Value, Error> {
    let mut budget = MAX_ELEMENTS;
    if !fits(&value, 0, &mut budget) {
        return Err(Error::new(ErrorKind::InvalidOperation, "the value is too large or nested too deeply"));
    }
    let visited = MAX_ELEMENTS - budget;
    state.consume_fuel(u64::try_from(visited / 16).unwrap_or(u64::MAX))?;
    Ok(value)
}

fn fits(value: &Value, depth: usize, budget: &mut usize) -> bool {
    if depth > MAX_DEPTH || *budget == 0 {
        return false;
    }
    *budget -= 1;
    if vars::is_lazy(value) {
        return true;
    }
    match value.kind() {
        // Iterators of the engine start anew each time.
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter().is_ok_and(|mut items| items.all(|item| fits(&item, depth + 1, budget)))
        }
        ValueKind::Map => value
            .as_object()
            .and_then(DynObject::try_iter_pairs)
            .is_none_or(|mut entries| entries.all(|(_, item)| fits(&item, depth + 1, budget))),
        _ => true,
    }
}
