//! What the machine is: processors, pages, memory.

use crate::addresses::{GRANULARITY, HIGHEST, LOWEST, PAGE};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, SIZE};
use std::sync::OnceLock;

/// `SYSTEM_INFO`.
#[repr(C)]
#[derive(Clone, Copy)]
struct SystemInfo {
    architecture: u16,
    reserved: u16,
    page: DWORD,
    lowest: usize,
    highest: usize,
    processors: usize,
    processor_count: DWORD,
    processor_type: DWORD,
    granularity: DWORD,
    level: u16,
    revision: u16,
}

const _: () = assert!(size_of::<SystemInfo>() == 48);

/// What `MEMORYSTATUSEX` says behind its length.
struct MemoryState {
    load: DWORD,
    /// Physical memory, memory with swap, addresses: of each all there is, and what is free.
    sizes: [u64; 6],
}

/// The bytes of `MEMORYSTATUSEX`.
const STATUS_EX: u32 = 64;

/// `MEMORYSTATUS`.
#[repr(C)]
#[derive(Clone, Copy)]
struct MemoryStatus {
    length: DWORD,
    load: DWORD,
    sizes: [SIZE; 6],
}

export! {
    fn GetSystemInfo(info: Out<SystemInfo>) {
        info.put(system_info());
        Ok(())
    }

    fn GetNativeSystemInfo(info: Out<SystemInfo>) {
        info.put(system_info());
        Ok(())
    }

    fn GlobalMemoryStatusEx(status: Out<DWORD>) -> BOOL {
        // Only its first field is looked at: the rest need not be set, nor there, before that was checked.
        if status.get() != Some(STATUS_EX) {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                "set dwLength to sizeof(MEMORYSTATUSEX) before the call",
            ));
        }
        let state = memory_state()?;
        let extended_free = 0;
        let sizes = state.sizes.into_iter().chain([extended_free]);
        let halves = |size: u64| {
            let bytes = size.to_ne_bytes();
            [[bytes[0], bytes[1], bytes[2], bytes[3]], [bytes[4], bytes[5], bytes[6], bytes[7]]].map(u32::from_ne_bytes)
        };
        let words: Vec<_> = [STATUS_EX, state.load].into_iter().chain(sizes.flat_map(halves)).collect();
        debug_assert_eq!(words.len() * 4, STATUS_EX as usize);
        status.put_all(&words);
        Ok(())
    }

    fn GlobalMemoryStatus(status: Out<MemoryStatus>) {
        let MemoryState { load, sizes } = memory_state()?;
        status.put(MemoryStatus {
            length: size_of::<MemoryStatus>() as u32,
            load,
            sizes: sizes.map(|size| size as usize),
        });
        Ok(())
    }
}

fn system_info() -> SystemInfo {
    const AMD64: u16 = 9;
    const ARM64: u16 = 12;
    const TYPE_AMD64: u32 = 8664;
    let x86 = cfg!(target_arch = "x86_64");
    let (level, revision) = processor();
    let (count, mask) = processors();
    SystemInfo {
        architecture: if x86 { AMD64 } else { ARM64 },
        reserved: 0,
        page: PAGE as u32,
        lowest: LOWEST,
        highest: HIGHEST - 1,
        processors: mask,
        processor_count: count,
        processor_type: if x86 { TYPE_AMD64 } else { 0 },
        granularity: GRANULARITY as u32,
        level,
        revision,
    }
}

/// The processors that this process may use. A mask has room for 64, as on Windows.
fn processors() -> (u32, usize) {
    let first_64 = rustix::thread::sched_getaffinity(None).map_or(1, |set| {
        (0..64).filter(|&processor| set.is_set(processor)).fold(0, |mask, processor| mask | 1 << processor)
    });
    let mask = if first_64 == 0 { 1_usize } else { first_64 };
    (mask.count_ones(), mask)
}

/// The family, and model and stepping in one number.
#[cfg(target_arch = "x86_64")]
fn processor() -> (u16, u16) {
    #[allow(unused_unsafe, reason = "newer compilers know that it is safe")]
    // SAFETY: every processor of this architecture has the instruction and this leaf.
    let signature = unsafe { std::arch::x86_64::__cpuid(1) }.eax;
    let (stepping, model, family) = (signature & 15, signature >> 4 & 15, signature >> 8 & 15);
    let model = if family == 6 || family == 15 { model | (signature >> 16 & 15) << 4 } else { model };
    let family = if family == 15 { family + (signature >> 20 & 255) } else { family };
    (family as u16, (model << 8 | stepping) as u16)
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> (u16, u16) {
    (0, 0)
}

fn memory_state() -> Result<MemoryState> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let bytes = |key: &str| field(&text, key).unwrap_or(0);
    let (physical, free) = (bytes("MemTotal:"), bytes("MemAvailable:"));
    let (swap, swap_free) = (bytes("SwapTotal:"), bytes("SwapFree:"));
    let addresses = (HIGHEST - LOWEST) as u64;
    let used = std::fs::read_to_string("/proc/thread-self/statm")?;
    let used = used.split(' ').next().and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE as u64;
    let in_use = physical.saturating_sub(free);
    Ok(MemoryState {
        load: (in_use * 100).checked_div(physical).unwrap_or(0) as u32,
        sizes: [physical, free, physical + swap, free + swap_free, addresses, addresses.saturating_sub(used)],
    })
}

/// A number of /proc/meminfo, in bytes.
fn field(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    value.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// The size of the machine's usual large pages; 0 where there are none.
pub(crate) fn large_page() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        field(&text, "Hugepagesize:").unwrap_or(0) as usize
    })
}
