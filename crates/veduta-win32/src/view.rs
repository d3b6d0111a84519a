//! Views: `MapViewOfFile` and its many forms.

use crate::addresses::{self, GRANULARITY, HIGHEST, PAGE, Placed};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::holes;
use crate::memory::query::{Information, with_caching};
use crate::memory::{lock, maps, not_committed, only_here, page};
use crate::pointer::In;
use crate::section::{Parameter, Section, only_numa_node};
use crate::table;
use crate::types::{BOOL, DWORD, HANDLE, POINTER, SIZE};
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use veduta::{View, ViewAccess};

/// What `dwDesiredAccess` may say besides: of large pages, of reserved views and of control-flow guard. Nothing depends on it here.
const NO_ACCESS_BITS: u32 = 0xE000_0000;

const MEM_RESERVE: u32 = 0x2000;
const MEM_TOP_DOWN: u32 = 0x10_0000;
const MEM_LARGE_PAGES: u32 = 0x2000_0000;

const MEM_UNMAP_WITH_TRANSIENT_BOOST: u32 = 1;

export! {
    fn MapViewOfFile(section: HANDLE, access: DWORD, high: DWORD, low: DWORD, size: SIZE) -> POINTER {
        map(section, &Wish { access: access_of(access), offset: join(high, low), size, base: 0, top_down: false })
    }

    fn MapViewOfFileEx(
        section: HANDLE,
        access: DWORD,
        high: DWORD,
        low: DWORD,
        size: SIZE,
        base: POINTER,
    ) -> POINTER {
        let offset = join(high, low);
        map(section, &Wish { access: access_of(access), offset, size, base: base.addr(), top_down: false })
    }

    /// The node is a preference, and the pages are where they are, or come to where they are first touched from.
    fn MapViewOfFileExNuma(
        section: HANDLE,
        access: DWORD,
        high: DWORD,
        low: DWORD,
        size: SIZE,
        base: POINTER,
        _node: DWORD,
    ) -> POINTER {
        let offset = join(high, low);
        map(section, &Wish { access: access_of(access), offset, size, base: base.addr(), top_down: false })
    }

    fn MapViewOfFileNuma2(
        section: HANDLE,
        process: HANDLE,
        offset: u64,
        base: POINTER,
        size: SIZE,
        kind: DWORD,
        protect: DWORD,
        _node: DWORD,
    ) -> POINTER {
        only_here(process)?;
        map(section, &Wish::of_protection(offset, base, size, kind, protect)?)
    }

    fn MapViewOfFile3(
        section: HANDLE,
        process: HANDLE,
        base: POINTER,
        offset: u64,
        size: SIZE,
        kind: DWORD,
        protect: DWORD,
        parameters: In<Parameter>,
        count: DWORD,
    ) -> POINTER {
        only_here(process)?;
        let _preferred = only_numa_node(parameters, count)?;
        map(section, &Wish::of_protection(offset, base, size, kind, protect)?)
    }

    fn UnmapViewOfFile(address: POINTER) -> BOOL {
        // Dropping it unmaps, unless another thread is flushing it: that one does it then.
        drop(addresses::take_view(address.addr())?);
        Ok(())
    }

    fn UnmapViewOfFileEx(address: POINTER, flags: DWORD) -> BOOL { unmap(address, flags) }

    fn UnmapViewOfFile2(process: HANDLE, address: POINTER, flags: DWORD) -> BOOL {
        only_here(process)?;
        unmap(address, flags)
    }

    fn FlushViewOfFile(address: POINTER, size: SIZE) -> BOOL {
        let address = address.addr();
        match addresses::at(address) {
            Some(Placed::View(view)) => view.flush(address, size),
            // Nothing to write, and no mistake.
            Some(Placed::Allocation(_)) => Ok(()),
            None if maps::is_mapped(address)? => Ok(()),
            None => Err(Failure::hint(code::INVALID_ADDRESS, format!("{address:#x} lies in no view"))),
        }
    }
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn access_of(mask: u32) -> ViewAccess {
    ViewAccess::from_desired_access(mask & !NO_ACCESS_BITS)
}

/// What view is wanted.
struct Wish {
    access: ViewAccess,
    offset: u64,
    /// 0: to the end of the section.
    size: usize,
    /// 0: anywhere.
    base: usize,
    top_down: bool,
}

impl Wish {
    /// In the terms of the newer functions.
    fn of_protection(offset: u64, base: POINTER, size: usize, kind: u32, protect: u32) -> Result<Wish> {
        if kind & !(MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES) != 0 {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                "placeholders are not here: the type is 0, MEM_RESERVE, MEM_TOP_DOWN or MEM_LARGE_PAGES",
            ));
        }
        let protect = page::check(protect)?;
        let top_down = kind & MEM_TOP_DOWN != 0;
        Ok(Wish { access: page::view_access(protect), offset, size, base: base.addr(), top_down })
    }
}

fn map(section: HANDLE, wish: &Wish) -> Result<POINTER> {
    if wish.base >= HIGHEST {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            format!("{:#x} is above the addresses of programs", wish.base),
        ));
    }
    if !wish.base.is_multiple_of(GRANULARITY) || !wish.offset.is_multiple_of(GRANULARITY as u64) {
        return Err(Failure::hint(
            code::MAPPED_ALIGNMENT,
            "offset and address must be multiples of 64 KiB (dwAllocationGranularity)",
        ));
    }
    let entry = table::entry(section)?;
    let section: &Section = entry.object.as_kind()?;
    let view = MappedView::new(section, wish)?;
    let base = view.base;
    addresses::insert(base, Placed::View(Arc::new(view)));
    Ok(base as POINTER)
}

fn unmap(address: POINTER, flags: u32) -> Result<()> {
    if flags & !MEM_UNMAP_WITH_TRANSIENT_BOOST != 0 {
        return Err(Failure::hint(
            code::INVALID_PARAMETER,
            "placeholders are not here, so none is left behind",
        ));
    }
    drop(addresses::take_view(address.addr())?);
    Ok(())
}

/// A view at an address. Unmapped when dropped.
pub(crate) struct MappedView {
    view: RwLock<View>,
    base: usize,
    /// Whole pages.
    len: usize,
    /// Bits that are shown with its protection.
    caching: u32,
    of_file: bool,
    /// Nothing was promised of its memory, and pages are committed one by one.
    reserved: bool,
    /// After the view: it is dropped when that is unmapped.
    _place: Option<holes::Place>,
}

impl MappedView {
    fn new(section: &Section, wish: &Wish) -> Result<MappedView> {
        let core = section.core();
        let page = core.page_size();
        let mut options = core.view().access(wish.access).offset(wish.offset);
        if wish.size != 0 {
            options = options.len(wish.size as u64);
        }
        // The larger pages of a section are its granularity, too.
        let alignment = GRANULARITY.max(page as usize);
        if !wish.offset.is_multiple_of(page) || !wish.base.is_multiple_of(page as usize) {
            return Err(Failure::hint(
                code::MAPPED_ALIGNMENT,
                format!("offset and address must be multiples of the section's large pages, {page} bytes"),
            ));
        }
        let len = if wish.size == 0 { core.len().saturating_sub(wish.offset) } else { wish.size as u64 };
        let fits = wish.offset.checked_add(len).is_some_and(|end| end <= core.len().next_multiple_of(page));
        let at = |base| Ok(options.clone().base(base).map()?);
        let (view, place) = if !fits || len == 0 {
            // What is not within the section is refused below, in the right order with all else that may be wrong.
            (if wish.base == 0 { options.map()? } else { at(wish.base)? }, None)
        } else {
            let whole = len.next_multiple_of(page) as usize;
            if wish.base != 0 {
                (holes::place_at(wish.base, whole, || at(wish.base))?, None)
            } else if wish.top_down {
                (addresses::place_near(whole, alignment, at)?, None)
            } else {
                let (view, place) = holes::place(whole, alignment, at)?;
                (view, Some(place))
            }
        };
        Ok(MappedView {
            base: view.as_ptr().addr(),
            len: view.len().next_multiple_of(page as usize),
            caching: section.caching(),
            of_file: section.is_of_file(),
            reserved: section.is_reserved(),
            view: RwLock::new(view),
            _place: place,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Addresses as offsets in the view; it ends where its section does, which need not be the end of a page.
    fn within(&self, range: &Range<usize>) -> Result<Range<usize>> {
        if range.start < self.base || range.end > self.base + self.len {
            return Err(Failure::hint(
                code::INVALID_ADDRESS,
                format!("the range {range:#x?} runs over the end of its view"),
            ));
        }
        let len = self.view().len();
        Ok((range.start - self.base).min(len - 1)..(range.end - self.base).min(len))
    }

    fn flush(&self, address: usize, size: usize) -> Result<()> {
        let rest = self.base + self.len - address;
        if size > rest {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                format!("{size} bytes are wanted, and the view has {rest} from there on"),
            ));
        }
        let size = if size == 0 { rest } else { size };
        let range = self.within(&(address..address + size))?;
        Ok(self.view().flush(range)?)
    }

    /// What `VirtualQuery` says of a page.
    pub(crate) fn query(&self, page: usize) -> Result<Information> {
        let offset = self.within(&(page..page + 1))?.start;
        let view = self.view();
        let region = view.query(offset)?;
        let mut len = region.len;
        let mut protect = with_caching(region.access.page_constant(), self.caching);
        if self.reserved {
            // A private copy of a page is there, whether or not the page is.
            let copied = region.allocation_access.copies() && region.access.writes_shared();
            let (committed, end) = view.committed(offset)?;
            if !copied {
                len = len.min(end.next_multiple_of(PAGE) - (page - self.base));
            }
            if !committed && !copied {
                protect = 0;
            }
        }
        let at_first = with_caching(region.allocation_access.page_constant(), self.caching);
        Ok(Information::of_view(page, self.base, len, protect, at_first))
    }

    /// Commits whole pages: `VirtualAlloc` in a view.
    pub(crate) fn commit(&self, range: Range<usize>, protect: u32) -> Result<()> {
        if self.of_file {
            return Err(Failure::hint(code::ACCESS_DENIED, "the pages of a file are there already"));
        }
        let pages = self.within(&range)?;
        let access = page::view_access(protect);
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        if !view.access().may_become(access) {
            return Err(beyond(&view, access));
        }
        if self.reserved {
            view.commit(pages.clone())?;
        }
        view.protect(pages, access)?;
        Ok(())
    }

    /// Changes the protection of whole pages. Gives that of the first as it was.
    pub(crate) fn protect(&self, range: Range<usize>, protect: u32) -> Result<u32> {
        let pages = self.within(&range)?;
        let access = page::view_access(protect);
        let before = self.query(range.start)?;
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        if self.reserved && !view.access().copies() {
            let (committed, end) = view.committed(pages.start)?;
            if !committed || end < pages.end {
                return Err(not_committed());
            }
        }
        view.protect(pages, access)?;
        Ok(before.protect)
    }
}

fn beyond(view: &View, access: ViewAccess) -> Failure {
    let hint =
        format!("pages of a view that was mapped for {:?} cannot be committed for {access:?}", view.access());
    Failure::hint(code::INVALID_PARAMETER, hint)
}

impl Drop for MappedView {
    fn drop(&mut self) {
        lock::forget(self.base..self.base + self.len);
    }
}
