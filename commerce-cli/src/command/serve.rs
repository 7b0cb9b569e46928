//! `serve`: the shop over HTTP, until a signal stops the server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use commerce_core::outbox::Relay;
use commerce_core::outbox::relay::Notice;
use commerce_core::{Commerce, escape, token};
use commerce_server::{Options, ServeError, TlsFiles};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tracing_subscriber::filter::LevelFilter;

use crate::failure::Failure;
use crate::relay::RelayArgs;
use crate::session::Session;

/// Serve the shop over HTTP.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce serve                                  for this machine only, without tokens
  commerce token create office --role operator
  commerce serve --sink file:events.jsonl         deliver events as well
  commerce serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --log json
  curl -H 'Authorization: Bearer …' https://shop.example:8443/v1/products

SIGTERM and SIGINT stop the server: it accepts no more requests and answers those in flight.
SIGHUP reads the certificate and its key anew: new connections get the new one, open ones go on.")]
pub struct Serve {
    /// Listen on this address. May be given several times.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: Vec<String>,
    /// Use this certificate chain, as PEM. The server then accepts TLS connections only.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Use this private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Limit each token or address to this many requests a second; 0 means no limit. The default is no limit if the server
    /// listens on loopback addresses only, and 100 otherwise.
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// Allow browser pages of this origin to call the server. May be given several times.
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// Log every request to standard error in this format. Failures are always logged.
    #[arg(long, value_enum, value_name = "FORMAT")]
    log: Option<LogFormat>,
    #[command(flatten)]
    relay: RelayArgs,
}

/// The format of the log.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Serve {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.require_here("serve")?;
        let listen = self.addresses()?;
        self.start_log();
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let readers = commerce_server::readers(threads);
        let shop = session.open(session.options().readers(readers))?;
        for warning in shop.warnings() {
            tracing::warn!("{warning}");
        }
        let relay = self.relay.start(session, shop, Relay::start, log_relay)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
        let served = runtime.block_on(async {
            let mut options = self.options(session, shop.clone(), listen)?;
            // Without a certificate, SIGHUP ends the process, as usual.
            if self.tls_cert.is_some() {
                options = options.read_certificate_anew(on_hangup()?);
            }
            // From here on a signal shuts the server down gracefully.
            let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let shutdown = async {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = int.recv() => {}
                }
                session.note("finishing the requests in flight");
            };
            commerce_server::serve(options, shutdown).await.map_err(failure)
        });
        // Before the process ends, deliveries in flight are marked and queued operations are decided.
        drop(relay);
        shop.close();
        served
    }

    fn options(
        &self,
        session: &Session,
        shop: Commerce,
        listen: Vec<SocketAddr>,
    ) -> Result<Options, Failure> {
        let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
        let diagnostics = session.diagnostics();
        let unprotected = session.query(&token::List::default())?.items.is_empty();
        let mut options = Options::new(shop, listen)
            .cors_origins(self.cors_origin.clone())
            .log_requests(self.log.is_some())
            .on_ready(move |addresses| {
                for address in addresses {
                    diagnostics.note(&format!("listening on {scheme}://{address}"));
                }
                if unprotected {
                    diagnostics
                        .note("the store has no token: anyone who can reach these addresses has full access");
                }
            });
        if let (Some(certificates), Some(key)) = (&self.tls_cert, &self.tls_key) {
            options = options.tls(TlsFiles { certificates: certificates.clone(), key: key.clone() });
        }
        if let Some(rate) = self.rate_limit {
            options = options.rate_limit(rate);
        }
        Ok(options)
    }

    /// The addresses to listen on.
    fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let mut all = Vec::new();
        for text in &self.listen {
            let shown = escape(text);
            let found = text.to_socket_addrs().map_err(|e| {
                Failure::Usage(format!("--listen: {shown} is not an address such as 127.0.0.1:8080: {e}"))
            })?;
            all.extend(found);
        }
        Ok(all)
    }

    /// Starts logging to standard error.
    fn start_log(&self) {
        let level = if self.log.is_some() { LevelFilter::INFO } else { LevelFilter::WARN };
        let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
        match self.log {
            Some(LogFormat::Json) => log.json().flatten_event(true).init(),
            Some(LogFormat::Text) | None => log.with_ansi(false).init(),
        }
    }
}

/// Is notified at each SIGHUP.
fn on_hangup() -> std::io::Result<Arc<Notify>> {
    let (notify, mut hangups) = (Arc::new(Notify::new()), signal(SignalKind::hangup())?);
    let notified = notify.clone();
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            notified.notify_one();
        }
    });
    Ok(notify)
}

/// Logs what a relay reports.
fn log_relay(notice: &Notice) {
    match notice {
        Notice::Active | Notice::StandBy | Notice::Up | Notice::Recovered => {
            tracing::info!("relay: {notice}")
        }
        _ => tracing::warn!("relay: {notice}"),
    }
}

fn failure(error: ServeError) -> Failure {
    match error {
        ServeError::Store(error) => Failure::Engine(error),
        error @ (ServeError::NoToken(_) | ServeError::Tls(_) | ServeError::Origin(_)) => {
            Failure::Usage(error.to_string())
        }
        error @ ServeError::Listen { .. } => Failure::Io(std::io::Error::other(error.to_string())),
    }
}
