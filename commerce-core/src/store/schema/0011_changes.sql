-- Counts the changes of what users and products are, other than their balances and stocks, whoever makes them: who
-- remembers users and products knows by it, after a commit of somebody else, whether only balances and stocks changed.
ALTER TABLE store ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER users_changed AFTER UPDATE ON users BEGIN
    UPDATE store SET last_change = last_change + 1;
END;

CREATE TRIGGER products_changed AFTER UPDATE OF product_no, product, name, price, active ON products BEGIN
    UPDATE store SET last_change = last_change + 1;
END;
