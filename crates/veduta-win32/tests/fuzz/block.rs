//! Memory that a call is given: with a fence around what may be written, and with its end at the end of an allocation where it is only
//! read, for the address sanitizer to see who reads on.

/// Words before and behind an output.
const FENCE: usize = 4;
const MARK: u8 = 0xA5;

pub struct Block {
    storage: Box<[u64]>,
    start: usize,
    len: usize,
    /// What an output held before the call.
    before: Option<Vec<u8>>,
    /// Whether a failing call may change it.
    pub volatile: bool,
}

impl Block {
    /// For a call to read.
    pub fn input(bytes: &[u8]) -> Block {
        let words = bytes.len().div_ceil(8);
        let mut block = Block {
            storage: vec![0; words].into(),
            start: words * 8 - bytes.len(),
            len: bytes.len(),
            before: None,
            volatile: true,
        };
        block.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
        block
    }

    /// For a call to write.
    pub fn output(content: &[u8]) -> Block {
        let words = content.len().div_ceil(8) + 2 * FENCE;
        let storage = vec![u64::from_ne_bytes([MARK; 8]); words].into();
        let mut block = Block {
            storage,
            start: FENCE * 8,
            len: content.len(),
            before: Some(content.to_vec()),
            volatile: false,
        };
        block.bytes_mut()[..content.len()].copy_from_slice(content);
        block
    }

    fn all(&self) -> &[u8] {
        let len = self.storage.len() * 8;
        // SAFETY: so many bytes, and bytes may be anything.
        unsafe { std::slice::from_raw_parts(self.storage.as_ptr().cast(), len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.storage.len() * 8;
        // SAFETY: as above.
        let all: &mut [u8] = unsafe { std::slice::from_raw_parts_mut(self.storage.as_mut_ptr().cast(), len) };
        &mut all[self.start..]
    }

    pub fn address(&mut self) -> u64 {
        self.bytes_mut().as_mut_ptr().expose_provenance() as u64
    }

    pub fn bytes(&self) -> &[u8] {
        &self.all()[self.start..self.start + self.len]
    }

    pub fn u64_at(&self, offset: usize) -> u64 {
        u64::from_ne_bytes(self.bytes()[offset..offset + 8].try_into().expect("8 bytes"))
    }

    pub fn is_output(&self) -> bool {
        self.before.is_some()
    }

    /// Whether the fence is as it was.
    pub fn is_intact(&self) -> bool {
        !self.is_output()
            || self.all()[..self.start].iter().chain(&self.all()[self.start + self.len..]).all(|&b| b == MARK)
    }

    pub fn is_unchanged(&self) -> bool {
        self.before.as_deref().is_none_or(|before| before == self.bytes())
    }
}
