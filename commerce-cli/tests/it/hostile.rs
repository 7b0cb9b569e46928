//! Attacks the program: it holds little memory and keeps serving an honest client.

use std::path::Path;
use std::time::Duration;

#[path = "../../../fixtures/hostile.rs"]
mod clients;

use clients::{ATTACKS, Victim};

/// The limit of the server's peak memory in bytes.
const MEMORY: usize = 150_000_000;

/// The most time that `/readyz` may take on a busy machine. On a quiet one it takes some milliseconds.
const READY: Duration = Duration::from_secs(3);

#[test]
fn hostile_clients_cost_little_memory_and_stop_nobody() {
    let program = Path::new(env!("CARGO_BIN_EXE_commerce"));
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("shop.db");
    clients::shop(program, &store, 10_000);
    for (name, attack) in ATTACKS {
        let victim = Victim::start(program, &store);
        let clients = if name.contains("best sellers") { 100 } else { 64 };
        let (impact, top) = std::thread::scope(|scope| {
            let impact = scope.spawn(|| victim.under(Some(attack), clients, Duration::from_secs(2)));
            std::thread::sleep(Duration::from_secs(1));
            // Another client's large query is answered as well.
            let top = victim.asks("/v1/products/top?days=365");
            (impact.join().unwrap(), top)
        });
        println!("{name}: {impact:?}, {} MB at most", victim.peak() / 1_000_000);
        assert!(top.starts_with("HTTP/1.1 200"), "{name}: {top}");
        assert!(impact.orders > 0.0 && impact.ready < READY, "{name}: {impact:?}");
        assert!(victim.peak() < MEMORY, "{name}: {} bytes", victim.peak());
    }
    let verified =
        std::process::Command::new(program).env("COMMERCE_DB", &store).arg("verify").status().unwrap();
    assert!(verified.success());
}
