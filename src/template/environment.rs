//! The one environment that all engines share: limits, and everything that templates can call.

use std::sync::LazyLock;

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior};

use super::compile::Emitted;
use super::filters::Arguments;
use super::vars::hide_made;
use super::{filters, functions, json, methods, omit, predicates, strict, syntax};

/// What one template may cost: instructions, and one more for every 64 bytes made.
const FUEL: u64 = 1_000_000;

/// Nested macros and loops.
const RECURSION: usize = 60;

/// The engine's own filters, which Ansible has too.
const BUILTIN_FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "capitalize",
    "count",
    "dictsort",
    "first",
    "format",
    "groupby",
    "items",
    "last",
    "length",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
];

/// The engine's own tests, which Ansible has too.
const BUILTIN_TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

static SHARED: LazyLock<Registry> = LazyLock::new(Registry::build);

/// The environment. It is never changed after it was built.
pub(super) fn shared() -> &'static Environment<'static> {
    &SHARED.environment
}

/// The names of all filters.
pub(super) fn filters() -> &'static [String] {
    &SHARED.filters
}

/// The names of all tests.
pub(super) fn tests() -> &'static [String] {
    &SHARED.tests
}

/// Whether a function of this name exists.
pub(super) fn has_function(name: &str) -> bool {
    SHARED.environment.globals().any(|(known, _)| known == name)
}

/// A filter or test: the operand, and the arguments.
pub(super) type Function<R> = fn(&Value, &mut Arguments<'_>) -> Result<R, Error>;

fn adapted<R: Into<Value> + 'static>(
    function: Function<R>,
) -> impl Fn(&State<'_, '_>, &Value, Rest<ValueOrKwargs>) -> Result<Value, Error> {
    move |state: &State<'_, '_>, operand: &Value, arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        function(operand, &mut Arguments::new(state, &arguments)?).map(Into::into)
    }
}

/// An environment under construction, with the names of what it knows.
pub(super) struct Registry {
    environment: Environment<'static>,
    filters: Vec<String>,
    tests: Vec<String>,
}

impl Registry {
    fn build() -> Self {
        let mut registry = Self { environment: limited(), filters: Vec::new(), tests: Vec::new() };
        filters::register(&mut registry);
        predicates::register(&mut registry);
        registry.alias_builtins();
        functions::register(&mut registry.environment);
        strict::register(&mut registry.environment);
        registry
    }

    /// Adds a filter under its own name and its full one.
    pub(super) fn filter<R: Into<Value> + 'static>(&mut self, name: &str, function: Function<R>) {
        self.filter_as(name, function);
        self.filter_as(&format!("ansible.builtin.{name}"), function);
    }

    /// Adds a filter that gives something else than its operand, or what is made of it: nothing of that is secret because
    /// the operand is.
    pub(super) fn filter_aside<R: Into<Value> + 'static>(&mut self, name: &str, function: Function<R>) {
        for name in [name.to_owned(), format!("ansible.builtin.{name}")] {
            self.environment.add_filter(name.clone(), adapted(function));
            self.filters.push(name);
        }
    }

    /// Adds a filter under just this name.
    pub(super) fn filter_as<R: Into<Value> + 'static>(&mut self, name: &str, function: Function<R>) {
        let filter = adapted(function);
        let veiled = move |state: &State<'_, '_>, operand: &Value, arguments: Rest<ValueOrKwargs>| {
            let made = filter(state, operand, arguments)?;
            hide_made(state, operand, &made);
            Ok(made)
        };
        self.environment.add_filter(name.to_owned(), veiled);
        self.filters.push(name.to_owned());
    }

    /// Adds a test under its own name and its full one.
    pub(super) fn test(&mut self, name: &str, function: Function<bool>) {
        for name in [name.to_owned(), format!("ansible.builtin.{name}")] {
            self.environment.add_test(name.clone(), adapted(function));
            self.tests.push(name);
        }
    }

    /// Gives the engine's own filters and tests their full names too.
    fn alias_builtins(&mut self) {
        for name in BUILTIN_FILTERS {
            if !self.filters.iter().any(|known| known == name) {
                let full = format!("ansible.builtin.{name}");
                self.environment.add_filter(full.clone(), |state: &mut State, arguments: Rest<ValueOrKwargs>| {
                    state.apply_filter(name, &arguments.into_values())
                });
                self.filters.extend([(*name).to_owned(), full]);
            }
        }
        for name in BUILTIN_TESTS {
            if !self.tests.iter().any(|known| known == name) {
                let full = format!("ansible.builtin.{name}");
                self.environment.add_test(full.clone(), |state: &mut State, arguments: Rest<ValueOrKwargs>| {
                    state.perform_test(name, &arguments.into_values())
                });
                self.tests.extend([(*name).to_owned(), full]);
            }
        }
    }
}

/// The engine with limits, and strict.
fn limited() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_syntax(syntax::config().unwrap_or_default());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    // Debug mode is what keeps the path of an undefined variable.
    environment.set_debug(true);
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(write);
    environment
}

/// Writes a value into text as Python does. Lists and mappings are converted first, which finds what is
/// undefined inside.
fn write(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    state.get_or_insert_extension(Emitted::default()).note(value);
    match value.kind() {
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let plain = json::to_engine(&json::argument(value)?);
            write!(output, "{plain}")?;
        }
        ValueKind::Plain if !omit::is_omit(value) => {
            json::argument(value)?;
        }
        _ => write!(output, "{value}")?,
    }
    Ok(())
}
