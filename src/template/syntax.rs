//! Parsing: which of the engine's grammars a text is in.

use minijinja::machinery::ast::{EmitExpr, Expr, Spanned, Stmt};
use minijinja::machinery::{Token, parse, parse_expr, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind};

/// Offsets in the engine have 32 bits; this leaves room, and no template for a mail server comes near.
const MAX_BYTES: usize = 4 << 20;

/// Operators in one tag.
const MAX_LINKS: usize = 500;

/// Items of lists, mappings and arguments in one tag; the engine counts arguments in 16 bits.
const MAX_ITEMS: usize = 20_000;

/// `elif` in one template.
const MAX_BRANCHES: usize = 200;

/// A parsed source.
pub(super) enum Tree<'a> {
    /// Text with tags.
    Text(Stmt<'a>),
    /// A bare expression.
    Expression(Expr<'a>),
}

/// As Ansible sets Jinja up: block tags swallow one newline after them. The engine would drop the last
/// newline of a template, Ansible puts it back.
pub(super) fn config() -> Result<SyntaxConfig, Error> {
    SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build()
}

/// Parses text with tags.
pub(super) fn parse_text(text: &str) -> Result<Tree<'_>, Error> {
    measure(text, false)?;
    parse(text, "template", config()?).map(Tree::Text)
}

/// Parses a bare expression, or one in `{{ ... }}`.
pub(super) fn parse_expression(text: &str) -> Result<Tree<'_>, Error> {
    measure(text, true)?;
    if text.trim_start().starts_with("{{")
        && let Ok(tree) = parse_text(text)
        && tree.only_expression().is_some()
    {
        return Ok(tree);
    }
    parse_expr(text).map(Tree::Expression)
}

/// Refuses what would exhaust the stack: the parser, the compiler and dropping the tree all recurse over
/// chains of operators and of `elif`, which the engine's own nesting limit does not count.
fn measure(text: &str, expression: bool) -> Result<(), Error> {
    let refuse = |what: &str| Err(Error::new(ErrorKind::SyntaxError, what.to_owned()));
    if text.len() > MAX_BYTES {
        return refuse("the template is larger than 4 MiB");
    }
    if !expression && text.starts_with("#jinja2:") {
        return refuse("a `#jinja2:` line cannot change the syntax here: Ansible's defaults hold");
    }
    let (mut links, mut branches, mut arguments) = (0, 0, 0);
    for token in tokenize(text, expression, config()?) {
        // The parser reports it with its place.
        let Ok((token, _)) = token else { break };
        match token {
            Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => (links, arguments) = (0, 0),
            Token::Ident("elif") => branches += 1,
            Token::Comma | Token::Colon => arguments += 1,
            Token::Ident("and" | "or" | "not" | "if" | "else" | "is" | "in") => links += 1,
            Token::Ident(_)
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_)
            | Token::VariableEnd
            | Token::BlockEnd => {}
            _ => links += 1,
        }
        if links > MAX_LINKS {
            return refuse("the expression has too many operators");
        }
        if arguments > MAX_ITEMS {
            return refuse("the expression has too many items");
        }
        if branches > MAX_BRANCHES {
            return refuse("the template has too many branches");
        }
    }
    Ok(())
}

impl<'a> Tree<'a> {
    /// The expression that is all of the source, but for white space around `{{ ... }}`.
    pub(super) fn only_expression(&self) -> Option<&Expr<'a>> {
        match self {
            Self::Expression(expression) => Some(expression),
            Self::Text(_) => {
                let (emit, around) = self.only_emit()?;
                around.iter().all(|raw| raw.trim().is_empty()).then_some(&emit.expr)
            }
        }
    }

    /// The expression of a template that is `{{ ... }}` and nothing else, but for the newline that ends a
    /// YAML block scalar; and whether there is that newline.
    pub(super) fn native_expression(&self) -> Option<(&Expr<'a>, bool)> {
        let (emit, around) = self.only_emit()?;
        match around.as_slice() {
            [] => Some((&emit.expr, false)),
            ["\n"] if self.ends_with_raw() => Some((&emit.expr, true)),
            _ => None,
        }
    }

    fn children(&self) -> &[Stmt<'a>] {
        match self {
            Self::Text(Stmt::Template(template)) => &template.children,
            _ => &[],
        }
    }

    fn ends_with_raw(&self) -> bool {
        matches!(self.children().last(), Some(Stmt::EmitRaw(_)))
    }

    /// The only statement that is not literal text, and the literal texts.
    fn only_emit(&self) -> Option<(&Spanned<EmitExpr<'a>>, Vec<&'a str>)> {
        let mut emit = None;
        let mut around = Vec::new();
        for child in self.children() {
            match child {
                Stmt::EmitRaw(raw) => around.push(raw.raw),
                Stmt::EmitExpr(found) if emit.is_none() => emit = Some(found),
                _ => return None,
            }
        }
        Some((emit?, around))
    }
}
