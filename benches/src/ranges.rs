//! Pieces of 64 KiB at random places of a file, the same ones for everybody.

use std::ops::Range;

use crate::work::Fetch;

/// How long a piece is.
const PIECE_BYTES: usize = 64 * 1024;

/// How many there are before they come again.
const PIECES: usize = 512;

/// Requests that `head` begins, up to and without the empty line.
pub(crate) fn requests(head: &str, file_bytes: usize) -> Vec<Fetch> {
    places(file_bytes)
        .map(|part| Fetch {
            request: format!("{head}Range: bytes={}-{}\r\n\r\n", part.start, part.end - 1).into_bytes(),
            status: 206,
            part,
        })
        .collect()
}

/// Scattered by a linear congruential generator (the constants are Knuth's MMIX), of which the upper bits are good.
fn places(file_bytes: usize) -> impl Iterator<Item = Range<usize>> {
    let mut state = 1_u64;
    let room = (file_bytes - PIECE_BYTES) as u64;
    (0..PIECES).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let start = (((state >> 32) * room) >> 32) as usize;
        start..start + PIECE_BYTES
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_all_over_the_file() {
        let places: Vec<Range<usize>> = places(100_000_000).collect();
        assert!(places.iter().all(|place| place.len() == 65_536 && place.end <= 100_000_000));
        for tenth in 0..10 {
            let part = tenth * 10_000_000..(tenth + 1) * 10_000_000;
            let count = places.iter().filter(|place| part.contains(&place.start)).count();
            assert!((25..=80).contains(&count), "{count} begin in {part:?}");
        }
    }

    #[test]
    fn the_header_names_the_first_and_the_last_byte() {
        let fetches = requests("GET / HTTP/1.1\r\n", 65_536);
        assert_eq!(fetches[0].request, b"GET / HTTP/1.1\r\nRange: bytes=0-65535\r\n\r\n");
        assert_eq!(fetches[0].part, 0..65_536);
    }
}
