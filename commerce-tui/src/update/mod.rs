//! What an event does to the state. It is a pure function, so tests need neither a terminal nor a store.

mod actions;
mod answers;
mod customers;
mod dialogs;
mod events;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod invariants;
mod orders;
mod overview;
mod products;
mod selection;
mod shop;
mod submit;
#[cfg(test)]
mod tests;
mod top;

use commerce_core::{Error, Time};
use ratatui::crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use ratatui::layout::Size;

use crate::effect::{Effect, Reply, Response};
use crate::model::{State, StoreStatus, UpdateMode};
use crate::navigation::Screen;
use crate::toast::ToastKind;

/// Something that happened outside the state.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse was moved, clicked or scrolled.
    Mouse(MouseEvent),
    /// The terminal was resized.
    Resize(Size),
    /// Nothing but time has passed.
    Tick,
    /// The store answered a query.
    Answered(Box<Response>),
    /// The command with this id completed.
    Completed(u64, Box<Result<Reply, Error>>),
    /// This console or another process committed to the store.
    StoreChanged,
    /// The store cannot be read.
    StoreUnavailable(Error),
    /// The server of the shop does not answer, for this reason.
    ConnectionLost(String),
    /// The store can be read again.
    StoreAvailable,
    /// Whether the store now syncs its commits.
    StoreSynced(bool),
    /// The process was asked to suspend (SIGTSTP).
    Suspend,
    /// The process was continued (SIGCONT).
    Resumed,
    /// The process must end, because of a signal or because a thread panicked.
    Stop,
}

/// How long the store may take before a message says so, in milliseconds.
const SLOW_AFTER: i64 = 5_000;

/// Handles an event at the time `now`: changes the state, and returns the effects in order.
pub fn update(state: &mut State, event: Event, now: Time) -> Vec<Effect> {
    state.effects.now = now;
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => state.handle_key(&key),
        Event::Key(_) | Event::Tick => {}
        Event::Paste(text) => state.handle_paste(&text),
        Event::Mouse(mouse) => state.handle_mouse(mouse),
        Event::Resize(size) => state.size = size,
        Event::Answered(response) => state.receive(*response),
        Event::Completed(id, outcome) => state.handle_outcome(id, *outcome),
        Event::StoreChanged => {
            state.write_failing_since = None;
            match state.update_mode {
                UpdateMode::Live => state.mark_stale(),
                UpdateMode::Frozen | UpdateMode::FrozenStale => state.update_mode = UpdateMode::FrozenStale,
            }
        }
        Event::StoreUnavailable(error) => state.handle_unavailable_store(&error),
        Event::ConnectionLost(reason) => {
            if state.store_status == StoreStatus::Available {
                state.store_status = StoreStatus::Unavailable(state.now());
                state.show_toast(
                    ToastKind::Error,
                    format!("The server does not answer: {reason}. Reconnecting."),
                );
            }
        }
        Event::StoreAvailable => {
            if let StoreStatus::Unavailable(_) | StoreStatus::Denied = state.store_status {
                state.store_status = StoreStatus::Available;
                state.show_toast(ToastKind::Success, "The store is available again.");
                state.mark_stale();
            }
        }
        Event::StoreSynced(synced) => state.is_synced = synced,
        Event::Suspend => state.effects.push(Effect::Suspend),
        Event::Resumed => state.effects.push(Effect::Redraw),
        Event::Stop => state.effects.push(Effect::Quit),
    }
    state.finish_event();
    state.effects.take()
}

impl State {
    /// What follows every event: toasts expire, selections stay within their rows, what is shown and due is fetched.
    fn finish_event(&mut self) {
        let now = self.now();
        self.toasts.retain(|toast| toast.expires_at > now);
        self.overview.clamp_selections();
        self.orders.clamp_selections();
        self.update_heights();
        if self.store_status != StoreStatus::Available {
            return;
        }
        if let Some(since) = self.waiting_since().filter(|since| now.millis() - since.millis() > SLOW_AFTER) {
            let seconds = (now.millis() - since.millis()) / 1_000;
            if !self.toasts.iter().any(|toast| toast.kind == ToastKind::SlowStore) {
                let text = format!("The store has not answered for {seconds} s; still waiting.");
                self.show_toast(ToastKind::SlowStore, text);
            }
        }
        self.fetch_if_due();
    }

    fn fetch_if_due(&mut self) {
        let is_editing_cart = self.is_editing_cart();
        let effects = &mut self.effects;
        match self.screen {
            Screen::Shop => self.shop.fetch_if_due(effects, is_editing_cart),
            Screen::Customers => self.customers.fetch_if_due(effects),
            Screen::Orders => self.orders.fetch_if_due(effects),
            Screen::Top => self.top.fetch_if_due(effects),
            Screen::Products => {
                self.products.fetch_if_due(effects);
                if self.products.history_of.is_none() {
                    self.overview.fetch_low_stock_if_due(effects);
                }
            }
            Screen::Events => {
                self.events.fetch_if_due(effects);
                self.overview.fetch_outbox_if_due(effects);
            }
            Screen::Overview => self.overview.fetch_if_due(effects),
        }
        self.fetch_picker_if_due();
    }

    /// Notes that the store cannot be read, and says so once.
    fn handle_unavailable_store(&mut self, error: &Error) {
        match (error, self.store_status) {
            (_, StoreStatus::Gone) => {}
            (Error::Gone(_), _) => {
                self.store_status = StoreStatus::Gone;
                self.show_toast(ToastKind::Error, error.to_string());
            }
            (_, StoreStatus::Denied) => {}
            (Error::Unauthenticated(_), _) => {
                self.store_status = StoreStatus::Denied;
                // It says what to do.
                self.show_toast(ToastKind::Error, error.to_string());
            }
            (_, StoreStatus::Available) => {
                self.store_status = StoreStatus::Unavailable(self.now());
                self.show_toast(ToastKind::Error, format!("The store is unavailable: {error}. Retrying."));
            }
            (_, StoreStatus::Unavailable(_)) => {}
        }
    }
}
