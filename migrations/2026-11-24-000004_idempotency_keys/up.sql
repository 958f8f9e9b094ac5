-- What was answered under an `Idempotency-Key`, so that a request that is sent again is not done again.
CREATE TABLE idempotency_keys (
    key text NOT NULL,
    -- SHA-256 of the method and the address with its query, which may be too long for an index.
    operation bytea NOT NULL,
    -- SHA-256 of the body.
    body_digest bytea NOT NULL,
    -- The request that runs under the key, and until when no other one may; it is over when there is an answer.
    claim uuid NOT NULL,
    claimed_until timestamptz NOT NULL,
    status smallint,
    headers json,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key, operation)
);

CREATE INDEX idempotency_keys_oldest_first ON idempotency_keys (created_at);
