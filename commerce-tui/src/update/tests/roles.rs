//! What a viewer and a shopper see, ask and change.

use super::*;

const GO_EVERYWHERE: &str = "2 3 4 5 6 7 1";

fn topics(console: &Console) -> Vec<Topic> {
    let topic = |effect: &Effect| {
        if let Effect::Query(request) = effect { Some(request.query.topic()) } else { None }
    };
    console.effects.iter().filter_map(topic).collect()
}

fn tells(console: &Console, text: &str) -> bool {
    console.state.toasts.iter().any(|toast| toast.text.contains(text))
}

#[test]
fn a_viewer_sees_every_screen_and_changes_nothing() {
    let mut viewer = Console::with_role(Role::Viewer, false);
    viewer.answer(Answer::ShopProducts(0, Ok(page((0..30).map(product).collect()))));
    viewer.answer(Answer::Customer(Ok(user(10_000))));
    viewer.answer(Answer::Cart(Ok(cart(&[(1, 2), (2, 1)]))));
    viewer.keys(GO_EVERYWHERE);
    for topic in [Topic::Customers(0), Topic::Orders(0), Topic::Events(0), Topic::NewestOrders] {
        assert!(topics(&viewer).contains(&topic), "{topic:?}");
    }
    for screen in ["1 a A b c u tab + - d D e", "2 n c", "5 n e t o", "6 R", "1"] {
        viewer.state.toasts.clear();
        viewer.keys(screen);
        assert!(viewer.state.dialogs.is_empty() && (tells(&viewer, "its role is viewer") || screen == "1"));
    }
    assert!(viewer.commands().is_empty());
    assert!(store::screen(&viewer).contains("viewer"));
}

#[test]
fn a_shopper_sees_and_asks_only_what_is_its_own() {
    let mut shopper = Console::with_role(Role::Shopper(alice()), false);
    shopper.answer(Answer::ShopProducts(0, Ok(page((0..30).map(product).collect()))));
    shopper.answer(Answer::Customer(Ok(user(10_000))));
    shopper.answer(Answer::Cart(Ok(cart(&[(1, 2), (2, 1)]))));
    shopper.keys(GO_EVERYWHERE);
    assert!(tells(&shopper, "Only an operator sees this screen"));
    shopper.keys("w c 3 W w esc esc 1");
    assert!(tells(&shopper, "its role is shopper") && shopper.state.dialogs.is_empty());
    let asked = topics(&shopper);
    let allowed = [Topic::ShopProducts(0), Topic::Customer, Topic::Cart, Topic::Orders(0), Topic::TopSellers];
    assert!(asked.iter().all(|topic| allowed.contains(topic)), "{asked:?}");
    let own = |effect: &&Effect| {
        let Effect::Query(Request { query: Query::Orders(_, list), .. }) = effect else { return false };
        list.user == Some(alice())
    };
    assert_eq!(shopper.effects.iter().filter(own).count(), 1);
    let screen = store::screen(&shopper);
    assert!(screen.contains("as alice") && screen.contains("3 Orders") && !screen.contains("2 Customers"));
    assert!(shopper.state.next_tick() > Duration::from_millis(100), "nothing is due that is never asked");
    shopper.keys("4");
    shopper.answer(Answer::TopSellers(Ok(TopSellers {
        window: Span { from: Time::default(), to: Time::default() },
        items: Vec::new(),
    })));
    assert!(shopper.state.next_tick() > Duration::from_millis(100), "nor on the best sellers' screen");
    shopper.keys("1 b enter");
    assert!(matches!(shopper.commands()[..], [Command { operation: Operation::Checkout(_), .. }]));
    let refusal = Refusal::InsufficientBalance {
        balance: Amount::try_from(1_000).unwrap(),
        total: Amount::try_from(3_000).unwrap(),
    };
    shopper.complete(Err(refusal.into()));
    let Some(Dialog::Refusal(refusal)) = shopper.state.dialogs.last() else { panic!("no refusal") };
    assert!(refusal.remedies.is_empty(), "a shopper cannot charge a wallet");
}

#[test]
fn a_shopper_who_does_not_exist_is_told_and_offered_nobody_else() {
    let mut shopper = Console::with_role(Role::Shopper(alice()), false);
    shopper.answer(Answer::Customer(Err(Refusal::UserNotFound { user: alice() }.into())));
    shopper.keys("a b w");
    assert!(shopper.state.dialogs.is_empty() && shopper.commands().is_empty());
}
