-- When events were delivered that had been passed over before, since `settlements` tells only of those that went well at
-- once: each is kept for the retention after its own delivery, and then taken out of the outbox. No reference to the
-- outbox, since programs of an earlier version take events out and know nothing of this table.
CREATE TABLE late_deliveries (
    event INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL
) STRICT;

-- The oldest go first; there are few rows, none of them an order's.
CREATE INDEX late_deliveries_at ON late_deliveries (at);
