//! Hashes that neither DuckDB nor a library in use has: bytes in, a number out.

/// The first 64 bits of FarmHash that stay the same on every machine (`farmhashna::Hash64` of <https://github.com/google/farmhash>).
pub(super) fn farm_fingerprint(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..=16 => up_to_16(bytes),
        17..=32 => up_to_32(bytes),
        33..=64 => up_to_64(bytes),
        _ => long(bytes),
    }
}

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// Eight bytes from a place on; callers know that they are there.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn half_word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u64::from(u32::from_le_bytes(word))
}

fn shift_mix(value: u64) -> u64 {
    value ^ (value >> 47)
}

fn joined(u: u64, v: u64, multiplier: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(multiplier));
    shift_mix((v ^ a).wrapping_mul(multiplier)).wrapping_mul(multiplier)
}

fn multiplier(length: usize) -> u64 {
    K2.wrapping_add((length as u64).wrapping_mul(2))
}

fn up_to_16(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    match length {
        0 => K2,
        1..=3 => {
            let (a, b, c) = (bytes[0], bytes[length >> 1], bytes[length - 1]);
            let y = u64::from(a).wrapping_add(u64::from(b) << 8);
            let z = (length as u64).wrapping_add(u64::from(c) << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
        }
        4..=7 => joined(
            (length as u64).wrapping_add(half_word(bytes, 0) << 3),
            half_word(bytes, length - 4),
            multiplier(length),
        ),
        _ => {
            let by = multiplier(length);
            let a = word(bytes, 0).wrapping_add(K2);
            let b = word(bytes, length - 8);
            let c = b.rotate_right(37).wrapping_mul(by).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(by);
            joined(c, d, by)
        }
    }
}

fn up_to_32(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let by = multiplier(length);
    let a = word(bytes, 0).wrapping_mul(K1);
    let b = word(bytes, 8);
    let c = word(bytes, length - 8).wrapping_mul(by);
    let d = word(bytes, length - 16).wrapping_mul(K2);
    joined(
        a.wrapping_add(b)
            .rotate_right(43)
            .wrapping_add(c.rotate_right(30))
            .wrapping_add(d),
        a.wrapping_add(b.wrapping_add(K2).rotate_right(18))
            .wrapping_add(c),
        by,
    )
}

fn up_to_64(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let by = multiplier(length);
    let a = word(bytes, 0).wrapping_mul(K2);
    let b = word(bytes, 8);
    let c = word(bytes, length - 8).wrapping_mul(by);
    let d = word(bytes, length - 16).wrapping_mul(K2);
    let y = a
        .wrapping_add(b)
        .rotate_right(43)
        .wrapping_add(c.rotate_right(30))
        .wrapping_add(d);
    let z = joined(
        y,
        a.wrapping_add(b.wrapping_add(K2).rotate_right(18))
            .wrapping_add(c),
        by,
    );
    let e = word(bytes, 16).wrapping_mul(by);
    let f = word(bytes, 24);
    let g = y.wrapping_add(word(bytes, length - 32)).wrapping_mul(by);
    let h = z.wrapping_add(word(bytes, length - 24)).wrapping_mul(by);
    joined(
        e.wrapping_add(f)
            .rotate_right(43)
            .wrapping_add(g.rotate_right(30))
            .wrapping_add(h),
        e.wrapping_add(f.wrapping_add(a).rotate_right(18))
            .wrapping_add(g),
        by,
    )
}

/// The state of a long text.
struct State {
    x: u64,
    y: u64,
    z: u64,
    v: (u64, u64),
    w: (u64, u64),
}

impl State {
    /// Takes in 64 bytes.
    fn take(&mut self, bytes: &[u8], at: usize, by: u64, last: bool) {
        let times: (u64, u64) = if last { (9, 9) } else { (1, 1) };
        self.x = self
            .x
            .wrapping_add(self.y)
            .wrapping_add(self.v.0)
            .wrapping_add(word(bytes, at + 8))
            .rotate_right(37)
            .wrapping_mul(by);
        self.y = self
            .y
            .wrapping_add(self.v.1)
            .wrapping_add(word(bytes, at + 48))
            .rotate_right(42)
            .wrapping_mul(by);
        self.x ^= self.w.1.wrapping_mul(times.0);
        self.y = self
            .y
            .wrapping_add(self.v.0.wrapping_mul(times.1))
            .wrapping_add(word(bytes, at + 40));
        self.z = self
            .z
            .wrapping_add(self.w.0)
            .rotate_right(33)
            .wrapping_mul(by);
        self.v = weak(
            bytes,
            at,
            self.v.1.wrapping_mul(by),
            self.x.wrapping_add(self.w.0),
        );
        self.w = weak(
            bytes,
            at + 32,
            self.z.wrapping_add(self.w.1),
            self.y.wrapping_add(word(bytes, at + 16)),
        );
        std::mem::swap(&mut self.z, &mut self.x);
    }
}

fn weak(bytes: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let [w, x, y, z] = [0, 8, 16, 24].map(|step| word(bytes, at + step));
    let a = a.wrapping_add(w);
    let b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
    let c = a;
    let a = a.wrapping_add(x).wrapping_add(y);
    let b = b.wrapping_add(a.rotate_right(44));
    (a.wrapping_add(z), b.wrapping_add(c))
}

fn long(bytes: &[u8]) -> u64 {
    let seed = 81_u64;
    let y = seed.wrapping_mul(K1).wrapping_add(113);
    let mut state = State {
        x: seed.wrapping_mul(K2).wrapping_add(word(bytes, 0)),
        y,
        z: shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2),
        v: (0, 0),
        w: (0, 0),
    };
    let whole = (bytes.len() - 1) / 64 * 64;
    for at in (0..whole).step_by(64) {
        state.take(bytes, at, K1, false);
    }
    let by = K1.wrapping_add((state.z & 0xff) << 1);
    let rest = ((bytes.len() - 1) & 63) as u64;
    state.w.0 = state.w.0.wrapping_add(rest);
    state.v.0 = state.v.0.wrapping_add(state.w.0);
    state.w.0 = state.w.0.wrapping_add(state.v.0);
    state.take(bytes, bytes.len() - 64, by, true);
    // The last round swaps the two, as each does.
    let first = joined(state.v.0, state.w.0, by)
        .wrapping_add(shift_mix(state.y).wrapping_mul(K0))
        .wrapping_add(state.z);
    let second = joined(state.v.1, state.w.1, by).wrapping_add(state.x);
    joined(first, second, by)
}

/// 32 bits of MurmurHash3 for x86 (<https://github.com/aappleby/smhasher>), as Apache Iceberg hashes: with the seed 0.
pub(super) fn murmur3(bytes: &[u8]) -> u32 {
    let scrambled = |k: u32| {
        k.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let (blocks, rest) = bytes.as_chunks::<4>();
    let hash = blocks.iter().fold(0_u32, |hash, block| {
        (hash ^ scrambled(u32::from_le_bytes(*block)))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64)
    });
    let tail = rest
        .iter()
        .rev()
        .fold(0_u32, |tail, byte| tail << 8 | u32::from(*byte));
    // Only the number of bytes modulo 2^32 is mixed in.
    let mut hash = hash ^ scrambled(tail) ^ (bytes.len() as u32);
    for (shift, by) in [(16, 0x85eb_ca6b), (13, 0xc2b2_ae35)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(by);
    }
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_all_lengths_are_those_of_farmhash() {
        let text: Vec<u8> = (b'a'..=b'z').cycle().take(300).collect();
        // Told by `farmhash.fingerprint64` of pyfarmhash 0.5.1.
        let known: [(usize, i64); 16] = [
            (0, -7_286_425_919_675_154_353),
            (1, -5_528_939_962_900_187_677),
            (3, 2_640_714_258_260_161_385),
            (4, 1_897_425_971_756_105_985),
            (7, 4_341_691_227_789_030_229),
            (8, -78_300_442_537_744_119),
            (16, 6_080_716_761_534_418_621),
            (17, -7_052_348_088_954_416_216),
            (32, -29_633_327_639_612_006),
            (33, 2_004_761_416_539_416_594),
            (64, -7_184_832_003_244_844_038),
            (65, 2_608_948_203_458_330_154),
            (128, -4_385_295_067_663_546_550),
            (129, -7_269_759_402_498_002_988),
            (200, 2_725_806_534_515_858_166),
            (300, -7_834_006_943_512_290_672),
        ];
        for (length, hash) in known {
            assert_eq!(
                farm_fingerprint(&text[..length]).cast_signed(),
                hash,
                "{length} bytes"
            );
        }
    }
}
