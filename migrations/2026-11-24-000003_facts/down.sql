DROP STATISTICS base_models_facts;

DROP INDEX base_models_by_technical_name;
DROP INDEX base_models_by_model_name;
DROP INDEX base_models_by_updated_at;

ALTER TABLE base_models RESET (toast_tuple_target);

ALTER TABLE base_models
    DROP COLUMN tag_keys,
    DROP COLUMN name_words,
    DROP COLUMN record_words,
    DROP COLUMN facts_version,
    DROP COLUMN card_words,
    DROP COLUMN card_status,
    DROP COLUMN family,
    DROP COLUMN architectures,
    DROP COLUMN architecture_keys,
    DROP COLUMN library,
    DROP COLUMN task,
    DROP COLUMN license,
    DROP COLUMN languages,
    DROP COLUMN capabilities,
    DROP COLUMN weights_format,
    DROP COLUMN quantization,
    DROP COLUMN dtype,
    DROP COLUMN parameters,
    DROP COLUMN context_length,
    DROP COLUMN size_bytes;
