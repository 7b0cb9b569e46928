-- The tables of an order from src/store/schema in PostgreSQL's types, each with the index that its list needs.
CREATE TABLE users (user_no bigint PRIMARY KEY, "user" text NOT NULL UNIQUE, name text, at bigint NOT NULL);
CREATE TABLE wallets (
    user_no bigint PRIMARY KEY REFERENCES users, balance bigint NOT NULL CHECK (balance >= 0)
);
CREATE TABLE products (
    product_no bigint PRIMARY KEY, product text NOT NULL UNIQUE, name text NOT NULL, search text NOT NULL,
    price bigint NOT NULL, active boolean NOT NULL
);
CREATE TABLE stocks (
    product_no bigint PRIMARY KEY REFERENCES products, stock bigint NOT NULL CHECK (stock >= 0)
);
CREATE TABLE orders (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_no bigint NOT NULL REFERENCES users,
    total bigint NOT NULL, balance bigint NOT NULL, at bigint NOT NULL
);
CREATE INDEX orders_by_user ON orders (user_no);
CREATE TABLE order_lines (
    line bigint PRIMARY KEY, product_no bigint NOT NULL REFERENCES products, name text NOT NULL,
    price bigint NOT NULL, quantity bigint NOT NULL CHECK (quantity > 0)
);
CREATE TABLE ledger (
    entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_no bigint NOT NULL REFERENCES users,
    kind text NOT NULL, amount bigint NOT NULL, balance bigint NOT NULL, source bigint NOT NULL, at bigint NOT NULL
);
CREATE INDEX ledger_by_user ON ledger (user_no);
CREATE TABLE outbox (
    event bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, source bigint NOT NULL
);
CREATE TABLE keys (
    key text NOT NULL, user_no bigint NOT NULL, digest bigint NOT NULL, order_id bigint, reply text,
    at bigint NOT NULL, PRIMARY KEY (key, user_no)
);

INSERT INTO users SELECT n, 'user-' || n - 1, NULL, 0 FROM generate_series(1, 10000) n;
INSERT INTO wallets SELECT n, 1000000000000 FROM generate_series(1, 10000) n;
INSERT INTO products SELECT n, 'product-' || n - 1, 'Product number ' || n - 1,
    lower('product-' || n - 1 || 'Product number ' || n - 1), 100 + (n - 1) % 977, true
    FROM generate_series(1, 1000) n;
INSERT INTO stocks SELECT n, 1000000000 FROM generate_series(1, 1000) n;

-- One order of one unit of each product, in one call. Rows are locked in a fixed order, so that no deadlock occurs.
CREATE FUNCTION place(who text, wanted text[], idempotency_key text, moment bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    no bigint; held bigint; number bigint; sum bigint; short bigint; found_products bigint;
BEGIN
    SELECT user_no, balance INTO no, held FROM users JOIN wallets USING (user_no)
        WHERE "user" = who FOR UPDATE OF wallets;
    IF no IS NULL THEN RAISE EXCEPTION 'user_not_found'; END IF;
    SELECT order_id INTO number FROM keys WHERE key = idempotency_key AND user_no = no;
    IF number IS NOT NULL THEN RETURN number; END IF;
    PERFORM FROM stocks JOIN products USING (product_no) WHERE product = ANY (wanted)
        ORDER BY product_no FOR UPDATE OF stocks;
    SELECT count(*), sum(price), count(*) FILTER (WHERE stock < 1) INTO found_products, sum, short
        FROM products JOIN stocks USING (product_no) WHERE product = ANY (wanted) AND active;
    IF found_products < cardinality(wanted) THEN RAISE EXCEPTION 'product_not_found'; END IF;
    IF short > 0 THEN RAISE EXCEPTION 'out_of_stock'; END IF;
    IF held < sum THEN RAISE EXCEPTION 'insufficient_balance'; END IF;
    UPDATE wallets SET balance = balance - sum WHERE user_no = no;
    UPDATE stocks SET stock = stock - 1 FROM products
        WHERE products.product_no = stocks.product_no AND product = ANY (wanted);
    INSERT INTO orders (user_no, total, balance, at) VALUES (no, sum, held - sum, moment)
        RETURNING order_id INTO number;
    INSERT INTO order_lines SELECT number * 1024 + row_number() OVER () - 1, product_no, name, price, 1
        FROM products WHERE product = ANY (wanted);
    INSERT INTO ledger (user_no, kind, amount, balance, source, at)
        VALUES (no, 'payment', -sum, held - sum, number, moment);
    INSERT INTO outbox (type, source) VALUES ('OrderCompleted', number);
    INSERT INTO keys VALUES (idempotency_key, no, 0, number, NULL, moment);
    RETURN number;
END $$;
VACUUM ANALYZE;
