//! Pseudorandom numbers that are the same in every run (SplitMix64).

#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// A separate sequence for each name and number.
    pub fn new(name: &str, number: usize) -> Self {
        let mix = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        Self(
            name.bytes().fold(0xCBF2_9CE4_8422_2325, mix)
                ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        )
    }

    /// A number from 0 to `end` - 1.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut next = self.0;
        next = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        next = (next ^ (next >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((next ^ (next >> 31)) % end as u64) as usize
    }
}
