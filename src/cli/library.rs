use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, Failure};
use crate::config::Config;
use crate::playbook::{self, Families, Family, OriginOverrides, Playbook, Report};

/// The playbooks of this deployment, by app.
#[derive(Debug, Clone, Default)]
pub struct Library {
    playbooks: BTreeMap<String, Arc<Playbook>>,
    unusable: Vec<Unusable>,
}

/// A file that cannot be used. It holds up the jobs of its own app alone.
#[derive(Debug, Clone)]
pub struct Unusable {
    /// The app that it is for: as it says itself, or else by its name.
    pub app: String,
    /// The file.
    pub file: String,
    /// All that is wrong with it.
    pub why: String,
}

impl Library {
    /// Reads every playbook that these files and folders hold.
    ///
    /// # Errors
    /// With [`Exit::PlaybookInvalid`] and everything that is wrong if none can be used, or with
    /// [`Exit::Environment`] if there are none or they cannot be read.
    pub fn load(paths: &[PathBuf], overrides: &OriginOverrides, colour: bool) -> Result<Self, Failure> {
        let files = files(paths)?;
        if files.is_empty() {
            let places: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let hint = if places.is_empty() { "./playbooks".to_owned() } else { places.join(", ") };
            return Err(Failure::environment(format_args!(
                "no playbook was found in {hint}: name a file or folder with --playbooks"
            )));
        }
        let mut library = Self::default();
        let mut sound: BTreeMap<String, Vec<Playbook>> = BTreeMap::new();
        let mut unread = None;
        for file in files {
            let source = match read(&file) {
                Ok(source) => source,
                Err(failure) => {
                    library.unusable.push(Unusable {
                        app: app_of(&file, ""),
                        file: file.display().to_string(),
                        why: failure.to_string(),
                    });
                    unread.get_or_insert(failure);
                    continue;
                }
            };
            match parse(&file, &source, overrides) {
                Ok(playbook) => sound.entry(playbook.app.to_string()).or_default().push(playbook),
                Err(report) => library.unusable.push(Unusable {
                    app: app_of(&file, &source),
                    file: file.display().to_string(),
                    why: report.render(colour).trim_end().to_owned(),
                }),
            }
        }
        for (app, mut playbooks) in sound {
            match (playbooks.pop(), playbooks.first()) {
                // Which of them is meant, nobody but their owner can say.
                (Some(last), Some(first)) => library.unusable.push(Unusable {
                    why: format!(
                        "{} and {} both describe the app `{app}`: keep one of them",
                        first.name, last.name
                    ),
                    file: last.name,
                    app,
                }),
                (Some(only), None) => drop(library.playbooks.insert(app, Arc::new(only))),
                (None, _) => {}
            }
        }
        match (library.complaint(), unread) {
            // Nothing is known to be wrong with what could not be read.
            (_, Some(failure)) if library.playbooks.is_empty() => Err(failure),
            (Some(complaint), _) if library.playbooks.is_empty() => {
                Err(Failure::new(Exit::PlaybookInvalid, format_args!("no playbook can be used\n{complaint}")))
            }
            _ => Ok(library),
        }
    }

    /// Everything that is wrong with what cannot be used.
    pub fn complaint(&self) -> Option<String> {
        let reasons: Vec<_> = self.unusable.iter().map(|one| one.why.as_str()).collect();
        (!reasons.is_empty()).then(|| reasons.join("\n"))
    }

    /// That this app has a playbook, and that it can be used.
    ///
    /// # Errors
    /// With [`Exit::PlaybookInvalid`] and what is wrong with it, or with [`Exit::Usage`] and the apps that have one.
    pub fn must_describe(&self, app: &str) -> Result<(), Failure> {
        if self.playbooks.contains_key(app) {
            return Ok(());
        }
        if let Some(unusable) = self.unusable.iter().find(|one| one.app == app) {
            return Err(Failure::new(
                Exit::PlaybookInvalid,
                format_args!("the playbook of the app `{app}` cannot be used\n{}", unusable.why),
            ));
        }
        let apps: Vec<_> = self.playbooks.keys().map(String::as_str).collect();
        Err(Failure::usage(format_args!(
            "there is no playbook for the app `{app}`: the apps are {}; `turnlock playbook list` shows where they come from",
            apps.join(", ")
        )))
    }

    /// Those that can be used.
    pub fn into_playbooks(self) -> impl Iterator<Item = (String, Arc<Playbook>)> {
        self.playbooks.into_iter()
    }

    /// Those that can be used, by app.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Playbook>> {
        self.playbooks.values()
    }

    /// The files that cannot be used.
    pub fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }
}

/// The app that an unsound playbook is for.
fn app_of(file: &Path, source: &str) -> String {
    let said = source.lines().find_map(|line| line.strip_prefix("app:"));
    let said = said.map(|said| said.split(" #").next().unwrap_or(said).trim().trim_matches(['"', '\'']));
    match said.filter(|said| !said.is_empty()) {
        Some(said) => said.to_owned(),
        None => file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    }
}

/// That this app has a playbook, where there are playbooks at all: only a worker needs them, and it may run
/// elsewhere. Of one that cannot be used the worker tells.
///
/// # Errors
/// With [`Exit::Usage`] and the apps that have one.
pub fn must_describe_if_any(config: &Config, app: &str) -> Result<(), Failure> {
    match Library::load(&config.playbooks, &config.origins, false) {
        Ok(library) if !library.unusable.iter().any(|one| one.app == app) => library.must_describe(app),
        _ => Ok(()),
    }
}

/// Reads a playbook, which may extend a family of the folder `families` beside it.
///
/// # Errors
/// If it is not sound. A family that cannot be read is none.
pub fn parse(file: &Path, source: &str, overrides: &OriginOverrides) -> Result<Playbook, Report> {
    let folder = file.parent().unwrap_or(Path::new("")).join("families");
    let mut families = Families::default();
    let found =
        if folder.is_dir() { files(std::slice::from_ref(&folder)).unwrap_or_default() } else { Vec::new() };
    for path in found {
        if let (Some(name), Ok(source)) = (path.file_stem(), read(&path)) {
            let family = Family { file: path.display().to_string(), source };
            families.insert(&name.to_string_lossy(), family);
        }
    }
    playbook::parse_among(&file.display().to_string(), source, overrides, &families)
}

/// The same; and a file of a folder `families` as a playbook that says nothing but which app it is.
///
/// # Errors
/// If it is not sound.
pub fn parse_any(file: &Path, source: &str, overrides: &OriginOverrides) -> Result<Playbook, Report> {
    let is_family = file.parent().is_some_and(|folder| folder.ends_with("families"));
    let Some(name) = file.file_stem().filter(|_| is_family).map(|name| name.to_string_lossy()) else {
        return parse(file, source, overrides);
    };
    let mut families = Families::default();
    families.insert(&name, Family { file: file.display().to_string(), source: source.to_owned() });
    let app = format!(
        "app: family\ntitle: family {name}\nextends: {name}\norigins: {{ app: https://app.example }}\n"
    );
    playbook::parse_among(&file.display().to_string(), &app, overrides, &families)
}

/// The text of a playbook.
///
/// # Errors
/// With [`Exit::Environment`] if it cannot be read.
pub fn read(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::environment(format_args!("{name} cannot be read: {error}")))?;
    let strange = match std::str::from_utf8(&bytes) {
        // UTF-16 without a mark at its beginning can pass for UTF-8, with zeros in it.
        Ok(text) => text.find('\0'),
        Err(error) => Some(error.valid_up_to()),
    };
    match (strange, String::from_utf8(bytes)) {
        (None, Ok(text)) => Ok(text),
        (at, text) => {
            let bytes = text.map_or_else(|error| error.into_bytes(), String::into_bytes);
            let line = bytes[..at.unwrap_or_default()].split(|byte| *byte == b'\n').count();
            let (encoding, iconv) = encoding_of(&bytes);
            Err(Failure::environment(format_args!(
                "{name} cannot be read: it is not UTF-8 from line {line} on, and seems to be {encoding}. Save it as UTF-8 (editors \
                 offer that as the encoding), or write `iconv -f {iconv} -t UTF-8 {name} > new.yaml`"
            )))
        }
    }
}

/// What text that is not UTF-8 seems to be instead, for people and for `iconv`.
fn encoding_of(bytes: &[u8]) -> (&'static str, &'static str) {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("UTF-16", "UTF-16"),
        _ if bytes.contains(&0) => ("UTF-16, or no text at all", "UTF-16"),
        _ => ("Windows-1252 or Latin-1", "WINDOWS-1252"),
    }
}

/// The files that the paths name, and the YAML files of the folders among them, in order.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable =
            |error| Failure::environment(format_args!("{} cannot be read: {error}", path.display()));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.is_file()
                && file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
            {
                found.push(file);
            }
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
