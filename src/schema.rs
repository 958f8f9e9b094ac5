// @generated automatically by Diesel CLI.

diesel::table! {
    base_model_files (base_model_id, path) {
        base_model_id -> Uuid,
        path -> Text,
        content -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::base_models::Tsvector;

    base_models (id) {
        id -> Uuid,
        technical_name -> Text,
        technical_name_key -> Text,
        model_name -> Text,
        model_name_key -> Text,
        path -> Text,
        description -> Nullable<Text>,
        tags -> Array<Text>,
        properties -> Jsonb,
        deployment_template -> Nullable<Text>,
        card -> Json,
        revision -> Int8,
        created_at -> Timestamptz,
        created_by -> Nullable<Text>,
        updated_at -> Timestamptz,
        updated_by -> Nullable<Text>,
        tag_keys -> Array<Text>,
        name_words -> Tsvector,
        record_words -> Tsvector,
        facts_version -> Int2,
        card_words -> Tsvector,
        card_status -> Text,
        family -> Nullable<Text>,
        architectures -> Array<Text>,
        architecture_keys -> Array<Text>,
        library -> Nullable<Text>,
        task -> Nullable<Text>,
        license -> Nullable<Text>,
        languages -> Array<Text>,
        capabilities -> Array<Text>,
        weights_format -> Text,
        quantization -> Nullable<Text>,
        dtype -> Nullable<Text>,
        parameters -> Nullable<Int8>,
        context_length -> Nullable<Int8>,
        size_bytes -> Nullable<Int8>,
    }
}

diesel::table! {
    idempotency_keys (key, operation) {
        key -> Text,
        operation -> Bytea,
        body_digest -> Bytea,
        claim -> Uuid,
        claimed_until -> Timestamptz,
        status -> Nullable<Int2>,
        headers -> Nullable<Json>,
        body -> Nullable<Bytea>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    jobs (id) {
        id -> Uuid,
        kind -> Text,
        subject -> Json,
        state -> Text,
        total -> Nullable<Int8>,
        done -> Int8,
        position -> Nullable<Text>,
        result -> Nullable<Json>,
        error -> Nullable<Text>,
        claimed_by -> Nullable<Uuid>,
        claimed_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    service_keys (name) {
        name -> Text,
        secret -> Bytea,
    }
}

diesel::joinable!(base_model_files -> base_models (base_model_id));

diesel::allow_tables_to_appear_in_same_query!(base_model_files, base_models, idempotency_keys, jobs, service_keys,);
