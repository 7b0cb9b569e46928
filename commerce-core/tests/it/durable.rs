//! Tests that nothing is written to a server that does not sync its commits, unless that is allowed: the mode is that of
//! the very connection that commits, and it is asked with every group, without a further request.

use commerce_core::{Commerce, Currency, Error, Location, OpenError, Options, SystemClock, Warning};
use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::shop::{submit, warnings};
use crate::sqld::Sqld;
use crate::system::until;

const RELAXED: &str =
    r#"{"block_reads":false,"block_writes":false,"durability_mode":"relaxed","txn_timeout_s":5}"#;
const STRONG: &str =
    r#"{"block_reads":false,"block_writes":false,"durability_mode":"strong","txn_timeout_s":5}"#;

fn at(url: &str) -> Location {
    url.parse().unwrap()
}

fn options() -> Options {
    Options::new(SystemClock)
}

fn create(url: &str, options: Options) -> Result<Commerce, Error> {
    Commerce::create(at(url), Currency::try_from("KRW").unwrap(), options)
}

fn charge(amount: i64) -> Value {
    json!({ "op": "wallet.charge", "user": "u", "amount": amount })
}

fn balance(shop: &Commerce) -> i64 {
    let query = commerce_core::wallet::Balance { user: "u".parse().unwrap() };
    shop.query(&query).unwrap().balance.get()
}

/// The sentence with which a change was refused because the server does not sync.
#[track_caller]
fn refused<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(error @ Error::Unavailable(_)) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

#[track_caller]
fn tells_the_remedy(sentence: &str) {
    for part in ["\"durability_mode\":\"strong\"", "--enable-namespaces", "--allow-unsynced"] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn a_server_that_does_not_sync_is_read_and_written_only_on_request() {
    let server = Sqld::start_unconfigured(&[]);
    tells_the_remedy(&refused(create(&server.url(), options())));
    let missing = Commerce::open(at(&server.url()), options());
    assert!(matches!(missing, Err(Error::Open(OpenError::Missing(_)))), "nothing was created");

    let allowed = create(&server.url(), options().allow_unsynced()).unwrap();
    submit(&allowed, &json!({ "op": "user.add", "user": "u" })).unwrap();
    submit(&allowed, &charge(7)).unwrap();
    let told = warnings(&allowed);
    assert!(matches!(&told[..], [Warning::Unsynced { allowed: true, .. }]), "{told:?}");
    assert!(!allowed.is_synced() && told[0].is_urgent());
    assert!(told[0].to_string().contains("\"durability_mode\":\"strong\""), "{}", told[0]);

    let folder = tempfile::tempdir().unwrap();
    let [copy, kept] = ["copy.db", "kept.db"].map(|name| folder.path().join(name));
    let shop = Commerce::open(at(&server.url()), options()).unwrap();
    let told = warnings(&shop);
    assert!(matches!(&told[..], [Warning::Unsynced { allowed: false, .. }]), "{told:?}");
    tells_the_remedy(&told[0].to_string());
    assert_eq!((balance(&shop), shop.verify().unwrap(), shop.is_synced()), (7, vec![], false));
    shop.backup(&copy).unwrap();
    tells_the_remedy(&refused(submit(&shop, &charge(1))));
    tells_the_remedy(&refused(shop.repair()));
    tells_the_remedy(&refused(shop.restore(&copy, &kept)));
    assert!(!kept.exists());
    assert_eq!(balance(&shop), 7);
    allowed.repair().unwrap();
    allowed.restore(&copy, &kept).unwrap();
    assert_eq!(balance(&allowed), 7);
}

#[test]
fn the_mode_is_asked_with_every_group_of_a_handle_and_costs_no_request() {
    let mut server = Sqld::start();
    let proxy = Proxy::to(server.port);
    let shop = create(&proxy.url(), options()).unwrap();
    submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
    let requests = |work: &dyn Fn()| {
        let before = proxy.requests();
        work();
        proxy.requests() - before
    };
    let charged = |amount| requests(&|| drop(submit(&shop, &charge(amount)).unwrap()));
    assert_eq!((charged(1), charged(2), shop.is_synced()), (2, 2, true));
    // The first group of a new handle costs no more.
    let anew = Commerce::open(at(&proxy.url()), options()).unwrap();
    assert_eq!(requests(&|| drop(submit(&anew, &charge(1)).unwrap())), 2);
    drop(anew);

    // A server that forgets its mode when it restarts. The stream is gone with it.
    server.kill_and_restart();
    server.configure(RELAXED);
    tells_the_remedy(&refused(submit(&shop, &charge(4))));
    assert!(!shop.is_synced());
    // One request begins, and one ends the stream.
    let asked = requests(&|| tells_the_remedy(&refused(submit(&shop, &charge(8)))));
    assert_eq!((asked, balance(&shop)), (2, 4));
    assert!(matches!(&warnings(&shop)[..], [Warning::Unsynced { allowed: false, .. }]));

    server.configure(STRONG);
    assert_eq!((charged(16), charged(32)), (2, 2), "the same handle goes on");
    assert_eq!((balance(&shop), shop.is_synced(), warnings(&shop)), (52, true, vec![]));
}

#[test]
fn a_stream_from_before_the_mode_was_set_is_replaced() {
    let server = Sqld::start_unconfigured(&[]);
    let allowed = create(&server.url(), options().allow_unsynced()).unwrap();
    submit(&allowed, &json!({ "op": "user.add", "user": "u" })).unwrap();
    server.configure(STRONG);
    // The stream is older than the mode, and stays unsynced.
    submit(&allowed, &charge(1)).unwrap();
    assert!(!allowed.is_synced());
    until("a stream is opened that syncs", || {
        submit(&allowed, &charge(1)).unwrap();
        allowed.is_synced()
    });
    assert_eq!(warnings(&allowed), []);
}
