//! Rows by their keys, with what they were before the present group changed them.

use std::hash::Hash;

use foldhash::HashMap;

/// The known rows of one table.
#[derive(Debug)]
pub(super) struct Tracked<K, V> {
    rows: HashMap<K, V>,
    /// What the changed rows are in the store: nothing, where they are new.
    stored: HashMap<K, Option<V>>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { rows: HashMap::default(), stored: HashMap::default() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Tracked<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    /// Takes a row from the store, unless it is known: then what is known is newer.
    pub(super) fn load(&mut self, key: K, row: V) {
        self.rows.entry(key).or_insert(row);
    }

    /// Adds a row that the store does not have yet, or replaces one.
    pub(super) fn set(&mut self, key: K, row: V) {
        let stored = self.rows.insert(key.clone(), row);
        self.stored.entry(key).or_insert(stored);
    }

    /// A row, to be changed.
    pub(super) fn change(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        if !self.stored.contains_key(key) {
            self.stored.insert(key.clone(), Some(row.clone()));
        }
        Some(row)
    }

    /// The rows that were touched: the key, what is stored, and what is to be.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&K, Option<&V>, &V)> {
        self.stored.iter().filter_map(|(key, stored)| Some((key, stored.as_ref(), self.rows.get(key)?)))
    }

    /// What is known is stored now.
    pub(super) fn settle(&mut self) {
        self.stored.clear();
    }

    pub(super) fn forget(&mut self) {
        self.rows.clear();
        self.stored.clear();
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
        rows.settle();
        assert_eq!(rows.changed().count(), 0);
        *rows.change(&"new").expect("a row") += 1;
        assert_eq!(rows.changed().next(), Some((&"new", Some(&7), &8)));
        assert_eq!(rows.change(&"unknown"), None);
    }
}
