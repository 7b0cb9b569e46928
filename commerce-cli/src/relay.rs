//! The options that deliver events, shared by all commands that run for long, and how to start a relay with them.

use std::path::PathBuf;
use std::time::Duration;

use commerce_core::outbox::relay::{Notice, Options};
use commerce_core::outbox::sink::{self, Secret, Settings};
use commerce_core::outbox::{Relay, Sink};
use commerce_core::{Commerce, Error};

use crate::failure::Failure;
use crate::session::Session;
use crate::store;

/// How events are delivered.
#[derive(clap::Args, Clone)]
pub struct RelayArgs {
    /// Deliver events to this sink: file:PATH, http://…, https://…, or none. Events over HTTP are signed with the secret in
    /// COMMERCE_SINK_SECRET (whsec_… as in Standard Webhooks).
    #[arg(long, env = "COMMERCE_SINK", hide_env_values = true, value_name = "SINK")]
    pub sink: Option<String>,
    /// Read the signing secret from this file instead of COMMERCE_SINK_SECRET.
    #[arg(long, value_name = "FILE")]
    sink_secret_file: Option<PathBuf>,
    /// Allow a sink in a private address range.
    #[arg(long)]
    sink_allow_private: bool,
    /// Mark an event as dead after this many attempts.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// Keep delivered events for this many days.
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    retention: u16,
}

/// [`Relay::start`] or [`Relay::once`].
type Start = fn(&Commerce, Box<dyn Sink>, Options) -> Result<Relay, Error>;

impl RelayArgs {
    /// Starts a relay, unless there is no sink.
    pub fn start(
        &self,
        session: &Session,
        shop: &Commerce,
        start: Start,
        on_notice: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Result<Option<Relay>, Failure> {
        let Some(sink) = self.open_sink(session)? else { return Ok(None) };
        session.require_here("a relay")?;
        let retention = Duration::from_hours(u64::from(self.retention) * 24);
        let options = Options::default().attempts(self.attempts).retention(retention).notice(on_notice);
        Ok(Some(start(shop, sink, options)?))
    }

    /// Opens the sink, if there is one.
    fn open_sink(&self, session: &Session) -> Result<Option<Box<dyn Sink>>, Failure> {
        let Some(address) = &self.sink else { return Ok(None) };
        let secret = match &self.sink_secret_file {
            Some(file) => Some(
                std::fs::read_to_string(file)
                    .map_err(|e| Failure::Usage(format!("--sink-secret-file {}: {e}", file.display())))?,
            ),
            None => std::env::var("COMMERCE_SINK_SECRET").ok(),
        };
        let secret = secret.map(|text| text.parse::<Secret>()).transpose();
        let secret = secret.map_err(|error| Failure::Usage(error.to_string()))?;
        if secret.is_none() && address.starts_with("http") {
            let how = "set COMMERCE_SINK_SECRET or use --sink-secret-file";
            return Err(Failure::Usage(format!(
                "events over HTTP need a signing secret; {how} (whsec_… in base64)"
            )));
        }
        let roots = if address.starts_with("https:") { store::roots(&session.global)? } else { None };
        let settings = Settings { secret, allow_private: self.sink_allow_private, roots };
        sink::open(address, &settings).map_err(|error| Failure::Usage(error.to_string()))
    }
}
