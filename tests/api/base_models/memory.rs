//! The memory a model takes.

use serde_json::json;

use crate::support::{BASE_MODELS, TestApp, new_model};

async fn llama(app: &TestApp) {
    // Llama-3.1-8B: 131,072 bytes of key/value cache a token.
    app.folder("m").config(&json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
        "max_position_embeddings": 131072, "torch_dtype": "bfloat16", "tie_word_embeddings": false
    }));
    app.create(&new_model("m")).await;
}

#[tokio::test]
async fn it_is_reckoned_from_the_card_with_its_formulas() {
    let app = TestApp::start().await;
    llama(&app).await;
    let memory =
        app.get(&format!("{BASE_MODELS}/m/memory?context_length=1000&batch=2")).await.expect_status(200).json();
    assert_eq!(memory["kv_cache"]["per_token"], 131_072);
    assert_eq!(memory["kv_cache"]["total"]["bytes"], 2 * 1000 * 131_072);
    assert_eq!(memory["weights"]["bytes"], 8_030_261_248_u64 * 2);
    for quantity in [&memory["weights"], &memory["kv_cache"]["total"], &memory["full_fine_tuning"]["state"]] {
        assert!(quantity["formula"].is_string() && quantity["source"].is_string(), "{quantity}");
    }
    let halved = app.get(&format!("{BASE_MODELS}/m/memory?context_length=1000&kv_cache=fp8")).await.json();
    assert_eq!(halved["kv_cache"]["per_token"], 65_536);
}

#[tokio::test]
async fn what_cannot_be_reckoned_with_is_refused_by_name() {
    let app = TestApp::start().await;
    llama(&app).await;
    for (query, parameter) in [
        ("weights=foo", "weights"),
        ("kv_cache=foo", "kv_cache"),
        ("batch=0", "batch"),
        ("context_length=-1", "context_length"),
        ("context_length=99999999999999999999", "context_length"),
        ("lora_rank=x", "lora_rank"),
        ("contextlength=1", "contextlength"),
    ] {
        let answer = app.get(&format!("{BASE_MODELS}/m/memory?{query}")).await;
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers(), [parameter], "{query}");
    }
}

#[tokio::test]
async fn what_no_signed_integer_holds_is_not_told() {
    let app = TestApp::start().await;
    llama(&app).await;
    for (batch, bytes) in
        [(70_000, json!(9_175_040_000_000_000_000_u64)), (100_000, json!(null)), (1_000_000, json!(null))]
    {
        let query = format!("{BASE_MODELS}/m/memory?context_length=1000000000&batch={batch}");
        let memory = app.get(&query).await.expect_status(200).json();
        assert_eq!(memory["kv_cache"]["total"]["bytes"], bytes, "{batch}");
        assert_eq!(memory["inference"].is_null(), bytes.is_null(), "{batch}");
    }
}
