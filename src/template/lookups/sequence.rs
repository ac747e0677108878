//! `lookup('sequence', ...)`: numbers as texts (plugins/lookup/sequence.py).

use minijinja::Error;
use minijinja::formatting::{self, FormatStyle};
use minijinja::value::Value;

use super::super::filters::{Arguments, invalid, text_of};

struct Sequence {
    start: i64,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: String,
}

/// `start=1 end=9 stride=2 format=mx%02d`, `count=3`, `1-9/2:mx%02d`, or the same by name.
pub(super) fn numbers(arguments: &mut Arguments<'_>) -> Result<Vec<Value>, Error> {
    let texts = arguments.rest().iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
    let mut sequence = Sequence {
        start: arguments.integer_named("start")?.unwrap_or(1),
        end: arguments.integer_named("end")?,
        count: arguments.integer_named("count")?,
        stride: arguments.integer_named("stride")?,
        format: arguments.text("format")?.unwrap_or_else(|| "%d".to_owned()),
    };
    arguments.end()?;
    for text in &texts {
        if text.contains('=') { sequence.read_pairs(text)? } else { sequence.read_range(text)? }
    }
    sequence.numbers(arguments)
}

fn number(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| invalid("lookup('sequence', ...) needs whole numbers"))
}

impl Sequence {
    fn read_pairs(&mut self, text: &str) -> Result<(), Error> {
        for pair in text.split_whitespace() {
            match pair.split_once('=') {
                Some(("start", value)) => self.start = number(value)?,
                Some(("end", value)) => self.end = Some(number(value)?),
                Some(("count", value)) => self.count = Some(number(value)?),
                Some(("stride", value)) => self.stride = Some(number(value)?),
                Some(("format", value)) => value.clone_into(&mut self.format),
                _ => return Err(invalid("lookup('sequence', ...) knows start, end, count, stride and format")),
            }
        }
        Ok(())
    }

    /// `[start-]end[/stride][:format]`.
    fn read_range(&mut self, text: &str) -> Result<(), Error> {
        let (range, format) = text.split_once(':').map_or((text, None), |(range, format)| (range, Some(format)));
        let (range, stride) = range.split_once('/').map_or((range, None), |(range, stride)| (range, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        self.start = start.map_or(Ok(1), number)?;
        self.end = Some(number(end)?);
        self.stride = stride.map(number).transpose()?;
        if let Some(format) = format {
            format.clone_into(&mut self.format);
        }
        Ok(())
    }

    fn numbers(&self, work: &Arguments<'_>) -> Result<Vec<Value>, Error> {
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
        if self.format.split('%').skip(1).any(|rest| digits(rest) > 3) {
            return Err(invalid("the format is wider than 999 characters"));
        }
        let stride = self.stride.unwrap_or(if self.end.is_some_and(|end| end < self.start) { -1 } else { 1 });
        let end = match (self.end, self.count) {
            (Some(end), None) => end,
            (None, Some(count)) => self.start.saturating_add(stride.saturating_mul(count.saturating_sub(1))),
            _ => return Err(invalid("lookup('sequence', ...) needs either `end` or `count`")),
        };
        let mut numbers = Vec::new();
        let mut next = Some(self.start).filter(|_| self.count != Some(0) && stride != 0);
        while let Some(value) = next.filter(|value| if stride > 0 { *value <= end } else { *value >= end }) {
            work.charge(1)?;
            numbers.push(Value::from(formatting::format(FormatStyle::Printf, &self.format, &[Value::from(value)])?));
            next = value.checked_add(stride);
        }
        Ok(numbers)
    }
}
