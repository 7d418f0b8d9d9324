//! Reaching into frames: which frame an element holds, and where a point of it is clicked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Wait;
use super::ask::Question;
use super::error::{BrowserError, PageError};
use super::input::Point;
use super::page::Page;
use super::protocol::{Argument, CallFunction, DescribeNode, GetFrameOwner, ResolveNode};
use super::query::{self, FrameName};
use super::state::World;

pub(super) const CALL: Duration = Duration::from_secs(30);

/// Which frame was last found under a name that the playbook gives.
#[derive(Default)]
pub(super) struct KnownFrames(Mutex<HashMap<String, String>>);

impl KnownFrames {
    pub fn remember(&self, name: &str, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), id.to_owned());
    }

    pub fn name_of(&self, id: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(_, known)| *known == id).map(|(name, _)| name.clone())
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl Page {
    /// The id of the frame in the element that the `frame` verb found under this name; `None` if it holds none.
    pub(super) async fn frame_behind(
        &self,
        world: &World,
        name: &str,
    ) -> Result<Option<String>, BrowserError> {
        let call = CallFunction {
            function_declaration: "(name) => turnlock.frames.get(name)",
            unique_context_id: Some(world.unique.clone()),
            object_id: None,
            arguments: vec![Argument::Plain(json!(name))],
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

    /// The point in the main page's viewport, from one in the frame's own: once each frame on the way is in
    /// sight there, and nothing lies over it.
    pub(super) async fn in_main_viewport(
        &self,
        frame: &FrameName,
        point: Point,
        wait: &Wait,
    ) -> Result<Point, PageError> {
        let (mut point, mut frame) = (point, frame.clone());
        while let Some(inner) = frame.as_deref().and_then(|name| self.declared(name)) {
            let around = inner.parent().map(str::to_owned);
            let request = json!({ "target": query::single(&inner.locator), "x": point.x, "y": point.y });
            let answer = Box::pin(self.ask(&around, Question::Through, request, None, wait)).await?;
            point = answer.point.ok_or(PageError::Browser(BrowserError::SessionGone))?;
            frame = around;
        }
        Ok(point)
    }

    /// The element that holds a frame, in the world of the frame around it.
    pub(super) async fn element_of_frame(
        &self,
        parent: &str,
        id: &str,
    ) -> Result<(World, Option<String>), BrowserError> {
        let world =
            self.state.frame(parent).and_then(|frame| frame.world).ok_or(BrowserError::SessionGone)?;
        let owner = GetFrameOwner { frame_id: id.to_owned() };
        let owner = self.connection.call(&world.session, &owner, CALL).await?;
        let resolve =
            ResolveNode { backend_node_id: owner.backend_node_id, execution_context_id: world.context };
        let element = self.connection.call(&world.session, &resolve, CALL).await?.object.object_id;
        Ok((world, element))
    }

    /// Calls a function: sent at once, so that nobody need wait for the answer.
    pub(super) fn call_soon(
        &self,
        world: &World,
        script: &'static str,
    ) -> impl Future<Output = Result<Value, BrowserError>> + use<> {
        let call = CallFunction {
            function_declaration: script,
            unique_context_id: Some(world.unique.clone()),
            object_id: None,
            arguments: Vec::new(),
            return_by_value: true,
            await_promise: false,
        };
        let called = self.connection.call(&world.session, &call, CALL);
        async move { Ok(called.await?.result.value) }
    }

    /// The frame that was last found under this name.
    pub(super) fn id_now(&self, frame: &FrameName) -> Option<String> {
        match frame {
            None => Some(self.main.clone()),
            Some(name) => self.known.get(name),
        }
    }
}
