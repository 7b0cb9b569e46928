//! Keys in dialogs.

use commerce_core::{Page, user};
use ratatui::crossterm::event::KeyEvent;

use crate::dialog::{About, Dialog, Explained, Picker, Picking, Remedy};
use crate::effect::{Ask, Deed, Topic};
use crate::form::{Form, Purpose};
use crate::in_flight::Sending;
use crate::input::Field;
use crate::keys::{self, Action, Binding, Scope};
use crate::list::List;
use crate::model::State;
use crate::navigation::Pane;
use crate::palette;
use crate::spot::Move;

impl State {
    pub(super) fn press_in_dialog(&mut self, key: &KeyEvent, action: Option<Action>) {
        if action == Some(Action::Quit) {
            return self.quit();
        }
        match self.dialogs.last_mut() {
            Some(Dialog::Search) => self.press_in_search(key, action),
            Some(Dialog::Form(_)) => self.press_in_form(key, action),
            Some(Dialog::Checkout(_)) => self.press_in_checkout(action),
            Some(Dialog::Question(_)) => self.press_in_question(action),
            Some(Dialog::Refusal(_)) => self.press_in_refusal(action),
            Some(Dialog::Picker(_)) => self.press_in_picker(key, action),
            Some(Dialog::Palette(_)) => self.press_in_palette(key, action),
            Some(Dialog::Help(_)) => self.press_in_help(action),
            None => {}
        }
    }

    fn press_in_search(&mut self, key: &KeyEvent, action: Option<Action>) {
        match action {
            Some(Action::Accept) => drop(self.dialogs.pop()),
            Some(Action::Back) => {
                self.dialogs.pop();
                self.end_search();
            }
            Some(Action::Up) => self.step_in(Pane::Left, Move::By(-1)),
            Some(Action::Down) => self.step_in(Pane::Left, Move::By(1)),
            _ => self.type_search(|field| field.press(key)),
        }
    }

    fn press_in_form(&mut self, key: &KeyEvent, action: Option<Action>) {
        let currency = self.setup.currency;
        let Some(Dialog::Form(form)) = self.dialogs.last_mut() else { return };
        match action {
            // What is under way can be left, but not changed.
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(form.sending, Sending::Sent(_)) => {}
            Some(Action::NextField) => form.step(1),
            Some(Action::PreviousField) => form.step(-1),
            Some(Action::Accept) if !form.at_the_end() => form.step(1),
            Some(Action::Accept) => match form.sending.retry() {
                Some(change) => self.send_again(&change),
                None => {
                    if let Some(deed) = form.read(currency) {
                        self.send_from_dialog(deed);
                    }
                }
            },
            _ => form.press(key),
        }
    }

    fn press_in_checkout(&mut self, action: Option<Action>) {
        let Some(Dialog::Checkout(sending)) = self.dialogs.last() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(sending, Sending::Sent(_)) => {}
            Some(Action::Charge) => {
                let missing = self.missing();
                if let Some(user) = self.shop.customer.clone() {
                    self.open_charge(user, missing);
                }
            }
            Some(Action::Accept) => match sending.retry() {
                Some(change) => self.send_again(&change),
                None => self.check_out(),
            },
            _ => {}
        }
    }

    fn press_in_question(&mut self, action: Option<Action>) {
        let Some(Dialog::Question(question)) = self.dialogs.last() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            _ if matches!(question.sending, Sending::Sent(_)) => {}
            Some(Action::Accept) => match question.sending.retry() {
                Some(change) => self.send_again(&change),
                None => match question.about.clone() {
                    About::Quit => self.desk.want(crate::effect::Effect::Quit),
                    about => self.send_answered(about),
                },
            },
            _ => {}
        }
    }

    fn press_in_refusal(&mut self, action: Option<Action>) {
        let Some(Dialog::Refusal(Explained { remedies, .. })) = self.dialogs.last() else { return };
        let remedy = match action {
            Some(Action::Remedy(place)) => remedies.get(usize::from(place)).cloned(),
            Some(Action::Back) => None,
            _ => return,
        };
        let first = action == Some(Action::Remedy(0));
        if remedy.is_none() && action != Some(Action::Back) && !(first && remedies.is_empty()) {
            return;
        }
        self.dialogs.pop();
        match remedy {
            Some(Remedy::Charge(user, missing)) => self.open_charge(user, Some(missing)),
            Some(Remedy::Reduce(user, lines)) => {
                for (product, quantity) in lines {
                    let edit = commerce_core::cart::Set::one(user.clone(), product, quantity);
                    self.edit_cart(Deed::SetInCart(edit));
                }
            }
            Some(Remedy::Remove(user, products)) => {
                self.edit_cart(Deed::RemoveFromCart(commerce_core::cart::Remove { user, products }));
            }
            Some(Remedy::LookAgain) => self.dialogs.push(Dialog::Checkout(Sending::Not)),
            None => {}
        }
    }

    fn press_in_picker(&mut self, key: &KeyEvent, action: Option<Action>) {
        let Some(picker) = self.picker() else { return };
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Up) => picker.list.go(Move::By(-1)),
            Some(Action::Down) => picker.list.go(Move::By(1)),
            Some(Action::PageUp) => picker.list.go(Move::Pages(-1)),
            Some(Action::PageDown) => picker.list.go(Move::Pages(1)),
            Some(Action::New) => match self.hindrance(Action::New) {
                Some(hindrance) => self.tell(crate::toast::News::Note, hindrance),
                None => self.open_form(Purpose::AddUser),
            },
            Some(Action::Accept) => {
                let purpose = picker.purpose;
                if let Some(user) = picker.list.current().map(|user| user.user.clone()) {
                    self.dialogs.pop();
                    match purpose {
                        Picking::Shop => self.shop.choose(Some(user)),
                        Picking::Orders => self.orders.show_those_of(Some(user)),
                    }
                }
            }
            _ => picker.type_search(|field| field.press(key)),
        }
    }

    fn press_in_palette(&mut self, key: &KeyEvent, action: Option<Action>) {
        let Some(Dialog::Palette(palette)) = self.dialogs.last() else { return };
        let found = self.commands(palette.field.text());
        let (selected, last) = (palette.selected, found.len().saturating_sub(1));
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Accept) => {
                if let Some(command) = found.get(selected) {
                    self.dialogs.pop();
                    self.act(command.action);
                }
            }
            _ => {
                let Some(Dialog::Palette(palette)) = self.dialogs.last_mut() else { return };
                match action {
                    Some(Action::Up) => palette.selected = selected.saturating_sub(1),
                    Some(Action::Down) => palette.selected = (selected + 1).min(last),
                    _ => {
                        if palette.field.press(key) {
                            palette.selected = 0;
                        }
                    }
                }
            }
        }
    }

    fn press_in_help(&mut self, action: Option<Action>) {
        match action {
            Some(Action::Back) => drop(self.dialogs.pop()),
            Some(Action::Down) => self.scroll_dialog(1),
            Some(Action::Up) => self.scroll_dialog(-1),
            Some(Action::PageDown) => self.scroll_dialog(10),
            Some(Action::PageUp) => self.scroll_dialog(-10),
            _ => {}
        }
    }

    pub(super) fn scroll_dialog(&mut self, by: isize) {
        let last = self.help().len().saturating_sub(1);
        match self.dialogs.last_mut() {
            Some(Dialog::Help(top)) => *top = top.saturating_add_signed(by).min(last),
            Some(Dialog::Picker(picker)) => picker.list.go(Move::By(by)),
            Some(Dialog::Search) => self.step_in(Pane::Left, Move::By(by)),
            _ => {}
        }
    }

    /// The keys of the present screen, for the help.
    pub fn help(&self) -> Vec<&'static Binding> {
        let (place, pane) = (self.place, self.pane());
        let scopes = [
            Scope::In(place, pane),
            Scope::In(place, pane.other()),
            Scope::On(place),
            Scope::Rows,
            Scope::Everywhere,
        ];
        keys::bindings(&scopes).collect()
    }

    /// The commands that the palette finds, each once.
    pub fn commands(&self, typed: &str) -> Vec<&'static Binding> {
        let (place, pane) = (self.place, self.pane());
        let scopes = [Scope::In(place, pane), Scope::On(place), Scope::Everywhere];
        let can = |binding: &&Binding| {
            !matches!(binding.action, Action::Palette | Action::Back)
                && self.hindrance(binding.action).is_none()
        };
        palette::found(&keys::bindings(&scopes).filter(can).collect::<Vec<_>>(), typed)
    }

    /// Opens a form, unless nothing may be changed.
    pub(crate) fn open_form(&mut self, purpose: Purpose) {
        self.dialogs.push(Dialog::Form(Form::new(purpose, self.setup.currency)));
    }

    fn open_charge(&mut self, user: commerce_core::UserId, missing: Option<commerce_core::Amount>) {
        let currency = self.setup.currency;
        let mut form = Form::new(Purpose::Charge(user), currency);
        if let Some(missing) = missing {
            form = form.filled(&currency.format_amount(missing.get()));
        }
        self.dialogs.push(Dialog::Form(form));
    }

    /// Lets a customer be picked.
    pub(crate) fn pick(&mut self, purpose: Picking) {
        let (field, list) = (Field::default(), List::default());
        self.dialogs.push(Dialog::Picker(Box::new(Picker { purpose, field, list })));
    }

    pub(super) fn picker(&mut self) -> Option<&mut Picker> {
        self.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
            Dialog::Picker(picker) => Some(picker.as_mut()),
            _ => None,
        })
    }

    pub(super) fn settle_picker(&mut self) {
        let height = crate::layout::picker_rows(self.size);
        let Self { dialogs, desk, .. } = self;
        for dialog in dialogs {
            if let Dialog::Picker(picker) = dialog {
                picker.list.set_height(height);
                let typed = picker.field.text().trim();
                let search = (!typed.is_empty()).then(|| typed.to_owned());
                let ask = |page: Page| Ask::Users(user::List { search: search.clone(), page });
                picker.list.settle(desk, Topic::Picker, ask);
            }
        }
    }
}
