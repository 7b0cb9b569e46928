//! The products of an order with their quantities: each product once, however often it was named.

use foldhash::HashMap;
use serde::{Serialize, Serializer};

use crate::facts::Facts;
use crate::id::ProductId;
use crate::input::Fields;
use crate::money::Quantity;
use crate::refusal::Refusal;
use crate::text::ValueError;

/// 1 to 1,000 distinct products with the units to order, in the order in which they were first named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items(Vec<(ProductId, i64)>);

impl Items {
    /// The maximum number of distinct products in an order or a cart.
    pub const MAX: usize = 1_000;

    /// Adds up the units of products that are named more than once. Otherwise two lines, each within the stock, could
    /// oversell together.
    ///
    /// # Errors
    /// [`ValueError`] when there are none, or more than 1,000 distinct products.
    pub fn new(items: impl IntoIterator<Item = (ProductId, Quantity)>) -> Result<Self, ValueError> {
        Ok(Self(summed(items.into_iter().map(|(product, quantity)| (product, quantity.get())))?))
    }

    /// Units of one product.
    pub fn one(product: ProductId, quantity: Quantity) -> Self {
        Self(vec![(product, quantity.get())])
    }

    /// Each product with its units. The sum may exceed [`Quantity::MAX`]; the rule refuses that.
    pub fn iter(&self) -> impl Iterator<Item = (&ProductId, i64)> {
        self.0.iter().map(|(product, units)| (product, *units))
    }

    /// The items sorted by product, or `None` if they are sorted. Idempotency keys compare them in this form.
    pub(crate) fn sorted(&self) -> Option<Self> {
        sorted(&self.0).map(Self)
    }

    pub(crate) fn as_slice(&self) -> &[(ProductId, i64)] {
        &self.0
    }

    /// The items that [`summed`] returned, each with at least one unit.
    pub(crate) fn from_summed(summed: Vec<(ProductId, i64)>) -> Self {
        Self(summed)
    }

    /// Reads the field `items`.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let items = fields.objects("items", |item| {
            let (product, quantity) = (item.required("product"), item.required::<Quantity>("quantity"));
            Some((product?, quantity?.get()))
        })?;
        summed_field(fields, items).map(Self)
    }
}

impl Serialize for Items {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Each product once, with all its units.
///
/// # Errors
/// [`ValueError`] when there are none, or more than 1,000 distinct products.
pub(crate) fn summed(
    items: impl IntoIterator<Item = (ProductId, i64)>,
) -> Result<Vec<(ProductId, i64)>, ValueError> {
    let mut indexes = HashMap::default();
    let mut summed: Vec<(ProductId, i64)> = Vec::new();
    for (product, units) in items {
        let index = *indexes.entry(product.clone()).or_insert(summed.len());
        match summed.get_mut(index) {
            Some((_, sum)) => *sum += units,
            None => summed.push((product, units)),
        }
    }
    match summed.len() {
        0 => Err(ValueError::new("must not be empty")),
        1..=Items::MAX => Ok(summed),
        many => Err(ValueError::new(format!("must name at most {} products, got {many}", Items::MAX))),
    }
}

/// Adds up the units that were read from the field `items`.
pub(crate) fn summed_field(
    fields: &mut Fields<'_>,
    items: Vec<(ProductId, i64)>,
) -> Option<Vec<(ProductId, i64)>> {
    match summed(items) {
        Ok(items) => Some(items),
        Err(error) => fields.fault("items", error),
    }
}

/// The items sorted by product, or `None` if they are sorted. Under an idempotency key, the order of items does not matter.
pub(crate) fn sorted(items: &[(ProductId, i64)]) -> Option<Vec<(ProductId, i64)>> {
    (!items.is_sorted()).then(|| {
        let mut items = items.to_vec();
        items.sort_unstable();
        items
    })
}

/// Items as they are written in JSON. A sum that no field `quantity` may have is written as several items.
pub(crate) fn written(items: &[(ProductId, i64)]) -> Vec<WrittenItem<'_>> {
    let mut written = Vec::with_capacity(items.len());
    for (product, units) in items {
        let mut left = *units;
        while left > Quantity::MAX {
            written.push(WrittenItem { product, quantity: Quantity::MAX });
            left -= Quantity::MAX;
        }
        written.push(WrittenItem { product, quantity: left });
    }
    written
}

/// An item as it is written in JSON.
#[derive(Serialize)]
pub(crate) struct WrittenItem<'a> {
    product: &'a ProductId,
    quantity: i64,
}

/// Refuses unknown products first, then products that are not on sale.
pub(crate) fn all_on_sale(facts: &Facts, items: &[(ProductId, i64)]) -> Result<(), Refusal> {
    let products_where = |is_wrong: &dyn Fn(&ProductId) -> bool| -> Vec<ProductId> {
        items.iter().map(|(product, _)| product).filter(|product| is_wrong(product)).cloned().collect()
    };
    let unknown = products_where(&|product| facts.find_product(product).is_none());
    if !unknown.is_empty() {
        return Err(Refusal::ProductNotFound { products: unknown });
    }
    let inactive = products_where(&|product| facts.find_product(product).is_some_and(|found| !found.active));
    if !inactive.is_empty() {
        return Err(Refusal::ProductInactive { products: inactive });
    }
    Ok(())
}

#[cfg(feature = "schema")]
pub(crate) mod schema {
    //! Items as JSON Schema.

    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::Items;
    use crate::id::ProductId;
    use crate::money::Quantity;

    impl JsonSchema for Items {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Items".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let quantity = generator.subschema_for::<Quantity>();
            items(generator, &quantity)
        }
    }

    /// A list of products with quantities of this schema.
    pub(crate) fn items(generator: &mut SchemaGenerator, quantity: &Schema) -> Schema {
        let product = generator.subschema_for::<ProductId>();
        let item = json_schema!({
            "type": "object",
            "properties": { "product": product, "quantity": quantity },
            "required": ["product", "quantity"],
            "additionalProperties": false,
        });
        json_schema!({ "type": "array", "minItems": 1, "items": item })
    }
}
