//! Forms: fields to fill in, read as the values of one operation, with a fault told at its field.

use commerce_core::catalog::{self, Product};
use commerce_core::{
    Amount, Currency, Name, OrderId, ProductId, Quantity, Stock, UserId, cart, order, user, wallet,
};
use ratatui::crossterm::event::KeyEvent;

use crate::effect::Deed;
use crate::in_flight::Sending;
use crate::input::Field;

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is for.
    pub purpose: Purpose,
    /// Its fields.
    pub fields: Vec<Entry>,
    /// The field that takes the keys.
    pub focus: usize,
    /// How far the change is.
    pub sending: Sending,
    typed: bool,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is called.
    pub label: &'static str,
    /// What may stand there.
    pub hint: String,
    /// What stands there.
    pub field: Field,
    /// What is wrong with it.
    pub fault: Option<String>,
}

/// What a form is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// A new customer.
    AddUser,
    /// Money for a wallet.
    Charge(UserId),
    /// Several of a product, for the cart.
    AddToCart(UserId, ProductId),
    /// Another quantity of a line of the cart.
    SetInCart(UserId, ProductId),
    /// A new product.
    AddProduct,
    /// Another name or price.
    UpdateProduct(Box<Product>),
    /// Units that come or go.
    Restock(ProductId, Stock),
    /// An order that is cancelled, with what goes back.
    Cancel(OrderId, Amount, UserId),
}

type Fault = (usize, String);

impl Form {
    /// An empty form, or one with what is known already.
    pub fn new(purpose: Purpose, currency: Currency) -> Self {
        let amount = format!("in {currency}, such as {}", currency.format_amount(1_250));
        let id = "letters, digits and . _ @ -, for good".to_owned();
        let name = "what people read, in any language".to_owned();
        let entry = |label, hint: &str, text: String| Entry {
            label,
            hint: hint.into(),
            field: Field::of(text),
            fault: None,
        };
        let none = String::new;
        let fields = match &purpose {
            Purpose::AddUser => vec![entry("ID", &id, none()), entry("Name", "may be left out", none())],
            Purpose::Charge(_) => vec![entry("Amount", &amount, none())],
            Purpose::AddToCart(..) | Purpose::SetInCart(..) => {
                vec![entry("Quantity", "1 to 1,000,000", none())]
            }
            Purpose::AddProduct => vec![
                entry("ID", &id, none()),
                entry("Name", &name, none()),
                entry("Price", &amount, none()),
                entry("Stock", "units to begin with", "0".into()),
            ],
            Purpose::UpdateProduct(product) => vec![
                entry("Name", &name, product.name.to_string()),
                entry("Price", &amount, currency.format_amount(product.price.get())),
            ],
            Purpose::Restock(..) => vec![
                entry("Units", "such as 24, or -3 when they go", none()),
                entry("Reason", "may be left out", none()),
            ],
            Purpose::Cancel(..) => vec![entry("Reason", "may be left out", none())],
        };
        Self { purpose, fields, focus: 0, sending: Sending::Not, typed: false }
    }

    /// The same with something filled in.
    #[must_use]
    pub fn filled(mut self, text: &str) -> Self {
        if let Some(entry) = self.fields.first_mut() {
            entry.field = Field::of(text);
        }
        self
    }

    /// What it is called.
    pub fn title(&self) -> String {
        match &self.purpose {
            Purpose::AddUser => "New customer".into(),
            Purpose::Charge(user) => format!("Charge the wallet of {user}"),
            Purpose::AddToCart(user, product) => format!("Add {product} to the cart of {user}"),
            Purpose::SetInCart(user, product) => format!("Quantity of {product} in the cart of {user}"),
            Purpose::AddProduct => "New product".into(),
            Purpose::UpdateProduct(product) => format!("Edit {}", product.product),
            Purpose::Restock(product, _) => format!("Restock {product}"),
            Purpose::Cancel(order, ..) => format!("Cancel order {order}"),
        }
    }

    /// Whether something was typed.
    pub fn touched(&self) -> bool {
        self.typed
    }

    /// Takes a key into the focused field.
    pub fn press(&mut self, key: &KeyEvent) {
        if self.fields.get_mut(self.focus).is_some_and(|entry| entry.field.press(key)) {
            self.changed();
        }
    }

    /// Takes pasted text into the focused field.
    pub fn paste(&mut self, text: &str) {
        if self.fields.get_mut(self.focus).is_some_and(|entry| entry.field.paste(text)) {
            self.changed();
        }
    }

    /// Goes to another field, around the ends.
    pub fn step(&mut self, by: isize) {
        let fields = self.fields.len() as isize;
        self.focus = (self.focus as isize + by).rem_euclid(fields.max(1)) as usize;
    }

    /// Whether the focused field is the last.
    pub fn at_the_end(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    /// Reads the fields; a fault is told at its field, which gets the focus.
    pub fn read(&mut self, currency: Currency) -> Option<Deed> {
        for entry in &mut self.fields {
            entry.fault = None;
        }
        match self.deed(currency) {
            Ok(deed) => Some(deed),
            Err((place, fault)) => {
                self.focus = place;
                if let Some(entry) = self.fields.get_mut(place) {
                    entry.fault = Some(fault);
                }
                None
            }
        }
    }

    // Another content is another operation: it must not go out under the old key.
    fn changed(&mut self) {
        self.typed = true;
        self.sending = Sending::Not;
        for entry in &mut self.fields {
            entry.fault = None;
        }
    }

    fn deed(&self, currency: Currency) -> Result<Deed, Fault> {
        let text = |place: usize| self.fields.get(place).map_or("", |entry| entry.field.text().trim());
        let name = |place| Name::try_from(text(place)).map_err(|bad| (place, bad.to_string()));
        let perhaps = |place| (!text(place).is_empty()).then(|| name(place)).transpose();
        let money =
            |place| currency.parse_amount(&plain(text(place))).map_err(|error| (place, error.to_string()));
        let whole = |place: usize| {
            let number = plain(text(place)).parse::<i64>();
            number.map_err(|_| (place, format!("must be a whole number, got {:?}", text(place))))
        };
        let quantity = |place| {
            Quantity::try_from(whole(place)?).map_err(|_| (place, format!("must be 1 to {}", Quantity::MAX)))
        };
        Ok(match &self.purpose {
            Purpose::AddUser => {
                let user = UserId::try_from(text(0)).map_err(|bad| (0, bad.to_string()))?;
                Deed::AddUser(user::Add { user, name: perhaps(1)? })
            }
            Purpose::Charge(user) => {
                let charge = wallet::Charge::new(user.clone(), money(0)?);
                Deed::Charge(charge.map_err(|error| (0, error.to_string()))?)
            }
            Purpose::AddToCart(user, product) => {
                Deed::AddToCart(cart::Add::one(user.clone(), product.clone(), quantity(0)?))
            }
            Purpose::SetInCart(user, product) => {
                Deed::SetInCart(cart::Set::one(user.clone(), product.clone(), Some(quantity(0)?)))
            }
            Purpose::AddProduct => {
                let product = ProductId::try_from(text(0)).map_err(|bad| (0, bad.to_string()))?;
                let (name, price) = (name(1)?, money(2)?);
                let stock = Stock::try_from(whole(3)?).map_err(|_| (3, "must be 0 or more".to_owned()))?;
                Deed::AddProduct(catalog::Add { product, name, price, stock })
            }
            Purpose::UpdateProduct(product) => {
                let (name, price) = (name(0)?, money(1)?);
                Deed::UpdateProduct(catalog::Update {
                    product: product.product.clone(),
                    name: (name != product.name).then_some(name),
                    price: (price != product.price).then_some(price),
                    active: None,
                })
            }
            Purpose::Restock(product, _) => {
                let adjust = catalog::Adjust::new(product.clone(), whole(0)?, perhaps(1)?);
                Deed::Adjust(adjust.map_err(|error| (0, error.to_string()))?)
            }
            Purpose::Cancel(order, ..) => Deed::Cancel(order::Cancel { order: *order, reason: perhaps(0)? }),
        })
    }
}

// People part thousands as the console shows them. A comma anywhere else stays, and is a fault: `12,50` must
// not become 1250.
fn plain(text: &str) -> String {
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = text.split('.').next().unwrap_or(text);
    let groups: Vec<&str> = whole.trim_start_matches('-').split(',').collect();
    let apart = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[1..].iter().all(|group| group.len() == 3);
    if apart { text.replace(',', "") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn won() -> Currency {
        Currency::try_from("KRW").unwrap()
    }

    #[test]
    fn amounts_are_read_in_the_currencys_form() {
        let dollar = Currency::try_from("USD").unwrap();
        let purpose = Purpose::Charge(UserId::try_from("alice").unwrap());
        let read = |text: &str| {
            let mut form = Form::new(purpose.clone(), dollar).filled(text);
            let deed = form.read(dollar).map(|deed| format!("{deed:?}"));
            deed.ok_or_else(|| form.fields[0].fault.clone().unwrap())
        };
        assert!(read("1,250.50").unwrap().contains("Amount(125050)"));
        assert!(read("12.505").unwrap_err().contains("USD"));
        assert!(read("12,50").unwrap_err().contains("USD"), "a decimal comma is no thousands' comma");
        assert!(read("0").unwrap_err().contains("at least 1"));
        assert!(read("").is_err());
    }

    #[test]
    fn a_fault_gets_the_focus_and_goes_with_the_next_key() {
        let mut form = Form::new(Purpose::AddProduct, won()).filled("mug");
        form.focus = 3;
        assert!(form.read(won()).is_none());
        assert_eq!((form.focus, form.fields[1].fault.is_some()), (1, true));
        form.paste("Mug");
        assert!(form.fields.iter().all(|entry| entry.fault.is_none()));
        assert!(form.touched());
    }

    #[test]
    fn only_what_changed_is_updated() {
        let product = Product {
            product: ProductId::try_from("mug").unwrap(),
            name: Name::try_from("Mug").unwrap(),
            price: Amount::try_from(1_200).unwrap(),
            stock: Stock::try_from(3).unwrap(),
            active: true,
        };
        let mut form = Form::new(Purpose::UpdateProduct(Box::new(product)), won());
        form.focus = 1;
        form.paste("0");
        let Some(Deed::UpdateProduct(update)) = form.read(won()) else { panic!("no update") };
        assert_eq!((update.name, update.price), (None, Amount::try_from(12_000).ok()));
    }
}
