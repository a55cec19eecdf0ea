//! `logs/dbt.log`: what is told, once more in a file, whole where the terminal is brief.
//!
//! In: lines with their level, without secrets. Out: bytes in the file, which gives way to a new one when it is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::adapter::strip_str;
use jiff::Timestamp;

use super::message::LogLevel;

/// dbt's name of the file.
const NAME: &str = "dbt.log";

/// How many full files are kept beside the one that is written, as in dbt.
const KEPT: u32 = 5;

/// How lines of the file look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileFormat {
    /// With the time.
    Text,
    /// With the time to the microsecond, the level and the thread.
    #[default]
    Debug,
    /// One JSON object a line.
    Json,
}

/// Which file, and what it holds.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// The folder.
    pub folder: PathBuf,
    /// How lines look.
    pub format: FileFormat,
    /// The least that is written.
    pub level: LogLevel,
    /// Whether colours are kept.
    pub colors: bool,
    /// How many bytes make the file full.
    pub most_bytes: u64,
}

/// The open file.
pub(super) struct LogFile {
    options: FileOptions,
    file: File,
    bytes: u64,
}

impl LogFile {
    /// Opens the file behind what earlier runs wrote.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub(super) fn open(options: FileOptions, invocation: &str, at: Timestamp) -> io::Result<Self> {
        fs::create_dir_all(&options.folder)?;
        let path = options.folder.join(NAME);
        let file = appended(&path)?;
        let bytes = file.metadata()?.len();
        let mut log = Self {
            options,
            file,
            bytes,
        };
        if log.options.format != FileFormat::Json {
            let line = "=".repeat(30);
            log.write(&format!("\n\n{line} {} | {invocation} {line}", time(at)))?;
        }
        Ok(log)
    }

    pub(super) fn wants(&self, level: LogLevel) -> bool {
        level >= self.options.level && self.options.level != LogLevel::None
    }

    pub(super) fn is_json(&self) -> bool {
        self.options.format == FileFormat::Json
    }

    /// Writes one message.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn tell(&mut self, text: &str, level: LogLevel, at: Timestamp) -> io::Result<()> {
        let text = if self.options.colors {
            text.to_owned()
        } else {
            strip_str(text).to_string()
        };
        let line = match self.options.format {
            FileFormat::Json => text,
            FileFormat::Text => format!("{}  {text}", at.strftime("%H:%M:%S")),
            FileFormat::Debug => {
                let thread = std::thread::current();
                let thread = match thread.name() {
                    Some("main") => "MainThread",
                    Some(name) => name,
                    None => "worker",
                };
                format!("{} [{:<5}] [{thread}]: {text}", time(at), level.as_str())
            }
        };
        self.write(&line)
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let more = line.len() as u64 + 1;
        if self.bytes > 0 && self.bytes + more > self.options.most_bytes {
            self.make_way()?;
        }
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.bytes += more;
        Ok(())
    }

    /// `dbt.log` becomes `dbt.log.1`, and so on; the oldest goes.
    fn make_way(&mut self) -> io::Result<()> {
        let path = self.options.folder.join(NAME);
        let kept = |number: u32| self.options.folder.join(format!("{NAME}.{number}"));
        for number in (1..KEPT).rev() {
            if kept(number).exists() {
                fs::rename(kept(number), kept(number + 1))?;
            }
        }
        fs::rename(&path, kept(1))?;
        self.file = appended(&path)?;
        self.bytes = 0;
        Ok(())
    }
}

fn appended(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn time(at: Timestamp) -> String {
    let micros = at.subsec_nanosecond() / 1000;
    format!("{}.{micros:06}", at.strftime("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::fixture::now;

    fn options(folder: &Path, format: FileFormat, most_bytes: u64) -> FileOptions {
        FileOptions {
            folder: folder.join("logs"),
            format,
            level: LogLevel::Info,
            colors: false,
            most_bytes,
        }
    }

    #[test]
    fn a_full_file_gives_way_and_five_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), FileFormat::Text, 40);
        let mut log = LogFile::open(options, "0000", now()).unwrap();
        for number in 0..20 {
            let line = format!("\u{1b}[32mline {number}\u{1b}[0m");
            log.tell(&line, LogLevel::Info, now()).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path().join("logs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = [
            "dbt.log",
            "dbt.log.1",
            "dbt.log.2",
            "dbt.log.3",
            "dbt.log.4",
            "dbt.log.5",
        ];
        assert_eq!(names, expected);
        let last = fs::read_to_string(folder.path().join("logs/dbt.log")).unwrap();
        assert!(last.ends_with("  line 19\n"), "{last}");
        assert!(!log.wants(LogLevel::Debug));
    }

    #[test]
    fn a_line_says_when_how_much_it_matters_and_which_thread() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), FileFormat::Debug, 1000);
        let mut log = LogFile::open(options, "0000", now()).unwrap();
        log.tell("hello", LogLevel::Warn, now()).unwrap();
        let text = fs::read_to_string(folder.path().join("logs/dbt.log")).unwrap();
        assert!(text.contains("============================== "), "{text}");
        assert!(text.contains(" | 0000 ============"), "{text}");
        assert!(text.contains(" [warn ] ["), "{text}");
    }
}
