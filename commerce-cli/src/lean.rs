//! For a program that is open all day: memory that is given back to the system as soon as it is free.
//!
//! mimalloc keeps for later what was freed, which servers are fast by and which leaves the console with half as much
//! again as it uses. It reads how long to keep it from the environment, before `main` begins.

/// Runs this program anew, in the same process, with an allocator that keeps nothing, unless the environment says how
/// long. Where that cannot be done things go on as they are.
#[cfg(unix)]
pub fn keep_no_free_memory() {
    use std::os::unix::process::CommandExt;
    const DELAY: &str = "MIMALLOC_PURGE_DELAY";
    if std::env::var_os(DELAY).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut args = std::env::args_os();
    let mut anew = std::process::Command::new(program);
    args.next().map(|name| anew.arg0(name));
    // It comes back only when it fails.
    let _ = anew.args(args).env(DELAY, "0").exec();
}

/// Elsewhere a program cannot take the place of itself.
#[cfg(not(unix))]
pub fn keep_no_free_memory() {}
