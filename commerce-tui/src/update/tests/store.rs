//! A store that is slow, fails, cannot be written, is not at hand for a while, or is gone.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

#[test]
fn a_lost_store_is_told_and_read_anew_when_found() {
    let mut hand = Hand::stocked(false);
    hand.event(Event::Lost(Error::Unavailable("no such disk".into())));
    assert!(matches!(hand.state.link, Link::Lost(..)));
    assert!(hand.state.toasts.iter().any(|toast| toast.text.contains("no such disk")));
    let before = hand.effects.len();
    hand.keys("2");
    assert_eq!(hand.effects.len(), before, "nothing is asked of a store that is not at hand");
    hand.event(Event::Found);
    assert!(hand.asked(Topic::Customers(0)).is_some());
}

#[test]
fn a_store_that_is_gone_is_told_and_nothing_is_done_to_what_comes_in_its_place() {
    let gone = || Error::Gone("its file was removed");
    // Whoever notices first: the look at the version, a question, a change.
    let ways: [fn(&mut Hand, Error); 3] = [
        |hand, gone| hand.event(Event::Lost(gone)),
        |hand, gone| {
            hand.keys("2");
            hand.answer(Topic::Customers(0), Err(gone));
            hand.keys("1");
        },
        |hand, gone| {
            hand.keys("b enter");
            hand.decide(Err(gone));
            let failed = hand.state.dialogs.last();
            let Some(Dialog::Checkout(Sending::Failed(told, None))) = failed else { panic!("{failed:?}") };
            assert!(told.contains("the store is gone: its file was removed"), "{told}");
            hand.keys("esc");
        },
    ];
    for way in ways {
        let mut hand = Hand::stocked(false);
        way(&mut hand, gone());
        assert_eq!(hand.state.link, Link::Gone);
        assert!(screen(&hand).contains("✗ the store is gone") && !screen(&hand).contains("live"));
        let told =
            |hand: &Hand| hand.state.toasts.iter().filter(|toast| toast.text.contains("removed")).count();
        assert_eq!(told(&hand), 1);
        let before = hand.effects.len();
        hand.event(Event::Lost(gone()));
        hand.event(Event::Changed);
        hand.event(Event::Found);
        hand.keys("a b 2 n esc 5 3 1");
        hand.wait(60_000);
        assert_eq!((hand.state.link, told(&hand)), (Link::Gone, 0), "and not told again and again");
        assert_eq!(hand.effects.len(), before, "nothing is asked or done");
        hand.keys("a");
        assert!(hand.state.toasts.iter().any(|toast| toast.text.starts_with("The store is gone")));
    }
}

#[test]
fn a_store_that_cannot_be_written_is_told_until_somebody_commits() {
    let full = || Err(Error::Unavailable("the disk is full".into()));
    let mut hand = Hand::stocked(false);
    let marked = |hand: &Hand| screen(hand).contains("✗ not writable for");
    for by_others in [true, false] {
        hand.keys("b enter");
        hand.decide(full());
        let Some(Dialog::Checkout(Sending::Failed(told, Some(_)))) = hand.state.dialogs.last() else {
            panic!("it can be tried again")
        };
        assert!(told.contains("cannot be written: the disk is full"), "{told}");
        assert!(marked(&hand));
        if by_others {
            hand.event(Event::Changed);
        } else {
            hand.keys("enter");
            hand.decide(Ok(Done::Ordered(order())));
        }
        assert!(!marked(&hand));
        hand.keys("esc");
    }
}

#[test]
fn a_slow_store_is_told_of() {
    let mut hand = Hand::new(false);
    hand.wait(6_000);
    assert!(hand.state.toasts.iter().any(|toast| toast.kind == News::Slow));
    assert!(hand.state.wake() <= Duration::from_millis(100), "the wheel turns");
}

#[test]
fn a_failing_store_is_asked_again_but_not_without_a_pause() {
    let mut hand = Hand::new(false);
    let first = hand.asked(Topic::Shop(0));
    hand.answer(Topic::Shop(0), Err(Error::Store("disk".into())));
    assert_eq!(hand.asked(Topic::Shop(0)), first);
    assert!(hand.state.toasts.iter().any(|toast| toast.text.contains("the store failed: disk")));
    hand.wait(1_100);
    assert!(hand.asked(Topic::Shop(0)) > first);
}

fn screen(hand: &Hand) -> String {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| crate::view::draw(frame, &hand.state)).unwrap();
    terminal.backend().to_string()
}
