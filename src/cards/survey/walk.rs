//! The walk through the models root: into every folder that is not part of a model, once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::finding::{FindingCode, FolderFinding};
use super::look::{Look, look, of_names};
use super::{FoundFolder, SurveyLimits, SurveyProgress};
use crate::cards::folder::{Branch, Content, Identity};
use crate::cards::kind::PIPELINES;
use crate::cards::model_path::ModelPath;
use crate::cards::weights;

/// Files of which each makes its folder one that may hold a model.
const MARKS: [&str; 7] = [
    "config.json",
    "modules.json",
    "adapter_config.json",
    "params.json",
    "configuration.json",
    "tokenizer.json",
    "tokenizer_config.json",
];
/// Where download tools leave what is not finished.
const LEFTOVERS: [&str; 3] = [".cache", "._____temp", ".huggingface"];
/// Repositories in the cache of the Hugging Face hub that hold no models.
const OTHER_REPOSITORIES: [&str; 2] = ["datasets--", "spaces--"];
const UNFINISHED: [&str; 4] = [".incomplete", ".part", ".crdownload", ".aria2"];

pub struct Walk<'a> {
    limits: &'a SurveyLimits,
    progress: &'a mut dyn FnMut(SurveyProgress),
    deadline: Instant,
    seen: usize,
    stopped: bool,
    found: Vec<FoundFolder>,
    /// As which entry a folder is told. Entries that are taken back again are not among them.
    told: HashMap<Identity, usize>,
    visited: HashSet<Identity>,
    /// Links to folders inside the models root, for when all folders are known.
    links: Vec<PathBuf>,
}

impl<'a> Walk<'a> {
    pub fn new(limits: &'a SurveyLimits, progress: &'a mut dyn FnMut(SurveyProgress)) -> Self {
        Self {
            limits,
            progress,
            deadline: Instant::now() + limits.time,
            seen: 0,
            stopped: false,
            found: Vec::new(),
            told: HashMap::new(),
            visited: HashSet::new(),
            links: Vec::new(),
        }
    }

    pub fn through(mut self, root: &Branch) -> Vec<FoundFolder> {
        self.enter(root, 0);
        // Following a link can find more links; each folder is entered once, so this ends.
        while let Some(link) = self.links.pop() {
            self.follow(root, &link);
        }
        self.found
    }

    /// A link to a folder that was seen is another name of it; another folder is entered.
    fn follow(&mut self, root: &Branch, link: &Path) {
        let Ok(branch) = root.follow(link) else { return };
        let Some(identity) = branch.identity() else { return };
        if !self.visited.contains(&identity) {
            return self.enter(&branch, link.components().count());
        }
        let told = self.told.get(&identity).and_then(|told| self.found.get_mut(*told));
        if let (Some(entry), Ok(path)) = (told, ModelPath::parse(&spelled(link))) {
            entry.links.push(path.to_string());
        }
    }

    fn enter(&mut self, branch: &Branch, depth: usize) {
        if self.is_over() {
            return;
        }
        let identity = branch.identity();
        if identity.is_some_and(|identity| !self.visited.insert(identity)) {
            return;
        }
        let content = match branch.content(self.limits.entries) {
            Ok(content) => content,
            Err(error) => return self.tell(branch, FolderFinding::unreadable(&error)),
        };
        self.seen += content.seen;
        (self.progress)(SurveyProgress { entries: self.seen, folders: self.found.len() });
        if is_repository(branch, &content) {
            return self.repository(branch, &content, depth);
        }
        if is_marked(&content, depth) && self.model(branch, identity, &content, depth) {
            return;
        }
        self.container(branch, &content, depth);
    }

    /// Whether the folder is a model, which is then told with all that lies in it.
    fn model(&mut self, branch: &Branch, identity: Option<Identity>, content: &Content, depth: usize) -> bool {
        if depth == 0 {
            let detail = "the models root itself holds files of a model; put them into a folder below it";
            self.tell(branch, FolderFinding::new(FindingCode::BadPath, detail));
            return false;
        }
        let seen = self.look(branch);
        let is_leaf = content.folders.iter().all(|name| is_passed_over(name)) && content.folder_links.is_empty();
        let is_damaged = seen.finding.as_ref().is_some_and(|finding| finding.code.is_damage());
        if seen.kind.is_none() && !is_leaf && !is_damaged {
            return false;
        }
        if !seen.finding.as_ref().is_some_and(|finding| finding.code.is_dull()) {
            self.tell_as_next(identity);
        }
        self.add(spelled(branch.path()), Vec::new(), seen);
        true
    }

    fn tell_as_next(&mut self, identity: Option<Identity>) {
        if let Some(identity) = identity {
            self.visited.insert(identity);
            self.told.insert(identity, self.found.len());
        }
    }

    /// A folder of folders: each is entered. What remains without anything of a model is told as one.
    fn container(&mut self, branch: &Branch, content: &Content, depth: usize) {
        let before = self.found.len();
        if content.truncated {
            let detail = format!("has more than the {} entries that are looked at", self.limits.entries);
            self.tell(branch, FolderFinding::new(FindingCode::LimitReached, detail));
        }
        self.links.extend(content.folder_links.iter().map(|name| branch.path().join(name)));
        for name in &content.refused_links {
            let detail = "is a link that leaves the models root, leads nowhere or runs in a circle; it is not followed";
            self.tell_below(branch, name, FolderFinding::new(FindingCode::LinkRefused, detail));
        }
        let files = self.single_files(branch, content, depth);
        for name in content.folders.iter().filter(|name| !is_passed_over(name)) {
            self.below(branch, name, depth);
        }
        if depth > 0 && files == 0 && !self.stopped {
            self.conclude(branch, content, depth, before);
        }
    }

    fn below(&mut self, branch: &Branch, name: &str, depth: usize) {
        if self.is_over() {
            return;
        }
        if OTHER_REPOSITORIES.iter().any(|kind| name.starts_with(kind)) {
            let detail = "is a data set or a space in the cache of the Hugging Face hub, not a model";
            return self.tell_below(branch, name, FolderFinding::new(FindingCode::NotAModel, detail));
        }
        if depth == self.limits.depth {
            let detail = format!("lies below {depth} folders; deeper ones are not entered");
            return self.tell_below(branch, name, FolderFinding::new(FindingCode::LimitReached, detail));
        }
        match branch.enter(name) {
            Ok(below) => self.enter(&below, depth + 1),
            Err(error) => self.tell_below(branch, name, FolderFinding::unreadable(&error)),
        }
    }

    /// GGUF files of several models side by side, or in the root itself, are told one by one.
    fn single_files(&mut self, branch: &Branch, content: &Content, depth: usize) -> usize {
        let mut models: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for name in &content.files {
            if let Some(stem) = weights::gguf_stem(name) {
                models.entry(stem).or_default().insert(name);
            }
        }
        let firsts: Vec<&str> =
            models.values().flatten().copied().filter(|name| weights::gguf_shard(name) == 1).collect();
        if depth > 0 && models.len() < 2 {
            return 0;
        }
        for name in &firsts {
            let others = models.values().filter(|files| files.contains(name)).map(BTreeSet::len).sum::<usize>();
            let seen = match branch.single_file(name) {
                Ok(file) => one_of(look(&file, self.limits), others),
                Err(error) => Look {
                    finding: Some(FolderFinding::new(FindingCode::Unreadable, error.to_string())),
                    ..Look::default()
                },
            };
            self.add(spelled(&branch.path().join(name)), Vec::new(), seen);
        }
        firsts.len()
    }

    /// What to say of a folder below which nothing of a model was found.
    fn conclude(&mut self, branch: &Branch, content: &Content, depth: usize, before: usize) {
        let told = self.found.get(before..).unwrap_or_default();
        let is_dull = |entry: &FoundFolder| entry.finding.as_ref().is_some_and(|finding| finding.code.is_dull());
        let has_links = !content.folder_links.is_empty() || !content.refused_links.is_empty();
        if content.files.is_empty() && content.folders.iter().any(|name| LEFTOVERS.contains(&name.as_str()))
            || is_marked(content, depth)
        {
            let seen = self.look(branch);
            if seen.finding.as_ref().is_some_and(|finding| !finding.code.is_dull()) && told.iter().all(is_dull) {
                self.found.truncate(before);
                return self.add(spelled(branch.path()), Vec::new(), seen);
            }
        }
        let told = self.found.get(before..).unwrap_or_default();
        let own = content.files.iter().map(String::as_str);
        if told.is_empty() && !has_links {
            return self.tell(branch, of_names(own));
        }
        let has_other = told
            .iter()
            .any(|entry| entry.finding.as_ref().is_some_and(|finding| finding.code == FindingCode::NotAModel))
            || of_names(own).code == FindingCode::NotAModel;
        if has_other && told.iter().all(is_dull) && !has_links {
            let detail = "holds none of the files by which a model is recognised, nor do the folders below it";
            self.found.truncate(before);
            self.tell(branch, FolderFinding::new(FindingCode::NotAModel, detail));
        }
    }

    /// A repository in the cache of the Hugging Face hub or of ModelScope: its current snapshot is the repository, the
    /// others are told by themselves.
    fn repository(&mut self, branch: &Branch, content: &Content, depth: usize) {
        let snapshots = branch.enter("snapshots").and_then(|dir| Ok((dir.content(self.limits.entries)?, dir)));
        let (names, snapshots) = match snapshots {
            Ok((content, dir)) => (content.folders, dir),
            Err(error) => return self.tell(branch, FolderFinding::unreadable(&error)),
        };
        let unfinished = content.folders.contains("blobs") && has_unfinished(branch);
        let current = branch.current_snapshot();
        if current.is_none() && names.is_empty() {
            let code = if unfinished { FindingCode::PartialDownload } else { FindingCode::Empty };
            let detail = "is a repository of a download cache without a snapshot; run the download again";
            return self.tell(branch, FolderFinding::new(code, detail));
        }
        if let Some(current) = &current {
            let mut seen = self.look(branch);
            if unfinished && seen.finding.as_ref().is_none_or(|finding| finding.code == FindingCode::NoWeights) {
                let detail = "blobs: a download was left unfinished; run it again";
                seen.finding = Some(FolderFinding::new(FindingCode::PartialDownload, detail));
            }
            let link = ModelPath::parse(&spelled(&branch.path().join("snapshots").join(current)));
            self.tell_as_next(branch.identity());
            self.tell_as_next(snapshots.enter(current).ok().and_then(|snapshot| snapshot.identity()));
            self.add(spelled(branch.path()), link.iter().map(ModelPath::to_string).collect(), seen);
        }
        for name in names.iter().filter(|name| Some(*name) != current.as_ref()) {
            self.below(&snapshots, name, depth + 1);
        }
    }

    fn look(&self, branch: &Branch) -> Look {
        match branch.model_folder() {
            Ok(folder) => look(&folder, self.limits),
            Err(error) => Look {
                finding: Some(FolderFinding::new(FindingCode::Unreadable, error.to_string())),
                ..Look::default()
            },
        }
    }

    fn tell(&mut self, branch: &Branch, finding: FolderFinding) {
        self.add(spelled(branch.path()), Vec::new(), Look { finding: Some(finding), ..Look::default() });
    }

    fn tell_below(&mut self, branch: &Branch, name: &str, finding: FolderFinding) {
        let path = spelled(&branch.path().join(name));
        self.add(path, Vec::new(), Look { finding: Some(finding), ..Look::default() });
    }

    /// Adds an entry. A path that could not be registered is told as that, unless worse was found.
    fn add(&mut self, path: String, links: Vec<String>, seen: Look) {
        let Look { kind, family, size_bytes, finding } = seen;
        let finding = match ModelPath::parse(&path) {
            Err(error) if path != ROOT && kind.is_some() => {
                let detail = format!("the path {error}; rename the folder");
                Some(FolderFinding::new(FindingCode::BadPath, detail))
            }
            _ => finding,
        };
        self.found.push(FoundFolder { path, links, kind, family, size_bytes, finding });
    }

    /// Whether a limit ended the walk, which is told once.
    fn is_over(&mut self) -> bool {
        let SurveyLimits { all_entries, folders, time, .. } = self.limits;
        let why = if self.stopped {
            return true;
        } else if Instant::now() > self.deadline {
            format!("the survey was ended after {} seconds; what it did not reach is not listed", time.as_secs())
        } else if self.seen > *all_entries {
            format!("the survey was ended after {all_entries} entries; what it did not reach is not listed")
        } else if self.found.len() >= *folders {
            format!("the survey was ended after {folders} folders; what it did not reach is not listed")
        } else {
            return false;
        };
        self.stopped = true;
        let finding = Some(FolderFinding::new(FindingCode::LimitReached, why));
        self.add(ROOT.to_owned(), Vec::new(), Look { finding, ..Look::default() });
        true
    }
}

/// What a look at a single file means when it is one of so many with its name.
fn one_of(seen: Look, files: usize) -> Look {
    let lacks_others = |finding: &FolderFinding| files > 1 && finding.code == FindingCode::MissingShards;
    let detail = "is the first of several files of a model; put them into a folder of their own";
    match seen.finding {
        Some(finding) if lacks_others(&finding) => {
            Look { finding: Some(FolderFinding::new(FindingCode::MissingShards, detail)), ..seen }
        }
        finding => Look { finding, ..seen },
    }
}

/// The models root, as paths name it.
const ROOT: &str = "models";

/// A path below the models root as it is registered.
fn spelled(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() { ROOT.to_owned() } else { format!("{ROOT}/{}", parts.join("/")) }
}

/// Whether a file makes this a folder that may hold a model. GGUF files of several models do not, nor do those in the
/// root itself: each of them is a model.
fn is_marked(content: &Content, depth: usize) -> bool {
    let mut files = content.files.iter().chain(&content.refused_links);
    let ggufs: BTreeSet<String> = content.files.iter().filter_map(|name| weights::gguf_stem(name)).collect();
    let one_by_one = depth == 0 || ggufs.len() > 1;
    let is_mark = |name: &String| {
        MARKS.contains(&name.as_str())
            || PIPELINES.contains(&name.as_str())
            || weights::is_index(name)
            || weights::is_weights(name) && !(one_by_one && name.to_ascii_lowercase().ends_with(".gguf"))
    };
    files.any(is_mark)
}

fn is_repository(branch: &Branch, content: &Content) -> bool {
    let named = branch.path().file_name().is_some_and(|name| name.to_string_lossy().contains("--"));
    let has = |name: &str| content.folders.contains(name);
    has("snapshots") && (named || has("refs") || has("blobs"))
}

/// Whether the blobs of a repository hold a part of a file.
fn has_unfinished(repository: &Branch) -> bool {
    let blobs = repository.enter("blobs").and_then(|blobs| blobs.content(MOST_BLOBS));
    blobs.is_ok_and(|blobs| blobs.files.iter().any(|name| UNFINISHED.iter().any(|end| name.ends_with(end))))
}

/// Blobs that are looked at for unfinished ones.
const MOST_BLOBS: usize = 20_000;

/// Folders of tools, which hold no models of their own.
fn is_passed_over(name: &str) -> bool {
    name.starts_with('.') || name == "__pycache__"
}
