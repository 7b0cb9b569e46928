//! A list that is too long to load whole. It keeps the pages around the visible rows.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use commerce_core::catalog::{Product, StockChange, StockChangeKind};
use commerce_core::order::Order;
use commerce_core::outbox::Event as OutboxEvent;
use commerce_core::user::User;
use commerce_core::wallet::Entry;
use commerce_core::{Cursor, Error, Listing, OrderId, Page, Time};

use crate::cache::{Arrival, FetchState};
use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::selection::{Move, Selection};

/// A row with an identity, so that it stays selected when the list changes.
pub trait Row {
    /// The type of its identifier.
    type Id: PartialEq + Clone + std::fmt::Debug;

    /// Its identifier.
    fn id(&self) -> Self::Id;
}

/// A long list.
#[derive(Clone, Debug)]
pub struct List<T: Row> {
    /// The selected row and the visible rows.
    pub selection: Selection,
    /// Why the last request failed, until one succeeds. Older rows are kept.
    pub error: Option<Error>,
    select_when_loaded: Option<T::Id>,
    pages: BTreeMap<usize, CachedPage<T>>,
    // The cursor of each known page. The first page has none.
    cursors: Vec<Option<Cursor>>,
    // How many rows there are, once the last page was loaded.
    total: Option<usize>,
}

#[derive(Clone, Debug)]
struct CachedPage<T> {
    rows: Vec<T>,
    fetch: FetchState,
}

/// The rows of a full page.
pub const PAGE_SIZE: usize = 100;

/// How many pages are kept on each side of the visible ones.
const PAGES_AROUND: usize = 2;

impl<T: Row> List<T> {
    /// Drops all rows, because another list is to be shown.
    pub fn reset(&mut self) {
        let selection = Selection { height: self.selection.height, ..Selection::default() };
        *self = Self { selection, ..Self::default() };
    }

    /// The row at this index, if it is loaded.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(&(index / PAGE_SIZE))?.rows.get(index % PAGE_SIZE)
    }

    /// The selected row, if it is loaded.
    pub fn selected(&self) -> Option<&T> {
        self.get(self.selection.selected)
    }

    /// How many rows are known so far, and whether there are more.
    pub fn known_rows(&self) -> (usize, bool) {
        match self.total {
            Some(total) => (total, false),
            None => {
                let last = self.cursors.len() - 1;
                let rows = self.pages.get(&last).map_or(0, |page| page.rows.len());
                (last * PAGE_SIZE + rows, !self.is_unloaded())
            }
        }
    }

    /// Whether no page has been loaded yet.
    pub fn is_unloaded(&self) -> bool {
        self.total.is_none() && self.cursors.len() == 1
    }

    /// Since when a request is in flight, the oldest of them.
    pub fn pending_since(&self) -> Option<Time> {
        self.pages.values().filter_map(|page| page.fetch.pending_since()).min()
    }

    /// When the next request is due, if one is.
    pub fn due_at(&self) -> Option<Time> {
        self.pages.range(self.visible_pages()).filter_map(|(_, page)| page.fetch.due_at()).min()
    }

    /// Fetches every page again after its cooldown, when it is visible.
    pub fn mark_stale(&mut self) {
        for page in self.pages.values_mut() {
            page.fetch.mark_stale();
        }
    }

    /// Fetches the visible pages again at once; responses to requests in flight are ignored.
    pub fn refetch(&mut self) {
        for page in self.pages.values_mut() {
            page.fetch.reset();
        }
    }

    /// Moves the selection among the known rows.
    pub fn move_selection(&mut self, step: Move) {
        self.selection.apply(step, self.known_rows().0);
    }

    /// Selects the row with this identifier as soon as its page is loaded.
    pub fn select_when_loaded(&mut self, id: T::Id) {
        self.select_when_loaded = Some(id);
    }

    /// Sets how many rows are visible.
    pub fn set_height(&mut self, height: usize) {
        self.selection.set_height(height, self.known_rows().0);
    }

    /// Queues the queries for the visible pages that are due. `query` gets the number of a page, counted from 0, and
    /// where it begins.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue, query: impl Fn(usize, Page) -> Query) {
        let visible = self.visible_pages();
        let kept = visible.start().saturating_sub(PAGES_AROUND)..=visible.end() + PAGES_AROUND;
        self.pages.retain(|number, _| kept.contains(number));
        for number in visible {
            let Some(cursor) = self.cursors.get(number) else { break };
            let first = Page::first(PAGE_SIZE as u16);
            let start = cursor.as_ref().map_or(first.clone(), |cursor| first.at(cursor));
            let page = self.pages.entry(number).or_default();
            page.fetch.fetch_if_due(effects, || query(number, start));
        }
    }

    /// Stores the result of a request for a page, unless a newer request has replaced it.
    pub fn receive(&mut self, number: usize, arrival: Arrival, result: Result<Listing<T>, Error>) {
        let is_awaited = |page: &mut CachedPage<T>| page.fetch.finish(arrival, result.is_err());
        if !self.pages.get_mut(&number).is_some_and(is_awaited) {
            return;
        }
        match result {
            Ok(listing) => self.store(number, listing),
            Err(error) => self.error = Some(error),
        }
    }

    fn store(&mut self, number: usize, listing: Listing<T>) {
        self.error = None;
        // The first row is the beginning of the list rather than a row that somebody has chosen.
        let selected = self.selected().map(Row::id).filter(|_| self.selection.selected > 0);
        let selected = self.select_when_loaded.take().or(selected);
        let rows = listing.items.len();
        if let Some(page) = self.pages.get_mut(&number) {
            page.rows = listing.items;
        }
        match listing.next_cursor {
            Some(next) => {
                if self.cursors.get(number + 1).and_then(Option::as_ref) != Some(&next) {
                    self.cursors.truncate(number + 1);
                    self.cursors.push(Some(next));
                    self.total = None;
                    self.pages.retain(|&loaded, _| loaded <= number + 1);
                    if let Some(page) = self.pages.get_mut(&(number + 1)) {
                        page.fetch.reset();
                    }
                }
            }
            None => {
                self.cursors.truncate(number + 1);
                self.pages.retain(|&loaded, _| loaded <= number);
                self.total = Some(number * PAGE_SIZE + rows);
            }
        }
        if let Some(id) = selected {
            self.select(&id);
        }
        self.selection.clamp(self.known_rows().0);
    }

    // Selects a row where it is now, at the same line of the screen as the row selected before.
    fn select(&mut self, id: &T::Id) {
        let find = |(&number, page): (&usize, &CachedPage<T>)| {
            let index = page.rows.iter().position(|row| row.id() == *id)?;
            Some(number * PAGE_SIZE + index)
        };
        if let Some(index) = self.pages.iter().find_map(find) {
            self.selection.offset = (self.selection.offset + index).saturating_sub(self.selection.selected);
            self.selection.selected = index;
        }
    }

    // The pages of the visible rows, and the one after them when it is near.
    fn visible_pages(&self) -> RangeInclusive<usize> {
        let Selection { offset, height, .. } = self.selection;
        offset / PAGE_SIZE..=(offset + height + PAGE_SIZE / 2) / PAGE_SIZE
    }

    /// Panics if an invariant is broken.
    #[cfg(test)]
    pub fn check(&self) {
        self.selection.check(self.known_rows().0);
        assert!(self.pages.keys().all(|&page| page < self.cursors.len()), "a page without a cursor");
        assert!(self.pages.len() <= 2 * PAGES_AROUND + 4, "{} pages are kept", self.pages.len());
    }
}

impl<T: Row> Default for List<T> {
    fn default() -> Self {
        let pages = BTreeMap::from([(0, CachedPage::default())]);
        let (selection, cursors) = (Selection::default(), vec![None]);
        Self { selection, error: None, select_when_loaded: None, pages, cursors, total: None }
    }
}

impl<T> Default for CachedPage<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), fetch: FetchState::default() }
    }
}

impl Row for Product {
    type Id = commerce_core::ProductId;

    fn id(&self) -> Self::Id {
        self.product.clone()
    }
}

impl Row for User {
    type Id = commerce_core::UserId;

    fn id(&self) -> Self::Id {
        self.user.clone()
    }
}

/// A change has no number. Two of one moment differ in their kind, their order or the stock after them.
impl Row for StockChange {
    type Id = (Time, StockChangeKind, Option<OrderId>, i64);

    fn id(&self) -> Self::Id {
        (self.at, self.kind, self.order, self.stock)
    }
}

impl Row for Order {
    type Id = commerce_core::OrderId;

    fn id(&self) -> Self::Id {
        self.order
    }
}

impl Row for OutboxEvent {
    type Id = commerce_core::EventId;

    fn id(&self) -> Self::Id {
        self.event
    }
}

impl Row for Entry {
    type Id = commerce_core::EntryId;

    fn id(&self) -> Self::Id {
        self.id
    }
}
