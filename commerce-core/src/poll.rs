//! The version as threads that wait poll it. All of them share one question, which a server is asked at an interval, unless
//! somebody else asks it as often.

use std::sync::{Mutex, TryLockError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::store::Reader;

/// The last poll of a server.
#[derive(Default)]
pub(crate) struct SharedPoll(Mutex<Option<Poll>>);

struct Poll {
    asked_at: Instant,
    version: i64,
    /// The newest version that was known after it.
    known: i64,
    /// Whether somebody else asked.
    noted: bool,
}

/// How much longer than the interval to wait for somebody else to ask again.
const GRACE: Duration = Duration::from_millis(150);

/// What a thread that waits learns.
pub(crate) struct Polled {
    /// The version, unless another thread is just asking for it.
    pub(crate) version: Option<i64>,
    /// How long to wait before asking again.
    pub(crate) pause: Duration,
}

impl SharedPoll {
    /// The version: of a file as of now, of a server as of the last poll or any later answer to this process.
    pub(crate) fn version(&self, reader: &dyn Reader) -> Result<Polled, Error> {
        let interval = reader.poll_interval();
        if !reader.is_remote() {
            return Ok(Polled { version: Some(reader.version()?), pause: interval });
        }
        let mut last = match self.0.try_lock() {
            Ok(last) => last,
            Err(TryLockError::Poisoned(last)) => last.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(Polled { version: None, pause: interval }),
        };
        if let Some(Poll { asked_at, version, known, noted }) = *last {
            let interval = if noted { interval + GRACE } else { interval };
            let pause = interval.saturating_sub(asked_at.elapsed());
            if !pause.is_zero() {
                let newest = reader.known_version()?;
                return Ok(Polled { version: Some(if newest == known { version } else { newest }), pause });
            }
        }
        let asked_at = Instant::now();
        let version = reader.version()?;
        *last = Some(Poll { asked_at, version, known: reader.known_version()?, noted: false });
        Ok(Polled { version: Some(version), pause: interval })
    }

    /// Notes the version of a server for which somebody else asked at a time.
    pub(crate) fn note(&self, asked_at: Instant, version: i64, known: i64) {
        if let Ok(mut last) = self.0.try_lock() {
            *last = Some(Poll { asked_at, version, known, noted: true });
        }
    }
}
