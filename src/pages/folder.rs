//! The folder of an app's recorded pages.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::index::{Document, Index, KeptPage, KeptStep, Seen};
use super::likeness::Kept;
use super::recorder::{Look, Recorder};
use super::{scrub, step};
use crate::browser::Replay;
use crate::playbook::Playbook;

const INDEX: &str = "index.json";

/// An app's recorded pages.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// What there is.
    pub index: Index,
    /// The documents by their files.
    documents: BTreeMap<String, Kept>,
}

/// The folder is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// There is none.
    #[error(
        "there are no recorded pages in {}: record them with `turnlock playbook test FILE --account REF --record`",
        .0.display()
    )]
    None(PathBuf),
    /// A file cannot be read or written.
    #[error("{} cannot be read or written: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The index is not one.
    #[error("{} is no index of recorded pages: {error}", path.display())]
    Index {
        /// Which.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
}

impl Pages {
    /// Where the pages of a playbook are: `pages/APP` beside it.
    #[must_use]
    pub fn folder(playbook: &Playbook) -> PathBuf {
        let beside = Path::new(&playbook.name).parent().unwrap_or(Path::new(""));
        beside.join("pages").join(playbook.app.as_str())
    }

    /// Reads them.
    ///
    /// # Errors
    /// If there are none, or a file is missing or no such file.
    pub fn load(folder: &Path) -> Result<Self, PagesError> {
        let path = folder.join(INDEX);
        let index = match std::fs::read(&path) {
            Ok(index) => index,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(PagesError::None(folder.to_owned()));
            }
            Err(error) => return Err(PagesError::File { path, error }),
        };
        let index: Index =
            serde_json::from_slice(&index).map_err(|error| PagesError::Index { path, error })?;
        let mut documents = BTreeMap::new();
        for document in index.pages.iter().flat_map(KeptPage::documents) {
            let path = folder.join(file_name(&document.file));
            let html = std::fs::read_to_string(&path).map_err(|error| PagesError::File { path, error })?;
            documents.insert(document.file.clone(), Kept { html, visible: String::new() });
        }
        Ok(Self { index, documents })
    }

    /// Takes in what was seen since: what a step saw earlier in the same state is forgotten, and so is every page that
    /// no step saw, and every step that the playbook no longer has.
    pub fn take_in(&mut self, recorder: &Recorder, playbook: &Playbook) {
        self.index.app = playbook.app.to_string();
        let mut seen: Vec<(KeptStep, KeptPage)> = Vec::new();
        let mut documents = std::mem::take(&mut self.documents);
        for (number, look) in recorder.take().into_iter().enumerate() {
            seen.push(kept(playbook, number, look, &mut documents));
        }
        let old = std::mem::take(&mut self.index);
        let old_pages: HashMap<&str, &KeptPage> =
            old.pages.iter().map(|page| (page.main.file.as_str(), page)).collect();
        let old_steps = old.of_playbook(playbook).into_iter().filter_map(|step| {
            let page = (*old_pages.get(step.page.as_str())?).clone();
            Some((step, page))
        });
        let all: Vec<(KeptStep, KeptPage)> = old_steps.chain(seen).collect();
        self.index.app = old.app;
        for (_, known) in step::all(playbook) {
            let mut states: Vec<&Option<String>> = Vec::new();
            for (each, _) in all.iter().filter(|(each, _)| each.step == known.id) {
                if !states.contains(&&each.state) {
                    states.push(&each.state);
                }
            }
            for state in states {
                let last = all.iter().rev().find(|(each, _)| each.step == known.id && each.state == *state);
                if let Some((each, page)) = last {
                    let page = self.place(each, page, &documents);
                    self.index.steps.push(KeptStep { page, ..each.clone() });
                }
            }
        }
    }

    /// Gives a page's documents their files: those of a page like it, or new ones named after the step.
    fn place(&mut self, step: &KeptStep, page: &KeptPage, documents: &BTreeMap<String, Kept>) -> String {
        let kept = |document: &Document| documents.get(&document.file).cloned().unwrap_or_default();
        let same = |one: &Document, other: &Document, known: &Self| {
            one.at == other.at
                && one.status == other.status
                && known.documents.get(&one.file).is_some_and(|one| one.is_like(&kept(other)))
        };
        let alike = self.index.pages.iter().find(|known| {
            known.frames.len() == page.frames.len()
                && known.documents().zip(page.documents()).all(|(one, other)| same(one, other, self))
        });
        if let Some(alike) = alike {
            return alike.main.file.clone();
        }
        let state = step.state.as_ref().map(|state| format!(".{state}")).unwrap_or_default();
        let stem = format!("{}{state}", step.step);
        let mut placed = page.clone();
        placed.main.file = format!("{stem}.html");
        for (number, frame) in placed.frames.iter_mut().enumerate() {
            frame.file = format!("{stem}.frame-{}.html", number + 1);
        }
        for (new, old) in placed.documents().zip(page.documents()) {
            self.documents.insert(new.file.clone(), kept(old));
        }
        let file = placed.main.file.clone();
        self.index.pages.push(placed);
        file
    }

    /// Writes them, and removes what was there before.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), PagesError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| PagesError::File { path, error }
        };
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            let ours = path.extension().is_some_and(|extension| extension == "html");
            if ours && !self.documents.keys().any(|file| path.ends_with(file)) {
                std::fs::remove_file(&path).map_err(failed(&path))?;
            }
        }
        for (file, kept) in &self.documents {
            let path = folder.join(file_name(file));
            std::fs::write(&path, &kept.html).map_err(failed(&path))?;
        }
        let path = folder.join(INDEX);
        let index = serde_json::to_string_pretty(&self.index)
            .map_err(|error| PagesError::Index { path: path.clone(), error })?;
        std::fs::write(&path, index + "\n").map_err(failed(&path))
    }

    /// A page to be shown at the playbook's addresses: which one to open, and what to answer.
    #[must_use]
    pub fn replay(&self, playbook: &Playbook, page: &KeptPage) -> Option<(url::Url, Replay)> {
        let mut replay = Replay::default();
        for document in page.documents() {
            let mut html = self.documents.get(&document.file)?.html.clone();
            for frame in &page.frames {
                let (from, to) = (quoted(&frame.at), quoted(&url_of(playbook, &frame.at)));
                html = html.replace(&from, &to);
            }
            // As the browser writes it when it asks.
            let url = url::Url::parse(&url_of(playbook, &document.at)).ok()?;
            replay.insert(url.to_string(), document.status, html);
        }
        Some((url::Url::parse(&url_of(playbook, &page.main.at)).ok()?, replay))
    }
}

impl KeptPage {
    /// Its own document and those of its frames.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        [&self.main].into_iter().chain(&self.frames)
    }
}

/// `app:/login` with the origin that the playbook gives.
fn url_of(playbook: &Playbook, at: &str) -> String {
    match at.split_once(':').and_then(|(name, path)| Some((playbook.origin(name)?, path))) {
        Some((origin, path)) => format!("{origin}{path}"),
        None => at.to_owned(),
    }
}

fn quoted(address: &str) -> String {
    format!(" src=\"{}\"", address.replace('&', "&amp;"))
}

/// An index comes from elsewhere, and names files of its own folder only.
fn file_name(file: &str) -> String {
    file.replace(['/', '\\'], "_")
}

/// What is kept of a look; its documents go to the others under names that nothing else has.
fn kept(
    playbook: &Playbook,
    number: usize,
    look: Look,
    documents: &mut BTreeMap<String, Kept>,
) -> (KeptStep, KeptPage) {
    let Look { flow, step, does, state, locators, chosen, snapshot } = look;
    let mut ats: Vec<String> = Vec::new();
    for (at, frame) in snapshot.frames.iter().enumerate() {
        let around = frame.parent.map(|parent| ats[parent].as_str());
        let mut written = scrub::at(playbook, frame, at, around);
        if ats.contains(&written) {
            // Two frames of one address may hold different documents.
            written =
                format!("{written}{}turnlock-frame={at}", if written.contains('?') { '&' } else { '?' });
        }
        ats.push(written);
    }
    let at_of = |id: &str| {
        let place = snapshot.frames.iter().position(|frame| frame.id == id)?;
        Some(ats[place].clone())
    };
    let mut all = Vec::new();
    for (at, frame) in snapshot.frames.iter().enumerate() {
        // No file is called so.
        let file = format!("/{number}/{at}");
        let html = scrub::document(flow, frame, at_of);
        documents.insert(file.clone(), Kept { html, visible: frame.visible.clone() });
        all.push(Document { file, at: ats[at].clone(), status: frame.status });
    }
    let mut found = Vec::new();
    for (target, locators) in
        locators.iter().enumerate().filter(|(at, _)| chosen.is_none_or(|chosen| chosen == *at))
    {
        for (alternative, (locator, frame)) in locators.iter().enumerate() {
            let here = snapshot.frames.iter().flat_map(|frame| &frame.found);
            let elements = here
                .filter(|each| each.target == target && each.alternative == alternative)
                .flat_map(|each| each.elements.iter().cloned());
            found.push(Seen { locator: locator.clone(), frame: frame.clone(), elements: elements.collect() });
        }
    }
    let main = all.remove(0);
    let page = KeptPage { main, frames: all };
    (KeptStep { step, does, state, page: page.main.file.clone(), found }, page)
}
