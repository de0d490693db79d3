//! GSM 06.10 full rate (ETSI ETS 300 961), decoding only: 13 kbit/s, 160 samples of 8 kHz to a frame.
//!
//! The decoder does the fixed-point arithmetic of chapter 5 of the standard step by step, with its saturations, so that
//! every sample equals that of any other conforming decoder. Comments name the procedures of that chapter.
//!
//! ```
//! use callvault_audio::gsm::{Decoder, Frame, WAV49_BYTES};
//!
//! let block = [0u8; WAV49_BYTES];
//! let mut decoder = Decoder::new();
//! let samples: Vec<i16> = Frame::pair_from_wav49(&block).iter().flat_map(|frame| decoder.decode(frame)).collect();
//! assert_eq!(samples.len(), 320);
//! ```

mod arithmetic;
mod frame;
mod long_term;
mod residual;
mod short_term;

pub use frame::{Frame, Subframe};

use arithmetic::{add, mult_r};
use long_term::LongTerm;
use short_term::ShortTerm;

/// Samples in one frame: 20 ms at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// Bytes of a frame in the plain packing of `.gsm` files.
pub const PLAIN_BYTES: usize = 33;

/// Bytes of a block in Microsoft's packing, as in WAV files with format tag 0x31: two frames.
pub const WAV49_BYTES: usize = 65;

/// The bytes of such a block that the first of its frames needs (32.5, rounded up).
pub const WAV49_HALF_BYTES: usize = 33;

/// Samples in one of the four parts of a frame.
const SUBFRAME_SAMPLES: usize = 40;

/// The de-emphasis factor, 0.86 in 15 bits.
const DE_EMPHASIS: i16 = 28180;

/// A decoder with the memory of the frames before; one for each stream.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    long_term: LongTerm,
    short_term: ShortTerm,
    /// The last sample after de-emphasis (`msr`).
    emphasised: i16,
}

impl Decoder {
    /// A decoder in the home state of the standard.
    pub fn new() -> Self {
        Self::default()
    }

    /// The samples of the next frame, 16 bits of which the lowest three are always 0.
    pub fn decode(&mut self, frame: &Frame) -> [i16; FRAME_SAMPLES] {
        let mut samples = [0; FRAME_SAMPLES];
        for (subframe, part) in frame.subframes.iter().zip(samples.as_chunks_mut::<SUBFRAME_SAMPLES>().0) {
            let excitation = residual::decode(subframe);
            *part = self.long_term.synthesise(subframe.lag, subframe.gain, &excitation);
        }
        self.short_term.synthesise(&frame.log_area_ratios, &mut samples);
        for sample in &mut samples {
            self.emphasised = add(*sample, mult_r(self.emphasised, DE_EMPHASIS));
            // Upscaling and truncation to 13 bits.
            *sample = add(self.emphasised, self.emphasised) & !7;
        }
        samples
    }
}
