use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, Failure};
use crate::config::Config;
use crate::playbook::{self, Families, Family, OriginOverrides, Playbook, Report};

/// The playbooks of this deployment, by app.
#[derive(Debug, Clone, Default)]
pub struct Library {
    playbooks: BTreeMap<String, Arc<Playbook>>,
}

impl Library {
    /// Reads every playbook that these files and folders hold. One that is invalid keeps all from being used:
    /// a deployment should not find out job by job.
    ///
    /// # Errors
    /// With [`Exit::PlaybookInvalid`] and everything that is wrong with all of them, or with
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
        let mut wrong = String::new();
        for file in files {
            let playbook = match parse(&file, &read(&file)?, overrides) {
                Ok(playbook) => playbook,
                Err(report) => {
                    let _ = write!(wrong, "\n{}", report.render(colour).trim_end());
                    continue;
                }
            };
            let app = playbook.app.to_string();
            if let Some(other) = library.playbooks.get(&app) {
                let _ = write!(
                    wrong,
                    "\n{} and {} both describe the app `{app}`: keep one of them",
                    other.name, playbook.name
                );
            }
            library.playbooks.insert(app, Arc::new(playbook));
        }
        if wrong.is_empty() {
            return Ok(library);
        }
        Err(Failure::new(
            Exit::PlaybookInvalid,
            format_args!("a playbook is invalid; nothing was started{wrong}"),
        ))
    }

    /// That this app has a playbook.
    ///
    /// # Errors
    /// With [`Exit::Usage`] and the apps that have one.
    pub fn must_describe(&self, app: &str) -> Result<(), Failure> {
        if self.playbooks.contains_key(app) {
            return Ok(());
        }
        let apps: Vec<_> = self.playbooks.keys().map(String::as_str).collect();
        Err(Failure::usage(format_args!(
            "there is no playbook for the app `{app}`: the apps are {}; `turnlock playbook list` shows where they come from",
            apps.join(", ")
        )))
    }

    /// All of them, each under its app.
    pub fn into_playbooks(self) -> impl Iterator<Item = (String, Arc<Playbook>)> {
        self.playbooks.into_iter()
    }

    /// All of them, by app.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Playbook>> {
        self.playbooks.values()
    }
}

/// That this app has a playbook, where there are playbooks at all: only a worker needs them, and it may run
/// elsewhere. Of an invalid one the worker tells.
///
/// # Errors
/// With [`Exit::Usage`] and the apps that have one.
pub fn must_describe_if_any(config: &Config, app: &str) -> Result<(), Failure> {
    match Library::load(&config.playbooks, &config.origins, false) {
        Ok(library) => library.must_describe(app),
        Err(_) => Ok(()),
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
    std::fs::read_to_string(file)
        .map_err(|error| Failure::environment(format_args!("{} cannot be read: {error}", file.display())))
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
