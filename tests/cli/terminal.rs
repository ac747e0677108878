//! The program on a terminal of a given size: what it shows, and in what state it leaves it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test starts the program")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Lines that have left the screen are kept, as many as any report has.
const SCROLLBACK: usize = 5000;
/// No program here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal on which the program runs.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: std::sync::mpsc::Receiver<Vec<u8>>,
    emulator: vt100::Parser,
    bytes: Vec<u8>,
}

/// What is there when the program has ended.
pub struct Left {
    pub code: Option<i32>,
    /// Every line that was shown, those that left the screen first.
    pub lines: Vec<String>,
    /// Where the cursor stands; the first column is 0.
    pub column: u16,
    pub cursor_hidden: bool,
    /// Nothing is written in a colour any more.
    pub colours_restored: bool,
    /// All that the program wrote.
    pub bytes: Vec<u8>,
}

impl Terminal {
    /// Starts the program, as the leader of a session that takes the terminal which is its stdin.
    pub fn start(mut session: Command, size: (u16, u16)) -> Self {
        let (columns, rows) = size;
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        // Otherwise it would become this program's terminal.
        let no_ctty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true).write(true), no_ctty);
        let open = || OwnedFd::from(options.open(path).unwrap());
        let child = session.stdin(open()).stdout(open()).stderr(open()).spawn().unwrap();
        drop(session);
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().unwrap();
        let (tell, screen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // It ends with an error (EIO) when nobody has the terminal open any more.
            while let Ok(count) = output.read(&mut buffer) {
                if count == 0 || tell.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let emulator = vt100::Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), SCROLLBACK);
        Self { child, keyboard, screen, emulator, bytes: Vec::new() }
    }

    /// Waits until the screen has this text.
    pub fn wait_for(&mut self, text: &str) {
        let since = Instant::now();
        while !self.emulator.screen().contents().contains(text) {
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE.saturating_sub(since.elapsed())) else {
                panic!("{text:?} is not on the screen:\n{}", self.emulator.screen().contents());
            };
            self.take(&bytes);
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn take(&mut self, bytes: &[u8]) {
        self.emulator.process(bytes);
        self.bytes.extend(bytes);
    }

    /// Waits for the program's end.
    pub fn end(mut self) -> Left {
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        let code = self.child.wait().unwrap().code();
        let lines = lines(&mut self.emulator);
        let screen = self.emulator.screen();
        Left {
            code,
            lines,
            column: screen.cursor_position().1,
            cursor_hidden: screen.hide_cursor(),
            colours_restored: screen.fgcolor() == vt100::Color::Default && !screen.bold() && !screen.dim(),
            bytes: self.bytes,
        }
    }
}

fn lines(emulator: &mut vt100::Parser) -> Vec<String> {
    let screen = emulator.screen_mut();
    let (_, columns) = screen.size();
    let first = |screen: &vt100::Screen| screen.rows(0, columns.get()).next().unwrap_or_default();
    let mut lines = Vec::new();
    for back in (1..=screen.scrollback_len()).rev() {
        screen.set_scrollback(back);
        lines.push(first(screen));
    }
    screen.set_scrollback(0);
    lines.extend(screen.rows(0, columns.get()));
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}
