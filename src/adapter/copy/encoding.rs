//! Files in UTF-16 and in ISO 8859-1, read as UTF-8.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use crate::adapter::statement::Encoding;

/// Bytes in UTF-16 in, bytes in UTF-8 out.
pub(super) struct Utf8<R> {
    inner: R,
    little: bool,
    /// Half of a pair that waits for the other half.
    high: Option<u16>,
    /// Read, not yet given out.
    waiting: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Utf8<R> {
    /// Reads the byte order mark.
    ///
    /// # Errors
    /// Where `UTF16` has none, which it needs to know the order.
    pub(super) fn new(mut inner: R, encoding: Encoding) -> Result<Self> {
        let marked = match inner.fill_buf()? {
            [0xff, 0xfe, ..] => Some(true),
            [0xfe, 0xff, ..] => Some(false),
            _ => None,
        };
        let little = match encoding {
            Encoding::Utf16Le => true,
            Encoding::Utf16Be => false,
            Encoding::Utf8 | Encoding::Iso88591 | Encoding::Utf16 => marked.ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidData,
                    "UTF16 needs a byte order mark at the start of the file; without one say `utf16le` or `utf16be`",
                )
            })?,
        };
        if marked == Some(little) {
            inner.consume(2);
        }
        Ok(Self {
            inner,
            little,
            high: None,
            waiting: Vec::new(),
            given: 0,
        })
    }

    fn unit(&self, pair: [u8; 2]) -> u16 {
        if self.little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    }

    /// Half of a pair alone is no character: in its own three bytes, so that the load calls it by its name.
    fn lone(&mut self, unit: u16) {
        let [a, b] = [(unit >> 6) as u8 & 0x3f, unit as u8 & 0x3f];
        self.waiting
            .extend([0xe0 | (unit >> 12) as u8, 0x80 | a, 0x80 | b]);
    }

    fn take(&mut self, unit: u16) {
        if let Some(high) = self.high.take() {
            if (0xdc00..0xe000).contains(&unit)
                && let Some(Ok(letter)) = char::decode_utf16([high, unit]).next()
            {
                self.letter(letter);
                return;
            }
            self.lone(high);
        }
        match unit {
            0xd800..0xdc00 => self.high = Some(unit),
            0xdc00..0xe000 => self.lone(unit),
            _ => {
                if let Some(letter) = char::from_u32(unit.into()) {
                    self.letter(letter);
                }
            }
        }
    }

    fn letter(&mut self, letter: char) {
        let mut bytes = [0; 4];
        self.waiting
            .extend_from_slice(letter.encode_utf8(&mut bytes).as_bytes());
    }

    /// Reads some more; nothing waits after the end of the file.
    fn read_more(&mut self) -> Result<()> {
        self.waiting.clear();
        self.given = 0;
        while self.waiting.is_empty() {
            let mut pair = [0; 2];
            if self.inner.fill_buf()?.is_empty() {
                if let Some(high) = self.high.take() {
                    self.lone(high);
                }
                return Ok(());
            }
            // A buffer may end between two bytes.
            for _ in 0..4096 {
                match self.inner.fill_buf()?.len() {
                    0 => break,
                    _ => self.inner.read_exact(&mut pair).map_err(|_| {
                        Error::new(
                            ErrorKind::InvalidData,
                            "a file of UTF-16 ends in half a character",
                        )
                    })?,
                }
                self.take(self.unit(pair));
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.given == self.waiting.len() {
            self.read_more()?;
        }
        let rest = &self.waiting[self.given..];
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

/// Bytes in ISO 8859-1 in, whose numbers are those of their letters, bytes in UTF-8 out.
pub(super) struct Latin1<R> {
    inner: R,
    /// The second half of a letter that had no more room.
    half: Option<u8>,
}

impl<R: BufRead> Latin1<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, half: None }
    }
}

impl<R: BufRead> Read for Latin1<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let mut written = 0;
        let mut put = |byte: u8| match into.get_mut(written) {
            Some(place) => {
                *place = byte;
                written += 1;
                true
            }
            None => false,
        };
        if let Some(half) = self.half.take()
            && !put(half)
        {
            self.half = Some(half);
            return Ok(0);
        }
        let read = self.inner.fill_buf()?;
        let mut taken = 0;
        for &byte in read {
            let plain = byte.is_ascii();
            if !put(if plain { byte } else { 0xc0 | byte >> 6 }) {
                break;
            }
            taken += 1;
            let half = 0x80 | byte & 0x3f;
            if !plain && !put(half) {
                self.half = Some(half);
                break;
            }
        }
        self.inner.consume(taken);
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = Vec::new();
        let read = Utf8::new(bytes, encoding).and_then(|mut it| it.read_to_end(&mut text));
        match read {
            Ok(_) => {
                String::from_utf8(text).unwrap_or_else(|bad| format!("{:02x?}", bad.into_bytes()))
            }
            Err(cause) => cause.to_string(),
        }
    }

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_is_read_in_either_order() {
        let text = "\u{feff}a|é😀\n".repeat(3000);
        let plain = text.trim_start_matches('\u{feff}');
        assert_eq!(
            read(&utf_16(&text, u16::to_le_bytes), Encoding::Utf16),
            plain
        );
        assert_eq!(
            read(&utf_16(&text, u16::to_be_bytes), Encoding::Utf16),
            plain
        );
        assert_eq!(read(&utf_16("é", u16::to_be_bytes), Encoding::Utf16Be), "é");
        assert_eq!(
            read(&utf_16("\u{feff}é", u16::to_le_bytes), Encoding::Utf16Le),
            "é"
        );
    }

    #[test]
    fn what_is_no_utf_16_is_told() {
        assert_eq!(
            read(b"ab", Encoding::Utf16),
            "UTF16 needs a byte order mark at the start of the file; without one say `utf16le` or `utf16be`"
        );
        assert_eq!(
            read(b"a", Encoding::Utf16Le),
            "a file of UTF-16 ends in half a character"
        );
        // Half of a pair becomes three bytes that are no UTF-8.
        assert_eq!(
            read(&[0x00, 0xd8, b'a', 0], Encoding::Utf16Le),
            "[ed, a0, 80, 61]"
        );
    }

    #[test]
    fn every_byte_of_iso_8859_1_is_a_letter_whatever_room_there_is() {
        let bytes: Vec<u8> = (1..=255).collect();
        let letters: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        for room in [1, 2, 3, 1000] {
            let mut reader = Latin1::new(&*bytes);
            let mut text = Vec::new();
            loop {
                let mut some = vec![0; room];
                match reader.read(&mut some).expect("bytes in memory") {
                    0 => break,
                    length => text.extend_from_slice(&some[..length]),
                }
            }
            assert_eq!(String::from_utf8(text).expect("UTF-8"), letters, "{room}");
        }
    }
}
