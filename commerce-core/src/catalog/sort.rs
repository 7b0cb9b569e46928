//! The orders in which a list of products can be read.

use std::str::FromStr;

use serde_json::Value as Json;

use super::Product;
use crate::input::{FromInput, Input};
use crate::text::{ValueError, one_of};

/// The order of a list of products. Equal ones stand by identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By identifier.
    #[default]
    Id,
    /// By name, in the order of Unicode's code points.
    Name,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
    /// Least stock first.
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

    /// Where a product stands in this order.
    pub(super) fn place(self, product: &Product) -> Json {
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
