//! `product.list`: lists the products of the catalogue, with search and sort order, page by page.

use serde::Serialize;

use serde_json::Value as Json;

use super::get::product;
use super::page_query::PageQuery;
use super::{Product, Sort};
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View, WholeList};
use crate::search::Needle;

/// Lists products.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Return only products whose id or name contains this text. Upper and lower case, full and half width, and
    /// composed and decomposed characters are equal. Empty text matches all.
    pub search: Option<String>,
    /// The sort order.
    pub sort: Sort,
    /// Return only products that are on sale (`true`) or not on sale (`false`).
    pub active: Option<bool>,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

impl Query for List {
    const NAME: &'static str = "product.list";
    const ACCESS: Access = Access::Catalogue;
    type Answer = Listing<Product>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (search, sort) = (fields.optional("search"), fields.optional("sort"));
        let (active, page) = (fields.optional("active"), Page::parse(fields));
        Some(Self { search: search?, sort: sort?.unwrap_or_default(), active: active?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Product>, Error> {
        let needle = self.needle();
        let list = self.list_id(needle.as_ref());
        let position: Option<(Json, String)> = self.page.position(&list)?;
        let rows = view.final_rows(
            &PageQuery::new(self.sort, self.active, position, self.page.fetch_limit())
                .statement(needle.as_ref()),
        )?;
        let items = rows.iter().map(product).collect::<Result<_, _>>()?;
        Ok(self.page.listing(&list, items, |last: &Product| (self.sort.key(last), last.product.clone())))
    }
}

impl Paged for List {
    type Item = Product;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }

    // By stock, each page would sort the catalogue; dearest first, each reads those of the same price again.
    fn whole_list(&self) -> Result<Option<WholeList<Product>>, Error> {
        let needle = self.needle();
        let position = self.page.position(&self.list_id(needle.as_ref()))?;
        Ok(Some((
            PageQuery::new(self.sort, self.active, position, i64::MAX).statement(needle.as_ref()),
            product,
        )))
    }
}

impl List {
    fn needle(&self) -> Option<Needle> {
        Needle::new(self.search.as_deref())
    }

    fn list_id(&self, needle: Option<&Needle>) -> String {
        Page::list_id(Self::NAME, &(self.sort.name(), needle.map(Needle::text), self.active))
    }
}
