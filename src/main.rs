//! Parse, run, exit: see [`mailprov::cli`].

fn main() -> std::process::ExitCode {
    mailprov::cli::main()
}
