//! The conversations that a suggestion is proven with.

use crate::templates::conversation::{Conversation, Message};

/// A conversation with its name.
pub struct Probe {
    pub name: &'static str,
    pub conversation: Conversation,
}

fn probe(name: &'static str, contents: &[(&str, &str)]) -> Probe {
    let messages = contents.iter().map(|(role, content)| Message::new(*role, *content)).collect();
    Probe { name, conversation: Conversation { messages, tools: Vec::new() } }
}

/// Every one ends with a question, since that is what a model is asked to answer.
pub fn probes() -> Vec<Probe> {
    let (s, u, a) = ("system", "user", "assistant");
    vec![
        probe("one question", &[(u, "What is the capital of France?")]),
        probe("system message", &[(s, "You are a pirate."), (u, "What is the capital of France?")]),
        probe("two turns", &[(u, "Hello"), (a, "Hi, how can I help?"), (u, "Tell me a joke.")]),
        probe("two turns with a system message", &[(s, "Be brief."), (u, "Hello"), (a, "Hi."), (u, "A joke, please.")]),
        probe("four turns", &[(u, "One"), (a, "1"), (u, "Two"), (a, "2"), (u, "Three"), (a, "3"), (u, "Four")]),
        probe(
            "four turns with a system message",
            &[(s, "Count."), (u, "One"), (a, "1"), (u, "Two"), (a, "2"), (u, "Three"), (a, "3"), (u, "Four")],
        ),
        probe(
            "unicode",
            &[
                (s, "Répondez en français. 日本語も。"),
                (u, "Où est la gare ? 🚉 \u{202e}"),
                (a, "ここ。"),
                (u, "Спасибо!"),
            ],
        ),
        probe(
            "line ends",
            &[(s, "First line.\nSecond line.\n\nFourth."), (u, "a\nb\n\n\nc"), (a, "1.\n2.\n"), (u, "x\r\ny")],
        ),
        probe(
            "code",
            &[
                (u, "Explain:\n\n```rust\nfn main() {\n    println!(\"{}\", 1);\n}\n```"),
                (a, "    It prints 1."),
                (u, "Why?"),
            ],
        ),
        probe(
            "white space round the contents",
            &[(s, " \n Be kind. \t\n"), (u, "  \tHello \n\n"), (a, "\n\n Hi. \n"), (u, "\n Bye  ")],
        ),
        probe("white space in a single question", &[(u, " \n\tHello \t\n ")]),
        probe(
            "braces",
            &[
                (s, "Use {{ .System }} and {% if %}."),
                (u, "{{ messages }} {{- end }} {"),
                (a, "}} {# #} {{"),
                (u, "%}{{"),
            ],
        ),
        probe(
            "marks of other templates",
            &[(u, "<b>&amp; \"quoted\" 'single' \\n \\ [x] <y>"), (a, "$1 ${x} `$(date)`"), (u, "### # -- |")],
        ),
        probe("a long content", &[(u, LONG), (a, LONG), (u, "Go on.")]),
        probe("unicode without a system message", &[(u, "Où est la gare ? 🚉"), (a, "ここ。"), (u, "Спасибо!")]),
        probe("line ends without a system message", &[(u, "a\nb\n\n\nc"), (a, "1.\n2.\n"), (u, "x\r\ny")]),
        probe("white space without a system message", &[(u, "  \tHello \n\n"), (a, "\n\n Hi. \n"), (u, "\n Bye  ")]),
        probe(
            "braces without a system message",
            &[(u, "{{ messages }} {{- end }} {"), (a, "}} {# #} {{"), (u, "%}{{")],
        ),
        probe("empty question", &[(u, "Hello"), (a, "Hi."), (u, "")]),
        probe("empty answer", &[(u, "Hello"), (a, ""), (u, "Are you there?")]),
    ]
}

const LONG: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of \
    foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the \
    season of Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had \
    nothing before us, we were all going direct to Heaven, we were all going direct the other way.";
