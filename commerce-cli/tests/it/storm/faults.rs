//! The faults of a storm, one after the other, and how long each instance needs to answer again.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::instance::Shared;
use super::{INSTANCES, RECOVERY};
use crate::network::{Random, Weather};
use crate::shop::Shop;
use crate::sqld::Sqld;
use crate::system;

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Every network takes this many milliseconds for a round trip, from then on.
    Slow(u64),
    /// Every network cuts connections for this many seconds.
    Cuts(u64),
    /// Nothing arrives for this many seconds: on one network, or on all of them.
    Silence(Option<usize>, u64),
    /// The server is killed and started again.
    ServerKilled,
    /// The server stands still for this many seconds.
    ServerStopped(u64),
    /// The server's disk is full for this many seconds.
    DiskFull(u64),
    /// An instance is killed and started again.
    InstanceKilled(usize),
}

use Fault::{Cuts, DiskFull, InstanceKilled, ServerKilled, ServerStopped, Silence, Slow};

/// One of each, in an order in which networks are slow during some of the others.
const EACH: [Fault; 12] = [
    ServerKilled,
    Slow(5),
    Cuts(3),
    Silence(None, 3),
    InstanceKilled(1),
    Slow(200),
    Silence(Some(2), 7),
    ServerKilled,
    InstanceKilled(3),
    Slow(50),
    ServerStopped(6),
    DiskFull(2),
];

/// One fault after the other: each once, or random ones for a time.
pub fn during(shared: &Shared, shop: &Shop, server: &mut Sqld, seed: u64, time: Option<Duration>) {
    let begun = Instant::now();
    let mut random = Random(seed);
    let mut turn = 0;
    loop {
        let fault = match time {
            None if turn == EACH.len() => break,
            None => EACH[turn],
            Some(time) if begun.elapsed() > time => break,
            Some(_) => any(&mut random),
        };
        let before = Instant::now();
        cause(fault, shared, shop, server);
        recover(fault, shared, before);
        turn += 1;
        shared.faults.store(turn as u64, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(300));
    }
    cause(Slow(0), shared, shop, server);
}

fn cause(fault: Fault, shared: &Shared, shop: &Shop, server: &mut Sqld) {
    let wait = |seconds: u64| std::thread::sleep(Duration::from_secs(seconds));
    let all = |change: &dyn Fn(&mut Weather)| {
        shared.instances.iter().for_each(|instance| instance.network.change(change))
    };
    match fault {
        Slow(millis) => {
            all(&|weather| weather.latency = Duration::from_millis(millis));
            wait(1);
        }
        Cuts(seconds) => {
            all(&|weather| weather.cuts = true);
            wait(seconds);
            all(&|weather| weather.cuts = false);
        }
        Silence(one, seconds) => {
            let chosen = |silent: bool| match one {
                Some(number) => shared.instances[number].network.change(|weather| weather.silent = silent),
                None => all(&|weather| weather.silent = silent),
            };
            chosen(true);
            wait(seconds);
            chosen(false);
        }
        ServerKilled => {
            server.kill();
            wait(1);
            server.start_again();
        }
        ServerStopped(seconds) => {
            server.freeze();
            wait(seconds);
            server.thaw();
        }
        DiskFull(seconds) => {
            let disk = server.disk.as_ref().expect("a disk of its own");
            disk.fill();
            wait(seconds);
            disk.free();
        }
        InstanceKilled(number) => {
            shared.instances[number].kill();
            shared.instances[number].start_again(shop);
        }
    }
}

/// Waits until each instance has answered after the fault.
fn recover(fault: Fault, shared: &Shared, before: Instant) {
    let ended = Instant::now();
    let fault = format!("{fault:?}");
    for (number, instance) in shared.instances.iter().enumerate() {
        system::until(&format!("instance {number} answers after {fault}"), || instance.answered() > ended);
        let took = instance.answered() - ended;
        shared.recovered(took, &fault);
        if took > RECOVERY {
            shared.went_wrong(format!("instance {number} answered {took:?} after {fault}"));
        }
    }
    if std::env::var_os("COMMERCE_TEST_STORM").is_some() {
        println!("{fault} of {:?}: all answered within {:?}", ended - before, ended.elapsed());
    }
}

fn any(random: &mut Random) -> Fault {
    let instance = random.below(INSTANCES as u64) as usize;
    match random.below(8) {
        0 => Slow([0, 5, 50, 200][random.below(4) as usize]),
        1 => Cuts(1 + random.below(4)),
        2 => Silence(None, 2 + random.below(9)),
        3 => Silence(Some(instance), 2 + random.below(9)),
        4 => ServerKilled,
        5 => ServerStopped(6 + random.below(10)),
        6 => DiskFull(1 + random.below(4)),
        _ => InstanceKilled(instance),
    }
}
