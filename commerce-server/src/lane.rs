//! What takes long, large queries above all, a few at a time: the others wait, not too many of them, and clients take
//! turns, so that who asks for much waits for himself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use commerce_core::Error;
use tokio::sync::oneshot;

use crate::client::Client;

/// The queue before the threads that such things run on.
#[derive(Clone)]
pub(crate) struct Lane(Arc<Mutex<State>>);

struct State {
    /// Turns that nobody has. Where there are some, nobody waits.
    free: usize,
    /// Whoever waits, each client with its own row; the first row is next, and then goes to the end.
    rows: VecDeque<(Client, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The right to do one of them. Who is next has it once this is dropped.
pub(crate) struct Turn(Lane);

/// The most that wait.
const MOST: usize = 128;

/// The most of one client that wait.
const SHARE: usize = 32;

impl Lane {
    /// For so many queries at a time.
    pub(crate) fn new(turns: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: turns, rows: VecDeque::new() })))
    }

    /// Waits for a turn, or is told at once that too many wait.
    pub(crate) async fn enter(&self, client: &Client) -> Result<Turn, Error> {
        let coming = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(self.clone()));
            }
            state.join(client)?
        };
        coming.await.map_err(|_| Error::Closed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, client: &Client) -> Result<oneshot::Receiver<Turn>, Error> {
        if self.is_full(client) {
            // Some may have gone while they waited.
            self.rows.iter_mut().for_each(|(_, row)| row.retain(|waiting| !waiting.is_closed()));
            self.rows.retain(|(_, row)| !row.is_empty());
            if self.is_full(client) {
                return Err(Error::Busy("too many large requests are waiting"));
            }
        }
        let (turn, coming) = oneshot::channel();
        match self.rows.iter_mut().find(|(of, _)| of == client) {
            Some((_, row)) => row.push_back(turn),
            None => self.rows.push_back((client.clone(), VecDeque::from([turn]))),
        }
        Ok(coming)
    }

    fn is_full(&self, client: &Client) -> bool {
        let own = self.rows.iter().find(|(of, _)| of == client).map_or(0, |(_, row)| row.len());
        own >= SHARE || self.rows.iter().map(|(_, row)| row.len()).sum::<usize>() >= MOST
    }

    /// Who is next.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (client, mut row) = self.rows.pop_front()?;
        let next = row.pop_front();
        if !row.is_empty() {
            self.rows.push_back((client, row));
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let next = state.next();
            if next.is_none() {
                state.free += 1;
            }
            next
        };
        if let Some(next) = next {
            // If that one has gone, the turn comes back and is dropped here, and so goes to the next but one.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(number: u8) -> Client {
        Client::new(None, IpAddr::from([10, 0, 0, number]))
    }

    fn join(lane: &Lane, number: u8) -> Result<oneshot::Receiver<Turn>, Error> {
        lane.lock().join(&client(number))
    }

    #[tokio::test]
    async fn clients_take_turns_and_none_has_all_places() {
        let lane = Lane::new(1);
        let turn = lane.enter(&client(1)).await.unwrap();
        let mut greedy: Vec<_> = (0..100).map_while(|_| join(&lane, 1).ok()).collect();
        assert_eq!(greedy.len(), SHARE);
        let mut modest = join(&lane, 2).unwrap();
        drop(turn);
        let first = greedy[0].try_recv().unwrap();
        assert!(modest.try_recv().is_err());
        drop(first);
        assert!(greedy[1].try_recv().is_err(), "the other client is next");
        drop(modest.try_recv().unwrap());
        // Who has gone is passed over, and leaves a place.
        drop(greedy.drain(1..31));
        assert!(join(&lane, 1).is_ok());
        drop(greedy);
        let state = lane.lock();
        assert_eq!((state.free, state.rows.len()), (1, 0));
    }

    #[tokio::test]
    async fn past_the_bound_everybody_is_refused_at_once() {
        let lane = Lane::new(1);
        let _turn = lane.enter(&client(0)).await.unwrap();
        let waiting: Vec<_> =
            (0..MOST).map_while(|n| join(&lane, u8::try_from(n / SHARE).unwrap_or(0)).ok()).collect();
        assert_eq!(waiting.len(), MOST);
        assert!(lane.enter(&client(9)).await.is_err());
        drop(waiting);
        assert!(join(&lane, 9).is_ok());
    }
}
