//! The rules of the client of a served shop: keys, order, how many operations share a request, deadlines, and what it says of a
//! server that is away or is none.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use commerce_core::token::{self, Digest, TokenName};
use commerce_core::{
    Amount, Chain, Commerce, Connection, Error, Key, Location, OpenError, Options as StoreOptions, Page,
    Refusal, Submission, SystemClock, UserId, catalog, order, outbox, registry, sales, user, wallet,
};
use serde_json::{Value, json};

use crate::network::{Direction, Network};
use crate::server::TestServer;

fn location(ports: &[u16]) -> Location {
    let addresses: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("commerce+http://{}", addresses.join(",")).parse().unwrap()
}

fn options() -> StoreOptions {
    StoreOptions::new(SystemClock).busy_timeout(Duration::from_secs(30))
}

fn open(server: &TestServer) -> Commerce {
    Commerce::open(location(&[server.address.port()]), options()).unwrap()
}

fn alice() -> UserId {
    UserId::try_from("alice").unwrap()
}

fn charge(amount: i64) -> wallet::Charge {
    wallet::Charge::new(alice(), Amount::try_from(amount).unwrap()).unwrap()
}

fn order(quantity: u32) -> order::Place {
    let items =
        order::Items::new([("pen".parse().unwrap(), i64::from(quantity).try_into().unwrap())]).unwrap();
    order::Place { user: alice(), items, expected_total: None }
}

fn balance(shop: &Commerce) -> i64 {
    shop.query(&wallet::Balance { user: alice() }).unwrap().balance.get()
}

/// A port at which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_served_shop_is_opened_with_one_request_and_is_used_like_any_other() {
    let server = TestServer::stocked();
    let shop = open(&server);
    assert_eq!(shop.stats().requests, 1);
    assert_eq!((shop.currency(), shop.is_remote(), shop.is_synced()), (server.shop.currency(), true, true));
    let identity = shop.identity().unwrap();
    assert_eq!((identity.role.as_str(), identity.token, identity.user), ("operator", None, None));
    assert!(shop.connection().is_live() && shop.warnings().is_empty());

    let placed = shop.perform(order(2)).unwrap();
    assert_eq!((placed.reply.total.get(), placed.replayed), (600, false));
    let found = shop.query(&order::Get { order: placed.reply.order }).unwrap();
    assert_eq!(found, server.shop.query(&order::Get { order: placed.reply.order }).unwrap());
    assert_eq!(shop.stats().requests, 3, "one for the order and one for the query");

    let line = json!({ "op": "user.add", "user": "kim", "name": "Kim" });
    let reply = shop.perform(registry::parse_operation(&line).unwrap()).unwrap();
    assert_eq!(reply.reply["name"], "Kim");
    let refused = shop.perform(user::Add { user: alice(), name: None });
    assert!(matches!(refused, Err(Error::Refused(Refusal::UserExists { user })) if user == alice()));
}

#[test]
fn what_needs_the_store_says_where_to_run_it() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let folder = tempfile::tempdir().unwrap();
    let failures = [
        shop.backup(&folder.path().join("copy.db")).err(),
        shop.restore(&folder.path().join("a.db"), &folder.path().join("b.db")).err(),
        shop.repair().err(),
        shop.perform(commerce_core::Probe).err(),
        Commerce::create(location(&[1]), shop.currency(), options()).err(),
    ];
    for failure in failures {
        assert!(matches!(&failure, Some(Error::NotHere(_))), "{failure:?}");
    }
}

#[test]
fn a_key_of_the_caller_replays_and_one_of_the_client_is_never_seen() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let key = Key::try_from("caller\"s-own").unwrap();
    let once = shop.perform(Submission::new(charge(5)).key(key.clone())).unwrap();
    let again = shop.perform(Submission::new(charge(5)).key(key.clone())).unwrap();
    assert_eq!((once.replayed, again.replayed, &once.reply), (false, true, &again.reply));
    let line = json!({ "op": "wallet.charge", "user": "alice", "amount": 5, "key": key });
    let any = shop.perform(registry::parse_operation(&line).unwrap()).unwrap();
    assert!(any.replayed && any.reply.get("replayed").is_none(), "{any:?}");
    let other = shop.perform(Submission::new(charge(6)).key(key));
    assert!(matches!(other, Err(Error::Refused(Refusal::KeyReused { .. }))));

    let charged = [shop.perform(charge(7)).unwrap(), shop.perform(charge(7)).unwrap()];
    assert!(charged.iter().all(|charged| !charged.replayed));
    assert_eq!(balance(&shop), 100_000 + 5 + 14);
}

#[test]
fn what_a_thread_submits_is_done_in_order_and_shares_requests() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let tickets: Vec<_> = (1..=2_000).map(|amount| shop.submit(charge(amount))).collect();
    let mut expected = 100_000;
    for (ticket, amount) in tickets.into_iter().zip(1..) {
        expected += amount;
        assert_eq!(ticket.wait().unwrap().reply.balance.get(), expected);
    }
    let stats = shop.stats();
    assert_eq!(stats.operations, 2_000);
    assert!(stats.groups <= 200, "{} requests", stats.groups);
}

#[test]
fn threads_share_requests_and_each_has_its_order() {
    let server = TestServer::stocked();
    let shop = open(&server);
    shop.perform(charge(1_000_000)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut last = None;
                for _ in 0..20 {
                    let placed = shop.perform(order(1)).unwrap().reply.order;
                    assert!(last < Some(placed));
                    last = Some(placed);
                }
            });
        }
    });
    assert_eq!(balance(&shop), 1_000_000 + 100_000 - 64 * 20 * 300, "every order was paid");
    assert!(shop.stats().groups < 64 * 20, "{:?}", shop.stats());
}

#[test]
fn a_chain_stops_where_it_does_on_a_file() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let too_many = |chain: &Chain| Submission::new(order(1_000)).chain(chain);
    for (chain, done) in [(Chain::new(), 2), (Chain::until_store_fails(), 4)] {
        let before = balance(&shop);
        let add = || shop.submit(Submission::new(charge(1)).chain(&chain));
        let mut tickets = vec![add(), add()];
        let refused = shop.submit(too_many(&chain));
        tickets.extend([add(), add()]);
        assert!(matches!(refused.wait(), Err(Error::Refused(Refusal::InsufficientBalance { .. }))));
        let outcomes: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait()).collect();
        assert!(outcomes[..done].iter().all(Result::is_ok), "{outcomes:?}");
        assert!(
            outcomes[done..].iter().all(|outcome| matches!(outcome, Err(Error::Skipped))),
            "{outcomes:?}"
        );
        assert_eq!(balance(&shop), before + i64::try_from(done).unwrap());
    }
}

#[test]
fn a_lost_answer_is_asked_for_again_and_nothing_is_done_twice() {
    let server = TestServer::stocked();
    let network = Network::to(server.address.port(), 7);
    let shop = Commerce::open(location(&[network.port]), options()).unwrap();
    for round in 1..=5 {
        // Cut somewhere within the answers.
        network.cut_after(Direction::ToClient, 300 * round);
        let tickets: Vec<_> = (0..20).map(|_| shop.submit(charge(1))).collect();
        let charges: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap()).collect();
        assert!(charges.iter().all(|charged| !charged.replayed));
        assert!(charges.is_sorted_by_key(|charged| charged.reply.charge));
        assert_eq!(balance(&shop), 100_000 + 20 * i64::try_from(round).unwrap());
    }
}

#[test]
fn an_outcome_that_is_never_told_is_unknown_with_its_key_and_what_was_not_sent_is_busy() {
    let server = TestServer::stocked();
    let network = Network::to(server.address.port(), 7);
    let soon = options().busy_timeout(Duration::from_secs(2));
    let shop = Commerce::open(location(&[network.port]), soon.clone()).unwrap();
    network.change(|weather| weather.silent = true);
    let (started, given) = (Instant::now(), Key::try_from("mine").unwrap());
    let tickets = [shop.submit(charge(1)), shop.submit(Submission::new(charge(2)).key(given.clone()))]
        .map(|t| t.wait());
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    let keys = tickets.map(|outcome| {
        let error = outcome.unwrap_err();
        let key = error.unanswered_key().cloned().expect("its key");
        assert!(matches!(error, Error::Unknown(_)) && error.to_string().contains(key.as_str()), "{error}");
        key
    });
    assert!(keys[0] != given && keys[1] == given);
    assert!(matches!(shop.connection(), Connection::Lost { .. }));

    network.change(|weather| weather.silent = false);
    for (amount, key) in [(1, &keys[0]), (2, &keys[1])] {
        shop.perform(Submission::new(charge(amount)).key(key.clone())).unwrap();
    }
    assert_eq!(balance(&shop), 100_003, "asked for again, each is done once");
    assert!(shop.connection().is_live());

    let mut server = server;
    server.stop();
    let shop_of_nobody = shop.perform(charge(1)).unwrap_err();
    assert!(shop_of_nobody.retryable(), "{shop_of_nobody}");
}

#[test]
fn another_address_of_the_shop_takes_over() {
    let server = TestServer::stocked();
    let shop = Commerce::open(location(&[free_port(), server.address.port()]), options()).unwrap();
    assert_eq!(shop.stats().requests, 2, "one at each address");
    for _ in 0..3 {
        shop.perform(charge(1)).unwrap();
    }
    assert_eq!((shop.stats().requests, balance(&shop)), (5, 100_003), "it stays at the one that answers");
}

#[test]
fn a_wait_ends_with_the_commit_of_anybody_and_outlasts_a_restart() {
    let server = TestServer::stocked();
    let network = Network::to(server.address.port(), 7);
    let shop = Commerce::open(location(&[network.port]), options()).unwrap();
    let version = shop.version().unwrap();
    assert_eq!(shop.wait(version, Duration::from_millis(50)).unwrap(), version);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| shop.wait(version, Duration::from_secs(60)));
        server.shop.perform(charge(1)).unwrap();
        let newer = waiting.join().unwrap().unwrap();
        assert!(newer > version);
    });
    let version = shop.version().unwrap();
    assert_eq!((shop.version().unwrap(), shop.known_version().unwrap()), (version, version));
    network.change(|weather| weather.silent = true);
    assert_eq!(
        shop.wait(version, Duration::from_secs(1)).unwrap(),
        version,
        "a server that is away is waited for"
    );
    server.shop.perform(charge(1)).unwrap();
    network.change(|weather| weather.silent = false);
    assert!(shop.wait(version, Duration::from_secs(60)).unwrap() > version);
}

#[test]
fn a_whole_list_travels_in_long_pages() {
    let server = TestServer::stocked();
    for number in 0..1_500 {
        let add = json!({ "op": "product.add", "product": format!("p{number:04}"), "name": "P", "price": 1, "stock": 1 });
        server.submit(&add);
    }
    let shop = open(&server);
    let mut ids = Vec::new();
    let read = |product: catalog::Product| {
        ids.push(product.product);
        Ok::<_, Error>(())
    };
    shop.each(catalog::List::default(), read).unwrap();
    assert_eq!((ids.len(), ids.is_sorted(), shop.stats().requests), (1_502, true, 3));
    let listing = shop.query(&catalog::List { page: Page::first(100), ..catalog::List::default() }).unwrap();
    assert_eq!(listing.items.len(), 100);
    assert!(shop.query(&sales::Top::default()).unwrap().items.is_empty());
}

#[test]
fn what_finds_no_room_is_busy_at_once() {
    let server = TestServer::stocked();
    let shop = Commerce::open(location(&[server.address.port()]), options().queue(0)).unwrap();
    for outcome in [shop.perform(charge(1)), shop.submit(charge(1)).wait()] {
        assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
    }
    assert_eq!((shop.stats().busy, shop.stats().requests), (2, 1));
}

#[test]
fn closing_waits_for_what_is_under_way() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let tickets: Vec<_> = (0..100).map(|_| shop.submit(charge(1))).collect();
    shop.close();
    assert!(tickets.into_iter().all(|ticket| ticket.wait().is_ok()));
    assert!(matches!(shop.perform(charge(1)), Err(Error::Closed)));
    assert_eq!(balance(&server.shop), 100_100);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let failure = |location: Location| match Commerce::open(location, options()) {
        Err(Error::Open(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    assert!(matches!(failure(location(&[free_port()])), OpenError::Unreachable { .. }));

    let server = TestServer::stocked();
    let secret = server.token("office", None);
    let at = || location(&[server.address.port()]);
    let started = Instant::now();
    assert!(matches!(failure(at()), OpenError::Denied { .. }));
    let wrong = failure(at().token("wrong-secret"));
    assert!(
        matches!(wrong, OpenError::Denied { .. }) && !wrong.to_string().contains("wrong-secret"),
        "{wrong}"
    );
    assert!(matches!(failure(at().token("a\nb")), OpenError::Denied { .. }));
    let shop = Commerce::open(at().token(&secret), options()).unwrap();
    assert_eq!(shop.identity().unwrap().token.unwrap().as_str(), "office");

    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 17\r\n\r\n<h1>A secret</h1>",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let found = failure(location(&[answering(answer)]));
        assert!(
            matches!(found, OpenError::NoShop { .. }) && !found.to_string().contains("secret"),
            "{found}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// A server of another kind, which says this to whoever connects.
fn answering(answer: &'static str) -> u16 {
    use std::io::{Read, Write};
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4_096]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn a_token_has_its_rights_and_no_more() {
    let server = TestServer::stocked();
    let (operator, shopper) = (server.token("office", None), server.token("phone", Some("bob")));
    let at =
        |secret: &str| Commerce::open(location(&[server.address.port()]).token(secret), options()).unwrap();
    let (operator, shopper) = (at(&operator), at(&shopper));
    assert_eq!(shopper.identity().unwrap().user.unwrap().as_str(), "bob");
    operator.perform(charge(1)).unwrap();
    assert!(matches!(shopper.perform(charge(1)), Err(Error::Forbidden(_))));
    assert!(matches!(shopper.query(&user::List::default()), Err(Error::Forbidden(_))));
    let other = shopper.query(&wallet::Balance { user: alice() });
    assert!(matches!(other, Err(Error::Refused(Refusal::UserNotFound { .. }))), "{other:?}");

    let line: Value =
        json!({ "op": "order.place", "user": "bob", "items": [{ "product": "pen", "quantity": 1 }] });
    let poor = shopper.perform(registry::parse_operation(&line).unwrap());
    assert!(matches!(poor, Err(Error::Refused(Refusal::InsufficientBalance { .. }))), "{poor:?}");
}

#[test]
fn the_audit_runs_at_the_server_and_its_progress_is_told_here() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let mut told = 0;
    let audit = shop.audit(&mut |_| told += 1).unwrap();
    assert_eq!(audit, server.shop.audit(&mut |_| {}).unwrap());
    assert!(told > 0, "progress is told, however short the audit");
    assert_eq!(audit.differences, []);
}

#[test]
fn tokens_are_made_and_revoked_by_requests_of_their_own() {
    let server = TestServer::stocked();
    let secret = server.token("office", None);
    let shop = Commerce::open(location(&[server.address.port()]).token(&secret), options()).unwrap();
    let (name, digest) = (TokenName::try_from("desk").unwrap(), Digest::of("a secret"));
    let create = || Submission::new(token::Create::operator(name.clone(), digest.clone()));
    let key = Key::try_from("once").unwrap();
    let made = shop.perform(create().key(key.clone())).unwrap();
    let again = shop.perform(create().key(key)).unwrap();
    assert_eq!((&made.reply, made.replayed, again.replayed), (&again.reply, false, true));
    assert_eq!(shop.query(&token::List::default()).unwrap().items.len(), 2);
    assert!(matches!(shop.perform(create()), Err(Error::Refused(Refusal::TokenExists { .. }))));
    let revoked = shop.perform(token::Revoke { name: name.clone() }).unwrap().reply;
    assert_eq!((revoked.name, revoked.revoked_at.is_some()), (name, true));
}

#[test]
fn dead_events_are_retried_from_afar() {
    let server = TestServer::stocked();
    let shop = open(&server);
    let reported = std::cell::Cell::new(0);
    outbox::retry_all(&shop, None, |events| {
        reported.set(reported.get() + events.len());
        Ok::<_, Error>(())
    })
    .unwrap();
    assert_eq!(reported.get(), 0, "none is dead");
    let absent = shop.perform(outbox::Retry { events: vec![99.try_into().unwrap()] });
    assert!(matches!(absent, Err(Error::Refused(Refusal::EventNotFound { .. }))), "{absent:?}");
}

#[test]
fn a_token_that_is_revoked_is_told_and_a_new_one_in_its_file_takes_over() {
    let server = TestServer::stocked();
    let (old, new) = (server.token("old", None), server.token("new", None));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, &old).unwrap();
    let at = || location(&[server.address.port()]);
    let renewed = Commerce::open(at().token_file(&file).unwrap(), options()).unwrap();
    let lasting = Commerce::open(at().token(&old), options()).unwrap();
    let version = lasting.version().unwrap();
    let name = "old".parse().unwrap();
    server.shop.perform(token::Revoke { name }).unwrap();

    std::fs::write(&file, &new).unwrap();
    renewed.perform(charge(1)).unwrap();
    assert!(renewed.connection().is_live());

    for failure in [
        lasting.perform(charge(1)).map(drop),
        lasting.query(&wallet::Balance { user: alice() }).map(drop),
        lasting.version().map(drop),
        // The commit of the revocation may end the first wait.
        lasting
            .wait(version, Duration::from_secs(60))
            .and_then(|v| lasting.wait(v, Duration::from_secs(60)))
            .map(drop),
    ] {
        let error = failure.unwrap_err();
        assert!(matches!(error, Error::Unauthenticated(_)) && !error.to_string().contains(&old), "{error}");
    }
    assert!(matches!(lasting.connection(), Connection::Refused(Error::Unauthenticated(_))));
    assert_eq!(balance(&server.shop), 100_001);
}
