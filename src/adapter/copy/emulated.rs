//! What of COPY cannot be done here, told by name before anything runs.

use crate::adapter::Refusal;
use crate::adapter::copy::Moments;
use crate::adapter::statement::copy_options::{self, Emulated};
use crate::adapter::statement::{Compression, Copy, CopyFormat};

/// What an engine can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// What [`run`](super::run) reads.
    Text,
    /// Parquet too, by itself.
    Parquet,
}

/// Whether a load can be done.
///
/// # Errors
/// The option that it cannot have.
pub fn check(copy: &Copy, engine: Reads) -> Result<(), Refusal> {
    let format = match copy.format {
        // A text in Avro is always UTF-8.
        CopyFormat::Avro(_) => copy.encoding.map(|_| "encoding"),
        CopyFormat::Parquet if engine == Reads::Parquet => {
            copy.accept_invalid_characters.map(|_| "accept_inv_chars")
        }
        CopyFormat::Parquet => Some("parquet"),
        CopyFormat::Orc => Some("orc"),
        CopyFormat::Shapefile => Some("shapefile"),
        _ => None,
    };
    let compression = copy
        .compression
        .filter(|compression| *compression == Compression::Lzop)
        .map(Compression::word);
    let encrypted = copy.master_symmetric_key.as_ref().map(|_| "encrypted");
    if let Some(name) = format.or(compression).or(encrypted) {
        let why = match copy_options::find(name).map(|option| option.emulated) {
            Some(Emulated::No(why) | Emulated::DuckDb(why)) => why,
            _ => "not for files in this format",
        };
        return Err(refusal(
            "not-emulated",
            format!("the option `{name}` of `copy` is not emulated: {why}"),
            None,
        ));
    }
    Moments::new(copy.date_format.as_deref(), copy.time_format.as_deref())
        .map(|_| ())
        .map_err(|error| refusal("bad-time-format", error.message, error.help))
}

fn refusal(code: &'static str, message: String, help: Option<String>) -> Refusal {
    Refusal {
        code,
        message,
        range: None,
        reason: None,
        help,
    }
}
