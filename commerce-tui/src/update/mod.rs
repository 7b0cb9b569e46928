//! What an event does to the state: pure, so that it is tested without a terminal and without a store.

#[cfg(test)]
mod check;
mod customers;
mod dialogs;
mod events;
mod orders;
mod overview;
mod products;
#[cfg(test)]
mod random;
mod rows;
mod send;
mod shop;
#[cfg(test)]
mod tests;
mod top;

use commerce_core::{Error, Time, order::Order};
use ratatui::crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use ratatui::layout::Size;

use crate::dialog::Dialog;
use crate::effect::{Answer, Data, Done, Effect, Topic};
use crate::input::Field;
use crate::keys::{self, Action};
use crate::model::{Follow, Link, State};
use crate::navigation::{Pane, Place};
use crate::spot::Move;
use crate::toast::News;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size.
    Resize(Size),
    /// Time went by.
    Tick,
    /// The store answered.
    Answered(Box<Answer>),
    /// An operation was decided, or was not.
    Decided(u64, Box<Result<Done, Error>>),
    /// Somebody committed.
    Changed,
    /// The store is not at hand.
    Lost(Error),
    /// The store is at hand again.
    Found,
    /// The terminal is to be given to the shell for a while.
    Suspend,
    /// The program goes on after it was stopped.
    Resumed,
    /// The program has to end at once.
    Stop,
}

/// How long an answer may take before the wait is told of.
const SLOW: i64 = 5_000;

/// Why nothing can be done any more.
const GONE: &str = "The store is gone; put it back and start the console again.";

/// Changes the state, and says what is to be done outside.
pub fn update(state: &mut State, event: Event, now: Time) -> Vec<Effect> {
    state.desk.now = now;
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => state.press(&key),
        Event::Key(_) | Event::Tick => {}
        Event::Paste(text) => state.paste(&text),
        Event::Mouse(mouse) => state.mouse(mouse),
        Event::Resize(size) => state.size = size,
        Event::Answered(answer) => state.take(*answer),
        Event::Decided(number, outcome) => state.decided(number, *outcome),
        Event::Changed => {
            state.unwritten = None;
            match state.follow {
                Follow::Live => state.touch(),
                Follow::Frozen | Follow::FrozenBehind => state.follow = Follow::FrozenBehind,
            }
        }
        Event::Lost(because) => state.lose(&because),
        Event::Found => {
            if let Link::Lost(_) = state.link {
                state.link = Link::Up;
                state.tell(News::Good, "The store is at hand again.");
                state.touch();
            }
        }
        Event::Suspend => state.desk.want(Effect::Suspend),
        Event::Resumed => state.desk.want(Effect::Redraw),
        Event::Stop => state.desk.want(Effect::Quit),
    }
    state.settle();
    state.desk.collected()
}

impl State {
    fn press(&mut self, key: &KeyEvent) {
        let scopes = self.scopes();
        let action = keys::action(key, &scopes);
        if self.dialogs.is_empty() {
            if let Some(action) = action {
                self.act(action);
            }
        } else {
            self.press_in_dialog(key, action);
        }
    }

    /// Does what a key stands for, unless something stands in the way.
    pub(crate) fn act(&mut self, action: Action) {
        if let Some(hindrance) = self.hindrance(action) {
            self.tell(News::Note, hindrance);
            return;
        }
        match action {
            Action::Go(place) => self.go(place),
            Action::NextPane | Action::PreviousPane => self.turn_to(self.pane().other()),
            Action::Back => self.back(),
            Action::Help => self.dialogs.push(Dialog::Help(0)),
            Action::Palette => self.dialogs.push(Dialog::Palette(Default::default())),
            Action::Freeze => self.freeze(),
            Action::Reload => self.renew(),
            Action::Redraw => self.desk.want(Effect::Redraw),
            Action::Suspend => self.desk.want(Effect::Suspend),
            Action::Quit => self.quit(),
            Action::Up => self.step(Move::By(-1)),
            Action::Down => self.step(Move::By(1)),
            Action::PageUp => self.step(Move::Pages(-1)),
            Action::PageDown => self.step(Move::Pages(1)),
            Action::First => self.step(Move::To(0)),
            Action::Last => self.step(Move::End),
            other => match self.place {
                Place::Shop => self.act_in_shop(other),
                Place::Customers => self.act_in_customers(other),
                Place::Orders => self.act_in_orders(other),
                Place::Top => self.act_in_top(other),
                Place::Products => self.act_in_products(other),
                Place::Events => self.act_in_events(other),
                Place::Overview => self.act_in_overview(other),
            },
        }
    }

    /// Why an action cannot be done now, as far as that is known.
    pub fn hindrance(&self, action: Action) -> Option<&'static str> {
        let changes = matches!(
            action,
            Action::Add
                | Action::AddMany
                | Action::More
                | Action::Less
                | Action::Remove
                | Action::Clear
                | Action::Buy
                | Action::Undo
                | Action::Charge
                | Action::New
                | Action::Restock
                | Action::OnOff
                | Action::Cancel
                | Action::Retry
                | Action::RetryAll
        ) || (action == Action::Edit);
        let no_lines = self.shop.lines().is_empty();
        let order = self.orders.list.current();
        let paid = |order: &Order| crate::dialog::cancellable(order).is_some();
        match action {
            _ if changes && self.setup.read_only => Some("This console only reads (--read-only)."),
            _ if changes && self.link == Link::Gone => Some(GONE),
            Action::Buy | Action::Clear if self.place == Place::Shop && no_lines => {
                Some("The cart is empty.")
            }
            Action::More | Action::Less | Action::Remove if no_lines => Some("The cart is empty."),
            Action::Undo if self.shop.undo.is_empty() => Some("There is no edit of the cart to undo."),
            Action::Cancel if !order.is_some_and(paid) => Some("Only a paid order can be cancelled."),
            Action::RetryAll if self.overview.dead_events().0 == 0 => Some("No event is dead."),
            Action::Retry if !self.on_dead_event() => Some("Only a dead event is delivered again."),
            Action::Everyone if self.orders.user.is_none() => Some("These are everyone's orders."),
            _ => None,
        }
    }

    fn on_dead_event(&self) -> bool {
        let dead = commerce_core::outbox::Resting::Dead;
        self.events.list.current().is_some_and(|event| event.status == dead)
    }

    /// Goes to a screen.
    pub(crate) fn go(&mut self, place: Place) {
        self.place = place;
    }

    /// Gives the keys to a pane of the present screen, if it takes any.
    pub(crate) fn turn_to(&mut self, pane: Pane) {
        self.focus[self.place as usize] = pane;
    }

    fn back(&mut self) {
        let searches = self.search_field().is_some_and(|field| !field.text().is_empty());
        if searches {
            self.end_search();
        } else if self.pane() == Pane::Right {
            self.turn_to(Pane::Left);
        } else if self.place == Place::Orders && self.orders.user.is_some() {
            self.orders.show_those_of(None);
        }
    }

    fn end_search(&mut self) {
        if let Some(field) = self.search_field() {
            *field = Field::default();
            self.searched();
        }
    }

    /// The search of the present screen's list.
    pub(crate) fn search_field(&mut self) -> Option<&mut Field> {
        match self.place {
            Place::Shop => Some(&mut self.shop.search),
            Place::Customers => Some(&mut self.customers.search),
            Place::Orders => Some(&mut self.orders.search),
            Place::Products => Some(&mut self.products.search),
            _ => None,
        }
    }

    /// Changes the search; another text is searched for at once.
    pub(crate) fn type_search(&mut self, change: impl FnOnce(&mut Field) -> bool) {
        if self.search_field().is_some_and(change) {
            self.searched();
        }
    }

    /// Another text is searched for.
    pub(crate) fn searched(&mut self) {
        match self.place {
            Place::Shop => self.shop.list.reset(),
            Place::Customers => self.customers.list.reset(),
            Place::Orders => self.orders.list.reset(),
            Place::Products => self.products.list.reset(),
            _ => {}
        }
    }

    fn freeze(&mut self) {
        self.follow = match self.follow {
            Follow::Live => Follow::Frozen,
            Follow::Frozen => Follow::Live,
            Follow::FrozenBehind => {
                self.touch();
                Follow::Live
            }
        };
    }

    pub(crate) fn quit(&mut self) {
        use crate::dialog::{About, Question};
        use crate::in_flight::Sending;
        if self.unsaved() {
            let asked =
                |dialog: &Dialog| matches!(dialog, Dialog::Question(Question { about: About::Quit, .. }));
            if !self.dialogs.iter().any(asked) {
                let question = Question { about: About::Quit, sending: Sending::Not };
                self.dialogs.push(Dialog::Question(question));
            }
        } else {
            self.desk.want(Effect::Quit);
        }
    }

    fn paste(&mut self, text: &str) {
        match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) => form.paste(text),
            Some(Dialog::Search) => self.type_search(|field| field.paste(text)),
            Some(Dialog::Picker(picker)) => picker.type_search(|field| field.paste(text)),
            Some(Dialog::Palette(palette)) => {
                palette.field.paste(text);
                palette.selected = 0;
            }
            _ => {}
        }
    }

    /// The store is not at hand, perhaps for good.
    fn lose(&mut self, because: &Error) {
        match (because, self.link) {
            (Error::Gone(_), Link::Up | Link::Lost(_)) => {
                self.link = Link::Gone;
                self.tell(News::Bad, because.to_string());
            }
            (_, Link::Up) => {
                self.link = Link::Lost(self.now());
                self.tell(News::Bad, format!("The store is not at hand: {because}. It is tried again."));
            }
            (_, Link::Lost(_) | Link::Gone) => {}
        }
    }

    fn take(&mut self, answer: Answer) {
        let Answer { number, topic, took, result } = answer;
        let now = self.now();
        // What is refused is explained where it is shown; everything else may be over at the next try.
        match &result {
            Err(error @ Error::Gone(_)) => self.lose(error),
            Err(Error::Refused(_)) | Ok(_) => {}
            Err(error) => self.tell(News::Bad, error.sentence(self.setup.currency)),
        }
        macro_rules! told {
            ($kind:ident) => {
                match result {
                    Ok(Data::$kind(data)) => Ok(data),
                    Ok(_) => return,
                    Err(error) => Err(error),
                }
            };
        }
        match topic {
            Topic::Shop(page) => self.shop.list.take(page, number, now, took, told!(Products)),
            Topic::Products(page) => self.products.list.take(page, number, now, took, told!(Products)),
            Topic::Cart => self.shop.take_cart(number, now, took, told!(Cart)),
            Topic::Customer => self.take_customer(number, took, told!(User)),
            Topic::Customers(page) => self.customers.list.take(page, number, now, took, told!(Users)),
            Topic::Picker(page) => {
                let told = told!(Users);
                if let Some(picker) = self.picker() {
                    picker.list.take(page, number, now, took, told);
                }
            }
            Topic::Ledger(page) => self.customers.ledger.take(page, number, now, took, told!(Ledger)),
            Topic::Orders(page) => self.orders.list.take(page, number, now, took, told!(Orders)),
            Topic::Top => {
                self.top.sellers.take(number, now, took, told!(Top));
                let rows = self.top.rows().len();
                self.top.spot.go(Move::By(0), rows);
            }
            Topic::Steps => self.top.steps.take(number, now, took, told!(Series)),
            Topic::Low => self.overview.low.take(number, now, took, told!(Products)),
            Topic::Events(page) => self.events.list.take(page, number, now, took, told!(Events)),
            Topic::Oldest => self.overview.oldest.take(number, now, took, told!(Events)),
            Topic::Dead => self.overview.dead.take(number, now, took, told!(Events)),
            Topic::Newest => self.overview.newest.take(number, now, took, told!(Orders)),
            Topic::Minutes => self.overview.minutes.take(number, now, took, told!(Series)),
            Topic::Days => self.overview.days.take(number, now, took, told!(Series)),
        }
    }

    /// Somebody committed: what is on show is read anew, and the rest when it comes on show.
    pub(crate) fn touch(&mut self) {
        self.shop.touch();
        self.customers.touch();
        self.orders.list.touch();
        self.top.touch();
        self.products.list.touch();
        self.events.list.touch();
        self.overview.touch();
        if let Some(picker) = self.picker() {
            picker.list.touch();
        }
    }

    /// Everything is read anew, at once.
    fn renew(&mut self) {
        self.shop.list.renew();
        self.shop.who.renew();
        self.shop.cart.renew();
        self.customers.list.renew();
        self.customers.ledger.renew();
        self.orders.list.renew();
        self.top.sellers.renew();
        self.top.steps.renew();
        self.products.list.renew();
        self.events.list.renew();
        self.touch();
    }

    /// After every event: what is on show fits the terminal and is asked for, old news go.
    fn settle(&mut self) {
        let now = self.now();
        self.toasts.retain(|toast| toast.until > now);
        self.overview.keep_in_view();
        self.orders.keep_in_view();
        self.fit();
        if self.link != Link::Up {
            return;
        }
        if let Some(since) = self.waiting().filter(|since| now.millis() - since.millis() > SLOW) {
            let seconds = (now.millis() - since.millis()) / 1_000;
            if !self.toasts.iter().any(|toast| toast.kind == News::Slow) {
                self.tell(News::Slow, format!("The store has not answered for {seconds} s; still waiting."));
            }
        }
        let editing = self.editing();
        let desk = &mut self.desk;
        match self.place {
            Place::Shop => self.shop.settle(desk, editing),
            Place::Customers => self.customers.settle(desk),
            Place::Orders => self.orders.settle(desk),
            Place::Top => self.top.settle(desk),
            Place::Products => {
                self.products.settle(desk);
                self.overview.settle_low(desk);
            }
            Place::Events => {
                self.events.settle(desk);
                self.overview.settle_outbox(desk);
            }
            Place::Overview => self.overview.settle(desk),
        }
        self.settle_picker();
    }
}
