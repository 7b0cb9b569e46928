//! The schema, which every store has alike.

/// Every schema change there was, in order. A store's `user_version` says how many it has.
pub(crate) const MIGRATIONS: [&str; 2] =
    [include_str!("schema/0001_shop.sql"), include_str!("schema/0002_receipts.sql")];

/// Makes a new store's first row of its identifier and currency.
pub(crate) const FIRST_ROW: &str = "INSERT INTO store VALUES (1, ?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";

/// Marks a SQLite file as ours ("Shop"; see <https://www.sqlite.org/pragma.html#pragma_application_id>). A
/// server does not let it be set.
pub(crate) const APPLICATION: i64 = 0x5368_6f70;
