use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// The wishes to stop that a person or a supervisor sends: Ctrl-C (SIGINT) and SIGTERM, as one.
///
/// From the moment one of these is there, neither signal ends the process by itself, so that browser and
/// profile are never left behind.
#[derive(Debug)]
pub struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    /// Counts wishes from now on.
    ///
    /// # Errors
    /// If the system lets no signals be received.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { interrupt: receive(Number::INT)?, terminate: receive(Number::TERM)? })
    }

    /// Completes at the next wish. May be dropped at any time.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Completes at the second wish.
    pub async fn second(mut self) {
        self.next().await;
        self.next().await;
    }
}

/// The wishes for a pause, and for its end: Ctrl-Z (SIGTSTP), and SIGCONT.
///
/// From the moment one of these is there, SIGTSTP suspends the process no more: an app would wait for the browser, and the
/// fleet for a sign of life.
#[derive(Debug)]
pub struct Pauses {
    pause: Signal,
    go_on: Signal,
}

/// What is wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// That nothing new is begun.
    Begins,
    /// That things go on as usual.
    Ends,
}

impl Pauses {
    /// Counts wishes from now on.
    ///
    /// # Errors
    /// If the system lets no signals be received.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { pause: receive(Number::TSTP)?, go_on: receive(Number::CONT)? })
    }

    /// Completes at the next wish. May be dropped at any time.
    pub async fn next(&mut self) -> Pause {
        tokio::select! {
            _ = self.pause.recv() => Pause::Begins,
            _ = self.go_on.recv() => Pause::Ends,
        }
    }
}

fn receive(number: Number) -> Result<Signal, Failure> {
    signal(SignalKind::from_raw(number.as_raw()))
        .map_err(|error| Failure::environment(format_args!("signals cannot be received: {error}")))
}
