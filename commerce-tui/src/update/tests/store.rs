//! A store that is slow, fails, cannot be written, is unavailable for a while, or is gone.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

#[test]
fn an_unavailable_store_is_reported_and_read_again_later() {
    let mut console = Console::stocked(false);
    console.event(Event::StoreUnavailable(Error::Unavailable("no such disk".into())));
    assert!(matches!(console.state.store_status, StoreStatus::Unavailable(..)));
    assert!(console.state.toasts.iter().any(|toast| toast.text.contains("no such disk")));
    let before = console.effects.len();
    console.keys("2");
    assert_eq!(console.effects.len(), before, "nothing is requested from an unavailable store");
    console.event(Event::StoreAvailable);
    assert!(console.request_id(Topic::Customers(0)).is_some());
}

#[test]
fn a_store_that_does_not_sync_is_reported_while_it_does_not() {
    let mut console = Console::stocked(false);
    for (synced, shown) in [(false, true), (true, false)] {
        console.event(Event::StoreSynced(synced));
        assert_eq!(screen(&console).contains("✗ commits are not synced"), shown);
    }
}

#[test]
fn a_gone_store_is_reported_once_and_its_replacement_is_left_alone() {
    let gone = || Error::Gone("its file was removed".into());
    // The version poll, a query and a command can each be the first to notice.
    let ways: [fn(&mut Console, Error); 3] = [
        |console, gone| console.event(Event::StoreUnavailable(gone)),
        |console, gone| {
            console.keys("2");
            console.answer(Answer::Customers(0, Err(gone)));
            console.keys("1");
        },
        |console, gone| {
            console.keys("b enter");
            console.complete(Err(gone));
            let failed = console.state.dialogs.last();
            let Some(Dialog::Checkout(SubmitState::Failed { message, retry: None })) = failed else {
                panic!("{failed:?}")
            };
            assert!(message.contains("the store is gone: its file was removed"), "{message}");
            console.keys("esc");
        },
    ];
    for way in ways {
        let mut console = Console::stocked(false);
        way(&mut console, gone());
        assert_eq!(console.state.store_status, StoreStatus::Gone);
        assert!(screen(&console).contains("✗ the store is gone") && !screen(&console).contains("live"));
        let toasts = |console: &Console| {
            console.state.toasts.iter().filter(|toast| toast.text.contains("removed")).count()
        };
        assert_eq!(toasts(&console), 1);
        let before = console.effects.len();
        console.event(Event::StoreUnavailable(gone()));
        console.event(Event::StoreChanged);
        console.event(Event::StoreAvailable);
        console.keys("a b 2 n esc 5 3 1");
        console.wait(60_000);
        assert_eq!(
            (console.state.store_status, toasts(&console)),
            (StoreStatus::Gone, 0),
            "it is not reported again"
        );
        assert_eq!(console.effects.len(), before, "nothing is requested or submitted");
        console.keys("a");
        assert!(console.state.toasts.iter().any(|toast| toast.text.starts_with("The store is gone")));
    }
}

#[test]
fn a_refused_token_is_reported_once_with_the_remedy_and_nothing_is_asked_until_it_is_accepted() {
    let refused = || Error::Unauthenticated("the token was revoked".into());
    let ways: [fn(&mut Console, Error); 3] = [
        |console, refused| console.event(Event::StoreUnavailable(refused)),
        |console, refused| {
            console.keys("2");
            console.answer(Answer::Customers(0, Err(refused)));
            console.keys("1");
        },
        |console, refused| {
            console.keys("c 5 enter");
            console.complete(Err(refused));
            let Some(Dialog::Form(form)) = console.state.dialogs.last() else { panic!("the form was lost") };
            assert_eq!(form.fields[0].input.text(), "5");
            console.keys("esc");
        },
    ];
    for way in ways {
        let mut console = Console::stocked(false);
        way(&mut console, refused());
        assert_eq!(console.state.store_status, StoreStatus::Denied);
        assert!(screen(&console).contains("✗ token refused") && !screen(&console).contains("live"));
        let toasts = |console: &Console, text: &str| {
            console.state.toasts.iter().filter(|toast| toast.text.contains(text)).count()
        };
        assert_eq!(toasts(&console, "the token was revoked"), 1);
        let before = console.effects.len();
        console.event(Event::StoreUnavailable(refused()));
        console.keys("a 2 3 1");
        assert_eq!(console.effects.len(), before, "nothing is requested or submitted");
        assert_eq!(toasts(&console, "The server refuses the token;"), 1);
        console.event(Event::StoreAvailable);
        console.wait(100);
        assert!(screen(&console).contains("● live") && console.effects.len() > before);
    }
}

#[test]
fn a_lost_connection_is_reported_in_the_room_there_is_and_never_as_live() {
    let mut console = Console::with_role(Role::Viewer, false);
    for (size, shown) in [((120, 40), "✗ reconnecting for"), ((80, 24), "reconnecting")] {
        console.event(Event::Resize(Size::new(size.0, size.1)));
        console.event(Event::ConnectionLost("no answer".into()));
        assert!(screen(&console).contains(shown) && !screen(&console).contains("live"), "{size:?}");
        let before = console.state.toasts.len();
        console.answer(Answer::ShopProducts(0, Err(Error::Busy("no answer of a query".into()))));
        assert_eq!(console.state.toasts.len(), before, "it has been told");
        console.event(Event::StoreAvailable);
        assert!(screen(&console).contains("live"));
    }
}

#[test]
fn failing_writes_are_reported_until_a_commit_succeeds() {
    let full = || Err(Error::Unavailable("the disk is full".into()));
    let mut console = Console::stocked(false);
    let marked = |console: &Console| screen(console).contains("✗ writes failing for");
    for by_others in [true, false] {
        console.keys("b enter");
        console.complete(full());
        let Some(Dialog::Checkout(SubmitState::Failed { message, retry: Some(_) })) =
            console.state.dialogs.last()
        else {
            panic!("it can be retried")
        };
        assert!(message.contains("is unavailable: the disk is full"), "{message}");
        assert!(marked(&console));
        if by_others {
            console.event(Event::StoreChanged);
        } else {
            console.keys("enter");
            console.complete(Ok(Reply::OrderPlaced(order())));
        }
        assert!(!marked(&console));
        console.keys("esc");
    }
}

#[test]
fn a_slow_store_is_reported() {
    let mut console = Console::new(false);
    console.wait(6_000);
    assert!(console.state.toasts.iter().any(|toast| toast.kind == ToastKind::SlowStore));
    assert!(console.state.next_tick() <= Duration::from_millis(100), "the spinner turns");
}

#[test]
fn a_failing_store_is_retried_after_a_pause() {
    let mut console = Console::new(false);
    let first = console.request_id(Topic::ShopProducts(0));
    console.answer(Answer::ShopProducts(0, Err(Error::Store("disk".into()))));
    assert_eq!(console.request_id(Topic::ShopProducts(0)), first);
    assert!(console.state.toasts.iter().any(|toast| toast.text.contains("the store failed: disk")));
    console.wait(1_100);
    assert!(console.request_id(Topic::ShopProducts(0)) > first);
}

/// What the console shows.
pub fn screen(console: &Console) -> String {
    let Size { width, height } = console.state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| crate::view::draw(frame, &console.state)).unwrap();
    terminal.backend().to_string()
}
