//! What `commerce login` keeps for the user: the address of a shop, and the token for it. The file is the user's alone, and
//! a file that others can read is not used, as `ssh` does with keys.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A login to a shop. It is never shown as a whole, since it holds a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// The address of the shop.
    pub shop: String,
    /// The token; None for a server that needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The roots to trust instead of the public ones, with the whole path of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Login {
    /// The present login. None if there is none, and if the user has no folder for one.
    pub fn read() -> Result<Option<Self>, Failure> {
        let Some(path) = path() else { return Ok(None) };
        let text = match File::open(&path) {
            Ok(file) => {
                check_private(&path, &file)?;
                io::read_to_string(file)
            }
            Err(e) => Err(e),
        };
        let text = match text {
            Ok(text) => text,
            Err(e) if is_absent(&e) => return Ok(None),
            Err(e) => return Err(unusable(&path, &format!("cannot be read: {e}"))),
        };
        // The message of the parser could show a part of the token.
        serde_json::from_str(&text).map(Some).map_err(|_| unusable(&path, "is no login of this program"))
    }

    /// Keeps this login instead of the present one: all of it, even if the machine fails meanwhile.
    pub fn keep(&self) -> Result<PathBuf, Failure> {
        let Some(path) = path() else {
            let why = "there is no folder to keep a login in: set HOME or XDG_CONFIG_HOME";
            return Err(Failure::Usage(why.into()));
        };
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(Path::new("."));
            private_folder().create(folder)?;
            let temporary = path.with_extension(format!("json.{}", std::process::id()));
            let written = write_private(&temporary, &serde_json::to_vec_pretty(self)?);
            let renamed = written.and_then(|()| fs::rename(&temporary, &path));
            if renamed.is_err() {
                // It holds the token. The first error says what is wrong.
                let _ = fs::remove_file(&temporary);
            }
            renamed?;
            sync_folder(folder)
        };
        write().map_err(|e| Failure::Usage(format!("{}: the login cannot be kept: {e}", path.display())))?;
        Ok(path)
    }

    /// Forgets the present login, whatever its file holds. Returns whether there was one.
    pub fn forget() -> Result<bool, Failure> {
        let Some(path) = path() else { return Ok(false) };
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if is_absent(&e) => Ok(false),
            Err(e) => Err(Failure::Usage(format!("{} cannot be removed: {e}", path.display()))),
        }
    }

    /// Whether this is a login to the shop at this address.
    pub fn is_to(&self, place: &Path) -> bool {
        let address = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
        place.to_str().is_some_and(|place| address(place) == address(&self.shop))
    }
}

/// The file of the login, in the folder in which programs of this system keep the settings of a user: that of the XDG Base
/// Directory Specification, and those of the File System Programming Guide (macOS) and of Known Folders (Windows).
fn path() -> Option<PathBuf> {
    // The specification says to ignore paths that are not absolute.
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = variable("XDG_CONFIG_HOME").or_else(|| {
        if cfg!(windows) {
            return variable("APPDATA");
        }
        let below = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
        Some(variable("HOME")?.join(below))
    })?;
    Some(folder.join("commerce").join("login.json"))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unusable(path: &Path, what: &str) -> Failure {
    Failure::Usage(format!("{} {what}; remove it with: commerce logout", path.display()))
}

#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Usage(format!(
        "{path} holds a token and others can read it (mode {:04o}); close it with: chmod 600 {path}",
        mode & 0o7777
    )))
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

fn private_folder() -> DirBuilder {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
}

/// Writes a new file that only the user can read, and syncs it.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    // One that a killed process left behind may have another mode.
    match fs::remove_file(path) {
        Err(e) if !is_absent(&e) => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
