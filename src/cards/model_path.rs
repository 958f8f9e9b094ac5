//! The path of a model folder, relative to the models root.
//!
//! People write `models/X`, `./models/X` or `X`; all three mean the entry `X` of the models root and
//! are kept as `models/X`. What is refused here could not leave the root anyway, because every open
//! goes through a confined handle; it is refused so that one folder has one name, and so that a name
//! never means something else to a shell, a URL or another system.

use std::fmt;
use std::path::PathBuf;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The spelling of the models root in a path.
const ROOT: &str = "models";
/// Longest path, in bytes.
pub const MAX_BYTES: usize = 1024;
const MAX_COMPONENTS: usize = 16;
const MAX_COMPONENT_BYTES: usize = 255;

/// A path that names an entry of the models root and cannot be read in any other way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelPath {
    inside: Vec<String>,
}

/// What is wrong with a path, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPath(String);

impl ModelPath {
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let bad = |why: &str| Err(BadPath(why.to_owned()));
        if text.len() > MAX_BYTES {
            return bad("must be at most 1024 bytes long");
        }
        if text.starts_with(['/', '~']) {
            return bad("must be relative to the models root, like `models/Qwen2.5-7B-Instruct`");
        }
        if ComposingNormalizerBorrowed::new_nfc().normalize(text) != text {
            return bad("must be in Unicode normalization form C");
        }
        let text = text.strip_prefix("./").unwrap_or(text);
        let inside = match text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) => rest,
            None => text,
        };
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        if inside.is_empty() || inside == ROOT && text == ROOT {
            return bad("must name a folder below the models root, like `models/Qwen2.5-7B-Instruct`");
        }
        let inside: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if inside.len() >= MAX_COMPONENTS {
            return bad("must have at most 16 components");
        }
        inside.iter().try_for_each(|component| check(component))?;
        Ok(Self { inside })
    }

    /// The path below the models root, for opening.
    pub fn below_root(&self) -> PathBuf {
        self.inside.iter().collect()
    }

    /// The same words read as lying in a folder `models` of the models root.
    pub fn nested(&self) -> Self {
        let inside = std::iter::once(ROOT.to_owned()).chain(self.inside.iter().cloned()).collect();
        Self { inside }
    }
}

impl fmt::Display for ModelPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{ROOT}/{}", self.inside.join("/"))
    }
}

fn check(component: &str) -> Result<(), BadPath> {
    if component.is_empty() || component == "." || component == ".." {
        return Err(BadPath("must not have empty, `.` or `..` components".to_owned()));
    }
    if component.len() > MAX_COMPONENT_BYTES {
        return Err(BadPath("must have components of at most 255 bytes".to_owned()));
    }
    if component.ends_with('.') {
        return Err(BadPath("must not have components that end in a dot".to_owned()));
    }
    match component.chars().find(|&c| !(c.is_alphanumeric() || "._+@=-".contains(c))) {
        None => Ok(()),
        Some(other) => {
            Err(BadPath(format!("must be made of letters, digits and `._+@=-/` only, but holds {}", describe(other))))
        }
    }
}

/// Names a character without repeating one that could disturb a terminal or a page.
fn describe(c: char) -> String {
    if c.is_ascii_graphic() { format!("`{c}`") } else { format!("U+{:04X}", u32::from(c)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_spellings_of_a_folder_are_kept_as_one() {
        for text in ["models/X", "./models/X", "X", "./X", "models/X/"] {
            assert_eq!(ModelPath::parse(text).unwrap().to_string(), "models/X", "{text}");
        }
        assert_eq!(ModelPath::parse("models/models/X").unwrap().below_root(), PathBuf::from("models/X"));
        assert_eq!(ModelPath::parse("a/b.gguf").unwrap().to_string(), "models/a/b.gguf");
        assert!(ModelPath::parse("models/模型-7B").is_ok());
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        let long = "a".repeat(256);
        let deep = "a/".repeat(17);
        let corpus = [
            "",
            ".",
            "..",
            "/",
            "./",
            "models",
            "models/",
            "./models",
            "./models/",
            "/etc/passwd",
            "//etc",
            "~/x",
            "../x",
            "models/../x",
            "models/..",
            "x/../../etc",
            "x/./y",
            "x//y",
            "x\\y",
            "..\\x",
            "C:\\x",
            "c:x",
            "\\\\host\\share",
            "\\\\?\\C:\\x",
            "file:///etc/passwd",
            "file:x",
            "http://h/x",
            "x%2fy",
            "%2e%2e/x",
            "x;y",
            "x#y",
            "x?y",
            "x y",
            " x",
            "x ",
            "x.",
            "x./y",
            "x\0y",
            "x\ny",
            "x\ty",
            "x\u{7f}",
            "x\u{200b}y",
            "x\u{202e}y",
            "x\u{fffd}",
            "e\u{301}",
            "x*",
            "x|y",
            "x<y",
            "x>y",
            "x\"y",
            "x'y",
            "x$y",
            "x`y",
            "x&y",
            "x!y",
            "x(y)",
            "x{y}",
            "x[y]",
            "x^y",
            "x,y",
            "a/b/../c",
            "...",
            "a/...",
            "\u{2024}\u{2024}/x",
            "\u{ff0e}\u{ff0e}/x",
            "x\u{2215}y",
            long.as_str(),
            deep.as_str(),
        ];
        for text in corpus {
            assert!(ModelPath::parse(text).is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_path_stays_below_the_root_and_means_itself(text in "(\\./)?(models/)?[\\PC]{0,12}(/[a-zA-Z0-9._-]{1,8}){0,4}") {
            if let Ok(path) = ModelPath::parse(&text) {
                let components = path.below_root();
                prop_assert!(components.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert_eq!(ModelPath::parse(&path.to_string()).unwrap(), path);
            }
        }
    }
}
