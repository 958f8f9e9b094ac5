use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::templates::conversation::Message;

fn render_with(text: &str, conversation: &Conversation) -> Result<String, RenderError> {
    Template::parse(text).unwrap().render(conversation, &Budget::default())
}

fn said(messages: &[(&str, &str)]) -> Conversation {
    let messages = messages.iter().map(|(role, content)| Message::new(*role, *content)).collect();
    Conversation { messages, tools: Vec::new() }
}

/// What a template makes of one question.
fn rendered(text: &str) -> String {
    render_with(text, &said(&[("user", "Hi")])).unwrap()
}

/// The same in a template that takes messages.
fn evaluated(text: &str) -> String {
    rendered(&format!("{{{{ if .Messages }}}}{{{{ end }}}}{text}"))
}

fn failed(text: &str) -> RenderError {
    render_with(&format!("{{{{ if .Messages }}}}{{{{ end }}}}{text}"), &said(&[("user", "Hi")])).unwrap_err()
}

fn with_tools() -> Conversation {
    serde_json::from_value(json!({
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "thinking": "hm", "tool_calls": [
                {"id": "c1", "function": {"name": "weather", "arguments": {"city": "Paris", "days": 2}}},
            ]},
            {"role": "tool", "content": "22", "tool_name": "weather", "tool_call_id": "c1"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "weather", "description": "now", "parameters": {"type": "object", "required": ["city"], "properties": {
                "city": {"type": "string", "description": "where", "enum": ["Paris", "Rome"]}, "days": {"type": ["integer", "null"]},
            }},
        }}],
    }))
    .unwrap()
}

#[test]
fn chatml_is_rendered_as_ollama_documents_it() {
    let template =
        "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n";
    let text = render_with(template, &Conversation::default_probe()).unwrap();
    assert_eq!(
        text,
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n\
         <|im_start|>assistant\nThe capital of France is Paris.<|im_end|>\n<|im_start|>user\nAnd of Italy?<|im_end|>\n\
         <|im_start|>assistant\n"
    );
}

#[test]
fn tools_are_offered_with_the_last_question_and_called() {
    let template = "{{- range $index, $_ := .Messages }}
{{- if eq .Role \"user\" }}
{{- if and (le (len (slice $.Messages $index)) 3) $.Tools }}[TOOLS] {{ json $.Tools }}[/TOOLS]
{{- end }}[INST] {{ .Content }}[/INST]
{{- else if and (eq .Role \"assistant\") .ToolCalls }}[CALLS] [
{{- range .ToolCalls }}{\"name\": \"{{ .Function.Name }}\", \"arguments\": {{ json .Function.Arguments }}}
{{- end }}]</s>
{{- else if eq .Role \"tool\" }}[RESULTS] {{ .ToolName }}: {{ .Content }}[/RESULTS]
{{- end }}
{{- end }}";
    assert_eq!(Template::parse(template).unwrap().check(), []);
    assert_eq!(
        render_with(template, &with_tools()).unwrap(),
        "[TOOLS] [{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"description\":\"now\",\"parameters\":\
         {\"type\":\"object\",\"required\":[\"city\"],\"properties\":{\"city\":{\"type\":\"string\",\"description\":\"where\",\
         \"enum\":[\"Paris\",\"Rome\"]},\"days\":{\"type\":[\"integer\",\"null\"]}}}}}][/TOOLS][INST] Weather?[/INST]\
         [CALLS] [{\"name\": \"weather\", \"arguments\": {\"city\":\"Paris\",\"days\":2}}]</s>[RESULTS] weather: 22[/RESULTS]"
    );
}

#[test]
fn tools_have_the_fields_that_ollama_documents() {
    let template = "{{ range .Tools }}{{ .Type }} {{ .Function.Name }}({{ range $name, $p := .Function.Parameters.Properties }}\
                    {{ $name }}: {{ $p.Type }}={{ toTypeScriptType $p }}/{{ $p.ToTypeScriptType }} {{ $p.Description }} {{ $p.Enum }};\
                    {{ end }}) {{ .Function.Parameters.Required }} {{ .Function.Parameters.Type }}{{ end }}{{ if .Messages }}{{ end }}";
    assert_eq!(Template::parse(template).unwrap().check(), []);
    assert_eq!(
        render_with(template, &with_tools()).unwrap(),
        "function weather(city: string=string/string where [Paris Rome];\
         days: [integer null]=number | null/number | null  [];) [city] object"
    );
}

#[test]
fn a_template_without_messages_is_rendered_turn_by_turn_up_to_the_response() {
    let conversation = said(&[("system", "S"), ("user", "1"), ("assistant", "one"), ("user", "2")]);
    for template in [
        "[INST] {{ if .System }}{{ .System }} {{ end }}{{ .Prompt }}[/INST] ",
        "[INST] {{ if .System }}{{ .System }} {{ end }}{{ .Prompt }}[/INST] {{ .Response }}",
    ] {
        assert_eq!(render_with(template, &conversation).unwrap(), "[INST] S 1[/INST] one[INST] 2[/INST] ");
    }
    let ended = "<u>{{ .Prompt }}</u>{{ if .Prompt }}<a>{{ .Response }}</a>{{ else }}-{{ end }}\n";
    assert_eq!(render_with(ended, &conversation).unwrap(), "<u>1</u><a>one</a>\n<u>2</u><a>");
    assert_eq!(render_with(ended, &said(&[("user", "1"), ("assistant", "o")])).unwrap(), "<u>1</u><a>o");
    assert_eq!(render_with("{{ .Prompt }}", &Conversation::default()).unwrap(), "");
    assert_eq!(render_with("plain", &said(&[("user", "a")])).unwrap(), "plain");
    // A second system message begins a turn of its own.
    let twice = said(&[("user", "1"), ("system", "S"), ("user", "2")]);
    assert_eq!(render_with("({{ .System }}|{{ .Prompt }})", &twice).unwrap(), "(|1)(S|2)");
}

#[test]
fn in_the_last_turn_ollama_s_own_functions_and_defined_templates_are_not_there() {
    let error = render_with("{{ .Prompt }}{{ json .System }}", &said(&[("user", "1")])).unwrap_err();
    assert_eq!((error.line, error.column), (1, 17));
    assert!(error.message.contains("\"json\""), "{error}");
    let defined = "{{ define \"x\" }}{{ . }}{{ end }}{{ template \"x\" .Prompt }}";
    assert!(render_with(defined, &said(&[("user", "1")])).unwrap_err().message.contains("no template \"x\""));
}

#[test]
fn what_is_not_given_is_no_value() {
    assert_eq!(evaluated("{{ .Prompt }} {{ .Suffix }}"), "<no value> <no value>");
    assert_eq!(
        evaluated("{{ if .Prompt }}a{{ else }}b{{ end }}{{ .ThinkLevel }}{{ .Think }}{{ .Tools }}"),
        "bfalsenull"
    );
    assert_eq!(evaluated("{{ (.Prompt).X }}{{ $x := .Prompt }}{{ $x.X }}"), "<no value><no value>");
    assert!(failed("{{ .Prompt.X }}").message.contains("not there"));
    assert!(failed("{{ index .Prompt }}").message.contains("part of nil"));
    // In the last turn what is not there may have fields that are not there either.
    assert_eq!(rendered("{{ .Prompt }}{{ .Suffix.X }}"), "Hi<no value>");
}

#[test]
fn whether_the_model_shall_think_is_told_if_it_was_said() {
    let template = "{{ if .Messages }}{{ end }}{{ .Think }}{{ .IsThinkSet }}";
    let template = Template::parse(template).unwrap();
    for (think, expected) in [(None, "falsefalse"), (Some(false), "falsetrue"), (Some(true), "truetrue")] {
        let text = template.render_thinking(&Conversation::default(), think, &Budget::default());
        assert_eq!(text.as_deref(), Ok(expected));
    }
}

#[test]
fn blocks_variables_and_pipelines_follow_go() {
    for (template, expected) in [
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ range $i, $m := .Messages }}{{ $i }}{{ $m.Role }}{{ .Content }}{{ end }}", "0userHi"),
        ("{{ range .Tools }}x{{ else }}none{{ end }}", "none"),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range $n := 2 }}{{ $n }}{{ end }}", "01201"),
        (
            "{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
            "02",
        ),
        ("{{ with .System }}a{{ else with .Messages }}{{ len . }}{{ end }}", "1"),
        ("{{ $i := 0 }}{{ $m := 0 }}{{ range $i, $m = .Messages }}{{ end }}{{ $i }}{{ $m.Role }}", "0user"),
        ("{{ (index .Messages 0).Content | printf \"%s-%s\" \"a\" }}", "a-Hi"),
        ("{{ html .Prompt 1 }}{{ print .Prompt }}", "&lt;no value&gt;1<nil>"),
        ("{{ and 1 0 2 }}{{ or 0 \"\" \"x\" }}{{ and true (or false 3) }}", "0x3"),
        // What is not needed is not taken, so that it cannot fail.
        ("{{ if and .Tools (index .Tools 0) }}a{{ else }}b{{ end }}{{ or 1 (index .Tools 0) }}", "b1"),
        ("{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" .System }}{{ block \"b\" 1 }}{{ . }}{{ end }}", "<>1"),
        ("{{/* nothing */}}a {{- /* either */ -}} b", "ab"),
        ("{{ not (eq 1 2 3) }}{{ ne \"a\" \"b\" }}{{ lt 1 2 }}{{ ge 1.5 2.5 }}", "truetruetruefalse"),
        ("{{ slice \"abc\" 1 }}{{ len \"é\" }}{{ index \"a\" 0 }}{{ print 1 2 \"a\" }}", "bc2971 2a"),
        ("{{ .Messages | len | printf \"%03d\" }}{{ html \"<\" }}{{ 'a' }}{{ 1.50 }}{{ `r\\n` }}", "001&lt;971.5r\\n"),
        ("{{ range (slice .Messages 0 1) }}{{ . }}{{ end }}", "{user Hi  [] []  }"),
    ] {
        assert_eq!(evaluated(template), expected, "{template}");
    }
}

#[test]
fn what_fails_says_where() {
    for (template, column, word) in [
        ("{{ index .Messages 4 }}", 4, "out of range"),
        ("{{ .Messages.Role }}", 13, "no field \"Role\""),
        ("{{ .System.Role }}", 11, "a string has no field"),
        ("{{ upper 1 }}", 4, "no function \"upper\""),
        ("{{ eq 1 \"1\" }}", 4, "cannot compare"),
        ("{{ range .Think }}{{ end }}", 10, "`range`"),
        ("{{ nil }}", 4, "nil"),
        ("{{ .System 1 }}", 4, "only a function"),
        ("{{ template \"x\" . }}", 1, "no template"),
        ("{{ .Messages }}", 4, "range over them"),
        ("{{ printf \"%*d\" 1 2 }}", 4, "cannot be rendered"),
        ("{{ and }}", 4, "at least 1"),
        ("{{ range $a, $b := 3 }}{{ end }}", 10, "one variable"),
    ] {
        let error = failed(template);
        let before = "{{ if .Messages }}{{ end }}".len();
        assert_eq!((error.line, error.column), (1, before + column), "{template}: {error}");
        assert!(error.message.contains(word), "{template}: {error}");
    }
}

fn findings(text: &str) -> Vec<(usize, usize, String)> {
    let told = |found: Finding| (found.line, found.column, found.message);
    Template::parse(text).unwrap().check().into_iter().map(told).collect()
}

#[test]
fn unknown_functions_and_fields_are_all_named_with_their_places() {
    let found = findings("{{ .System }}\n{{ upper .Promt }}{{ range .Messages }}{{ .Text | trim }}{{ end }}");
    let told: Vec<(usize, usize)> = found.iter().map(|(line, column, _)| (*line, *column)).collect();
    assert_eq!(told, [(2, 4), (2, 10), (2, 43), (2, 51)]);
    for ((_, _, message), word) in found.iter().zip(["\"upper\"", "\"Promt\"", "\"Text\"", "\"trim\""]) {
        assert!(message.contains(word), "{message}");
    }
    assert!(found[2].2.contains("Role, Content"), "{:?}", found[2]);
}

#[test]
fn the_check_follows_what_the_dot_and_variables_are() {
    for good in [
        "{{ range .Messages }}{{ $.System }}{{ .Role }}{{ range .ToolCalls }}{{ .Function.Arguments.x.y }}{{ end }}{{ end }}",
        "{{ $last := index .Messages 0 }}{{ $last.Role }}{{ (index .Messages 0).Content }}",
        "{{ $m := \"\" }}{{ range .Messages }}{{ if $m }}{{ $m.Role }}{{ end }}{{ $m = . }}{{ end }}",
        "{{ with .Tools }}{{ range . }}{{ .Function.Description }}{{ end }}{{ else }}{{ .System }}{{ end }}",
        "{{ range $k, $v := (index .Tools 0).Function.Parameters.Properties }}{{ $k }}{{ $v.AnyOf }}{{ $v.Items.x }}{{ end }}",
        "{{ define \"m\" }}{{ .Role }}{{ end }}{{ range .Messages }}{{ template \"m\" . }}{{ end }}",
        "{{ with slice .Messages 1 }}{{ range . }}{{ .Content }}{{ end }}{{ end }}",
    ] {
        assert_eq!(findings(good), [], "{good}");
    }
    for (bad, word) in [
        ("{{ range .Messages }}{{ .System }}{{ end }}", "the template's own is `$.System`"),
        ("{{ .Role }}", "the template's data has no field \"Role\""),
        ("{{ .messages }}", "\"messages\""),
        ("{{ $m := index .Messages 0 }}{{ $m.Text }}", "a message"),
        ("{{ range .Messages }}{{ range .ToolCalls }}{{ .Name }}{{ end }}{{ end }}", "a tool call"),
        ("{{ .Messages.Role }}", "range over it"),
        ("{{ define \"m\" }}{{ .Text }}{{ end }}{{ range .Messages }}{{ template \"m\" . }}{{ end }}", "a message"),
        ("{{ define \"m\" }}{{ upper . }}{{ end }}", "\"upper\""),
        ("{{ template \"m\" . }}", "no template \"m\""),
        ("{{ define \"m\" }}x{{ end }}{{ template \"m\" }}", "only with what it is given"),
        ("{{ (json .Tools).X }}", "a string"),
    ] {
        let found = findings(bad);
        assert!(found.len() == 1 && found[0].2.contains(word), "{bad}: {found:?}");
    }
}

#[test]
fn no_more_than_twenty_findings_are_told() {
    assert_eq!(findings(&"{{ .X }}".repeat(1000)).len(), 20);
}

#[test]
fn time_memory_and_text_are_bounded() {
    let nines = "{{ range 9999 }}".repeat(8) + "x" + &"{{ end }}".repeat(8);
    let doubled = "{{ $x := \"0123456789\" }}{{ range 100 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}";
    let grown = "{{ $x := printf \"%9999s\" \"\" }}";
    let many = format!("{grown}{}", "{{ range 9999 }}{{ $y := print $x $x }}{{ end }}");
    let calls = "{{ define \"a\" }}{{ template \"b\" . }}{{ template \"b\" . }}{{ end }}\
                 {{ define \"b\" }}{{ template \"a\" . }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}";
    let loops = "{{ define \"a\" }}{{ if . }}{{ template \"a\" . }}{{ end }}{{ end }}{{ template \"a\" 1 }}";
    let long = "{{ range 999999 }}0123456789012345678901234567890123456789{{ end }}";
    for (template, word) in [
        (nines.as_str(), "steps"),
        (doubled, "too much text"),
        (many.as_str(), "too much text"),
        (calls, "deep"),
        (loops, "deep"),
        (long, "longer than 1048576 bytes"),
    ] {
        let started = std::time::Instant::now();
        let error = failed(template);
        assert!(error.message.contains(word), "{template}: {error}");
        assert!(started.elapsed().as_secs() < 10, "{template}");
    }
    let error = Template::parse(&"x".repeat(MAX_BYTES + 1)).unwrap_err();
    assert_eq!((error.line, error.column), (1, 1));
}

/// Parts of templates, so that many of the texts made of them are templates.
fn parts() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "(",
        ")",
        "|",
        ":=",
        "=",
        ",",
        ".",
        "$",
        "$x",
        "$y",
        ".Messages",
        ".Role",
        ".Tools",
        ".Function",
        ".System",
        "0",
        "1",
        "-2",
        "3.5",
        "\"a\"",
        "`b`",
        "'c'",
        "nil",
        "true",
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "eq",
        "and",
        "or",
        "not",
        "len",
        "index",
        "slice",
        "printf",
        "\"%v%5d%q\"",
        "json",
        "print",
        "x",
        "é",
        "{{ end }}",
        "{{ range .Messages }}",
        "{{ if .System }}",
        "{{ $x := 1 }}",
        "/*",
        "*/",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.join(" "))
}

fn read_check_render(text: &str) {
    let Ok(template) = Template::parse(text) else { return };
    template.check();
    let budget = Budget { output: 4096, steps: 10_000 };
    if let Ok(rendered) = template.render(&with_tools(), &budget) {
        assert!(rendered.len() <= budget.output);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        read_check_render(&text);
        read_check_render(&format!("{{{{ {text} }}}}"));
    }

    #[test]
    fn no_text_of_a_template_s_parts_makes_it_panic(text in parts()) {
        read_check_render(&text);
    }

    #[test]
    fn a_text_without_actions_is_rendered_as_it_is(text in "[^{]{1,80}", content in "\\PC{0,20}") {
        let conversation = said(&[("user", &content)]);
        prop_assert_eq!(render_with(&text, &conversation).unwrap(), text.clone());
        let whole = format!("{text}{{{{ range .Messages }}}}{{{{ .Content }}}}{{{{ end }}}}");
        prop_assert_eq!(render_with(&whole, &conversation).unwrap(), format!("{text}{content}"));
    }

    #[test]
    fn what_the_check_finds_nothing_wrong_with_has_no_unknown_field(text in parts()) {
        let Ok(template) = Template::parse(&text) else { return Ok(()) };
        if let (true, Err(error)) = (template.check().is_empty(), template.render(&with_tools(), &Budget::default())) {
            prop_assert!(!error.message.contains("no function"), "{} {}", text, error);
        }
    }
}
