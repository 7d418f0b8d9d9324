use std::io::{self, IsTerminal, Stdout, Write, stdin, stdout};
use std::thread;

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use tokio::sync::oneshot;

/// What a terminal's setting says of a key that it takes for no signal (`_POSIX_VDISABLE`).
const NO_KEY: u8 = 0;

/// The terminal's other screen. When it is dropped, however that comes, the terminal is as it was.
pub(super) struct Screen<W: Write> {
    out: W,
    /// How the keyboard was set, if there is one.
    before: Option<Termios>,
}

impl Screen<Stdout> {
    /// Shows it, with no cursor; keys come at once and are not shown. A line that is too long is cut rather than wrapped.
    pub fn enter() -> io::Result<Self> {
        let before = termios::tcgetattr(stdin()).ok();
        if let Some(before) = &before {
            let mut keys = before.clone();
            keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            // Ctrl-C ends; Ctrl-Z would leave a shell on this screen.
            keys.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
            termios::tcsetattr(stdin(), OptionalActions::Now, &keys)?;
        }
        Self::on(stdout(), before)
    }
}

impl<W: Write> Screen<W> {
    fn on(out: W, before: Option<Termios>) -> io::Result<Self> {
        // First of all, so that whatever fails from here on is undone.
        let mut screen = Self { out, before };
        screen.out.write_all(b"\x1b[?1049h\x1b[?25l\x1b[?7l")?;
        screen.out.flush()?;
        Ok(screen)
    }

    /// Shows these lines and nothing else, without a moment in which nothing is shown.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut text = String::from("\u{1b}[H");
        for (nth, line) in lines.iter().enumerate() {
            text.push_str(if nth == 0 { "" } else { "\r\n" });
            text.push_str(line);
            text.push_str("\u{1b}[K");
        }
        text.push_str("\u{1b}[J");
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // Of a terminal that is gone there is nothing to restore.
        let _ = self.out.write_all(b"\x1b[?7h\x1b[?25h\x1b[?1049l");
        let _ = self.out.flush();
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

/// Returns when somebody presses `q`, or the keyboard goes away; never where there is none.
pub(super) async fn quit() {
    if !stdin().is_terminal() {
        return std::future::pending().await;
    }
    let (pressed, quit) = oneshot::channel();
    // A thread of its own: the runtime would wait for one of its, and that one for a key.
    thread::spawn(move || {
        let mut keys = [0; 64];
        while let Ok(count @ 1..) = rustix::io::read(stdin(), &mut keys) {
            if keys[..count].iter().any(|key| matches!(key, b'q' | b'Q')) {
                break;
            }
        }
        let _ = pressed.send(());
    });
    let _ = quit.await;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_terminal_is_restored_also_after_a_panic() {
        let shown = Shown::default();
        let out = shown.clone();
        let panicked = std::thread::spawn(move || {
            let mut screen = Screen::on(out, None).unwrap();
            screen.draw(&["one".to_owned(), "two".to_owned()]).unwrap();
            panic!("as the test says");
        });
        assert!(panicked.join().is_err());
        let shown = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            shown,
            "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[Hone\u{1b}[K\r\ntwo\u{1b}[K\u{1b}[J\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
        );
    }
}
