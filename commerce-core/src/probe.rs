//! A test write. Only a write shows whether the store can be written.

use crate::access::Caller;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::{Answer, Reply, Submission};
use crate::submit::{Decided, Submit, When};

/// Tests whether the store can be written: it increments counters that nothing reads, in a commit like any other. It writes as
/// many pages as an order, so it fails on a disk that has no room for an order. It does not change the newest stored time.
#[derive(Clone, Copy, Debug)]
pub struct Probe;

impl Submit for Probe {
    type Reply = ();

    fn needs(&self, _: &mut Keys) {}

    fn decide(&self, _: &Caller, _: Option<&Key>, facts: &mut Facts, _: When<'_>) -> Decided<()> {
        facts.probe();
        Ok(Answer { reply: (), replayed: false })
    }
}

impl Reply for () {}

impl From<Probe> for Submission<Probe> {
    fn from(probe: Probe) -> Self {
        Self::new(probe)
    }
}

#[cfg(test)]
mod tests {
    use super::Probe;
    use crate::testing::{check_value, shop};

    #[test]
    fn a_probe_writes_as_many_pages_as_an_order_and_no_time() {
        let pages =
            (1..=16).map(|page| format!("update probes probe_no={page} probes=71\n")).collect::<String>();
        check_value(&shop(), &Probe, &format!("null\n{pages}update store last_probe=71"));
    }
}
