//! What a template asks of the controller.

use minijinja::machinery::ast::{CallArg, Expr, Filter, Spanned};

use super::{constant, is_variable};

/// What only the controller can tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// `lookup('env', ...)` or `lookup('file', ...)`.
    Lookup {
        /// Which of them.
        plugin: String,
        /// The name of the variable or file; `None` if the template only comes to it while it is rendered.
        term: Option<String>,
    },
    /// A variable of some host, through `hostvars`; `None` if the template only comes to its name while it is rendered.
    HostVariable(Option<String>),
}

/// The name in `hostvars[...].name` or `hostvars[...]['name']`, with whatever follows.
pub(super) fn host_variable(expression: &Expr<'_>) -> Option<String> {
    let is_host = |base: &Expr<'_>| match base {
        Expr::GetItem(host) => is_variable(&host.expr, "hostvars"),
        Expr::GetAttr(host) => is_variable(&host.expr, "hostvars"),
        _ => false,
    };
    match expression {
        Expr::GetAttr(access) if is_host(&access.expr) => Some(access.name.to_owned()),
        Expr::GetItem(access) if is_host(&access.expr) => access.subscript_expr.as_const()?.as_str().map(str::to_owned),
        Expr::GetAttr(access) => host_variable(&access.expr),
        Expr::GetItem(access) => host_variable(&access.expr),
        _ => None,
    }
}

/// `hosts | map('extract', hostvars, 'name')`, and the same with `map(attribute='name')` behind it: the hosts, and the
/// name if it is spelt out.
pub(super) fn extraction<'a, 't>(filter: &'a Spanned<Filter<'t>>) -> Option<(Option<&'a Expr<'t>>, Option<String>)> {
    if is_extraction(filter) && filter.args.len() > 2 {
        let name = match filter.args.get(2) {
            Some(CallArg::Pos(Expr::List(list))) => list.items.first().and_then(Expr::as_const),
            Some(CallArg::Pos(key)) => key.as_const(),
            _ => None,
        };
        return Some((filter.expr.as_ref(), name.and_then(|name| name.as_str().map(str::to_owned))));
    }
    match (filter.name, &filter.expr, filter.args.first()) {
        ("map", Some(Expr::Filter(inner)), Some(CallArg::Kwarg("attribute", attribute))) if is_extraction(inner) => {
            let name = attribute.as_const().and_then(|name| Some(name.as_str()?.split('.').next()?.to_owned()));
            Some((inner.expr.as_ref(), name))
        }
        _ => None,
    }
}

fn is_extraction(filter: &Spanned<Filter<'_>>) -> bool {
    filter.name == "map"
        && constant(filter.args.first()).as_deref() == Some("extract")
        && matches!(filter.args.get(1), Some(CallArg::Pos(container)) if is_variable(container, "hostvars"))
}
