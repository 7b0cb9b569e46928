//! Screen 1: the products on sale on the left, a customer's cart on the right.

use commerce_core::cart::{self, Cart, Line};
use commerce_core::catalog::{self, Product, Sort};
use commerce_core::user::{self, User};
use commerce_core::{Error, ProductId, Quantity, Time, UserId};

use crate::cache::{Arrival, Cached};
use crate::effect::{Operation, Query};
use crate::effect_queue::EffectQueue;
use crate::list::List;
use crate::selection::{Move, Selection};
use crate::text_field::TextField;

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The search.
    pub search: TextField,
    /// The sort order of the products.
    pub sort: Sort,
    /// The products on sale that match the search.
    pub list: List<Product>,
    /// The customer whose cart is shown.
    pub customer: Option<UserId>,
    /// That customer's account, with the balance.
    pub account: Cached<User>,
    /// That customer's cart, with the edits in flight applied.
    pub cart: Cached<Cart>,
    /// The selected line of the cart.
    pub cart_selection: Selection,
    /// The operations that undo each edit of the cart, the last edit last.
    pub undo_stack: Vec<Vec<Operation>>,
    /// The id of the last edit sent. Only its reply has all edits applied.
    pub last_edit: u64,
}

impl Shop {
    /// The lines of the cart.
    pub fn lines(&self) -> &[Line] {
        self.cart.value.as_ref().map_or(&[], |cart| &cart.lines)
    }

    /// The selected line of the cart.
    pub fn selected_line(&self) -> Option<&Line> {
        self.lines().get(self.cart_selection.selected)
    }

    /// How many units of a product are in the cart.
    pub fn quantity_in_cart(&self, product: &ProductId) -> Option<Quantity> {
        self.lines().iter().find(|line| line.product == *product).map(|line| line.quantity)
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        let customer = [self.account.pending_since(), self.cart.pending_since()];
        customer.into_iter().chain([self.list.pending_since()]).flatten().min()
    }

    /// When the next request is due, if one is. The cart is not fetched while edits of it are in flight, because the
    /// answer could be older than the edits.
    pub fn due_at(&self, is_editing_cart: bool) -> Option<Time> {
        let cart = if is_editing_cart { None } else { self.cart.due_at() };
        let customer =
            self.customer.as_ref().and_then(|_| self.account.due_at().into_iter().chain(cart).min());
        self.list.due_at().into_iter().chain(customer).min()
    }

    /// Queues the queries that are due; for the cart see [`Shop::due_at`].
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue, is_editing_cart: bool) {
        let (search, sort) = (super::search_text(&self.search), self.sort);
        self.list.fetch_if_due(effects, |number, page| {
            Query::ShopProducts(
                number,
                catalog::List { search: search.clone(), sort, active: Some(true), page },
            )
        });
        if let Some(user) = self.customer.clone() {
            self.account.fetch_if_due(effects, || Query::Customer(user::Get { user: user.clone() }));
            if !is_editing_cart {
                self.cart.fetch_if_due(effects, || Query::Cart(cart::Get { user }));
            }
        }
    }

    /// Marks everything as out of date.
    pub fn mark_stale(&mut self) {
        self.list.mark_stale();
        self.account.mark_stale();
        self.cart.mark_stale();
    }

    /// Switches to another customer, or to none.
    pub fn choose_customer(&mut self, customer: Option<UserId>) {
        self.customer = customer;
        self.account.reset();
        self.cart.reset();
        self.undo_stack.clear();
        self.cart_selection.apply(Move::To(0), 0);
    }

    /// Stores the answer to the query of the cart.
    pub fn receive_cart(&mut self, arrival: Arrival, result: Result<Cart, Error>) {
        self.cart.receive(arrival, result);
        self.cart_selection.clamp(self.lines().len());
    }

    /// Stores the cart in the reply to the edit with this id, unless a later edit is in flight.
    pub fn receive_edited_cart(&mut self, id: u64, cart: Cart) {
        if id >= self.last_edit && self.customer.as_ref() == Some(&cart.user) {
            self.cart.value = Some(cart);
            self.cart_selection.clamp(self.lines().len());
        }
    }

    /// Applies an edit of the cart before the store has replied (an optimistic update), so that quick keys add up.
    pub fn apply_optimistically(&mut self, edit: &Operation) {
        match edit {
            Operation::SetInCart(set) => {
                for (product, units) in set.items.iter() {
                    self.show_quantity(product, Quantity::try_from(units).ok());
                }
            }
            Operation::RemoveFromCart(remove) => {
                for product in &remove.products {
                    self.show_quantity(product, None);
                }
            }
            Operation::AddToCart(add) => {
                for (product, units) in add.items.iter() {
                    let present = self.quantity_in_cart(product);
                    let sum = present.and_then(|present| Quantity::try_from(present.get() + units).ok());
                    if sum.is_some() {
                        self.show_quantity(product, sum);
                    }
                }
            }
            _ => {}
        }
    }

    /// The operations that undo an edit of the cart which has not been applied yet.
    pub fn inverse(&self, edit: &Operation) -> Vec<Operation> {
        let restore = |user: &UserId, product: &ProductId| {
            let quantity = self.quantity_in_cart(product);
            Operation::SetInCart(cart::Set::one(user.clone(), product.clone(), quantity))
        };
        match edit {
            Operation::AddToCart(add) => {
                add.items.iter().map(|(product, _)| restore(&add.user, product)).collect()
            }
            Operation::SetInCart(set) => {
                set.items.iter().map(|(product, _)| restore(&set.user, product)).collect()
            }
            Operation::RemoveFromCart(remove) => {
                remove.products.iter().map(|product| restore(&remove.user, product)).collect()
            }
            Operation::ClearCart(clear) => {
                self.lines().iter().map(|line| restore(&clear.user, &line.product)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn show_quantity(&mut self, product: &ProductId, quantity: Option<Quantity>) {
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
        self.cart_selection.clamp(self.lines().len());
    }
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            search: TextField::default(),
            sort: Sort::Name,
            list: List::default(),
            customer: None,
            account: Cached::default(),
            cart: Cached::default(),
            cart_selection: Selection::default(),
            undo_stack: Vec::new(),
            last_edit: 0,
        }
    }
}
