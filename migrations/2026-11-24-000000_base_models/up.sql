CREATE TABLE base_models (
    id uuid NOT NULL,
    technical_name text NOT NULL,
    -- Names are unique whatever the letter case. A technical name is ASCII, so the database can fold it;
    -- the folding of a model name (NFC, then Unicode case folding) does not hang on the server's locale.
    technical_name_key text NOT NULL GENERATED ALWAYS AS (lower(technical_name COLLATE "C")) STORED,
    model_name text NOT NULL,
    model_name_key text NOT NULL,
    path text NOT NULL,
    description text,
    tags text[] NOT NULL DEFAULT '{}',
    properties jsonb NOT NULL DEFAULT '{}',
    deployment_template text,
    -- As text, because it is only ever answered whole and its members keep their order.
    card json NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    CONSTRAINT base_models_pkey PRIMARY KEY (id),
    CONSTRAINT base_models_technical_name_unique UNIQUE (technical_name_key),
    CONSTRAINT base_models_model_name_unique UNIQUE (model_name_key),
    CONSTRAINT base_models_technical_name_form CHECK (technical_name ~ '^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$')
);

CREATE INDEX base_models_newest_first ON base_models (created_at DESC, id DESC);

-- Secrets that all instances of the service share, such as the key that signs page tokens.
CREATE TABLE service_keys (
    name text NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT service_keys_pkey PRIMARY KEY (name)
);

INSERT INTO service_keys (name, secret)
VALUES ('page_token', decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
