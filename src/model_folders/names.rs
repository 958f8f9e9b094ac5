//! Names for folders that have none yet: short, by the rules, free, and no two alike.

use std::collections::{HashMap, HashSet};

use super::entry::ProposedNames;
use crate::base_models::names::{is_technical_name, model_name_key, technical_name_key, tidy};
use crate::trained_model_names::{ENOUGH, train_name_characters};

/// Most characters of a model name.
const MAX_MODEL_NAME: usize = 200;
/// Words of model names that are known by less.
const SHORTER: [(&str, &str); 12] = [
    ("instruct", "i"),
    ("instruction", "i"),
    ("chat", "c"),
    ("thinking", "t"),
    ("preview", "p"),
    ("distill", "d"),
    ("reasoning", "r"),
    ("uncased", "u"),
    ("multilingual", "ml"),
    ("base", ""),
    ("hf", ""),
    ("model", ""),
];
/// Folders that say how models are kept, not whose they are.
const NOT_OWNERS: [&str; 4] = ["hub", "models", "snapshots", "modelscope"];

/// Proposes names, one folder after the other.
#[derive(Debug, Default)]
pub struct Proposals {
    technical_names: HashSet<String>,
    model_names: HashSet<String>,
    /// The next number for names that were met before.
    numbers: HashMap<String, u64>,
}

impl Proposals {
    /// Names that are not free.
    pub fn take(&mut self, technical_name: &str, model_name: &str) {
        self.technical_names.insert(technical_name_key(technical_name));
        self.model_names.insert(model_name_key(model_name));
    }

    /// Names for the folder at that path, which are then taken.
    pub fn propose(&mut self, path: &str) -> ProposedNames {
        let words = Words::of(path);
        let names = ProposedNames::new(self.technical_name(&words.name), self.model_name(&words));
        self.take(&names.technical_name, &names.model_name);
        names
    }

    fn technical_name(&mut self, name: &str) -> String {
        let room = longest();
        let short = Some(shorten(&slug(name), room)).filter(|short| is_technical_name(short));
        let short = short.unwrap_or_else(|| "model".to_owned());
        if !self.technical_names.contains(&technical_name_key(&short)) {
            return short;
        }
        loop {
            let number = self.numbers.entry(short.clone()).or_insert(1);
            *number += 1;
            let end = format!("-{number}");
            let numbered = format!("{}{end}", cut(&short, room - end.len()));
            if !self.technical_names.contains(&technical_name_key(&numbered)) {
                return numbered;
            }
        }
    }

    fn model_name(&mut self, words: &Words) -> String {
        let name = head(&tidy(&words.name), MAX_MODEL_NAME);
        let owned = words.owner.as_ref().map(|owner| head(&tidy(&format!("{owner}/{name}")), MAX_MODEL_NAME));
        let free = |name: &String| !self.model_names.contains(&model_name_key(name));
        if let Some(free) = [Some(name.clone()), owned].into_iter().flatten().find(free) {
            return free;
        }
        loop {
            let number = self.numbers.entry(format!("/{name}")).or_insert(1);
            *number += 1;
            let end = format!(" ({number})");
            let numbered = format!("{}{end}", head(&name, MAX_MODEL_NAME - end.len()));
            if !self.model_names.contains(&model_name_key(&numbered)) {
                return numbered;
            }
        }
    }
}

/// The longest technical name that leaves enough for the name of a training.
fn longest() -> usize {
    usize::try_from(train_name_characters("").saturating_sub(ENOUGH)).unwrap_or(1)
}

/// What a path says of whose model it is, and of its name.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    owner: Option<String>,
    name: String,
}

impl Words {
    fn of(path: &str) -> Self {
        let mut parts: Vec<&str> = path.split('/').skip(1).collect();
        if parts.len() > 2 && parts.get(parts.len() - 2) == Some(&"snapshots") {
            parts.truncate(parts.len() - 2);
        }
        let last = parts.pop().unwrap_or(path);
        let last = last.strip_suffix(".gguf").or_else(|| last.strip_suffix(".GGUF")).map_or(last, without_shard);
        let last = last.strip_prefix("models--").unwrap_or(last);
        let parent = parts.pop().filter(|parent| !NOT_OWNERS.contains(parent)).map(str::to_owned);
        let (owner, name) = match last.split_once("--") {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() => (Some(owner.to_owned()), name),
            _ => (parent, last),
        };
        // ModelScope writes a dot as three underscores.
        Self { owner, name: name.replace("___", ".") }
    }
}

/// The name of a file without the number of its shard.
fn without_shard(stem: &str) -> &str {
    let Some((head, _)) = stem.rsplit_once("-of-") else { return stem };
    head.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-')
}

/// The name in the characters of a technical name.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len().min(256));
    for c in name.chars().take(256) {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            '.' if !slug.ends_with(['.', '-']) => slug.push('.'),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_matches(['-', '.']).to_owned()
}

/// Words are written shorter, then the longest ones are cut, until it fits.
fn shorten(slug: &str, room: usize) -> String {
    if slug.len() <= room {
        return slug.to_owned();
    }
    let shorter = |word: &&str| {
        SHORTER.iter().find(|(long, _)| long == word).map_or((*word).to_owned(), |known| known.1.to_owned())
    };
    let mut words: Vec<String> = slug.split('-').map(|word| shorter(&word)).filter(|word| !word.is_empty()).collect();
    let length = |words: &[String]| words.iter().map(String::len).sum::<usize>() + words.len().saturating_sub(1);
    while length(&words) > room {
        // Numbers tell models apart: only letters are cut.
        let is_letters = |word: &&mut String| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        match words.iter_mut().filter(is_letters).max_by_key(|word| word.len()) {
            Some(longest) => drop(longest.pop()),
            None => break,
        }
    }
    cut(&words.join("-"), room)
}

/// At most so many bytes of an ASCII name, without a separator at its end.
fn cut(name: &str, room: usize) -> String {
    name.get(..room).unwrap_or(name).trim_end_matches(['-', '.']).to_owned()
}

fn head(name: &str, room: usize) -> String {
    name.chars().take(room).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base_models::names::check_model_name;

    fn proposed(paths: &[&str]) -> Vec<(String, String)> {
        let mut proposals = Proposals::default();
        let names = |names: ProposedNames| (names.technical_name, names.model_name);
        paths.iter().map(|path| names(proposals.propose(path))).collect()
    }

    #[test]
    fn names_are_those_of_the_folders_in_the_way_names_are_written() {
        for (path, technical_name, model_name) in [
            ("models/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct", "Qwen2.5-7B-Instruct"),
            ("models/Qwen3-30B-A3B-Instruct-2507", "qwen3-30b-a3b-i-2507", "Qwen3-30B-A3B-Instruct-2507"),
            ("models/hub/models--meta-llama--Llama-3.2-1B", "llama-3.2-1b", "Llama-3.2-1B"),
            ("models/hub/models--o--M_x/snapshots/abc", "m-x", "M_x"),
            ("models/Qwen/Qwen3___5-4B", "qwen3.5-4b", "Qwen3.5-4B"),
            ("models/many/qwen-q8_0-00001-of-00002.gguf", "qwen-q8-0", "qwen-q8_0"),
            ("models/模型", "model", "模型"),
            (
                "models/DeepSeek-R1-Distill-Llama-8B-Instruct",
                "deepsee-r1-d-llama-8b-i",
                "DeepSeek-R1-Distill-Llama-8B-Instruct",
            ),
        ] {
            assert_eq!(proposed(&[path]), [(technical_name.to_owned(), model_name.to_owned())], "{path}");
        }
    }

    #[test]
    fn no_two_are_alike_and_none_is_taken() {
        let mut proposals = Proposals::default();
        proposals.take("QWEN", "qwen");
        let names: Vec<ProposedNames> = ["models/Qwen", "models/a/qwen", "models/b/qwen", "models/b/QWEN", "models/c"]
            .map(|path| proposals.propose(path))
            .into();
        let technical: Vec<&str> = names.iter().map(|names| names.technical_name.as_str()).collect();
        let model: Vec<&str> = names.iter().map(|names| names.model_name.as_str()).collect();
        assert_eq!(technical, ["qwen-2", "qwen-3", "qwen-4", "qwen-5", "c"]);
        assert_eq!(model, ["Qwen (2)", "a/qwen", "b/qwen", "QWEN (3)", "c"]);
    }

    proptest! {
        #[test]
        fn whatever_the_path_the_names_keep_the_rules(paths in proptest::collection::vec("models(/[\\PC&&[^/]]{1,60}){1,3}", 1..20)) {
            let mut proposals = Proposals::default();
            let (mut technical, mut model) = (HashSet::new(), HashSet::new());
            for path in paths.iter().filter(|path| crate::cards::ModelPath::parse(path).is_ok()) {
                let names = proposals.propose(path);
                prop_assert!(is_technical_name(&names.technical_name), "{names:?}");
                prop_assert!(names.train_name_characters >= ENOUGH, "{names:?}");
                prop_assert!((1..=MAX_MODEL_NAME).contains(&names.model_name.chars().count()), "{names:?}");
                prop_assert!(check_model_name(&names.model_name).is_ok() && tidy(&names.model_name) == names.model_name);
                prop_assert!(technical.insert(technical_name_key(&names.technical_name)));
                prop_assert!(model.insert(model_name_key(&names.model_name)));
            }
        }
    }
}
