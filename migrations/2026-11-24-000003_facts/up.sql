-- What the register is asked for, as columns: the facts of the card, and the words of the record and its card. All
-- of them are made by the service, which knows how to fold letters; the collation is that of bytes, so that no
-- server's locale decides what comes first.
ALTER TABLE base_models
    ADD COLUMN tag_keys text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN name_words tsvector NOT NULL DEFAULT '',
    ADD COLUMN record_words tsvector NOT NULL DEFAULT '',
    -- 0 until the facts below are made of the card; the service makes those that are missing.
    ADD COLUMN facts_version smallint NOT NULL DEFAULT 0,
    ADD COLUMN card_words tsvector NOT NULL DEFAULT '',
    ADD COLUMN card_status text COLLATE "C" NOT NULL DEFAULT 'empty',
    ADD COLUMN family text COLLATE "C",
    ADD COLUMN architectures text[] COLLATE "C" NOT NULL DEFAULT '{}',
    -- The same, folded, item by item.
    ADD COLUMN architecture_keys text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN library text COLLATE "C",
    ADD COLUMN task text COLLATE "C",
    ADD COLUMN license text COLLATE "C",
    ADD COLUMN languages text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN capabilities text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN weights_format text COLLATE "C" NOT NULL DEFAULT 'none',
    ADD COLUMN quantization text COLLATE "C",
    ADD COLUMN dtype text COLLATE "C",
    ADD COLUMN parameters bigint,
    ADD COLUMN context_length bigint,
    ADD COLUMN size_bytes bigint,
    -- Cards lie apart from the row, so that what does not ask for them does not read past them.
    ADD CONSTRAINT base_models_facts_version_positive CHECK (facts_version >= 0);

ALTER TABLE base_models SET (toast_tuple_target = 512);

CREATE INDEX base_models_without_facts ON base_models (id) WHERE facts_version = 0;

-- Each order has the id behind it, which settles ties, and is read in both directions. A row without a value is not
-- part of an order by it: those rows are listed after it, found by IS NULL, so one index serves both directions.
CREATE INDEX base_models_by_technical_name ON base_models ((technical_name_key COLLATE "C"), id);
CREATE INDEX base_models_by_model_name ON base_models ((model_name_key COLLATE "C"), id);
CREATE INDEX base_models_by_updated_at ON base_models (updated_at, id);
CREATE INDEX base_models_by_card_status ON base_models (card_status, id);
CREATE INDEX base_models_by_family ON base_models (family, id);
CREATE INDEX base_models_by_library ON base_models (library, id);
CREATE INDEX base_models_by_task ON base_models (task, id);
CREATE INDEX base_models_by_license ON base_models (license, id);
CREATE INDEX base_models_by_weights_format ON base_models (weights_format, id);
CREATE INDEX base_models_by_quantization ON base_models (quantization, id);
CREATE INDEX base_models_by_dtype ON base_models (dtype, id);
CREATE INDEX base_models_by_parameters ON base_models (parameters, id);
CREATE INDEX base_models_by_context_length ON base_models (context_length, id);
CREATE INDEX base_models_by_size_bytes ON base_models (size_bytes, id);

CREATE INDEX base_models_by_tag ON base_models USING gin (tag_keys);
CREATE INDEX base_models_by_architecture ON base_models USING gin (architecture_keys);
CREATE INDEX base_models_by_language ON base_models USING gin (languages);
CREATE INDEX base_models_by_capability ON base_models USING gin (capabilities);

CREATE INDEX base_models_name_words ON base_models USING gin (name_words);
CREATE INDEX base_models_words ON base_models USING gin ((name_words || record_words || card_words));

-- Names hold many words that are nowhere else; with few of the common ones known, what a search finds is guessed wrong.
ALTER TABLE base_models ALTER COLUMN name_words SET STATISTICS 500;
ALTER INDEX base_models_words ALTER COLUMN 1 SET STATISTICS 500;

-- Facts of one model hang together: a family has its licences, a format its quantisations.
CREATE STATISTICS base_models_facts (mcv) ON family, task, license, weights_format, quantization FROM base_models;
