//! Packages brought onto this machine: archives unpacked, repositories cloned, and the folder of packages changed in one step.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::http;
use crate::diagnostic::Diagnostic;

/// A folder beside the folder of packages in which everything is made ready; it goes when the work is over.
pub struct Workshop {
    folder: PathBuf,
    ready: PathBuf,
    target: PathBuf,
}

impl Workshop {
    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(root: &Path, install_path: &str) -> Result<Self, Diagnostic> {
        let target = root.join(install_path);
        let name = target.file_name().map_or_else(
            || "packages".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        // Beside the target, so that the last step is a rename.
        let folder = target.with_file_name(format!(".{name}.{}", std::process::id()));
        let ready = folder.join("ready");
        fs::create_dir_all(&ready)
            .map_err(|cause| failed("cannot make a folder for packages", &cause))?;
        Ok(Self {
            folder,
            ready,
            target,
        })
    }

    /// An archive, unpacked; each address is fetched once.
    ///
    /// # Errors
    /// When it cannot be fetched or is no archive of one folder.
    pub fn archive(&self, url: &str, name: &str) -> Result<PathBuf, Diagnostic> {
        let unpacked = self.place_of(url);
        if !unpacked.is_dir() {
            let Some(bytes) = http::get(url)? else {
                return Err(Diagnostic::error(
                    "unreachable",
                    format!("there is no archive of `{name}` at `{url}`"),
                ));
            };
            let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_ref()));
            fs::create_dir_all(&unpacked)
                .and_then(|()| archive.unpack(&unpacked))
                .map_err(|cause| {
                    failed(
                        &format!("the archive of `{name}` cannot be unpacked"),
                        &cause,
                    )
                })?;
        }
        let folders = children(&unpacked)?;
        match folders.as_slice() {
            [only] if only.is_dir() => Ok(only.clone()),
            _ => Err(Diagnostic::error(
                "bad-package",
                format!("the archive of `{name}` must hold one folder"),
            )
            .note(format!("it came from {url}"))),
        }
    }

    /// A repository at a revision, and the commit that this is. Each is cloned once.
    ///
    /// # Errors
    /// What git says.
    pub fn clone_repository(
        &self,
        url: &str,
        revision: Option<&str>,
    ) -> Result<(PathBuf, String), Diagnostic> {
        let revision = revision.unwrap_or("HEAD");
        let folder = self.place_of(&format!("{url}@{revision}"));
        if !folder.is_dir() {
            let shown = folder.to_string_lossy();
            git(
                None,
                &["clone", "--quiet", "--no-checkout", "--", url, &shown],
                url,
            )?;
            // A branch is followed where it is on the server; a tag and a commit have no such form.
            let remote = format!("origin/{revision}");
            let found = [remote.as_str(), revision].into_iter().find(|name| {
                git(
                    Some(&folder),
                    &[
                        "rev-parse",
                        "--verify",
                        "--quiet",
                        &format!("{name}^{{commit}}"),
                    ],
                    url,
                )
                .is_ok()
            });
            let Some(found) = found else {
                return Err(Diagnostic::error(
                    "unknown-revision",
                    format!("`{url}` has no revision `{revision}`"),
                )
                .help("name a branch, a tag or a whole commit"));
            };
            git(
                Some(&folder),
                &["checkout", "--quiet", "--detach", found],
                url,
            )?;
        }
        let commit = git(Some(&folder), &["rev-parse", "HEAD"], url)?;
        Ok((folder, commit.trim().to_owned()))
    }

    /// Puts a package where the folder of packages is made ready. A folder of the project itself is linked to, as dbt does.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn place(&self, folder: &Path, name: &str) -> Result<(), Diagnostic> {
        let to = self.ready.join(name);
        let is_ours = folder.starts_with(&self.folder);
        let done = if is_ours {
            copy(folder, &to)
        } else {
            fs::canonicalize(folder).and_then(|folder| link(&folder, &to))
        };
        done.map_err(|cause| failed(&format!("`{name}` cannot be put into place"), &cause))
    }

    /// Puts the new folder of packages in the place of the old one.
    ///
    /// # Errors
    /// When it cannot be; then the old one stays.
    pub fn publish(&self) -> Result<(), Diagnostic> {
        let old = self.folder.join("old");
        let wrong = |cause: io::Error| failed("the folder of packages cannot be replaced", &cause);
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(wrong)?;
        }
        fs::rename(&self.ready, &self.target).map_err(|cause| {
            // The old one back, whatever comes.
            let _ = fs::rename(&old, &self.target);
            wrong(cause)
        })
    }

    fn place_of(&self, origin: &str) -> PathBuf {
        let digest = Sha256::digest(origin.as_bytes());
        let short: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.folder.join(short)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What is left over is in nobody's way: the next run makes a folder of its own.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(unix)]
fn link(folder: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(folder, to)
}

#[cfg(not(unix))]
fn link(folder: &Path, to: &Path) -> io::Result<()> {
    copy(folder, to)
}

/// A copy of a folder without its history.
fn copy(folder: &Path, to: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != ".git")
    {
        let entry = entry?;
        let path = to.join(entry.path().strip_prefix(folder).unwrap_or(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&path)?;
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), &path)?;
        }
    }
    Ok(())
}

fn children(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|cause| failed("an archive cannot be read", &cause))?;
    Ok(entries
        .into_iter()
        .map(|entry| entry.path())
        // Archives made by git begin with a file of their own.
        .filter(|path| {
            path.file_name()
                .is_none_or(|name| name != "pax_global_header")
        })
        .collect())
}

/// Runs git and gives what it answers.
fn git(folder: Option<&Path>, arguments: &[&str], url: &str) -> Result<String, Diagnostic> {
    let mut command = Command::new("git");
    if let Some(folder) = folder {
        command.arg("-C").arg(folder);
    }
    let output = command
        .args(arguments)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| {
            Diagnostic::error("no-git", "the program `git` cannot be started")
                .note(cause.to_string())
                .help("install git, or put the package into a folder of the project and name it with `local:`")
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(
        Diagnostic::error("git-failed", format!("git cannot fetch `{url}`"))
            .note(said.trim().to_owned())
            .help("look at the address and at your access to it; without a network, put the package into a folder of the project and name it with `local:`"),
    )
}

fn failed(what: &str, cause: &io::Error) -> Diagnostic {
    Diagnostic::error("packages-folder", what.to_owned()).note(cause.to_string())
}
