//! Resolving the name of a libSQL server or of a receiver of events. The HTTP client asks before every request, even when it
//! has an open connection, and looks a name up on a thread that it starts for this. So an address of numbers is not looked
//! up, and that of a name is kept for a while.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// A resolver that remembers the addresses of the last name.
#[derive(Debug)]
pub(crate) struct CachingResolver<R = DefaultResolver> {
    lookup: R,
    last: Mutex<Option<Found>>,
}

#[derive(Debug)]
struct Found {
    authority: String,
    addresses: Vec<SocketAddr>,
    at: Instant,
}

/// How long the addresses of a name are kept. A server that has moved is found after this time.
const KEPT: Duration = Duration::from_secs(5);

impl CachingResolver {
    pub(crate) fn new() -> Self {
        Self::before(DefaultResolver::default())
    }
}

impl<R: Resolver> Resolver for CachingResolver<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let authority = uri
            .scheme()
            .zip(uri.authority())
            .and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let Some(authority) = authority else { return self.lookup.resolve(uri, config, timeout) };
        if let Ok(address) = authority.parse::<SocketAddr>() {
            return Ok(self.collect(&[address]));
        }
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = &*last()
            && found.authority == authority
            && found.at.elapsed() < KEPT
        {
            return Ok(self.collect(&found.addresses));
        }
        let resolved = self.lookup.resolve(uri, config, timeout)?;
        *last() = Some(Found { authority, addresses: resolved.to_vec(), at: Instant::now() });
        Ok(resolved)
    }
}

impl<R: Resolver> CachingResolver<R> {
    fn before(lookup: R) -> Self {
        Self { lookup, last: Mutex::new(None) }
    }

    /// These addresses, as many as a resolver can return.
    fn collect(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut collected = self.empty();
        addresses.iter().for_each(|address| collected.push(*address));
        collected
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts how often it is asked.
    #[derive(Debug, Default)]
    struct Counting(AtomicU32);

    impl Resolver for Counting {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let mut found = self.empty();
            found.push(([10, 0, 0, number as u8], 80).into());
            found.push(([10, 0, 1, number as u8], 80).into());
            Ok(found)
        }
    }

    #[test]
    fn a_name_is_looked_up_once_in_a_while_and_numbers_never() {
        let resolver = CachingResolver::before(Counting::default());
        let resolve = |uri: &'static str| {
            let timeout = NextTimeout::default();
            resolver.resolve(&Uri::from_static(uri), &Config::default(), timeout).unwrap().to_vec()
        };
        assert_eq!(resolve("http://192.0.2.7:81/v3"), ["192.0.2.7:81".parse().unwrap()]);
        assert_eq!(resolve("https://[2001:db8::7]/v3"), ["[2001:db8::7]:443".parse().unwrap()]);
        assert_eq!(resolver.lookup.0.load(Ordering::Relaxed), 0);

        let first = resolve("https://a.example/v3");
        assert_eq!(first, [([10, 0, 0, 0], 80).into(), ([10, 0, 1, 0], 80).into()]);
        assert_eq!(resolve("https://a.example/version"), first);
        assert_ne!(resolve("https://a.example:444/v3"), first, "another port");
        assert_ne!(resolve("https://b.example/v3"), first, "another name");
        let last = resolve("https://b.example/v3");

        resolver.last.lock().unwrap().as_mut().unwrap().at -= KEPT;
        assert_ne!(resolve("https://b.example/v3"), last, "the time is over");
    }
}
