//! Figures for Prometheus, in its text form (version 0.0.4). A few atomic counters for each route are all
//! that requests pay; everything else is computed when it is asked for.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use commerce_core::{Commerce, Error, Spread, Stats, outbox};

use crate::route::{ROUTES, Route};

/// What was counted since the server started.
pub(crate) struct Metrics {
    routes: Vec<OfRoute>,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) connections: AtomicU64,
    pub(crate) streams: AtomicU64,
}

#[derive(Default)]
struct OfRoute {
    /// By the hundreds of the status.
    statuses: [AtomicU64; 6],
    within: [AtomicU64; BOUNDS.len()],
    micros: AtomicU64,
}

/// Seconds within which requests were answered.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            // The last is for what is no route.
            routes: (0..=ROUTES.len()).map(|_| OfRoute::default()).collect(),
            refused: Mutex::default(),
            connections: AtomicU64::new(0),
            streams: AtomicU64::new(0),
        }
    }

    /// Counts a request that was answered.
    pub(crate) fn count(&self, place: usize, status: StatusCode, took: Duration) {
        let Some(route) = self.routes.get(place) else { return };
        let class = usize::from(status.as_u16() / 100).min(5);
        route.statuses[class].fetch_add(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        if let Some(place) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            route.within[place].fetch_add(1, Ordering::Relaxed);
        }
        route.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts a problem by its code.
    pub(crate) fn refuse(&self, code: &'static str) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// All figures.
    pub(crate) fn text(&self, shop: &Commerce) -> Result<String, Error> {
        let mut text = Text(String::with_capacity(16_384));
        self.requests(&mut text);
        text.head("commerce_problems_total", "counter", "Requests that were not done, by code.");
        for (code, count) in self.refused.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.line("commerce_problems_total", &format!("code=\"{code}\""), count);
        }
        text.one(
            "commerce_connections",
            "gauge",
            "Connections open now.",
            self.connections.load(Ordering::Relaxed),
        );
        text.one(
            "commerce_event_streams",
            "gauge",
            "Streams of events open now.",
            self.streams.load(Ordering::Relaxed),
        );
        engine(&mut text, &shop.stats());
        events(&mut text, &shop.query(&outbox::Lag)?);
        let help = "Seconds by which the newest stored time is ahead of the clock.";
        text.one("commerce_clock_ahead_seconds", "gauge", help, shop.ahead()?.by().as_secs());
        Ok(text.0)
    }

    fn requests(&self, text: &mut Text) {
        let label = |place: usize| match ROUTES.get(place) {
            Some(Route { method, path, .. }) => format!("method=\"{method}\",route=\"{path}\""),
            None => "method=\"\",route=\"\"".into(),
        };
        let name = "commerce_http_requests_total";
        text.head(name, "counter", "Requests that were answered.");
        for (place, route) in self.routes.iter().enumerate() {
            for (class, count) in (0..).zip(&route.statuses) {
                match count.load(Ordering::Relaxed) {
                    0 => {}
                    count => text.line(name, &format!("{},status=\"{class}xx\"", label(place)), count),
                }
            }
        }
        let name = "commerce_http_request_seconds";
        text.head(name, "histogram", "From the head of a request to its answer.");
        for (place, route) in self.routes.iter().enumerate() {
            let count: u64 = route.statuses.iter().map(|count| count.load(Ordering::Relaxed)).sum();
            if count > 0 {
                let within = route.within.iter().map(|count| count.load(Ordering::Relaxed));
                let sum = route.micros.load(Ordering::Relaxed) as f64 / 1e6;
                text.spread(name, &label(place), BOUNDS.into_iter().zip(within), count, sum);
            }
        }
    }
}

fn engine(text: &mut Text, stats: &Stats) {
    let totals = [
        ("commerce_operations_total", "Operations that were decided.", stats.operations),
        ("commerce_commits_total", "Groups that were committed, each with one sync.", stats.commits),
        ("commerce_pages_total", "Pages written to the log.", stats.pages),
        ("commerce_busy_total", "Operations that were answered busy.", stats.busy),
    ];
    for (name, help, value) in totals {
        text.one(name, "counter", help, value);
    }
    text.one("commerce_queue_depth", "gauge", "Operations that wait for the writer now.", stats.queued);
    let name = "commerce_group_operations";
    text.head(name, "histogram", "Operations in each group.");
    text.spread(name, "", bounds(&stats.sizes, 1.0), stats.sizes.count, stats.sizes.sum as f64);
    let name = "commerce_commit_seconds";
    text.head(name, "histogram", "From the begin of a group to its commit.");
    let first = Stats::SHORTEST as f64 / 1e6;
    text.spread(name, "", bounds(&stats.times, first), stats.times.count, stats.times.sum as f64 / 1e6);
}

fn bounds<const N: usize>(spread: &Spread<N>, first: f64) -> impl Iterator<Item = (f64, u64)> {
    let bound = move |place: usize| first * (1_u64 << place) as f64;
    spread.within.into_iter().enumerate().map(move |(place, count)| (bound(place), count))
}

fn events(text: &mut Text, backlog: &outbox::Backlog) {
    let age = backlog.oldest.map_or(0, |oldest| oldest.age);
    let figures = [
        ("commerce_outbox_pending", "Events that were not delivered yet.", backlog.pending),
        ("commerce_outbox_dead", "Events that were given up.", backlog.dead),
        ("commerce_outbox_lag_seconds", "Age of the oldest event that was not delivered yet.", age),
    ];
    for (name, help, value) in figures {
        text.one(name, "gauge", help, value);
    }
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn spread(
        &mut self,
        name: &str,
        labels: &str,
        within: impl Iterator<Item = (f64, u64)>,
        count: u64,
        sum: f64,
    ) {
        let (comma, braced) = match labels {
            "" => ("", String::new()),
            labels => (",", format!("{{{labels}}}")),
        };
        let mut so_far = 0;
        for (bound, count) in within {
            so_far += count;
            self.line(&format!("{name}_bucket"), &format!("{labels}{comma}le=\"{bound}\""), so_far);
        }
        self.line(&format!("{name}_bucket"), &format!("{labels}{comma}le=\"+Inf\""), count);
        let _ = writeln!(self.0, "{name}_sum{braced} {sum}\n{name}_count{braced} {count}");
    }
}
