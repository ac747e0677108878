//! The one environment that all engines share.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// What one template may cost: instructions, and one more for every 64 bytes made.
const FUEL: u64 = 1_000_000;

/// Nested macros and loops.
const RECURSION: usize = 100;

static SHARED: LazyLock<Environment<'static>> = LazyLock::new(build);

/// The environment. It is never changed after it was built.
pub(super) fn shared() -> &'static Environment<'static> {
    &SHARED
}

fn build() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    // Debug mode is what keeps the byte range of an error and the path of an undefined variable.
    environment.set_debug(true);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment
}
