//! Random input and random answers: nothing panics, and every state keeps its invariants.

use std::time::Duration;

use commerce_core::cart::{Cart, Line, Problem};
use commerce_core::catalog::{Adjusted, Product, StockChange, StockChangeKind};
use commerce_core::order::{Item, Order, Status};
use commerce_core::outbox::{DeliveryStatus, Event as OutboxEvent};
use commerce_core::sales::{self, SalesSeries, Seller, Span, StepSales, TopSellers};
use commerce_core::user::User;
use commerce_core::wallet::{Charged, Entry, EntryKind};
use commerce_core::{
    Amount, Currency, Error, Key, LIMIT, Listing, Name, Number, ProductId, Quantity, Refusal, Shortage,
    Stock, Time, UserId,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Size;

use crate::effect::{Answer, Command, Effect, Operation, Query, Reply, Request, Response};
use crate::model::{Config, State};
use crate::role::Role;
use crate::theme::ThemeName;
use crate::update::{Event, update};

const EVENTS: u32 = 120_000;
const RUNS: u64 = 12;

/// A small source of random numbers (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize].clone()
    }

    fn user(&mut self) -> UserId {
        UserId::try_from(format!("user-{}", self.below(5))).unwrap()
    }

    fn product_id(&mut self) -> ProductId {
        ProductId::try_from(format!("product-{}", self.below(300))).unwrap()
    }

    fn name(&mut self) -> Name {
        let name = self.of(&[
            "머그컵 Mug",
            "☕",
            "a",
            "👩‍👩‍👧‍👦 family",
            "é̂́",
            "\u{200b}",
            "좌우 very long name indeed that goes on and on",
        ]);
        // As a store gives it, which may hold names that would not be taken any more.
        serde_json::from_value(name.into()).unwrap()
    }

    fn amount(&mut self) -> Amount {
        let minor = self.of(&[0, 1, 999, 1_000, 12_345_678, (1 << 53) - 1]);
        Amount::try_from(minor).unwrap()
    }

    fn stock(&mut self) -> Stock {
        Stock::try_from(self.of(&[0, 1, 5, 6, 1_000_000])).unwrap()
    }

    fn quantity(&mut self) -> Quantity {
        Quantity::try_from(self.of(&[1, 2, 1_000_000])).unwrap()
    }

    fn time(&mut self) -> Time {
        Time::from_millis(self.of(&[0, 1_000_000, 1_700_000_000_000, i64::MAX]))
    }

    fn product(&mut self) -> Product {
        let (product, name, price, stock) = (self.product_id(), self.name(), self.amount(), self.stock());
        Product { product, name, price, stock, active: self.below(2) == 0 }
    }

    fn number<K>(&mut self, most: u64) -> Number<K> {
        Number::try_from(1 + self.below(most) as i64).unwrap()
    }

    fn shopper(&mut self) -> User {
        let name = (self.below(2) == 0).then(|| self.name());
        User { user: self.user(), name, balance: self.amount(), at: self.time() }
    }

    fn order(&mut self) -> Order {
        let status = self.of(&[Status::Paid, Status::Cancelled]);
        let (order, items) = (self.number(500), self.below(4));
        let items = (0..items).map(|_| self.item()).collect();
        let (user, total, balance, at) = (self.user(), self.amount(), self.amount(), self.time());
        let (cancelled_at, reason, actor, cancelled_by) = (Some(at), None, None, None);
        Order { order, user, status, items, total, balance, at, cancelled_at, reason, actor, cancelled_by }
    }

    fn item(&mut self) -> Item {
        let (product, name, price) = (self.product_id(), self.name(), self.amount());
        Item { product, name, price, quantity: self.quantity(), amount: price }
    }

    fn cart(&mut self, user: UserId) -> Cart {
        let lines = self.below(6);
        let lines = (0..lines).map(|_| self.line()).collect();
        Cart { user, lines, total: self.amount() }
    }

    fn line(&mut self) -> Line {
        let problem =
            self.of(&[None, Some(Problem::Inactive), Some(Problem::OutOfStock), Some(Problem::PriceChanged)]);
        let (product, name, price, quantity) =
            (self.product_id(), self.name(), self.amount(), self.quantity());
        let (price_when_added, available) = (self.amount(), self.stock());
        Line { product, name, price, price_when_added, quantity, available, problem }
    }

    fn event(&mut self) -> OutboxEvent {
        OutboxEvent {
            event: self.number(300),
            kind: "OrderCompleted".into(),
            subject: "orders/1".into(),
            at: self.time(),
            age: self.below(100_000) as i64,
            status: self.of(&[DeliveryStatus::Pending, DeliveryStatus::Delivered, DeliveryStatus::Dead]),
            attempts: 3,
            last_error: (self.below(2) == 0).then(|| "refused \u{1b}[31m by the other side".into()),
            next_attempt: None,
        }
    }

    fn entry(&mut self) -> Entry {
        let kind = self.of(&[EntryKind::Charge, EntryKind::Payment, EntryKind::Refund]);
        let (id, amount, balance) = (self.number(300), -5, self.amount());
        Entry {
            id,
            kind,
            amount,
            balance,
            charge: None,
            order: Some(self.number(1)),
            at: self.time(),
            actor: None,
        }
    }

    fn stock_change(&mut self) -> StockChange {
        let kind = self.of(&[StockChangeKind::Added, StockChangeKind::Ordered, StockChangeKind::Cancelled]);
        let reason = (self.below(2) == 0).then(|| self.name());
        let actor = (self.below(2) == 0).then(|| "office".parse().unwrap());
        let (order, at) = (Some(self.number(9)), self.time());
        StockChange { kind, delta: -5, stock: self.below(9) as i64, order, reason, actor, at }
    }

    fn page<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Listing<T> {
        // A real store's pages are of this form too: a cursor when there is more.
        let rows = self.of(&[0, 1, 7, 99, 100, 100, 100]);
        let items = (0..rows).map(|_| one(self)).collect();
        let next_cursor = (rows == 100 && self.below(3) > 0).then(|| self.of(&cursors()));
        Listing { items, next_cursor }
    }

    fn error(&mut self) -> Error {
        let (user, total, balance) = (self.user(), self.amount(), self.amount());
        let (product, requested, available) = (self.product_id(), 5, self.of(&[0, 1, 4]));
        let short = Shortage { product: product.clone(), requested, available };
        self.of(&[
            Error::Busy("others write".into()),
            Error::Unavailable("the disk is full".into()),
            Error::Unknown("cut off".into()),
            Error::Store("disk \u{1b}[2J full".into()),
            Error::Closed,
            Refusal::UserNotFound { user: user.clone() }.into(),
            Refusal::EmptyCart { user }.into(),
            Refusal::OutOfStock { items: vec![short.clone(), short] }.into(),
            Refusal::ProductInactive { products: vec![product] }.into(),
            Refusal::TotalChanged { expected: balance, total }.into(),
            Refusal::InsufficientBalance { balance, total }.into(),
        ])
    }

    fn response(&mut self, request: &Request) -> Response {
        let answer = match &request.query {
            Query::ShopProducts(page, _) => Answer::ShopProducts(*page, self.result(Self::products)),
            Query::Cart(get) => Answer::Cart(self.result(|random| random.cart(get.user.clone()))),
            Query::Customer(_) => Answer::Customer(self.result(Self::shopper)),
            Query::Customers(page, _) => Answer::Customers(*page, self.result(Self::shoppers)),
            Query::Ledger(page, _) => Answer::Ledger(*page, self.result(|random| random.page(Self::entry))),
            Query::Orders(page, _) => Answer::Orders(*page, self.result(Self::orders)),
            Query::FindOrder(_) => Answer::Orders(0, self.result(Self::orders)),
            Query::TopSellers(_) => Answer::TopSellers(self.result(Self::top)),
            Query::WindowSales(query) => Answer::WindowSales(self.result(|_| series(query))),
            Query::Products(page, _) => Answer::Products(*page, self.result(Self::products)),
            Query::LowStock(_) => Answer::LowStock(self.result(Self::products)),
            Query::StockHistory(page, _) => {
                Answer::StockHistory(*page, self.result(|random| random.page(Self::stock_change)))
            }
            Query::Events(page, _) => Answer::Events(*page, self.result(Self::events)),
            Query::OldestPending(_) => Answer::OldestPending(self.result(Self::events)),
            Query::DeadEvents(_) => Answer::DeadEvents(self.result(Self::events)),
            Query::NewestOrders(_) => Answer::NewestOrders(self.result(Self::orders)),
            Query::SalesByMinute(query) => Answer::SalesByMinute(self.result(|_| series(query))),
            Query::SalesByDay(query) => Answer::SalesByDay(self.result(|_| series(query))),
            Query::PickerCustomers(page, _) => Answer::PickerCustomers(*page, self.result(Self::shoppers)),
        };
        Response { id: request.id, elapsed: Duration::from_millis(self.below(400)), answer }
    }

    fn result<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Result<T, Error> {
        if self.below(8) == 0 { Err(self.error()) } else { Ok(value(self)) }
    }

    fn products(&mut self) -> Listing<Product> {
        self.page(Self::product)
    }

    fn shoppers(&mut self) -> Listing<User> {
        self.page(Self::shopper)
    }

    fn orders(&mut self) -> Listing<Order> {
        self.page(Self::order)
    }

    fn events(&mut self) -> Listing<OutboxEvent> {
        self.page(Self::event)
    }

    fn top(&mut self) -> TopSellers {
        let sellers = self.below(30) as usize;
        let seller = |rank: usize, random: &mut Self| Seller {
            rank,
            product: random.product_id(),
            name: random.name(),
            price: random.amount(),
            stock: random.stock(),
            units: random.below(1_000) as i64,
            revenue: random.amount(),
        };
        let window = Span { from: self.time(), to: self.time() };
        TopSellers { window, items: (1..=sellers).map(|rank| seller(rank, self)).collect() }
    }

    fn outcome(&mut self, command: &Command) -> Result<Reply, Error> {
        if self.below(3) == 0 {
            return Err(self.error());
        }
        Ok(match &command.operation {
            Operation::AddUser(_) => Reply::UserAdded(self.shopper()),
            Operation::Charge(_) => {
                let (charge, user, amount, balance) =
                    (self.number(1), self.user(), self.amount(), self.amount());
                Reply::Charged(Charged { charge, user, amount, balance, at: self.time(), actor: None })
            }
            Operation::AddProduct(_) | Operation::UpdateProduct(_) => Reply::ProductSaved(self.product()),
            Operation::AdjustStock(_) => {
                Reply::StockAdjusted(Adjusted { product: self.product_id(), stock: self.stock() })
            }
            Operation::AddToCart(_)
            | Operation::SetInCart(_)
            | Operation::RemoveFromCart(_)
            | Operation::ClearCart(_) => {
                let user = self.user();
                Reply::CartEdited(self.cart(user))
            }
            Operation::Checkout(_) => Reply::OrderPlaced(self.order()),
            Operation::CancelOrder(_) => Reply::OrderCancelled(self.order()),
            Operation::RetryEvents(retry) => Reply::EventsRetried(retry.events.len() as i64),
            Operation::RetryAllEvents => Reply::EventsRetried(1_000_000),
        })
    }

    fn key(&mut self) -> KeyEvent {
        let plain = "abcdefghijklmnopqrstuvwxyzADGLRWN1234567890+-=[]/:?., 머é".chars().collect::<Vec<_>>();
        let code = match self.below(3) {
            0 => KeyCode::Char(self.of(&plain)),
            1 => self.of(&[KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Down, KeyCode::Up]),
            _ => self.of(&[
                KeyCode::Left,
                KeyCode::Right,
                KeyCode::Home,
                KeyCode::End,
                KeyCode::PageDown,
                KeyCode::PageUp,
                KeyCode::Delete,
                KeyCode::Backspace,
                KeyCode::BackTab,
                KeyCode::F(5),
                KeyCode::Null,
                KeyCode::Char('u'),
            ]),
        };
        let modifiers =
            self.of(&[KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::CONTROL]);
        KeyEvent::new(code, modifiers)
    }

    fn mouse(&mut self) -> MouseEvent {
        let kind = self.of(&[
            MouseEventKind::ScrollDown,
            MouseEventKind::ScrollUp,
            MouseEventKind::Down(MouseButton::Left),
            MouseEventKind::Moved,
        ]);
        let (column, row) = (self.below(250) as u16, self.below(70) as u16);
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }

    fn size(&mut self) -> Size {
        let (width, height) =
            (self.of(&[0, 1, 39, 40, 60, 79, 80, 120, 250]), self.of(&[0, 1, 11, 12, 24, 40, 70]));
        Size { width, height }
    }
}

/// Cursors of a real store.
pub(super) fn cursors() -> Vec<commerce_core::Cursor> {
    use std::sync::OnceLock;
    static CURSORS: OnceLock<Vec<commerce_core::Cursor>> = OnceLock::new();
    CURSORS
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let options = commerce_core::Options::new(commerce_core::SystemClock);
            let won = Currency::try_from("KRW").unwrap();
            let shop = commerce_core::Commerce::create(folder.path().join("s.db"), won, options).unwrap();
            for number in 0..9 {
                let user = UserId::try_from(format!("u{number}")).unwrap();
                shop.submit(commerce_core::user::Add { user, name: None }).wait().unwrap();
            }
            let list = |page| commerce_core::user::List { search: None, page };
            let page =
                |rows| shop.query(&list(commerce_core::Page::first(rows))).unwrap().next_cursor.unwrap();
            (1..8).map(page).collect()
        })
        .clone()
}

fn series(query: &sales::Series) -> SalesSeries {
    let sold = |_| StepSales { from: Time::default(), orders: 1, revenue: Amount::try_from(LIMIT).unwrap() };
    SalesSeries { items: (0..query.count).map(sold).collect() }
}

fn run(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let theme = random.of(&[ThemeName::Dark, ThemeName::Light, ThemeName::Mono]).theme();
    let read_only = seed.is_multiple_of(4);
    let role = match seed % 6 {
        1 => Role::Viewer,
        2 => Role::Shopper(random.user()),
        _ => Role::Operator,
    };
    let may_change = !read_only && role != Role::Viewer;
    let (currency, store) = (Currency::try_from("USD").unwrap(), "shop.db".into());
    let config = Config { currency, store, is_remote: seed.is_multiple_of(3), role, read_only, theme };
    let customer = seed.is_multiple_of(2).then(|| random.user());
    let mut now = 1_700_000_000_000;
    let size = Size::new(120, 40);
    let mut state = State::new(config, customer, size, Time::from_millis(now), Key::try_from("run").unwrap());
    let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
    let (mut requested, mut sent): (Vec<Request>, Vec<Command>) = (Vec::new(), Vec::new());
    for step in 0..EVENTS / RUNS as u32 {
        now += random.of(&[0, 1, 5, 100, 2_000]);
        let event = match random.below(20) {
            0 if !sent.is_empty() => {
                let command = sent.swap_remove(random.below(sent.len() as u64) as usize);
                Event::Completed(command.id, Box::new(random.outcome(&command)))
            }
            1..=4 if !requested.is_empty() => {
                let request = requested.swap_remove(random.below(requested.len() as u64) as usize);
                Event::Answered(Box::new(random.response(&request)))
            }
            5 => Event::Mouse(random.mouse()),
            6 => random.of(&[
                Event::Tick,
                Event::StoreChanged,
                Event::Resumed,
                Event::Suspend,
                Event::StoreSynced(false),
                Event::StoreSynced(true),
            ]),
            7 if random.below(5) == 0 => random.of(&[
                Event::StoreUnavailable(Error::Busy("the server".into())),
                Event::ConnectionLost("no answer".into()),
                Event::StoreUnavailable(Error::Unauthenticated("the token was revoked".into())),
                Event::StoreAvailable,
                Event::StoreAvailable,
                Event::StoreAvailable,
                Event::StoreAvailable,
            ]),
            7 if random.below(200) == 0 => {
                Event::StoreUnavailable(Error::Gone("its file was removed".into()))
            }
            8 if random.below(3) == 0 => Event::Resize(random.size()),
            9 => Event::Paste(random.of(&["1,000", "x\ny\u{1b}[31m", "", "머그컵"]).into()),
            _ => Event::Key(random.key()),
        };
        let context = format!("seed {seed}, step {step}: {event:?}");
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let effects = update(&mut state, event, Time::from_millis(now));
            state.check();
            effects
        }));
        for effect in changed.unwrap_or_else(|_| panic!("{context}")) {
            match effect {
                Effect::Query(request) => requested.push(request),
                Effect::Execute(command) => sent.push(command),
                Effect::Suspend | Effect::Redraw | Effect::Quit => {}
            }
        }
        assert!(may_change || sent.is_empty(), "{context}");
        if step % 20 == 0 {
            terminal.backend_mut().resize(state.size.width, state.size.height);
            terminal.draw(|frame| crate::view::draw(frame, &state)).unwrap_or_else(|_| panic!("{context}"));
        }
    }
}

#[test]
fn random_events_keep_the_invariants() {
    for seed in 1..=RUNS {
        run(seed);
    }
}
