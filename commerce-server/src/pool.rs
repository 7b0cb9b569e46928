//! Threads for blocking work, with a bounded queue in which clients take turns: a client that asks for a lot delays
//! itself, not the others. A pool has threads of its own, so that memory its allocator keeps is reused for the same
//! kind of work.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use commerce_core::Error;
use tokio::sync::oneshot;

use crate::client::ClientKey;

/// A pool of threads, shared fairly between clients.
#[derive(Clone)]
pub(crate) struct FairPool {
    queue: Queue,
    jobs: mpsc::Sender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Hands out the right to run a job.
#[derive(Clone)]
struct Queue(Arc<Mutex<State>>);

struct State {
    /// Threads that have nothing to do. If there are any, nobody waits.
    idle: usize,
    /// How many jobs of one client may wait.
    per_client: usize,
    /// The waiting jobs of each client. The first client is served next, and then moves to the end.
    waiting: VecDeque<(ClientKey, VecDeque<oneshot::Sender<Permit>>)>,
}

/// The right to use a thread. Dropping it passes the right to the next in the queue.
struct Permit(Queue);

/// The whole queue is this many times as long as one client's part of it.
const CLIENTS: usize = 4;

impl FairPool {
    /// Starts `threads` threads. At most `per_client` jobs of one client wait for them.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn new(name: &str, threads: usize, per_client: usize) -> std::io::Result<Self> {
        let (jobs, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..threads {
            let receiver = receiver.clone();
            let next = move || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
            // The threads end when the pool is dropped.
            let run = move || {
                while let Ok(job) = next() {
                    // The caller of a job that panics notices that its sender is gone.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            std::thread::Builder::new().name(format!("commerce-{name}")).spawn(run)?;
        }
        let state = State { idle: threads, per_client, waiting: VecDeque::new() };
        Ok(Self { queue: Queue(Arc::new(Mutex::new(state))), jobs })
    }

    /// Runs a job on a thread of this pool, after those that wait before it.
    ///
    /// # Errors
    /// [`Error::Busy`] at once when the queue is full, or the error of the job.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        client: &ClientKey,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.queue.acquire(client).await?;
        let (sender, result) = oneshot::channel();
        let job = Box::new(move || {
            let done = job();
            drop(permit);
            // The receiver may be gone, with the client.
            let _ = sender.send(done);
        });
        self.jobs.send(job).map_err(|_| Error::Closed)?;
        result.await.map_err(|_| Error::Store("the thread that did this panicked".into()))?
    }
}

impl Queue {
    async fn acquire(&self, client: &ClientKey) -> Result<Permit, Error> {
        let granted = {
            let mut state = self.lock();
            if state.idle > 0 {
                state.idle -= 1;
                return Ok(Permit(self.clone()));
            }
            state.enqueue(client)?
        };
        granted.await.map_err(|_| Error::Closed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, client: &ClientKey) -> Result<oneshot::Receiver<Permit>, Error> {
        if self.is_full(client) {
            // Some clients may have gone while they waited.
            self.waiting.iter_mut().for_each(|(_, own)| own.retain(|sender| !sender.is_closed()));
            self.waiting.retain(|(_, own)| !own.is_empty());
            if self.is_full(client) {
                return Err(Error::Busy("too many requests are waiting".into()));
            }
        }
        let (sender, granted) = oneshot::channel();
        match self.waiting.iter_mut().find(|(key, _)| key == client) {
            Some((_, own)) => own.push_back(sender),
            None => self.waiting.push_back((client.clone(), VecDeque::from([sender]))),
        }
        Ok(granted)
    }

    fn is_full(&self, client: &ClientKey) -> bool {
        let own = self.waiting.iter().find(|(key, _)| key == client).map_or(0, |(_, own)| own.len());
        let all: usize = self.waiting.iter().map(|(_, own)| own.len()).sum();
        own >= self.per_client || all >= CLIENTS * self.per_client
    }

    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let (client, mut own) = self.waiting.pop_front()?;
        let next = own.pop_front();
        if !own.is_empty() {
            self.waiting.push_back((client, own));
        }
        next
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let next = state.next();
            if next.is_none() {
                state.idle += 1;
            }
            next
        };
        if let Some(next) = next {
            // If that client has gone, the permit comes back and is dropped here, which passes it to the one after.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const PER_CLIENT: usize = 8;

    fn client(number: u8) -> ClientKey {
        ClientKey::new(None, IpAddr::from([10, 0, 0, number]))
    }

    fn enqueue(pool: &FairPool, number: u8) -> Result<oneshot::Receiver<Permit>, Error> {
        pool.queue.lock().enqueue(&client(number))
    }

    #[tokio::test]
    async fn clients_take_turns_and_none_fills_the_queue() {
        let pool = FairPool::new("test", 1, PER_CLIENT).unwrap();
        let permit = pool.queue.acquire(&client(1)).await.unwrap();
        let mut greedy: Vec<_> = (0..100).map_while(|_| enqueue(&pool, 1).ok()).collect();
        assert_eq!(greedy.len(), PER_CLIENT);
        let mut modest = enqueue(&pool, 2).unwrap();
        drop(permit);
        let first = greedy[0].try_recv().unwrap();
        assert!(modest.try_recv().is_err());
        drop(first);
        assert!(greedy[1].try_recv().is_err(), "the other client is next");
        drop(modest.try_recv().unwrap());
        // Clients that have gone are skipped, and leave room.
        drop(greedy.drain(1..PER_CLIENT - 1));
        assert!(enqueue(&pool, 1).is_ok());
        drop(greedy);
        let state = pool.queue.lock();
        assert_eq!((state.idle, state.waiting.len()), (1, 0));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_every_client_at_once() {
        let pool = FairPool::new("test", 1, PER_CLIENT).unwrap();
        let _permit = pool.queue.acquire(&client(0)).await.unwrap();
        let most = CLIENTS * PER_CLIENT;
        let waiting: Vec<_> =
            (0..most).map_while(|n| enqueue(&pool, u8::try_from(n / PER_CLIENT).unwrap_or(0)).ok()).collect();
        assert_eq!(waiting.len(), most);
        assert!(pool.run(&client(9), || Ok(())).await.is_err());
        drop(waiting);
        assert!(enqueue(&pool, 9).is_ok());
    }

    #[tokio::test]
    async fn a_job_that_panics_leaves_the_pool_usable() {
        let pool = FairPool::new("test", 1, PER_CLIENT).unwrap();
        let panicked = pool.run(&client(1), || -> Result<(), Error> { panic!("as this test wants") }).await;
        assert!(matches!(panicked, Err(Error::Store(_))));
        assert_eq!(pool.run(&client(1), || Ok(7)).await.unwrap(), 7);
    }
}
