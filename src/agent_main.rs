//! What a managed host gets of mailprov: the agent without the controller, which is half as large.

use std::env;
use std::process::ExitCode;

use mailprov::agent;

fn main() -> ExitCode {
    agent::main(env::args_os().skip(1))
}
