//! A sink of one's own: `cargo run -p commerce-core --example sink`. This one prints; it could as well hand
//! events to a message broker. Accepting them means that they will not be lost from then on.

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

    /// How many it takes at once: all of them, or none. Events of one subject come in order.
    fn batch(&self) -> usize {
        100
    }

    /// How long that may take: nothing is begun that could outlast the relay's lease.
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
    // The relay was woken by the commit. It notes down now and then what was delivered.
    while shop.query(&Lag)?.pending > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    relay.stop();
    println!("{} delivered", relay.wait().delivered);
    Ok(())
}
