//! A shop's engine: prepaid wallets, exact stock, carts, orders and best sellers, on one SQLite file that
//! many processes share, or on a libSQL server that many machines share.
//!
//! One idea carries the whole: an operation is a value; deciding it is a pure function over rows loaded
//! beforehand; a store does nothing but load those rows and save the changed ones, many operations in one
//! transaction.
//!
//! - [`Commerce`] opens a store, wherever its [`Location`] is, takes operations and answers queries ([`engine`](Commerce)).
//! - [`user`], [`wallet`], [`catalog`], [`cart`], [`order`], [`sales`], [`outbox`] and [`token`] hold one operation or
//!   query per file; every rule is decided in its own `decide`, read from top to bottom.
//! - [`Error`] and [`Refusal`] say why something was not done.
//!
//! ```
//! use commerce_core::{Amount, Commerce, Currency, Name, Options, ProductId, Quantity, Stock, SystemClock, UserId};
//! use commerce_core::{catalog, order, user, wallet};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("shop.db");
//! let won = Currency::try_from("KRW")?;
//! let shop = Commerce::create(&path, won, Options::new(SystemClock))?;
//! let (alice, mug) = (UserId::try_from("alice")?, ProductId::try_from("mug")?);
//! let money = |minor| Amount::try_from(minor).ok_or("no such amount");
//!
//! shop.perform(user::Add { user: alice.clone(), name: None })?;
//! shop.perform(wallet::Charge::new(alice.clone(), money(50_000)?)?)?;
//! let stock = Stock::try_from(10)?;
//! let add = catalog::Add { product: mug.clone(), name: Name::try_from("머그컵 Mug")?, price: money(12_000)?, stock };
//! shop.perform(add)?;
//!
//! let items = order::Items::new([(mug, Quantity::try_from(2)?)])?;
//! let order = shop.perform(order::Place { user: alice, items, expected_total: None })?;
//! assert_eq!(order.reply.total, money(24_000)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `libsql` (on by default): stores on a libSQL server. Without it, opening one fails with [`OpenError::NotBuiltIn`].
//! - `http-sink` (on by default): the sink that posts events over HTTP. Without it, [`outbox::sink::open`] refuses
//!   `http://` and `https://`.
//! - `schema`: describes operations, replies and answers as JSON Schema.
//!
//! With `default-features = false` the crate compiles no TLS and no HTTP client.
//!
//! # The bundled SQLite
//!
//! SQLite is compiled into the program, and a library cannot choose how. This workspace compiles it with the settings
//! below. To use them, put them in the `.cargo/config.toml` of your own workspace:
//!
//! ```toml
//! [env]
//! LIBSQLITE3_FLAGS = "-DSQLITE_DEFAULT_MEMSTATUS=0 -USQLITE_ENABLE_MEMORY_MANAGEMENT -USQLITE_ENABLE_API_ARMOR -DSQLITE_OMIT_SHARED_CACHE -DHAVE_FDATASYNC=1"
//! ```
//!
//! Without them everything works and is as durable, but slower: SQLite takes a lock for each allocation and for each
//! page, checks the pointers of its callers, and syncs the log together with its time stamps.

pub mod cart;
pub mod catalog;
mod clock_skew;
mod commit_notifier;
mod cost;
mod currency;
mod each;
mod engine;
mod error;
mod facts;
mod id;
pub mod input;
mod job;
mod location;
mod money;
mod names;
mod number;
pub mod operation;
pub mod order;
pub mod outbox;
mod page;
mod probe;
pub mod query;
mod queue;
mod refusal;
pub mod registry;
mod row;
pub mod sales;
#[cfg(feature = "schema")]
mod schema;
mod search;
mod stats;
mod store;
mod submit;
mod sweep;
#[cfg(test)]
mod testing;
mod text;
mod ticket;
mod time;
pub mod token;
pub mod user;
mod verify;
pub mod wallet;
mod writer;

pub use clock_skew::ClockSkew;
pub use cost::Cost;
pub use currency::Currency;
pub use engine::{Ask, Commerce, Options};
pub use error::{Cause, Error, OpenError};
pub use facts::{Facts, KeptReply, Keys};
pub use id::{Id, Key, Name, OfDigest, OfId, OfKey, OfName, OfProduct, OfToken, OfUser, ProductId, UserId};
pub use input::{Fault, Faults, Invalid};
pub use location::{Location, Server};
pub use money::{Amount, LIMIT, Quantity, Stock};
pub use number::{ChargeId, EntryId, EventId, Number, OfCharge, OfEntry, OfEvent, OfOrder, OrderId};
pub use operation::{Answer, Chain, Operation, Submission};
pub use page::{Cursor, Listing, Page};
pub use probe::Probe;
pub use query::{AnyQuery, Paged, Query};
pub use refusal::{Refusal, Shortage};
pub use stats::{Histogram, Stats};
pub use submit::{AnyOperation, Receive, Submit};
pub use text::{Text, TextKind, ValueError, escape, is_control};
pub use ticket::{Pending, Ticket};
pub use time::{Clock, SystemClock, Time};
pub use verify::{Audit, Checked, Difference, Progress};
