//! The whole state of the console. It changes in `update` and its screens only, and views only read it.

use std::time::Duration;

use commerce_core::{Currency, Key, Time, UserId};
use ratatui::layout::Size;

use crate::desk::Desk;
use crate::dialog::Dialog;
use crate::in_flight::Sent;
use crate::keys::Scope;
use crate::navigation::{Pane, Place};
use crate::screen::{Customers, Events, Orders, Overview, Products, Shop, Top};
use crate::theme::Theme;
use crate::toast::{News, Toast};

/// The console.
#[derive(Clone, Debug)]
pub struct State {
    /// What does not change while it runs.
    pub setup: Setup,
    /// The present time, and the effects of the event that is handled.
    pub desk: Desk,
    /// The terminal.
    pub size: Size,
    /// The present screen.
    pub place: Place,
    /// The pane of each screen that takes the keys.
    pub focus: [Pane; Place::ALL.len()],
    /// The dialogs over it; the last one takes the keys.
    pub dialogs: Vec<Dialog>,
    /// Short news.
    pub toasts: Vec<Toast>,
    /// Whether the store is at hand.
    pub link: Link,
    /// Since when it cannot be written, as far as is known from what was to be changed.
    pub unwritten: Option<Time>,
    /// Whether changes of others are followed.
    pub follow: Follow,
    /// Operations under way.
    pub sent: Vec<Sent>,
    /// Screen 1.
    pub shop: Shop,
    /// Screen 2.
    pub customers: Customers,
    /// Screen 3.
    pub orders: Orders,
    /// Screen 4.
    pub top: Top,
    /// Screen 5.
    pub products: Products,
    /// Screen 6.
    pub events: Events,
    /// Screen 7.
    pub overview: Overview,
}

/// What does not change while the console runs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The store's currency.
    pub currency: Currency,
    /// How the store is called.
    pub store: String,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// The colours.
    pub theme: Theme,
}

/// Whether the store is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is.
    Up,
    /// It is not, since then. It is tried again all the time.
    Lost(Time),
    /// It is another one or none, and no longer tried: only a console that is started anew opens what is there then.
    Gone,
}

/// Whether changes of others are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// They show within a second.
    Live,
    /// What is shown stays.
    Frozen,
    /// What is shown stays though there were changes.
    FrozenBehind,
}

impl State {
    /// The console before anything was read. `run` begins the idempotency keys of this run.
    pub fn new(setup: Setup, customer: Option<UserId>, size: Size, now: Time, run: Key) -> Self {
        let desk = Desk::new(now, setup.read_only, run);
        Self {
            setup,
            desk,
            size,
            place: Place::Shop,
            focus: [Pane::Left; Place::ALL.len()],
            dialogs: Vec::new(),
            toasts: Vec::new(),
            link: Link::Up,
            unwritten: None,
            follow: Follow::Live,
            sent: Vec::new(),
            shop: Shop { customer, ..Shop::default() },
            customers: Customers::default(),
            orders: Orders::default(),
            top: Top::default(),
            products: Products::default(),
            events: Events::default(),
            overview: Overview::default(),
        }
    }

    /// The pane that takes the keys.
    pub fn pane(&self) -> Pane {
        self.focus[self.place as usize]
    }

    /// Where keys count now.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.dialogs.last() {
            Some(dialog) => vec![dialog.scope()],
            None => {
                let (place, pane) = (self.place, self.pane());
                vec![Scope::In(place, pane), Scope::On(place), Scope::Rows, Scope::Everywhere]
            }
        }
    }

    /// The present time.
    pub fn now(&self) -> Time {
        self.desk.now
    }

    /// Since when anything on show is waited for.
    pub fn waiting(&self) -> Option<Time> {
        let asked = match self.place {
            Place::Shop => self.shop.since(),
            Place::Customers => self.customers.since(),
            Place::Orders => self.orders.list.since(),
            Place::Top => self.top.since(),
            Place::Products => self.products.list.since(),
            Place::Events => self.events.list.since(),
            Place::Overview => self.overview.since(),
        };
        asked.into_iter().chain(self.sent.iter().map(|sent| sent.since)).min()
    }

    /// When something has to be done or drawn though no event comes.
    pub fn wake(&self) -> Duration {
        let now = self.now().millis();
        let due = match self.place {
            _ if self.link != Link::Up => None,
            Place::Shop => self.shop.due(self.editing()),
            Place::Customers => self.customers.due(),
            Place::Orders => self.orders.list.due(),
            Place::Top => self.top.due(),
            Place::Products => self.products.due(&self.overview),
            Place::Events => self.events.due(&self.overview),
            Place::Overview => self.overview.due(),
        };
        let toasts = self.toasts.iter().map(|toast| toast.until);
        let next = toasts.chain(due).map(|time| time.millis() - now).min().unwrap_or(1_000);
        let spin = if self.waiting().is_some() { 100 } else { 1_000 };
        Duration::from_millis(next.clamp(1, spin).unsigned_abs())
    }

    /// Whether edits of a cart are under way.
    pub fn editing(&self) -> bool {
        self.sent.iter().any(|sent| sent.change.deed.edits_cart_of().is_some())
    }

    /// Whether quitting would lose something.
    pub fn unsaved(&self) -> bool {
        !self.sent.is_empty() || self.dialogs.iter().any(Dialog::unsaved)
    }

    /// Tells short news.
    pub fn tell(&mut self, kind: News, text: impl Into<String>) {
        let shown = if kind == News::Bad { 8_000 } else { 5_000 };
        let until = Time::from_millis(self.now().millis() + shown);
        let text = text.into();
        self.toasts.retain(|toast| toast.text != text && (kind != News::Slow || toast.kind != News::Slow));
        self.toasts.push(Toast { kind, text, until });
        let most = self.toasts.len().saturating_sub(4);
        self.toasts.drain(..most);
    }
}
