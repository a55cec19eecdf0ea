//! Avro files: a schema, and blocks of records.
//!
//! In: bytes. Out: the fields of each record, given to the load. The container is that of <https://avro.apache.org/docs/1.12.0/specification/>,
//! its limits and what becomes of each type are those of
//! <https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html#copy-avro>. What that page leaves open is refused by name.

mod bytes;
mod fields;
mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::io::{BufRead, Read};

use self::bytes::Bytes;
use self::fields::Fields;
use self::schema::Schema;
use super::json_paths::Path;
use super::{Cell, Load, Rejected, unreadable, user};
use crate::adapter::Error;

/// The longest header and the longest block that Redshift takes.
const LONGEST_HEADER: u64 = 1024 * 1024;
const LONGEST_BLOCK: u64 = 4 * 1024 * 1024;
/// The most that a block is unpacked to: a file must not fill the memory.
const LONGEST_UNPACKED: u64 = 256 * 1024 * 1024;

/// What is wrong with a file's bytes.
#[derive(Debug)]
struct Broken(&'static str);

/// How the blocks of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
    Snappy,
}

/// Reads one file.
pub(super) fn read(
    load: &mut Load<'_>,
    reader: &mut dyn BufRead,
    how: &str,
    paths: Option<&[Path]>,
) -> Result<(), Error> {
    let mut file = File { reader, read: 0 };
    // An empty file of text loads nothing, and so does one of no bytes at all.
    if file
        .at_end()
        .map_err(|cause| unreadable(&load.file, &cause))?
    {
        return Ok(());
    }
    let header = file.header(&load.file)?;
    let fields = Fields::new(&header.schema, load.columns, how, paths)
        .map_err(|unfit| unfit.in_file(&load.file))?;
    let mut record = 0;
    let mut cells = vec![None; load.columns.len()];
    while !file
        .at_end()
        .map_err(|cause| unreadable(&load.file, &cause))?
    {
        let (count, block) = file.block(&header, &load.file)?;
        let mut bytes = Bytes::new(&block);
        for _ in 0..count {
            record += 1;
            fields
                .read(&header.schema, &mut bytes, &mut cells)
                .map_err(|what| broken(&load.file, &what))?;
            let row = (0..cells.len()).map(|column| load.cell(column, cells[column].as_deref()));
            match row.collect::<Result<Vec<Cell<'_>>, Rejected>>() {
                Ok(row) => load.take(record, Ok(&row))?,
                Err(rejected) => load.take(record, Err(rejected))?,
            }
        }
        if !bytes.is_empty() {
            return Err(broken(
                &load.file,
                &Broken("a block is longer than its records"),
            ));
        }
    }
    Ok(())
}

fn unread(url: &str, cause: &std::io::Error) -> Error {
    match cause.kind() {
        std::io::ErrorKind::UnexpectedEof => broken(url, &Broken("it ends too early")),
        _ => unreadable(url, cause),
    }
}

fn broken(url: &str, what: &Broken) -> Error {
    user(format!("`{url}` is broken as an Avro file: {}", what.0))
}

/// What a file says before its blocks.
struct Header {
    schema: Schema,
    codec: Codec,
    /// What stands behind each block.
    mark: [u8; 16],
}

struct File<'a> {
    reader: &'a mut dyn BufRead,
    /// Bytes of the header so far.
    read: u64,
}

impl File<'_> {
    fn at_end(&mut self) -> std::io::Result<bool> {
        Ok(self.reader.fill_buf()?.is_empty())
    }

    fn exact<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut read = [0; N];
        self.reader.read_exact(&mut read)?;
        self.read += N as u64;
        Ok(read)
    }

    /// A number of the file: seven bits a byte, zigzag.
    fn long(&mut self) -> std::io::Result<i64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.exact()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(bytes::zigzag(number));
            }
        }
        Err(std::io::Error::other("a number does not end"))
    }

    /// Bytes behind their length.
    fn long_bytes(&mut self) -> std::io::Result<Vec<u8>> {
        let length = u64::try_from(self.long()?).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(length);
        if self.read > LONGEST_HEADER {
            return Err(std::io::Error::other(
                "its header is longer than the 1 MB that Redshift takes",
            ));
        }
        let mut read = Vec::new();
        (&mut *self.reader).take(length).read_to_end(&mut read)?;
        if read.len() as u64 == length {
            return Ok(read);
        }
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }

    fn header(&mut self, url: &str) -> Result<Header, Error> {
        let failed = |cause: std::io::Error| unread(url, &cause);
        let magic: [u8; 4] = self.exact().map_err(failed)?;
        if magic != *b"Obj\x01" {
            let mut error = user(format!("`{url}` is not an Avro file"));
            error.help = Some("say the format that the file has: `csv`, `json`, …".to_owned());
            return Err(error);
        }
        let (mut schema, mut codec) = (None, None);
        loop {
            let count = self.long().map_err(failed)?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // The length of the block, for those who pass over it.
                self.long().map_err(failed)?;
            }
            for _ in 0..count.unsigned_abs() {
                let key = self.long_bytes().map_err(failed)?;
                let value = self.long_bytes().map_err(failed)?;
                match key.as_slice() {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = Some(value),
                    _ => {}
                }
            }
        }
        let mark = self.exact().map_err(failed)?;
        let codec = match codec.as_deref() {
            None | Some(b"null" | b"") => Codec::Null,
            Some(b"deflate") => Codec::Deflate,
            Some(b"snappy") => Codec::Snappy,
            Some(other) => {
                return Err(user(format!(
                    "`{url}` is compressed by the codec `{}`: COPY reads Avro that is not compressed, or by `deflate` or `snappy`",
                    String::from_utf8_lossy(other)
                )));
            }
        };
        let schema = schema.ok_or_else(|| broken(url, &Broken("it has no schema")))?;
        let schema = Schema::parse(&schema)
            .map_err(|what| user(format!("`{url}` has a schema that cannot be read: {what}")))?;
        Ok(Header {
            schema,
            codec,
            mark,
        })
    }

    /// The next block, unpacked, and how many records are in it.
    fn block(&mut self, header: &Header, url: &str) -> Result<(u64, Vec<u8>), Error> {
        let failed = |cause: std::io::Error| unread(url, &cause);
        let count = self.long().map_err(failed)?;
        let length = self.long().map_err(failed)?;
        let (Ok(count), Ok(length)) = (u64::try_from(count), u64::try_from(length)) else {
            return Err(broken(url, &Broken("a block has a length below zero")));
        };
        if length > LONGEST_BLOCK {
            return Err(user(format!(
                "`{url}` has a block of {length} bytes: COPY takes 4 MB at most"
            )));
        }
        let mut packed = Vec::new();
        (&mut *self.reader)
            .take(length)
            .read_to_end(&mut packed)
            .map_err(failed)?;
        let mark: [u8; 16] = self.exact().map_err(failed)?;
        if packed.len() as u64 != length || mark != header.mark {
            return Err(broken(url, &Broken("a block does not end where it should")));
        }
        let block = unpack(header.codec, packed).map_err(|what| broken(url, &what))?;
        Ok((count, block))
    }
}

fn unpack(codec: Codec, packed: Vec<u8>) -> Result<Vec<u8>, Broken> {
    match codec {
        Codec::Null => Ok(packed),
        Codec::Deflate => {
            let mut block = Vec::new();
            flate2::read::DeflateDecoder::new(packed.as_slice())
                .take(LONGEST_UNPACKED + 1)
                .read_to_end(&mut block)
                .map_err(|_| Broken("a block cannot be unpacked"))?;
            if block.len() as u64 > LONGEST_UNPACKED {
                return Err(Broken("a block unpacks to more than 256 MB"));
            }
            Ok(block)
        }
        Codec::Snappy => {
            let (packed, sum) = packed
                .split_last_chunk::<4>()
                .ok_or(Broken("a block cannot be unpacked"))?;
            let length = snap::raw::decompress_len(packed);
            if length.is_ok_and(|length| length as u64 > LONGEST_UNPACKED) {
                return Err(Broken("a block unpacks to more than 256 MB"));
            }
            let block = snap::raw::Decoder::new()
                .decompress_vec(packed)
                .map_err(|_| Broken("a block cannot be unpacked"))?;
            let mut found = flate2::Crc::new();
            found.update(&block);
            if found.sum() != u32::from_be_bytes(*sum) {
                return Err(Broken("the checksum of a block is another one"));
            }
            Ok(block)
        }
    }
}
