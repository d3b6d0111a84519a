//! Bytes that look random and are the same each time, to fill memory and files with.

/// Bytes in a block.
pub(super) const BLOCK: usize = 1 << 20;

/// Fills `block` with the bytes that belong at the `index`th place.
pub(super) fn fill(block: &mut [u8], index: u64) {
    // SplitMix64: each output depends on its index alone, so that a block needs no other one.
    let mut state = index.wrapping_mul(0xA24B_AED4_963E_E407);
    for word in block.chunks_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..word.len()]);
    }
}

/// The pattern over `len` bytes, as blocks with their offsets.
pub(super) fn blocks(len: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..len).step_by(BLOCK).map(move |at| {
        let mut block = vec![0; BLOCK.min(len - at)];
        fill(&mut block, (at / BLOCK) as u64);
        (at, block)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_and_differ() {
        let blocks: Vec<_> = blocks(2 * BLOCK + 13).collect();
        assert_eq!(
            blocks.iter().map(|(at, block)| (*at, block.len())).collect::<Vec<_>>(),
            [(0, BLOCK), (BLOCK, BLOCK), (2 * BLOCK, 13)]
        );
        assert_ne!(blocks[0].1, blocks[1].1);
        assert_ne!(blocks[0].1[..13], blocks[2].1[..]);
    }
}
