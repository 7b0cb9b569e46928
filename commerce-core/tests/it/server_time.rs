//! Tests that on a server the server's clock decides, whatever an instance's own clock shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use commerce_core::outbox::relay::Notice;
use commerce_core::outbox::{Lag, Relay};
use commerce_core::token::Digest;
use commerce_core::{Clock, Commerce, Currency, Options, SystemClock, Time, Warning, registry};
use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::relay::{ScriptedSink, quick};
use crate::shop::{Shop, submit, warnings};
use crate::sqld::Sqld;
use crate::system::until;

const DAY: i64 = 86_400_000;

/// The machine's clock, off by as many milliseconds.
#[derive(Clone)]
struct Off(Arc<AtomicI64>);

impl Off {
    fn by(millis: i64) -> Self {
        Self(Arc::new(AtomicI64::new(millis)))
    }
}

impl Clock for Off {
    fn now(&self) -> Time {
        Time::from_millis(SystemClock.now().millis() + self.0.load(Ordering::SeqCst))
    }
}

fn create(url: &str, options: Options) -> Commerce {
    Commerce::create(at(url), Currency::try_from("KRW").unwrap(), options).unwrap()
}

fn at(url: &str) -> commerce_core::Location {
    url.parse().unwrap()
}

/// An instance with a right clock, one two days ahead and one two days behind.
fn instances(server: &Sqld) -> [Commerce; 3] {
    let right = create(&server.url(), Options::new(SystemClock));
    let off = |days: i64| {
        let options = Options::new(Off::by(days * DAY)).keep_keys(Duration::from_hours(24));
        Commerce::open(at(&server.url()), options).unwrap()
    };
    [right, off(2), off(-2)]
}

fn ask(shop: &Commerce, name: &str, with: &Value) -> Value {
    shop.query(&registry::parse_query(name, with).unwrap()).unwrap()
}

fn charge(key: &str) -> Value {
    json!({ "op": "wallet.charge", "user": "u", "amount": 100, "key": key })
}

/// The newest stored time.
fn last_at(server: &Sqld) -> i64 {
    let ask =
        json!([{ "type": "execute", "stmt": { "sql": "SELECT last_at FROM store" } }, { "type": "close" }]);
    let answer = server.pipeline(&ask);
    let cell = &answer["results"][0]["response"]["result"]["rows"][0][0]["value"];
    cell.as_str().unwrap().parse().unwrap()
}

/// Asserts that a time is that of the machine, on which the server runs too.
#[track_caller]
fn is_now(time: i64) {
    let off = (SystemClock.now().millis() - time).abs();
    assert!(off < 60_000, "{} is off by {off} ms", Time::from_millis(time));
}

#[track_caller]
fn is_told_as_now(value: &Value) {
    is_now(Time::try_from(value.as_str().unwrap()).unwrap().millis());
}

#[test]
fn an_instance_with_a_wrong_clock_changes_nothing_for_the_others() {
    let server = Sqld::start();
    let [right, ahead, behind] = instances(&server);
    submit(&right, &json!({ "op": "user.add", "user": "u" })).unwrap();
    let product = json!({ "op": "product.add", "product": "p", "name": "P", "price": 1, "stock": 99 });
    submit(&right, &product).unwrap();
    submit(&right, &charge("kept")).unwrap();
    let order = json!({ "op": "order.place", "user": "u", "items": [{ "product": "p", "quantity": 1 }] });
    // Each of these sweeps the keys: it looks at two old ones for each new one, 256 at a time.
    for instance in [&ahead, &behind, &right] {
        is_told_as_now(&submit(instance, &order).unwrap()["at"]);
        let charges = (0..300).map(|n| charge(&format!("{:p}-{n}", std::ptr::from_ref(instance))));
        let tickets: Vec<_> =
            charges.map(|charge| instance.submit(registry::parse_operation(&charge).unwrap())).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }
    is_now(last_at(&server));
    for instance in [&right, &ahead, &behind] {
        let again = submit(instance, &charge("kept")).unwrap();
        assert_eq!(again["replayed"], true, "no key has expired");
        let top = ask(instance, "sales.top", &json!({ "days": 1 }));
        is_told_as_now(&top["window"]["to"]);
        assert_eq!(top["items"][0]["units"], 3);
        is_now(instance.clock().now().millis());
        assert!(instance.clock_skew().unwrap().ahead_by() < Duration::from_secs(10));
    }
    // A time that is given must lie between the newest stored one and that of the server.
    let charged_at = |millis: i64| json!({ "op": "wallet.charge", "user": "u", "amount": 1, "at": Time::from_millis(millis).to_string() });
    let newest = last_at(&server);
    submit(&behind, &charged_at(newest)).unwrap();
    let told = submit(&ahead, &charged_at(newest + DAY)).unwrap_err().to_string();
    assert!(told.contains("must not be in the future"), "{told}");
    for (name, instance) in [("a", &ahead), ("b", &behind)] {
        let token =
            json!({ "op": "token.create", "name": name, "role": "operator", "digest": Digest::of(name) });
        is_told_as_now(&submit(instance, &token).unwrap()["at"]);
        is_told_as_now(
            &submit(instance, &json!({ "op": "token.revoke", "name": name })).unwrap()["revoked_at"],
        );
    }
    assert_eq!(behind.verify().unwrap(), []);
}

#[test]
fn a_relay_whose_clock_is_ahead_takes_no_lease_over() {
    let server = Sqld::start();
    let [right, ahead, behind] = instances(&server);
    submit(&right, &json!({ "op": "user.add", "user": "u" })).unwrap();
    let start = |shop: &Commerce| {
        let (sink, (sender, notices)) = (
            ScriptedSink::new(|_| {
                std::thread::sleep(Duration::from_millis(5));
                Ok(())
            }),
            std::sync::mpsc::channel(),
        );
        let told = move |notice: &Notice| drop(sender.send(notice.clone()));
        let relay = Relay::start(shop, Box::new(sink.clone()), quick().notice(told)).unwrap();
        (sink, relay, notices)
    };
    let (holding, _holder, _) = start(&right);
    let pending = || right.query(&Lag).unwrap().pending;
    submit(&right, &charge("1")).unwrap();
    until("the first is delivered", || pending() == 0);
    let others = [start(&ahead), start(&behind)];
    for round in 0..40 {
        submit([&right, &ahead, &behind][round % 3], &charge(&format!("k-{round}"))).unwrap();
        until("it is delivered", || pending() == 0);
    }
    assert_eq!(holding.accepted().len(), 41);
    for (sink, relay, notices) in others {
        relay.stop();
        relay.wait();
        assert_eq!(sink.accepted(), [0_i64; 0]);
        assert!(notices.try_iter().all(|notice| notice == Notice::StandBy));
    }
}

#[test]
fn an_instance_whose_clock_is_off_is_warned_of() {
    let server = Sqld::start();
    let [right, ahead, behind] = instances(&server);
    for (instance, millis) in [(&right, 0), (&ahead, 2 * DAY), (&behind, -2 * DAY)] {
        let offset = instance.clock_offset().unwrap();
        let certain = offset.uncertainty() + Duration::from_millis(5);
        let apart = Duration::from_millis(offset.millis().abs_diff(millis));
        assert!(apart <= certain, "{offset:?}");
    }
    assert_eq!((warnings(&right), right.clock_offset().unwrap().warning()), (vec![], None));
    for instance in [&ahead, &behind] {
        let warnings = warnings(instance);
        assert!(matches!(&warnings[..], [Warning::ClockOffset(_)]), "{warnings:?}");
        assert!(!warnings[0].is_urgent());
    }
    assert_eq!(Shop::new().commerce.clock_offset(), None);

    // The offset is measured with each group, so a clock that is set is seen at once.
    let clock = Off::by(0);
    let set = Commerce::open(at(&server.url()), Options::new(clock.clone())).unwrap();
    assert_eq!(warnings(&set), []);
    clock.0.store(1_500, Ordering::SeqCst);
    submit(&set, &json!({ "op": "user.add", "user": "u" })).unwrap();
    assert!(warnings(&set)[0].to_string().contains("1 second ahead of the server's"), "{:?}", warnings(&set));
    clock.0.store(0, Ordering::SeqCst);
    submit(&set, &charge("k")).unwrap();
    assert_eq!(warnings(&set), []);
}

#[test]
fn a_slow_answer_is_no_wrong_clock() {
    let server = Sqld::start();
    let url = server.url();
    drop(create(&url, Options::new(SystemClock)));
    let proxy = Proxy::to(server.port);
    proxy.delay_all(Duration::from_millis(1_200));
    let shop = Commerce::open(at(&proxy.url()), Options::new(SystemClock)).unwrap();
    let offset = shop.clock_offset().unwrap();
    assert!(offset.uncertainty() >= Duration::from_millis(500), "{offset:?}");
    assert_eq!((offset.warning(), warnings(&shop)), (None, vec![]));
}

#[test]
fn an_instance_decides_by_its_own_clock_if_it_is_told_to() {
    let server = Sqld::start();
    let then = Off::by(-100 * DAY);
    let shop = create(&server.url(), Options::new(then.clone()).own_time());
    let added = submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
    assert_eq!((shop.clock_offset(), warnings(&shop)), (None, vec![]));
    let expected = then.now().millis();
    let added = Time::try_from(added["at"].as_str().unwrap()).unwrap().millis();
    assert!((expected - 60_000..=expected).contains(&added));
    assert!((last_at(&server) - added).abs() < 10);
    assert!((shop.clock().now().millis() - expected).abs() < 60_000);
}

#[test]
fn the_time_goes_on_between_two_requests_and_never_steps_back() {
    let server = Sqld::start();
    let [right, ahead, _] = instances(&server);
    submit(&right, &json!({ "op": "user.add", "user": "u" })).unwrap();
    let started = Instant::now();
    let (first, mut last) = (ahead.clock().now(), ahead.clock().now());
    for round in 0..200 {
        if round % 3 == 0 {
            submit(&ahead, &charge(&format!("{round}"))).unwrap();
        }
        if round % 7 == 0 {
            ask(&ahead, "wallet.balance", &json!({ "user": "u" }));
        }
        let now = ahead.clock().now();
        assert!(now >= last, "{now} after {last}");
        last = now;
    }
    let (passed, shown) = (started.elapsed().as_millis(), last.millis() - first.millis());
    assert!(passed.abs_diff(shown.unsigned_abs().into()) < 100, "{shown} ms in {passed} ms");
}
