//! An HTTP receiver of events, such as the data platform could run. It checks every signature with the published library,
//! keeps the accepted events, and can be told to misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// This status. The receiver accepts the event if it is 2xx.
    Status(u16),
    /// Closes the connection without accepting the event.
    Drop,
    /// Accepts the event, but closes the connection before the answer.
    TakeAndDie,
    /// Accepts the event and answers after a delay.
    Late(Duration),
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    /// The accepted envelopes, in order of arrival.
    pub accepted: Arc<Mutex<Vec<Value>>>,
    /// Faults of requests: in their signatures or formats.
    pub faults: Arc<Mutex<Vec<String>>>,
    answer: Arc<dyn Fn(&Value) -> Answer + Send + Sync>,
}

impl Receiver {
    /// Listens until the tests end.
    pub fn start(answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let (accepted, faults) = (Arc::default(), Arc::default());
        let receiver = Self { address, accepted, faults, answer: Arc::new(answer) };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                // The sender notices a broken connection.
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    pub fn ids(&self) -> Vec<String> {
        let accepted = self.accepted.lock().unwrap();
        accepted.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }

    fn serve(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
            let mut headers = HeaderMap::new();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).ok()?;
                let Some((name, value)) = header.trim_end().split_once(": ") else { break };
                let name = ureq::http::HeaderName::from_bytes(name.as_bytes()).ok()?;
                headers.insert(name, value.parse().ok()?);
            }
            let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let event = self.check(&line, &headers, &body);
            let (status, late) = match (self.answer)(&event) {
                Answer::Drop => return None,
                Answer::Status(status) => (status, Duration::ZERO),
                Answer::Late(late) => (200, late),
                Answer::TakeAndDie => {
                    self.accepted.lock().unwrap().push(event);
                    return None;
                }
            };
            if (200..300).contains(&status) {
                self.accepted.lock().unwrap().push(event);
            }
            std::thread::sleep(late);
            let more = match status {
                302 => "Location: /elsewhere\r\n",
                429 => "Retry-After: 1\r\n",
                _ => "",
            };
            let mut stream = stream;
            write!(stream, "HTTP/1.1 {status} As Told\r\n{more}Content-Length: 2\r\n\r\nok").ok()?;
        }
    }

    fn check(&self, line: &str, headers: &HeaderMap, body: &[u8]) -> Value {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut faults = Vec::new();
        if !line.starts_with("POST /events HTTP/1.1") {
            faults.push(format!("the request was {line}"));
        }
        if headers
            .get("content-type")
            .is_none_or(|kind| kind != "application/cloudevents+json; charset=utf-8")
        {
            faults.push(format!("the headers were {headers:?}"));
        }
        if headers.get("webhook-id").and_then(|id| id.to_str().ok()) != event["id"].as_str() {
            faults.push(format!("the id of {event} was {:?}", headers.get("webhook-id")));
        }
        if let Err(error) = Webhook::new(SECRET).expect("a secret").verify(body, headers) {
            faults.push(format!("the signature of {event}: {error}"));
        }
        self.faults.lock().unwrap().extend(faults);
        event
    }
}
