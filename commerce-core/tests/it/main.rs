//! The library as an embedding program uses it, on real files and with real processes.

mod model;
mod month;
mod precedence;
mod race;
mod shop;
mod worker;
