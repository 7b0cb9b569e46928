//! Tests that `serve` reads its certificate anew at SIGHUP, with real connections and two certificates.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::Server;
use crate::shop::Shop;

/// A certificate for `localhost` that signs itself, and its key, both as PEM.
struct Pair {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self { certificate, key, der: made.cert.der().clone() }
    }
}

/// A connection that is kept open.
struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Connection {
    /// Connects, trusting these certificates, with settings of its own, so that no session is resumed.
    fn open(address: SocketAddr, trusted: &[&Pair]) -> Self {
        let mut roots = RootCertStore::empty();
        trusted.iter().for_each(|pair| roots.add(pair.der.clone()).unwrap());
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        Self(BufReader::new(StreamOwned::new(connection, TcpStream::connect(address).unwrap())))
    }

    /// Asks whether the server is alive, and returns the certificate that it has shown.
    fn ask(&mut self) -> CertificateDer<'static> {
        self.0.get_mut().write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "HTTP/1.1 200 OK");
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
        }
        let mut body = [0; br#"{"status":"ok"}"#.len()];
        std::io::Read::read_exact(&mut self.0, &mut body).unwrap();
        self.0.get_ref().conn.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

#[test]
fn a_new_certificate_is_for_new_connections_and_a_broken_one_for_none() {
    let (shop, old, new) = (Shop::stocked(), Pair::new(), Pair::new());
    let put = |certificate: &str, key: &str| {
        shop.file("cert.pem", certificate);
        shop.file("key.pem", key);
    };
    put(&old.certificate, &old.key);
    let command = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        "cert.pem",
        "--tls-key",
        "key.pem",
        "--log",
        "json",
    ];
    let server = Server::start(shop.program(&command));
    let until_logged = |words: &str| {
        while !server.next_line().contains(words) {}
    };
    let trusted = [&old, &new];
    let mut open = Connection::open(server.address, &trusted);
    assert_eq!(open.ask(), old.der);

    put(&new.certificate, &new.key);
    assert_eq!(Connection::open(server.address, &trusted).ask(), old.der, "nothing changes unasked");
    server.process.signal("HUP");
    until_logged("the certificate was read anew");
    assert_eq!(Connection::open(server.address, &trusted).ask(), new.der);
    assert_eq!(open.ask(), old.der, "an open connection goes on");

    let half = &old.certificate[..old.certificate.len() / 2];
    for (certificate, key) in
        [("", old.key.as_str()), (half, &old.key), (&old.certificate, &new.key), (&old.certificate, "")]
    {
        put(certificate, key);
        server.process.signal("HUP");
        until_logged("the present one stays");
        assert_eq!(Connection::open(server.address, &trusted).ask(), new.der);
    }
    std::fs::remove_file(shop.path("key.pem")).unwrap();
    server.process.signal("HUP");
    until_logged("key.pem");
    assert_eq!(open.ask(), old.der);
    put(&old.certificate, &old.key);
    server.process.signal("HUP");
    until_logged("the certificate was read anew");
    assert_eq!(Connection::open(server.address, &trusted).ask(), old.der);
    let (code, _) = server.stop();
    assert_eq!(code, Some(0));
}
