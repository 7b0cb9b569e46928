//! `event.retry`: dead events are delivered again, all of those named or none.

use serde::{Deserialize, Serialize};

use super::{Delivery, Resting, Standing};
use crate::facts::{Facts, Keys};
use crate::input::Fields;
use crate::number::EventId;
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// Makes dead events pending.
#[derive(Clone, Debug, Serialize)]
pub struct Retry {
    /// Which events.
    pub events: Vec<EventId>,
}

/// Events that are pending again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// Which events.
    pub events: Vec<EventId>,
}

impl Operation for Retry {
    const NAME: &'static str = "event.retry";
    type Reply = Retried;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { events: fields.values("events")? })
    }

    fn canonical(&self) -> Option<Self> {
        (!self.events.is_sorted_by(|a, b| a < b)).then(|| Self { events: self.each_once() })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.events.extend(&self.events);
        keys.relay = true;
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Retried, Refusal> {
        let events = self.each_once();
        let such = |wrong: &dyn Fn(Option<Resting>) -> bool| -> Vec<EventId> {
            events.iter().copied().filter(|&event| wrong(facts.event(event))).collect()
        };
        let unknown = such(&|resting| resting.is_none());
        if !unknown.is_empty() {
            return Err(Refusal::EventNotFound { events: unknown });
        }
        let alive = such(&|resting| resting.is_some_and(|resting| resting != Resting::Dead));
        if !alive.is_empty() {
            return Err(Refusal::EventNotDead { events: alive });
        }
        // From here on nothing can fail.
        for &event in &events {
            facts.set_delivery(event, Some(Delivery::default()));
        }
        let standing = facts.relay();
        facts.set_relay(Standing { revived: standing.revived + 1, ..standing });
        Ok(Retried { events })
    }
}

impl Retry {
    fn each_once(&self) -> Vec<EventId> {
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        events
    }
}

impl Reply for Retried {}
