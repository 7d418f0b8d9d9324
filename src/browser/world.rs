//! The isolated world: where Turnlock's own script runs in every frame, out of the page's reach.

use std::time::Duration;

use futures::future::try_join_all;
use serde_json::json;

use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::protocol::{AddScript, EnableNetwork, EnablePage, EnableRuntime, SetAutoAttach};

/// The world's name.
pub(super) const WORLD: &str = "turnlock";

/// The four parts share one scope, and show the page nothing: the world is not the page's.
const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\nif (globalThis.turnlock) return;\n",
    include_str!("page/locate.js"),
    include_str!("page/describe.js"),
    include_str!("page/act.js"),
    include_str!("page/survey.js"),
    "})();"
);

const SET_UP: Duration = Duration::from_secs(30);

/// Sends at once, in order, what a page or frame needs before its document starts; the future awaits the answers.
pub(super) fn set_up(
    connection: &Connection,
    session: &SessionId,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    // Dedicated workers wait for a debugger too, also where the filter leaves them out; then nobody would wake them.
    let frames_and_workers =
        vec![json!({"type": "iframe"}), json!({"type": "worker"}), json!({"exclude": true})];
    let page = connection.call(session, &EnablePage {}, SET_UP);
    let attach = SetAutoAttach {
        auto_attach: true,
        wait_for_debugger_on_start: true,
        flatten: true,
        filter: frames_and_workers,
    };
    let attach = connection.call(session, &attach, SET_UP);
    let script = AddScript { source: SCRIPT, world_name: WORLD, run_immediately: true };
    let script = connection.call(session, &script, SET_UP);
    // Chromium's own error page does not say what went wrong; the failed request does. Nothing is kept of bodies.
    let network =
        EnableNetwork { max_post_data_size: 0, max_total_buffer_size: 0, max_resource_buffer_size: 0 };
    let network = connection.call(session, &network, SET_UP);
    let runtime = connection.call(session, &EnableRuntime {}, SET_UP);
    async move {
        let calls: [std::pin::Pin<Box<dyn Future<Output = Result<_, BrowserError>> + Send>>; 5] =
            [Box::pin(page), Box::pin(attach), Box::pin(script), Box::pin(network), Box::pin(runtime)];
        try_join_all(calls).await.map(|_| ())
    }
}
