#![no_main]

use std::sync::LazyLock;

use base_models::templates::Conversation;
use base_models::templates::go::{Budget, Template};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// Something of everything that a template can ask for.
static CONVERSATION: LazyLock<Conversation> = LazyLock::new(|| {
    let conversation = json!({
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather <in> Paris, \u{e9}?"},
            {"role": "assistant", "thinking": "hm", "tool_calls": [
                {"id": "c1", "function": {"name": "weather", "arguments": {"city": "Paris", "days": 2.5, "all": [null, true]}}},
            ]},
            {"role": "tool", "content": "22", "tool_name": "weather", "tool_call_id": "c1"},
        ],
        "tools": [{"function": {"name": "weather", "description": "now", "parameters": {
            "type": "object", "required": ["city"], "properties": {
                "city": {"type": "string", "enum": ["Paris"]}, "days": {"anyOf": [{"type": ["integer", "null"]}]},
            },
        }}}],
    });
    serde_json::from_value(conversation).expect("a conversation")
});

fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse(text) else { return };
    template.check();
    let budget = Budget { output: 4096, steps: 20_000 };
    if let Ok(rendered) = template.render(&CONVERSATION, &budget) {
        assert!(rendered.len() <= budget.output);
    }
});
