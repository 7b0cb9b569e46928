-- Who may come through the server. The secret itself is stored nowhere. A name is never used again.
CREATE TABLE tokens (
    token_no   INTEGER PRIMARY KEY,
    token      TEXT    NOT NULL UNIQUE,
    role       TEXT    NOT NULL CHECK (role IN ('operator', 'shopper')),
    user_no    INTEGER REFERENCES users DEFERRABLE INITIALLY DEFERRED, -- as whom a shopper acts
    digest     TEXT    NOT NULL UNIQUE,  -- SHA-256 of the secret, in hexadecimal digits
    at         INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- Counts every token made and every one revoked: who remembers tokens knows by it whether any changed.
ALTER TABLE store ADD COLUMN last_token INTEGER NOT NULL DEFAULT 0;

-- Counts the writes that only found out whether the store can be written.
ALTER TABLE store ADD COLUMN last_probe INTEGER NOT NULL DEFAULT 0;
