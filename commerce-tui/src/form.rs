//! Forms: fields to fill in, read as the values of one operation. An error shows below its field.

use commerce_core::catalog::{self, Product};
use commerce_core::{
    Amount, Currency, Name, OrderId, ProductId, Quantity, Stock, UserId, cart, order, user, wallet,
};
use ratatui::crossterm::event::KeyEvent;

use crate::effect::Operation;
use crate::in_flight::SubmitState;
use crate::text_field::TextField;

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is for.
    pub kind: FormKind,
    /// Its fields, at least one.
    pub fields: Vec<FormField>,
    /// The index of the field that takes the keys.
    pub focus: usize,
    /// The state of the command that it submits.
    pub submit: SubmitState,
    modified: bool,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// Its label.
    pub label: &'static str,
    /// What may be entered, in a few words.
    pub hint: String,
    /// The text.
    pub input: TextField,
    /// What is wrong with the text.
    pub error: Option<String>,
}

/// What a form is for.
#[derive(Clone, Debug)]
pub enum FormKind {
    /// Adds a customer.
    AddUser,
    /// Charges a customer's wallet.
    Charge(UserId),
    /// Adds several units of a product to a cart.
    AddToCart(UserId, ProductId),
    /// Sets the quantity of a line of a cart.
    SetInCart(UserId, ProductId),
    /// Adds a product.
    AddProduct,
    /// Changes the name or the price of a product.
    UpdateProduct(Box<Product>),
    /// Adds or removes units of a product; holds the present stock.
    AdjustStock(ProductId, Stock),
    /// Cancels an order; holds the amount that is refunded, and to whom.
    CancelOrder(OrderId, Amount, UserId),
}

/// The index of a field, and what is wrong with it.
type FieldError = (usize, String);

impl Form {
    /// A form with the present values where there are any, empty otherwise.
    pub fn new(kind: FormKind, currency: Currency) -> Self {
        let amount = format!("in {currency}, for example {}", currency.format_amount(1_250));
        let id = "letters, digits and . _ @ -; cannot be changed later".to_owned();
        let name = "shown to people, in any language".to_owned();
        let field = |label, hint: &str, text: String| FormField {
            label,
            hint: hint.into(),
            input: TextField::of(text),
            error: None,
        };
        let empty = String::new;
        let fields = match &kind {
            FormKind::AddUser => vec![field("ID", &id, empty()), field("Name", "optional", empty())],
            FormKind::Charge(_) => vec![field("Amount", &amount, empty())],
            FormKind::AddToCart(..) | FormKind::SetInCart(..) => {
                vec![field("Quantity", "1 to 1,000,000", empty())]
            }
            FormKind::AddProduct => vec![
                field("ID", &id, empty()),
                field("Name", &name, empty()),
                field("Price", &amount, empty()),
                field("Stock", "initial units", "0".into()),
            ],
            FormKind::UpdateProduct(product) => vec![
                field("Name", &name, product.name.to_string()),
                field("Price", &amount, currency.format_amount(product.price.get())),
            ],
            FormKind::AdjustStock(..) => vec![
                field("Units", "for example 24, or -3 to remove three", empty()),
                field("Reason", "optional", empty()),
            ],
            FormKind::CancelOrder(..) => vec![field("Reason", "optional", empty())],
        };
        Self { kind, fields, focus: 0, submit: SubmitState::Idle, modified: false }
    }

    /// The same form with text in its first field.
    #[must_use]
    pub fn with_first_field(mut self, text: &str) -> Self {
        if let Some(field) = self.fields.first_mut() {
            field.input = TextField::of(text);
        }
        self
    }

    /// The title of the dialog.
    pub fn title(&self) -> String {
        match &self.kind {
            FormKind::AddUser => "New customer".into(),
            FormKind::Charge(user) => format!("Charge the wallet of {user}"),
            FormKind::AddToCart(user, product) => format!("Add {product} to the cart of {user}"),
            FormKind::SetInCart(user, product) => format!("Quantity of {product} in the cart of {user}"),
            FormKind::AddProduct => "New product".into(),
            FormKind::UpdateProduct(product) => format!("Edit {}", product.product),
            FormKind::AdjustStock(product, _) => format!("Adjust the stock of {product}"),
            FormKind::CancelOrder(order, ..) => format!("Cancel order {order}"),
        }
    }

    /// Whether the user has changed a field.
    pub fn is_modified(&self) -> bool {
        self.modified
    }

    /// Handles a key in the focused field.
    pub fn handle_key(&mut self, key: &KeyEvent) {
        if self.fields.get_mut(self.focus).is_some_and(|field| field.input.handle_key(key)) {
            self.mark_modified();
        }
    }

    /// Inserts pasted text into the focused field.
    pub fn paste(&mut self, text: &str) {
        if self.fields.get_mut(self.focus).is_some_and(|field| field.input.paste(text)) {
            self.mark_modified();
        }
    }

    /// Moves the focus by this many fields; after the last field comes the first.
    pub fn move_focus(&mut self, by: isize) {
        let fields = self.fields.len() as isize;
        self.focus = (self.focus as isize + by).rem_euclid(fields.max(1)) as usize;
    }

    /// Whether the last field has the focus.
    pub fn is_on_last_field(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    /// Reads the fields as an operation. If a field is wrong it gets an error and the focus.
    pub fn parse(&mut self, currency: Currency) -> Option<Operation> {
        self.clear_errors();
        match self.operation(currency) {
            Ok(operation) => Some(operation),
            Err((index, error)) => {
                self.focus = index;
                if let Some(field) = self.fields.get_mut(index) {
                    field.error = Some(error);
                }
                None
            }
        }
    }

    // Other values make another operation: it must not be sent under the key of the one that failed.
    fn mark_modified(&mut self) {
        self.modified = true;
        self.submit = SubmitState::Idle;
        self.clear_errors();
    }

    fn clear_errors(&mut self) {
        for field in &mut self.fields {
            field.error = None;
        }
    }

    fn operation(&self, currency: Currency) -> Result<Operation, FieldError> {
        let text = |index: usize| self.fields.get(index).map_or("", |field| field.input.text().trim());
        let name = |index| Name::try_from(text(index)).map_err(|error| (index, error.to_string()));
        let optional_name = |index| (!text(index).is_empty()).then(|| name(index)).transpose();
        let money = |index| {
            let amount = currency.parse_amount(&without_separators(text(index)));
            amount.map_err(|error| (index, error.to_string()))
        };
        let integer = |index: usize| {
            let number = without_separators(text(index)).parse::<i64>();
            number.map_err(|_| (index, format!("must be a whole number, got {:?}", text(index))))
        };
        let quantity = |index| {
            let error = |_| (index, format!("must be 1 to {}", Quantity::MAX));
            Quantity::try_from(integer(index)?).map_err(error)
        };
        Ok(match &self.kind {
            FormKind::AddUser => {
                let user = UserId::try_from(text(0)).map_err(|error| (0, error.to_string()))?;
                Operation::AddUser(user::Add { user, name: optional_name(1)? })
            }
            FormKind::Charge(user) => {
                let charge = wallet::Charge::new(user.clone(), money(0)?);
                Operation::Charge(charge.map_err(|error| (0, error.to_string()))?)
            }
            FormKind::AddToCart(user, product) => {
                Operation::AddToCart(cart::Add::one(user.clone(), product.clone(), quantity(0)?))
            }
            FormKind::SetInCart(user, product) => {
                Operation::SetInCart(cart::Set::one(user.clone(), product.clone(), Some(quantity(0)?)))
            }
            FormKind::AddProduct => {
                let product = ProductId::try_from(text(0)).map_err(|error| (0, error.to_string()))?;
                let (name, price) = (name(1)?, money(2)?);
                let error = |_| (3, "must be 0 or more".to_owned());
                let stock = Stock::try_from(integer(3)?).map_err(error)?;
                Operation::AddProduct(catalog::Add { product, name, price, stock })
            }
            FormKind::UpdateProduct(product) => {
                let (name, price) = (name(0)?, money(1)?);
                Operation::UpdateProduct(catalog::Update {
                    product: product.product.clone(),
                    name: (name != product.name).then_some(name),
                    price: (price != product.price).then_some(price),
                    active: None,
                    if_match: None,
                })
            }
            FormKind::AdjustStock(product, _) => {
                let adjust = catalog::Adjust::new(product.clone(), integer(0)?, optional_name(1)?);
                Operation::AdjustStock(adjust.map_err(|error| (0, error.to_string()))?)
            }
            FormKind::CancelOrder(order, ..) => {
                Operation::CancelOrder(order::Cancel { order: *order, reason: optional_name(0)? })
            }
        })
    }
}

// Removes the commas between thousands, which the console itself shows. A comma anywhere else stays and makes the
// number invalid: `12,50` must not become 1250.
fn without_separators(text: &str) -> String {
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = text.split('.').next().unwrap_or(text);
    let groups: Vec<&str> = whole.trim_start_matches('-').split(',').collect();
    let separated = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[1..].iter().all(|group| group.len() == 3);
    if separated { text.replace(',', "") } else { text.to_owned() }
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
        let kind = FormKind::Charge(UserId::try_from("alice").unwrap());
        let read = |text: &str| {
            let mut form = Form::new(kind.clone(), dollar).with_first_field(text);
            let operation = form.parse(dollar).map(|operation| format!("{operation:?}"));
            operation.ok_or_else(|| form.fields[0].error.clone().unwrap())
        };
        assert!(read("1,250.50").unwrap().contains("Amount(125050)"));
        assert!(read("12.505").unwrap_err().contains("USD"));
        assert!(read("12,50").unwrap_err().contains("USD"), "a decimal comma is no thousands' comma");
        assert!(read("0").unwrap_err().contains("at least 1"));
        assert!(read("").is_err());
    }

    #[test]
    fn an_error_gets_the_focus_and_disappears_with_the_next_key() {
        let mut form = Form::new(FormKind::AddProduct, won()).with_first_field("mug");
        form.focus = 3;
        assert!(form.parse(won()).is_none());
        assert_eq!((form.focus, form.fields[1].error.is_some()), (1, true));
        form.paste("Mug");
        assert!(form.fields.iter().all(|field| field.error.is_none()));
        assert!(form.is_modified());
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
        let mut form = Form::new(FormKind::UpdateProduct(Box::new(product)), won());
        form.focus = 1;
        form.paste("0");
        let Some(Operation::UpdateProduct(update)) = form.parse(won()) else { panic!("no update") };
        assert_eq!((update.name, update.price), (None, Amount::try_from(12_000).ok()));
    }
}
