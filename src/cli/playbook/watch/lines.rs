use std::io::{IsTerminal, Write, stdin, stdout};
use std::sync::mpsc;

use tokio::sync::oneshot;

/// Lines of standard input, each read only when it is wanted: an editor may have the terminal in between.
#[derive(Debug)]
pub struct Lines(mpsc::Sender<oneshot::Sender<Option<String>>>);

impl Lines {
    /// A thread of its own waits for them, so that nothing of the runtime does; it ends with the process.
    pub fn new() -> Self {
        let (wanted, wishes) = mpsc::channel::<oneshot::Sender<Option<String>>>();
        std::thread::spawn(move || {
            while let Ok(wish) = wishes.recv() {
                let mut line = String::new();
                let read = stdin().read_line(&mut line).ok().filter(|read| *read > 0);
                // A terminal shows what is typed; what comes through a pipe is shown here.
                if !stdin().is_terminal() {
                    let _ = writeln!(stdout(), "{}", line.trim_end());
                }
                // Whoever no longer waits for it has no use for it.
                let _ = wish.send(read.map(|_| line));
            }
        });
        Self(wanted)
    }

    /// The next line; `None` once the input has ended.
    pub async fn next(&self) -> Option<String> {
        let (wish, line) = oneshot::channel();
        self.0.send(wish).ok()?;
        line.await.ok().flatten()
    }
}
