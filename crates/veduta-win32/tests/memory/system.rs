//! What the machine is.

use crate::*;

#[test]
fn pages_and_granularity_are_those_of_windows() {
    let mut info = [0_u64; 6];
    // SAFETY: SYSTEM_INFO has 48 bytes.
    unsafe { GetSystemInfo(&raw mut info) };
    assert_eq!(info[0] >> 32, 4096);
    assert_eq!(info[0] & 0xFFFF, if cfg!(target_arch = "x86_64") { 9 } else { 12 });
    assert_eq!(info[1], 0x1_0000);
    assert_eq!(info[3].count_ones(), info[4] as u32);
    assert_eq!(info[5] as u32, 65536);
    assert!((info[4] as u32) > 0);
}

#[test]
fn memory_is_counted() {
    let mut status = [64_u64, 0, 0, 0, 0, 0, 0, 77];
    // SAFETY: MEMORYSTATUSEX has 64 bytes.
    assert_eq!(unsafe { GlobalMemoryStatusEx(&raw mut status) }, 1);
    let [head, physical, free, with_swap, with_swap_free, addresses, addresses_free, extended] = status;
    assert_eq!(head & 0xFFFF_FFFF, 64);
    assert!(head >> 32 <= 100 && free <= physical && physical > 1 << 24);
    assert!(with_swap >= physical && with_swap_free >= free && addresses_free < addresses);
    assert_eq!(extended, 0);
    status[0] = 60;
    // SAFETY: as above.
    assert_eq!(failed(unsafe { GlobalMemoryStatusEx(&raw mut status) }), 87);
    let mut older = [0_u64; 7];
    // SAFETY: MEMORYSTATUS has 56 bytes.
    unsafe { GlobalMemoryStatus(&raw mut older) };
    assert_eq!((older[0] as u32, older[1]), (56, physical));
}

#[test]
fn large_pages_have_the_size_that_the_kernel_says() {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let size = text.lines().find_map(|line| line.strip_prefix("Hugepagesize:"));
    let size = size.map_or(0, |size| size.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10);
    assert_eq!(GetLargePageMinimum(), size);
}
