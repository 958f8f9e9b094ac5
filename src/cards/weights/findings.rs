//! What is wrong with the weight files, told once for all files it is true of, with what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::inspect::Content;
use super::sets::WeightSet;
use super::shard_index::ShardIndex;
use crate::cards::card::WeightsFormat;
use crate::cards::draft::Draft;
use crate::cards::warning::WarningCode;

/// Files that one warning names.
const MOST_NAMED: usize = 20;

/// What was found in each file, by its path.
pub type Contents = BTreeMap<String, Content>;

/// One warning for many files; `detail` is given how to speak of them.
pub fn warn_of(
    draft: &mut Draft<'_>,
    code: WarningCode,
    pointer: Option<&str>,
    files: &[String],
    detail: impl FnOnce(&str) -> String,
) {
    if files.is_empty() {
        return;
    }
    let named = files.iter().take(MOST_NAMED).map(String::as_str);
    draft.warn(code, pointer, detail(&listed(files)), named);
}

/// `a`, `a and b`, `a, b and 7 more`.
fn listed(files: &[String]) -> String {
    match files {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] if files.len() <= MOST_NAMED => format!("{} and {last}", head.join(", ")),
        _ => {
            let named: Vec<&str> = files.iter().take(MOST_NAMED).map(String::as_str).collect();
            format!("{} and {} more", named.join(", "), files.len() - named.len())
        }
    }
}

/// What the listing of the folder met.
pub fn of_listing(draft: &mut Draft<'_>) {
    let refused = draft.listing.refused_links.clone();
    warn_of(draft, WarningCode::LinkRefused, None, &refused, |files| {
        format!("not followed: {files}; copy what the links mean into the models root")
    });
    let unreadable = draft.listing.unreadable.clone();
    warn_of(draft, WarningCode::UnreadableFile, None, &unreadable, |files| {
        format!(
            "cannot be looked at: {files}; give the service the right to read them, or remove them if they are no files"
        )
    });
    let unfinished = draft.listing.unfinished.clone();
    warn_of(draft, WarningCode::PartialDownload, None, &unfinished, |files| {
        format!("a download did not finish and left {files}; run it again, then remove what is left")
    });
    if draft.listing.truncated {
        let detail = "the folder has more files, or deeper folders, than are looked at: the card tells of a part of it";
        draft.warn(WarningCode::BudgetExceeded, Some("/files"), detail, []);
    }
}

/// What the files themselves show.
pub fn of_contents(draft: &mut Draft<'_>, contents: &Contents) {
    pointers(draft, contents);
    let named = |wanted: fn(&Content) -> bool| -> Vec<String> {
        contents.iter().filter(|(_, content)| wanted(content)).map(|(path, _)| path.clone()).collect()
    };
    let empty = named(|content| matches!(content, Content::Empty));
    warn_of(draft, WarningCode::ZeroBytes, Some("/weights"), &empty, |files| {
        format!("{files} hold nothing: fetch them again")
    });
    for (code, cure) in [
        (WarningCode::TruncatedFile, "fetch the file again"),
        (WarningCode::InvalidHeader, "fetch the file again, or ask its author for a sound one"),
        (WarningCode::BudgetExceeded, "the numbers of the card leave it out"),
        (WarningCode::UnreadableFile, "check the disk and the rights of the file"),
    ] {
        faults(draft, contents, code, cure);
    }
}

fn pointers(draft: &mut Draft<'_>, contents: &Contents) {
    let (mut files, mut bytes) = (Vec::new(), 0_u64);
    for (path, content) in contents {
        if let Content::Pointer(size) = content {
            files.push(path.clone());
            bytes = bytes.saturating_add(size.unwrap_or(0));
        }
    }
    let size = if bytes > 0 { format!(" ({bytes} bytes)") } else { String::new() };
    warn_of(draft, WarningCode::LfsPointer, Some("/weights"), &files, |files| {
        format!(
            "Git LFS pointers stand where the content{size} should: {files}; fetch it, for example with `git lfs pull`"
        )
    });
}

fn code_of(fault: &Fault) -> WarningCode {
    match fault {
        Fault::Header(_) => WarningCode::InvalidHeader,
        Fault::Short { .. } | Fault::Long(_) => WarningCode::TruncatedFile,
        Fault::TooLarge(_) | Fault::OutOfTime => WarningCode::BudgetExceeded,
        Fault::Unreadable(_) => WarningCode::UnreadableFile,
    }
}

/// One warning for a file alone, or one for all the files of one kind of fault.
fn faults(draft: &mut Draft<'_>, contents: &Contents, code: WarningCode, cure: &str) {
    let mut told = Vec::new();
    for (path, content) in contents {
        let faults: Vec<String> =
            content.faults().iter().filter(|fault| code_of(fault) == code).map(ToString::to_string).collect();
        if !faults.is_empty() {
            told.push((path.clone(), format!("{path} {}", faults.join("; it "))));
        }
    }
    let files: Vec<String> = told.iter().map(|(path, _)| path.clone()).collect();
    let details: Vec<&str> = told.iter().take(MOST_NAMED).map(|(_, detail)| detail.as_str()).collect();
    let more = files.len().saturating_sub(details.len());
    let more = if more > 0 { format!(", and {more} more files") } else { String::new() };
    warn_of(draft, code, Some("/weights"), &files, |_| format!("{}{more}: {cure}", details.join(", ")));
}

/// Files of a set that are not there, and those of the same name that the index does not know.
pub fn of_sets(draft: &mut Draft<'_>, sets: &[WeightSet]) {
    let lacking: Vec<&WeightSet> = sets.iter().filter(|set| set.absent > 0).collect();
    for set in lacking.iter().take(MOST_NAMED) {
        let (found, all) = (set.files.len(), set.expected.unwrap_or(0));
        let by = set.index.clone().unwrap_or_else(|| "the numbering of the files".to_owned());
        let more = set.absent.saturating_sub(set.missing.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        warn_of(draft, WarningCode::MissingShards, Some("/weights/shards"), &set.missing, |files| {
            format!("{by} names {all} files, of which {found} are here; missing: {files}{more}; fetch them")
        });
    }
    let rest: Vec<String> = lacking.iter().skip(MOST_NAMED).map(|set| set.name.set_name()).collect();
    warn_of(draft, WarningCode::MissingShards, Some("/weights/shards"), &rest, |sets| {
        format!("files are missing of {sets} too; fetch them")
    });
    extra_shards(draft, sets);
}

fn extra_shards(draft: &mut Draft<'_>, sets: &[WeightSet]) {
    for indexed in sets.iter().filter(|set| set.index.is_some()) {
        let is_extra = |set: &&WeightSet| {
            set.index.is_none() && set.name.shard.is_some() && set.name.set_name() == indexed.name.set_name()
        };
        let extra: Vec<String> = sets.iter().filter(is_extra).flat_map(WeightSet::paths).map(str::to_owned).collect();
        let index = indexed.index.clone().unwrap_or_default();
        warn_of(draft, WarningCode::ExtraShards, Some("/weights/shards"), &extra, |files| {
            format!("{index} does not name {files}: remove them if they are of an earlier download")
        });
    }
}

/// Whether the index and the headers name the same tensors. Its `total_size` is not held against them:
/// merges and casts leave it wrong in many folders, and no loader reads it.
pub fn of_index(draft: &mut Draft<'_>, path: &str, index: &ShardIndex, contents: &Contents) {
    if let Some(broken) = &index.broken {
        let detail = format!("{path} cannot be read to its end: {broken}; fetch it again");
        draft.warn(WarningCode::UnreadableFile, Some("/weights/shards"), detail, [path]);
    }
    if index.bad_names > 0 {
        let detail = format!("{path} places {} tensors into what cannot be a file beside it", index.bad_names);
        draft.warn(WarningCode::IndexMismatch, Some("/weights/shards"), detail, [path]);
    }
    let dir = path.get(..path.rfind('/').map_or(0, |slash| slash + 1)).unwrap_or("");
    let mut differing = Vec::new();
    for (shard, names) in &index.shards {
        let shard = format!("{dir}{shard}");
        let sums = contents.get(&shard).and_then(Content::sums);
        if sums.is_some_and(|sums| sums.names != *names) {
            differing.push(shard);
        }
    }
    warn_of(draft, WarningCode::IndexMismatch, Some("/weights/shards"), &differing, |files| {
        format!("{path} names other tensors than there are in {files}: fetch the index and these files again")
    });
}

/// A folder without weight files, or with files in which there is not one tensor.
pub fn of_no_weights(draft: &mut Draft<'_>, sets: &[WeightSet], contents: &Contents) {
    if sets.is_empty() {
        let detail =
            "the folder holds no weights: put them beside the configuration, or register the folder that has them";
        return draft.warn(WarningCode::NoWeights, Some("/weights"), detail, []);
    }
    let is_bare =
        |content: &Content| content.faults().is_empty() && content.sums().is_some_and(|sums| sums.names.count == 0);
    if !contents.is_empty() && contents.values().all(is_bare) {
        let files: Vec<String> = contents.keys().cloned().collect();
        warn_of(draft, WarningCode::NoWeights, Some("/weights"), &files, |files| {
            format!("there is no tensor in {files}: it holds a vocabulary or metadata only")
        });
    }
}

/// Weights that run code when they are loaded.
pub fn of_pickles(draft: &mut Draft<'_>, sets: &[WeightSet]) {
    let pickles: BTreeSet<&str> =
        sets.iter().filter(|set| set.name.format == WeightsFormat::Pytorch).flat_map(WeightSet::paths).collect();
    let pickles: Vec<String> = pickles.into_iter().map(str::to_owned).collect();
    let safe = sets.iter().any(|set| set.name.format == WeightsFormat::Safetensors && !set.files.is_empty());
    warn_of(draft, WarningCode::PickleWeights, Some("/weights/format"), &pickles, |files| {
        let cure = if safe { "load the safetensors beside them" } else { "convert them to safetensors" };
        format!("loading {files} runs code from them (pickle): {cure}, or load them only if you trust their author")
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_cut_with_their_number() {
        let names = |count: usize| (0..count).map(|i| format!("f{i}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(1)), "f0");
        assert_eq!(listed(&names(3)), "f0, f1 and f2");
        assert!(listed(&names(30)).ends_with("f19 and 10 more"));
    }
}
