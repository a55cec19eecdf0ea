//! Numbers and texts of a block, read one after the other.

use super::Broken;

/// What of a block is not read yet.
pub(super) struct Bytes<'b>(&'b [u8]);

const END: Broken = Broken("a record ends too early");

/// A number from its zigzag form: 0, -1, 1, -2 are 0, 1, 2, 3.
pub(super) fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

impl<'b> Bytes<'b> {
    pub(super) fn new(block: &'b [u8]) -> Self {
        Self(block)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(END)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(END)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn long(&mut self) -> Result<i64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(zigzag(number));
            }
        }
        Err(Broken("a number does not end"))
    }

    /// Bytes behind their length.
    pub(super) fn long_bytes(&mut self) -> Result<&'b [u8], Broken> {
        let length = usize::try_from(self.long()?).map_err(|_| END)?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_zigzag() {
        for (bytes, expected) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0x80, 1], 64),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MIN,
            ),
            (
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MAX,
            ),
        ] {
            assert_eq!(Bytes::new(bytes).long().unwrap(), expected);
        }
        assert!(Bytes::new(&[0x80]).long().is_err());
        assert!(Bytes::new(&[0x80; 11]).long().is_err());
        assert!(Bytes::new(&[1]).long_bytes().is_err());
    }
}
