//! The REST server: it exposes the engine's operations and queries over HTTP, and adds no rules of its own.
//!
//! The route table ([`route::ROUTES`]) maps methods and paths to operations and queries; [`Problem`] maps errors to
//! statuses and problem documents. A request becomes an operation or a query, and the engine's reply becomes the response.
//! A request that changes something awaits its commit without blocking a thread.
//!
//! - [`serve()`] runs the server until its shutdown, and then finishes the requests in flight.
//! - `dispatch` handles a request; `extract` reads its fields; `access` decides who may do what.
//! - `operations` takes many operations as lines, and `line_run` performs them; `named_query` answers any query by name.
//! - `remote` does what a request needs of a store that is a round trip away.
//! - `connections` accepts clients; `budget`, `pool` and `rate_limit` bound what one client can use.

mod access;
mod answer;
mod body;
mod budget;
mod cache;
mod client;
mod connections;
mod cors;
mod describe;
mod dispatch;
mod docs;
mod enumeration;
mod error;
mod etag;
mod events;
mod examples;
mod extract;
mod gzip;
mod headers;
mod health;
mod json;
mod line;
mod line_mode;
mod line_run;
mod link;
mod metrics;
mod named_query;
mod new_secret;
pub mod openapi;
mod operations;
mod options;
mod perform;
mod phase;
mod pool;
mod problem;
mod rate_limit;
mod read;
mod remedies;
mod remote;
mod response;
mod retry_events;
pub mod route;
mod router;
mod sequence;
mod serve;
mod server;
mod shared_question;
mod single_flight;
mod socket;
mod tls;
mod token_use;
mod verify;
mod version;
mod version_answer;
mod version_wait;

pub use error::ServeError;
pub use new_secret::new_secret;
pub use options::{Limits, Options, TlsFiles};
pub use problem::Problem;
pub use serve::{readers, serve};
