//! Tests the peak memory of commands that read everything: it does not grow with a shop, or an input, ten times as
//! large.

use std::process::Stdio;
use std::time::Duration;

use crate::shop::Shop;

/// Orders of the smaller input. The other is `TIMES` times as large.
const ORDERS: usize = 4_000;
const TIMES: usize = 10;

/// The limit of peak memory in bytes, and of its growth, since SQLite's caches fill up.
const MOST: usize = 80_000_000;
const GROWTH: usize = 20_000_000;

#[test]
fn commands_that_read_everything_use_little_memory() {
    let peaks = [1, TIMES].map(|times| {
        let shop = Shop::new();
        let input = shop.file("lines.jsonl", lines(ORDERS * times));
        let commands: [&[&str]; 4] =
            [&["apply", &input], &["verify"], &["backup", "copy.db"], &["restore", "copy.db", "--yes"]];
        commands.map(|command| (command[0].to_owned(), peak(&shop, command)))
    });
    let [small, large] = peaks;
    for ((command, before), (_, after)) in small.into_iter().zip(large) {
        println!("{command}: {} and {} kB", before / 1_000, after / 1_000);
        assert!(after < MOST && after < before + GROWTH, "{command}: {before} bytes became {after}");
    }
}

/// A user with money, a product, and orders with long names for keys.
pub fn lines(orders: usize) -> String {
    let mut lines = String::from(
        r#"{"op":"user.add","user":"alice"}
{"op":"wallet.charge","user":"alice","amount":1000000000}
{"op":"product.add","product":"mug","name":"Mug","price":1,"stock":1000000}
"#,
    );
    for order in 0..orders {
        let key = format!("{order:064}");
        lines += &format!(
            "{{\"op\":\"order.place\",\"user\":\"alice\",\"items\":[{{\"product\":\"mug\",\"quantity\":1}}],\"key\":\"{key}\"}}\n"
        );
    }
    lines
}

/// The peak memory of a command, sampled while it runs.
pub fn peak(shop: &Shop, command: &[&str]) -> usize {
    let mut child = shop.program(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let held = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(held.unwrap_or(0) * 1_024);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success() && peak > 0, "{command:?}: {status}, {peak} bytes");
    peak
}
