//! `http(s)://…`: each event is posted alone, as structured CloudEvents JSON, signed with the Standard Webhooks
//! scheme. Any 2xx accepts it.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chrono::DateTime;
use ureq::config::Config;
use ureq::http::{HeaderMap, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Timeout};

use super::{Failure, Message, Secret, Settings, Sink};
use crate::resolve::CachingResolver;
use crate::roots::{Roots, certificate_fault};
use crate::text::{ValueError, quoted};
use crate::time::Time;

/// The most bytes to read of an answer's body, so that its connection can be used again.
const MAX_ANSWER: u64 = 64 * 1024;

/// The longest wait that a receiver can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// The receiver at a URL, with what the settings say.
pub(super) fn open(url: &str, settings: &Settings) -> Result<Box<dyn Sink>, ValueError> {
    let secret = settings.secret.clone();
    let secret = secret.ok_or_else(|| ValueError::new("a sink over HTTP needs a secret to sign with"))?;
    let sink = HttpSink::new(url, secret)?.allow_private(settings.allow_private);
    Ok(Box::new(match &settings.roots {
        Some(roots) => sink.roots(roots.clone()),
        None => sink,
    }))
}

/// A receiver behind a URL.
#[derive(Debug)]
pub struct HttpSink {
    url: String,
    secret: Secret,
    timeout: Duration,
    parallel: usize,
    allow_private: bool,
    roots: Option<Roots>,
    agent: Agent,
}

impl HttpSink {
    /// The receiver at a URL, which needs the secret to check signatures.
    ///
    /// # Errors
    /// [`ValueError`] for text that is not a URL, and for a URL with a password.
    pub fn new(url: &str, secret: Secret) -> Result<Self, ValueError> {
        let uri: Uri =
            url.parse().map_err(|e| ValueError::new(format!("{} is not a URL: {e}", quoted(url))))?;
        let host = uri.authority().filter(|authority| !authority.host().is_empty());
        let authority = host.ok_or_else(|| ValueError::new(format!("{} names no host", quoted(url))))?;
        if authority.as_str().contains('@') {
            return Err(ValueError::new(
                "the address of a sink must carry no user or password: requests are signed",
            ));
        }
        let sink = Self {
            url: url.into(),
            secret,
            timeout: Duration::from_secs(10),
            parallel: 32,
            allow_private: false,
            roots: None,
            agent: Agent::new_with_defaults(),
        };
        Ok(sink.with_agent())
    }

    /// Whether the receiver may be in a private address range. The default is no.
    #[must_use]
    pub fn allow_private(self, allow: bool) -> Self {
        Self { allow_private: allow, ..self }.with_agent()
    }

    /// Trusts these roots over TLS instead of the public ones.
    #[must_use]
    pub fn roots(self, roots: Roots) -> Self {
        Self { roots: Some(roots), ..self }.with_agent()
    }

    /// How long to wait for an answer. The default is 10 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }.with_agent()
    }

    /// The most concurrent requests. The default is 32.
    #[must_use]
    pub fn requests(self, parallel: usize) -> Self {
        Self { parallel: parallel.max(1), ..self }.with_agent()
    }

    fn with_agent(self) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(Roots::tls(self.roots.as_ref()))
            .timeout_global(Some(self.timeout))
            .timeout_connect(Some(self.timeout / 2))
            .max_idle_connections(self.parallel)
            .max_idle_connections_per_host(self.parallel)
            .user_agent(concat!("commerce/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver =
            AllowedAddresses { allow_private: self.allow_private, resolver: CachingResolver::new() };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), resolver), ..self }
    }
}

impl Sink for HttpSink {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        messages.iter().try_for_each(|message| {
            let seconds = message.sent_at.millis() / 1_000;
            let sent = self
                .agent
                .post(&self.url)
                .header("content-type", "application/cloudevents+json; charset=utf-8")
                .header("webhook-id", &message.id)
                .header("webhook-timestamp", seconds.to_string())
                .header("webhook-signature", self.secret.sign(&message.id, seconds, &message.body))
                .send(message.body.as_bytes());
            let mut answer = sent.map_err(|error| send_failure(&error))?;
            let outcome = outcome(answer.status().as_u16(), answer.headers(), message.sent_at);
            // The status decides; the body is read only so that the connection can be used again.
            let _ = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
            outcome
        })
    }

    fn parallel(&self) -> usize {
        self.parallel
    }

    fn longest(&self) -> Duration {
        self.timeout + self.timeout / 4
    }
}

fn outcome(status: u16, headers: &HeaderMap, now: Time) -> Result<(), Failure> {
    let after = headers.get("retry-after").and_then(|value| retry_after(value.to_str().ok()?.trim(), now));
    let reason = format!("the receiver answered {status}");
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(Failure::refused(format!("{reason}, a redirect; none is followed"))),
        410 => Err(Failure::Gone { reason: format!("{reason}: it wants no events any more") }),
        429 => Err(Failure::Down { reason: format!("{reason}: too many requests"), after }),
        _ => Err(Failure::Refused { reason, after }),
    }
}

/// How long `Retry-After` asks to wait: seconds, or until a date.
fn retry_after(text: &str, now: Time) -> Option<Duration> {
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis();
            Duration::from_millis(u64::try_from(until - now.millis()).unwrap_or_default())
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// A receiver that cannot be reached is down. One that was reached may have failed because of the event.
fn send_failure(error: &ureq::Error) -> Failure {
    if let Some(fault) = certificate_fault(error) {
        return Failure::down(format!("the receiver's certificate is not trusted: {fault}"));
    }
    let reason = match error {
        ureq::Error::Timeout(_) => "the receiver did not answer in time".into(),
        ureq::Error::HostNotFound => "the receiver's host was not found".into(),
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    let unreachable = match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::Tls(_) => true,
        ureq::Error::Rustls(_) => true,
        ureq::Error::Timeout(kind) => matches!(kind, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Io(error) => matches!(
            error.kind(),
            // TLS errors, such as an untrusted certificate, are reported as invalid data.
            ErrorKind::InvalidData
                | ErrorKind::NotFound
                | ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable
                | ErrorKind::PermissionDenied
        ),
        _ => false,
    };
    if unreachable { Failure::down(reason) } else { Failure::refused(reason) }
}

/// Finds the addresses of the receiver. No address that is not allowed is ever connected to.
#[derive(Debug)]
struct AllowedAddresses {
    allow_private: bool,
    resolver: CachingResolver,
}

impl Resolver for AllowedAddresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout).map_err(host_not_found)?;
        let mut allowed = self.empty();
        for &address in found.iter().filter(|address| self.allow_private || is_public(address.ip())) {
            allowed.push(address);
        }
        if let (true, Some(first)) = (allowed.is_empty(), found.first()) {
            let reason = format!("the receiver's address {} is private, which is not allowed", first.ip());
            return Err(std::io::Error::new(ErrorKind::PermissionDenied, reason).into());
        }
        Ok(allowed)
    }
}

/// Gives a failed look-up an error kind of its own, so that it counts as unreachable.
fn host_not_found(error: ureq::Error) -> ureq::Error {
    match error {
        ureq::Error::Io(error) => {
            std::io::Error::new(ErrorKind::NotFound, format!("the receiver's host was not found: {error}"))
                .into()
        }
        other => other,
    }
}

/// Whether an address is one of the public internet (<https://www.iana.org/assignments/iana-ipv4-special-registry>).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let special = ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_documentation()
                || matches!(
                    (a, b, c),
                    (0 | 240..=255, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _)
                );
            !special
        }
        IpAddr::V6(ip) => {
            let [first, second, .., high, low] = ip.segments();
            let embedded = Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
            match (first, second) {
                // Addresses that carry an IPv4 address: mapped, compatible, or translated (NAT64, 6to4).
                (0, 0) | (0x64, 0xff9b) => {
                    ip.to_ipv4() != Some(Ipv4Addr::UNSPECIFIED) && is_public(embedded.into())
                }
                (0x2002, _) => is_public(
                    Ipv4Addr::from(u32::from_be_bytes([
                        ip.octets()[2],
                        ip.octets()[3],
                        ip.octets()[4],
                        ip.octets()[5],
                    ]))
                    .into(),
                ),
                (0x2001, 0x0db8) => false,
                // 2000::/3 is all that is assigned as global unicast.
                _ => first & 0xe000 == 0x2000,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        let private = "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 198.18.0.1 \
            224.0.0.1 255.255.255.255 192.0.0.1 ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 \
            ::127.0.0.1 64:ff9b::a00:1 2002:7f00:1:: 2001:db8::1";
        for ip in private.split_whitespace() {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in
            "1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:8.8.8.8 2002:808:808::".split(' ')
        {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn answers_are_judged_by_their_status() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let after = Some(Duration::from_secs(7));
        let outcome = |status, headers: &HeaderMap| super::outcome(status, headers, Time::default());
        assert_eq!(outcome(204, &headers), Ok(()));
        assert!(matches!(outcome(429, &headers), Err(Failure::Down { after: a, .. }) if a == after));
        assert!(matches!(outcome(503, &headers), Err(Failure::Refused { after: a, .. }) if a == after));
        assert!(matches!(outcome(302, &headers), Err(Failure::Refused { .. })));
        assert!(matches!(outcome(410, &headers), Err(Failure::Gone { .. })));
        for (value, wait) in
            [("Thu, 01 Jan 1970 00:00:07 GMT", after), ("86400", Some(MAX_RETRY_AFTER)), ("soon", None)]
        {
            headers.insert("retry-after", value.parse().unwrap());
            assert!(
                matches!(outcome(429, &headers), Err(Failure::Down { after: a, .. }) if a == wait),
                "{value}"
            );
        }
    }

    #[test]
    fn an_address_must_be_a_url_without_a_password() {
        let secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse::<Secret>().unwrap();
        for bad in ["http://", "http://user:password@example.com/"] {
            assert!(HttpSink::new(bad, secret.clone()).is_err(), "{bad}");
        }
    }
}
