//! The schema, which is the same in every store.

/// All migrations, in order. The `user_version` of a store is the number of migrations applied to it.
pub(crate) const MIGRATIONS: [&str; 13] = [
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
    include_str!("schema/0014_actors.sql"),
];

/// Inserts the row of a new store, with its identifier and currency. Columns of later migrations have their defaults.
pub(crate) const FIRST_ROW: &str = "INSERT INTO store (store_no, uuid, currency, last_at, last_user, last_product,
    last_movement, last_charge, last_entry, last_order, last_event) VALUES (1, ?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";

/// Reads the currency, whether products were added by a version that did not index them, and the newest stored time.
pub(crate) const OPENED: &str = "SELECT currency,
    last_product > coalesce((SELECT rowid FROM product_grams ORDER BY rowid DESC LIMIT 1), 0), last_at FROM store";

/// Empties the index of products. It is derived, so it need not be copied.
pub(crate) const EMPTY_GRAMS: &str = "INSERT INTO product_grams (product_grams) VALUES ('delete-all')";

/// The application id that marks a SQLite file as a store ("Shop"; see
/// <https://www.sqlite.org/pragma.html#pragma_application_id>). A server does not allow setting it.
pub(crate) const APPLICATION: i64 = 0x5368_6f70;

/// Replaces the identifier of a store.
pub(crate) const NEW_IDENTITY: &str = "UPDATE store SET uuid = ?1";

/// A new identifier.
pub(crate) fn new_identity() -> String {
    uuid::Uuid::new_v4().to_string()
}
