//! The state machine, without a terminal and without a store: what is pressed, what is wanted, what is answered.

use std::time::Duration;

use commerce_core::cart::{Cart, Line};
use commerce_core::catalog::Product;
use commerce_core::order::{Order, Status};
use commerce_core::sales::{By, Seller, Span, TopSellers};
use commerce_core::user::User;
use commerce_core::{
    Amount, Currency, Error, Key, Listing, Name, ProductId, Quantity, Refusal, Shortage, Stock, Time, UserId,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::dialog::{Dialog, Explained, Remedy};
use crate::effect::{Answer, Ask, Change, Data, Deed, Done, Effect, Topic};
use crate::in_flight::Sending;
use crate::model::{Follow, Link, Setup, State};
use crate::navigation::{Pane, Place};
use crate::theme::ThemeName;
use crate::toast::News;
use crate::update::{Event, update};

mod store;

/// A console that is driven by hand.
struct Hand {
    state: State,
    now: i64,
    effects: Vec<Effect>,
}

impl Hand {
    fn new(read_only: bool) -> Self {
        let currency = Currency::try_from("KRW").unwrap();
        let setup = Setup { currency, store: "shop.db".into(), read_only, theme: ThemeName::Dark.theme() };
        let (size, now) = (Size::new(120, 40), Time::from_millis(1_000_000));
        let state = State::new(setup, Some(alice()), size, now, Key::try_from("run").unwrap());
        let mut hand = Self { state, now: 1_000_000, effects: Vec::new() };
        hand.event(Event::Tick);
        hand
    }

    fn event(&mut self, event: Event) {
        self.now += 1;
        let effects = update(&mut self.state, event, Time::from_millis(self.now));
        self.state.check();
        self.effects.extend(effects);
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let code = match key {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "down" => KeyCode::Down,
                "up" => KeyCode::Up,
                one => KeyCode::Char(one.chars().next().unwrap()),
            };
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    fn wait(&mut self, millis: i64) {
        self.now += millis;
        self.event(Event::Tick);
    }

    /// The number of the newest request of a topic.
    fn asked(&self, topic: Topic) -> Option<u64> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Ask(request) if request.topic == topic => Some(request.number),
            _ => None,
        })
    }

    fn answer(&mut self, topic: Topic, result: Result<Data, Error>) {
        let number = self.asked(topic).unwrap_or_else(|| panic!("{topic:?} was not asked for"));
        self.answer_to(number, topic, result);
    }

    fn answer_to(&mut self, number: u64, topic: Topic, result: Result<Data, Error>) {
        let took = Duration::from_millis(1);
        self.event(Event::Answered(Box::new(Answer { number, topic, took, result })));
    }

    fn changes(&self) -> Vec<Change> {
        let change =
            |effect: &Effect| if let Effect::Do(change) = effect { Some(change.clone()) } else { None };
        self.effects.iter().filter_map(change).collect()
    }

    fn decide(&mut self, outcome: Result<Done, Error>) {
        let number = self.changes().last().unwrap().number;
        self.event(Event::Decided(number, Box::new(outcome)));
    }

    /// With products, a customer who has 10,000, and a cart.
    fn stocked(read_only: bool) -> Self {
        let mut hand = Self::new(read_only);
        hand.answer(Topic::Shop(0), Ok(Data::Products(page((0..30).map(product).collect()))));
        hand.answer(Topic::Customer, Ok(Data::User(user(10_000))));
        hand.answer(Topic::Cart, Ok(Data::Cart(cart(&[(1, 2), (2, 1)]))));
        hand
    }
}

fn alice() -> UserId {
    UserId::try_from("alice").unwrap()
}

fn id(number: u64) -> ProductId {
    ProductId::try_from(format!("p{number:03}")).unwrap()
}

fn product(number: u64) -> Product {
    Product {
        product: id(number),
        name: Name::try_from(format!("Product {number}")).unwrap(),
        price: Amount::try_from(1_000).unwrap(),
        stock: Stock::try_from(9).unwrap(),
        active: true,
    }
}

fn user(balance: i64) -> User {
    User { user: alice(), name: None, balance: Amount::try_from(balance).unwrap(), at: Time::default() }
}

fn cart(lines: &[(u64, i64)]) -> Cart {
    let line = |&(number, quantity): &(u64, i64)| Line {
        product: id(number),
        name: product(number).name,
        price: Amount::try_from(1_000).unwrap(),
        price_when_added: Amount::try_from(1_000).unwrap(),
        quantity: Quantity::try_from(quantity).unwrap(),
        available: Stock::try_from(9).unwrap(),
        problem: None,
    };
    let total = lines.iter().map(|(_, quantity)| quantity * 1_000).sum::<i64>();
    Cart { user: alice(), lines: lines.iter().map(line).collect(), total: Amount::try_from(total).unwrap() }
}

fn order() -> Order {
    let total = Amount::try_from(3_000).unwrap();
    Order {
        order: 7.try_into().unwrap(),
        user: alice(),
        status: Status::Paid,
        items: Vec::new(),
        total,
        balance: Amount::try_from(7_000).unwrap(),
        at: Time::default(),
        cancelled_at: None,
        reason: None,
    }
}

fn page<T>(items: Vec<T>) -> Listing<T> {
    Listing { items, next_cursor: None }
}

#[test]
fn answers_of_an_older_search_are_dropped() {
    let mut hand = Hand::stocked(false);
    hand.keys("/ m");
    let old = hand.asked(Topic::Shop(0)).unwrap();
    hand.keys("u");
    let new = hand.asked(Topic::Shop(0)).unwrap();
    assert!(new > old);
    hand.answer_to(new, Topic::Shop(0), Ok(Data::Products(page(vec![product(1)]))));
    hand.answer_to(old, Topic::Shop(0), Ok(Data::Products(page(vec![product(2), product(3)]))));
    assert_eq!(hand.state.shop.list.known(), (1, false));
    let Some(Effect::Ask(request)) = hand.effects.iter().rev().find(|e| matches!(e, Effect::Ask(_))) else {
        panic!("nothing was asked")
    };
    assert!(matches!(&request.ask, Ask::Products(list) if list.search.as_deref() == Some("mu")));
    hand.keys("esc");
    assert_eq!(hand.state.shop.search.text(), "");
}

#[test]
fn a_cart_is_ordered_at_the_total_that_was_shown() {
    let mut hand = Hand::stocked(false);
    hand.keys("b enter");
    let Deed::Checkout(checkout) = &hand.changes()[0].deed else { panic!("no checkout") };
    assert_eq!(checkout.expected_total, Amount::try_from(3_000).ok());
    hand.keys("enter enter");
    assert_eq!(hand.changes().len(), 1, "it is sent once, however often enter is pressed");
    hand.decide(Ok(Done::Ordered(order())));
    assert!(hand.state.dialogs.is_empty());
    assert!(hand.state.toasts.iter().any(|t| t.kind == News::Good && t.text.contains("Order 7 is paid")));
}

#[test]
fn an_unknown_outcome_is_tried_again_under_the_same_key() {
    let mut hand = Hand::stocked(false);
    hand.keys("b enter");
    hand.decide(Err(Error::Unknown("cut off".into())));
    let Some(Dialog::Checkout(Sending::Failed(_, Some(_)))) = hand.state.dialogs.last() else {
        panic!("{:?}", hand.state.dialogs)
    };
    hand.keys("enter");
    let changes = hand.changes();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].key, changes[1].key);
    assert_ne!(changes[0].number, changes[1].number);
    hand.decide(Ok(Done::Ordered(order())));
    assert!(hand.state.dialogs.is_empty());
}

#[test]
fn a_shortage_offers_what_is_left() {
    let mut hand = Hand::stocked(false);
    hand.keys("b enter");
    let items = vec![
        Shortage { product: id(1), requested: 2, available: 1 },
        Shortage { product: id(2), requested: 1, available: 0 },
    ];
    hand.decide(Err(Refusal::OutOfStock { items }.into()));
    assert!(
        matches!(hand.state.dialogs.last(), Some(Dialog::Refusal(Explained { remedies, .. })) if remedies.len() == 2)
    );
    hand.answer(Topic::Cart, Ok(Data::Cart(cart(&[(1, 2), (2, 1)]))));
    hand.keys("enter");
    let sets: Vec<_> = hand.changes()[1..].iter().map(|change| change.deed.clone()).collect();
    let [Deed::SetInCart(first), Deed::SetInCart(second)] = sets.as_slice() else { panic!("{sets:?}") };
    let units = |set: &commerce_core::cart::Set| set.items.iter().map(|(_, units)| units).collect::<Vec<_>>();
    assert_eq!((units(first), units(second)), (vec![1], vec![0]));
}

#[test]
fn a_balance_that_is_too_low_offers_to_charge_what_is_missing() {
    let mut hand = Hand::stocked(false);
    hand.keys("b enter");
    let (balance, total) = (Amount::try_from(1_000).unwrap(), Amount::try_from(3_000).unwrap());
    hand.decide(Err(Refusal::InsufficientBalance { balance, total }.into()));
    let Some(Dialog::Refusal(explained)) = hand.state.dialogs.last() else { panic!("no refusal") };
    assert!(matches!(explained.remedies[..], [Remedy::Charge(_, missing)] if missing.get() == 2_000));
    hand.keys("enter");
    let Some(Dialog::Form(form)) = hand.state.dialogs.last() else { panic!("no form") };
    assert_eq!(form.fields[0].field.text(), "2000");
    hand.keys("enter");
    assert!(matches!(hand.changes().last().unwrap().deed, Deed::Charge(_)));
}

#[test]
fn quick_keys_add_up_before_the_store_answers() {
    let mut hand = Hand::stocked(false);
    hand.keys("tab + + -");
    let quantity = |change: &Change| match &change.deed {
        Deed::SetInCart(set) => set.items.iter().map(|(_, units)| units).next(),
        other => panic!("{other:?}"),
    };
    assert_eq!(hand.changes().iter().map(quantity).collect::<Vec<_>>(), [Some(3), Some(4), Some(3)]);
    let asked = hand.asked(Topic::Cart);
    hand.event(Event::Changed);
    assert_eq!(hand.asked(Topic::Cart), asked, "a cart read now could be older than what is shown");
    let first = hand.changes()[0].number;
    hand.event(Event::Decided(first, Box::new(Ok(Done::Cart(cart(&[(1, 3), (2, 1)]))))));
    assert_eq!(hand.state.shop.line().unwrap().quantity.get(), 3, "the last edit counts");
    hand.keys("- - -");
    assert_eq!(hand.state.shop.lines().len(), 1, "nothing left of the first line");
}

#[test]
fn undo_takes_back_edits_of_the_cart_but_no_money() {
    let mut hand = Hand::stocked(false);
    hand.keys("tab d u");
    let Deed::SetInCart(back) = &hand.changes()[1].deed else { panic!("no way back") };
    assert_eq!(back.items.iter().collect::<Vec<_>>(), [(&id(1), 2)]);
    hand.keys("u");
    assert_eq!(hand.changes().len(), 2, "there is nothing more to undo");
    hand.keys("d b enter");
    hand.decide(Ok(Done::Ordered(order())));
    let sent = hand.changes().len();
    hand.keys("u");
    assert_eq!(hand.changes().len(), sent, "an order is not undone");
}

#[test]
fn a_console_that_only_reads_sends_nothing() {
    let mut hand = Hand::stocked(true);
    hand.keys("enter a A b c u tab + - d D e enter");
    for screen in ["2 n c esc", "3 x", "5 n e t o", "6 r R", "1 w"] {
        hand.keys(screen);
        hand.keys("enter enter esc");
    }
    assert!(hand.changes().is_empty());
    assert!(hand.state.toasts.iter().any(|toast| toast.text.contains("--read-only")));
}

#[test]
fn frozen_shows_what_was_and_catches_up() {
    let mut hand = Hand::stocked(false);
    let asks = |hand: &Hand| hand.effects.iter().filter(|e| matches!(e, Effect::Ask(_))).count();
    hand.keys("f");
    let before = asks(&hand);
    hand.event(Event::Changed);
    hand.wait(1_000);
    assert_eq!((hand.state.follow, asks(&hand)), (Follow::FrozenBehind, before));
    hand.keys("f");
    assert!(asks(&hand) > before);
    let before = asks(&hand);
    hand.wait(60_000);
    assert_eq!(asks(&hand), before, "nothing is read while nothing changed");
}

#[test]
fn quitting_asks_when_something_would_be_lost() {
    let mut hand = Hand::stocked(false);
    hand.keys("c 5");
    hand.event(Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(matches!(hand.state.dialogs.last(), Some(Dialog::Question(_))));
    hand.keys("esc esc q");
    assert!(hand.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn quitting_asks_while_an_operation_is_under_way() {
    let mut hand = Hand::stocked(false);
    hand.keys("a q");
    assert!(!hand.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    hand.keys("y");
    assert!(hand.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn the_selected_row_stays_when_others_come_before_it() {
    let mut hand = Hand::stocked(false);
    hand.keys("down down down");
    let held = hand.state.shop.list.current().unwrap().product.clone();
    hand.event(Event::Changed);
    hand.wait(1_000);
    let newer = [vec![product(900), product(901)], (0..30).map(product).collect()].concat();
    hand.answer(Topic::Shop(0), Ok(Data::Products(page(newer))));
    assert_eq!(hand.state.shop.list.current().unwrap().product, held);
    assert_eq!(hand.state.shop.list.spot.selected, 5);
}

#[test]
fn a_customer_who_does_not_exist_is_not_chosen() {
    let mut hand = Hand::new(false);
    hand.answer(Topic::Customer, Err(Refusal::UserNotFound { user: alice() }.into()));
    assert_eq!(hand.state.shop.customer, None);
    hand.keys("b");
    assert!(hand.state.dialogs.is_empty(), "there is nothing to buy");
    hand.keys("a");
    assert!(matches!(hand.state.dialogs.last(), Some(Dialog::Picker(_))));
}

#[test]
fn escape_always_leads_back() {
    let mut hand = Hand::stocked(false);
    hand.keys("?");
    hand.keys("esc :");
    hand.keys("esc w esc c esc b esc tab");
    assert_eq!((hand.state.dialogs.len(), hand.state.pane()), (0, Pane::Right));
    hand.keys("esc 3 4 1");
    assert_eq!((hand.state.place, hand.state.pane()), (Place::Shop, Pane::Left));
}

#[test]
fn the_mouse_goes_where_it_points() {
    use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut hand = Hand::stocked(false);
    let mut at = |kind, column, row| {
        hand.event(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        (
            hand.state.place,
            hand.state.pane(),
            hand.state.shop.list.spot.selected,
            hand.state.shop.spot.selected,
        )
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(at(click, 5, 8), (Place::Shop, Pane::Left, 5, 0), "the sixth row, below two lines");
    assert_eq!(at(MouseEventKind::ScrollDown, 5, 8), (Place::Shop, Pane::Left, 8, 0));
    assert_eq!(at(click, 100, 7), (Place::Shop, Pane::Right, 8, 1), "the second line of the cart");
    assert_eq!(at(click, 12, 0).0, Place::Customers, "a tab");
    assert_eq!(at(click, 119, 39).0, Place::Customers, "nothing lies there");
}

#[test]
fn a_list_of_many_pages_is_never_loaded_whole() {
    let mut hand = Hand::new(false);
    let cursor = super::random::cursors();
    let full = |first: u64| (first..first + 100).map(product).collect::<Vec<_>>();
    for number in 0..6_u64 {
        let next_cursor = Some(cursor[number as usize].clone());
        let listing = Listing { items: full(number * 100), next_cursor };
        hand.answer(Topic::Shop(number as usize), Ok(Data::Products(listing)));
        hand.keys("G");
    }
    assert_eq!(hand.state.shop.list.known(), (600, true));
    assert_eq!(hand.state.shop.list.current().unwrap().product, id(599));
    assert!(hand.state.shop.list.get(0).is_none(), "the first page was let go");
    hand.keys("g");
    assert!(hand.state.shop.list.current().is_none());
    hand.answer(
        Topic::Shop(0),
        Ok(Data::Products(Listing { items: full(0), next_cursor: Some(cursor[0].clone()) })),
    );
    assert_eq!(hand.state.shop.list.current().unwrap().product, id(0));
}

#[test]
fn the_palette_does_what_is_found() {
    let mut hand = Hand::stocked(false);
    hand.keys(": b e s t enter");
    assert_eq!((hand.state.place, hand.state.dialogs.len()), (Place::Top, 0));
    hand.keys("] ]");
    assert_eq!(hand.state.top.days(), 14);
    hand.keys("[ + v");
    assert_eq!((hand.state.top.days(), hand.state.top.limit, hand.state.top.by), (7, 25, By::Revenue));
}

#[test]
fn sellers_of_one_window_or_order_never_stand_under_the_name_of_another() {
    let mut hand = Hand::stocked(false);
    hand.keys("4");
    let Product { product, name, price, stock, .. } = product(1);
    let seller =
        Seller { rank: 1, product, name, price, stock, units: 5, revenue: 5_000.try_into().unwrap() };
    let window = Span { from: Time::default(), to: Time::default() };
    let top = TopSellers { window, items: vec![seller] };
    hand.answer(Topic::Top, Ok(Data::Top(top.clone())));
    let old = hand.asked(Topic::Top).unwrap();
    hand.keys("+");
    assert_eq!(hand.state.top.rows().len(), 1, "a longer list begins with the same");
    hand.keys("]");
    assert!(hand.state.top.rows().is_empty());
    hand.answer_to(old, Topic::Top, Ok(Data::Top(top.clone())));
    assert!(hand.state.top.rows().is_empty(), "the answer to an older question");
    hand.answer(Topic::Top, Ok(Data::Top(top.clone())));
    assert_eq!(hand.state.top.rows().len(), 1);
    hand.keys("v");
    assert!(hand.state.top.rows().is_empty(), "those by units are not those by revenue");
    hand.answer(Topic::Top, Ok(Data::Top(top)));
    assert_eq!((hand.state.top.by, hand.state.top.rows().len()), (By::Revenue, 1));
}
