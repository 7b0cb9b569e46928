//! The terminal console of a shop: at hand, live, and impossible to break.
//!
//! Its core is pure: [`update::update`] takes an event and changes the [`model::State`]; what is to be done
//! outside comes out as [`effect::Effect`]s, as data. A worker does them on the library and sends what comes
//! back as events. Views only draw.

pub mod desk;
pub mod dialog;
pub mod effect;
pub mod form;
pub mod in_flight;
pub mod input;
pub mod keys;
pub mod layout;
pub mod list;
pub mod model;
pub mod navigation;
pub mod palette;
mod run;
pub mod screen;
pub mod slot;
pub mod spot;
mod terminal;
pub mod text;
pub mod theme;
pub mod toast;
pub mod update;
pub mod view;
pub mod worker;

pub use run::{Options, run};
pub use theme::ThemeName;
