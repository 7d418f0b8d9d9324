//! The few CDP commands that Turnlock sends, typed.
//!
//! See <https://chromedevtools.github.io/devtools-protocol/>. Events are decoded where they are used.

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A command and its answer.
pub(super) trait Command: Serialize {
    /// The method's name.
    const METHOD: &'static str;
    /// What the browser answers.
    type Answer: DeserializeOwned + Send;
}

/// An answer of which nothing is used.
#[derive(Deserialize)]
pub(super) struct Nothing {}

macro_rules! commands {
    ($($method:literal $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty),* $(,)? } -> $answer:ty;)+) => {
        $(
            #[derive(Serialize)]
            #[serde(rename_all = "camelCase")]
            pub(super) struct $name { $($(#[$meta])* pub $field: $type,)* }
            impl Command for $name {
                const METHOD: &'static str = $method;
                type Answer = $answer;
            }
        )+
    };
}

commands! {
    "Browser.getVersion" GetVersion {} -> Version;
    "Browser.setDownloadBehavior" SetDownloadBehavior { behavior: &'static str, browser_context_id: String, #[serde(skip_serializing_if = "Option::is_none")] download_path: Option<String>, events_enabled: bool } -> Nothing;
    "Target.createBrowserContext" CreateBrowserContext { dispose_on_detach: bool } -> CreatedContext;
    "Target.disposeBrowserContext" DisposeBrowserContext { browser_context_id: String } -> Nothing;
    "Target.createTarget" CreateTarget { url: &'static str, browser_context_id: String, width: u32, height: u32 } -> CreatedTarget;
    "Target.attachToTarget" AttachToTarget { target_id: String, flatten: bool } -> Attached;
    "Target.setAutoAttach" SetAutoAttach { auto_attach: bool, wait_for_debugger_on_start: bool, flatten: bool, filter: Vec<Value> } -> Nothing;
    "Page.enable" EnablePage {} -> Nothing;
    "Page.navigate" Navigate { url: String } -> Navigated;
    "Page.addScriptToEvaluateOnNewDocument" AddScript { source: &'static str, world_name: &'static str, run_immediately: bool } -> Nothing;
    "Page.handleJavaScriptDialog" HandleDialog { accept: bool } -> Nothing;
    "Page.captureScreenshot" CaptureScreenshot { format: &'static str, #[serde(skip_serializing_if = "Option::is_none")] clip: Option<Clip>, optimize_for_speed: bool } -> Screenshot;
    "Network.enable" EnableNetwork { max_post_data_size: u32, max_total_buffer_size: u32, max_resource_buffer_size: u32 } -> Nothing;
    "Runtime.enable" EnableRuntime {} -> Nothing;
    "Runtime.runIfWaitingForDebugger" RunIfWaiting {} -> Nothing;
    "Runtime.callFunctionOn" CallFunction {
        function_declaration: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")] unique_context_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")] object_id: Option<String>,
        arguments: Vec<Argument>,
        return_by_value: bool,
        await_promise: bool,
    } -> Called;
    "DOMSnapshot.captureSnapshot" CaptureSnapshot { computed_styles: [&'static str; 0] } -> Captured;
    "DOM.describeNode" DescribeNode { object_id: String } -> Described;
    "DOM.getFrameOwner" GetFrameOwner { frame_id: String } -> FrameOwner;
    "DOM.resolveNode" ResolveNode { backend_node_id: u64, execution_context_id: u64 } -> Resolved;
    "Emulation.setFocusEmulationEnabled" EmulateFocus { enabled: bool } -> Nothing;
    "Fetch.enable" EnableFetch { handle_auth_requests: bool } -> Nothing;
    "Fetch.continueWithAuth" ContinueWithAuth { request_id: String, auth_challenge_response: Value } -> Nothing;
    "Fetch.fulfillRequest" FulfillRequest { request_id: String, response_code: u16, response_headers: Vec<Header>, body: String } -> Nothing;
    "Fetch.continueRequest" ContinueRequest { request_id: String } -> Nothing;
    "Fetch.failRequest" FailRequest { request_id: String, error_reason: &'static str } -> Nothing;
    "Input.dispatchMouseEvent" MouseEvent {
        #[serde(rename = "type")] kind: &'static str,
        x: f64,
        y: f64,
        button: &'static str,
        buttons: u32,
        click_count: u32,
    } -> Nothing;
    "Input.dispatchKeyEvent" KeyEvent {
        #[serde(rename = "type")] kind: &'static str,
        key: &'static str,
        code: &'static str,
        windows_virtual_key_code: u32,
        #[serde(skip_serializing_if = "str::is_empty")] text: &'static str,
    } -> Nothing;
}

/// An argument of a function that is called in a page.
pub(super) enum Argument {
    Plain(Value),
    /// What is typed; wiped as soon as it is sent.
    Text(SecretString),
}

impl Serialize for Argument {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut argument = serializer.serialize_struct("Argument", 1)?;
        match self {
            Self::Plain(value) => argument.serialize_field("value", value)?,
            Self::Text(text) => argument.serialize_field("value", text.expose_secret())?,
        }
        argument.end()
    }
}

/// A line of an answer's head.
#[derive(Serialize)]
pub(super) struct Header {
    pub name: &'static str,
    pub value: &'static str,
}

/// A part of the page, in CSS pixels of the viewport.
#[derive(Serialize, Clone, Copy, Debug)]
pub(super) struct Clip {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub scale: f64,
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub product: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedContext {
    pub browser_context_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedTarget {
    pub target_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attached {
    pub session_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Navigated {
    pub error_text: Option<String>,
    /// The navigation; nothing where the document stays.
    pub loader_id: Option<String>,
    #[serde(default)]
    pub is_download: bool,
}

/// Everything that is drawn, in tables; texts are places in one list of them.
#[derive(Deserialize)]
pub(super) struct Captured {
    pub documents: Vec<CapturedDocument>,
    pub strings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapturedDocument {
    pub frame_id: usize,
    pub nodes: CapturedNodes,
    pub layout: CapturedLayout,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapturedNodes {
    /// The nodes' places; -1 for the document.
    pub parent_index: Vec<i64>,
    pub backend_node_id: Vec<u64>,
    /// Of each node in a shadow tree the kind of that tree.
    pub shadow_root_type: RareTexts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapturedLayout {
    /// The nodes that are drawn.
    pub node_index: Vec<usize>,
}

/// What only some nodes have: their places, and the texts.
#[derive(Deserialize)]
pub(super) struct RareTexts {
    pub index: Vec<usize>,
    pub value: Vec<usize>,
}

#[derive(Deserialize)]
pub(super) struct Screenshot {
    pub data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Called {
    pub result: RemoteObject,
    pub exception_details: Option<ExceptionDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RemoteObject {
    #[serde(default)]
    pub value: Value,
    pub object_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ExceptionDetails {
    pub text: String,
    pub exception: Option<Exception>,
}

#[derive(Deserialize)]
pub(super) struct Exception {
    pub description: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Described {
    pub node: NodeDescription,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeDescription {
    pub frame_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FrameOwner {
    pub backend_node_id: u64,
}

#[derive(Deserialize)]
pub(super) struct Resolved {
    pub object: RemoteObject,
}
