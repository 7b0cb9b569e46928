//! The tables of `store/schema/*.sql` as the engine changes them.

use super::Table;

pub(crate) static STORE: Table = Table {
    name: "store",
    columns: &[
        "store_no",
        "last_at",
        "last_user",
        "last_product",
        "last_movement",
        "last_charge",
        "last_entry",
        "last_order",
        "last_event",
        "last_token",
        "last_probe",
        "last_actor",
    ],
    key: 1,
};

pub(crate) static USERS: Table = Table { name: "users", columns: &["user_no", "user", "name", "at"], key: 1 };

pub(crate) static ACTORS: Table = Table { name: "actors", columns: &["actor_no", "actor"], key: 1 };

pub(crate) static WALLETS: Table =
    Table { name: "wallets", columns: &["user_no", "balance", "last_entry", "last_order"], key: 1 };

pub(crate) static LEDGER: Table = Table {
    name: "ledger",
    columns: &["entry", "user_no", "kind", "amount", "balance", "source", "previous_entry", "at", "actor_no"],
    key: 1,
};

pub(crate) static PRODUCTS: Table = Table {
    name: "products",
    columns: &["product_no", "product", "name", "search", "price", "active"],
    key: 1,
};

pub(crate) static PRODUCT_GRAMS: Table =
    Table { name: "product_grams", columns: &["rowid", "grams"], key: 1 };

pub(crate) static STOCKS: Table = Table { name: "stocks", columns: &["product_no", "stock"], key: 1 };

pub(crate) static MOVEMENTS: Table = Table {
    name: "movements",
    columns: &[
        "movement",
        "product_no",
        "delta",
        "stock",
        "reason",
        "at",
        "actor_no",
        "last_order",
        "last_entry",
    ],
    key: 1,
};

pub(crate) static CART_LINES: Table = Table {
    name: "cart_lines",
    columns: &["user_no", "product_no", "position", "quantity", "price"],
    key: 2,
};

pub(crate) static ORDERS: Table = Table {
    name: "orders",
    columns: &["order_id", "user_no", "total", "balance", "previous_order", "at", "actor_no"],
    key: 1,
};

pub(crate) static ORDER_LINES: Table =
    Table { name: "order_lines", columns: &["line", "product_no", "name", "price", "quantity"], key: 1 };

pub(crate) static CANCELLATIONS: Table = Table {
    name: "cancellations",
    columns: &["order_id", "entry", "reason", "at", "user_no", "actor_no", "last_order"],
    key: 1,
};

pub(crate) static OUTBOX: Table = Table { name: "outbox", columns: &["event", "type", "source"], key: 1 };

pub(crate) static DELIVERIES: Table =
    Table { name: "deliveries", columns: &["event", "attempts", "error", "next_at", "dead"], key: 1 };

pub(crate) static RELAY: Table = Table {
    name: "relay",
    columns: &[
        "relay_no", "owner", "term", "until", "settled", "pruned", "revived", "marked", "error", "next_at",
    ],
    key: 1,
};

pub(crate) static SETTLEMENTS: Table = Table { name: "settlements", columns: &["at", "through"], key: 1 };

pub(crate) static LATE_DELIVERIES: Table =
    Table { name: "late_deliveries", columns: &["event", "at"], key: 1 };

pub(crate) static KEYS: Table =
    Table { name: "keys", columns: &["key", "user_no", "digest", "order_id", "reply", "at"], key: 2 };

pub(crate) static TOKENS: Table = Table {
    name: "tokens",
    columns: &["token_no", "token", "role", "user_no", "digest", "at", "revoked_at", "expires_at", "used_at"],
    key: 1,
};

pub(crate) static PROBES: Table = Table { name: "probes", columns: &["probe_no", "probes"], key: 1 };

pub(crate) static SALES_BY_HOUR: Table = Table {
    name: "sales_by_hour",
    columns: &["hour", "after_order", "last_order", "entry", "sales"],
    key: 1,
};

pub(crate) static SALES_BY_DAY: Table =
    Table { name: "sales_by_day", columns: &["day", "after_order", "last_order", "entry", "sales"], key: 1 };

/// The number of rows of [`PROBES`], each on a page of its own.
pub(crate) const PROBE_PAGES: i64 = 16;

/// The number of line keys of an order: line `n` of order `o`, counted from 0, has the key `o * LINES + n`.
pub(crate) const LINES: i64 = 1024;

/// All tables, those that others refer to first.
pub(crate) static SAVED: [&Table; 23] = [
    &ACTORS,
    &USERS,
    &WALLETS,
    &PRODUCTS,
    &PRODUCT_GRAMS,
    &STOCKS,
    &MOVEMENTS,
    &ORDERS,
    &ORDER_LINES,
    &LEDGER,
    &CANCELLATIONS,
    &CART_LINES,
    &OUTBOX,
    &DELIVERIES,
    &RELAY,
    &SETTLEMENTS,
    &LATE_DELIVERIES,
    &KEYS,
    &TOKENS,
    &PROBES,
    &SALES_BY_HOUR,
    &SALES_BY_DAY,
    &STORE,
];
