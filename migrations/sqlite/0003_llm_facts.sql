-- More of each attempt at a model, and what was learned of models: facts that outlive the process until they expire.
ALTER TABLE llm_attempts ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE llm_attempts ADD COLUMN hop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE llm_attempts ADD COLUMN answered_model TEXT NOT NULL DEFAULT '';
ALTER TABLE llm_attempts ADD COLUMN first_content_ms INTEGER;
ALTER TABLE llm_attempts ADD COLUMN took_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE llm_attempts ADD COLUMN bytes_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE llm_attempts ADD COLUMN bytes_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE llm_attempts ADD COLUMN breaker_before TEXT NOT NULL DEFAULT '';
ALTER TABLE llm_attempts ADD COLUMN breaker_after TEXT NOT NULL DEFAULT '';
ALTER TABLE llm_attempts ADD COLUMN deadline_left_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX llm_attempts_team ON llm_attempts (team, started_at, cost_usd) WHERE team <> '';

CREATE TABLE learned (
    place TEXT NOT NULL,  -- endpoint, account and model
    fact  TEXT NOT NULL,
    value INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (place, fact)
) STRICT;
