//! Metrics in the text format of Prometheus (version 0.0.4). A request pays for a few atomic counters of its route;
//! everything else is computed when the metrics are read.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use commerce_core::{Commerce, Histogram, Stats, outbox};

use crate::health::Readiness;
use crate::route::{ROUTES, Route};

/// Everything counted since the server started.
pub(crate) struct Metrics {
    routes: Vec<(&'static Route, Arc<RouteMetrics>)>,
    /// Requests that no route matched.
    pub(crate) unmatched: Arc<RouteMetrics>,
    problems: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) connections: AtomicU64,
    pub(crate) streams: AtomicU64,
}

/// The requests of one route.
#[derive(Default)]
pub(crate) struct RouteMetrics {
    /// Requests by the first digit of their status.
    statuses: [AtomicU64; 6],
    /// Requests by duration: one counter for each bound, not cumulative.
    durations: [AtomicU64; BOUNDS.len()],
    total_micros: AtomicU64,
}

/// The upper bounds of the duration histogram, in seconds.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl RouteMetrics {
    /// Counts a request that was answered.
    pub(crate) fn count(&self, status: StatusCode, duration: Duration) {
        let class = usize::from(status.as_u16() / 100).min(5);
        self.statuses[class].fetch_add(1, Ordering::Relaxed);
        let seconds = duration.as_secs_f64();
        if let Some(index) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.durations[index].fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.total_micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn requests(&self) -> u64 {
        self.statuses.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            routes: ROUTES.iter().map(|route| (route, Arc::default())).collect(),
            unmatched: Arc::default(),
            problems: Mutex::default(),
            connections: AtomicU64::new(0),
            streams: AtomicU64::new(0),
        }
    }

    /// Every route with its counters.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (&'static Route, Arc<RouteMetrics>)> {
        self.routes.iter().map(|(route, metrics)| (*route, metrics.clone()))
    }

    /// Counts a problem by its code.
    pub(crate) fn count_problem(&self, code: &'static str) {
        *self.problems.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    /// All metrics as text. Those of the store are left out while its state is not known.
    /// `silence` is how long ago the newest question was sent that a remote store has answered.
    pub(crate) fn text(
        &self,
        shop: &Commerce,
        store: Option<&Readiness>,
        silence: Option<Duration>,
    ) -> String {
        let mut text = Text(String::with_capacity(16_384));
        self.write_requests(&mut text);
        text.head(
            "commerce_problems_total",
            "counter",
            "Requests and lines answered with a problem, by code.",
        );
        for (code, count) in self.problems.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.sample("commerce_problems_total", &format!("code=\"{code}\""), count);
        }
        let connections = self.connections.load(Ordering::Relaxed);
        text.single("commerce_connections", "gauge", "Open connections.", connections);
        let streams = self.streams.load(Ordering::Relaxed);
        text.single("commerce_event_streams", "gauge", "Open streams of events.", streams);
        write_engine(&mut text, &shop.stats());
        if let Some(silence) = silence {
            let help = "Seconds since the newest question to the server of the store that it has answered.";
            text.single("commerce_store_silent_seconds", "gauge", help, silence.as_secs_f64());
        }
        let help = "Whether a commit is on disk when it is acknowledged. 0 only for a libSQL server that does not sync.";
        text.single("commerce_store_synced", "gauge", help, u8::from(shop.is_synced()));
        if let Some(offset) = shop.clock_offset() {
            let help = "Seconds by which the clock of this machine is ahead of the libSQL server's.";
            text.single("commerce_clock_offset_seconds", "gauge", help, offset.seconds());
        }
        if let Some(Readiness { outbox, ahead }) = store {
            write_outbox(&mut text, outbox);
            let help = "Seconds by which the newest stored time is ahead of the clock.";
            text.single("commerce_clock_ahead_seconds", "gauge", help, ahead.ahead_by().as_secs());
        }
        text.0
    }

    fn write_requests(&self, text: &mut Text) {
        let labels = |route: &Route| {
            format!("method=\"{method}\",route=\"{path}\"", method = route.method, path = route.path)
        };
        let matched = self.routes.iter().map(|(route, metrics)| (labels(route), metrics));
        let all: Vec<_> = matched.chain([("method=\"\",route=\"\"".into(), &self.unmatched)]).collect();
        let name = "commerce_http_requests_total";
        text.head(name, "counter", "Requests answered.");
        for (labels, metrics) in &all {
            for (class, count) in (0..).zip(&metrics.statuses) {
                match count.load(Ordering::Relaxed) {
                    0 => {}
                    count => text.sample(name, &format!("{labels},status=\"{class}xx\""), count),
                }
            }
        }
        let name = "commerce_http_request_seconds";
        text.head(name, "histogram", "Time from the head of a request to its answer.");
        for (labels, metrics) in &all {
            let count = metrics.requests();
            if count > 0 {
                let durations = metrics.durations.iter().map(|count| count.load(Ordering::Relaxed));
                let sum = metrics.total_micros.load(Ordering::Relaxed) as f64 / 1e6;
                text.histogram(name, labels, BOUNDS.into_iter().zip(durations), count, sum);
            }
        }
    }
}

fn write_engine(text: &mut Text, stats: &Stats) {
    let totals = [
        ("commerce_operations_total", "Operations decided.", stats.operations),
        ("commerce_commits_total", "Groups committed, each with one sync.", stats.commits),
        ("commerce_pages_total", "Pages written to the log.", stats.pages),
        ("commerce_busy_total", "Operations answered busy.", stats.busy),
    ];
    for (name, help, value) in totals {
        text.single(name, "counter", help, value);
    }
    text.single("commerce_queue_depth", "gauge", "Operations waiting for the writer.", stats.queued);
    let name = "commerce_group_operations";
    text.head(name, "histogram", "Operations in each group.");
    text.histogram(name, "", buckets(&stats.sizes, 1.0), stats.sizes.count, stats.sizes.sum as f64);
    let name = "commerce_commit_seconds";
    text.head(name, "histogram", "Time from the begin of a group to its commit.");
    let first = Stats::SHORTEST as f64 / 1e6;
    text.histogram(name, "", buckets(&stats.times, first), stats.times.count, stats.times.sum as f64 / 1e6);
}

/// The upper bound and the count of each bucket. Each bound is twice the one before.
fn buckets<const N: usize>(histogram: &Histogram<N>, first: f64) -> impl Iterator<Item = (f64, u64)> {
    let bound = move |index: usize| first * (1_u64 << index) as f64;
    histogram.buckets.into_iter().enumerate().map(move |(index, count)| (bound(index), count))
}

fn write_outbox(text: &mut Text, backlog: &outbox::Backlog) {
    let age = backlog.oldest.map_or(0, |oldest| oldest.age);
    let gauges = [
        ("commerce_outbox_pending", "Events not delivered yet.", backlog.pending),
        ("commerce_outbox_dead", "Events that are no longer tried.", backlog.dead),
        ("commerce_outbox_lag_seconds", "Age of the oldest event not delivered yet.", age),
    ];
    for (name, help, value) in gauges {
        text.single(name, "gauge", help, value);
    }
}

/// Text in the format of Prometheus. Writing to a string cannot fail, so its results are ignored.
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A metric with one sample and no labels.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    /// The samples of a histogram. `buckets` are not cumulative; the text is.
    fn histogram(
        &mut self,
        name: &str,
        labels: &str,
        buckets: impl Iterator<Item = (f64, u64)>,
        count: u64,
        sum: f64,
    ) {
        let (comma, braced) = match labels {
            "" => ("", String::new()),
            labels => (",", format!("{{{labels}}}")),
        };
        let mut cumulative = 0;
        for (bound, count) in buckets {
            cumulative += count;
            self.sample(&format!("{name}_bucket"), &format!("{labels}{comma}le=\"{bound}\""), cumulative);
        }
        self.sample(&format!("{name}_bucket"), &format!("{labels}{comma}le=\"+Inf\""), count);
        let _ = writeln!(self.0, "{name}_sum{braced} {sum}\n{name}_count{braced} {count}");
    }
}
