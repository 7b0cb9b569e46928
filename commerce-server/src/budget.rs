//! A bound on the memory that clients make the server hold: request bodies that are arriving and answers that are not
//! yet sent. There is a bound for all clients together and one for each, so no client can use up the others' share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use commerce_core::Error;
use tokio::sync::Notify;

use crate::client::ClientKey;

/// An amount of memory that clients share.
#[derive(Clone)]
pub(crate) struct Budget {
    /// Bytes for all clients.
    total: usize,
    /// Bytes for one client. A single reservation may exceed it.
    per_client: usize,
    used: Arc<Mutex<Used>>,
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Used {
    total: usize,
    by_client: HashMap<ClientKey, usize>,
}

/// Reserved bytes. Dropping it frees them.
pub(crate) struct Reservation {
    budget: Budget,
    client: ClientKey,
    bytes: usize,
}

impl Budget {
    /// A budget of `total` bytes, of which one client may have `per_client`.
    pub(crate) fn new(total: usize, per_client: usize) -> Self {
        Self { total, per_client, used: Arc::default(), freed: Arc::default() }
    }

    /// Reserves bytes for a client.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is no room.
    pub(crate) fn try_reserve(&self, client: &ClientKey, bytes: usize) -> Result<Reservation, Error> {
        let mut used = self.lock();
        let own = used.by_client.get(client).copied().unwrap_or(0);
        // A client that holds nothing may reserve any size, or large things could never pass.
        if (own > 0 && own + bytes > self.per_client) || (used.total > 0 && used.total + bytes > self.total) {
            return Err(Error::Busy("too much data is on its way to or from clients".into()));
        }
        Ok(self.reserve_in(&mut used, client, bytes))
    }

    /// Reserves bytes for a client, and waits until there is room.
    pub(crate) async fn reserve(&self, client: &ClientKey, bytes: usize) -> Reservation {
        loop {
            let mut freed = pin!(self.freed.notified());
            // Enabled before the attempt, so that memory freed in between is noticed.
            freed.as_mut().enable();
            if let Ok(reservation) = self.try_reserve(client, bytes) {
                return reservation;
            }
            freed.await;
        }
    }

    /// Reserves bytes for a client even where there is no room. For answers that report a change, which must be sent.
    pub(crate) fn reserve_unchecked(&self, client: &ClientKey, bytes: usize) -> Reservation {
        self.reserve_in(&mut self.lock(), client, bytes)
    }

    fn reserve_in(&self, used: &mut Used, client: &ClientKey, bytes: usize) -> Reservation {
        used.total += bytes;
        *used.by_client.entry(client.clone()).or_default() += bytes;
        Reservation { budget: self.clone(), client: client.clone(), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Ties the reservation to these bytes: it is freed when the last slice of them is dropped.
    pub(crate) fn attach(self, bytes: Bytes) -> Bytes {
        struct Counted(Bytes, #[expect(dead_code, reason = "held for its destructor")] Reservation);
        impl AsRef<[u8]> for Counted {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        Bytes::from_owner(Counted(bytes, self))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut used = self.budget.lock();
        used.total -= self.bytes;
        if let Entry::Occupied(mut own) = used.by_client.entry(self.client.clone()) {
            *own.get_mut() -= self.bytes;
            if *own.get() == 0 {
                own.remove();
            }
        }
        drop(used);
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const TOTAL: usize = 4_000;
    const PER_CLIENT: usize = 1_000;

    fn client(number: u8) -> ClientKey {
        ClientKey::new(None, IpAddr::from([10, 0, 0, number]))
    }

    #[test]
    fn each_client_and_all_clients_together_are_bounded() {
        let budget = Budget::new(TOTAL, PER_CLIENT);
        let own: Vec<_> = (0..6).map_while(|_| budget.try_reserve(&client(1), PER_CLIENT / 4).ok()).collect();
        assert_eq!(own.len(), 4, "one client's share");
        let others: Vec<_> = (2..9).map_while(|n| budget.try_reserve(&client(n), PER_CLIENT).ok()).collect();
        assert_eq!(others.len(), 3, "the rest of the total");
        assert!(budget.try_reserve(&client(9), 1).is_err());
        let attached = budget.reserve_unchecked(&client(9), 10).attach(Bytes::from_static(b"0123456789"));
        let slice = attached.slice(3..4);
        drop((own, others, attached));
        assert_eq!(budget.lock().total, 10, "a slice still exists");
        drop(slice);
        let used = budget.lock();
        assert_eq!((used.total, used.by_client.len()), (0, 0));
    }

    #[tokio::test]
    async fn a_waiting_reservation_succeeds_once_there_is_room() {
        let budget = Budget::new(TOTAL, PER_CLIENT);
        let held = budget.try_reserve(&client(1), PER_CLIENT).ok();
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.reserve(&client(1), 10).await.bytes }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!(budget.reserve(&client(2), PER_CLIENT).await.bytes, PER_CLIENT, "others do not wait");
        drop(held);
        assert_eq!(waiting.await.unwrap(), 10);
    }

    #[test]
    fn a_single_reservation_may_have_any_size() {
        let budget = Budget::new(TOTAL, PER_CLIENT);
        let large = budget.try_reserve(&client(1), 3 * TOTAL).ok();
        assert!(large.is_some() && budget.try_reserve(&client(1), 1).is_err());
    }
}
