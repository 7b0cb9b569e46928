//! The sort orders of a list of products.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value as Json;

use super::Product;
use crate::input::{FromInput, Input};
use crate::text::{ValueError, one_of};

/// The sort order of a list of products. Equal products are sorted by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// By id.
    #[default]
    Id,
    /// By name, in the order of Unicode code points.
    Name,
    /// By price, lowest first.
    Price,
    /// By price, highest first.
    #[serde(rename = "-price")]
    PriceDown,
    /// By stock, lowest first.
    Stock,
}

impl Sort {
    const ALL: [(&'static str, Self); 5] = [
        ("id", Self::Id),
        ("name", Self::Name),
        ("price", Self::Price),
        ("-price", Self::PriceDown),
        ("stock", Self::Stock),
    ];

    /// Every order by its name.
    #[cfg(feature = "schema")]
    pub(crate) fn names() -> [&'static str; 5] {
        Self::ALL.map(|(name, _)| name)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }

    /// The sort key of a product in this order.
    pub(super) fn key(self, product: &Product) -> Json {
        match self {
            Self::Id => product.product.as_str().into(),
            Self::Name => product.name.as_str().into(),
            Self::Price | Self::PriceDown => product.price.get().into(),
            Self::Stock => product.stock.get().into(),
        }
    }
}

impl FromStr for Sort {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL)
    }
}

impl FromInput for Sort {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(
    Sort,
    "Sort",
    schemars::json_schema!({ "type": "string", "enum": Self::names() })
);
