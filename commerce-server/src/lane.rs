//! What takes long, large queries above all, a few at a time: the others wait, not too many of them, and clients take
//! turns, so that who asks for much waits for himself. A lane has threads of its own: what one leaves to its
//! allocator the next has for the same work.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use commerce_core::Error;
use tokio::sync::oneshot;

use crate::client::Client;

/// Threads for work that takes long, and the queue before them.
#[derive(Clone)]
pub(crate) struct Lane {
    waiting: Waiting,
    work: mpsc::Sender<Work>,
}

type Work = Box<dyn FnOnce() + Send>;

#[derive(Clone)]
struct Waiting(Arc<Mutex<State>>);

struct State {
    /// Turns that nobody has. Where there are some, nobody waits.
    free: usize,
    /// The most of one client that wait.
    share: usize,
    /// Whoever waits, each client with its own row; the first row is next, and then goes to the end.
    rows: VecDeque<(Client, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The right to a thread. Who is next has it once this is dropped.
struct Turn(Waiting);

/// So many clients may have as many waiting as one may.
const CLIENTS: usize = 4;

impl Lane {
    /// With so many threads, for which so many of one client may wait.
    pub(crate) fn new(name: &str, threads: usize, share: usize) -> std::io::Result<Self> {
        let (work, coming) = mpsc::channel::<Work>();
        let coming = Arc::new(Mutex::new(coming));
        for _ in 0..threads {
            let coming = coming.clone();
            let next = move || coming.lock().unwrap_or_else(PoisonError::into_inner).recv();
            // They end when the lane is gone.
            let run = move || {
                while let Ok(work) = next() {
                    // Whoever waits for it is told by its silence.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            };
            std::thread::Builder::new().name(format!("commerce-{name}")).spawn(run)?;
        }
        let state = State { free: threads, share, rows: VecDeque::new() };
        Ok(Self { waiting: Waiting(Arc::new(Mutex::new(state))), work })
    }

    /// Waits for a turn and does the work, or is told at once that too many wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        client: &Client,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.waiting.enter(client).await?;
        let (tell, told) = oneshot::channel();
        let work = Box::new(move || {
            let done = work();
            drop(turn);
            // Who has gone need not be told.
            let _ = tell.send(done);
        });
        self.work.send(work).map_err(|_| Error::Closed)?;
        told.await.map_err(|_| Error::Store("the thread that did this panicked".into()))?
    }
}

impl Waiting {
    async fn enter(&self, client: &Client) -> Result<Turn, Error> {
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
        own >= self.share || self.rows.iter().map(|(_, row)| row.len()).sum::<usize>() >= CLIENTS * self.share
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

    const SHARE: usize = 8;

    fn client(number: u8) -> Client {
        Client::new(None, IpAddr::from([10, 0, 0, number]))
    }

    fn join(lane: &Lane, number: u8) -> Result<oneshot::Receiver<Turn>, Error> {
        lane.waiting.lock().join(&client(number))
    }

    #[tokio::test]
    async fn clients_take_turns_and_none_has_all_places() {
        let lane = Lane::new("test", 1, SHARE).unwrap();
        let turn = lane.waiting.enter(&client(1)).await.unwrap();
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
        drop(greedy.drain(1..SHARE - 1));
        assert!(join(&lane, 1).is_ok());
        drop(greedy);
        let state = lane.waiting.lock();
        assert_eq!((state.free, state.rows.len()), (1, 0));
    }

    #[tokio::test]
    async fn past_the_bound_everybody_is_refused_at_once() {
        let lane = Lane::new("test", 1, SHARE).unwrap();
        let _turn = lane.waiting.enter(&client(0)).await.unwrap();
        let most = CLIENTS * SHARE;
        let waiting: Vec<_> =
            (0..most).map_while(|n| join(&lane, u8::try_from(n / SHARE).unwrap_or(0)).ok()).collect();
        assert_eq!(waiting.len(), most);
        assert!(lane.run(&client(9), || Ok(())).await.is_err());
        drop(waiting);
        assert!(join(&lane, 9).is_ok());
    }

    #[tokio::test]
    async fn work_that_panics_leaves_the_lane_as_it_was() {
        let lane = Lane::new("test", 1, SHARE).unwrap();
        let panicked = lane.run(&client(1), || -> Result<(), Error> { panic!("as this test wants") }).await;
        assert!(matches!(panicked, Err(Error::Store(_))));
        assert_eq!(lane.run(&client(1), || Ok(7)).await.unwrap(), 7);
    }
}
