//! A proxy between an instance and its server that loses what it is told to lose.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What is to happen to the next request that commits.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// This part of it, in thousandths, is passed on; then both connections are cut.
    CutRequest(usize),
    /// It is passed on, and of the answer only this part comes back.
    CutAnswer(usize),
    /// It is passed on late.
    Delay(Duration),
}

/// Listens on a port of its own until the test ends.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// How many requests came.
    requests: usize,
    next: Option<Fault>,
    /// Whether connections are refused.
    away: bool,
    /// Whether they will be refused after the next fault.
    then_away: bool,
}

impl Proxy {
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let proxy = Self { port, state: Arc::default() };
        let shared = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let proxy = shared.clone();
                // A connection that ends is a connection less; whoever used it opens another.
                std::thread::spawn(move || proxy.serve(client, server));
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("libsql://127.0.0.1:{}", self.port)
    }

    /// Does this to the next commit.
    pub fn arm(&self, fault: Fault) {
        self.state.0.lock().unwrap().next = Some(fault);
    }

    /// Does this to the next commit, and lets nobody through afterwards.
    pub fn arm_and_go(&self, fault: Fault) {
        let mut state = self.state.0.lock().unwrap();
        (state.next, state.then_away) = (Some(fault), true);
    }

    pub fn come_back(&self) {
        self.state.0.lock().unwrap().away = false;
    }

    /// Waits until the fault has happened.
    pub fn struck(&self) {
        let state = self.state.0.lock().unwrap();
        let waited = self.state.1.wait_timeout_while(state, Duration::from_secs(60), |s| s.next.is_some());
        assert!(!waited.unwrap().1.timed_out(), "nothing was committed for a minute");
    }

    pub fn requests(&self) -> usize {
        self.state.0.lock().unwrap().requests
    }

    fn serve(&self, client: TcpStream, server: u16) -> io::Result<()> {
        if self.state.0.lock().unwrap().away {
            return Ok(());
        }
        let server = TcpStream::connect(("127.0.0.1", server))?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let (mut requests, mut answers) = (BufReader::new(&client), BufReader::new(&server));
        while let Some(request) = message(&mut requests)? {
            match self.fault(&request) {
                Some(Fault::CutRequest(part)) => {
                    (&server).write_all(&request[..request.len() * part / 1_000])?;
                    return Ok(());
                }
                Some(Fault::CutAnswer(part)) => {
                    (&server).write_all(&request)?;
                    let answer = message(&mut answers)?.unwrap_or_default();
                    (&client).write_all(&answer[..answer.len() * part / 1_000])?;
                    return Ok(());
                }
                Some(Fault::Delay(time)) => std::thread::sleep(time),
                None => {}
            }
            (&server).write_all(&request)?;
            let Some(answer) = message(&mut answers)? else { return Ok(()) };
            (&client).write_all(&answer)?;
        }
        Ok(())
    }

    fn fault(&self, request: &[u8]) -> Option<Fault> {
        self.state.0.lock().unwrap().requests += 1;
        if !request.windows(8).any(|part| part == b"\"COMMIT\"") {
            return None;
        }
        let mut state = self.state.0.lock().unwrap();
        let fault = state.next.take();
        if fault.is_some() {
            state.away = std::mem::take(&mut state.then_away);
            self.state.1.notify_all();
        }
        fault
    }
}

/// One request or answer as it came: its head, and as much as that says follows.
fn message(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let start = message.len();
        if from.read_until(b'\n', &mut message)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&message[start..]).to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    from.take(length).read_to_end(&mut message)?;
    Ok(Some(message))
}
