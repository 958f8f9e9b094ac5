use proptest::prelude::*;

use super::*;
use crate::templates::{Conversation, Message};

fn clock() -> Clock {
    Clock::At("2026-03-09T08:05:00".parse().unwrap())
}

fn render(template: &str) -> Result<String, Fault> {
    let messages = vec![Message::new("user", " hi\n"), Message::new("assistant", "yo")];
    let conversation = Conversation { messages, tools: Vec::new() };
    let tokens = SpecialTokens { bos: Some("<s>".to_owned()), ..SpecialTokens::default() };
    ChatTemplate::parse(template, clock())?.render(&Input { conversation: &conversation, tokens: &tokens, think: None })
}

fn rendered(template: &str) -> String {
    render(template).unwrap()
}

fn refused(template: &str) -> Fault {
    render(template).unwrap_err()
}

#[test]
fn a_conversation_is_written_as_the_template_says() {
    let template = "{{ bos_token }}{% for message in messages %}
        {{- '<|im_start|>' + message['role'] + '\n' + message.content.strip() + '<|im_end|>' }}
    {% endfor %}
    {% if add_generation_prompt %}
<|im_start|>assistant
    {% endif %}
";
    assert_eq!(
        rendered(template),
        "<s><|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyo<|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn values_are_written_as_python_writes_them() {
    assert_eq!(
        rendered("{{ true }} {{ none }} {{ 1.0 }} {{ [1, 'a'] }} {{ {'a': none} }}"),
        "True None 1.0 [1, 'a'] {'a': None}"
    );
    assert_eq!(rendered("{{ missing }}{% for x in missing %}{% endfor %}{{ missing is defined }}"), "False");
    assert_eq!(rendered("{{ tools is iterable }}{{ messages is iterable }}"), "FalseTrue");
    assert_eq!(rendered("{{ 'a,b'.split(',')[-1] }}{{ {'k': 'v'}.get('x', 'y') }}{{ 'ab'[::-1] }}"), "byba");
}

#[test]
fn json_is_python_s() {
    assert_eq!(
        rendered(r#"{{ {"b": [1, 2.5, "é<&'\n"], "a": {}, "c": none} | tojson }}"#),
        r#"{"b": [1, 2.5, "é<&'\n"], "a": {}, "c": null}"#
    );
    assert_eq!(rendered("{{ {'b': [1], 'a': []} | tojson(indent=2) }}"), "{\n  \"b\": [\n    1\n  ],\n  \"a\": []\n}");
    assert_eq!(
        rendered("{{ {'b': 'é😀', 'a': 1} | tojson(ensure_ascii=true, sort_keys=true) }}"),
        r#"{"a": 1, "b": "\u00e9\ud83d\ude00"}"#
    );
    assert_eq!(rendered("{{ [1, {'a': 2}] | tojson(separators=(',', ':')) }}"), r#"[1,{"a":2}]"#);
}

#[test]
fn what_transformers_adds_is_there() {
    assert_eq!(rendered("{{ strftime_now('%d %b %Y') }}"), "09 Mar 2026");
    assert_eq!(rendered("{% generation %}{{ messages[1].content }}{% endgeneration %}"), "yo");
    assert_eq!(
        rendered("{% for m in messages %}{% if m.role == 'assistant' %}{% break %}{% endif %}{{ m.role }}{% endfor %}"),
        "user"
    );
}

#[test]
fn a_template_that_refuses_says_why_and_where() {
    let fault = refused("{% if true %}\n{{ raise_exception('roles must alternate') }}\n{% endif %}");
    assert_eq!((fault.line, fault.message.as_str(), fault.kind), (Some(2), "roles must alternate", FaultKind::Refused));
}

#[test]
fn what_is_not_jinja_is_a_fault_with_its_line() {
    let fault = refused("a\n{% if x %}\n{{ ( }}");
    assert_eq!((fault.line, fault.kind), (Some(3), FaultKind::Syntax));
    for template in ["{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as x %}"] {
        assert_eq!(refused(template).kind, FaultKind::Syntax, "{template}");
    }
}

#[test]
fn what_a_template_makes_is_bounded() {
    let doubled = |step: &str, end: &str| format!("{{% set x = 'abcdefgh' %}}{}{end}", step.repeat(64));
    let lists = |end: &str| format!("{{% set x = ['a'] %}}{}{end}", "{% set x = [x, x] %}".repeat(60));
    for template in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}".to_owned(),
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned(),
        "{{ 'x' * 90000000 }}".to_owned(),
        "{{ 'x'.join(range(100000)) }}".to_owned(),
        "{{ '{:>99999999}'.format('x') }}".to_owned(),
        "{{ '%99999999s' | format('x') }}".to_owned(),
        doubled("{% set x = x ~ x %}", "{{ x }}"),
        doubled("{% set x = x + x %}", "{{ x }}"),
        doubled("{% set x %}{{ x }}{{ x }}{% endset %}", "{{ x }}"),
        doubled("{% set x = x.replace('a', x) %}", "{{ x }}"),
        doubled("{% set x = x | replace('a', x) %}", "{{ x }}"),
        doubled("{% set x = x.join([x, x]) %}", "{{ x }}"),
        doubled("{% set x = '{}{}'.format(x, x) %}", "{{ x }}"),
        lists("{{ x | tojson }}"),
        lists("{{ x | tojson(indent=2) }}"),
        lists("{{ ''.join(x) }}"),
        lists("{{ '{}'.format(x) }}"),
    ] {
        let fault = refused(&template);
        assert_ne!(fault.kind, FaultKind::Syntax, "{template}: {fault}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_a_fault(template in "(\\{\\{|\\}\\}|\\{%|%\\}|[a-z'\"|.()\\[\\]~+*-]| |messages|for|in|if|endif|endfor|set|é){0,30}") {
        let _ = render(&template);
    }
}
