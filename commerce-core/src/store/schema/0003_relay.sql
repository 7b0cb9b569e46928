-- How far the data platform was told, in one row: marking a thousand events delivered is one change of it.
-- Every event up to `settled` was delivered, except those in `deliveries`; no event after it was, and none
-- after it stands in `deliveries`.
CREATE TABLE relay (
    relay_no INTEGER PRIMARY KEY CHECK (relay_no = 1),
    owner    TEXT    NOT NULL, -- the relay that delivers at present
    term     INTEGER NOT NULL, -- raised with every new owner: one of an older term may mark nothing
    until    INTEGER NOT NULL, -- when the owner's lease ends
    settled  INTEGER NOT NULL,
    pruned   INTEGER NOT NULL, -- delivered events up to this one were taken out of the outbox
    revived  INTEGER NOT NULL, -- raised whenever dead events are brought back
    marked   INTEGER NOT NULL, -- the newest row of `settlements`
    error    TEXT,             -- why the sink takes nothing at present
    next_at  INTEGER           -- when it is tried again
) STRICT;
INSERT INTO relay VALUES (1, '', 0, 0, 0, 0, 0, 0, NULL, NULL);

-- How far things were settled at a time, a few rows an hour: delivered events are pruned by it.
CREATE TABLE settlements (
    at      INTEGER PRIMARY KEY,
    through INTEGER NOT NULL
) STRICT;
