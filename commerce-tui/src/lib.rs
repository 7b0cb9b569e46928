//! The terminal console of a shop: live lists, a cart, and everything an operator does. [`run()`] is the whole interface;
//! the modules are public for tests, pictures and benches.
//!
//! It is built as model, update and view. [`update::update`] is pure: it takes an event, changes the [`model::State`]
//! and returns [`effect::Effect`]s as data. A [`worker::Worker`] performs them on the engine and sends the results back
//! as events. [`view::draw`] draws the state and changes nothing.

pub mod cache;
pub mod dialog;
pub mod effect;
pub mod effect_queue;
pub mod engine;
pub mod form;
pub mod in_flight;
pub mod keys;
pub mod layout;
pub mod list;
pub mod model;
pub mod navigation;
pub mod palette;
pub mod role;
mod run;
pub mod screen;
pub mod selection;
mod terminal;
pub mod text;
pub mod text_field;
pub mod theme;
pub mod toast;
pub mod update;
pub mod view;
pub mod worker;

pub use role::Role;
pub use run::{Options, run};
pub use theme::ThemeName;
