//! Files that are compressed.
//!
//! In: an object, and how the load says that it is compressed. Out: its bytes. What a file says of itself at its start must agree: Redshift
//! would load the packed bytes as text, or fail far away from the cause.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::StreamingDecoder;

use super::{BUFFER, Error, Object, unreadable, user};
use crate::adapter::statement::Compression;

/// A file's bytes, decompressed. Files that were packed one by one and joined are read to the end.
pub(super) fn open(object: &Object, said: Option<Compression>) -> Result<Box<dyn BufRead>, Error> {
    let mut reader = BufReader::with_capacity(BUFFER, object.open()?);
    let failed = |cause: std::io::Error| unreadable(&object.url, &cause);
    let start = reader.fill_buf().map_err(failed)?;
    let (found, empty) = (compression_of(start), start.is_empty());
    let unpacked: Box<dyn Read> = match (said, found) {
        (Some(Compression::Gzip), Some(Compression::Gzip)) => {
            Box::new(flate2::bufread::MultiGzDecoder::new(reader))
        }
        (Some(Compression::Bzip2), Some(Compression::Bzip2)) => {
            Box::new(bzip2::bufread::MultiBzDecoder::new(reader))
        }
        (Some(Compression::Zstd), Some(Compression::Zstd)) => Box::new(Frames {
            reader: Some(reader),
            frame: None,
        }),
        (Some(said), _) if !empty => {
            let word = said.word();
            let mut error = user(format!("`{}` is not compressed by {word}", object.url));
            error.help = found.map(|found| {
                let found = found.word();
                format!("it is compressed by {found}: say `{found}: true` instead of `{word}`")
            });
            return Err(error);
        }
        (None, Some(found)) => {
            let word = found.word();
            let mut error = user(format!("`{}` is compressed by {word}", object.url));
            error.help = Some(format!("add `{word}: true` to the options of the load"));
            return Err(error);
        }
        _ => return Ok(Box::new(reader)),
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)))
}

/// The frames of a file in Zstandard, one after the other.
struct Frames<R: BufRead> {
    /// Between two frames.
    reader: Option<R>,
    /// Inside of one.
    frame: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            if let Some(frame) = self.frame.take() {
                self.reader = Some(frame.into_inner());
            }
            let Some(mut reader) = self.reader.take() else {
                return Ok(0);
            };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let frame = StreamingDecoder::new(reader);
            self.frame = Some(frame.map_err(|cause| io::Error::other(cause.to_string()))?);
        }
    }
}

/// How a file is compressed, by its first bytes.
fn compression_of(start: &[u8]) -> Option<Compression> {
    match start {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        // The size of a block, and the digits of pi that each block begins with.
        [
            b'B',
            b'Z',
            b'h',
            b'1'..=b'9',
            0x31,
            0x41,
            0x59,
            0x26,
            0x53,
            0x59,
            ..,
        ] => Some(Compression::Bzip2),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        [0x89, b'L', b'Z', b'O', ..] => Some(Compression::Lzop),
        _ => None,
    }
}
