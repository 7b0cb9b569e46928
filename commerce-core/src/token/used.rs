//! The server's own operation that notes when tokens were last used.

use super::TokenName;
use crate::access::Caller;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::{Answer, Submission};
use crate::submit::{Decided, Submit, When};
use crate::time::Time;

/// Notes when tokens were last used, to a minute; of several instances the latest counts. It changes neither the newest
/// stored time nor [`TokenVersion`](super::TokenVersion), so caches of tokens stay valid. Where nothing changes, nothing is
/// written.
#[derive(Clone, Debug)]
pub struct Used {
    /// The tokens, each with the time of its use.
    pub tokens: Vec<(TokenName, Time)>,
}

impl Submit for Used {
    type Reply = ();

    fn needs(&self, keys: &mut Keys) {
        keys.tokens.extend(self.tokens.iter().map(|(name, _)| name.clone()));
    }

    fn decide(&self, _: &Caller, _: Option<&Key>, facts: &mut Facts, _: When<'_>) -> Decided<()> {
        for (name, at) in &self.tokens {
            facts.note_token_use(name, *at);
        }
        Ok(Answer { reply: (), replayed: false })
    }
}

impl From<Used> for Submission<Used> {
    fn from(used: Used) -> Self {
        Self::new(used)
    }
}

#[cfg(test)]
mod tests {
    use super::Used;
    use crate::testing::{check_value, id, shop};
    use crate::time::Time;

    fn used(at: &[i64]) -> Used {
        Used { tokens: at.iter().map(|&at| (id("door"), Time::from_millis(at))).collect() }
    }

    #[test]
    fn the_latest_use_is_kept_to_a_minute_and_counts_as_no_change_of_tokens() {
        let opened = shop().token("door", "first");
        let row = "update tokens token_no=1 token=door role=operator digest=a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e at=500";
        check_value(&opened, &used(&[179_999, 60_000]), &format!("null\n{row} used_at=120000"));
        check_value(&opened.used(120_000), &used(&[179_999]), "null");
        check_value(&opened.used(180_000), &used(&[179_999]), "null");
        check_value(&opened.used(60_000), &used(&[120_001]), &format!("null\n{row} used_at=120000"));
        let nobody = Used { tokens: vec![(id("nobody"), Time::from_millis(1))] };
        check_value(&opened, &nobody, "null");
    }
}
