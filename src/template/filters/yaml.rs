//! A YAML emitter for `to_yaml` that writes what `PyYAML` writes (yaml/emitter.py, yaml/representer.py).

mod scalar;

use serde_json::Value;

use scalar::Style;

/// How to lay out.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Columns that a level stands further in.
    pub(super) indent: usize,
    /// Columns after which a line is broken at a space.
    pub(super) width: usize,
    /// Whether all, none, or (`None`) those collections that hold no others are written in brackets.
    pub(super) flow: Option<bool>,
}

/// The value as a YAML document, with a newline at its end.
pub(super) fn dump(value: &Value, layout: Layout) -> String {
    let mut emitter = Emitter { layout, text: String::new(), column: 0, whitespace: true, indention: true };
    emitter.node(value, Place { indent: None, in_list: false, key: false, flow: false });
    if emitter.column > 0 {
        emitter.line_break();
    }
    emitter.text
}

/// Where a node is to be written.
#[derive(Clone, Copy)]
struct Place {
    /// The column of the collection around it; `None` at the root.
    indent: Option<usize>,
    /// Whether that is a list.
    in_list: bool,
    /// Whether it is a key that must fit on its line.
    key: bool,
    /// Whether it is inside brackets.
    flow: bool,
}

struct Emitter {
    layout: Layout,
    text: String,
    column: usize,
    /// The last character was white space, or there is none.
    whitespace: bool,
    /// There are only spaces and indicators of lists on the line.
    indention: bool,
}

impl Emitter {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn line_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.whitespace = true;
        self.indention = true;
    }

    /// Goes to a column, on a new line if this one is in use.
    fn write_indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        if self.column < indent {
            self.put(&" ".repeat(indent - self.column));
            self.whitespace = true;
        }
    }

    fn indicator(&mut self, indicator: &str, space_before: bool, whitespace: bool, indention: bool) {
        if !self.whitespace && space_before {
            self.put(" ");
        }
        self.put(indicator);
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
    }

    fn node(&mut self, value: &Value, place: Place) {
        match value {
            Value::Array(items) if items.is_empty() => self.indicator("[]", true, false, false),
            Value::Object(entries) if entries.is_empty() => self.indicator("{}", true, false, false),
            Value::Array(_) | Value::Object(_) if place.flow || self.in_brackets(value) => self.flow(value, place),
            Value::Array(items) => self.list(items, place),
            Value::Object(entries) => self.mapping(entries, place),
            scalar => self.scalar(scalar, place),
        }
    }

    fn in_brackets(&self, value: &Value) -> bool {
        let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
        self.layout.flow.unwrap_or_else(|| match value {
            Value::Array(items) => items.iter().all(is_scalar),
            Value::Object(entries) => entries.values().all(is_scalar),
            _ => false,
        })
    }

    fn deeper(&self, place: Place, otherwise: usize) -> usize {
        place.indent.map_or(otherwise, |indent| indent + self.layout.indent)
    }

    fn list(&mut self, items: &[Value], place: Place) {
        // A list that is a mapping's value stands as far in as the mapping.
        let indentless = place.indent.is_some() && !place.in_list && !self.indention;
        let indent = if indentless { place.indent.unwrap_or(0) } else { self.deeper(place, 0) };
        for item in items {
            self.write_indent(indent);
            self.indicator("-", true, false, true);
            self.node(item, Place { indent: Some(indent), in_list: true, key: false, flow: false });
        }
    }

    fn mapping(&mut self, entries: &serde_json::Map<String, Value>, place: Place) {
        let indent = self.deeper(place, 0);
        for (key, value) in entries {
            self.write_indent(indent);
            let inside = Place { indent: Some(indent), in_list: false, key: false, flow: false };
            if scalar::fits_as_key(key) {
                self.text_scalar(key, Place { key: true, ..inside });
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.text_scalar(key, inside);
                self.write_indent(indent);
                self.indicator(":", true, false, true);
            }
            self.node(value, inside);
        }
    }

    /// In brackets; lines are broken between elements.
    fn flow(&mut self, value: &Value, place: Place) {
        let indent = self.deeper(place, self.layout.indent);
        let inside = Place { indent: Some(indent), in_list: false, key: false, flow: true };
        let (open, close) = if value.is_array() { ("[", "]") } else { ("{", "}") };
        self.indicator(open, true, true, false);
        let keys = value.as_object().map(|entries| entries.keys().collect::<Vec<_>>());
        let values: Vec<&Value> = match value {
            Value::Object(entries) => entries.values().collect(),
            _ => value.as_array().into_iter().flatten().collect(),
        };
        for (index, item) in values.iter().enumerate() {
            if index > 0 {
                self.indicator(",", false, false, false);
            }
            if self.column > self.layout.width {
                self.write_indent(indent);
            }
            if let Some(key) = keys.as_ref().and_then(|keys| keys.get(index)) {
                if scalar::fits_as_key(key) {
                    self.text_scalar(key, Place { key: true, ..inside });
                    self.indicator(":", false, false, false);
                } else {
                    self.indicator("?", true, false, false);
                    self.text_scalar(key, inside);
                    self.indicator(":", true, false, false);
                }
            }
            self.node(item, inside);
        }
        self.indicator(close, false, false, false);
    }

    fn scalar(&mut self, value: &Value, place: Place) {
        match value {
            Value::Null => self.plain("null", false, 0),
            Value::Bool(value) => self.plain(&value.to_string(), false, 0),
            Value::Number(number) => self.plain(&scalar::number(number), false, 0),
            Value::String(text) => self.text_scalar(text, place),
            Value::Array(_) | Value::Object(_) => {}
        }
    }

    fn text_scalar(&mut self, text: &str, place: Place) {
        let indent = self.deeper(place, self.layout.indent);
        let split = !place.key;
        match scalar::style(text, place.flow, place.key) {
            Style::Plain => self.plain(text, split, indent),
            Style::Single => self.single_quoted(text, split, indent),
            Style::Double => self.double_quoted(text, split, indent),
        }
    }

    /// Text without line breaks, broken at single spaces where a line is too long.
    fn plain(&mut self, text: &str, split: bool, indent: usize) {
        if !self.whitespace {
            self.put(" ");
        }
        self.whitespace = false;
        self.indention = false;
        for (index, word) in text.split(' ').enumerate() {
            // Only between two words: next to another space the place of the break could not be told.
            if index > 0 {
                let single = !word.is_empty() && !self.text.ends_with(' ');
                if split && single && self.column > self.layout.width {
                    self.write_indent(indent);
                    self.whitespace = false;
                    self.indention = false;
                } else {
                    self.put(" ");
                }
            }
            self.put(word);
        }
    }

    fn single_quoted(&mut self, text: &str, split: bool, indent: usize) {
        self.indicator("'", true, false, false);
        let characters: Vec<char> = text.chars().collect();
        let mut index = 0;
        while let Some(&character) = characters.get(index) {
            if character == ' ' {
                let end = characters[index..].iter().position(|c| *c != ' ').map_or(characters.len(), |n| index + n);
                let single = end - index == 1 && index > 0 && end < characters.len();
                if single && split && self.column > self.layout.width {
                    self.write_indent(indent);
                } else {
                    self.put(&" ".repeat(end - index));
                }
                index = end;
            } else if character == '\n' {
                let end = characters[index..].iter().position(|c| *c != '\n').map_or(characters.len(), |n| index + n);
                // One more than there are, since a lone one reads as a space.
                for _ in index..=end {
                    self.line_break();
                }
                self.write_indent(indent);
                index = end;
            } else {
                self.put(character.encode_utf8(&mut [0; 4]));
                if character == '\'' {
                    self.put("'");
                }
                self.whitespace = false;
                self.indention = false;
                index += 1;
            }
        }
        self.indicator("'", false, false, false);
    }

    fn double_quoted(&mut self, text: &str, split: bool, indent: usize) {
        self.indicator("\"", true, false, false);
        let characters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, &character) in characters.iter().enumerate() {
            if character == ' ' {
                let inside = index > 0 && index + 1 < characters.len();
                if split && !after_space && inside && self.column > self.layout.width {
                    self.write_indent(indent);
                    self.whitespace = false;
                    self.indention = false;
                    if characters.get(index + 1) == Some(&' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
            } else {
                let escaped = scalar::escape(character);
                self.put(&escaped);
            }
            after_space = character == ' ';
        }
        self.indicator("\"", false, false, false);
    }
}
