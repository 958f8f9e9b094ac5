-- Work that takes longer than a request. A job is claimed for a while by the instance that runs it;
-- when the claim runs out, because that instance is gone, another one goes on with it.
CREATE TABLE jobs (
    id uuid NOT NULL,
    kind text NOT NULL,
    -- What it works on.
    subject json NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    total bigint,
    done bigint NOT NULL DEFAULT 0,
    -- Where to go on after an interruption.
    position text,
    -- What came out so far.
    result json,
    error text,
    claimed_by uuid,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT jobs_pkey PRIMARY KEY (id),
    CONSTRAINT jobs_kind_known CHECK (kind IN ('refresh_cards', 'verify_digests')),
    CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'))
);

CREATE INDEX jobs_newest_first ON jobs (created_at DESC, id DESC);
CREATE INDEX jobs_to_do ON jobs (created_at) WHERE state IN ('queued', 'running');
