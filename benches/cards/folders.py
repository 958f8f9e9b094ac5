"""Model folders made up for the measurements: sound headers, no weights.

A shard is its header and a hole of the size that the header declares, so that a model of a hundred
gigabytes takes a few kilobytes of disk.
"""

import json
import pathlib
import struct

LICENSE = pathlib.Path(__file__).parents[2] / "LICENSE"

README = """---
license: apache-2.0
language: [en, zh]
library_name: transformers
pipeline_tag: text-generation
tags: [chat]
base_model: example/made-up
---

# Made up

A model made up for a measurement, with a README of the usual length.

""" + "\n".join(f"## Section {number}\n\n{'A sentence about the model and its use. ' * 8}\n" for number in range(12))

TEMPLATE = (
    "{%- if tools %}{{- '<|im_start|>system\\n' }}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{%- endif %}"
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)

WIDTH, KEYS, INNER, VOCABULARY = 8192, 1024, 29568, 152064


def write(path, value):
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def layer(number):
    """The tensors of a decoder layer with grouped-query attention."""
    matrices = {
        "mlp.down_proj.weight": [WIDTH, INNER],
        "mlp.gate_proj.weight": [INNER, WIDTH],
        "mlp.up_proj.weight": [INNER, WIDTH],
        "self_attn.k_proj.weight": [KEYS, WIDTH],
        "self_attn.o_proj.weight": [WIDTH, WIDTH],
        "self_attn.q_proj.weight": [WIDTH, WIDTH],
        "self_attn.v_proj.weight": [KEYS, WIDTH],
        "self_attn.k_proj.bias": [KEYS],
        "self_attn.q_proj.bias": [WIDTH],
        "self_attn.v_proj.bias": [KEYS],
        "input_layernorm.weight": [WIDTH],
        "post_attention_layernorm.weight": [WIDTH],
    }
    return [(f"model.layers.{number}.{name}", shape) for name, shape in matrices.items()]


def dense(layers):
    ends = [("model.embed_tokens.weight", [VOCABULARY, WIDTH]), ("model.norm.weight", [WIDTH])]
    return ends + [tensor for number in range(layers) for tensor in layer(number)]


def experts(count):
    """The tensors of a mixture of very many small experts, as its quantised releases name them."""
    parts = [f"{matrix}_proj.{part}" for matrix in ("down", "gate", "up") for part in ("weight", "weight_scale_inv")]
    names = (f"model.layers.{at // 384}.mlp.experts.{at % 384}.{part}" for at in range(count) for part in parts)
    return [(name, [16]) for name in names]


def shard(path, tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return at


def weights(folder, tensors, shards):
    weight_map, total = {}, 0
    for number in range(shards):
        name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = tensors[number * len(tensors) // shards : (number + 1) * len(tensors) // shards]
        total += shard(folder / name, part)
        weight_map.update((tensor, name) for tensor, _ in part)
    write(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})


def tokenizer(tokens):
    vocabulary = {f"\u0120word{number}": number for number in range(tokens)}
    merges = [f"\u0120wo rd{number}" for number in range(tokens)]
    special = [{"id": tokens, "content": "<|im_end|>", "special": True}]
    return {"version": "1.0", "added_tokens": special, "model": {"type": "BPE", "vocab": vocabulary, "merges": merges}}


def configuration(layers):
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_attention_heads": 64,
        "num_hidden_layers": layers,
        "num_key_value_heads": 8,
        "max_position_embeddings": 32768,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "vocab_size": VOCABULARY,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
    }


def described(folder, layers, tokens):
    """All the files of a folder but the weights and the old vocabulary."""
    folder.mkdir(parents=True)
    write(folder / "config.json", configuration(layers))
    write(folder / "generation_config.json", {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20})
    write(folder / "tokenizer_config.json", {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>"})
    write(folder / "special_tokens_map.json", {"eos_token": "<|im_end|>"})
    write(folder / "tokenizer.json", tokenizer(tokens))
    write(folder / "chat_template.jinja", TEMPLATE)
    write(folder / "README.md", README)
    write(folder / "LICENSE", LICENSE.read_text(encoding="utf-8"))


def large(folder, tokens):
    """30 files: a dense model of 80 layers in 18 shards."""
    described(folder, 80, tokens)
    weights(folder, dense(80), 18)
    write(folder / "vocab.json", {f"word{number}": number for number in range(1000)})
    write(folder / "added_tokens.json", {"<|im_end|>": 1000})
    write(folder / "merges.txt", "#version: 0.2\n")
    return folder


def small(folder):
    """11 files: a dense model of 24 layers in two shards, with a small vocabulary."""
    described(folder, 24, 200)
    weights(folder, dense(24), 2)
    return folder


def heavy(folder):
    """A vocabulary of 33 MB and an index of almost 128 MiB, as the largest mixtures have."""
    described(folder, 61, 630_000)
    weights(folder, experts(223_000), 64)
    return folder
