//! A shop's engine: prepaid wallets, exact stock, carts, orders and best sellers, on one SQLite file that many processes
//! share, or on a libSQL server that many machines share. The same handle works on a shop that `commerce serve` serves
//! elsewhere.
//!
//! An operation is a value. Deciding it is a pure function over rows that were loaded beforehand. A store does nothing but
//! load those rows and save the changed ones, many operations in one transaction.
//!
//! - [`Commerce`] opens a store, takes operations and answers queries.
//! - [`user`], [`wallet`], [`catalog`], [`cart`], [`order`], [`sales`], [`outbox`] and [`token`] hold the operations, such
//!   as [`order::Place`], and the queries, such as [`order::Get`].
//! - [`Error`] and [`Refusal`] say why something was not done.
//!
//! # Open a store
//!
//! A [`Location`] is a path or the address of a server. Clones of the handle share one writer.
//!
//! ```
//! use commerce_core::{Commerce, Currency, Options, SystemClock};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("shop.db");
//! let shop = Commerce::create(&path, Currency::try_from("USD")?, Options::new(SystemClock))?;
//! let same = Commerce::open(&path, Options::new(SystemClock))?;
//! assert_eq!(same.currency().code(), "USD");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A shop that is served elsewhere
//!
//! `commerce://HOST` is a shop that `commerce serve` serves at another machine. It is used like any other, with the rights of
//! the token. What needs the store itself, such as a backup, fails with [`Error::NotHere`].
//!
//! ```no_run
//! use commerce_core::{Commerce, Location, Options, SystemClock};
//!
//! let shop: Location = "commerce://shop.example".parse()?;
//! let shop = Commerce::open(shop.token_file("/run/secrets/token")?, Options::new(SystemClock))?;
//! println!("the shop's currency is {}", shop.currency());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Perform an operation, or submit it
//!
//! [`Commerce::perform`] returns when the operation is committed and synced. [`Commerce::submit`] returns at once with a
//! [`Ticket`]; operations that are submitted together share one transaction, which is how the engine reaches its speed.
//! Every value type is made by `TryFrom` or `FromStr` and fails with a [`ValueError`].
//!
//! ```
//! use commerce_core::{Amount, Name, ProductId, Quantity, Stock, UserId, catalog, order, user, wallet};
//!
//! # use commerce_core::{Commerce, Currency, Options, SystemClock};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! let (alice, mug) = (UserId::try_from("alice")?, ProductId::try_from("mug")?);
//! let added = shop.submit(user::Add { user: alice.clone(), name: None });
//! let charged = shop.submit(wallet::Charge::new(alice.clone(), Amount::try_from(10_000)?)?);
//! added.wait()?;
//! assert_eq!(charged.wait()?.reply.balance, Amount::try_from(10_000)?);
//!
//! let (name, price, stock) = (Name::try_from("Mug")?, Amount::try_from(1_250)?, Stock::try_from(10)?);
//! shop.perform(catalog::Add { product: mug.clone(), name, price, stock })?;
//! let items = order::Items::new([(mug, Quantity::try_from(2)?)])?;
//! let order = shop.perform(order::Place { user: alice, items, expected_total: None })?.reply;
//! assert_eq!(shop.currency().format_amount(order.total.get()), "25.00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Idempotency keys
//!
//! A submission with a [`Key`] is done once, however often it is submitted: a repetition receives the first reply. When
//! [`Error::retryable`] is true, submit the same operation again with the same key.
//!
//! ```
//! use commerce_core::{Key, Submission};
//!
//! # use commerce_core::{Amount, Commerce, Currency, Options, SystemClock, UserId, user, wallet};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! # let alice = UserId::try_from("alice")?;
//! # shop.perform(user::Add { user: alice.clone(), name: None })?;
//! # let charge = wallet::Charge::new(alice, Amount::try_from(500)?)?;
//! let submission = Submission::new(charge).key(Key::random());
//! let first = shop.perform(submission.clone())?;
//! let again = shop.perform(submission)?;
//! assert!(again.replayed && again.reply == first.reply);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Refusals
//!
//! A rule that refuses an operation changes nothing. The [`Refusal`] has a stable [code](Refusal::code), and the facts
//! that the caller needs.
//!
//! ```
//! use commerce_core::{Error, Refusal};
//!
//! # use commerce_core::{Amount, Commerce, Currency, Name, Options, ProductId, Quantity, Stock, SystemClock, UserId};
//! # use commerce_core::{catalog, order, user};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! # let (alice, mug) = (UserId::try_from("alice")?, ProductId::try_from("mug")?);
//! # shop.perform(user::Add { user: alice.clone(), name: None })?;
//! # let (name, price, stock) = (Name::try_from("Mug")?, Amount::try_from(1_250)?, Stock::try_from(1)?);
//! # shop.perform(catalog::Add { product: mug.clone(), name, price, stock })?;
//! # let items = order::Items::new([(mug, Quantity::try_from(2)?)])?;
//! match shop.perform(order::Place { user: alice, items, expected_total: None }) {
//!     Ok(order) => println!("order {} is paid", order.reply.order),
//!     Err(Error::Refused(Refusal::OutOfStock { items })) => println!("{} left", items[0].available),
//!     Err(Error::Refused(refusal)) => println!("{}: {refusal}", refusal.code()),
//!     Err(error) if error.retryable() => println!("try again: {error}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Queries and pages
//!
//! [`Commerce::query`] answers from one snapshot. A list is answered page by page: the [`Listing`] of a page has the
//! [`Cursor`] of the next. [`Commerce::each`] reads a whole list in the memory of one page.
//!
//! ```
//! use commerce_core::{Error, Page, catalog};
//!
//! # use commerce_core::{Commerce, Currency, Options, SystemClock};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! let mut list = catalog::List { page: Page::first(50), ..catalog::List::default() };
//! loop {
//!     let listing = shop.query(&list)?;
//!     listing.items.iter().for_each(|product| println!("{}", product.name));
//!     let Some(next) = listing.next_cursor else { break };
//!     list.page = list.page.at(&next);
//! }
//!
//! shop.each(catalog::List::default(), |product| {
//!     println!("{}", product.name);
//!     Ok::<(), Error>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Async programs
//!
//! A [`Ticket`] is a future and needs no particular runtime: `submit` and await it. `query`, `each`, `perform` and the
//! functions that open and close a store block, so call them where blocking is allowed. With tokio, that is
//! `spawn_blocking`; the handle is cheap to clone.
//!
//! ```
//! use commerce_core::{Commerce, Error, UserId, order, user};
//!
//! async fn register(shop: &Commerce, user: UserId) -> Result<order::List, Error> {
//!     shop.submit(user::Add { user: user.clone(), name: None }).await?;
//!     Ok(order::List { user: Some(user), ..order::List::default() })
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let options = commerce_core::Options::new(commerce_core::SystemClock);
//! # let won = commerce_core::Currency::try_from("KRW")?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), won, options)?;
//! # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
//! let list = register(&shop, UserId::try_from("alice")?).await?;
//! let reader = shop.clone();
//! let orders = tokio::task::spawn_blocking(move || reader.query(&list)).await??;
//! assert!(orders.items.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Deliver events
//!
//! Each charge, order and cancellation writes one event in its own transaction. A [`Relay`](outbox::Relay) delivers them
//! to a [`Sink`](outbox::Sink) afterwards: at least once, and in order for each order and wallet.
//!
//! ```
//! use commerce_core::outbox::relay::Options as RelayOptions;
//! use commerce_core::outbox::sink::{Failure, Message};
//! use commerce_core::outbox::{Relay, Sink};
//!
//! struct Print;
//!
//! impl Sink for Print {
//!     fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
//!         messages.iter().for_each(|message| println!("{}", message.body));
//!         Ok(())
//!     }
//! }
//!
//! # use commerce_core::{Amount, Commerce, Currency, Options, SystemClock, UserId, user, wallet};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! # let alice = UserId::try_from("alice")?;
//! # shop.perform(user::Add { user: alice.clone(), name: None })?;
//! # shop.perform(wallet::Charge::new(alice, Amount::try_from(500)?)?)?;
//! let pending = Relay::once(&shop, Box::new(Print), RelayOptions::default())?;
//! assert_eq!(pending.wait().delivered, 1);
//! let relay = Relay::start(&shop, Box::new(Print), RelayOptions::default())?;
//! relay.stop();
//! relay.wait();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Close
//!
//! Dropping the last clone of the handle finishes what is queued. [`Commerce::close`] does so at once; afterwards every
//! operation fails with [`Error::Closed`].
//!
//! ```
//! # use commerce_core::{Commerce, Currency, Error, Options, SystemClock, UserId, user};
//! # let folder = tempfile::tempdir()?;
//! # let shop = Commerce::create(folder.path().join("shop.db"), Currency::try_from("USD")?, Options::new(SystemClock))?;
//! let added = shop.submit(user::Add { user: UserId::try_from("alice")?, name: None });
//! shop.close();
//! added.wait()?;
//! let late = shop.perform(user::Add { user: UserId::try_from("ben")?, name: None });
//! assert!(matches!(late, Err(Error::Closed)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a program cannot add
//!
//! Operations and queries are those of this crate. The rows that an operation reads and changes are not public: a rule
//! relies on all others to keep its invariants, so a rule belongs beside them. A program brings its own clock ([`Clock`])
//! and its own sinks ([`outbox::Sink`]).
//!
//! # Features
//!
//! - `libsql` (on by default): stores on a libSQL server. Without it, opening one fails with [`OpenError::NotBuiltIn`].
//! - `served` (on by default): shops that are served elsewhere. Without it, opening one fails with [`OpenError::NotBuiltIn`].
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

mod access;
pub mod cart;
pub mod catalog;
mod clock_offset;
mod clock_skew;
mod commerce;
mod commit_notifier;
mod connection;
mod cost;
mod currency;
mod each;
mod engine;
mod error;
mod facts;
mod id;
mod id_cache;
mod identity;
pub mod input;
mod job;
mod json_text;
mod location;
mod money;
mod number;
mod operation;
mod options;
pub mod order;
pub mod outbox;
mod page;
mod poll;
mod probe;
mod query;
mod queue;
mod refusal;
pub mod registry;
#[cfg(any(feature = "libsql", feature = "served", feature = "http-sink"))]
mod resolve;
mod roots;
mod row;
pub mod sales;
#[cfg(feature = "schema")]
mod schema;
mod search;
#[cfg_attr(not(feature = "served"), path = "served/not_built_in.rs")]
mod served;
mod server_token;
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
mod warning;
mod writer;

pub use access::{Access, Caller};
pub use clock_offset::ClockOffset;
pub use clock_skew::ClockSkew;
pub use commerce::Commerce;
pub use connection::Connection;
pub use cost::Cost;
pub use currency::Currency;
pub use error::{Cause, Error, OpenError};
pub use id::{
    Actor, Id, Key, Name, OfActor, OfDigest, OfId, OfKey, OfName, OfProduct, OfToken, OfUser, ProductId,
    UserId,
};
pub use identity::Identity;
pub use input::{Fault, Faults, Invalid};
pub use json_text::{TextOperation, TextQuery, TextReply};
pub use location::{Location, Served, Server};
pub use money::{Amount, LIMIT, Quantity, Stock};
pub use number::{ChargeId, EntryId, EventId, Number, OfCharge, OfEntry, OfEvent, OfOrder, OrderId};
pub use operation::{Answer, Chain, Operation, Reply, Submission};
pub use options::Options;
pub use page::{Cursor, Listing, Page};
pub use probe::Probe;
pub use query::{Answerable, AnyQuery, Paged, Query};
pub use refusal::{Refusal, Shortage};
pub use roots::Roots;
pub use stats::{Histogram, Stats};
pub use submit::{AnyOperation, Receive, Submit};
pub use text::{Text, TextKind, ValueError, escape, is_control};
pub use ticket::{Pending, Ticket};
pub use time::{Clock, SystemClock, Time};
pub use verify::{Audit, Checked, Difference, Progress};
pub use warning::Warning;
