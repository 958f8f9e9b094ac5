-- The JSON files that a card was made of, byte for byte, so that a newer reader can read them again
-- without the folder.
CREATE TABLE base_model_files (
    base_model_id uuid NOT NULL,
    path text NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT base_model_files_pkey PRIMARY KEY (base_model_id, path),
    CONSTRAINT base_model_files_base_model FOREIGN KEY (base_model_id) REFERENCES base_models (id) ON DELETE CASCADE
);
