//! An HTTP receiver on this machine that only answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::work::Result;

/// The answer to every request.
#[derive(Clone, Copy)]
pub enum Answer {
    Status(u16),
    /// The receiver never answers.
    Silence,
}

/// Listens until the program ends. Returns the URL.
pub fn start(answer: Answer) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            // The sender notices a broken connection.
            std::thread::spawn(move || serve(&stream, answer));
        }
    });
    Ok(url)
}

fn serve(mut stream: &TcpStream, answer: Answer) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        match answer {
            Answer::Status(status) => write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n")?,
            Answer::Silence => std::thread::park(),
        }
    }
}
