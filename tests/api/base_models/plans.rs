//! Indexes: each filter and each order has one, on records like those that are measured with.

use crate::support::TestApp;

/// Makes the records that `benches/queries/run` measures with.
async fn seed(app: &TestApp, count: usize) {
    let seed = include_str!("../../../benches/queries/seed.sql").replace(":count", &count.to_string());
    app.sql(&format!("{seed}; ANALYZE base_models")).await;
}

#[tokio::test]
async fn each_filter_has_an_index() {
    let app = TestApp::start().await;
    seed(&app, 300).await;
    for (query, index) in [
        ("technical_name=m5", "technical_name"),
        ("model_name=x", "model_name"),
        ("family=bert&family=llama", "by_family"),
        ("architecture=bertmodel", "by_architecture"),
        ("task=fill-mask", "by_task"),
        ("license=mit", "by_license"),
        ("language=de", "by_language"),
        ("tag=archive", "by_tag"),
        ("library=sentence-transformers", "by_library"),
        ("weights_format=gguf", "by_weights_format"),
        ("quantization=awq", "by_quantization"),
        ("dtype=float32", "by_dtype"),
        ("capability=embedding", "by_capability"),
        ("card_status=partial", "by_card_status"),
        ("max_parameters=1e9", "by_parameters"),
        ("max_context_length=600", "by_context_length"),
        ("max_size_bytes=2e9", "by_size_bytes"),
        ("created_before=2024-01-02", "newest_first"),
        ("updated_before=2024-01-02", "by_updated_at"),
        ("filter=model_name%3D%22bert*%22", "model_name"),
        ("filter=family%3Dbert%20OR%20tag%3Aarchive", "by_tag"),
        ("q=bert", "name_words"),
        ("q=summarises&sort=technical_name", "base_models_words"),
    ] {
        // With these the filter's own index is the only way past reading all rows.
        let plans = app.plans(query, &["seqscan", "indexscan", "indexonlyscan"]).await;
        assert!(plans[0].contains(index), "{query}:\n{}", plans[0]);
        assert!(!plans[0].contains("Seq Scan"), "{query}:\n{}", plans[0]);
    }
}

#[tokio::test]
async fn each_order_is_read_from_an_index_both_ways() {
    let app = TestApp::start().await;
    seed(&app, 300).await;
    for field in [
        "technical_name",
        "model_name",
        "family",
        "task",
        "license",
        "library",
        "weights_format",
        "quantization",
        "dtype",
        "card_status",
        "parameters",
        "context_length",
        "size_bytes",
        "created_at",
        "updated_at",
    ] {
        for sort in [field.to_owned(), format!("-{field}"), format!("{field},-technical_name")] {
            if sort == "technical_name,-technical_name" {
                continue;
            }
            for plan in app.plans(&format!("sort={sort}"), &["seqscan", "bitmapscan", "sort"]).await {
                assert!(plan.contains("Index Scan") && !plan.contains("Seq Scan"), "{sort}:\n{plan}");
                let is_sorted =
                    plan.lines().any(|line| line.contains("Sort  (") && !line.contains("Incremental Sort  ("));
                assert!(!is_sorted, "{sort} sorts all there is:\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn the_records_for_measuring_have_the_facts_of_their_cards() {
    let app = TestApp::start().await;
    seed(&app, 100).await;
    let facts = "SELECT row_to_json(f)::text AS text FROM (SELECT technical_name, tag_keys, card_status, family, architectures,
        architecture_keys, library, task, license, languages, capabilities, weights_format, quantization, dtype, parameters,
        context_length, size_bytes FROM base_models ORDER BY technical_name) f";
    let seeded = app.rows(facts).await;
    app.sql(
        "UPDATE base_models SET facts_version = 0, family = 'x', capabilities = '{}', parameters = 1, dtype = NULL",
    )
    .await;
    crate::support::eventually("the facts are made again", async || {
        let left = app.query("SELECT count(*)::text AS text FROM base_models WHERE facts_version = 0").await;
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(app.rows(facts).await, seeded);
}
