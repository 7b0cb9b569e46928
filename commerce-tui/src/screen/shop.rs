//! The shop: the catalogue on the left, the cart of the chosen customer on the right.

use std::time::Duration;

use commerce_core::cart::{self, Cart, Line};
use commerce_core::catalog::{self, Product, Sort};
use commerce_core::user::{self, User};
use commerce_core::{Error, ProductId, Quantity, Time, UserId};

use crate::desk::Desk;
use crate::effect::{Ask, Deed, Topic};
use crate::input::Field;
use crate::list::List;
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
    pub(crate) fn foresee(&mut self, product: &ProductId, quantity: Option<Quantity>) {
        let Some(Cart { user, mut lines, .. }) = self.cart.value.take() else { return };
        match quantity {
            Some(quantity) => {
                for line in lines.iter_mut().filter(|line| line.product == *product) {
                    line.quantity = quantity;
                }
            }
            None => lines.retain(|line| line.product != *product),
        }
        self.cart.value = Some(Cart::new(user, lines));
        self.spot.go(Move::By(0), self.lines().len());
    }

    /// What brings the cart back to what it is now, as far as an edit is about to change it.
    pub(crate) fn way_back(&self, deed: &Deed) -> Vec<Deed> {
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
