//! Reaching into frames: which frame an element holds, and where its viewport lies in the main page's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::error::{BrowserError, PageError};
use super::input::Point;
use super::page::Page;
use super::protocol::{Argument, CallFunction, DescribeNode, GetFrameOwner, ResolveNode};
use super::query::FrameName;
use super::state::World;

const CALL: Duration = Duration::from_secs(30);

/// Which frame was last found under a name that the playbook gives.
#[derive(Default)]
pub(super) struct KnownFrames(Mutex<HashMap<String, String>>);

impl KnownFrames {
    pub fn remember(&self, name: &str, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), id.to_owned());
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

/// A point seen from the frame around, and whether a click there goes into the frame.
#[derive(Deserialize)]
struct Through {
    x: f64,
    y: f64,
    by: Option<String>,
}

impl Page {
    /// The id of the frame in the element that the last `frame` verb found; `None` if it holds none.
    pub(super) async fn frame_behind(&self, world: &World) -> Result<Option<String>, BrowserError> {
        let call = CallFunction {
            function_declaration: "() => turnlock.frameElement",
            execution_context_id: Some(world.context),
            object_id: None,
            arguments: Vec::new(),
            return_by_value: false,
            await_promise: false,
        };
        let element = self.connection.call(&world.session, &call, CALL).await?;
        let Some(object_id) = element.result.object_id else { return Ok(None) };
        let described = self.connection.call(&world.session, &DescribeNode { object_id }, CALL).await?;
        Ok(described.node.frame_id)
    }

    /// The world of a frame as it is now, without waiting.
    pub(super) fn world_now(&self, frame: &FrameName) -> Result<World, PageError> {
        self.id_now(frame)
            .and_then(|id| self.state.frame(&id)?.world)
            .ok_or(PageError::Browser(BrowserError::SessionGone))
    }

    /// The point in the main page's viewport, from one in the frame's own.
    pub(super) async fn in_main_viewport(&self, frame: &FrameName, point: Point) -> Result<Point, PageError> {
        let id = self.id_now(frame).unwrap_or_else(|| self.main.clone());
        self.frame_in_main_viewport(&id, point).await
    }

    /// The same, for a frame by its id.
    pub(super) async fn frame_in_main_viewport(&self, id: &str, point: Point) -> Result<Point, PageError> {
        let mut point = point;
        let mut id = id.to_owned();
        while id != self.main {
            let parent = self.state.frame(&id).and_then(|frame| frame.parent);
            let parent = parent.ok_or(PageError::Browser(BrowserError::SessionGone))?;
            let seen = self.through(&parent, id, point).await.map_err(|error| self.failure(error))?;
            if let Some(by) = seen.by {
                tracing::debug!(%by, "something lies over the frame");
            }
            point = Point { x: seen.x, y: seen.y };
            id = parent;
        }
        Ok(point)
    }

    async fn through(&self, parent: &str, frame_id: String, point: Point) -> Result<Through, BrowserError> {
        let world =
            self.state.frame(parent).and_then(|frame| frame.world).ok_or(BrowserError::SessionGone)?;
        let owner = self.connection.call(&world.session, &GetFrameOwner { frame_id }, CALL).await?;
        let resolve =
            ResolveNode { backend_node_id: owner.backend_node_id, execution_context_id: world.context };
        let element = self.connection.call(&world.session, &resolve, CALL).await?.object;
        let call = CallFunction {
            function_declaration: "function (x, y) { return turnlock.throughFrame(this, x, y); }",
            execution_context_id: None,
            object_id: element.object_id,
            arguments: [point.x, point.y].map(|value| Argument { value: json!(value) }).into(),
            return_by_value: true,
            await_promise: false,
        };
        let called = self.connection.call(&world.session, &call, CALL).await?;
        serde_json::from_value(called.result.value).map_err(|error| BrowserError::Protocol {
            method: "Runtime.callFunctionOn",
            message: error.to_string(),
        })
    }

    fn id_now(&self, frame: &FrameName) -> Option<String> {
        match frame {
            None => Some(self.main.clone()),
            Some(name) => self.known.get(name),
        }
    }
}
