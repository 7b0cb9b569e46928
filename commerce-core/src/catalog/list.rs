//! `product.list`: the catalogue, searched and sorted, page by page.

use serde_json::Value as Json;

use super::Product;
use super::get::product;
use super::pick::Pick;
use crate::error::Error;
use crate::input::{Fields, FromInput, Input};
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View, Whole};
use crate::search::Needle;

/// Asks for a page of the catalogue.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Only products whose identifier or name has this text, in upper or lower case, full or half width, composed or
    /// not. An empty text is none.
    pub search: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// Only those on sale, or only those that are not.
    pub active: Option<bool>,
    /// Which page.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub page: Page,
}

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

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }

    /// Where a product stands in this order.
    fn place(self, product: &Product) -> Json {
        match self {
            Self::Id => product.product.as_str().into(),
            Self::Name => product.name.as_str().into(),
            Self::Price | Self::PriceDown => product.price.get().into(),
            Self::Stock => product.stock.get().into(),
        }
    }
}

impl FromInput for Sort {
    fn from_input(input: Input<'_>) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| input.as_text() == Some(*name));
        known.map(|&(_, sort)| sort).ok_or_else(|| "must be id, name, price, -price or stock".into())
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(
    Sort,
    "Sort",
    schemars::json_schema!({ "type": "string", "enum": Self::names() })
);

impl Query for List {
    const NAME: &'static str = "product.list";
    type Answer = Listing<Product>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (search, sort) = (fields.optional("search"), fields.optional("sort"));
        let (active, page) = (fields.optional("active"), Page::parse(fields));
        Some(Self { search: search?, sort: sort?.unwrap_or_default(), active: active?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Product>, Error> {
        let needle = self.needle();
        let list = self.list(needle.as_ref());
        let place: Option<(Json, String)> = self.page.place(&list)?;
        let rows = view.last(&Pick::new(self, place, self.page.reach()).statement(needle.as_ref()))?;
        let items = rows.iter().map(product).collect::<Result<_, _>>()?;
        Ok(self.page.listing(&list, items, |last: &Product| (self.sort.place(last), last.product.clone())))
    }
}

impl Paged for List {
    type Item = Product;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }

    // By stock, each page would sort the catalogue; dearest first, each reads those of the same price again.
    fn whole(&self) -> Result<Option<Whole<Product>>, Error> {
        let needle = self.needle();
        let place = self.page.place(&self.list(needle.as_ref()))?;
        Ok(Some((Pick::new(self, place, i64::MAX).statement(needle.as_ref()), product)))
    }
}

impl List {
    fn needle(&self) -> Option<Needle> {
        Needle::new(self.search.as_deref())
    }

    fn list(&self, needle: Option<&Needle>) -> String {
        Page::list(Self::NAME, &(self.sort.name(), needle.map(Needle::text), self.active))
    }
}
