//! The library as an embedding program uses it, on real files and with real processes.

mod month;
mod race;
mod shop;
mod worker;
