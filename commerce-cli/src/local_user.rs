//! The local user's name, which what is done at the command line and the console bears as its `actor`. On a served shop the
//! token's name counts instead.

use std::sync::LazyLock;

use commerce_core::{Actor, Caller};

/// The local user as a caller who may do everything. A user without a usable name has none.
pub fn caller() -> Caller {
    // Every line of `apply` has one.
    static NAME: LazyLock<Option<Actor>> = LazyLock::new(name);
    match NAME.as_ref() {
        Some(name) => Caller::unrestricted().actor(name.clone()),
        None => Caller::unrestricted(),
    }
}

/// The name as login programs leave it in the environment, or as the system's list of users has it.
fn name() -> Option<Actor> {
    let variables = ["USER", "LOGNAME", "USERNAME"].into_iter();
    let told = variables.filter_map(|name| std::env::var(name).ok()).find_map(|name| name.parse().ok());
    told.or_else(listed)
}

/// The name of the process's user in `/etc/passwd`.
#[cfg(unix)]
fn listed() -> Option<Actor> {
    use std::os::unix::fs::MetadataExt;

    let user = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(&user))?;
    line.split(':').next()?.parse().ok()
}

#[cfg(not(unix))]
fn listed() -> Option<Actor> {
    None
}
