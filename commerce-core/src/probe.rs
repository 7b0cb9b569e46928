//! A write that means nothing: whoever must know whether the store can be written finds out by writing.

use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::{Answer, Reply, Submission};
use crate::submit::{Decided, Submit, When};

/// Raises numbers that mean nothing (SQLite does not write what is as it was), in a commit like any other and on as
/// many pages as an order writes: where a disk has no room for an order, it has none for this either. It raises no
/// time, so it stands in nobody's way.
#[derive(Clone, Copy, Debug)]
pub struct Probe;

impl Submit for Probe {
    type Reply = ();

    fn needs(&self, _: &mut Keys) {}

    fn decide(&self, _: Option<&Key>, facts: &mut Facts, _: When<'_>) -> Decided<()> {
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
