-- The same ledger with a check that is cheap. `kind IN (...)` of three texts makes SQLite build a table of them in memory
-- for every row that it checks, which cost more than to store the row; equalities are compared one after the other.
CREATE TABLE ledger_checked (
    entry          INTEGER PRIMARY KEY,
    user_no        INTEGER NOT NULL REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    kind           TEXT    NOT NULL CHECK (kind = 'payment' OR kind = 'charge' OR kind = 'refund' OR kind = 'debit'),
    amount         INTEGER NOT NULL,
    balance        INTEGER NOT NULL,
    source         INTEGER NOT NULL, -- the charge or the order
    previous_entry INTEGER NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_checked SELECT * FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_checked RENAME TO ledger;
