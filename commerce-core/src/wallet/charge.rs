//! `wallet.charge`: adds money to a wallet.

use serde::{Deserialize, Serialize};

use super::EntryKind;
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::{Actor, UserId};
use crate::input::Fields;
use crate::money::{Amount, LIMIT};
use crate::number::ChargeId;
use crate::operation::{Operation, Reply};
use crate::outbox::EventKind;
use crate::refusal::Refusal;
use crate::text::ValueError;
use crate::time::Time;

/// Adds money to a wallet.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Charge {
    /// The id of the wallet's user.
    user: UserId,
    /// The amount to add, in minor units of the currency.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    amount: Amount,
}

/// A charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Charged {
    /// The id of the charge.
    pub charge: ChargeId,
    /// The id of the wallet's user.
    pub user: UserId,
    /// The amount that was added.
    pub amount: Amount,
    /// The balance after the charge.
    pub balance: Amount,
    /// When the wallet was charged.
    pub at: Time,
    /// The operator who charged the wallet, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

impl Charge {
    /// A charge of at least one minor unit.
    ///
    /// # Errors
    /// [`ValueError`] when the amount is 0.
    pub fn new(user: UserId, amount: Amount) -> Result<Self, ValueError> {
        Self::check_amount(&amount)?;
        Ok(Self { user, amount })
    }

    /// Checks that a wallet may be charged with an amount.
    ///
    /// # Errors
    /// [`ValueError`] when the amount is 0.
    pub fn check_amount(amount: &Amount) -> Result<(), ValueError> {
        match *amount {
            Amount::ZERO => Err(ValueError::new("must be at least 1, got 0")),
            _ => Ok(()),
        }
    }
}

impl Operation for Charge {
    const NAME: &'static str = "wallet.charge";
    const ACCESS: Access = Access::Operator;
    type Reply = Charged;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, amount) = (fields.required("user"), fields.required("amount"));
        let amount = fields.test("amount", amount, Self::check_amount);
        Some(Self { user: user?, amount: amount? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn needs(&self, _: &mut Keys) {}

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Charged, Refusal> {
        let current = facts.user(&self.user)?.wallet.balance;
        let exceeded = Refusal::LimitExceeded { what: "the balance".into(), limit: LIMIT };
        let balance = current.plus(self.amount).ok_or(exceeded)?;
        // From here on nothing can fail.
        facts.last.charge += 1;
        let charge = ChargeId::stored(facts.last.charge);
        let entry = facts.post(&self.user, EntryKind::Charge, balance, charge.get(), now);
        facts.emit(EventKind::WalletCharged, entry.get());
        let (user, actor) = (self.user.clone(), facts.actor().cloned());
        Ok(Charged { charge, user, amount: self.amount, balance, at: now, actor })
    }
}

impl Reply for Charged {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Amount, Charge};
    use crate::testing::{check, faults, id, keys, refusals, shop};

    #[test]
    fn the_money_comes_in_with_an_entry_and_an_event() {
        check::<Charge>(
            &shop().user("lee", 0).user("kim", 5_000),
            json!({ "user": "kim", "amount": 300 }),
            r#"
            {"charge":21,"user":"kim","amount":300,"balance":5300,"at":"1970-01-01T00:00:01.000Z"}
            update wallets user_no=2 balance=5300 last_entry=31 last_order=4
            insert ledger entry=31 user_no=2 kind=charge amount=300 balance=5300 source=21 previous_entry=3 at=1000
            insert outbox event=51 type=WalletCharged source=31
            update store last_at=1000 last_charge=21 last_entry=31 last_event=51
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Charge>(
            shop().user("kim", 5_000),
            json!({ "user": "kim", "amount": 300 }),
            &[
                (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
                (
                    |case| case.operation["amount"] = 9_007_199_254_735_992_i64.into(),
                    r#"limit_exceeded {"what":"the balance","limit":9007199254740991}"#,
                ),
            ],
        );
    }

    #[test]
    fn an_amount_of_zero_is_invalid() {
        assert_eq!(faults::<Charge>(&json!({ "user": "kim", "amount": 0 })), "/amount");
        assert!(Charge::new(id("kim"), Amount::ZERO).is_err());
    }

    #[test]
    fn once_under_a_key() {
        let charge = |amount: i64| json!({ "user": "kim", "amount": amount });
        keys::<Charge>(&shop().user("lee", 0).user("kim", 0), 2, &[charge(1)], &[charge(2)]);
    }
}
