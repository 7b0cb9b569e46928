//! The update function with events made by hand, without a terminal and without a store.

use std::time::Duration;

use commerce_core::cart::{Cart, Line};
use commerce_core::catalog::Product;
use commerce_core::order::{Order, Status};
use commerce_core::sales::{RankBy, Seller, Span, TopSellers};
use commerce_core::user::User;
use commerce_core::{
    Amount, Currency, Error, Key, Listing, Name, ProductId, Quantity, Refusal, Shortage, Stock, Time, UserId,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::dialog::{Dialog, RefusalDialog, Remedy};
use crate::effect::{Answer, Command, Effect, Operation, Query, Reply, Request, Response, Topic};
use crate::in_flight::SubmitState;
use crate::model::{Config, State, StoreStatus, UpdateMode};
use crate::navigation::{Pane, Screen};
use crate::role::Role;
use crate::theme::ThemeName;
use crate::toast::ToastKind;
use crate::update::{Event, update};

mod quitting;
mod roles;
mod store;

/// A console without a terminal and a store. It collects the effects.
struct Console {
    state: State,
    now: i64,
    effects: Vec<Effect>,
}

impl Console {
    fn new(read_only: bool) -> Self {
        Self::with_role(Role::Operator, read_only)
    }

    fn with_role(role: Role, read_only: bool) -> Self {
        let (currency, theme) = (Currency::try_from("KRW").unwrap(), ThemeName::Dark.theme());
        let is_remote = role != Role::Operator;
        let config = Config { currency, store: "shop.db".into(), is_remote, role, read_only, theme };
        let (size, now) = (Size::new(120, 40), Time::from_millis(1_000_000));
        let state = State::new(config, Some(alice()), size, now, Key::try_from("run").unwrap());
        let mut console = Self { state, now: 1_000_000, effects: Vec::new() };
        console.event(Event::Tick);
        console
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

    /// The id of the newest request of a topic.
    fn request_id(&self, topic: Topic) -> Option<u64> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Query(request) if request.query.topic() == topic => Some(request.id),
            _ => None,
        })
    }

    /// The newest query.
    fn newest_query(&self) -> Option<Query> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Query(request) => Some(request.query.clone()),
            _ => None,
        })
    }

    /// Answers the newest request of the answer's topic.
    fn answer(&mut self, answer: Answer) {
        let topic = match &answer {
            Answer::ShopProducts(page, _) => Topic::ShopProducts(*page),
            Answer::Cart(_) => Topic::Cart,
            Answer::Customer(_) => Topic::Customer,
            Answer::Customers(page, _) => Topic::Customers(*page),
            Answer::TopSellers(_) => Topic::TopSellers,
            Answer::Products(page, _) => Topic::Products(*page),
            other => panic!("no test answers with {other:?}"),
        };
        let id = self.request_id(topic).unwrap_or_else(|| panic!("{topic:?} was not requested"));
        self.answer_to(id, answer);
    }

    fn answer_to(&mut self, id: u64, answer: Answer) {
        let elapsed = Duration::from_millis(1);
        self.event(Event::Answered(Box::new(Response { id, elapsed, answer })));
    }

    fn commands(&self) -> Vec<Command> {
        let command = |effect: &Effect| {
            if let Effect::Execute(command) = effect { Some(command.clone()) } else { None }
        };
        self.effects.iter().filter_map(command).collect()
    }

    fn complete(&mut self, outcome: Result<Reply, Error>) {
        let id = self.commands().last().unwrap().id;
        self.event(Event::Completed(id, Box::new(outcome)));
    }

    /// A console with products, a customer whose balance is 10,000, and a cart.
    fn stocked(read_only: bool) -> Self {
        let mut console = Self::new(read_only);
        console.answer(Answer::ShopProducts(0, Ok(page((0..30).map(product).collect()))));
        console.answer(Answer::Customer(Ok(user(10_000))));
        console.answer(Answer::Cart(Ok(cart(&[(1, 2), (2, 1)]))));
        console
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
        actor: None,
        cancelled_by: None,
        reason: None,
    }
}

fn page<T>(items: Vec<T>) -> Listing<T> {
    Listing { items, next_cursor: None }
}

#[test]
fn answers_to_an_older_search_are_dropped() {
    let mut console = Console::stocked(false);
    console.keys("/ m");
    let old = console.request_id(Topic::ShopProducts(0)).unwrap();
    console.keys("u");
    let new = console.request_id(Topic::ShopProducts(0)).unwrap();
    assert!(new > old);
    console.answer_to(new, Answer::ShopProducts(0, Ok(page(vec![product(1)]))));
    console.answer_to(old, Answer::ShopProducts(0, Ok(page(vec![product(2), product(3)]))));
    assert_eq!(console.state.shop.list.known_rows(), (1, false));
    let Some(Effect::Query(request)) = console.effects.iter().rev().find(|e| matches!(e, Effect::Query(_)))
    else {
        panic!("nothing was requested")
    };
    assert!(matches!(&request.query, Query::ShopProducts(0, list) if list.search.as_deref() == Some("mu")));
    console.keys("esc");
    assert_eq!(console.state.shop.search.text(), "");
}

#[test]
fn a_cart_is_ordered_at_the_total_that_was_shown() {
    let mut console = Console::stocked(false);
    console.keys("b enter");
    let Operation::Checkout(checkout) = &console.commands()[0].operation else { panic!("no checkout") };
    assert_eq!(checkout.expected_total, Amount::try_from(3_000).ok());
    console.keys("enter enter");
    assert_eq!(console.commands().len(), 1, "pressing enter again sends nothing");
    console.complete(Ok(Reply::OrderPlaced(order())));
    assert!(console.state.dialogs.is_empty());
    assert!(
        console.state.toasts.iter().any(|t| t.kind == ToastKind::Success && t.text.contains("Order 7 paid"))
    );
}

#[test]
fn a_command_with_an_unknown_outcome_is_retried_under_the_same_key() {
    let mut console = Console::stocked(false);
    console.keys("b enter");
    console.complete(Err(Error::Unknown("cut off".into())));
    let Some(Dialog::Checkout(SubmitState::Failed { retry: Some(_), .. })) = console.state.dialogs.last()
    else {
        panic!("{:?}", console.state.dialogs)
    };
    console.keys("enter");
    let commands = console.commands();
    assert_eq!(commands.len(), 2);
    assert_eq!(commands[0].key, commands[1].key);
    assert_ne!(commands[0].id, commands[1].id);
    console.complete(Ok(Reply::OrderPlaced(order())));
    assert!(console.state.dialogs.is_empty());
}

#[test]
fn a_shortage_offers_to_reduce_the_quantities() {
    let mut console = Console::stocked(false);
    console.keys("b enter");
    let items = vec![
        Shortage { product: id(1), requested: 2, available: 1 },
        Shortage { product: id(2), requested: 1, available: 0 },
    ];
    console.complete(Err(Refusal::OutOfStock { items }.into()));
    assert!(
        matches!(console.state.dialogs.last(), Some(Dialog::Refusal(RefusalDialog { remedies, .. })) if remedies.len() == 2)
    );
    console.answer(Answer::Cart(Ok(cart(&[(1, 2), (2, 1)]))));
    console.keys("enter");
    let sets: Vec<_> = console.commands()[1..].iter().map(|command| command.operation.clone()).collect();
    let [Operation::SetInCart(first), Operation::SetInCart(second)] = sets.as_slice() else {
        panic!("{sets:?}")
    };
    let units = |set: &commerce_core::cart::Set| set.items.iter().map(|(_, units)| units).collect::<Vec<_>>();
    assert_eq!((units(first), units(second)), (vec![1], vec![0]));
}

#[test]
fn a_balance_that_is_too_low_offers_to_charge_the_missing_amount() {
    let mut console = Console::stocked(false);
    console.keys("b enter");
    let (balance, total) = (Amount::try_from(1_000).unwrap(), Amount::try_from(3_000).unwrap());
    console.complete(Err(Refusal::InsufficientBalance { balance, total }.into()));
    let Some(Dialog::Refusal(refusal)) = console.state.dialogs.last() else { panic!("no refusal") };
    assert!(matches!(refusal.remedies[..], [Remedy::Charge(_, missing)] if missing.get() == 2_000));
    console.keys("enter");
    let Some(Dialog::Form(form)) = console.state.dialogs.last() else { panic!("no form") };
    assert_eq!(form.fields[0].input.text(), "2000");
    console.keys("enter");
    assert!(matches!(console.commands().last().unwrap().operation, Operation::Charge(_)));
}

#[test]
fn quick_keys_add_up_before_the_store_replies() {
    let mut console = Console::stocked(false);
    console.keys("tab + + -");
    let quantity = |command: &Command| match &command.operation {
        Operation::SetInCart(set) => set.items.iter().map(|(_, units)| units).next(),
        other => panic!("{other:?}"),
    };
    assert_eq!(console.commands().iter().map(quantity).collect::<Vec<_>>(), [Some(3), Some(4), Some(3)]);
    let requested = console.request_id(Topic::Cart);
    console.event(Event::StoreChanged);
    assert_eq!(
        console.request_id(Topic::Cart),
        requested,
        "a cart fetched now could be older than the edits"
    );
    let first = console.commands()[0].id;
    console.event(Event::Completed(first, Box::new(Ok(Reply::CartEdited(cart(&[(1, 3), (2, 1)]))))));
    assert_eq!(
        console.state.shop.selected_line().unwrap().quantity.get(),
        3,
        "only the reply of the last edit is shown"
    );
    console.keys("- - -");
    assert_eq!(console.state.shop.lines().len(), 1, "the first line is removed");
}

#[test]
fn undo_reverts_edits_of_the_cart_but_no_order() {
    let mut console = Console::stocked(false);
    console.keys("tab d u");
    let Operation::SetInCart(back) = &console.commands()[1].operation else { panic!("no undo") };
    assert_eq!(back.items.iter().collect::<Vec<_>>(), [(&id(1), 2)]);
    console.keys("u");
    assert_eq!(console.commands().len(), 2, "there is nothing more to undo");
    console.keys("d b enter");
    console.complete(Ok(Reply::OrderPlaced(order())));
    let sent = console.commands().len();
    console.keys("u");
    assert_eq!(console.commands().len(), sent, "an order cannot be undone");
}

#[test]
fn a_read_only_console_submits_nothing() {
    let mut console = Console::stocked(true);
    console.keys("enter a A b c u tab + - d D e enter");
    for screen in ["2 n c esc", "3 x", "5 n e t o", "6 r R", "1 w"] {
        console.keys(screen);
        console.keys("enter enter esc");
    }
    assert!(console.commands().is_empty());
    assert!(console.state.toasts.iter().any(|toast| toast.text.contains("--read-only")));
}

#[test]
fn a_frozen_screen_queries_nothing_until_it_is_live_again() {
    let mut console = Console::stocked(false);
    let queries =
        |console: &Console| console.effects.iter().filter(|e| matches!(e, Effect::Query(_))).count();
    console.keys("f");
    let before = queries(&console);
    console.event(Event::StoreChanged);
    console.wait(1_000);
    assert_eq!((console.state.update_mode, queries(&console)), (UpdateMode::FrozenStale, before));
    console.keys("f");
    assert!(queries(&console) > before);
    let before = queries(&console);
    console.wait(60_000);
    assert_eq!(queries(&console), before, "without changes there are no queries");
}

#[test]
fn the_selected_row_stays_selected_when_rows_are_inserted_before_it() {
    let mut console = Console::stocked(false);
    console.keys("down down down");
    let selected = console.state.shop.list.selected().unwrap().product.clone();
    console.event(Event::StoreChanged);
    console.wait(1_000);
    let newer = [vec![product(900), product(901)], (0..30).map(product).collect()].concat();
    console.answer(Answer::ShopProducts(0, Ok(page(newer))));
    assert_eq!(console.state.shop.list.selected().unwrap().product, selected);
    assert_eq!(console.state.shop.list.selection.selected, 5);
}

#[test]
fn a_customer_who_does_not_exist_is_not_chosen() {
    let mut console = Console::new(false);
    console.answer(Answer::Customer(Err(Refusal::UserNotFound { user: alice() }.into())));
    assert_eq!(console.state.shop.customer, None);
    console.keys("b");
    assert!(console.state.dialogs.is_empty(), "there is no cart to check out");
    console.keys("a");
    assert!(matches!(console.state.dialogs.last(), Some(Dialog::Picker(_))));
}

#[test]
fn escape_closes_dialogs_and_leaves_the_right_pane() {
    let mut console = Console::stocked(false);
    console.keys("?");
    console.keys("esc :");
    console.keys("esc w esc c esc b esc tab");
    assert_eq!((console.state.dialogs.len(), console.state.pane()), (0, Pane::Right));
    console.keys("esc 3 4 1");
    assert_eq!((console.state.screen, console.state.pane()), (Screen::Shop, Pane::Left));
}

#[test]
fn clicks_and_the_wheel_act_on_what_is_under_the_pointer() {
    use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut console = Console::stocked(false);
    let mut at = |kind, column, row| {
        console.event(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        (
            console.state.screen,
            console.state.pane(),
            console.state.shop.list.selection.selected,
            console.state.shop.cart_selection.selected,
        )
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(at(click, 5, 8), (Screen::Shop, Pane::Left, 5, 0), "the sixth row, below two lines");
    assert_eq!(at(MouseEventKind::ScrollDown, 5, 8), (Screen::Shop, Pane::Left, 8, 0));
    assert_eq!(at(click, 100, 7), (Screen::Shop, Pane::Right, 8, 1), "the second line of the cart");
    assert_eq!(at(click, 12, 0).0, Screen::Customers, "a tab");
    assert_eq!(at(click, 119, 39).0, Screen::Customers, "a click on nothing");
}

#[test]
fn a_long_list_keeps_only_the_pages_around_the_visible_rows() {
    let mut console = Console::new(false);
    let cursor = super::fuzz::cursors();
    let full = |first: u64| (first..first + 100).map(product).collect::<Vec<_>>();
    for number in 0..6_u64 {
        let next_cursor = Some(cursor[number as usize].clone());
        let listing = Listing { items: full(number * 100), next_cursor };
        console.answer(Answer::ShopProducts(number as usize, Ok(listing)));
        console.keys("G");
    }
    assert_eq!(console.state.shop.list.known_rows(), (600, true));
    assert_eq!(console.state.shop.list.selected().unwrap().product, id(599));
    assert!(console.state.shop.list.get(0).is_none(), "the first page was dropped");
    console.keys("g");
    assert!(console.state.shop.list.selected().is_none());
    console.answer(Answer::ShopProducts(
        0,
        Ok(Listing { items: full(0), next_cursor: Some(cursor[0].clone()) }),
    ));
    assert_eq!(console.state.shop.list.selected().unwrap().product, id(0));
}

#[test]
fn the_history_of_a_stock_stays_until_it_is_closed() {
    let mut console = Console::stocked(false);
    console.keys("5");
    console.answer(Answer::Products(0, Ok(page((0..30).map(product).collect()))));
    console.keys("h");
    let Some(Query::StockHistory(0, history)) = console.newest_query() else { panic!("it is not requested") };
    assert_eq!(history.product, id(0));
    console.keys("down");
    assert_eq!(console.state.products.history_of, Some(id(0)), "the selection moves on");
    console.keys("h");
    assert_eq!(console.state.products.history_of, Some(id(1)), "another product");
    console.keys("h");
    assert_eq!(console.state.products.history_of, None, "the same product again");
    console.keys("h tab t");
    assert!(matches!(console.state.dialogs.last(), Some(Dialog::Form(_))), "the product can be changed");
    console.keys("esc h");
    assert_eq!(console.state.products.history_of, None);
    console.event(Event::Resize(Size::new(60, 20)));
    console.keys("tab h");
    assert_eq!((console.state.products.history_of.clone(), console.state.pane()), (Some(id(1)), Pane::Right));
}

#[test]
fn the_palette_runs_the_best_match() {
    let mut console = Console::stocked(false);
    console.keys(": b e s t enter");
    assert_eq!((console.state.screen, console.state.dialogs.len()), (Screen::Top, 0));
    console.keys("] ]");
    assert_eq!(console.state.top.days(), 14);
    console.keys("[ + v");
    assert_eq!(
        (console.state.top.days(), console.state.top.limit, console.state.top.by),
        (7, 25, RankBy::Revenue)
    );
}

#[test]
fn best_sellers_of_another_window_or_ranking_are_never_shown() {
    let mut console = Console::stocked(false);
    console.keys("4");
    let Product { product, name, price, stock, .. } = product(1);
    let seller =
        Seller { rank: 1, product, name, price, stock, units: 5, revenue: 5_000.try_into().unwrap() };
    let window = Span { from: Time::default(), to: Time::default() };
    let top = TopSellers { window, items: vec![seller] };
    console.answer(Answer::TopSellers(Ok(top.clone())));
    let old = console.request_id(Topic::TopSellers).unwrap();
    console.keys("+");
    assert_eq!(console.state.top.rows().len(), 1, "a longer list starts with the same products");
    console.keys("]");
    assert!(console.state.top.rows().is_empty());
    console.answer_to(old, Answer::TopSellers(Ok(top.clone())));
    assert!(console.state.top.rows().is_empty(), "the answer to an older request");
    console.answer(Answer::TopSellers(Ok(top.clone())));
    assert_eq!(console.state.top.rows().len(), 1);
    console.keys("v");
    assert!(
        console.state.top.rows().is_empty(),
        "the ranking by units is not shown as the ranking by revenue"
    );
    console.answer(Answer::TopSellers(Ok(top)));
    assert_eq!((console.state.top.by, console.state.top.rows().len()), (RankBy::Revenue, 1));
}
