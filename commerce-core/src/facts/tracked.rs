//! Rows by their keys, with their stored values from before the present group.
//!
//! After another process has written, every row is stale. Most of its columns are still valid (a number, a name), so
//! only those that change often are read again.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use foldhash::HashMap;

/// The known rows of one table.
#[derive(Debug)]
pub(super) struct Tracked<K, V> {
    rows: HashMap<K, Row<V>>,
    /// The stored values of changed rows; none for new rows.
    stored: HashMap<K, Option<V>>,
    /// Grows when another process has written.
    generation: u64,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    /// The generation in which the row was last up to date.
    generation: u64,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { rows: HashMap::default(), stored: HashMap::default(), generation: 0 }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Tracked<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key).filter(|row| row.generation == self.generation).map(|row| &row.value)
    }

    /// A row as it was last read, if another process has written since.
    pub(super) fn stale(&self, key: &K) -> Option<&V> {
        self.rows.get(key).filter(|row| row.generation != self.generation).map(|row| &row.value)
    }

    /// Loads a row, unless it is known: then the known one is newer.
    pub(super) fn load(&mut self, key: K, value: V) {
        let row = Row { value, generation: self.generation };
        match self.rows.entry(key) {
            Entry::Occupied(known) if known.get().generation == self.generation => {}
            Entry::Occupied(mut old) => drop(old.insert(row)),
            Entry::Vacant(vacant) => drop(vacant.insert(row)),
        }
    }

    /// Updates a stale row to its stored value.
    pub(super) fn refresh(&mut self, key: &K, refresh: impl FnOnce(&mut V)) {
        if let Some(row) = self.rows.get_mut(key).filter(|row| row.generation != self.generation) {
            refresh(&mut row.value);
            row.generation = self.generation;
        }
    }

    /// Adds or replaces a row.
    pub(super) fn set(&mut self, key: K, value: V) {
        let stored = self.rows.insert(key.clone(), Row { value, generation: self.generation });
        self.stored.entry(key).or_insert(stored.map(|row| row.value));
    }

    /// A row to change.
    pub(super) fn change(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key).filter(|row| row.generation == self.generation)?;
        if !self.stored.contains_key(key) {
            self.stored.insert(key.clone(), Some(row.value.clone()));
        }
        Some(&mut row.value)
    }

    /// The changed rows: the key, the stored value and the new one.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&K, Option<&V>, &V)> {
        self.stored.iter().filter_map(|(key, stored)| Some((key, stored.as_ref(), self.get(key)?)))
    }

    /// Marks all rows as stored.
    pub(super) fn mark_stored(&mut self) {
        self.stored.clear();
    }

    /// Marks all rows as stale.
    pub(super) fn mark_stale(&mut self) {
        self.generation += 1;
        self.stored.clear();
    }

    pub(super) fn forget(&mut self) {
        self.rows.clear();
        self.stored.clear();
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.values().filter(|row| row.generation == self.generation).map(|row| &row.value)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Tracked;

    #[test]
    fn tells_what_was_stored_however_often_a_row_changes() {
        let mut rows = Tracked::default();
        rows.load("a", 1);
        rows.load("b", 1);
        rows.set("new", 7);
        for _ in 0..2 {
            *rows.change(&"a").expect("a row") += 1;
        }
        rows.load("a", 9);
        let mut changed: Vec<_> = rows.changed().collect();
        changed.sort_unstable();
        assert_eq!(changed, [(&"a", Some(&1), &3), (&"new", None, &7)]);
        rows.mark_stored();
        assert_eq!(rows.changed().count(), 0);
        *rows.change(&"new").expect("a row") += 1;
        assert_eq!(rows.changed().next(), Some((&"new", Some(&7), &8)));
        assert_eq!(rows.change(&"unknown"), None);
    }
    #[test]
    fn what_others_may_have_changed_is_in_doubt_until_it_is_read_again() {
        let mut rows = Tracked::default();
        rows.load("a", (1, "name"));
        rows.load("b", (1, "name"));
        rows.mark_stale();
        assert_eq!((rows.get(&"a"), rows.stale(&"a")), (None, Some(&(1, "name"))));
        assert_eq!(rows.change(&"a"), None, "a row in doubt is not changed");
        rows.refresh(&"a", |row| row.0 = 2);
        rows.load("b", (3, "another"));
        assert_eq!((rows.get(&"a"), rows.get(&"b")), (Some(&(2, "name")), Some(&(3, "another"))));
        assert_eq!(rows.stale(&"a"), None);
        rows.refresh(&"a", |row| row.0 = 9);
        assert_eq!(rows.get(&"a"), Some(&(2, "name")), "what is known is not refreshed");
    }
}
