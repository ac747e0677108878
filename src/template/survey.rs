//! One walk over a parsed template: which variables, filters, tests and functions it names, and where.

mod outside;

use std::collections::{HashMap, HashSet};

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Call, CallArg, Expr, Filter, ForLoop, IfCond, Macro, Spanned, Stmt};

use super::syntax::Tree;
pub use outside::Outside;

/// A use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Usage {
    /// The variable.
    pub(super) root: String,
    /// With its attributes, as the engine writes them: `ansible_facts.default_ipv4["address"]`.
    pub(super) path: String,
    /// Where it begins.
    pub(super) offset: usize,
    /// Whether the template itself gives it a value.
    pub(super) bound: Bound,
    /// It stands where an undefined value is welcome: before `is defined` or `default(...)`.
    pub(super) tolerated: bool,
    /// What only the controller can tell, if that is asked for.
    pub(super) outside: Option<Outside>,
}

/// Whether a name has a value of the template's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// It comes from outside.
    No,
    /// On some ways through the template.
    Perhaps,
    /// Set, looped over, or a macro's argument.
    Yes,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) offset: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) usages: Vec<Usage>,
    pub(super) filters: Vec<Named>,
    pub(super) tests: Vec<Named>,
    /// Functions that the template does not define itself.
    pub(super) functions: Vec<Named>,
    /// Lookups.
    pub(super) lookups: Vec<Named>,
    /// Statements that need other templates.
    pub(super) refused: Vec<Named>,
    /// The attribute and item accesses, as byte ranges, that may meet an undefined value.
    pub(super) tolerated: HashSet<(u32, u32)>,
    /// Variables whose absence the template copes with.
    pub(super) guards: HashSet<String>,
}

impl Survey {
    /// Walks a template.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let mut walk = Walk { survey: Self::default(), scopes: vec![Scope::new()], ever_bound: HashSet::new() };
        match tree {
            Tree::Text(statement) => walk.statement(statement),
            Tree::Expression(expression) => walk.expression(expression),
        }
        let mut survey = walk.survey;
        // A macro sees what is set between its definition and its call.
        for usage in &mut survey.usages {
            if usage.bound == Bound::No && walk.ever_bound.contains(&usage.root) {
                usage.bound = Bound::Perhaps;
            }
        }
        survey
    }
}

type Scope = HashMap<String, Bound>;

struct Walk {
    survey: Survey,
    scopes: Vec<Scope>,
    ever_bound: HashSet<String>,
}

impl Walk {
    fn statements(&mut self, body: &[Stmt<'_>]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::ForLoop(for_loop) => self.for_loop(for_loop),
            Stmt::IfCond(condition) => self.condition(condition),
            Stmt::WithBlock(with) => self.inner(|walk| {
                for (target, value) in &with.assignments {
                    walk.expression(value);
                    walk.assign(target);
                }
                walk.statements(&with.body);
            }),
            Stmt::Set(set) => {
                self.expression(&set.expr);
                self.assign(&set.target);
            }
            Stmt::SetBlock(set) => {
                self.inner(|walk| walk.statements(&set.body));
                set.filter.iter().for_each(|filter| self.expression(filter));
                self.assign(&set.target);
            }
            Stmt::AutoEscape(block) => {
                self.expression(&block.enabled);
                self.inner(|walk| walk.statements(&block.body));
            }
            Stmt::FilterBlock(block) => {
                self.inner(|walk| walk.statements(&block.body));
                self.expression(&block.filter);
            }
            Stmt::Macro(definition) => {
                self.macro_body(definition);
                self.bind(definition.name);
            }
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                self.macro_body(&block.macro_decl);
            }
            Stmt::Do(block) => self.call(&block.call),
            Stmt::Block(block) => self.refuse("block", block.span()),
            Stmt::Import(import) => self.refuse("import", import.span()),
            Stmt::FromImport(import) => self.refuse("import", import.span()),
            Stmt::Extends(extends) => self.refuse("extends", extends.span()),
            Stmt::Include(include) => self.refuse("include", include.span()),
        }
    }

    fn for_loop(&mut self, for_loop: &Spanned<ForLoop<'_>>) {
        self.expression(&for_loop.iter);
        self.inner(|walk| {
            walk.assign(&for_loop.target);
            for_loop.filter_expr.iter().for_each(|filter| walk.expression(filter));
            walk.bind("loop");
            walk.statements(&for_loop.body);
        });
        self.branch(&for_loop.else_body);
    }

    /// What both branches set is set; what one sets is set perhaps.
    fn condition(&mut self, condition: &Spanned<IfCond<'_>>) {
        self.expression(&condition.expr);
        let yes = self.branch(&condition.true_body);
        let no = self.branch(&condition.false_body);
        for name in yes.keys().chain(no.keys()) {
            let both = [&yes, &no].map(|scope| scope.get(name).copied().unwrap_or(Bound::No));
            let bound = if both == [Bound::Yes; 2] { Bound::Yes } else { Bound::Perhaps };
            let bound = bound.max(self.bound(name));
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(name.clone(), bound);
            }
        }
    }

    fn branch(&mut self, body: &[Stmt<'_>]) -> Scope {
        self.scopes.push(Scope::new());
        self.statements(body);
        self.scopes.pop().unwrap_or_default()
    }

    fn inner(&mut self, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope::new());
        walk(self);
        self.scopes.pop();
    }

    fn macro_body(&mut self, definition: &Macro<'_>) {
        self.inner(|walk| {
            definition.args.iter().for_each(|argument| walk.assign(argument));
            definition.defaults.iter().for_each(|default| walk.expression(default));
            walk.bind("caller");
            walk.statements(&definition.body);
        });
    }

    fn assign(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(variable) => self.bind(variable.id),
            Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            // An attribute of a namespace: the namespace itself is used.
            other => self.expression(other),
        }
    }

    fn bind(&mut self, name: &str) {
        self.ever_bound.insert(name.to_owned());
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), Bound::Yes);
        }
    }

    fn bound(&self, name: &str) -> Bound {
        self.scopes.iter().rev().find_map(|scope| scope.get(name).copied()).unwrap_or(Bound::No)
    }

    fn refuse(&mut self, name: &str, span: Span) {
        self.survey.refused.push(named(name, span));
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Const(_) => {}
            Expr::Var(_) => self.usage(expression, false),
            Expr::GetAttr(access) => {
                self.usage(expression, false);
                self.beneath(&access.expr);
            }
            Expr::GetItem(access) => {
                self.usage(expression, false);
                self.beneath(&access.expr);
                self.expression(&access.subscript_expr);
            }
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(|part| self.expression(part));
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => {
                self.expression(&operation.left);
                self.expression(&operation.right);
            }
            Expr::Compare(comparison) => {
                self.expression(&comparison.expr);
                comparison.ops.iter().for_each(|operation| self.expression(&operation.expr));
            }
            Expr::IfExpr(condition) => {
                self.expression(&condition.test_expr);
                self.expression(&condition.true_expr);
                condition.false_expr.iter().for_each(|otherwise| self.expression(otherwise));
            }
            Expr::Filter(filter) if self.extracted(filter) => {}
            Expr::Filter(filter) => {
                self.survey.filters.push(named(filter.name, filter.span()));
                if let Some(operand) = &filter.expr {
                    let plain = filter.name.strip_prefix("ansible.builtin.").unwrap_or(filter.name);
                    self.operand(operand, matches!(plain, "default" | "d"));
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.survey.tests.push(named(test.name, test.span()));
                let plain = test.name.strip_prefix("ansible.builtin.").unwrap_or(test.name);
                self.operand(&test.expr, matches!(plain, "defined" | "undefined"));
                self.arguments(&test.args);
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => {
                for (key, value) in map.keys.iter().zip(&map.values) {
                    self.expression(key);
                    self.expression(value);
                }
            }
        }
    }

    /// The base of an access: its own variable was recorded with the whole path.
    fn beneath(&mut self, base: &Expr<'_>) {
        match base {
            Expr::Var(_) => {}
            Expr::GetAttr(access) => self.beneath(&access.expr),
            Expr::GetItem(access) => {
                self.beneath(&access.expr);
                self.expression(&access.subscript_expr);
            }
            other => self.expression(other),
        }
    }

    fn operand(&mut self, operand: &Expr<'_>, tolerant: bool) {
        if !tolerant {
            return self.expression(operand);
        }
        self.usage(operand, true);
        let mut access = operand;
        loop {
            access = match access {
                Expr::GetAttr(attribute) => {
                    self.survey.tolerated.insert(range(attribute.span()));
                    &attribute.expr
                }
                Expr::GetItem(item) => {
                    self.survey.tolerated.insert(range(item.span()));
                    self.expression(&item.subscript_expr);
                    &item.expr
                }
                Expr::Var(_) => break,
                other => break self.expression(other),
            };
        }
    }

    fn call(&mut self, call: &Spanned<Call<'_>>) {
        match &call.expr {
            Expr::Var(function) => {
                if self.bound(function.id) == Bound::No && function.id != "super" {
                    self.survey.functions.push(named(function.id, function.span()));
                }
                if matches!(function.id, "lookup" | "query" | "q") {
                    self.lookup(call);
                }
            }
            // A method: what it is called on is used.
            Expr::GetAttr(method) => {
                self.expression(&method.expr);
                if is_variable(&method.expr, "vars")
                    && method.name == "get"
                    && let Some(name) = constant(call.args.first())
                {
                    self.named_usage(&name, call.span(), true);
                }
            }
            other => self.expression(other),
        }
        self.arguments(&call.args);
    }

    /// An extraction from `hostvars`. Whether it was one.
    fn extracted(&mut self, filter: &Spanned<Filter<'_>>) -> bool {
        let Some((operand, name)) = outside::extraction(filter) else { return false };
        self.survey.filters.push(named(filter.name, filter.span()));
        if let Some(operand) = operand {
            self.expression(operand);
        }
        self.outside("hostvars", filter.span().start_offset as usize, false, Outside::HostVariable(name));
        true
    }

    fn outside(&mut self, root: &str, offset: usize, tolerated: bool, outside: Outside) {
        let (root, path) = (root.to_owned(), root.to_owned());
        self.survey.usages.push(Usage { root, path, offset, bound: Bound::No, tolerated, outside: Some(outside) });
    }

    /// `lookup('vars', 'name')` is a use of that variable.
    fn lookup(&mut self, call: &Spanned<Call<'_>>) {
        let plugin = constant(call.args.first());
        if let Some(plugin) = &plugin {
            let plugin = plugin.strip_prefix("ansible.builtin.").unwrap_or(plugin).to_owned();
            self.survey.lookups.push(named(&plugin, call.span()));
            if matches!(plugin.as_str(), "env" | "file") {
                for argument in call.args.iter().skip(1).filter(|argument| matches!(argument, CallArg::Pos(_))) {
                    let lookup = Outside::Lookup { plugin: plugin.clone(), term: constant(Some(argument)) };
                    self.outside("lookup", call.span().start_offset as usize, false, lookup);
                }
            }
        }
        if !matches!(plugin.as_deref(), Some("vars" | "ansible.builtin.vars")) {
            return;
        }
        let default = call.args.iter().any(|argument| matches!(argument, CallArg::Kwarg("default", _)));
        for argument in call.args.iter().skip(1) {
            if let Some(name) = constant(Some(argument)) {
                self.named_usage(&name, call.span(), default);
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.expression(value);
        }
    }

    fn usage(&mut self, expression: &Expr<'_>, tolerated: bool) {
        let Some((root, path, span)) = path_of(expression) else { return };
        if root == "vars" && self.bound("vars") == Bound::No {
            if let Some(name) = first_subscript(expression) {
                self.named_usage(&name, span, tolerated);
            }
            return;
        }
        if tolerated {
            self.survey.guards.insert(root.clone());
        }
        let (bound, offset) = (self.bound(&root), span.start_offset as usize);
        let outside = (root == "hostvars" && bound == Bound::No)
            .then(|| Outside::HostVariable(outside::host_variable(expression)));
        // Whether there is such a host is no question for its variables.
        let outside = outside.filter(|outside| !tolerated || *outside != Outside::HostVariable(None));
        self.survey.usages.push(Usage { root, path, offset, bound, tolerated, outside });
    }

    /// A variable that is named by a text.
    fn named_usage(&mut self, name: &str, span: Span, tolerated: bool) {
        if tolerated {
            self.survey.guards.insert(name.to_owned());
        }
        let (root, path) = (name.to_owned(), name.to_owned());
        let offset = span.start_offset as usize;
        self.survey.usages.push(Usage { root, path, offset, bound: Bound::No, tolerated, outside: None });
    }
}

fn named(name: &str, span: Span) -> Named {
    Named { name: name.to_owned(), offset: span.start_offset as usize }
}

/// A span as a key.
pub(super) fn range(span: Span) -> (u32, u32) {
    (span.start_offset, span.end_offset)
}

fn is_variable(expression: &Expr<'_>, name: &str) -> bool {
    matches!(expression, Expr::Var(variable) if variable.id == name)
}

fn constant(argument: Option<&CallArg<'_>>) -> Option<String> {
    match argument? {
        CallArg::Pos(Expr::Const(constant)) => constant.value.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The variable beneath a chain of accesses, the whole chain in the engine's notation, and where it begins.
fn path_of(expression: &Expr<'_>) -> Option<(String, String, Span)> {
    match expression {
        Expr::Var(variable) => Some((variable.id.to_owned(), variable.id.to_owned(), variable.span())),
        Expr::GetAttr(access) => {
            let (root, path, span) = path_of(&access.expr)?;
            Some((root, format!("{path}.{}", access.name), span))
        }
        Expr::GetItem(access) => {
            let (root, path, span) = path_of(&access.expr)?;
            let key = access.subscript_expr.as_const().map_or_else(|| "...".to_owned(), |key| format!("{key:?}"));
            Some((root, format!("{path}[{key}]"), span))
        }
        _ => None,
    }
}

/// The name in `vars['name']` or `vars.name`, with whatever follows.
fn first_subscript(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::GetAttr(access) if is_variable(&access.expr, "vars") => Some(access.name.to_owned()),
        Expr::GetItem(access) if is_variable(&access.expr, "vars") => {
            access.subscript_expr.as_const()?.as_str().map(str::to_owned)
        }
        Expr::GetAttr(access) => first_subscript(&access.expr),
        Expr::GetItem(access) => first_subscript(&access.expr),
        _ => None,
    }
}
