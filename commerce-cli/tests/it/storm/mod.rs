//! A storm: four instances serve one store on a server, each over a network of its own, while the networks, the server, its
//! disk and the instances fail at random. Customers repeat each request under its key until they have an outcome. Nothing
//! that one of them was told may be missing or there twice, each instance recovers by itself, and none ever stands still.

mod customer;
mod faults;
mod instance;

use std::time::Duration;

use crate::shop::Shop;
use crate::sqld::{Setup, Sqld};
use customer::Customer;
use instance::Shared;

const INSTANCES: usize = 4;
const CUSTOMERS: usize = 8;
const MONEY: i64 = 1_000_000_000;
const STOCK: i64 = 100_000_000;

/// The longest time from the end of a fault to an answer of each instance. It is 2 s on a quiet machine.
const RECOVERY: Duration = Duration::from_secs(5);

/// The longest time for `livez`. It is 50 ms on a quiet machine. If it waited for the server, it would be seconds.
const LIVE: Duration = Duration::from_secs(1);

/// For a longer storm of random faults: `COMMERCE_TEST_STORM=600 cargo test -p commerce-cli storm -- --nocapture`, in
/// seconds. `COMMERCE_TEST_SEED` chooses another one.
#[test]
fn a_storm_loses_nothing_and_doubles_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seed = number("COMMERCE_TEST_SEED").unwrap_or(0x2545_F491_4F6C_DD1D);
    let mut shop = Shop::bare();
    shop.server = Some(Sqld::start_as(Setup { disk: Some("1g"), ..Setup::default() }));
    shop.ok(&["init"]);
    for (product, stock) in [("pen", STOCK.to_string()), ("rare", "0".into())] {
        shop.ok(&["product", "add", product, "--name", "Thing", "--price", "10", "--stock", &stock]);
    }
    for number in 0..CUSTOMERS {
        shop.ok(&["user", "add", &format!("u{number}")]);
        shop.ok(&["charge", &format!("u{number}"), &MONEY.to_string()]);
    }
    let secret = shop.json(&["token", "create", "office", "--role", "operator"])["secret"].clone();
    let secret = secret.as_str().unwrap();

    let mut server = shop.server.take().unwrap();
    let shared = Shared::start(&shop, server.port, seed, secret);
    let customers: Vec<Customer<'_>> = std::thread::scope(|scope| {
        let shared = &shared;
        let customers: Vec<_> = (0..CUSTOMERS)
            .map(|number| scope.spawn(move || Customer::new(shared, number).act_until_stopped()))
            .collect();
        for number in 0..INSTANCES {
            scope.spawn(move || shared.watch(number));
        }
        let stop = shared.stop_when_dropped();
        faults::during(
            shared,
            &shop,
            &mut server,
            seed,
            number("COMMERCE_TEST_STORM").map(Duration::from_secs),
        );
        drop(stop);
        customers.into_iter().map(|customer| customer.join().unwrap()).collect()
    });
    shop.server = Some(server);
    customer::check(&shop, &shared, &customers);
    println!("{}", shared.report());
    let wrong = std::mem::take(&mut *shared.wrong.lock().unwrap());
    assert!(wrong.is_empty(), "{} of these:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}
