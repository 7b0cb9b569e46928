//! Tests a console that panics while it runs: the terminal is restored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::current;
use std::time::Duration;

use commerce_core::{Caller, Clock, Commerce, Currency, Options, SystemClock, Time};
use commerce_tui::{Role, ThemeName};

use crate::terminal::Terminal;

const STORE: &str = "COMMERCE_TEST_STORE";
const THREAD: &str = "COMMERCE_TEST_THREAD";

/// The name of the test's main thread, which is that of the test.
const MAIN: &str = "broken::program";

/// A clock that panics in one thread after a while.
struct Breaking {
    thread: String,
    due: Arc<AtomicBool>,
}

impl Clock for Breaking {
    fn now(&self) -> Time {
        let name = current().name().unwrap_or_default().to_owned();
        assert!(!(self.due.load(Ordering::Relaxed) && name.starts_with(&self.thread)), "the clock broke");
        SystemClock.now()
    }
}

/// The console as a program of its own. The tests below start it in a terminal.
#[test]
#[ignore = "a program that the tests below start"]
fn program() {
    let thread = std::env::var(THREAD).unwrap();
    // The console itself panics after it is drawn, a reader at its first read.
    let due = Arc::new(AtomicBool::new(thread != MAIN));
    let broken = due.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        broken.store(true, Ordering::Relaxed);
    });
    let clock = Arc::new(Breaking { thread: thread.clone(), due: due.clone() });
    let options = Options::new(Breaking { thread, due });
    let shop = Commerce::open(std::path::PathBuf::from(std::env::var(STORE).unwrap()), options).unwrap();
    let (store, customer, theme) = ("shop.db".into(), None, ThemeName::Dark);
    let (caller, role, read_only) = (Caller::unrestricted(), Role::Operator, false);
    commerce_tui::run(commerce_tui::Options { shop, store, clock, customer, caller, role, read_only, theme })
        .unwrap();
}

fn breaks_in(thread: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let won = Currency::try_from("KRW").unwrap();
    Commerce::create(&path, won, Options::new(SystemClock)).unwrap().close();
    let terminal = Terminal::open(100, 30, folder.path());
    let this = std::env::current_exe().unwrap();
    terminal.run(&format!(
        "RUST_BACKTRACE=0 {STORE}={} {THREAD}={thread} {} --exact broken::program --ignored --nocapture; echo code:$?",
        path.display(),
        this.display()
    ));
    let screen = terminal.see("code:101");
    assert!(screen.contains("the clock broke"), "{screen}");
    terminal.restored();
}

#[test]
fn the_terminal_is_restored_when_the_console_panics() {
    breaks_in(MAIN);
}

#[test]
fn the_terminal_is_restored_when_a_worker_panics() {
    breaks_in("console-reader");
}
