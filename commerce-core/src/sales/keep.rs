//! Storing sums of sales. The engine's own operation: callers cannot name it.

use super::sums::Sum;
use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::{Answer, AnyOperation, AnyReply, Decide, Submit, When};

/// Stores sums that a query made, unless newer ones are stored already.
pub(crate) struct KeepSums(pub(crate) Vec<Sum>);

impl Decide for KeepSums {
    fn needs(&self, keys: &mut Keys) {
        keys.sums.extend(self.0.iter().map(|sum| (sum.period, sum.number)));
    }

    fn decide(&self, _: Option<&Key>, facts: &mut Facts, _: When<'_>) -> Result<Answer<AnyReply>, Error> {
        for sum in &self.0 {
            facts.keep_sum(sum);
        }
        Ok(Answer { reply: Box::new(()), replayed: false })
    }
}

impl Submit for KeepSums {
    type Reply = ();

    fn erase(self) -> AnyOperation {
        AnyOperation::of(self)
    }

    fn reply(_: AnyReply) -> Result<(), Error> {
        Ok(())
    }
}
