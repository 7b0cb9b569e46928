//! The quantities that a cart is set to, and the two forms in which an operation on a cart names products: one product
//! with its quantity, or a list of items.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::error::Error;
use crate::id::{ProductId, UserId};
use crate::input::{Fields, FromInput, Input, json_object};
use crate::money::Quantity;
use crate::order::items::{WrittenItem, sorted, summed, summed_field, written};
use crate::text::ValueError;

/// 1 to 1,000 distinct products with their new quantities in a cart, in the order in which they were first named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantities(Vec<(ProductId, i64)>);

impl Quantities {
    /// Adds up the units of products that are named more than once. `None` removes a line.
    ///
    /// # Errors
    /// [`ValueError`] when there are none, or more than 1,000 distinct products.
    pub fn new(items: impl IntoIterator<Item = (ProductId, Option<Quantity>)>) -> Result<Self, ValueError> {
        Ok(Self(summed(items.into_iter().map(|(product, quantity)| (product, units(quantity))))?))
    }

    /// The quantity of one product. `None` removes its line.
    pub fn one(product: ProductId, quantity: Option<Quantity>) -> Self {
        Self(vec![(product, units(quantity))])
    }

    /// Each product with its units, 0 to remove it. The sum may exceed [`Quantity::MAX`]; the rule refuses that.
    pub fn iter(&self) -> impl Iterator<Item = (&ProductId, i64)> {
        self.0.iter().map(|(product, units)| (product, *units))
    }

    pub(super) fn sorted(&self) -> Option<Self> {
        sorted(&self.0).map(Self)
    }

    pub(super) fn as_slice(&self) -> &[(ProductId, i64)] {
        &self.0
    }

    /// Reads either form. A quantity may be 0.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        parse::<QuantityOrZero>(fields).map(Self)
    }
}

fn units(quantity: Option<Quantity>) -> i64 {
    quantity.map_or(0, Quantity::get)
}

/// A quantity, or 0.
struct QuantityOrZero(i64);

impl FromInput for QuantityOrZero {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        match input.integer()? {
            units @ 0..=Quantity::MAX => Ok(Self(units)),
            units => Err(ValueError::new(format!("must be 0 to {}, got {units}", Quantity::MAX))),
        }
    }
}

impl From<QuantityOrZero> for i64 {
    fn from(units: QuantityOrZero) -> Self {
        units.0
    }
}

/// Reads `product` and `quantity`, or `items`: each product once, with all its units.
pub(super) fn parse<Q: FromInput + Into<i64>>(fields: &mut Fields<'_>) -> Option<Vec<(ProductId, i64)>> {
    let (product, quantity) = (fields.has("product"), fields.has("quantity"));
    if !fields.has("items") {
        let (product, quantity) = (fields.required("product"), fields.required::<Q>("quantity"));
        return Some(vec![(product?, quantity?.into())]);
    }
    let items = fields.objects("items", |item| {
        let (product, quantity) = (item.required("product"), item.required::<Q>("quantity"));
        Some((product?, quantity?.into()))
    });
    if product || quantity {
        return fields.fault("items", "must not be given together with product or quantity");
    }
    summed_field(fields, items?)
}

/// The fields of an operation on a cart as JSON.
pub(super) fn fields(user: &UserId, items: &[(ProductId, i64)]) -> Result<Vec<u8>, Error> {
    #[derive(Serialize)]
    struct Fields<'a> {
        user: &'a UserId,
        items: Vec<WrittenItem<'a>>,
    }
    json_object(&Fields { user, items: written(items) })
}

/// Serializes the content that an idempotency key is compared by. One product has the form of earlier versions, which had
/// no lists, so that their keys are recognized.
pub(super) fn serialize<S: Serializer>(
    serializer: S,
    user: &UserId,
    items: &[(ProductId, i64)],
    quantity: impl Fn(i64) -> Option<i64>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("user", user)?;
    match items {
        [(product, units)] => {
            map.serialize_entry("product", product)?;
            map.serialize_entry("quantity", &quantity(*units))?;
        }
        items => map.serialize_entry("items", items)?,
    }
    map.end()
}
