//! A custom sink: `cargo run -p commerce-core --example sink`. This one prints events; another could pass them to a message
//! broker. A sink that accepts events must not lose them afterwards.

use std::error::Error;
use std::time::Duration;

use commerce_core::outbox::relay::Options as Delivery;
use commerce_core::outbox::sink::{Failure, Message};
use commerce_core::outbox::{Lag, Relay, Sink};
use commerce_core::{Amount, Commerce, Currency, Options, SystemClock, UserId, user, wallet};

/// Prints each event on a line.
struct Print;

impl Sink for Print {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        for message in messages {
            println!("{} about {}: {}", message.kind.as_str(), message.subject, message.body);
        }
        Ok(())
    }

    /// The most events in one call, which are accepted together or not at all. Events of one subject arrive in order.
    fn batch(&self) -> usize {
        100
    }

    /// The most time that a call takes. The relay starts no call that could outlast its lease.
    fn longest(&self) -> Duration {
        Duration::from_secs(1)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("sink-{}.db", std::process::id()));
    let shop = Commerce::create(&path, Currency::try_from("KRW")?, Options::new(SystemClock))?;
    let relay =
        Relay::start(&shop, Box::new(Print), Delivery::default().notice(|notice| eprintln!("{notice}")))?;

    let alice = UserId::try_from("alice")?;
    shop.submit(user::Add { user: alice.clone(), name: None }).wait()?;
    for amount in [5_000, 7_000] {
        let amount = Amount::try_from(amount)?;
        shop.submit(wallet::Charge::new(alice.clone(), amount)?).wait()?;
    }
    // The commit wakes the relay. The relay records at intervals which events were delivered.
    while shop.query(&Lag)?.pending > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    relay.stop();
    println!("{} delivered", relay.wait().delivered);
    Ok(())
}
