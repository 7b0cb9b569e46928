//! `event.retry`: dead events become pending again, all of the named ones or none.

use serde::{Deserialize, Serialize};

use super::{Delivery, DeliveryStatus, RelayState};
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::input::Fields;
use crate::number::EventId;
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// Makes dead events pending.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retry {
    /// The events to retry.
    pub events: Vec<EventId>,
}

/// Events that are pending again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retried {
    /// The events, each once, in ascending order.
    pub events: Vec<EventId>,
}

impl Operation for Retry {
    const NAME: &'static str = "event.retry";
    const ACCESS: Access = Access::Operator;
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
        let events_where = |is_wrong: &dyn Fn(Option<DeliveryStatus>) -> bool| -> Vec<EventId> {
            events.iter().copied().filter(|&event| is_wrong(facts.event(event))).collect()
        };
        let unknown = events_where(&|status| status.is_none());
        if !unknown.is_empty() {
            return Err(Refusal::EventNotFound { events: unknown });
        }
        let not_dead = events_where(&|status| status.is_some_and(|status| status != DeliveryStatus::Dead));
        if !not_dead.is_empty() {
            return Err(Refusal::EventNotDead { events: not_dead });
        }
        // From here on nothing can fail.
        for &event in &events {
            facts.set_delivery(event, Some(Delivery::default()));
        }
        let relay_state = facts.relay();
        facts.set_relay(RelayState { revived: relay_state.revived + 1, ..relay_state });
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Retry;
    use crate::outbox::{Delivery, RelayState};
    use crate::testing::{Shop, check, keys, refusals, shop};

    /// Event 3 was delivered, 4 and 5 are dead, 6 was passed over, and 7 has its turn to come.
    fn outbox() -> Shop {
        let passed = |dead| Some(Delivery { attempts: 9, error: Some("no".into()), next_at: None, dead });
        let relay =
            RelayState { owner: "a".into(), term: 2, settled: 6, revived: 1, ..RelayState::default() };
        let shop = shop().relay(relay).event(3, None).event(4, passed(true)).event(5, passed(true));
        shop.event(6, passed(false)).event(7, None)
    }

    fn events(events: &[i64]) -> Value {
        json!({ "events": events })
    }

    #[test]
    fn dead_events_begin_anew() {
        check::<Retry>(
            &outbox(),
            events(&[5, 4, 5]),
            r#"
            {"events":[4,5]}
            update deliveries event=4 attempts=0 dead=0
            update deliveries event=5 attempts=0 dead=0
            update relay relay_no=1 owner=a term=2 until=0 settled=6 pruned=0 revived=2 marked=0
            update store last_at=1000
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Retry>(
            outbox(),
            events(&[5]),
            &[
                (|case| case.operation = events(&[9, 6, 5, 8]), r#"event_not_found {"events":[8,9]}"#),
                (|case| case.operation = events(&[7, 5, 3, 6]), r#"event_not_dead {"events":[3,6,7]}"#),
            ],
        );
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let same = [events(&[4, 5]), events(&[5, 4]), events(&[5, 4, 4])];
        keys::<Retry>(&outbox(), 0, &same, &[events(&[4])]);
        keys::<Retry>(&outbox(), 0, &[events(&[4]), events(&[4, 4])], &[]);
    }
}
