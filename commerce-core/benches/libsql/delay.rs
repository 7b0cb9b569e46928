//! A network of a fixed round trip between instances and their server. It passes on what each connection sends, in both
//! directions, half a round trip later, and looks at none of it. Connections do not wait for one another.

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::work::Result;

/// A way to a server.
pub struct Way {
    pub port: u16,
    /// The bytes that have travelled, in both directions.
    #[allow(dead_code, reason = "not every bench that includes this counts them")]
    pub bytes: Arc<AtomicU64>,
}

/// Starts a network of this round trip in front of a server on this machine. It runs on a thread of its own until the
/// program ends.
pub fn to(server: u16, round_trip: Duration) -> Result<Way> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let way = Way { port: listener.local_addr()?.port(), bytes: Arc::default() };
    let network = Network {
        listener,
        server,
        delay: round_trip / 2,
        ends: HashMap::new(),
        travelling: VecDeque::new(),
        buffer: vec![0; 1 << 20],
        bytes: way.bytes.clone(),
    };
    std::thread::Builder::new().name("network".into()).spawn(move || {
        if let Err(error) = network.run() {
            eprintln!("the network has failed: {error}");
        }
    })?;
    Ok(way)
}

struct Network {
    listener: TcpListener,
    server: u16,
    delay: Duration,
    /// Both ends of every connection, by number. The lowest bit tells the ends of a connection apart.
    ends: HashMap<u64, End>,
    /// In the order of arrival, which is the order of delivery, since everything takes the same time.
    travelling: VecDeque<Travelling>,
    buffer: Vec<u8>,
    bytes: Arc<AtomicU64>,
}

struct End {
    stream: TcpStream,
    /// Whether it may still send something.
    sends: bool,
    /// Whether it may still get something.
    gets: bool,
}

/// Bytes on their way. None at all is the end of what the other side sends.
struct Travelling {
    due: Instant,
    to: u64,
    bytes: Vec<u8>,
}

impl Network {
    fn run(mut self) -> Result<()> {
        let mut next = 0;
        loop {
            let (accepts, readable) = self.wait()?;
            if accepts {
                let client = self.listener.accept()?.0;
                // Without a server the client's connection closes.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) {
                    for (stream, side) in [(client, 0), (server, 1)] {
                        stream.set_nodelay(true)?;
                        self.ends.insert(next + side, End { stream, sends: true, gets: true });
                    }
                    next += 2;
                }
            }
            readable.into_iter().for_each(|end| self.receive(end));
            self.deliver();
        }
    }

    /// Waits until something arrives or is due. Returns whether there is a new client, and the ends that sent something.
    fn wait(&self) -> Result<(bool, Vec<u64>)> {
        let left = self.travelling.front().map(|first| first.due.saturating_duration_since(Instant::now()));
        let left = left.map(Timespec::try_from).transpose()?;
        let mut numbers = Vec::with_capacity(self.ends.len());
        let mut polled = Vec::with_capacity(self.ends.len() + 1);
        polled.push(PollFd::new(&self.listener, PollFlags::IN));
        for (number, end) in self.ends.iter().filter(|(_, end)| end.sends) {
            numbers.push(*number);
            polled.push(PollFd::new(&end.stream, PollFlags::IN));
        }
        match poll(&mut polled, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = polled.iter().map(|one| !one.revents().is_empty());
        let accepts = ready.next().unwrap_or(false);
        Ok((
            accepts,
            numbers.into_iter().zip(ready).filter(|(_, ready)| *ready).map(|(end, _)| end).collect(),
        ))
    }

    fn receive(&mut self, from: u64) {
        let Some(end) = self.ends.get_mut(&from) else { return };
        // A connection that fails has ended.
        let count = end.stream.read(&mut self.buffer).unwrap_or(0);
        end.sends = count > 0;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        let due = Instant::now() + self.delay;
        self.travelling.push_back(Travelling { due, to: from ^ 1, bytes: self.buffer[..count].to_vec() });
    }

    fn deliver(&mut self) {
        while let Some(first) = self.travelling.pop_front_if(|first| first.due <= Instant::now()) {
            let Some(end) = self.ends.get_mut(&first.to) else { continue };
            if first.bytes.is_empty() || end.stream.write_all(&first.bytes).is_err() {
                // It may be closed already.
                let _ = end.stream.shutdown(Shutdown::Write);
                end.gets = false;
            }
            let has_ended = |end: &End| !end.sends && !end.gets;
            if [first.to, first.to ^ 1].iter().all(|end| self.ends.get(end).is_none_or(has_ended)) {
                self.ends.remove(&first.to);
                self.ends.remove(&(first.to ^ 1));
            }
        }
    }
}
