//! Views: which bytes they show, and which they may write.

use super::code::*;
use crate::operation::ViewAccess;
use std::collections::BTreeMap;

pub(super) const PAGE: u64 = 4096;

/// Part of an object's bytes, mapped by one actor.
#[derive(Debug)]
pub(super) struct View {
    pub(super) object: usize,
    /// Where in the section it begins.
    pub(super) offset: u64,
    pub(super) len: u64,
    pub(super) access: ViewAccess,
    /// What may be done with each page now.
    pages: Vec<ViewAccess>,
    /// The pages that were written in a copy-on-write view, by their place in the section.
    copies: BTreeMap<u64, Vec<u8>>,
}

impl View {
    pub(super) fn new(object: usize, offset: u64, len: u64, access: ViewAccess) -> View {
        let pages = (offset + len).div_ceil(PAGE) - offset / PAGE;
        View { object, offset, len, access, pages: vec![access; pages as usize], copies: BTreeMap::new() }
    }

    /// How far into its first page the view begins.
    fn lead(&self) -> u64 {
        self.offset % PAGE
    }

    /// The bytes are all within the view, and their pages allow what is to be done.
    ///
    /// What is not allowed is told before what is outside. Pages behind the view count as what it was mapped with, and an
    /// empty range as the byte where it begins.
    pub(super) fn check(&self, offset: u64, len: u64, allows: fn(ViewAccess) -> bool) -> Result<(), u32> {
        let first = self.lead().saturating_add(offset);
        let last = first.saturating_add(len).saturating_sub(1).max(first);
        let behind = self.pages.len() as u64;
        for page in (first / PAGE).min(behind)..=(last / PAGE).min(behind) {
            let access = self.pages.get(page as usize).copied().unwrap_or(self.access);
            if !allows(access) {
                return Err(NOACCESS);
            }
        }
        self.within(offset, len)
    }

    fn within(&self, offset: u64, len: u64) -> Result<(), u32> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(INVALID_PARAMETER),
        }
    }

    /// What a range that was checked shows, where `shared` are the bytes of the section.
    pub(super) fn read(&self, shared: &[u8], offset: u64, len: u64) -> Vec<u8> {
        let start = self.offset + offset;
        (start..start + len)
            .map(|at| match self.copies.get(&(at / PAGE)) {
                Some(copy) => copy[(at % PAGE) as usize],
                None => shared[at as usize],
            })
            .collect()
    }

    /// Writes to a range that was checked.
    pub(super) fn write(&mut self, shared: &mut [u8], offset: u64, bytes: &[u8]) {
        for (at, &byte) in (self.offset + offset..).zip(bytes) {
            if !self.access.copies() {
                shared[at as usize] = byte;
                continue;
            }
            let copy = self.copies.entry(at / PAGE).or_insert_with(|| {
                let start = (at / PAGE * PAGE) as usize;
                let end = shared.len().min(start + PAGE as usize);
                let mut copy = shared[start..end].to_vec();
                copy.resize(PAGE as usize, 0);
                copy
            });
            copy[(at % PAGE) as usize] = byte;
        }
    }

    /// Changes what may be done with the pages of a range, and says what might be done with the first.
    pub(super) fn protect(&mut self, offset: u64, len: u64, to: ViewAccess) -> Result<ViewAccess, u32> {
        self.within(offset, len)?;
        if len == 0 {
            return Err(INVALID_PARAMETER);
        }
        let mapped = self.access;
        let executes = mapped.executes() || !to.executes();
        if to.copies() && !mapped.copies() {
            // Windows makes copies of what can be read; the library cannot, and says so.
            return Err(if mapped.reads() && executes { NOT_SUPPORTED } else { INVALID_PARAMETER });
        }
        let within_mapped = match to {
            ViewAccess::NoAccess => true,
            _ => mapped.reads() && executes && (mapped.shares_writes() || !to.shares_writes()),
        };
        if !within_mapped {
            return Err(INVALID_PARAMETER);
        }
        let first = ((self.lead() + offset) / PAGE) as usize;
        let behind = (self.lead() + offset + len).div_ceil(PAGE) as usize;
        let was = self.pages[first];
        self.pages[first..behind].fill(to);
        Ok(was)
    }
}
