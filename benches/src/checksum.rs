//! A checksum that costs next to nothing, for bodies that come in pieces of any length.
//!
//! Little-endian words, each mixed with its position, summed up: sees changed, moved, doubled and swapped bytes. It is
//! no protection against an adversary; the first answer of every cell is compared byte by byte instead.

/// Added to the key from word to word; odd, with its bits spread (2^64 divided by the golden ratio).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The state between two pieces.
#[derive(Default)]
pub(crate) struct Checksum {
    sum: u64,
    key: u64,
    /// The bytes of an unfinished word, from the lowest.
    part: u64,
    part_bytes: u32,
}

impl Checksum {
    /// Takes the next bytes.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while self.part_bytes != 0 {
            let Some((first, rest)) = bytes.split_first() else { return };
            self.push(*first);
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        let (mut sum, mut key) = (self.sum, self.key);
        for word in words {
            sum = sum.wrapping_add(u64::from_le_bytes(*word) ^ key);
            key = key.wrapping_add(STEP);
        }
        (self.sum, self.key) = (sum, key);
        for byte in rest {
            self.push(*byte);
        }
    }

    /// The checksum of all bytes so far. The length is not part of it: it is checked apart.
    pub(crate) fn finish(&self) -> u64 {
        self.sum.wrapping_add(self.part ^ self.key)
    }

    /// The checksum of a whole body.
    pub(crate) fn of(bytes: &[u8]) -> u64 {
        let mut checksum = Checksum::default();
        checksum.update(bytes);
        checksum.finish()
    }

    fn push(&mut self, byte: u8) {
        self.part |= u64::from(byte) << (8 * self.part_bytes);
        self.part_bytes += 1;
        if self.part_bytes == 8 {
            self.sum = self.sum.wrapping_add(self.part ^ self.key);
            self.key = self.key.wrapping_add(STEP);
            (self.part, self.part_bytes) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Vec<u8> {
        (0..1000_u32).map(|index| (index * index / 7) as u8).collect()
    }

    #[test]
    fn pieces_do_not_matter() {
        let body = body();
        for piece in [1, 3, 7, 8, 9, 64, 999] {
            let mut checksum = Checksum::default();
            for bytes in body.chunks(piece) {
                checksum.update(bytes);
            }
            assert_eq!(checksum.finish(), Checksum::of(&body), "pieces of {piece}");
        }
    }

    #[test]
    fn damage_shows() {
        let good = body();
        let mut damaged: Vec<(&str, Vec<u8>)> = vec![("one byte less", good[..999].to_vec())];
        for at in [0, 7, 8, 500, 999] {
            let mut body = good.clone();
            body[at] ^= 1;
            damaged.push(("a changed bit", body));
        }
        let mut swapped = good.clone();
        let (front, back) = swapped.split_at_mut(512);
        front[..256].swap_with_slice(&mut back[..256]);
        damaged.push(("two blocks in each other's place", swapped));
        let mut twice = good.clone();
        twice.copy_within(0..256, 256);
        damaged.push(("a block sent twice", twice));
        let mut moved = good.clone();
        moved.rotate_left(1);
        damaged.push(("moved by a byte", moved));
        for (what, body) in damaged {
            assert_ne!(Checksum::of(&body), Checksum::of(&good), "{what}");
        }
    }
}
