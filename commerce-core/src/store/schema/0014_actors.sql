-- Who did what, how long a token is valid, and what moved a stock.

-- The names of operators, as rows of history bear them: a token's name, or a local user's. Written with an operator's
-- first change.
CREATE TABLE actors (
    actor_no INTEGER PRIMARY KEY,
    actor    TEXT    NOT NULL UNIQUE
) STRICT;
ALTER TABLE store ADD COLUMN last_actor INTEGER NOT NULL DEFAULT 0;

-- The operator who did it. A shopper's own order has none, which costs a byte. No declared reference: it would have to be
-- looked up for every row, and emptying `actors` would search each history. The audit checks it.
ALTER TABLE ledger ADD COLUMN actor_no INTEGER;
ALTER TABLE orders ADD COLUMN actor_no INTEGER;
ALTER TABLE movements ADD COLUMN actor_no INTEGER;
ALTER TABLE cancellations ADD COLUMN actor_no INTEGER;

-- When something moved a stock in the sequence of orders: after this order, and after this entry of the ledger. The
-- history of a stock merges orders, cancellations and movements by it, since a time is not unique.
ALTER TABLE movements ADD COLUMN last_order INTEGER NOT NULL DEFAULT 0;
ALTER TABLE movements ADD COLUMN last_entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cancellations ADD COLUMN last_order INTEGER NOT NULL DEFAULT 0;

-- Payments are in the order of their orders, so the newest order before a refund is that of the payment before it.
UPDATE cancellations SET last_order = l.last_order
    FROM (SELECT source, kind, max(iif(kind = 'payment', source, 0)) OVER (ORDER BY entry) AS last_order FROM ledger) l
    WHERE l.kind = 'refund' AND l.source = cancellations.order_id;

-- A movement is an operator's, and a cancellation is appended, so neither index costs an order a page.
CREATE INDEX cancellations_in_sequence ON cancellations (last_order, entry);

-- Of earlier movements only the time is known. They are placed before what happened in the same millisecond, as a product
-- is added before it is ordered. Orders are numbered in the order of their times, without gaps; what was moved before the
-- first order needs no search.
UPDATE movements SET last_order = (
    WITH RECURSIVE half (low, high) AS (
        SELECT 0, (SELECT last_order FROM store)
        UNION ALL
        SELECT iif(o.at < movements.at, o.order_id, low), iif(o.at < movements.at, high, o.order_id - 1)
        FROM half JOIN orders o ON o.order_id = (low + high + 1) / 2 WHERE low < high)
    SELECT coalesce(max(low), 0) FROM half WHERE low = high)
    WHERE at > (SELECT at FROM orders ORDER BY order_id LIMIT 1);
UPDATE movements SET last_entry = coalesce((
    SELECT max(entry) FROM cancellations c WHERE c.last_order = movements.last_order AND c.at < movements.at), 0)
    WHERE at > (SELECT min(at) FROM cancellations);
CREATE INDEX movements_by_product ON movements (product_no, last_order, last_entry);

-- The same tokens with viewers, an end, and the time of the last use.
CREATE TABLE tokens_with_viewers (
    token_no   INTEGER PRIMARY KEY,
    token      TEXT    NOT NULL UNIQUE,
    role       TEXT    NOT NULL CHECK (role = 'operator' OR role = 'viewer' OR role = 'shopper'),
    user_no    INTEGER REFERENCES users DEFERRABLE INITIALLY DEFERRED, -- as whom a shopper acts
    digest     TEXT    NOT NULL UNIQUE,  -- SHA-256 of the secret, in hexadecimal digits
    at         INTEGER NOT NULL,
    revoked_at INTEGER,
    expires_at INTEGER,
    used_at    INTEGER                   -- to a minute
) STRICT;
INSERT INTO tokens_with_viewers SELECT *, NULL, NULL FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_with_viewers RENAME TO tokens;
