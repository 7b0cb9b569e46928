//! The state of the console. Only `update` changes it; `view` only reads it.

use std::time::Duration;

use commerce_core::{Currency, Key, Time, UserId};
use ratatui::layout::Size;

use crate::dialog::Dialog;
use crate::effect_queue::EffectQueue;
use crate::in_flight::InFlight;
use crate::keys::Scope;
use crate::navigation::{Pane, Screen};
use crate::role::Role;
use crate::screen::{Customers, Events, Orders, Overview, Products, Shop, Top};
use crate::theme::Theme;
use crate::toast::{Toast, ToastKind};

/// The state.
#[derive(Clone, Debug)]
pub struct State {
    /// What does not change while the console runs.
    pub config: Config,
    /// The time, and the effects of the event that is being handled.
    pub effects: EffectQueue,
    /// The size of the terminal.
    pub size: Size,
    /// The screen that is shown.
    pub screen: Screen,
    /// The focused pane of each screen.
    pub focus: [Pane; Screen::ALL.len()],
    /// The open dialogs; the last one takes the keys.
    pub dialogs: Vec<Dialog>,
    /// The messages above the footer, oldest first.
    pub toasts: Vec<Toast>,
    /// Whether the store can be read.
    pub store_status: StoreStatus,
    /// Whether the store syncs its commits. A libSQL server may not.
    pub is_synced: bool,
    /// Since when changes fail because the store cannot be written, as far as this console knows.
    pub write_failing_since: Option<Time>,
    /// Whether changes by others show at once.
    pub update_mode: UpdateMode,
    /// The commands whose outcome has not arrived.
    pub in_flight: Vec<InFlight>,
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
pub struct Config {
    /// The currency of the store.
    pub currency: Currency,
    /// The name of the store in the header.
    pub store: String,
    /// Whether the store is at another machine, to which the connection may be lost for a while.
    pub is_remote: bool,
    /// Who uses the console.
    pub role: Role,
    /// Whether the console refuses to change anything.
    pub read_only: bool,
    /// The colours.
    pub theme: Theme,
}

/// Whether the store can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreStatus {
    /// It can.
    Available,
    /// It has been unreachable since then. The console keeps trying.
    Unavailable(Time),
    /// Its file was removed or replaced. The console does not try again: a new one must be started for whatever store
    /// is there then.
    Gone,
    /// Its server has refused the token, which has expired or was revoked. The console asks only whether that has
    /// changed.
    Denied,
}

impl Config {
    /// Whether the console may change the store.
    pub fn may_change(&self) -> bool {
        !self.read_only && self.role != Role::Viewer
    }
}

/// Whether changes by others show at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateMode {
    /// They show within a second.
    Live,
    /// The user has frozen the screen.
    Frozen,
    /// The user has frozen the screen, and the store has changed since.
    FrozenStale,
}

/// The most toasts that are shown.
const MAX_TOASTS: usize = 4;

impl State {
    /// The state at the start, with nothing loaded. Every idempotency key of this run starts with `key_prefix`, which
    /// must differ from run to run. `customer` is whose cart is shown, unless the role has a user of its own.
    pub fn new(config: Config, customer: Option<UserId>, size: Size, now: Time, key_prefix: Key) -> Self {
        let own_user = config.role.own_user().cloned();
        Self {
            config,
            effects: EffectQueue::new(now, key_prefix),
            size,
            screen: Screen::Shop,
            focus: [Pane::Left; Screen::ALL.len()],
            dialogs: Vec::new(),
            toasts: Vec::new(),
            store_status: StoreStatus::Available,
            is_synced: true,
            write_failing_since: None,
            update_mode: UpdateMode::Live,
            in_flight: Vec::new(),
            shop: Shop { customer: own_user.clone().or(customer), ..Shop::default() },
            customers: Customers::default(),
            top: Top { shows_sales: own_user.is_none(), ..Top::default() },
            orders: Orders { user: own_user, ..Orders::default() },
            products: Products::default(),
            events: Events::default(),
            overview: Overview::default(),
        }
    }

    /// The focused pane.
    pub fn pane(&self) -> Pane {
        self.focus[self.screen as usize]
    }

    /// The scopes whose keys work now.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.dialogs.last() {
            Some(dialog) => vec![dialog.scope()],
            None => {
                let (screen, pane) = (self.screen, self.pane());
                vec![Scope::In(screen, pane), Scope::On(screen), Scope::Rows, Scope::Global]
            }
        }
    }

    /// The time of the last event.
    pub fn now(&self) -> Time {
        self.effects.now
    }

    /// Since when the screen waits for the store: for an answer that it shows, or for the outcome of a command.
    pub fn waiting_since(&self) -> Option<Time> {
        let answers = match self.screen {
            Screen::Shop => self.shop.pending_since(),
            Screen::Customers => self.customers.pending_since(),
            Screen::Orders => self.orders.list.pending_since(),
            Screen::Top => self.top.pending_since(),
            Screen::Products => self.products.pending_since(),
            Screen::Events => self.events.list.pending_since(),
            Screen::Overview => self.overview.pending_since(),
        };
        answers.into_iter().chain(self.in_flight.iter().map(|sent| sent.since)).min()
    }

    /// How long to wait for an event before a tick is due: to fetch, to remove a toast, to turn the spinner.
    pub fn next_tick(&self) -> Duration {
        let now = self.now().millis();
        let fetch = match self.screen {
            _ if self.store_status != StoreStatus::Available => None,
            Screen::Shop => self.shop.due_at(self.is_editing_cart()),
            Screen::Customers => self.customers.due_at(),
            Screen::Orders => self.orders.list.due_at(),
            Screen::Top => self.top.due_at(),
            Screen::Products => self.products.due_at(&self.overview),
            Screen::Events => self.events.due_at(&self.overview),
            Screen::Overview => self.overview.due_at(),
        };
        let toasts = self.toasts.iter().map(|toast| toast.expires_at);
        let next = toasts.chain(fetch).map(|time| time.millis() - now).min().unwrap_or(1_000);
        let longest = if self.waiting_since().is_some() { 100 } else { 1_000 };
        Duration::from_millis(next.clamp(1, longest).unsigned_abs())
    }

    /// Whether edits of a cart are in flight.
    pub fn is_editing_cart(&self) -> bool {
        self.in_flight.iter().any(|sent| sent.command.operation.edits_cart_of().is_some())
    }

    /// Whether quitting now would lose the outcome of a command or what the user has typed.
    pub fn has_unsaved_work(&self) -> bool {
        !self.in_flight.is_empty() || self.dialogs.iter().any(Dialog::has_unsaved_input)
    }

    /// Shows a message. It replaces one with the same text, and the oldest if there are too many.
    pub fn show_toast(&mut self, kind: ToastKind, text: impl Into<String>) {
        let shown_for = if kind == ToastKind::Error { 8_000 } else { 5_000 };
        let expires_at = Time::from_millis(self.now().millis() + shown_for);
        let text = text.into();
        let is_slow = |kind: ToastKind| kind == ToastKind::SlowStore;
        self.toasts.retain(|toast| toast.text != text && !(is_slow(kind) && is_slow(toast.kind)));
        self.toasts.push(Toast { kind, text, expires_at });
        let excess = self.toasts.len().saturating_sub(MAX_TOASTS);
        self.toasts.drain(..excess);
    }
}
