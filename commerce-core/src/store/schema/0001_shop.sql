-- The whole shop. After group commit the pages written per order are the cost, so:
-- what an order changes (wallets, stocks) is kept apart in short rows, many to a page;
-- what grows is only appended, at the right edge of its tree;
-- history is a linked list (entry -> previous, order -> previous), not an index.

-- One row: the numbers last given out, and the newest time stored.
CREATE TABLE store (
    store_no      INTEGER PRIMARY KEY CHECK (store_no = 1),
    uuid          TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    last_at       INTEGER NOT NULL,
    last_user     INTEGER NOT NULL,
    last_product  INTEGER NOT NULL,
    last_movement INTEGER NOT NULL,
    last_charge   INTEGER NOT NULL,
    last_entry    INTEGER NOT NULL,
    last_order    INTEGER NOT NULL,
    last_event    INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    user_no INTEGER PRIMARY KEY,
    user    TEXT    NOT NULL UNIQUE,
    name    TEXT,
    at      INTEGER NOT NULL
) STRICT;

-- The newest ledger entry and order of a user begin the two lists of the user's history (0: none).
CREATE TABLE wallets (
    user_no    INTEGER PRIMARY KEY REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    balance    INTEGER NOT NULL CHECK (balance >= 0),
    last_entry INTEGER NOT NULL,
    last_order INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger (
    entry          INTEGER PRIMARY KEY,
    user_no        INTEGER NOT NULL REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    kind           TEXT    NOT NULL CHECK (kind IN ('charge', 'payment', 'refund')),
    amount         INTEGER NOT NULL,
    balance        INTEGER NOT NULL,
    source         INTEGER NOT NULL, -- the charge or the order
    previous_entry INTEGER NOT NULL,
    at             INTEGER NOT NULL
) STRICT;

CREATE TABLE products (
    product_no INTEGER PRIMARY KEY,
    product    TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    search     TEXT    NOT NULL, -- id and name in lower case
    price      INTEGER NOT NULL,
    active     INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT;
CREATE INDEX products_by_name  ON products (name, product);
CREATE INDEX products_by_price ON products (price, product);

CREATE TABLE stocks (
    product_no INTEGER PRIMARY KEY REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    stock      INTEGER NOT NULL CHECK (stock >= 0)
) STRICT;

-- What moved a stock other than orders and their cancellations.
CREATE TABLE movements (
    movement   INTEGER PRIMARY KEY,
    product_no INTEGER NOT NULL REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    delta      INTEGER NOT NULL,
    stock      INTEGER NOT NULL,
    reason     TEXT,
    at         INTEGER NOT NULL
) STRICT;

CREATE TABLE cart_lines (
    user_no    INTEGER NOT NULL REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    product_no INTEGER NOT NULL REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    position   INTEGER NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    price      INTEGER NOT NULL, -- when it was added
    PRIMARY KEY (user_no, product_no)
) STRICT, WITHOUT ROWID;

-- Immutable: a cancellation is a row of its own.
CREATE TABLE orders (
    order_id       INTEGER PRIMARY KEY,
    user_no        INTEGER NOT NULL REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    total          INTEGER NOT NULL,
    balance        INTEGER NOT NULL, -- after the payment
    previous_order INTEGER NOT NULL,
    at             INTEGER NOT NULL
) STRICT;

-- line = order_id * 1024 + place in the order: one integer key, so that lines are appended to full pages.
CREATE TABLE order_lines (
    line       INTEGER PRIMARY KEY,
    product_no INTEGER NOT NULL REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    name       TEXT    NOT NULL,
    price      INTEGER NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0)
) STRICT;

CREATE TABLE cancellations (
    order_id INTEGER PRIMARY KEY REFERENCES orders DEFERRABLE INITIALLY DEFERRED,
    entry    INTEGER NOT NULL, -- of the refund
    reason   TEXT,
    at       INTEGER NOT NULL
) STRICT;

-- Events refer to the rows they tell of; their bodies are rendered when they are sent.
CREATE TABLE outbox (
    event  INTEGER PRIMARY KEY,
    type   TEXT    NOT NULL,
    source INTEGER NOT NULL -- the order, or the ledger entry of the charge
) STRICT;

-- Only of events that were tried and not accepted yet.
CREATE TABLE deliveries (
    event    INTEGER PRIMARY KEY REFERENCES outbox DEFERRABLE INITIALLY DEFERRED,
    attempts INTEGER NOT NULL,
    error    TEXT,
    next_at  INTEGER,
    dead     INTEGER NOT NULL CHECK (dead IN (0, 1))
) STRICT;

-- The key comes first, so that keys that sort by time (UUIDv7) are appended.
CREATE TABLE keys (
    key      TEXT    NOT NULL,
    user_no  INTEGER NOT NULL, -- 0: unique in the store
    digest   INTEGER NOT NULL, -- of the operation
    order_id INTEGER,          -- the answer was this order,
    reply    TEXT,             -- or this JSON
    at       INTEGER NOT NULL,
    PRIMARY KEY (key, user_no)
) STRICT, WITHOUT ROWID;
