-- Everything the service keeps. Times are INTEGER milliseconds since the epoch, UTC; ids that leave the store are text of our own.
-- Words that code knows (states, verdicts) are held by named CHECKs; as OR chains, since SQLite builds a table in memory at every
-- insert for an IN of more than two words.

CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    key          TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    verdict      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    answer       INTEGER NOT NULL,
    peer         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers      TEXT NOT NULL,
    body_bytes   INTEGER NOT NULL,
    body         BLOB,  -- NULL: not kept (duplicate, refused) or past its retention
    CONSTRAINT deliveries_verdict CHECK (
        verdict = 'accepted' OR verdict = 'duplicate' OR verdict = 'filtered' OR verdict = 'quarantined' OR
        verdict = 'refused')
) STRICT;
-- What makes a delivery sent twice count once.
CREATE UNIQUE INDEX deliveries_once ON deliveries (source, key) WHERE verdict IN ('accepted', 'filtered');
CREATE INDEX deliveries_by_time ON deliveries (received_at, id, source, verdict);
CREATE INDEX deliveries_bodies ON deliveries (received_at) WHERE body IS NOT NULL;
CREATE INDEX deliveries_passing ON deliveries (received_at) WHERE verdict IN ('duplicate', 'refused');

CREATE TABLE investigations (
    id             TEXT PRIMARY KEY,
    state          TEXT NOT NULL,
    reason         TEXT NOT NULL,  -- why it was parked or failed
    alert          INTEGER NOT NULL DEFAULT 0,  -- id of the alert that started it
    source         TEXT NOT NULL,
    title          TEXT NOT NULL,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    severity       TEXT NOT NULL,
    route          TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    fired          INTEGER NOT NULL,
    related_alerts INTEGER NOT NULL,
    resolved_at    INTEGER,
    posted_run     TEXT NOT NULL,
    CONSTRAINT investigations_state CHECK (
        state = 'queued' OR state = 'running' OR state = 'done' OR state = 'failed' OR state = 'cancelled' OR
        state = 'parked')
) STRICT;
CREATE INDEX investigations_by_time ON investigations (created_at, id, state, service);
CREATE INDEX investigations_group ON investigations (environment, service, created_at) WHERE service <> '';
CREATE INDEX investigations_state ON investigations (state);

CREATE TABLE alerts (
    id            INTEGER PRIMARY KEY,
    delivery      TEXT REFERENCES deliveries (id),  -- NULL: from the command line
    investigation TEXT REFERENCES investigations (id),
    source        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    episode       TEXT NOT NULL,
    notification  TEXT NOT NULL,
    effect        TEXT NOT NULL,
    reason        TEXT NOT NULL,  -- why it had no effect
    received_at   INTEGER NOT NULL,
    alert         TEXT NOT NULL,  -- the whole of it, JSON
    CONSTRAINT alerts_effect CHECK (
        effect = 'started' OR effect = 'joined' OR effect = 'repeated' OR effect = 'resolved' OR effect = 'none')
) STRICT;
CREATE INDEX alerts_delivery ON alerts (delivery);
CREATE INDEX alerts_investigation ON alerts (investigation);

CREATE TABLE episodes (
    source        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    episode       TEXT NOT NULL,
    state         TEXT NOT NULL,
    investigation TEXT REFERENCES investigations (id),
    seen_at       INTEGER NOT NULL,  -- our clock: when it was last opened
    triggered_at  INTEGER NOT NULL,  -- latest trigger by the sender's clock, 0: unknown
    recovered_at  INTEGER NOT NULL,  -- latest recovery by the sender's clock, 0: unknown; open while triggered_at is later
    resolved_at   INTEGER,           -- the end, as told to people
    PRIMARY KEY (source, fingerprint, episode),
    CONSTRAINT episodes_state CHECK (state IN ('open', 'resolved')),
    CONSTRAINT episodes_resolved CHECK (state = 'open' OR resolved_at IS NOT NULL)
) STRICT;
CREATE INDEX episodes_seen ON episodes (source, fingerprint, seen_at);
CREATE INDEX episodes_open ON episodes (source, fingerprint, triggered_at) WHERE state = 'open';
CREATE INDEX episodes_ended ON episodes (source, fingerprint, recovered_at) WHERE state = 'resolved';
CREATE INDEX episodes_investigation ON episodes (investigation);

CREATE TABLE runs (
    id              TEXT PRIMARY KEY,
    investigation   TEXT NOT NULL REFERENCES investigations (id),
    parent          TEXT NOT NULL,
    mode            TEXT NOT NULL,
    post            TEXT NOT NULL,
    chain           TEXT NOT NULL,
    state           TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER,
    error           TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    purged          INTEGER NOT NULL DEFAULT 0,  -- its journal is past its retention
    finding         TEXT NOT NULL,
    CONSTRAINT runs_state CHECK (
        state = 'queued' OR state = 'running' OR state = 'done' OR state = 'failed' OR state = 'cancelled'),
    CONSTRAINT runs_mode CHECK (mode = 'none' OR mode = 'frozen' OR mode = 'exact' OR mode = 'live'),
    CONSTRAINT runs_post CHECK (post = 'none' OR post = 'thread' OR post = 'update')
) STRICT;
CREATE INDEX runs_investigation ON runs (investigation, created_at, id);
CREATE UNIQUE INDEX runs_one_open ON runs (investigation) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX runs_idempotent ON runs (investigation, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX runs_finished ON runs (finished_at) WHERE state = 'done';
CREATE INDEX runs_journal ON runs (finished_at) WHERE purged = 0;

CREATE TABLE steps (
    id            INTEGER PRIMARY KEY,
    run           TEXT NOT NULL REFERENCES runs (id),
    name          TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    output_sha256 TEXT NOT NULL,
    input         TEXT NOT NULL,
    output        TEXT NOT NULL,
    raw           BLOB NOT NULL,
    CONSTRAINT steps_once UNIQUE (run, name)
) STRICT;

-- Ids are never used twice: an id is part of a fence.
CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    payload     TEXT NOT NULL,
    state       TEXT NOT NULL,
    due_at      INTEGER,  -- waiting: not before; leased: end of the lease; both are claimable from then on
    attempt     INTEGER NOT NULL DEFAULT 0,
    crashes     INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT NOT NULL DEFAULT '',
    error       TEXT NOT NULL DEFAULT '',
    told        INTEGER NOT NULL DEFAULT 0,  -- parked, and handed out for the notice to people
    created_at  INTEGER NOT NULL,
    CONSTRAINT jobs_state CHECK (state = 'waiting' OR state = 'leased' OR state = 'parked'),
    CONSTRAINT jobs_due CHECK ((state = 'parked') = (due_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX jobs_one_waiting ON jobs (kind, key) WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (kind, key) WHERE state = 'leased';
CREATE INDEX jobs_due ON jobs (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE llm_attempts (
    id               TEXT PRIMARY KEY,
    run              TEXT NOT NULL,  -- '' outside investigations
    step             TEXT NOT NULL,
    number           INTEGER NOT NULL,
    target           TEXT NOT NULL,
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    purpose          TEXT NOT NULL,
    key_fingerprint  TEXT NOT NULL,
    request_sha256   TEXT NOT NULL,
    started_at       INTEGER NOT NULL,
    finished_at      INTEGER,
    outcome          TEXT NOT NULL,
    reason           TEXT NOT NULL,
    http_status      INTEGER NOT NULL,
    vendor_code      TEXT NOT NULL,
    request_id       TEXT NOT NULL,
    input_tokens     INTEGER NOT NULL,
    cached_tokens    INTEGER NOT NULL,
    output_tokens    INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost_usd         REAL NOT NULL
) STRICT;
CREATE INDEX llm_attempts_run ON llm_attempts (run, started_at);
CREATE INDEX llm_attempts_spent ON llm_attempts (started_at, cost_usd);

CREATE TABLE quarantines (
    scope   TEXT PRIMARY KEY,
    failure TEXT NOT NULL,
    reason  TEXT NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    strikes INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
    id            TEXT PRIMARY KEY,
    purpose       TEXT NOT NULL,
    investigation TEXT NOT NULL,  -- '' for notices about ourselves
    channel       TEXT NOT NULL,
    thread_ts     TEXT NOT NULL,
    state         TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    first_try     INTEGER NOT NULL,
    retry_at      INTEGER NOT NULL,
    ts            TEXT NOT NULL,
    wanted        INTEGER NOT NULL,
    sent          INTEGER NOT NULL,
    plain_only    INTEGER NOT NULL,
    error         TEXT NOT NULL,
    document      TEXT NOT NULL,
    CONSTRAINT outbox_once UNIQUE (investigation, purpose),
    CONSTRAINT outbox_state CHECK (
        state = 'ready' OR state = 'sending' OR state = 'unknown' OR state = 'anchored' OR state = 'suppressed' OR
        state = 'parked')
) STRICT;
CREATE INDEX outbox_open ON outbox (id) WHERE state IN ('ready', 'sending', 'unknown') OR (state = 'anchored' AND sent <> wanted);
CREATE INDEX outbox_state ON outbox (state);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    peer    TEXT NOT NULL
) STRICT;
