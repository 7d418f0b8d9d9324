//! Where what a frame shows is drawn in the main page, seen or not.

use std::collections::HashMap;

use serde::Deserialize;

use super::capture::Box4;
use super::error::BrowserError;
use super::frames::CALL;
use super::page::Page;
use super::protocol::CallFunction;

/// How a frame's viewport lies in the one of the frame around it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    x: f64,
    y: f64,
    scale_x: f64,
    scale_y: f64,
    /// All that is drawn of it is in here.
    whole: Box4,
    /// Neither turned nor skewed: what is in it can be placed exactly.
    upright: bool,
}

impl Place {
    fn outward(&self, [x, y, width, height]: Box4) -> Box4 {
        let Self { scale_x, scale_y, .. } = self;
        if self.upright {
            [self.x + scale_x * x, self.y + scale_y * y, scale_x * width, scale_y * height]
        } else {
            self.whole
        }
    }
}

/// The places of frames that were asked for, by the frames' ids.
pub(super) type Places = HashMap<String, Place>;

/// The way from a frame to the main page: its place and those of the frames around it, outward. None in the main page.
pub(super) struct WayOut(Vec<Place>);

impl WayOut {
    /// A box of the frame's viewport in the main page's. What cannot be placed exactly is as large as a whole frame.
    pub fn of(&self, each: Box4) -> Box4 {
        self.0.iter().fold(each, |each, place| place.outward(each))
    }

    /// All that is drawn of the frame.
    pub fn whole(&self) -> Option<Box4> {
        let (frame, around) = self.0.split_first()?;
        Some(around.iter().fold(frame.whole, |each, place| place.outward(each)))
    }
}

impl Page {
    /// The way from any frame to the main page.
    pub(super) async fn way_out(&self, id: &str, places: &mut Places) -> Result<WayOut, BrowserError> {
        let mut way = Vec::new();
        let mut id = id.to_owned();
        while id != self.main {
            let parent =
                self.state.frame(&id).and_then(|frame| frame.parent).ok_or(BrowserError::SessionGone)?;
            let place = match places.get(&id) {
                Some(place) => *place,
                None => self.place(&parent, &id).await?,
            };
            way.push(place);
            places.insert(id, place);
            id = parent;
        }
        Ok(WayOut(way))
    }

    async fn place(&self, parent: &str, id: &str) -> Result<Place, BrowserError> {
        let (world, element) = self.element_of_frame(parent, id).await?;
        let call = CallFunction {
            function_declaration: "function () { return turnlock.placeOf(this); }",
            unique_context_id: None,
            object_id: element,
            arguments: Vec::new(),
            return_by_value: true,
            await_promise: false,
        };
        let called = self.connection.call(&world.session, &call, CALL).await?;
        serde_json::from_value(called.result.value).map_err(|error| BrowserError::Protocol {
            method: "Runtime.callFunctionOn",
            message: error.to_string(),
        })
    }
}
