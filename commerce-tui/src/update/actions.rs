//! Keys and actions that work on every screen, and when an action is disabled.

use commerce_core::outbox::DeliveryStatus;
use ratatui::crossterm::event::KeyEvent;

use crate::dialog::{ConfirmAction, ConfirmDialog, Dialog, cancellable};
use crate::effect::Effect;
use crate::keys::{self, Action};
use crate::model::{State, StoreStatus, UpdateMode};
use crate::navigation::{Pane, Screen};
use crate::palette::Palette;
use crate::selection::Move;
use crate::text_field::TextField;
use crate::toast::ToastKind;

impl State {
    pub(super) fn handle_key(&mut self, key: &KeyEvent) {
        let scopes = self.scopes();
        let action = keys::action_for(key, &scopes);
        if self.dialogs.is_empty() {
            if let Some(action) = action {
                self.handle_action(action);
            }
        } else {
            self.handle_dialog_key(key, action);
        }
    }

    /// Performs an action, or says why it is disabled.
    pub(super) fn handle_action(&mut self, action: Action) {
        if let Some(reason) = self.disabled_reason(action) {
            self.show_toast(ToastKind::Info, reason);
            return;
        }
        match action {
            Action::GoTo(screen) => self.go_to(screen),
            Action::NextPane | Action::PreviousPane => self.focus_pane(self.pane().other()),
            Action::Back => self.go_back(),
            Action::Help => self.dialogs.push(Dialog::Help(0)),
            Action::Palette => self.dialogs.push(Dialog::Palette(Palette::default())),
            Action::ToggleFreeze => self.toggle_freeze(),
            Action::Reload => self.refetch(),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Quit => self.request_quit(),
            Action::Up => self.move_selection(Move::By(-1)),
            Action::Down => self.move_selection(Move::By(1)),
            Action::PageUp => self.move_selection(Move::Pages(-1)),
            Action::PageDown => self.move_selection(Move::Pages(1)),
            Action::First => self.move_selection(Move::To(0)),
            Action::Last => self.move_selection(Move::End),
            other => match self.screen {
                Screen::Shop => self.handle_shop_action(other),
                Screen::Customers => self.handle_customers_action(other),
                Screen::Orders => self.handle_orders_action(other),
                Screen::Top => self.handle_top_action(other),
                Screen::Products => self.handle_products_action(other),
                Screen::Events => self.handle_events_action(other),
                Screen::Overview => self.handle_overview_action(other),
            },
        }
    }

    /// Why an action cannot be performed now, as far as the console knows.
    pub fn disabled_reason(&self, action: Action) -> Option<&'static str> {
        if let Some(reason) = self.config.role.refusal_of(action) {
            return Some(reason);
        }
        let changes_store = action.changes_store();
        let empty_cart = self.shop.lines().is_empty();
        let can_cancel = || self.orders.list.selected().is_some_and(|order| cancellable(order).is_some());
        let on_dead_event =
            || self.events.list.selected().is_some_and(|event| event.status == DeliveryStatus::Dead);
        match action {
            _ if changes_store && self.config.read_only => Some("The console is read-only (--read-only)."),
            _ if changes_store && self.store_status == StoreStatus::Gone => {
                Some("The store is gone. Put it back and restart the console.")
            }
            _ if changes_store && self.store_status == StoreStatus::Denied => {
                Some("The server refuses the token; a valid one is needed.")
            }
            Action::CheckOut | Action::ClearCart if self.screen == Screen::Shop && empty_cart => {
                Some("The cart is empty.")
            }
            Action::Increase | Action::Decrease | Action::RemoveLine if empty_cart => {
                Some("The cart is empty.")
            }
            Action::Undo if self.shop.undo_stack.is_empty() => Some("There is nothing to undo."),
            Action::CancelOrder if !can_cancel() => Some("Only paid orders can be cancelled."),
            Action::RetryAllEvents if self.overview.dead_events().0 == 0 => Some("There are no dead events."),
            Action::RetryEvent if !on_dead_event() => Some("Only dead events can be retried."),
            Action::AllCustomers if self.orders.user.is_none() => {
                Some("The orders of all customers are already shown.")
            }
            _ => None,
        }
    }

    /// Shows a screen.
    pub(super) fn go_to(&mut self, screen: Screen) {
        self.screen = screen;
    }

    /// Focuses a pane of the screen.
    pub(super) fn focus_pane(&mut self, pane: Pane) {
        self.focus[self.screen as usize] = pane;
    }

    /// Quits, but asks first if that would lose something.
    pub(super) fn request_quit(&mut self) {
        if self.has_unsaved_work() {
            let is_quit_question = |dialog: &Dialog| {
                matches!(dialog, Dialog::Confirm(ConfirmDialog { action: ConfirmAction::Quit, .. }))
            };
            if !self.dialogs.iter().any(is_quit_question) {
                self.dialogs.push(Dialog::confirm(ConfirmAction::Quit));
            }
        } else {
            self.effects.push(Effect::Quit);
        }
    }

    pub(super) fn handle_paste(&mut self, text: &str) {
        match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) => form.paste(text),
            Some(Dialog::Search) => self.edit_search(|field| field.paste(text)),
            Some(Dialog::Picker(picker)) => picker.edit_search(|field| field.paste(text)),
            Some(Dialog::Palette(palette)) => {
                palette.input.paste(text);
                palette.selected = 0;
            }
            _ => {}
        }
    }

    /// Edits the search of the screen. `edit` returns whether it changed the text, which starts the list from the top.
    pub(super) fn edit_search(&mut self, edit: impl FnOnce(&mut TextField) -> bool) {
        if self.search_field().is_some_and(edit) {
            self.restart_search();
        }
    }

    pub(super) fn clear_search(&mut self) {
        if let Some(field) = self.search_field() {
            *field = TextField::default();
            self.restart_search();
        }
    }

    fn go_back(&mut self) {
        let is_searching = self.search_field().is_some_and(|field| !field.text().is_empty());
        if is_searching {
            self.clear_search();
        } else if self.pane() == Pane::Right {
            self.focus_pane(Pane::Left);
        } else if self.screen == Screen::Orders && self.disabled_reason(Action::AllCustomers).is_none() {
            self.orders.show_orders_of(None);
        }
    }

    fn toggle_freeze(&mut self) {
        self.update_mode = match self.update_mode {
            UpdateMode::Live => UpdateMode::Frozen,
            UpdateMode::Frozen => UpdateMode::Live,
            UpdateMode::FrozenStale => {
                self.mark_stale();
                UpdateMode::Live
            }
        };
    }

    fn search_field(&mut self) -> Option<&mut TextField> {
        match self.screen {
            Screen::Shop => Some(&mut self.shop.search),
            Screen::Customers => Some(&mut self.customers.search),
            Screen::Orders => Some(&mut self.orders.search),
            Screen::Products => Some(&mut self.products.search),
            _ => None,
        }
    }

    fn restart_search(&mut self) {
        match self.screen {
            Screen::Shop => self.shop.list.reset(),
            Screen::Customers => self.customers.list.reset(),
            Screen::Orders => self.orders.list.reset(),
            Screen::Products => self.products.list.reset(),
            _ => {}
        }
    }
}
