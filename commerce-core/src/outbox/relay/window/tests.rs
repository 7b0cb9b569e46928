//! The window by itself, step by step, and against any course of events.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::outbox::EventKind;

fn id(event: i64) -> EventId {
    EventId::try_from(event).unwrap()
}

fn ids<const N: usize>(events: [i64; N]) -> [EventId; N] {
    events.map(id)
}

fn message(event: i64, subject: &str) -> Message {
    Message {
        event: id(event),
        id: event.to_string(),
        kind: EventKind::WalletCharged,
        subject: subject.into(),
        body: String::new(),
        sent_at: Time::default(),
    }
}

/// Events 1, 2, … of these subjects, none settled.
fn window(subjects: &str, now: Instant) -> Window {
    let mut window = Window::new(0);
    for (event, subject) in (1..).zip(subjects.split(' ')) {
        window.add(message(event, subject), now);
    }
    window
}

fn at(millis: i64) -> Time {
    Time::from_millis(millis)
}

#[test]
fn a_subject_is_in_one_job_at_a_time() {
    let now = Instant::now();
    let mut window = window("a a b a c", now);
    assert_eq!(window.take(1, at(0), now), ids([1]));
    assert_eq!(window.take(1, at(0), now), ids([3]));
    assert_eq!(window.take(9, at(0), now), ids([5]));
    assert_eq!(window.take(9, at(0), now), ids([]));
    window.accepted(&ids([1]));
    assert_eq!(window.take(9, at(0), now), ids([2, 4]), "those of one subject may go together");
    window.accepted(&ids([3]));
    window.accepted(&ids([5]));
    assert_eq!(window.draft(now, MAX_HOLD_UP), Draft { settled: 1, deliveries: vec![] });
    window.accepted(&ids([2, 4]));
    let draft = window.draft(now, MAX_HOLD_UP);
    assert_eq!(draft, Draft { settled: 5, deliveries: vec![] });
    assert!(!window.is_settled());
    window.confirm(&draft);
    assert!(window.is_settled() && window.is_empty());
}

#[test]
fn a_refused_event_waits_with_its_subject_and_is_passed_over() {
    let now = Instant::now();
    let mut window = window("a b a", now);
    assert_eq!(window.take(1, at(0), now), ids([1]));
    assert_eq!(window.refused(message(1, "a"), "no", |_| Some(at(100))), 1);
    assert_eq!(window.take(9, at(99), now), ids([2]));
    window.accepted(&ids([2]));
    let draft = window.draft(now, MAX_HOLD_UP);
    let refused = Delivery { attempts: 1, error: Some("no".into()), next_at: Some(at(100)), dead: false };
    assert_eq!(draft, Draft { settled: 2, deliveries: vec![(id(1), Some(refused))] });
    window.confirm(&draft);
    assert_eq!(window.draft(now + MAX_HOLD_UP, MAX_HOLD_UP).settled, 3, "the one behind it has waited long");
    assert_eq!(window.take(9, at(100), now), ids([1, 3]));
    window.accepted(&ids([1, 3]));
    let draft = window.draft(now + MAX_HOLD_UP, MAX_HOLD_UP);
    assert_eq!(draft, Draft { settled: 3, deliveries: vec![(id(1), None), (id(3), None)] });
}

#[test]
fn of_several_that_were_refused_together_each_goes_alone() {
    let now = Instant::now();
    let mut window = window("a b c", now);
    assert_eq!(window.take(9, at(0), now), ids([1, 2, 3]));
    window.split(&ids([1, 2, 3]), vec![message(1, "a"), message(2, "b"), message(3, "c")]);
    for event in 1..=3 {
        assert_eq!(window.take(9, at(0), now), ids([event]));
    }
}

#[test]
fn the_dead_are_written_down_only_once_all_before_them_is_settled() {
    let now = Instant::now();
    let mut window = window("a b", now);
    assert_eq!(window.take(1, at(0), now), ids([1]));
    assert_eq!(window.take(1, at(0), now), ids([2]));
    window.refused(message(2, "b"), "no", |_| None);
    assert_eq!(window.draft(now, MAX_HOLD_UP), Draft { settled: 0, deliveries: vec![] });
    window.accepted(&ids([1]));
    let draft = window.draft(now, MAX_HOLD_UP);
    assert!(
        matches!(&draft.deliveries[..], [(event, Some(dead))] if *event == id(2) && dead.dead),
        "{draft:?}"
    );
    window.confirm(&draft);
    assert!(window.is_settled());
}

#[test]
fn when_nothing_is_accepted_nothing_new_is_begun() {
    let now = Instant::now();
    let subjects: Vec<String> = (0..100).map(|subject| subject.to_string()).collect();
    let mut window = window(&subjects.join(" "), now);
    for event in 1..=MAX_REFUSALS as i64 {
        assert_eq!(window.take(1, at(0), now), ids([event]));
        window.refused(message(event, &subjects[event as usize - 1]), "no", |_| Some(at(100)));
    }
    assert_eq!(window.take(1, at(0), now), ids([]));
    assert_eq!(window.take(1, at(100), now), ids([1]), "those refused before are tried");
    window.accepted(&ids([1]));
    assert_eq!(window.take(100, at(0), now).len(), 100 - 1);
}

#[test]
fn what_comes_back_to_a_lane_goes_before_what_came_after_it() {
    let now = Instant::now();
    let mut window = Window::new(2);
    for (event, subject) in [(3, "a"), (4, "b"), (5, "a")] {
        window.add(message(event, subject), now);
    }
    window.take(1, at(0), now);
    let revived = Delivery::default();
    window.add_passed(id(2), "a".into(), revived.clone(), now);
    window.add_passed(id(1), "b".into(), revived, now);
    assert_eq!(window.take(1, at(0), now), ids([1]), "before the one that has not begun");
    window.accepted(&ids([3]));
    assert_eq!(window.take(9, at(0), now), ids([2, 5]), "after the one on its way");
}

/// What a store would hold.
#[derive(Debug, Default)]
struct Store {
    settled: i64,
    rows: BTreeMap<EventId, Delivery>,
}

impl Store {
    fn save(&mut self, draft: &Draft) {
        self.settled = draft.settled;
        for (event, row) in &draft.deliveries {
            match row {
                Some(row) => drop(self.rows.insert(*event, row.clone())),
                None => drop(self.rows.remove(event)),
            }
        }
    }

    /// A window as a relay begins with it after another's end.
    fn window(&self, subject: impl Fn(EventId) -> String, now: Instant) -> Window {
        let mut window = Window::new(self.settled);
        for (event, row) in self.rows.iter().filter(|(_, row)| !row.dead) {
            window.add_passed(*event, subject(*event).into(), row.clone(), now);
        }
        window
    }
}

proptest! {
    /// Whatever is refused, put back, settled or forgotten by a crash: each subject's events are accepted in
    /// order, nothing counts as delivered that was not, and in the end everything is.
    #[test]
    fn order_and_truth_are_kept_in_any_course(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        let subject = |event: EventId| (event.get() % 5).to_string();
        let (begun, last) = (Instant::now(), 40);
        let mut now = begun;
        let mut store = Store::default();
        let mut window = store.window(subject, now);
        let mut in_flight: Vec<Vec<EventId>> = Vec::new();
        let mut accepted: Vec<EventId> = Vec::new();
        let messages = |job: &[EventId]| -> Vec<Message> {
            job.iter().map(|&event| message(event.get(), &subject(event))).collect()
        };
        // After the given choices, everything is accepted until all is done.
        let rest = std::iter::repeat_n([2_u8, 3, 0, 7, 255], 400).flatten();
        for choice in choices.into_iter().chain(rest) {
            now += Duration::from_millis(50);
            let time = Time::from_millis(i64::try_from(now.duration_since(begun).as_millis()).unwrap());
            let landed = |in_flight: &mut Vec<Vec<EventId>>| {
                (!in_flight.is_empty()).then(|| in_flight.remove(usize::from(choice) / 8 % in_flight.len()))
            };
            match choice % 8 {
                0 | 1 => {
                    let event = window.last_read() + 1;
                    if event <= last {
                        window.add(message(event, &subject(id(event))), now);
                    }
                }
                2 => {
                    let job = window.take(1 + usize::from(choice) / 8 % 4, time, now);
                    for event in &job {
                        prop_assert!(!in_flight.iter().flatten().any(|other| subject(*other) == subject(*event)));
                    }
                    in_flight.extend((!job.is_empty()).then_some(job));
                }
                3 => if let Some(job) = landed(&mut in_flight) {
                    accepted.extend(&job);
                    window.accepted(&job);
                },
                4 => if let Some(job) = landed(&mut in_flight) {
                    match job.as_slice() {
                        [event] => drop(window.refused(message(event.get(), &subject(*event)), "no", |_| {
                            Some(time.plus(Duration::from_millis(120)))
                        })),
                        _ => window.split(&job, messages(&job)),
                    }
                },
                5 => if let Some(job) = landed(&mut in_flight) {
                    window.put_back(&job, messages(&job));
                },
                6 => {
                    // Death, at times after something was accepted that was not written down.
                    in_flight.clear();
                    window = store.window(subject, now);
                }
                _ => {
                    let draft = window.draft(now, Duration::from_millis(u64::from(choice) / 8 * 40));
                    prop_assert!(draft.deliveries.iter().all(|(event, _)| event.get() <= draft.settled));
                    store.save(&draft);
                    window.confirm(&draft);
                    for event in (1..=store.settled).map(id).filter(|event| !store.rows.contains_key(event)) {
                        prop_assert!(accepted.contains(&event), "{event} was marked and not accepted");
                    }
                }
            }
        }
        prop_assert!(window.is_empty() && window.is_settled(), "{window:?}");
        prop_assert_eq!((store.settled, store.rows.len()), (last, 0));
        let mut seen = HashSet::new();
        accepted.retain(|event| seen.insert(*event));
        for of in 0..5 {
            let lane: Vec<_> = accepted.iter().filter(|event| event.get() % 5 == of).collect();
            prop_assert!(lane.is_sorted() && lane.len() == 8, "{lane:?}");
        }
    }
}
