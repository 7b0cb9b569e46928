//! The schema, which every store has alike.

/// Every schema change there was, in order. A store's `user_version` says how many it has.
pub(crate) const MIGRATIONS: [&str; 12] = [
    include_str!("schema/0001_shop.sql"),
    include_str!("schema/0002_tokens.sql"),
    include_str!("schema/0003_relay.sql"),
    include_str!("schema/0004_receipts.sql"),
    include_str!("schema/0005_probes.sql"),
    include_str!("schema/0006_sums.sql"),
    include_str!("schema/0007_lists.sql"),
    include_str!("schema/0009_late_deliveries.sql"),
    include_str!("schema/0010_ledger.sql"),
    include_str!("schema/0011_changes.sql"),
    include_str!("schema/0012_search.sql"),
    include_str!("schema/0013_order_of_lists.sql"),
];

/// Makes a new store's first row of its identifier and currency. Columns of later migrations begin at their defaults.
pub(crate) const FIRST_ROW: &str = "INSERT INTO store (store_no, uuid, currency, last_at, last_user, last_product,
    last_movement, last_charge, last_entry, last_order, last_event) VALUES (1, ?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";

/// The currency, and whether products were added by a version that did not index them.
pub(crate) const OPENED: &str = "SELECT currency,
    last_product > coalesce((SELECT rowid FROM product_grams ORDER BY rowid DESC LIMIT 1), 0) FROM store";

/// Takes everything out of the index of products. It is derived, so it need not be copied.
pub(crate) const EMPTY_GRAMS: &str = "INSERT INTO product_grams (product_grams) VALUES ('delete-all')";

/// Marks a SQLite file as ours ("Shop"; see <https://www.sqlite.org/pragma.html#pragma_application_id>). A
/// server does not let it be set.
pub(crate) const APPLICATION: i64 = 0x5368_6f70;

/// Gives a store another identifier.
pub(crate) const NEW_IDENTITY: &str = "UPDATE store SET uuid = ?1";

/// An identifier that no store has had.
pub(crate) fn new_identity() -> String {
    uuid::Uuid::new_v4().to_string()
}
