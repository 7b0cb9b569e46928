//! A cache of answers to queries. An entry is valid for one version of the store, so until the next commit an answer is
//! repeated without reading any table.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::response::Representation;

/// The latest answer to each query, with the version of the store at which it was read.
#[derive(Default)]
pub(crate) struct AnswerCache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_query: HashMap<String, (i64, Representation)>,
    /// The bytes of all keys and answers.
    bytes: usize,
}

/// The most entries. Beyond it the cache is cleared.
const MAX_ENTRIES: usize = 4_096;

/// The most bytes of keys and answers. Beyond it the cache is cleared.
const MAX_BYTES: usize = 16 << 20;

impl AnswerCache {
    /// The answer to a query, if it was read at this version of the store.
    pub(crate) fn get(&self, query: &str, version: i64) -> Option<Representation> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_query.get(query).filter(|(at, _)| *at == version).map(|(_, answer)| answer.clone())
    }

    /// Whether there is an answer to a query that was read at this version of the store.
    pub(crate) fn contains(&self, query: &str, version: i64) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_query.get(query).is_some_and(|(at, _)| *at == version)
    }

    /// Caches an answer that was read at this version of the store or a later one.
    pub(crate) fn insert(&self, query: String, version: i64, answer: Representation) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = &mut *entries;
        entries.bytes += answer.body.len();
        match entries.by_query.get_mut(&query) {
            Some(entry) => {
                entries.bytes -= entry.1.body.len();
                *entry = (version, answer);
            }
            None => {
                entries.bytes += query.len();
                entries.by_query.insert(query, (version, answer));
            }
        }
        if entries.by_query.len() > MAX_ENTRIES || entries.bytes > MAX_BYTES {
            *entries = Entries::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::EtagScope;

    #[test]
    fn entries_are_valid_at_their_version_only_and_within_bounds() {
        let cache = AnswerCache::default();
        let answer = |length: usize| Representation::new(vec![0; length], EtagScope::None);
        cache.insert("/a".into(), 1, answer(10));
        assert!(cache.get("/a", 2).is_none() && cache.get("/b", 1).is_none());
        assert_eq!(cache.get("/a", 1).map(|answer| answer.body.len()), Some(10));
        cache.insert("/a".into(), 2, answer(20));
        assert_eq!(cache.0.lock().unwrap().bytes, 22, "with its key");
        cache.insert("/b".into(), 2, answer(MAX_BYTES));
        assert!(cache.get("/a", 2).is_none(), "too many bytes clear the cache");
        for number in 0..3 * MAX_ENTRIES {
            cache.insert(format!("/{number}"), 3, answer(1));
        }
        assert!(cache.0.lock().unwrap().by_query.len() <= MAX_ENTRIES);
        let (cache, fits) = (AnswerCache::default(), MAX_BYTES / 1_000_000);
        for number in 0..2 * fits {
            cache.insert(format!("{number}{}", "x".repeat(1_000_000)), 4, answer(1));
            assert!(cache.0.lock().unwrap().by_query.len() <= fits, "keys count as well");
        }
    }
}
