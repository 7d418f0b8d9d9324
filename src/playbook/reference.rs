//! The reference of playbooks, made from the schema.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::read::words::BY;
use super::schema::schema;
use super::yaml::{entry, flow, item};

const PREFACE: &str = "\
# Every key of a playbook

Made from the schema by `turnlock playbook reference`. The keys as a whole are explained in [playbooks](../playbooks.md); this
page has each with an example. Every example here is read by the tests, and those of steps and locators are run in a browser:
behind each stands the page that it is run on.

- [The file](#the-file), [flows](#flows), [steps](#steps), [locators](#locators), [states](#states)

`TARGET` is a [locator](#locators), or a list of locators: alternatives, tried together. Durations are a number and a unit:
`500ms`, `30s`, `5m`, `1h`.
";

/// The reference, in Markdown.
pub fn reference() -> String {
    let schema = schema();
    let mut page = Page { out: PREFACE.to_owned() };
    page.file(&schema);
    page.flows(&schema["properties"]["flows"]["properties"]);
    page.steps(&schema["$defs"]["step"]["properties"]);
    page.locators(&schema["$defs"]["locator"]["properties"]);
    page.states(&schema["$defs"]["step"]["properties"]["expect"]);
    page.out
}

/// A whole locator for each key that one may have, as the reference shows and the tests run it.
pub fn locator_examples() -> Vec<(String, Json)> {
    let schema = schema();
    let keys = schema["$defs"]["locator"]["properties"].as_object().cloned().unwrap_or_default();
    let mut examples = Vec::new();
    for (key, entry) in keys {
        for example in entry["examples"].as_array().into_iter().flatten() {
            let mut whole = match key.as_str() {
                "name" => json!({ "role": "button" }),
                "exact" => json!({ "role": "button", "name": "Activate" }),
                "frame" => json!({ "label": "Password" }),
                "within" => json!({ "role": "button", "name": "Close" }),
                "containing" => json!({ "role": "row" }),
                "timeout" => json!({ "text": "Welcome back" }),
                by => {
                    debug_assert!(BY.contains(&by), "no whole example for `{by}`");
                    json!({})
                }
            };
            whole[key.as_str()] = example.clone();
            examples.push((key.clone(), whole));
        }
    }
    examples
}

struct Page {
    out: String,
}

impl Page {
    fn line(&mut self, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{text}");
    }

    fn section(&mut self, title: &str, text: &str) {
        self.line(&format!("\n## {title}\n\n{text}"));
    }

    fn heading(&mut self, key: &str, entry: &Json, required: bool) {
        let needed = if required { " (required)" } else { "" };
        self.line(&format!("\n### `{key}`{needed}\n\n{}", said(entry)));
    }

    fn yaml(&mut self, text: &str) {
        self.line(&format!("\n```yaml\n{}\n```", text.trim_end()));
    }

    fn file(&mut self, schema: &Json) {
        self.section("The file", "These keys stand at the beginning of a line, in this order.");
        for (key, value) in members(&schema["properties"]).filter(|(key, _)| *key != "flows") {
            // Of a playbook; families have none of them.
            self.heading(key, value, is_required(&schema["then"], key));
            self.keys(value);
            self.yaml(&shown(value).map(|example| entry(key, example, 0)).collect::<Vec<_>>().join("# or\n"));
        }
    }

    fn flows(&mut self, flows: &Json) {
        self.section(
            "Flows",
            "A flow is a list of [steps](#steps) under `flows`. Every playbook has a `login`.",
        );
        for (key, value) in members(flows) {
            self.heading(key, value, key == "login");
            for example in shown(value) {
                self.yaml(&format!("flows:\n{}", entry(key, example, 2)));
            }
        }
    }

    fn steps(&mut self, steps: &Json) {
        self.section("Steps", "A step is one key with its value, in a list.");
        for (key, value) in members(steps) {
            self.heading(key, value, false);
            if key != "expect" {
                self.keys(value);
            }
            self.yaml(&shown(value).map(|example| item(&json!({ key: example }), 0)).collect::<String>());
            let page = match key {
                "read_secret" | "read_recovery_codes" | "commit" => "run on the bundled app".to_owned(),
                _ => format!("run on [{key}.html](../../fixtures/reference/{key}.html)"),
            };
            self.line(&format!("\nThe tests have it {page}."));
        }
    }

    fn locators(&mut self, keys: &Json) {
        self.section(
            "Locators",
            "How a person would say which element is meant: by exactly one of `label`, `role`, `placeholder`, `text`, \
             `test_id`, `autocomplete`, `css` and `xpath`, narrowed down by any of the others. All are run on \
             [locators.html](../../fixtures/reference/locators.html).\n",
        );
        self.line("| key | | if not given | example |\n| --- | --- | --- | --- |");
        let examples = locator_examples();
        for (key, value) in members(keys) {
            let whole = examples.iter().filter(|(of, _)| of == key).map(|(_, whole)| code(&flow(whole)));
            let whole = whole.collect::<Vec<_>>().join(", ");
            self.line(&format!("| `{key}` | {} | {} | {whole} |", cell(&said(value)), default(value)));
        }
    }

    fn states(&mut self, expect: &Json) {
        self.section(
            "States",
            "The keys of an `expect`. Each takes a TARGET that shows the state, or `see` with a TARGET and `then` with steps.\n",
        );
        self.line("| key | | example |\n| --- | --- | --- |");
        for (key, value) in members(&expect["properties"]) {
            self.line(&format!("| `{key}` | {} | {} |", cell(&said(value)), examples(value)));
        }
        let own = &expect["additionalProperties"];
        self.line(&format!("| any other name | {} | {} |", cell(&said(own)), examples(own)));
    }

    /// The keys of a map, where it has any.
    fn keys(&mut self, entry: &Json) {
        // `interruptions` holds maps, and one form of `open` is a map.
        let forms = entry["anyOf"].as_array().into_iter().flatten();
        let map = [entry, &entry["items"], &entry["additionalProperties"]]
            .into_iter()
            .chain(forms)
            .find(|form| form["properties"].is_object());
        let Some(map) = map else { return };
        self.line("\n| key | | holds | if not given | example |\n| --- | --- | --- | --- | --- |");
        self.rows(map, "");
    }

    fn rows(&mut self, map: &Json, above: &str) {
        for (key, value) in members(&map["properties"]) {
            let needed = if is_required(map, key) { "required" } else { "" };
            self.line(&format!(
                "| `{above}{key}` | {needed} | {} {} | {} | {} |",
                cell(&said(value)),
                holds(value),
                default(value),
                examples(value)
            ));
            if value["properties"].is_object() {
                self.rows(value, &format!("{above}{key}."));
            }
        }
    }
}

fn members(map: &Json) -> impl Iterator<Item = (&str, &Json)> {
    map.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn is_required(map: &Json, key: &str) -> bool {
    map["required"].as_array().is_some_and(|required| required.iter().any(|name| name == key))
}

fn said(entry: &Json) -> String {
    entry["description"].as_str().unwrap_or_default().to_owned()
}

fn shown(entry: &Json) -> impl Iterator<Item = &Json> {
    entry["examples"].as_array().into_iter().flatten()
}

fn examples(entry: &Json) -> String {
    shown(entry).map(|example| code(&flow(example))).collect::<Vec<_>>().join(", ")
}

fn default(entry: &Json) -> String {
    cell(entry["x-default"].as_str().unwrap_or_default())
}

/// What a value is, in a word.
fn holds(entry: &Json) -> String {
    let what = match (entry["$ref"].as_str(), entry["type"].as_str()) {
        (Some("#/$defs/target"), _) => "A TARGET.".to_owned(),
        (Some("#/$defs/steps"), _) => "Steps.".to_owned(),
        (Some("#/$defs/texts"), _) => "Text.".to_owned(),
        (_, Some("integer")) => format!("A number from {} to {}.", entry["minimum"], entry["maximum"]),
        (_, Some("boolean")) => "`true` or `false`.".to_owned(),
        (_, Some("string")) if entry["pattern"].is_string() => "A duration.".to_owned(),
        (_, Some("string")) => "Text.".to_owned(),
        _ => {
            let words = entry["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
            words.map(code).collect::<Vec<_>>().join(", ")
        }
    };
    cell(&what)
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// What a table's cell bears.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
