//! `{% generation %}` blocks: transformers marks with them what the model wrote. The text is the same without.

/// The template with each such tag as one that changes nothing; lines and white space stay.
pub fn without_blocks(template: &str) -> String {
    let mut written = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, kind, tag)) = next_tag(rest) {
        written.push_str(before);
        let end = if kind == "{#" { "#}" } else { "%}" };
        let (inner, after) = tag.split_once(end).unwrap_or((tag, ""));
        let closed = inner.len() < tag.len();
        written.push_str(kind);
        written.push_str(&if kind == "{#" { inner.to_owned() } else { renamed(inner) });
        written.push_str(if closed { end } else { "" });
        rest = after;
    }
    written.push_str(rest);
    written
}

/// What stands before the next comment or block tag, how it opens, and what follows.
fn next_tag(text: &str) -> Option<(&str, &'static str, &str)> {
    let at = [text.find("{#").map(|at| (at, "{#")), text.find("{%").map(|at| (at, "{%"))];
    let (at, kind) = at.into_iter().flatten().min()?;
    Some((text.get(..at)?, kind, text.get(at + kind.len()..)?))
}

fn renamed(inner: &str) -> String {
    let name = inner.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '+');
    match name {
        "generation" => inner.replacen(name, "if true", 1),
        "endgeneration" => inner.replacen(name, "endif", 1),
        _ => inner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tags_are_replaced_and_nothing_else() {
        let template =
            "{# {% generation %} #}a{%- generation -%}\n{{ generation }}{% set x = 'generation' %}{%endgeneration%}";
        assert_eq!(
            without_blocks(template),
            "{# {% generation %} #}a{%- if true -%}\n{{ generation }}{% set x = 'generation' %}{%endif%}"
        );
    }

    proptest! {
        #[test]
        fn other_templates_stay_as_they_are(template in "([{}%# a-]|for|é){0,40}") {
            prop_assert_eq!(without_blocks(&template), template);
        }
    }
}
