//! What a process writes into its part of a section, and how others see whether it is whole.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use veduta::View;

/// Bytes of a block: a number that is odd while it is written, bytes, and their checksum.
pub(crate) const SIZE: usize = 512;
const WORDS: usize = SIZE / 8 - 1;

#[derive(Clone)]
pub(crate) struct Block {
    number: u64,
    words: [u64; WORDS],
}

/// Where the block of a slot is.
pub(crate) fn place(slot: usize) -> usize {
    slot * SIZE
}

fn checksum(number: u64, words: &[u64]) -> u64 {
    words
        .iter()
        .fold(number | 1 << 63, |sum, word| (sum ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23))
}

fn bytes(words: &[u64; WORDS]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

impl Block {
    /// Writes the block of this slot, which nobody else does.
    pub(crate) fn write(view: &View, slot: usize, seed: u64) -> Block {
        let number = view.atomic::<AtomicU64>(place(slot)).expect("it is inside");
        // Odd already, if an earlier process of the slot died in the middle.
        let odd = number.load(SeqCst) | 1;
        number.store(odd, SeqCst);
        let mut words: [u64; WORDS] = std::array::from_fn(|index| seed.wrapping_mul(index as u64 * 2 + 1));
        words[WORDS - 1] = checksum(odd + 1, &words[..WORDS - 1]);
        view.write_at(place(slot) + 8, &bytes(&words)).expect("it is inside");
        number.store(odd + 1, SeqCst);
        Block { number: odd + 1, words }
    }

    /// Fails if the slot's block is another one.
    #[track_caller]
    pub(crate) fn is_still(&self, view: &View, slot: usize, name: &str) {
        let number: u64 = view.load(place(slot), SeqCst).expect("it is inside");
        assert_eq!(number, self.number, "LOST: slot {slot} wrote to {name}, and this is there");
        let differs = view.compare_bytes(place(slot) + 8, &bytes(&self.words)).expect("it is inside");
        assert_eq!(differs, None, "LOST: slot {slot} wrote to {name}, and something else is there");
    }

    /// So, if it was not written anew.
    #[track_caller]
    pub(crate) fn is_still_or_newer(&self, view: &View, slot: usize) {
        let number: u64 = view.load(place(slot), SeqCst).expect("it is inside");
        if number == self.number {
            return self.is_still(view, slot, "what a view keeps");
        }
        assert!(number > self.number, "LOST: slot {slot} wrote block {}, and {number} is there", self.number);
    }
}

/// Fails if the block of a slot is not whole, unless it is being written, or its writer died in the middle.
#[track_caller]
pub(crate) fn check(view: &View, slot: usize, name: &str) {
    let number = || view.load::<u64>(place(slot), SeqCst).expect("it is inside");
    let before = number();
    let mut read = [0; SIZE - 8];
    view.read_at(place(slot) + 8, &mut read).expect("it is inside");
    std::sync::atomic::fence(SeqCst);
    if before % 2 == 1 || before == 0 || number() != before {
        return;
    }
    let words: Vec<u64> = read
        .chunks_exact(8)
        .map(|word| u64::from_ne_bytes(word.try_into().expect("there are eight")))
        .collect();
    let sum = checksum(before, &words[..WORDS - 1]);
    assert_eq!(words[WORDS - 1], sum, "LOST: block {before} of slot {slot} in {name} is not whole");
}
