-- What puts the alerts of several senders into one investigation, and who is in it.

-- The alerting things of an investigation, each once.
CREATE TABLE members (
    investigation TEXT NOT NULL REFERENCES investigations (id),
    source        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    service       TEXT NOT NULL,
    title         TEXT NOT NULL,
    severity      TEXT NOT NULL,
    joined_at     INTEGER NOT NULL,
    alerts        INTEGER NOT NULL,  -- how often it fired
    why           TEXT NOT NULL,     -- it is in this investigation; '': it started it
    PRIMARY KEY (investigation, source, fingerprint)
) STRICT;

-- Where they happen: what a later alert is compared with.
CREATE TABLE member_services (
    investigation TEXT NOT NULL REFERENCES investigations (id),
    service       TEXT NOT NULL,
    environment   TEXT NOT NULL,     -- '': nobody said
    created_at    INTEGER NOT NULL,  -- of the investigation
    PRIMARY KEY (investigation, service)
) STRICT;
CREATE INDEX member_services_group ON member_services (service, created_at);

-- The names under which tools speak of the outage: links to monitors, dedup keys.
CREATE TABLE names (
    investigation TEXT NOT NULL REFERENCES investigations (id),
    name          TEXT NOT NULL,
    source        TEXT NOT NULL,     -- who said it
    learned_at    INTEGER NOT NULL,
    PRIMARY KEY (investigation, name, source)
) STRICT;
CREATE INDEX names_known ON names (name, learned_at);

INSERT INTO members (investigation, source, fingerprint, service, title, severity, joined_at, alerts, why)
SELECT i.id, a.source, a.fingerprint, i.service, i.title, i.severity, i.created_at, i.fired, ''
FROM investigations i JOIN alerts a ON a.id = i.alert;
INSERT INTO member_services (investigation, service, environment, created_at)
SELECT id, service, environment, created_at FROM investigations WHERE service <> '';

-- Grouping looks at all services of an investigation now, not only at that of its first alert.
DROP INDEX investigations_group;
-- Whether an investigation has ended must not cost a look at each of its episodes, of which a storm has thousands.
CREATE INDEX episodes_under_way ON episodes (investigation) WHERE state = 'open';
