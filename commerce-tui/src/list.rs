//! A list that is too long to load: pages around what is on show, and the row that is selected.

use std::collections::BTreeMap;
use std::time::Duration;

use commerce_core::catalog::Product;
use commerce_core::order::Order;
use commerce_core::outbox::Event as Outgoing;
use commerce_core::user::User;
use commerce_core::wallet::Entry;
use commerce_core::{Cursor, Error, Listing, Page, Time};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::slot::Wait;
use crate::spot::{Move, Spot};

/// Rows that are told apart by an identifier.
pub trait Row {
    /// The identifier.
    type Id: PartialEq + Clone + std::fmt::Debug;

    /// The identifier of this row.
    fn id(&self) -> Self::Id;
}

/// A long list.
#[derive(Clone, Debug)]
pub struct List<T: Row> {
    /// The row that is selected, and those on show.
    pub spot: Spot,
    /// Why the last question failed.
    pub fault: Option<Error>,
    wished: Option<T::Id>,
    pages: BTreeMap<usize, Leaf<T>>,
    // Where each page begins, as far as that is known. The first begins at the beginning.
    starts: Vec<Option<Cursor>>,
    // How many rows there are, once the end was seen.
    end: Option<usize>,
}

#[derive(Clone, Debug)]
struct Leaf<T> {
    rows: Vec<T>,
    wait: Wait,
}

/// Rows of one page.
pub const PAGE: usize = 100;

/// Pages that are kept on each side of those on show.
const KEPT: usize = 2;

impl<T: Row> Default for List<T> {
    fn default() -> Self {
        let pages = BTreeMap::from([(0, Leaf::default())]);
        Self { spot: Spot::default(), fault: None, wished: None, pages, starts: vec![None], end: None }
    }
}

impl<T> Default for Leaf<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), wait: Wait::default() }
    }
}

impl<T: Row> List<T> {
    /// Forgets everything: another list is wanted.
    pub fn reset(&mut self) {
        let spot = Spot { height: self.spot.height, ..Spot::default() };
        *self = Self { spot, ..Self::default() };
    }

    /// A row, if it is loaded.
    pub fn get(&self, place: usize) -> Option<&T> {
        self.pages.get(&(place / PAGE))?.rows.get(place % PAGE)
    }

    /// The selected row.
    pub fn current(&self) -> Option<&T> {
        self.get(self.spot.selected)
    }

    /// How many rows are known, and whether there are more.
    pub fn known(&self) -> (usize, bool) {
        match self.end {
            Some(end) => (end, false),
            None => {
                let full = (self.starts.len() - 1) * PAGE;
                let last = self.pages.get(&(self.starts.len() - 1)).map_or(0, |leaf| leaf.rows.len());
                (full + last, !self.untouched())
            }
        }
    }

    /// Whether nothing was answered yet.
    pub fn untouched(&self) -> bool {
        self.end.is_none() && self.starts.len() == 1
    }

    /// Since when an answer is waited for.
    pub fn since(&self) -> Option<Time> {
        self.pages.values().filter_map(|leaf| leaf.wait.since()).min()
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        let shown = self.shown();
        self.pages.range(shown).filter_map(|(_, leaf)| leaf.wait.due()).min()
    }

    /// Wants newer rows.
    pub fn touch(&mut self) {
        for leaf in self.pages.values_mut() {
            leaf.wait.touch();
        }
    }

    /// Wants newer rows at once; what is under way comes too late.
    pub fn renew(&mut self) {
        for leaf in self.pages.values_mut() {
            leaf.wait.reset();
        }
    }

    /// Moves the selection to a row that is known.
    pub fn go(&mut self, step: Move) {
        self.spot.go(step, self.known().0);
    }

    /// Selects the row of this identifier once its page is loaded.
    pub fn wish(&mut self, id: T::Id) {
        self.wished = Some(id);
    }

    /// Says how many rows are on show.
    pub fn set_height(&mut self, height: usize) {
        self.spot.set_height(height, self.known().0);
    }

    /// Asks for the pages on show, and the next.
    pub fn settle(&mut self, desk: &mut Desk, topic: impl Fn(usize) -> Topic, ask: impl Fn(Page) -> Ask) {
        let shown = self.shown();
        let kept = shown.start().saturating_sub(KEPT)..=shown.end() + KEPT;
        self.pages.retain(|page, _| kept.contains(page));
        for page in shown {
            let Some(start) = self.starts.get(page) else { break };
            let first = Page::first(PAGE as u16);
            let wanted = start.as_ref().map_or(first.clone(), |cursor| first.at(cursor));
            let leaf = self.pages.entry(page).or_default();
            leaf.wait.settle(desk, topic(page), || ask(wanted));
        }
    }

    /// Takes a page, unless it is an older request's.
    pub fn take(
        &mut self,
        page: usize,
        number: u64,
        now: Time,
        took: Duration,
        result: Result<Listing<T>, Error>,
    ) {
        let waits = |leaf: &mut Leaf<T>| leaf.wait.takes(number, now, took, result.is_err());
        if !self.pages.get_mut(&page).is_some_and(waits) {
            return;
        }
        match result {
            Ok(listing) => self.put(page, listing),
            Err(fault) => self.fault = Some(fault),
        }
    }

    fn put(&mut self, page: usize, listing: Listing<T>) {
        self.fault = None;
        let held = self.current().map(Row::id).filter(|_| self.spot.selected > 0);
        let held = self.wished.take().or(held);
        let rows = listing.items.len();
        if let Some(leaf) = self.pages.get_mut(&page) {
            leaf.rows = listing.items;
        }
        match listing.next_cursor {
            Some(next) => {
                if self.starts.get(page + 1).and_then(Option::as_ref) != Some(&next) {
                    self.starts.truncate(page + 1);
                    self.starts.push(Some(next));
                    self.end = None;
                    self.pages.retain(|&loaded, _| loaded <= page + 1);
                    if let Some(leaf) = self.pages.get_mut(&(page + 1)) {
                        leaf.wait.reset();
                    }
                }
            }
            None => {
                self.starts.truncate(page + 1);
                self.pages.retain(|&loaded, _| loaded <= page);
                self.end = Some(page * PAGE + rows);
            }
        }
        if let Some(held) = held {
            self.follow(&held);
        }
        self.spot.go(Move::By(0), self.known().0);
    }

    // The selected row stays selected, and where it is on the screen, when others come before it.
    fn follow(&mut self, held: &T::Id) {
        let of_page = |(&page, leaf): (&usize, &Leaf<T>)| {
            let place = leaf.rows.iter().position(|row| row.id() == *held)?;
            Some(page * PAGE + place)
        };
        if let Some(place) = self.pages.iter().find_map(of_page) {
            self.spot.top = (self.spot.top + place).saturating_sub(self.spot.selected);
            self.spot.selected = place;
        }
    }

    // The pages on show, and the one after them when it is near.
    fn shown(&self) -> std::ops::RangeInclusive<usize> {
        self.spot.top / PAGE..=(self.spot.top + self.spot.height + PAGE / 2) / PAGE
    }

    /// Panics where something does not fit together.
    #[cfg(test)]
    pub fn check(&self) {
        self.spot.check(self.known().0);
        assert!(self.pages.keys().all(|&page| page < self.starts.len()), "a page without a beginning");
        assert!(self.pages.len() <= 2 * KEPT + 4, "{} pages are kept", self.pages.len());
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

impl Row for Order {
    type Id = commerce_core::OrderId;

    fn id(&self) -> Self::Id {
        self.order
    }
}

impl Row for Outgoing {
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
