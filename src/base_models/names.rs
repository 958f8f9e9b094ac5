//! The two names of a base model and what keeps them apart from all others.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use uuid::Uuid;
use validator::ValidationError;

/// Most characters of a technical name.
const MAX_TECHNICAL_NAME: usize = 40;

/// What stands in an address where a technical name could.
const ADDRESSES: [&str; 5] = ["batch", "export", "facets", "import", "refresh"];

/// A model name as it is kept: without space around it, in Unicode normalization form C.
pub fn tidy(name: &str) -> String {
    compose(name.trim())
}

/// A text in Unicode normalization form C, in which an accent is written in one way.
pub fn compose(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// What two model names must not share: the name folded, so that neither letter case nor the way an
/// accent is written makes a difference. It is made here and not in the database, whose folding
/// depends on its locale.
pub fn model_name_key(name: &str) -> String {
    fold(&tidy(name))
}

/// A text without the difference of letter case and of the way an accent is written.
pub fn fold(text: &str) -> String {
    compose(&CaseMapper::new().fold_string(&compose(text)))
}

/// The same for a technical name, which is ASCII; the database makes its own column in the same way.
pub fn technical_name_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Whether a text can be a technical name at all.
pub fn is_technical_name(name: &str) -> bool {
    (1..=MAX_TECHNICAL_NAME).contains(&name.len()) && check_technical_name(name).is_ok()
}

pub fn check_technical_name(name: &str) -> Result<(), ValidationError> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
    if !well_formed {
        return Err(ValidationError::new("pattern").with_message(
            "must begin with a letter or digit and hold only letters, digits, `.` and `-`; `_` separates the parts in \
             the names of models trained from this one"
                .into(),
        ));
    }
    if ADDRESSES.contains(&technical_name_key(name).as_str()) {
        return Err(ValidationError::new("reserved").with_message(
            format!("must not be one of {}, which are addresses of the API", ADDRESSES.join(", ")).into(),
        ));
    }
    if Uuid::try_parse(name).is_ok() {
        return Err(ValidationError::new("not_an_id")
            .with_message("must not look like an id (a UUID), so that the two cannot be mistaken".into()));
    }
    Ok(())
}

pub fn check_model_name(name: &str) -> Result<(), ValidationError> {
    match name.chars().find(|&c| is_invisible(c)) {
        None => Ok(()),
        Some(c) => Err(ValidationError::new("characters").with_message(
            format!("must not hold control, bidirectional or zero-width characters, but holds U+{:04X}", u32::from(c))
                .into(),
        )),
    }
}

/// Characters that make two names look the same, or one look like another: controls, bidirectional
/// marks and overrides, zero-width characters, the replacement character and non-characters.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFD | 0xE0000..=0xE0FFF)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technical_name_is_plain_and_no_id() {
        for good in ["q", "qw2.5-7-i", "Llama-3.1", "0190f1b2", &"a".repeat(40)] {
            assert!(is_technical_name(good), "{good}");
        }
        let id = Uuid::now_v7().to_string();
        for bad in [
            "Facets",
            "refresh",
            "",
            "-a",
            ".a",
            "a_b",
            "a b",
            "a/b",
            "é",
            "a\0",
            &"a".repeat(41),
            &id,
            &id.replace('-', ""),
        ] {
            assert!(!is_technical_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        for (one, other) in [
            ("Qwen2.5-7B", "qwen2.5-7b"),
            (" Qwen ", "Qwen"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("STRASSE", "straße"),
            ("Ἀθήνα", "ἀΘΉΝΑ"),
            ("ΣΑΣ", "σας"),
        ] {
            assert_eq!(model_name_key(one), model_name_key(other), "{one} {other}");
        }
        assert_ne!(model_name_key("Qwen2.5-7B"), model_name_key("Qwen2.5-7B-Instruct"));
    }

    #[test]
    fn a_model_name_shows_all_it_holds() {
        assert!(check_model_name("Qwen2.5 – 7B (指令)").is_ok());
        for hidden in ['\u{0}', '\n', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{ad}', '\u{fffd}', '\u{1ffff}']
        {
            assert!(check_model_name(&format!("a{hidden}b")).is_err(), "{hidden:?}");
        }
    }
}
