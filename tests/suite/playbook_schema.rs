//! The schema: every key is described and shown, every example is one that the reader takes, and it refuses no
//! playbook that is sound.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use turnlock::playbook::{OriginOverrides, parse, schema};

/// A sound playbook, and where in it there is a value of the sort that is looked at.
#[derive(Clone)]
struct Hole {
    playbook: Json,
    at: String,
}

impl Hole {
    fn value(&self) -> &Json {
        self.playbook.pointer(&self.at).unwrap()
    }

    fn with(&self, value: Json) -> Self {
        let mut hole = self.clone();
        *hole.playbook.pointer_mut(&hole.at).unwrap() = value;
        hole
    }

    fn at(mut self, name: &str) -> Self {
        self.at = format!("{}/{name}", self.at);
        self
    }

    fn refused(&self) -> Option<String> {
        let source = self.playbook.to_string();
        parse("example", &source, &OriginOverrides::new()).err().map(|report| report.render(false))
    }
}

/// So many playbooks around an example are enough for what is within it.
const ENOUGH: usize = 2;

struct Walk {
    schema: Json,
    seen: Vec<String>,
    keys: usize,
    wrong: Vec<String>,
}

impl Walk {
    /// A key's own entry: described, shown, and shown rightly. Gives the playbooks that hold its examples.
    fn key(&mut self, path: &str, name: &str, entry: &Json, holes: &[Hole]) -> Vec<Hole> {
        self.keys += 1;
        if entry["description"].as_str().is_none_or(str::is_empty) {
            self.wrong.push(format!("{path} has no description"));
        }
        let examples = entry["examples"].as_array().cloned().unwrap_or_default();
        if examples.is_empty() {
            self.wrong.push(format!("{path} has no example"));
        }
        let there = holes.iter().filter(|hole| hole.value().get(name).is_some());
        let mut around: Vec<_> = there.map(|hole| hole.clone().at(name)).collect();
        for example in &examples {
            let mut said = None;
            // Beside what else is there, or else by itself.
            let tried = holes.iter().flat_map(|hole| {
                let mut map = hole.value().as_object().cloned().unwrap_or_default();
                map.insert(name.to_owned(), example.clone());
                let alone = Map::from_iter([(name.to_owned(), example.clone())]);
                [map, alone].map(|map| hole.with(map.into()).at(name))
            });
            let before = around.len();
            for hole in tried {
                match hole.refused() {
                    None => around.push(hole),
                    Some(report) => said = Some(report),
                }
                if around.len() == before + ENOUGH {
                    break;
                }
            }
            if around.len() == before {
                let said = said.unwrap_or_else(|| "nothing was tried".to_owned());
                self.wrong.push(format!("the example {example} of {path} is refused:\n{said}"));
            }
        }
        around
    }

    fn within(&mut self, path: &str, entry: &Json, holes: &[Hole]) {
        if let Some(reference) = entry["$ref"].as_str() {
            // Steps hold steps: what is within them is tried where they are first met.
            if !self.seen.iter().any(|seen| seen == reference) {
                self.seen.push(reference.to_owned());
                let entry = self.schema.pointer(reference.strip_prefix('#').unwrap()).unwrap().clone();
                self.within(path, &entry, holes);
            }
        }
        for choice in entry["anyOf"].as_array().into_iter().flatten() {
            self.within(path, choice, holes);
        }
        if entry["items"].is_object() {
            let lists = holes.iter().filter_map(|hole| Some((hole, hole.value().as_array()?)));
            let items = lists.flat_map(|(hole, list)| {
                (0..list.len()).flat_map(move |nth| {
                    let mut inserted = list.clone();
                    inserted.insert(nth, list[nth].clone());
                    [hole.clone(), hole.with(inserted.into())].map(|hole| hole.at(&nth.to_string()))
                })
            });
            self.within(&format!("{path}[]"), &entry["items"], &items.collect::<Vec<_>>());
        }
        // All flows hold the same steps, some of which belong into one of them only.
        let mut flows = Vec::new();
        for (name, entry) in entry["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let inner = self.key(&path, name, entry, holes);
            match entry["$ref"] == "#/$defs/steps" && path.starts_with(".flows.") {
                true if !self.seen.iter().any(|seen| seen == "#/$defs/steps") => flows.extend(inner),
                _ => self.within(&path, entry, &inner),
            }
        }
        if !flows.is_empty() {
            self.within(".flows.*", &json!({ "$ref": "#/$defs/steps" }), &flows);
        }
        if entry["additionalProperties"].is_object() {
            let entry = &entry["additionalProperties"];
            let path = format!("{path}.*");
            let inner = self.key(&path, "sso", entry, holes);
            self.within(&path, entry, &inner);
        }
    }
}

#[test]
fn every_key_is_described_and_every_example_is_one_that_the_reader_takes() {
    let schema = schema();
    let mut walk = Walk { schema: schema.clone(), seen: Vec::new(), keys: 0, wrong: Vec::new() };
    let examples = schema["examples"].as_array().unwrap().clone();
    let holes: Vec<_> = examples.into_iter().map(|playbook| Hole { playbook, at: String::new() }).collect();
    for hole in &holes {
        assert_eq!(hole.refused(), None);
    }
    walk.within("", &schema, &holes);
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
    assert!(walk.keys > 90, "only {} keys were looked at", walk.keys);
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema()).unwrap()
}

fn as_json(yaml: &str) -> Json {
    serde_saphyr::from_str(yaml).unwrap()
}

#[test]
fn the_schema_refuses_no_sound_playbook() {
    let validator = validator();
    for folder in ["playbooks", "playbooks/families", "tests/playbooks"] {
        for entry in fs::read_dir(root(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let yaml = as_json(&fs::read_to_string(&path).unwrap());
            let errors: Vec<_> = validator.iter_errors(&yaml).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
    }
    for example in schema()["examples"].as_array().unwrap() {
        assert!(validator.is_valid(example), "{example}");
    }
}

/// What is wrong in its form alone, an editor marks before the checker is asked.
#[test]
fn the_schema_refuses_what_is_wrong_in_form() {
    let validator = validator();
    for name in [
        "unknown-key",
        "unknown-step",
        "unknown-role",
        "unknown-autocomplete",
        "unknown-value",
        "missing-key",
        "locator",
        "misplaced-key",
        "step",
        "out-of-range",
        "duration",
        "app-name",
        "mfa-method",
        "limits-keys",
    ] {
        let path = root("tests/golden/playbook").join(name).with_extension("yaml");
        let yaml = as_json(&fs::read_to_string(&path).unwrap());
        assert!(!validator.is_valid(&yaml), "{name}");
    }
}

#[test]
fn an_editor_finds_the_schema_from_every_bundled_playbook() {
    for entry in fs::read_dir(root("playbooks")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().next().unwrap();
        let named = line.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| panic!("{line}"));
        let found = fs::read_to_string(path.parent().unwrap().join(named)).unwrap();
        assert_eq!(serde_json::from_str::<Json>(&found).unwrap(), schema(), "{}", path.display());
    }
}
