mod frame;
mod glance;
mod screen;

use std::io::{IsTerminal, Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::frame::Frame;
use self::glance::Glance;
use self::screen::Screen;
use super::stops::Stops;
use super::{Context, Exit, Failure, parts, terminal};
use crate::job::Outcome;
use crate::queue::Queue;
use crate::store::Store;

/// How often the screen is drawn anew.
const LOOK: Duration = Duration::from_secs(1);

/// How long a broker may take to be reached, for a look at once.
const CONNECT: Duration = Duration::from_secs(3);

/// How wide a frame is that goes into a file or a pipe, in columns.
const PIPED: usize = 160;

/// Watch the fleet: its workers, the jobs that run, what waits, what fails
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock top
  turnlock top | head -3                # not a terminal: one frame, whole
  turnlock top --json | jq .ended.hour

Drawn once a second; q or Ctrl-C ends. ENDED counts attempts, not jobs.")]
pub struct Top {
    /// One JSON object, once
    #[arg(long)]
    json: bool,
}

impl Top {
    /// Does it.
    ///
    /// # Errors
    /// If the database cannot be opened, or fails for good.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let queue = parts::queue(&config, Arc::clone(&store));
        let looked = async || {
            // What is looked at once is looked at when there is a connection, if one comes about soon.
            let _ = timeout(CONNECT, queue.reached()).await;
            Glance::of(store.as_ref(), queue.as_ref()).await
        };
        if self.json {
            writeln!(stdout(), "{}", looked().await?.as_json())?;
        } else if stdout().is_terminal() {
            let mut stops = Stops::new()?;
            let mut screen = Screen::enter()?;
            tokio::select! {
                biased;
                () = stops.next() => {}
                () = screen::quit() => {}
                ended = watch(store.as_ref(), queue.as_ref(), &mut screen, context.colour) => ended?,
            }
        } else {
            let frame = Frame { width: PIPED, height: None, colour: false };
            for line in frame.draw(&looked().await?) {
                writeln!(stdout(), "{}", line.trim_end())?;
            }
        }
        Ok(Exit::Done)
    }
}

/// Draws the fleet, again and again. A database that is away for a while is told of above what was seen last.
async fn watch(
    store: &dyn Store,
    queue: &dyn Queue,
    screen: &mut Screen<std::io::Stdout>,
    colour: bool,
) -> Result<(), Failure> {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        look.tick().await;
        let (width, height) = terminal::size();
        let (width, height) = (width.unwrap_or(80), height.unwrap_or(24));
        let mut lines = Vec::new();
        match Glance::of(store, queue).await {
            Ok(glance) => seen = Some(glance),
            Err(error) if error.lasts() => return Err(error.into()),
            Err(error) => {
                let words = terminal::cut(&format!("! not now: {error}"), width);
                lines.push(super::output::painted(&words, Outcome::Rejected, colour));
            }
        }
        let frame = Frame { width, height: Some(height.saturating_sub(lines.len())), colour };
        lines.extend(seen.as_ref().map(|glance| frame.draw(glance)).unwrap_or_default());
        screen.draw(&lines)?;
    }
}
