//! Numbers of which a seed says what they are, as those who scribble need them.

#[path = "../support/random.rs"]
mod base;

pub(crate) use base::Random;

impl Random {
    pub(crate) fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }

    /// A number that a word of ours could be, more often than not.
    pub(crate) fn word(&mut self) -> u32 {
        match self.index(4) {
            0 => self.next() as u32,
            1 => [u32::MAX, 1 << 31, 1 << 30, 3 << 30, std::process::id(), 1000, 4096][self.index(7)],
            _ => self.index(8) as u32,
        }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next() as u8).take(len).collect()
    }
}
