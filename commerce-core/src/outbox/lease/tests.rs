//! Who may mark what was delivered, and what is written of it.

use super::*;
use crate::testing::{CLOCK, NOW, Shop, check_value, shop};

fn event(number: i64) -> EventId {
    EventId::stored(number)
}

fn claim(facts: &mut Facts, owner: &str, at: i64) -> Option<i64> {
    let claim = Claim { owner: owner.into(), lease: Duration::from_millis(100) };
    claim.decide(facts, Time::from_millis(at)).term
}

fn settle(facts: &mut Facts, owner: &str, term: i64, settled: i64, at: i64) -> bool {
    let lease = Duration::from_millis(100);
    let settle = Settle { owner: owner.into(), term, lease, settled, ..Settle::default() };
    settle.decide(facts, Time::from_millis(at)).term.is_some()
}

#[test]
fn a_lease_is_held_until_it_ends_and_who_lost_it_marks_nothing() {
    let mut facts = Facts::default();
    facts.load_relay(RelayState::default());
    assert_eq!(claim(&mut facts, "a", 1_000), Some(1));
    assert_eq!(claim(&mut facts, "b", 1_099), None);
    assert!(settle(&mut facts, "a", 1, 7, 1_050), "which renews it");
    assert_eq!(claim(&mut facts, "b", 1_149), None);
    assert_eq!(claim(&mut facts, "a", 1_149), Some(1), "its own it may always renew");
    assert_eq!(claim(&mut facts, "b", 1_249), Some(2));
    assert!(!settle(&mut facts, "a", 1, 9, 1_250));
    assert_eq!((facts.relay().settled, facts.relay().owner.as_ref()), (7, "b"));
    assert!(settle(&mut facts, "b", 2, 8, 1_260));
    assert_eq!(claim(&mut facts, "a", 1_500), Some(3));
    assert!(!settle(&mut facts, "a", 1, 9, 1_501), "not under the term it had before");
    assert!(settle(&mut facts, "a", 3, 4, 1_502));
    assert_eq!(facts.relay().settled, 8, "what is settled stays so");
}

#[test]
fn a_lease_from_before_the_clock_stepped_back_counts_for_nothing() {
    let mut facts = Facts::default();
    facts.load_relay(RelayState::default());
    assert_eq!(claim(&mut facts, "a", 10_000_000), Some(1));
    assert_eq!(claim(&mut facts, "b", 9_999_999), None);
    assert_eq!(claim(&mut facts, "b", 1_000), Some(2));
}

/// The relay of `a` delivers under its third term. Event 4 is dead, 5 was passed over, 6 and 7 are next.
fn outbox(marked: i64) -> Shop {
    let (owner, marked) = ("a".into(), Time::from_millis(marked));
    let (until, settled, pruned) = (Time::from_millis(NOW + 100), 5, 2);
    let relay_state =
        RelayState { owner, term: 3, until, settled, pruned, revived: 1, marked, ..RelayState::default() };
    let passed = |dead| Some(Delivery { attempts: 9, error: Some("no".into()), next_at: None, dead });
    shop().relay(relay_state).event(4, passed(true)).event(5, passed(false)).event(6, None).event(7, None)
}

fn settle_all() -> Settle {
    let tried = Delivery {
        attempts: 1,
        error: Some("busy".into()),
        next_at: Some(Time::from_millis(9)),
        dead: false,
    };
    Settle {
        owner: "a".into(),
        term: 3,
        lease: Duration::from_millis(500),
        settled: 7,
        deliveries: vec![(event(7), Some(tried.clone())), (event(5), None), (event(4), Some(tried))],
        error: Some("down".into()),
        next_at: Some(Time::from_millis(8)),
        prune: Prune {
            events: vec![event(1), event(3)],
            late: vec![event(2)],
            through: 3,
            marks: vec![Time::from_millis(11)],
        },
    }
}

#[test]
fn a_claim_writes_who_holds_the_lease_and_until_when() {
    let claim = |owner: &str| Claim { owner: owner.into(), lease: Duration::from_millis(250) };
    check_value(
        &outbox(7),
        &claim("a"),
        r#"
        {"term":3}
        update relay relay_no=1 owner=a term=3 until=1250 settled=5 pruned=2 revived=1 marked=7
        "#,
    );
    check_value(&outbox(7), &claim("b"), r#"{"term":null}"#);
    check_value(
        &shop(),
        &claim("b"),
        r#"
        {"term":1}
        update relay relay_no=1 owner=b term=1 until=1250 settled=0 pruned=0 revived=0 marked=0
        "#,
    );
}

#[test]
fn a_lease_may_be_as_long_as_the_longest_and_no_longer() {
    let relay_state = |until: i64| RelayState { until: Time::from_millis(until), ..RelayState::default() };
    let longest = i64::try_from(LONGEST.as_millis()).unwrap();
    for (until, expected) in
        [(NOW, false), (NOW + 1, true), (NOW + longest, true), (NOW + longest + 1, false)]
    {
        assert_eq!(is_held(&relay_state(until), Time::from_millis(NOW)), expected, "{until}");
    }
}

#[test]
fn what_was_delivered_is_settled_and_what_was_not_is_kept() {
    check_value(
        &outbox(7),
        &settle_all(),
        r#"
        {"term":3}
        delete outbox event=1
        delete outbox event=3
        delete outbox event=2
        update deliveries event=4 attempts=1 error=busy next_at=9 dead=0
        delete deliveries event=5
        insert deliveries event=7 attempts=1 error=busy next_at=9 dead=0
        update relay relay_no=1 owner=a term=3 until=1500 settled=7 pruned=3 revived=1 marked=2000 error=down next_at=8
        delete settlements at=11
        delete settlements at=7
        delete settlements at=2000
        insert settlements at=2000 through=7
        delete late_deliveries event=2
        insert late_deliveries event=5 at=2000
        "#,
    );
}

#[test]
fn who_does_not_hold_the_lease_settles_nothing() {
    check_value(&outbox(7), &Settle { owner: "b".into(), ..settle_all() }, r#"{"term":null}"#);
    check_value(&outbox(7), &Settle { term: 2, ..settle_all() }, r#"{"term":null}"#);
}

#[test]
fn a_mark_goes_along_with_the_time_until_its_span_ends() {
    let settle = |settled| Settle {
        owner: "a".into(),
        term: 3,
        lease: Duration::from_millis(500),
        settled,
        ..Settle::default()
    };
    let moved = "settled=6 pruned=2 revived=1 marked=2000";
    let new = "insert settlements at=2000 through=6";
    for (marked, settled, relay, marks) in [
        (MARK, 6, moved, format!("delete settlements at=2000\n{new}")),
        (MARK - 1, 6, moved, format!("delete settlements at=599999\ndelete settlements at=2000\n{new}")),
        (CLOCK, 6, moved, "update settlements at=2000 through=6".into()),
        (1, 5, "settled=5 pruned=2 revived=1 marked=1", String::new()),
        (1, 4, "settled=5 pruned=2 revived=1 marked=1", String::new()),
    ] {
        let relay = format!("update relay relay_no=1 owner=a term=3 until=1500 {relay}");
        check_value(&outbox(marked), &settle(settled), &format!("{{\"term\":3}}\n{relay}\n{marks}"));
    }
}
