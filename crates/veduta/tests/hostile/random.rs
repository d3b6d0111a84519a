//! Numbers of which a seed says what they are.

pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number that a word of ours could be, more often than not.
    pub(crate) fn word(&mut self) -> u32 {
        match self.below(4) {
            0 => self.next() as u32,
            1 => [u32::MAX, 1 << 31, 1 << 30, 3 << 30, std::process::id(), 1000, 4096][self.below(7)],
            _ => self.below(8) as u32,
        }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next() as u8).take(len).collect()
    }
}
