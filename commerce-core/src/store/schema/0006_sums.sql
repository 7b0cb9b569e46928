-- What sold in an hour or a day that is over, so that a long window need not be counted line by line. Derived from the
-- orders by whoever needed it first, checked by the audit, and made anew when it is missing. One row is a whole list,
-- packed (`sales/sums.rs`): a row for each product would be as many as the lines are.
CREATE TABLE sales_by_hour (
    hour        INTEGER PRIMARY KEY, -- since 1970-01-01, UTC
    after_order INTEGER NOT NULL,    -- the orders of the hour are those after this one
    last_order  INTEGER NOT NULL,    -- up to and with this one
    entry       INTEGER NOT NULL,    -- less those whose refund is this ledger entry or an earlier one
    sales       TEXT    NOT NULL
) STRICT;

CREATE TABLE sales_by_day (
    day         INTEGER PRIMARY KEY,
    after_order INTEGER NOT NULL,
    last_order  INTEGER NOT NULL,
    entry       INTEGER NOT NULL,
    sales       TEXT    NOT NULL
) STRICT;
