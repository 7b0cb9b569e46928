//! The shop: the catalogue on the left, the cart of the chosen customer on the right.

use std::time::Duration;

use commerce_core::cart::{self, Cart, Line};
use commerce_core::catalog::{self, Product, Sort};
use commerce_core::user::{self, User};
use commerce_core::{Amount, Error, LIMIT, ProductId, Quantity, Time, UserId};

use crate::desk::Desk;
use crate::dialog::{About, Dialog, Picking, Question, Sending};
use crate::effect::{Ask, Deed, Topic};
use crate::form::Purpose;
use crate::input::Field;
use crate::keys::Action;
use crate::list::List;
use crate::model::{News, State};
use crate::slot::Slot;
use crate::spot::{Move, Spot};

/// Screen 1.
#[derive(Clone, Debug)]
pub struct Shop {
    /// What is searched for.
    pub search: Field,
    /// The order of the catalogue.
    pub sort: Sort,
    /// What is on sale.
    pub list: List<Product>,
    /// Whose cart it is.
    pub customer: Option<UserId>,
    /// The customer, with the balance.
    pub who: Slot<User>,
    /// The cart.
    pub cart: Slot<Cart>,
    /// The selected line of the cart.
    pub spot: Spot,
    /// What takes each edit of the cart back, the last one last.
    pub undo: Vec<Vec<Deed>>,
    /// The edit of the cart that was sent last; the cart that it answers is the newest.
    pub edit: u64,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            search: Field::default(),
            sort: Sort::Name,
            list: List::default(),
            customer: None,
            who: Slot::default(),
            cart: Slot::default(),
            spot: Spot::default(),
            undo: Vec::new(),
            edit: 0,
        }
    }
}

impl Shop {
    /// The lines of the cart.
    pub fn lines(&self) -> &[Line] {
        self.cart.value.as_ref().map_or(&[], |cart| &cart.lines)
    }

    /// The selected line of the cart.
    pub fn line(&self) -> Option<&Line> {
        self.lines().get(self.spot.selected)
    }

    /// How many of a product are in the cart.
    pub fn in_cart(&self, product: &ProductId) -> Option<Quantity> {
        self.lines().iter().find(|line| line.product == *product).map(|line| line.quantity)
    }

    /// Since when anything is waited for.
    pub fn since(&self) -> Option<Time> {
        [self.list.since(), self.who.since(), self.cart.since()].into_iter().flatten().min()
    }

    /// When the next question is due. The cart is not asked for while edits of it are under way: the answer could
    /// be older than what is shown.
    pub fn due(&self, editing: bool) -> Option<Time> {
        let cart = if editing { None } else { self.cart.due() };
        let of_customer = self.customer.as_ref().and_then(|_| self.who.due().into_iter().chain(cart).min());
        self.list.due().into_iter().chain(of_customer).min()
    }

    /// Asks for what is wanted.
    pub fn settle(&mut self, desk: &mut Desk, editing: bool) {
        let (search, sort) = (super::wanted(self.search.text()), self.sort);
        self.list.settle(desk, Topic::Shop, |page| {
            Ask::Products(catalog::List { search: search.clone(), sort, active: Some(true), page })
        });
        if let Some(user) = self.customer.clone() {
            self.who.settle(desk, Topic::Customer, || Ask::User(user::Get { user: user.clone() }));
            if !editing {
                self.cart.settle(desk, Topic::Cart, || Ask::Cart(cart::Get { user }));
            }
        }
    }

    /// Wants newer answers.
    pub fn touch(&mut self) {
        self.list.touch();
        self.who.touch();
        self.cart.touch();
    }

    /// Goes on with another customer, or none.
    pub fn choose(&mut self, customer: Option<UserId>) {
        self.customer = customer;
        self.who.reset();
        self.cart.reset();
        self.undo.clear();
        self.spot.go(Move::To(0), 0);
    }

    /// Takes what the store says of the cart.
    pub fn take_cart(&mut self, number: u64, now: Time, took: Duration, told: Result<Cart, Error>) {
        self.cart.take(number, now, took, told);
        self.spot.go(Move::By(0), self.lines().len());
    }

    /// Takes the cart that an edit answered, if no later edit is under way.
    pub fn edited(&mut self, number: u64, cart: Cart) {
        if number >= self.edit && self.customer.as_ref() == Some(&cart.user) {
            self.cart.value = Some(cart);
            self.spot.go(Move::By(0), self.lines().len());
        }
    }

    /// Shows a quantity before the store has answered, so that quick keys add up.
    fn foresee(&mut self, product: &ProductId, quantity: Option<Quantity>) {
        let Some(cart) = &mut self.cart.value else { return };
        match quantity {
            Some(quantity) => {
                for line in cart.lines.iter_mut().filter(|line| line.product == *product) {
                    line.quantity = quantity;
                }
            }
            None => cart.lines.retain(|line| line.product != *product),
        }
        let amount = |line: &Line| i128::from(line.price.get()) * i128::from(line.quantity.get());
        let total: i128 = cart.lines.iter().map(amount).sum();
        let total = i64::try_from(total).unwrap_or(LIMIT).min(LIMIT);
        cart.total = Amount::new(total).unwrap_or_default();
        self.spot.go(Move::By(0), self.lines().len());
    }

    /// What brings the cart back to what it is now, as far as an edit is about to change it.
    fn way_back(&self, deed: &Deed) -> Vec<Deed> {
        let set = |user: &UserId, product: &ProductId, quantity| {
            Deed::SetInCart(cart::Set::one(user.clone(), product.clone(), quantity))
        };
        match deed {
            Deed::AddToCart(add) => {
                add.items.iter().map(|(product, _)| set(&add.user, product, self.in_cart(product))).collect()
            }
            Deed::SetInCart(edit) => edit
                .items
                .iter()
                .map(|(product, _)| set(&edit.user, product, self.in_cart(product)))
                .collect(),
            Deed::RemoveFromCart(remove) => {
                let back = |product| set(&remove.user, product, self.in_cart(product));
                remove.products.iter().map(back).collect()
            }
            Deed::ClearCart(clear) => {
                let back = |line: &Line| set(&clear.user, &line.product, Some(line.quantity));
                self.lines().iter().map(back).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl State {
    /// What the shop's own keys do.
    pub(crate) fn act_in_shop(&mut self, action: Action) {
        let product = self.shop.list.current().map(|product| product.product.clone());
        let line = self.shop.line().cloned();
        match (action, self.shop.customer.clone()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => {
                self.shop.sort = super::next_sort(self.shop.sort);
                self.shop.list.reset();
            }
            (Action::Who, _) => self.pick(Picking::Shop),
            (_, None) => {
                self.tell(News::Note, "First choose whose cart it is.");
                self.pick(Picking::Shop);
            }
            (Action::Charge, Some(user)) => self.open_form(Purpose::Charge(user)),
            (Action::Add, Some(user)) => {
                let one = Quantity::new(1);
                if let (Some(product), Some(quantity)) = (product, one) {
                    self.edit_cart(Deed::AddToCart(cart::Add::one(user, product, quantity)));
                }
            }
            (Action::AddMany, Some(user)) => {
                if let Some(product) = product {
                    self.open_form(Purpose::AddToCart(user, product));
                }
            }
            (Action::More | Action::Less, Some(user)) => {
                if let Some(line) = line {
                    let by = if action == Action::More { 1 } else { -1 };
                    let quantity = Quantity::new(line.quantity.get() + by);
                    if quantity.is_some() || action == Action::Less {
                        self.edit_cart(Deed::SetInCart(cart::Set::one(user, line.product, quantity)));
                    }
                }
            }
            (Action::Edit, Some(user)) => {
                if let Some(line) = line {
                    self.open_form(Purpose::SetInCart(user, line.product));
                }
            }
            (Action::Remove, Some(user)) => {
                if let Some(line) = line {
                    self.edit_cart(Deed::RemoveFromCart(cart::Remove { user, products: vec![line.product] }));
                }
            }
            (Action::Clear, Some(user)) => {
                let about = About::ClearCart(user);
                self.dialogs.push(Dialog::Question(Question { about, sending: Sending::Not }));
            }
            (Action::Buy, Some(_)) => self.dialogs.push(Dialog::Checkout(Sending::Not)),
            (Action::Undo, Some(_)) => {
                for deed in self.shop.undo.pop().unwrap_or_default() {
                    self.send_edit(deed);
                }
            }
            _ => {}
        }
    }

    /// Sends an edit of the cart that can be undone.
    pub(crate) fn edit_cart(&mut self, deed: Deed) -> u64 {
        if deed.edits_cart_of() == self.shop.customer.as_ref() {
            let back = self.shop.way_back(&deed);
            self.shop.undo.push(back);
        }
        self.send_edit(deed)
    }

    fn send_edit(&mut self, deed: Deed) -> u64 {
        match &deed {
            Deed::SetInCart(edit) => {
                for (product, units) in edit.items.iter() {
                    self.shop.foresee(product, Quantity::new(units));
                }
            }
            Deed::RemoveFromCart(remove) => {
                for product in &remove.products {
                    self.shop.foresee(product, None);
                }
            }
            Deed::AddToCart(add) => {
                for (product, units) in add.items.iter() {
                    let sum = self.shop.in_cart(product).and_then(|held| Quantity::new(held.get() + units));
                    if sum.is_some() {
                        self.shop.foresee(product, sum);
                    }
                }
            }
            _ => {}
        }
        let number = self.send(deed);
        self.shop.edit = number;
        number
    }

    /// Takes what the store says of the chosen customer; one who does not exist is chosen no more.
    pub(crate) fn take_customer(&mut self, number: u64, took: Duration, told: Result<User, Error>) {
        let now = self.now();
        self.shop.who.take(number, now, took, told);
        if let Some(Error::Refused(refusal)) = &self.shop.who.fault {
            let told = refusal.to_string();
            self.tell(News::Bad, told);
            self.shop.choose(None);
            self.dialogs.retain(|dialog| !matches!(dialog, Dialog::Checkout(_)));
        }
    }
}
