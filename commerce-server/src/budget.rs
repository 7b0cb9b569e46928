//! Memory that clients can make the server hold: bodies that come in and answers that are not yet sent. All of
//! it together is bounded, and so is what one client has of it, so that nobody is kept from the rest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use commerce_core::Error;
use tokio::sync::Notify;

use crate::client::Client;

/// The memory that is shared out.
#[derive(Clone)]
pub(crate) struct Budget {
    /// Bytes in all.
    most: usize,
    /// Bytes of one client, unless a single thing is larger.
    share: usize,
    used: Arc<Mutex<Used>>,
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Used {
    all: usize,
    by_client: HashMap<Client, usize>,
}

/// Some of it, free again when this is dropped.
pub(crate) struct Held {
    budget: Budget,
    client: Client,
    bytes: usize,
}

/// What is shorter is not worth the counting, where a connection holds one such thing at a time.
pub(crate) const SMALL: usize = 4 << 10;

impl Budget {
    /// So many bytes in all, and so many of one client.
    pub(crate) fn new(most: usize, share: usize) -> Self {
        Self { most, share, used: Arc::default(), freed: Arc::default() }
    }

    /// Takes so many bytes for a client, if there are as many.
    pub(crate) fn take(&self, client: &Client, bytes: usize) -> Result<Held, Error> {
        let mut used = self.lock();
        let own = used.by_client.get(client).copied().unwrap_or(0);
        // Who has nothing yet may hold one thing of any size.
        if (own > 0 && own + bytes > self.share) || (used.all > 0 && used.all + bytes > self.most) {
            return Err(Error::Busy("too much is on its way to or from clients"));
        }
        Ok(self.hold(&mut used, client, bytes))
    }

    /// Waits until there are so many bytes for a client.
    pub(crate) async fn room(&self, client: &Client, bytes: usize) -> Held {
        loop {
            let mut freed = pin!(self.freed.notified());
            // From here on what is freed is noticed.
            freed.as_mut().enable();
            if let Ok(held) = self.take(client, bytes) {
                return held;
            }
            freed.await;
        }
    }

    /// Takes them in any case: what was done has to be told.
    pub(crate) fn take_anyway(&self, client: &Client, bytes: usize) -> Held {
        self.hold(&mut self.lock(), client, bytes)
    }

    fn hold(&self, used: &mut Used, client: &Client, bytes: usize) -> Held {
        used.all += bytes;
        *used.by_client.entry(client.clone()).or_default() += bytes;
        Held { budget: self.clone(), client: client.clone(), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The bytes, which count until the last part of them is gone.
    pub(crate) fn with(self, bytes: Bytes) -> Bytes {
        struct Counted(Bytes, #[expect(dead_code, reason = "is there to be dropped")] Held);
        impl AsRef<[u8]> for Counted {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        Bytes::from_owner(Counted(bytes, self))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut used = self.budget.lock();
        used.all -= self.bytes;
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

    const MOST: usize = 4_000;
    const SHARE: usize = 1_000;

    fn client(number: u8) -> Client {
        Client::new(None, IpAddr::from([10, 0, 0, number]))
    }

    #[test]
    fn one_client_has_a_share_and_all_together_the_whole() {
        let budget = Budget::new(MOST, SHARE);
        let held: Vec<_> = (0..6).map_while(|_| budget.take(&client(1), SHARE / 4).ok()).collect();
        assert_eq!(held.len(), 4, "its share");
        let others: Vec<_> = (2..9).map_while(|n| budget.take(&client(n), SHARE).ok()).collect();
        assert_eq!(others.len(), 3, "what is left");
        assert!(budget.take(&client(9), 1).is_err());
        let told = budget.take_anyway(&client(9), 10).with(Bytes::from_static(b"0123456789"));
        let part = told.slice(3..4);
        drop((held, others, told));
        assert_eq!(budget.lock().all, 10, "a part of it is still there");
        drop(part);
        let used = budget.lock();
        assert_eq!((used.all, used.by_client.len()), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_has_room_once_it_is_free() {
        let budget = Budget::new(MOST, SHARE);
        let held = budget.take(&client(1), SHARE).ok();
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.room(&client(1), 10).await.bytes }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!(budget.room(&client(2), SHARE).await.bytes, SHARE, "others do not wait");
        drop(held);
        assert_eq!(waiting.await.unwrap(), 10);
    }

    #[test]
    fn one_thing_may_have_any_size() {
        let budget = Budget::new(MOST, SHARE);
        let large = budget.take(&client(1), 3 * MOST).ok();
        assert!(large.is_some() && budget.take(&client(1), 1).is_err());
    }
}
