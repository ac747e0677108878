//! What a bug looks like from outside.

use std::io::Write;
use std::panic::PanicHookInfo;

use super::exit::Exit;

/// A panic anywhere ends the program with exit code 1 and a message that says what to do about it. On a host
/// the stream then ends without its closing frame, which the controller takes for a lost host.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        // Nobody is left to be told when this fails.
        drop(std::io::stderr().write_all(message(info).as_bytes()));
        std::process::exit(i32::from(Exit::Internal as u8));
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
    format!(
        "internal error: {}{place}\n\
         This is a bug in mailprov {}. Please report it with this message and the command you ran.\n\
         A run that was under way is in the journals of the hosts; `mailprov history` shows it, \
         `mailprov rollback` takes it back.\n",
        text.unwrap_or("unknown"),
        env!("CARGO_PKG_VERSION"),
    )
}
