//! Tests four client processes of eight threads each on one server.

use super::{Served, location};
use crate::races::{Arena, fill};

fn race(test: impl FnOnce(&Arena)) {
    let served = Served::new();
    fill(&served.handle);
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(&Arena {
        shop: served.handle.clone(),
        at: location(&[served.server.address]),
        folder: folder.path().to_owned(),
        processes: 4,
    });
}

#[test]
fn the_last_units_are_sold_once() {
    race(Arena::sell_the_last_units);
}

#[test]
fn concurrent_charges_of_one_wallet_all_count() {
    race(Arena::charge_one_wallet);
}

#[test]
fn a_cart_is_bought_once() {
    race(Arena::buy_one_cart);
}

#[test]
fn one_key_has_one_effect_and_one_answer() {
    race(Arena::use_one_key);
}

#[test]
fn every_process_gets_its_share() {
    race(Arena::share);
}

#[test]
fn killed_clients_lose_nothing_and_block_nobody() {
    race(|arena| arena.kill(20));
}
