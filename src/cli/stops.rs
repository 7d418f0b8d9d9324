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
        let both = || -> std::io::Result<_> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        };
        both().map_err(|error| Failure::environment(format_args!("signals cannot be received: {error}")))
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
