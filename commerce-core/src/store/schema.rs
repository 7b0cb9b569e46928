//! The schema, which every store has alike.

/// Every schema change there was, in order. A store's `user_version` says how many it has.
pub(crate) const MIGRATIONS: [&str; 1] = [include_str!("schema/0001_shop.sql")];

/// Makes a new store's first row of its identifier and currency.
pub(crate) const FIRST_ROW: &str = "INSERT INTO store VALUES (1, ?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";
