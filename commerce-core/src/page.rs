//! Pages of a list: how many rows to answer, and where to continue.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::input::{Fields, FromInput, Input, Invalid, within};
use crate::text::ValueError;

/// How many rows of a list to return, and from where to continue.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// The most rows to return.
    #[cfg_attr(feature = "schema", schemars(schema_with = "length"))]
    limit: u16,
    /// Continue from this `next_cursor`.
    cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ListOf{T}"))]
pub struct Listing<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    pub next_cursor: Option<Cursor>,
}

/// The position of a page in a list. Its text is opaque: it comes from a `next_cursor`, and the list that receives it
/// checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The opaque text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Cursor {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

impl FromInput for Cursor {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text().map(Self::from)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 20, cursor: None }
    }
}

impl Page {
    /// The maximum number of rows of a page.
    pub const MAX: u16 = 100;

    /// The maximum number of rows of a page that one program sends another.
    pub const MAX_LONG: u16 = 1_000;

    /// The number of rows of a page that is a part of a whole list.
    const LONG: u16 = 256;

    /// The number of rows of such a page when it travels from the server of a served shop.
    pub(crate) const LONGEST: u16 = 1_000;

    /// The first page, of at most `limit` rows (kept within 1 to 100).
    pub fn first(limit: u16) -> Self {
        Self { limit: limit.clamp(1, Self::MAX), cursor: None }
    }

    /// The page of `limit` rows, 1 to 100, at `cursor`, the `next_cursor` of the page before.
    ///
    /// # Errors
    /// [`Invalid`] when `limit` is out of range.
    pub fn new(limit: i64, cursor: Option<Cursor>) -> Result<Self, Invalid> {
        let limit = within(limit, Self::MAX).map_err(|detail| Invalid::at("/limit", detail))?;
        Ok(Self { limit, cursor })
    }

    /// The same page with the length for a part of a whole list.
    pub(crate) fn long(&self) -> Self {
        Self { limit: Self::LONG, cursor: self.cursor.clone() }
    }

    /// The same page with the length for a part of a whole list that travels.
    pub(crate) fn longest(&self) -> Self {
        Self { limit: Self::LONGEST, cursor: self.cursor.clone() }
    }

    /// The page of the same length at `cursor`.
    pub fn at(&self, cursor: &Cursor) -> Self {
        Self { limit: self.limit, cursor: Some(cursor.clone()) }
    }

    /// Reads `limit` and `cursor`.
    pub(crate) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let max = if fields.allows_long_pages() { Self::MAX_LONG } else { Self::MAX };
        let (limit, cursor) = (fields.ranged("limit", max, 20), fields.optional("cursor"));
        Some(Self { limit: limit?, cursor: cursor? })
    }

    /// The most rows of the page.
    pub(crate) fn limit(&self) -> u16 {
        self.limit
    }

    /// The number of rows to read: one more than the page has, to know whether another page follows.
    pub(crate) fn fetch_limit(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The id of a list with this sort order and these filters. A cursor is valid for one list id only.
    pub(crate) fn list_id(name: &str, filters: &impl Serialize) -> String {
        let digest = Sha256::digest(serde_json::to_vec(filters).unwrap_or_default());
        format!("{name}:{}", URL_SAFE_NO_PAD.encode(&digest[..9]))
    }

    /// The position at which this page begins, in the list with the id `list`.
    pub(crate) fn position<T: DeserializeOwned>(&self, list: &str) -> Result<Option<T>, Invalid> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let text = URL_SAFE_NO_PAD.decode(cursor.as_str()).ok();
        let read: Option<(String, T)> = text.and_then(|text| serde_json::from_slice(&text).ok());
        match read {
            Some((of, position)) if of == list => Ok(Some(position)),
            _ => Err(Invalid::at(
                "/cursor",
                "must be the next_cursor of a page of this list, with the same order and filters",
            )),
        }
    }

    /// The page of these rows, of which the last may belong to the next page. `position` returns the position of a row
    /// in the list.
    pub(crate) fn listing<T, P: Serialize>(
        &self,
        list: &str,
        mut items: Vec<T>,
        position: impl FnOnce(&T) -> P,
    ) -> Listing<T> {
        let more = items.len() > self.limit.into();
        items.truncate(self.limit.into());
        let last = if more { items.last() } else { None };
        let next_cursor = last.map(|last| cursor(list, position(last)));
        Listing { items, next_cursor }
    }

    /// A page that ends early at `position`, though more rows may follow.
    pub(crate) fn partial<T>(&self, list: &str, items: Vec<T>, position: impl Serialize) -> Listing<T> {
        Listing { items, next_cursor: Some(cursor(list, position)) }
    }
}

fn cursor(list: &str, position: impl Serialize) -> Cursor {
    Cursor(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, position)).unwrap_or_default()))
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(Cursor, "Cursor", schemars::json_schema!({ "type": "string" }));

/// The schema of the length of a page.
#[cfg(feature = "schema")]
fn length(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": Page::MAX, "default": 20 })
}
