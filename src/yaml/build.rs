//! From the parser's events to the tree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_yaml::granit_parser::{Event, Marker, Parser, ScalarStyle, Span as ParserSpan, StrInput, Tag};

use super::{Key, Node, NodeValue, Span, explain, scalar};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vault::Keyring;

/// Nodes in one document, aliases counted in full: stops an alias bomb, and is far above any inventory.
const MAX_NODES: usize = 1_000_000;
/// Levels of lists and mappings: the tree is walked recursively.
const MAX_DEPTH: usize = 64;

/// Reads one document. `file` is the path as shown to the user.
///
/// # Errors
/// The first syntax error, or all duplicate keys and unsupported tags.
pub fn parse(file: &str, text: &str) -> Result<Node, Diagnostics> {
    parse_with(file, text, &Keyring::default(), &mut Vec::new())
}

/// Reads one document whose inline vaults these passwords open. The secrets in them are added to `secrets`.
pub(super) fn parse_with(
    file: &str,
    text: &str,
    keyring: &Keyring,
    secrets: &mut Vec<String>,
) -> Result<Node, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_yaml::granit_parser::options! { emit_comments: false };
    let mut builder = Builder {
        file: Arc::from(file),
        text,
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        nodes: 0,
        problems: Diagnostics::new(),
        keyring,
        secrets,
    };
    match builder.document() {
        Ok(node) => builder.problems.or_ok(node),
        Err(problem) => {
            builder.problems.push(*problem);
            Err(builder.problems)
        }
    }
}

/// What stops the parse; boxed, since it is large.
type Stop = Box<Diagnostic>;

struct Builder<'t> {
    file: Arc<str>,
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Anchor>,
    nodes: usize,
    problems: Diagnostics,
    keyring: &'t Keyring,
    secrets: &'t mut Vec<String>,
}

/// What an alias repeats, with what that costs.
struct Anchor {
    node: Node,
    nodes: usize,
    levels: usize,
}

/// A node with the levels of nesting inside it.
type Built = (Node, usize);

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    let problem = self.problem(&at, "a second YAML document in one file");
                    return Err(Box::new(problem.hint("leave out the `---`, or put it into a file of its own")));
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd
                | Event::Comment(..) => {}
                event => root = Some(self.node(event, at, 0)?.0),
            }
        }
        let nothing = Node { value: NodeValue::Null, span: self.span(&ParserSpan::default()), text_at: (1, 1) };
        Ok(root.unwrap_or(nothing))
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, ParserSpan)>, Stop> {
        let next = self.parser.next().transpose();
        next.map_err(|error| Box::new(explain::syntax_error(&self.file, self.text, &error)))
    }

    /// The next event inside a list or mapping; the parser closes all of them before the stream ends.
    fn next_inside(&mut self, outer: &ParserSpan) -> Result<(Event<'t>, ParserSpan), Stop> {
        self.next()?.ok_or_else(|| Box::new(self.problem(outer, "the file ends inside this")))
    }

    fn node(&mut self, event: Event<'t>, at: ParserSpan, depth: usize) -> Result<Built, Stop> {
        if depth > MAX_DEPTH {
            return Err(Box::new(self.problem(&at, format!("more than {MAX_DEPTH} levels of nesting"))));
        }
        self.count(1, &at)?;
        let before = self.nodes;
        let (value, text_at, anchor, levels) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text_at = text_start(&text, style, &at.start);
                (self.scalar(&text, style, tag.as_deref(), &at), text_at, anchor, 0)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", &at);
                let (items, levels) = self.sequence(&at, depth)?;
                (NodeValue::Seq(items), position(&at.start), anchor, levels)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", &at);
                let (entries, levels) = self.mapping(&at, depth)?;
                (NodeValue::Map(entries), position(&at.start), anchor, levels)
            }
            Event::Alias(id) => return self.alias(id, &at, depth),
            _ => return Err(Box::new(self.problem(&at, "expected a value"))),
        };
        let node = Node { value, span: self.span(&at), text_at };
        if anchor != 0 {
            let nodes = self.nodes - before + 1;
            self.anchors.insert(anchor, Anchor { node: node.clone(), nodes, levels });
        }
        Ok((node, levels))
    }

    fn sequence(&mut self, at: &ParserSpan, depth: usize) -> Result<(Vec<Node>, usize), Stop> {
        let (mut items, mut levels) = (Vec::new(), 0);
        loop {
            let (event, inner) = self.next_inside(at)?;
            if event == Event::SequenceEnd {
                return Ok((items, levels + 1));
            }
            let (item, below) = self.node(event, inner, depth + 1)?;
            levels = levels.max(below);
            items.push(item);
        }
    }

    fn mapping(&mut self, at: &ParserSpan, depth: usize) -> Result<(Vec<(Key, Node)>, usize), Stop> {
        let (mut entries, mut levels) = (Vec::new(), 0);
        let mut known: HashMap<String, Span> = HashMap::new();
        let mut merges = Vec::new();
        loop {
            let (event, inner) = self.next_inside(at)?;
            if event == Event::MappingEnd {
                merge(&mut entries, &known, merges);
                return Ok((entries, levels + 1));
            }
            let key = self.key(event, inner)?;
            let (event, inner) = self.next_inside(at)?;
            let (value, below) = self.node(event, inner, depth + 1)?;
            levels = levels.max(below);
            if key.name == "<<" {
                merges.push(Self::merge_sources(value)?);
            } else if let Some(first) = known.get(&key.name) {
                let problem = key.problem(format!("the key `{}` is here twice", key.name));
                self.problems.push(problem.label("again here").related(first.origin(), "first here"));
            } else {
                known.insert(key.name.clone(), key.span.clone());
                entries.push((key, value));
            }
        }
    }

    fn key(&mut self, event: Event<'t>, at: ParserSpan) -> Result<Key, Stop> {
        let name = match event {
            // The parser gives `~` for a key that is not there.
            Event::Scalar(text, _, _, _) if !at.is_empty() => text.into_owned(),
            Event::Scalar(..) => return Err(Box::new(self.problem(&at, "a key is missing before this `:`"))),
            Event::Alias(id) => match self.alias(id, &at, 0)?.0.scalar_text() {
                Some(text) => text,
                None => return Err(Box::new(self.problem(&at, "a key must be text"))),
            },
            _ => {
                let problem = self.problem(&at, "a key must be text, not a list or mapping");
                return Err(Box::new(explain::braces(problem, self.text)));
            }
        };
        Ok(Key { name, span: self.span(&at) })
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: &ParserSpan) -> NodeValue {
        let text_value = || NodeValue::Str(text.to_owned());
        match tag {
            None if style == ScalarStyle::Plain => scalar::resolve(text),
            None => text_value(),
            Some(tag) if tag.is_yaml_core_schema_tag("str") => text_value(),
            Some(tag) if ["!vault", "!vault-encrypted"].contains(&tag.original().as_str()) => self.vault(text, at),
            Some(tag) if tag.original() == "!unsafe" => NodeValue::Str(literal(text)),
            Some(tag) => {
                self.unsupported_tag(tag, at);
                text_value()
            }
        }
    }

    /// The text of an inline vault.
    fn vault(&mut self, text: &str, at: &ParserSpan) -> NodeValue {
        let opened = match self.keyring.open(text) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()),
            Err(error) => {
                let problem = self.problem(at, format!("this vault cannot be used: failed to {error}"));
                self.problems.push(problem.maybe_hint(error.hint().map(str::to_owned)));
                return NodeValue::Null;
            }
        };
        match opened {
            Ok(text) => {
                self.secrets.push(text.clone());
                NodeValue::Str(text)
            }
            Err(why) => {
                let problem = self.problem(at, format!("this vault cannot be used: {why}"));
                self.problems.push(problem);
                NodeValue::Null
            }
        }
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, expected: &str, at: &ParserSpan) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag(expected)) {
            self.unsupported_tag(tag, at);
        }
    }

    fn unsupported_tag(&mut self, tag: &Tag, at: &ParserSpan) {
        let name = tag.original();
        let at = at.tag_span().unwrap_or(*at);
        let problem = self.problem(&at, format!("the tag `{name}` is not supported yet"));
        self.problems.push(problem.hint("leave the tag out; quotes make a value text"));
    }

    fn alias(&mut self, id: usize, at: &ParserSpan, depth: usize) -> Result<Built, Stop> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err(Box::new(self.problem(at, "an alias inside the very node that it repeats")));
        };
        let (nodes, levels) = (anchor.nodes, anchor.levels);
        self.count(nodes, at)?;
        if depth + levels > MAX_DEPTH {
            return Err(Box::new(self.problem(at, format!("more than {MAX_DEPTH} levels of nesting"))));
        }
        let node = self.anchors.get(&id).map(|anchor| anchor.node.clone());
        node.map(|node| (node, levels)).ok_or_else(|| Box::new(self.problem(at, "an unknown alias")))
    }

    fn count(&mut self, nodes: usize, at: &ParserSpan) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let problem = self.problem(at, format!("more than {MAX_NODES} values in one file"));
            return Err(Box::new(problem.note("an alias counts as all that it repeats")));
        }
        Ok(())
    }

    /// The mappings that a `<<` names.
    fn merge_sources(value: Node) -> Result<Vec<(Key, Node)>, Stop> {
        let wrong = |node: &Node| Box::new(node.expected("a mapping, or a list of mappings, to merge"));
        match value.value {
            NodeValue::Map(entries) => Ok(entries),
            NodeValue::Seq(items) => {
                let mut all = Vec::new();
                for item in items {
                    match item.value {
                        NodeValue::Map(entries) => all.extend(entries),
                        _ => return Err(wrong(&item)),
                    }
                }
                Ok(all)
            }
            _ => Err(wrong(&value)),
        }
    }

    fn problem(&self, at: &ParserSpan, message: impl Into<String>) -> Diagnostic {
        let span = self.span(at);
        Diagnostic::new(message).at(span.origin(), span.length)
    }

    fn span(&self, at: &ParserSpan) -> Span {
        let (line, column) = position(&at.start);
        let first_line = at.slice(self.text).and_then(|text| text.lines().next()).unwrap_or_default();
        let length = u32::try_from(first_line.trim_end().chars().count()).unwrap_or(u32::MAX).max(1);
        Span { file: Arc::clone(&self.file), line, column, length }
    }
}

/// A text that is no template, whatever is in it, as a template.
fn literal(text: &str) -> String {
    if !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
        return text.to_owned();
    }
    format!("{{{{ {} }}}}", serde_json::Value::from(text))
}

/// Merged keys stand behind the mapping's own and never replace one; of two sources the first wins.
fn merge(entries: &mut Vec<(Key, Node)>, known: &HashMap<String, Span>, sources: Vec<Vec<(Key, Node)>>) {
    let mut seen = HashSet::new();
    for (key, value) in sources.into_iter().flatten() {
        if !known.contains_key(&key.name) && seen.insert(key.name.clone()) {
            entries.push((key, value));
        }
    }
}

/// Line and column from 1.
pub(super) fn position(marker: &Marker) -> (u32, u32) {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    (number(marker.line()).max(1), number(marker.col()).saturating_add(1))
}

/// Where the first character of a text stands: behind the quote; in a block, at the first line even if it is empty.
fn text_start(text: &str, style: ScalarStyle, start: &Marker) -> (u32, u32) {
    let (line, column) = position(start);
    match style {
        ScalarStyle::Plain => (line, column),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (line, column + 1),
        ScalarStyle::Literal | ScalarStyle::Folded => {
            let empty = text.chars().take_while(|&c| c == '\n').count();
            (line.saturating_sub(u32::try_from(empty).unwrap_or(0)).max(1), column)
        }
    }
}
