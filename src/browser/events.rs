//! The events that a page's state is kept by, typed. A field that a newer browser words differently costs
//! that event only.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads an event's parameters.
pub(super) fn decode<'a, T: Deserialize<'a>>(method: &str, params: &'a RawValue) -> Option<T> {
    serde_json::from_str(params.get())
        .inspect_err(|error| tracing::debug!(kind = ?error.classify(), method, "an event was not understood"))
        .ok()
}

/// `Page.frame*` and `Page.navigatedWithinDocument`: each has some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FrameEvent {
    pub frame_id: String,
    pub parent_frame_id: Option<String>,
    #[serde(default)]
    pub url: String,
    pub reason: Option<String>,
    pub navigation_type: Option<String>,
    pub delay: Option<f64>,
    pub disposition: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FrameNavigated {
    pub frame: NavigatedFrame,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NavigatedFrame {
    pub id: String,
    pub parent_id: Option<String>,
    pub loader_id: String,
    pub url: String,
    pub unreachable_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DownloadWillBegin {
    pub frame_id: String,
    pub guid: String,
}

#[derive(Deserialize)]
pub(super) struct DownloadProgress {
    pub guid: String,
    pub state: String,
}

/// `Network.requestWillBeSent`, `Network.responseReceived` and `Network.loadingFinished`: each has some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub request_id: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub mime_type: String,
}

/// `Network.loadingFailed`; of a document if `kind` says so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadingFailed {
    pub request_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub error_text: String,
}

#[derive(Deserialize)]
pub(super) struct ContextCreated {
    pub context: CreatedContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedContext {
    pub id: u64,
    pub unique_id: String,
    pub name: String,
    pub aux_data: AuxData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuxData {
    pub frame_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContextDestroyed {
    pub execution_context_unique_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttachedToTarget {
    pub session_id: String,
    pub target_info: TargetInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetInfo {
    pub target_id: String,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
pub(super) struct DialogOpening {
    #[serde(rename = "type")]
    pub kind: String,
}
