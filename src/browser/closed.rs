//! Closed shadow roots: scripts do not see into them, Turnlock's neither, until the browser hands them out.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;

use super::connection::SessionId;
use super::error::BrowserError;
use super::page::Page;
use super::protocol::{CallFunction, CaptureSnapshot, CapturedDocument, ResolveNode};
use super::state::World;

const CALL: Duration = Duration::from_secs(15);

/// Which nodes each world was told the roots around, by the browser's numbers for them.
#[derive(Default)]
pub(super) struct ToldRoots(Mutex<HashMap<String, HashSet<u64>>>);

impl ToldRoots {
    /// Forgets worlds that are gone.
    fn keep(&self, worlds: &[World]) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|unique, _| worlds.iter().any(|world| world.unique == *unique));
    }

    fn is_new(&self, world: &World, node: u64) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&world.unique).is_none_or(|nodes| !nodes.contains(&node))
    }

    fn add(&self, world: &World, node: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.entry(world.unique.clone()).or_default().insert(node);
    }
}

impl Page {
    /// Has the page's script know the closed shadow roots of every frame as they are now. Gives the sessions that
    /// did not tell.
    pub(super) async fn know_closed_roots(&self) -> Vec<(SessionId, BrowserError)> {
        let worlds: Vec<World> =
            self.state.frames().into_iter().filter_map(|(_, frame)| frame.world).collect();
        self.told.keep(&worlds);
        let sessions: HashSet<&SessionId> = worlds.iter().map(|world| &world.session).collect();
        let mut silent = Vec::new();
        for session in sessions {
            if let Err(error) = self.know_roots_of(session).await {
                silent.push((session.clone(), error));
            }
        }
        silent
    }

    async fn know_roots_of(&self, session: &SessionId) -> Result<(), BrowserError> {
        let capture = CaptureSnapshot { computed_styles: [] };
        let captured = self.connection.call(session, &capture, CALL).await?;
        let mut telling = Vec::new();
        for document in &captured.documents {
            let id = captured.strings.get(document.frame_id).map(String::as_str).unwrap_or_default();
            let Some(world) = self.state.frame(id).and_then(|frame| frame.world) else { continue };
            for node in innermost(document, &captured.strings) {
                if self.told.is_new(&world, node) {
                    telling.push(self.tell_roots_around(world.clone(), node));
                }
            }
        }
        try_join_all(telling).await.map(drop)
    }

    async fn tell_roots_around(&self, world: World, node: u64) -> Result<(), BrowserError> {
        let resolve = ResolveNode { backend_node_id: node, execution_context_id: world.context };
        let call = |object_id| CallFunction {
            function_declaration: "function () { turnlock.knowRoots(this); }",
            unique_context_id: None,
            object_id,
            arguments: Vec::new(),
            return_by_value: true,
            await_promise: false,
        };
        let told = match self.connection.call(&world.session, &resolve, CALL).await {
            Ok(resolved) => {
                self.connection.call(&world.session, &call(resolved.object.object_id), CALL).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match told {
            Ok(()) => self.told.add(&world, node),
            // It has just gone, and is not drawn any more.
            Err(BrowserError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Of what is drawn in closed trees, that in which nothing else of them is: every root is around one of those.
fn innermost(document: &CapturedDocument, strings: &[String]) -> Vec<u64> {
    let CapturedDocument { nodes, layout, .. } = document;
    let kinds = &nodes.shadow_root_type;
    let closed = kinds.index.iter().zip(&kinds.value);
    let closed = closed.filter(|(_, kind)| strings.get(**kind).is_some_and(|kind| kind == "closed"));
    let mut drawn: HashSet<usize> = closed.map(|(at, _)| *at).collect();
    if !drawn.is_empty() {
        let layout: HashSet<usize> = layout.node_index.iter().copied().collect();
        drawn.retain(|at| layout.contains(at));
    }
    let parent = |at: &usize| usize::try_from(*nodes.parent_index.get(*at)?).ok();
    let around: HashSet<usize> = drawn.iter().filter_map(parent).collect();
    drawn.difference(&around).filter_map(|at| nodes.backend_node_id.get(*at).copied()).collect()
}
