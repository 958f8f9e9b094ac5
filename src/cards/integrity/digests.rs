//! Whether the content of the weights is what its publisher declared, by SHA-256.
//!
//! Folders declare digests in several ways: the cache of the Hugging Face hub names its blobs after
//! them, its download tool leaves them in `.cache/huggingface`, some publishers put checksum files or
//! Git LFS pointers beside the weights. A file without any of these is not read.

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::CheckStatus;
use crate::cards::card::FileKind;
use crate::cards::files::kind_of;
use crate::cards::folder::{Entry, ModelFolder};
use crate::cards::limits::Limits;

/// Bytes that are read at a time, between two looks at the flag.
const CHUNK: usize = 1 << 20;
/// Longest file of digests that is read.
const LONGEST_LIST: u64 = 1 << 20;
/// Files that list the digests of others, in the format of `sha256sum`.
const LISTS: [&str; 6] =
    ["SHA256SUMS", "sha256sums.txt", "sha256sum.txt", "SHA256SUMS.txt", "checksums.sha256", "checksum.sha256"];
/// What stands behind the name of a file in that of its digest or pointer.
const BESIDE: [&str; 3] = [".sha256", ".lfs", ".pointer"];

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DigestProgress {
    pub bytes_read: u64,
    pub bytes_total: u64,
}

/// A weights file and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileDigest {
    pub path: String,
    pub size_bytes: u64,
    /// Passed: the content is what was declared. Skipped: nothing declares it, or the reading was cancelled.
    pub status: CheckStatus,
    /// SHA-256 that is declared, in hexadecimal.
    pub declared: Option<String>,
    /// What declares it.
    pub declared_by: Option<String>,
    /// SHA-256 of the content, in hexadecimal.
    pub actual: Option<String>,
    /// Why there is none, or what to do.
    pub detail: Option<String>,
}

/// Reads every weights file whose digest is declared and compares. Ends early when `cancelled` is set.
pub fn verify_digests(
    folder: &ModelFolder,
    limits: &Limits,
    mut progress: impl FnMut(DigestProgress),
    cancelled: &AtomicBool,
) -> io::Result<Vec<FileDigest>> {
    let listing = folder.list(limits)?;
    let lists = lists(folder, &listing.files);
    let is_weights = |entry: &&Entry| kind_of(&entry.path) == FileKind::Weights;
    let mut digests: Vec<FileDigest> =
        listing.files.iter().filter(is_weights).map(|entry| declared(folder, entry, &lists)).collect();
    let bytes_total = digests
        .iter()
        .filter(|digest| digest.declared.is_some())
        .fold(0, |sum: u64, digest| sum.saturating_add(digest.size_bytes));
    let mut bytes_read = 0_u64;
    for digest in digests.iter_mut().filter(|digest| digest.declared.is_some()) {
        let mut read = |count: u64| {
            bytes_read = bytes_read.saturating_add(count);
            progress(DigestProgress { bytes_read, bytes_total });
        };
        verify(folder, digest, &mut read, cancelled);
    }
    Ok(digests)
}

fn verify(folder: &ModelFolder, digest: &mut FileDigest, read: &mut impl FnMut(u64), cancelled: &AtomicBool) {
    match hash(folder, &digest.path, read, cancelled) {
        Ok(Some(actual)) => {
            let same = digest.declared.as_ref() == Some(&actual);
            digest.status = if same { CheckStatus::Passed } else { CheckStatus::Failed };
            digest.detail = (!same).then(|| "the content is not what was declared: fetch the file again".to_owned());
            digest.actual = Some(actual);
        }
        Ok(None) => digest.detail = Some("the reading was cancelled".to_owned()),
        Err(why) => {
            digest.status = CheckStatus::Failed;
            digest.detail = Some(why);
        }
    }
}

/// SHA-256 of a file; `None` when the reading was cancelled.
fn hash(
    folder: &ModelFolder,
    path: &str,
    read: &mut impl FnMut(u64),
    cancelled: &AtomicBool,
) -> Result<Option<String>, String> {
    let mut file = folder.open(path).map_err(|error| error.to_string())?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("it cannot be read ({})", error.kind())),
        };
        hasher.update(buffer.get(..count).unwrap_or_default());
        read(count as u64);
    }
    Ok(Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// The digests that checksum files declare, with the path they are for and the file they stand in.
struct Listed {
    path: String,
    digest: String,
    file: String,
}

fn lists(folder: &ModelFolder, files: &[Entry]) -> Vec<Listed> {
    let mut listed = Vec::new();
    let is_list = |entry: &&Entry| LISTS.contains(&entry.path.rsplit('/').next().unwrap_or_default());
    for entry in files.iter().filter(is_list) {
        let dir = entry.path.get(..entry.path.rfind('/').map_or(0, |slash| slash + 1)).unwrap_or_default();
        let text = text(folder, &entry.path).unwrap_or_default();
        listed.extend(text.lines().filter_map(|line| {
            let (digest, name) = line.split_once(char::is_whitespace)?;
            let name = name.trim_start().trim_start_matches('*').trim_start_matches("./");
            Some(Listed { path: format!("{dir}{name}"), digest: sha256(digest)?, file: entry.path.clone() })
        }));
    }
    listed
}

fn declared(folder: &ModelFolder, entry: &Entry, lists: &[Listed]) -> FileDigest {
    let by_link = || Some((sha256(&folder.link_name(&entry.path)?)?, "the name of the blob it links to".to_owned()));
    let by_list = || {
        let listed = lists.iter().find(|listed| listed.path == entry.path)?;
        Some((listed.digest.clone(), listed.file.clone()))
    };
    let found =
        by_link().or_else(|| by_download(folder, &entry.path)).or_else(|| beside(folder, &entry.path)).or_else(by_list);
    let detail = found.is_none().then(|| "nothing in the folder declares its digest".to_owned());
    let (declared, declared_by) = found.unzip();
    FileDigest {
        path: entry.path.clone(),
        size_bytes: entry.size,
        status: CheckStatus::Skipped,
        declared,
        declared_by,
        actual: None,
        detail,
    }
}

/// What the download tool of the Hugging Face hub notes: commit, tag and time, a line each. The tag of
/// a large file is its SHA-256.
fn by_download(folder: &ModelFolder, path: &str) -> Option<(String, String)> {
    let file = format!(".cache/huggingface/download/{path}.metadata");
    let digest = sha256(text(folder, &file)?.lines().nth(1)?.trim().trim_matches('"'))?;
    Some((digest, file))
}

/// A digest, or a Git LFS pointer, beside the file.
fn beside(folder: &ModelFolder, path: &str) -> Option<(String, String)> {
    BESIDE.iter().find_map(|end| {
        let file = format!("{path}{end}");
        let text = text(folder, &file)?;
        let pointed = text.lines().find_map(|line| line.strip_prefix("oid sha256:"));
        let digest = sha256(pointed.or_else(|| text.split_whitespace().next())?.trim())?;
        Some((digest, file))
    })
}

fn text(folder: &ModelFolder, path: &str) -> Option<String> {
    let mut text = String::new();
    folder.open(path).ok()?.take(LONGEST_LIST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The text, if it is a SHA-256 in hexadecimal.
fn sha256(text: &str) -> Option<String> {
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::testing::write;

    /// SHA-256 of `abc`, as FIPS 180-2 gives it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn verified(files: &[(&str, &[u8])]) -> Vec<FileDigest> {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        let folder = ModelFolder::ambient(folder.path()).unwrap();
        let mut last = None;
        let digests =
            verify_digests(&folder, &Limits::default(), |progress| last = Some(progress), &AtomicBool::new(false))
                .unwrap();
        assert!(last.is_none_or(|last| last.bytes_read == last.bytes_total));
        digests
    }

    #[test]
    fn every_way_to_declare_a_digest_is_understood() {
        let sums = format!("{ABC} *./model.safetensors\n");
        let metadata = format!("0123456789abcdef\n\"{ABC}\"\n1700000000.0\n");
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{ABC}\nsize 3\n");
        for (name, content) in [
            ("SHA256SUMS", sums.as_bytes()),
            (".cache/huggingface/download/model.safetensors.metadata", metadata.as_bytes()),
            ("model.safetensors.lfs", pointer.as_bytes()),
            ("model.safetensors.sha256", ABC.as_bytes()),
        ] {
            let right = verified(&[("model.safetensors", b"abc"), (name, content)]);
            assert_eq!((right[0].status, right[0].declared.as_deref()), (CheckStatus::Passed, Some(ABC)), "{name}");
            let wrong = verified(&[("model.safetensors", b"abd"), (name, content)]);
            assert_eq!(wrong[0].status, CheckStatus::Failed, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes its folders itself")]
    fn the_cache_of_the_hub_names_its_blobs_after_their_digests() {
        let cache = tempfile::tempdir().unwrap();
        let snapshot = cache.path().join("snapshots").join("c0ffee");
        std::fs::create_dir_all(&snapshot).unwrap();
        write(cache.path(), &[(&format!("blobs/{ABC}"), b"abc")]);
        std::os::unix::fs::symlink(format!("../../blobs/{ABC}"), snapshot.join("model.safetensors")).unwrap();
        let folder = ModelFolder::ambient(&snapshot).unwrap();
        let digests = verify_digests(&folder, &Limits::default(), |_| {}, &AtomicBool::new(false)).unwrap();
        assert_eq!(digests[0].status, CheckStatus::Passed);
    }

    #[test]
    fn what_nothing_declares_is_not_read() {
        let digests = verified(&[("model.safetensors", b"abc"), ("config.json", b"{}")]);
        assert_eq!(digests.len(), 1);
        assert_eq!((digests[0].status, &digests[0].actual), (CheckStatus::Skipped, &None));
    }

    #[test]
    fn a_reading_that_is_cancelled_ends() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("model.safetensors", "abc"), ("model.safetensors.sha256", ABC)]);
        let folder = ModelFolder::ambient(folder.path()).unwrap();
        let digests = verify_digests(&folder, &Limits::default(), |_| {}, &AtomicBool::new(true)).unwrap();
        assert_eq!(
            (digests[0].status, digests[0].detail.as_deref()),
            (CheckStatus::Skipped, Some("the reading was cancelled"))
        );
    }
}
