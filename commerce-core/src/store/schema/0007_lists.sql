-- What lets a page of a user's orders cost the same wherever it begins.

-- Whose order was cancelled, so that a user's cancelled orders stand together.
ALTER TABLE cancellations ADD COLUMN user_no INTEGER NOT NULL DEFAULT 0;
UPDATE cancellations SET user_no =
    coalesce((SELECT o.user_no FROM orders o WHERE o.order_id = cancellations.order_id), 0);
CREATE INDEX cancellations_by_user ON cancellations (user_no);

-- One of 64 of a user's orders, more or less, where a walk along the user's list may begin. A cube modulo a prime
-- scatters them, so that no rhythm in which users order passes by all of them. The condition of a query has to be
-- spelled alike (`order/list.rs`).
CREATE INDEX waypoints ON orders (user_no) WHERE order_id % 1000003 * (order_id % 1000003) % 1000003
    * (order_id % 1000003) % 1000003 % 64 = 0;
