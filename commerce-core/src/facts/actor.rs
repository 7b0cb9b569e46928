//! The part of the facts that knows who acts: the operator's name and its number in the store.

use super::Facts;
use crate::id::Actor;
use crate::row::table;

impl Facts {
    /// Sets who acts from here on; none for a shopper.
    pub(crate) fn set_actor(&mut self, actor: Option<&Actor>) {
        if self.actor.as_ref() != actor {
            self.actor = actor.cloned();
        }
    }

    /// Who acts.
    pub(crate) fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    pub(crate) fn knows_actor(&self, actor: &Actor) -> bool {
        self.actors.contains_key(actor)
    }

    pub(crate) fn load_actor(&mut self, actor: Actor, no: i64) {
        self.actors.insert(actor, no);
    }

    /// The number of who acts. The name is written with the first change. This cannot fail.
    pub(super) fn actor_no(&mut self) -> Option<i64> {
        let actor = self.actor.as_ref()?;
        if let Some(&no) = self.actors.get(actor) {
            return Some(no);
        }
        self.last.actor += 1;
        let (actor, no) = (actor.clone(), self.last.actor);
        self.insert(&table::ACTORS, [no.into(), actor.shared().into()]);
        self.actors.insert(actor, no);
        Some(no)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::access::Caller;
    use crate::catalog::Adjust;
    use crate::id::{Actor, TokenName};
    use crate::order::{Cancel, Place};
    use crate::testing::{Shop, check_by, id, read, shop};
    use crate::wallet::Charge;

    fn office() -> Caller {
        Caller::unrestricted().actor(Actor::from(TokenName::try_from("office").unwrap()))
    }

    fn opened() -> Shop {
        shop().user("kim", 5_000).product("mug", 300, 7)
    }

    #[test]
    fn what_an_operator_does_bears_the_name_which_is_written_once() {
        let charge = read::<Charge>(&json!({ "user": "kim", "amount": 300 }));
        let charged = |rows: [&str; 2]| {
            format!(
                r#"
                {{"charge":21,"user":"kim","amount":300,"balance":5300,"at":"1970-01-01T00:00:01.000Z","actor":"office"}}
                {}update wallets user_no=1 balance=5300 last_entry=31 last_order=4
                insert ledger entry=31 user_no=1 kind=charge amount=300 balance=5300 source=21 previous_entry=3 at=1000 {}
                insert outbox event=51 type=WalletCharged source=31
                "#,
                rows[0], rows[1]
            )
        };
        let new = charged(["insert actors actor_no=81 actor=office\n", "actor_no=81"]);
        let store = "update store last_at=1000 last_charge=21 last_entry=31 last_event=51";
        check_by(&opened(), &office(), &charge, &format!("{}\n{store} last_actor=81", new.trim_end()));
        let known = charged(["", "actor_no=7"]);
        check_by(&opened().actor("office", 7), &office(), &charge, &format!("{}\n{store}", known.trim_end()));
    }

    #[test]
    fn orders_cancellations_and_adjustments_bear_it() {
        let shop = opened().actor("office", 7);
        let place = json!({ "user": "kim", "items": [{ "product": "mug", "quantity": 1 }] });
        check_by(
            &shop,
            &office(),
            &read::<Place>(&place),
            r#"
            {"order":41,"user":"kim","status":"paid","items":[{"product":"mug","name":"The mug","price":300,"quantity":1,"amount":300}],"total":300,"balance":4700,"at":"1970-01-01T00:00:01.000Z","actor":"office"}
            update wallets user_no=1 balance=4700 last_entry=31 last_order=41
            update stocks product_no=1 stock=6
            insert orders order_id=41 user_no=1 total=300 balance=4700 previous_order=4 at=1000 actor_no=7
            insert order_lines line=41984 product_no=1 name=The mug price=300 quantity=1
            insert ledger entry=31 user_no=1 kind=payment amount=-300 balance=4700 source=41 previous_entry=3 at=1000 actor_no=7
            insert outbox event=51 type=OrderCompleted source=41
            update store last_at=1000 last_entry=31 last_order=41 last_event=51
            "#,
        );
        check_by(
            &shop.clone().order(8, "kim", &[("mug", 1)]),
            &office(),
            &read::<Cancel>(&json!({ "order": 8 })),
            r#"
            {"order":8,"user":"kim","status":"cancelled","items":[{"product":"mug","name":"The mug","price":300,"quantity":1,"amount":300}],"total":300,"balance":500,"at":"1970-01-01T00:00:00.500Z","cancelled_at":"1970-01-01T00:00:01.000Z","cancelled_by":"office"}
            update wallets user_no=1 balance=5300 last_entry=31 last_order=4
            update stocks product_no=1 stock=8
            insert ledger entry=31 user_no=1 kind=refund amount=300 balance=5300 source=8 previous_entry=3 at=1000 actor_no=7
            insert cancellations order_id=8 entry=31 at=1000 user_no=1 actor_no=7 last_order=40
            insert outbox event=51 type=OrderCancelled source=8
            update store last_at=1000 last_entry=31 last_event=51
            "#,
        );
        check_by(
            &shop,
            &office(),
            &read::<Adjust>(&json!({ "product": "mug", "delta": 3 })),
            r#"
            {"product":"mug","stock":10}
            update stocks product_no=1 stock=10
            insert movements movement=11 product_no=1 delta=3 stock=10 at=1000 actor_no=7 last_order=40 last_entry=30
            update store last_at=1000 last_movement=11
            "#,
        );
    }

    #[test]
    fn a_shopper_has_no_name_as_an_operator() {
        let caller = Caller::shopper(id("kim")).actor("office".parse().unwrap());
        assert_eq!(caller, Caller::shopper(id("kim")));
    }

    #[test]
    fn a_name_shows_no_control_characters() {
        for bad in ["", "a\u{1b}[31m", &"x".repeat(65)] {
            assert!(Actor::try_from(bad).is_err(), "{bad:?}");
        }
        assert!(Actor::try_from("사장 @ desk").is_ok());
    }
}
