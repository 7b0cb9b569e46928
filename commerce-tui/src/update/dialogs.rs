//! Keys in dialogs.

use commerce_core::{Amount, UserId, cart, user};
use ratatui::crossterm::event::KeyEvent;

use crate::dialog::{CustomerPicker, Dialog, PickerPurpose, RefusalDialog, Remedy};
use crate::effect::{Operation, Query};
use crate::form::{Form, FormKind};
use crate::in_flight::SubmitState;
use crate::keys::{self, Action, Binding, Scope};
use crate::layout::picker_rows;
use crate::list::List;
use crate::model::State;
use crate::navigation::Pane;
use crate::palette;
use crate::screen::search_text;
use crate::selection::Move;
use crate::text_field::TextField;
use crate::toast::ToastKind;

impl State {
    /// Handles a key in the topmost dialog. `action` is the key's action in the scope of that dialog, if it has one.
    pub(super) fn handle_dialog_key(&mut self, key: &KeyEvent, action: Option<Action>) {
        if action == Some(Action::Quit) {
            return self.request_quit();
        }
        match self.dialogs.last_mut() {
            Some(Dialog::Search) => self.handle_search_key(key, action),
            Some(Dialog::Form(_)) => self.handle_form_key(key, action),
            Some(Dialog::Checkout(_)) => self.handle_checkout_key(action),
            Some(Dialog::Confirm(_)) => self.handle_confirm_key(action),
            Some(Dialog::Refusal(_)) => self.handle_refusal_key(action),
            Some(Dialog::Picker(_)) => self.handle_picker_key(key, action),
            Some(Dialog::Palette(_)) => self.handle_palette_key(key, action),
            Some(Dialog::Help(_)) => self.handle_help_key(action),
            None => {}
        }
    }

    fn handle_search_key(&mut self, key: &KeyEvent, action: Option<Action>) {
        match action {
            Some(Action::Accept) => drop(self.dialogs.pop()),
            Some(Action::Back) => {
                self.dialogs.pop();
                self.clear_search();
            }
            Some(Action::Up) => self.move_selection_in(Pane::Left, Move::By(-1)),
            Some(Action::Down) => self.move_selection_in(Pane::Left, Move::By(1)),
            _ => self.edit_search(|field| field.handle_key(key)),
        }
    }

    fn handle_form_key(&mut self, key: &KeyEvent, action: Option<Action>) {
        let currency = self.config.currency;
        let Some(Dialog::Form(form)) = self.dialogs.last_mut() else { return };
        match action {
            // A form whose command is in flight can be closed, but not edited.
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(form.submit, SubmitState::InFlight(_)) => {}
            Some(Action::NextField) => form.move_focus(1),
            Some(Action::PreviousField) => form.move_focus(-1),
            Some(Action::Accept) if !form.is_on_last_field() => form.move_focus(1),
            Some(Action::Accept) => match form.submit.retry() {
                Some(command) => self.resubmit(&command),
                None => {
                    if let Some(operation) = form.parse(currency) {
                        self.submit_from_dialog(operation);
                    }
                }
            },
            _ => form.handle_key(key),
        }
    }

    fn handle_checkout_key(&mut self, action: Option<Action>) {
        let Some(Dialog::Checkout(submit)) = self.dialogs.last() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(submit, SubmitState::InFlight(_)) => {}
            Some(Action::Charge) if self.disabled_reason(Action::Charge).is_some() => {}
            Some(Action::Charge) => {
                let missing = self.missing_balance();
                if let Some(user) = self.shop.customer.clone() {
                    self.open_charge_form(user, missing);
                }
            }
            Some(Action::Accept) => match submit.retry() {
                Some(command) => self.resubmit(&command),
                None => self.submit_checkout(),
            },
            _ => {}
        }
    }

    fn handle_confirm_key(&mut self, action: Option<Action>) {
        let Some(Dialog::Confirm(confirm)) = self.dialogs.last() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(confirm.submit, SubmitState::InFlight(_)) => {}
            Some(Action::Accept) => match confirm.submit.retry() {
                Some(command) => self.resubmit(&command),
                None => self.perform_confirmed(confirm.action.clone()),
            },
            _ => {}
        }
    }

    fn handle_refusal_key(&mut self, action: Option<Action>) {
        let Some(Dialog::Refusal(RefusalDialog { remedies, .. })) = self.dialogs.last() else { return };
        let remedy = match action {
            Some(Action::Remedy(index)) => remedies.get(usize::from(index)).cloned(),
            Some(Action::Back) => None,
            _ => return,
        };
        // Enter closes a dialog that has no remedy.
        let closes =
            action == Some(Action::Back) || (action == Some(Action::Remedy(0)) && remedies.is_empty());
        if remedy.is_none() && !closes {
            return;
        }
        self.dialogs.pop();
        match remedy {
            Some(Remedy::Charge(user, missing)) => self.open_charge_form(user, Some(missing)),
            Some(Remedy::Reduce(user, lines)) => {
                for (product, quantity) in lines {
                    let set = cart::Set::one(user.clone(), product, quantity);
                    self.submit_cart_edit(Operation::SetInCart(set));
                }
            }
            Some(Remedy::Remove(user, products)) => {
                self.submit_cart_edit(Operation::RemoveFromCart(cart::Remove { user, products }));
            }
            Some(Remedy::ReviewTotal) => self.dialogs.push(Dialog::Checkout(SubmitState::Idle)),
            None => {}
        }
    }

    fn handle_picker_key(&mut self, key: &KeyEvent, action: Option<Action>) {
        let Some(picker) = self.picker() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Up) => picker.list.move_selection(Move::By(-1)),
            Some(Action::Down) => picker.list.move_selection(Move::By(1)),
            Some(Action::PageUp) => picker.list.move_selection(Move::Pages(-1)),
            Some(Action::PageDown) => picker.list.move_selection(Move::Pages(1)),
            Some(Action::New) => match self.disabled_reason(Action::New) {
                Some(reason) => self.show_toast(ToastKind::Info, reason),
                None => self.open_form(FormKind::AddUser),
            },
            Some(Action::Accept) => {
                let purpose = picker.purpose;
                if let Some(user) = picker.list.selected().map(|user| user.user.clone()) {
                    self.dialogs.pop();
                    match purpose {
                        PickerPurpose::Cart => self.shop.choose_customer(Some(user)),
                        PickerPurpose::Orders => self.orders.show_orders_of(Some(user)),
                    }
                }
            }
            _ => picker.edit_search(|field| field.handle_key(key)),
        }
    }

    fn handle_palette_key(&mut self, key: &KeyEvent, action: Option<Action>) {
        let Some(Dialog::Palette(palette)) = self.dialogs.last() else { return };
        let found = self.find_commands(palette.input.text());
        let (selected, last) = (palette.selected, found.len().saturating_sub(1));
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Accept) => {
                if let Some(command) = found.get(selected) {
                    self.dialogs.pop();
                    self.handle_action(command.action);
                }
            }
            _ => {
                let Some(Dialog::Palette(palette)) = self.dialogs.last_mut() else { return };
                match action {
                    Some(Action::Up) => palette.selected = selected.saturating_sub(1),
                    Some(Action::Down) => palette.selected = (selected + 1).min(last),
                    _ => {
                        if palette.input.handle_key(key) {
                            palette.selected = 0;
                        }
                    }
                }
            }
        }
    }

    fn handle_help_key(&mut self, action: Option<Action>) {
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Down) => self.scroll_dialog(1),
            Some(Action::Up) => self.scroll_dialog(-1),
            Some(Action::PageDown) => self.scroll_dialog(10),
            Some(Action::PageUp) => self.scroll_dialog(-10),
            _ => {}
        }
    }

    /// Scrolls the topmost dialog by this many rows.
    pub(super) fn scroll_dialog(&mut self, by: isize) {
        let last = self.help_bindings().len().saturating_sub(1);
        match self.dialogs.last_mut() {
            Some(Dialog::Help(offset)) => *offset = offset.saturating_add_signed(by).min(last),
            Some(Dialog::Picker(picker)) => picker.list.move_selection(Move::By(by)),
            Some(Dialog::Search) => self.move_selection_in(Pane::Left, Move::By(by)),
            _ => {}
        }
    }

    /// The keys that the help lists: all of the screen, those of the focused pane first.
    pub fn help_bindings(&self) -> Vec<&'static Binding> {
        let (screen, pane) = (self.screen, self.pane());
        let scopes = [
            Scope::In(screen, pane),
            Scope::In(screen, pane.other()),
            Scope::On(screen),
            Scope::Rows,
            Scope::Global,
        ];
        keys::bindings(&scopes).collect()
    }

    /// The commands that match the text in the palette and are not disabled, the best match first.
    pub fn find_commands(&self, text: &str) -> Vec<&'static Binding> {
        let (screen, pane) = (self.screen, self.pane());
        let scopes = [Scope::In(screen, pane), Scope::On(screen), Scope::Global];
        let is_enabled = |binding: &&Binding| {
            !matches!(binding.action, Action::Palette | Action::Back)
                && self.disabled_reason(binding.action).is_none()
        };
        palette::search(&keys::bindings(&scopes).filter(is_enabled).collect::<Vec<_>>(), text)
    }

    /// Opens a form.
    pub(super) fn open_form(&mut self, kind: FormKind) {
        self.dialogs.push(Dialog::Form(Form::new(kind, self.config.currency)));
    }

    /// Lets the user choose a customer.
    pub(super) fn open_picker(&mut self, purpose: PickerPurpose) {
        let (search, list) = (TextField::default(), List::default());
        self.dialogs.push(Dialog::Picker(Box::new(CustomerPicker { purpose, search, list })));
    }

    /// The topmost choice of a customer, which may be below another dialog.
    pub(super) fn picker(&mut self) -> Option<&mut CustomerPicker> {
        self.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
            Dialog::Picker(picker) => Some(picker.as_mut()),
            _ => None,
        })
    }

    /// Queues the queries of every choice of a customer that are due.
    pub(super) fn fetch_picker_if_due(&mut self) {
        let height = picker_rows(self.size);
        let Self { dialogs, effects, .. } = self;
        for dialog in dialogs {
            if let Dialog::Picker(picker) = dialog {
                picker.list.set_height(height);
                let search = search_text(&picker.search);
                picker.list.fetch_if_due(effects, |number, page| {
                    Query::PickerCustomers(number, user::List { search: search.clone(), page })
                });
            }
        }
    }

    fn open_charge_form(&mut self, user: UserId, missing: Option<Amount>) {
        let currency = self.config.currency;
        let mut form = Form::new(FormKind::Charge(user), currency);
        if let Some(missing) = missing {
            form = form.with_first_field(&currency.format_amount(missing.get()));
        }
        self.dialogs.push(Dialog::Form(form));
    }
}
