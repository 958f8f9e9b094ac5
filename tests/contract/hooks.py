"""Completes cases with what no schema can say. Nothing is dropped, and what is meant to be refused stays as it is.

A schema says what a path looks like, not which folders lie below the models root or which base models there are; that a
filter is text, not its grammar; that a value of a Modelfile is text, not which characters Ollama keeps; that a page token is text, not which one the service has signed; that a condition is a list of tags, not
which is the current one; that a body has a name, not that it is the one in the address; that an idempotency key is a
key, not that another request has used it; that a name is a name, not which are free; and no pattern that every language reads names characters beyond U+FFFF, of
which the invisible ones are refused in names. A case that is meant to be accepted gets such a value here, and a base
model of the name it asks for.
"""

import itertools
import os
import re
import uuid

import requests
import schemathesis

TURNS = itertools.cycle(range(8))
NUMBERS = itertools.count(uuid.uuid4().int % 10**9 * 1000)
TECHNICAL_NAME = re.compile(r"(?![0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$)[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
CONDITION = re.compile(r"""\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*""")
FOLDERS = itertools.cycle(os.environ["MODEL_FOLDERS"].split(":"))
TEMPLATES = itertools.cycle(
    [
        "{{ .System }} {{ .Prompt }}",
        "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}",
        "{{- if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}{{/* a comment */}}",
        "plain text",
    ]
)


FILTERS = itertools.cycle(
    [
        'family = "qwen2" AND (parameters < 8e9 OR quantization = "awq")',
        "tag:prod -card_status:empty",
        "NOT license:* OR created_at > 2026-01-01T00:00:00Z",
        'model_name = "Model*"',
    ]
)

# What a Modelfile surely keeps; no pattern that every language reads names all other characters that Ollama leaves out.
PRINTABLE = re.compile(r'[ !#-~\u00a1-\u00ac\u00ae-\u024f]+')
INVISIBLE = re.compile("[\U000e0000-\U000e0fff%s]" % "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17)))


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.body = completed(case.body)
    name = (case.path_parameters or {}).get("base_model")
    if name and case.meta.phase.name.value == "stateful":
        if case.method not in ("GET", "HEAD", "OPTIONS") and TECHNICAL_NAME.fullmatch(name):
            # One that is followed by its id is not changed under its name: the checks do not know that both are the same.
            name = case.path_parameters["base_model"] = f"x-{next(NUMBERS)}"
            if not (case.method == "PUT" and case.operation.path.endswith("/{base_model}")):
                register(name)
    elif name:
        if not TECHNICAL_NAME.fullmatch(name) and is_gone(name):
            name = case.path_parameters["base_model"] = "minilm"
        if TECHNICAL_NAME.fullmatch(name):
            register(name)
    if isinstance(case.body, dict):
        complete_names(case)
    if case.method == "PUT" and isinstance(case.body, dict) and "technical_name" in case.body:
        # It is what the address says, where it is said at all.
        case.body = {**case.body, "technical_name": name} if TECHNICAL_NAME.fullmatch(name) else without(case.body, "technical_name")
    if isinstance(case.body, str) and ("{{" in case.body or "}}" in case.body):
        case.body = next(TEMPLATES)
    complete_conditions(case)
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if "filter" in (case.query or {}):
        case.query["filter"] = next(FILTERS)
    for name in ["from", "system"]:
        if not PRINTABLE.fullmatch((case.query or {}).get(name, "x")):
            case.query[name] = "You are helpful."
    if "page_token" in (case.query or {}):
        complete_page_token(case)


def is_gone(id):
    """Whether nothing has this id any more: it was drawn from an earlier answer, and deleted since."""
    return requests.get(f"{os.environ['SERVICE']}/api/v1/base-models/{id}", timeout=10).status_code == 404


def register(name):
    """Has a base model of that name, unless there is one: what is asked of one shall not only find nothing."""
    body = {"technical_name": name, "model_name": f"{name}-{next(NUMBERS)}", "path": next(FOLDERS), "deployment_template": next(TEMPLATES)}
    requests.post(os.environ["SERVICE"] + "/api/v1/base-models", json=body, timeout=10)


def complete_names(case):
    """Gives most records names that are free, and those that are followed a template, so that one is found where it is said.

    All but each eighth: it keeps what was drawn, which is mostly taken.
    """
    body, path = case.body, case.operation.path
    follows = case.meta.phase.name.value == "stateful"
    if path.endswith("/base-models") or path.endswith("/{base_model}"):
        if next(TURNS) != 0:
            number = next(NUMBERS)
            for name, longest in [("technical_name", 40), ("model_name", 200)]:
                if isinstance(body.get(name), str):
                    body[name] = f"{body[name].rstrip()[: longest - 15]}-{number}" if body[name].strip() else f"x-{number}"
        if follows and case.method == "PATCH":
            # The checks do not take a patch for what makes a template that was deleted be there again.
            case.body = without(body, "deployment_template")
        elif follows and not body.get("deployment_template"):
            body["deployment_template"] = next(TEMPLATES)


def without(members, name):
    return {key: value for key, value in members.items() if key != name}


def completed(body):
    """The body with the folders that there are and templates that are templates."""
    if isinstance(body, str):
        return INVISIBLE.sub("x", body)
    if isinstance(body, list):
        return [completed(item) for item in body]
    if not isinstance(body, dict):
        return body
    body = {completed(name): completed(value) for name, value in body.items()}
    if isinstance(body.get("base_model"), str):
        register("minilm")
        body["base_model"] = "MiniLM"
    if isinstance(body.get("path"), str):
        body["path"] = next(FOLDERS)
    template = body.get("deployment_template")
    if isinstance(template, str) and ("{{" in template or "}}" in template):
        body["deployment_template"] = next(TEMPLATES)
    if isinstance(body.get("chat_template"), str):
        body["chat_template"] = "default"
    return body


def complete_conditions(case):
    """Lets most conditions hold: all but each eighth name any state with `If-Match`, and none with `If-None-Match`.

    All of those of which there are few, or an operation could be met with refusals alone.

    What is drawn at the limit of the length does not follow the pattern; it is no condition, and never kept.
    """
    headers = case.headers or {}
    few = case.meta.phase.name.value != "fuzzing"
    for name, holds in [("If-Match", "*"), ("If-None-Match", '"never"')]:
        if name in headers and (few or next(TURNS) != 0 or not CONDITION.fullmatch(headers[name])):
            headers[name] = holds


def complete_page_token(case):
    """Gives the token that the same list gave, or begins the list if it has one page only."""
    query = without(case.query, "page_token")
    address = os.environ["SERVICE"] + case.formatted_path
    answer = requests.get(address, params={**query, "page_size": 1}, timeout=10)
    token = answer.json().get("next_page_token") if answer.ok else None
    case.query = {**query, "page_token": token} if token else query
