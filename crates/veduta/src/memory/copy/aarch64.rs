//! The routines for aarch64. They use no stack, so that leaving one halfway is a `ret`.

use std::ops::Range;

/// What a turn of the loop copies.
pub(super) const TURN: usize = 64;

unsafe extern "C" {
    /// As [`super::super::copy`].
    #[link_name = "veduta_copy"]
    pub(super) fn copy(to: *mut u8, from: *const u8, len: usize) -> usize;
    /// As [`super::super::fill`].
    #[link_name = "veduta_fill"]
    pub(super) fn fill(to: *mut u8, byte: u8, len: usize) -> usize;
    /// Where both go when they are interrupted, right behind their last instruction; not a function.
    fn veduta_copy_landing();
}

/// The routines' instructions, each range up to where they are left.
pub(super) fn parts() -> [Range<usize>; 1] {
    [copy as *const () as usize..veduta_copy_landing as *const () as usize]
}

/// All routines to copy that this processor can run.
#[cfg(test)]
pub(in super::super) fn copies() -> Vec<(&'static str, super::super::Copy)> {
    vec![("of 16 bytes", copy)]
}

std::arch::global_asm!(
    crate::sys::assembly_functions!(),
    "veduta_section",
    ".balign 64",
    "veduta_begin veduta_copy",
    "cmp x2, #64",
    "b.lo 3f",
    // Whole turns, then the last 64 bytes, which may be partly the same.
    "sub x5, x2, #64",
    "add x3, x1, x5",
    "add x4, x0, x5",
    "2:",
    "ldp q0, q1, [x1]",
    "ldp q2, q3, [x1, #32]",
    "stp q0, q1, [x0]",
    "stp q2, q3, [x0, #32]",
    "add x1, x1, #64",
    "add x0, x0, #64",
    "cmp x1, x3",
    "b.lo 2b",
    "ldp q0, q1, [x3]",
    "ldp q2, q3, [x3, #32]",
    "stp q0, q1, [x4]",
    "stp q2, q3, [x4, #32]",
    "mov x0, #0",
    "ret",
    "3:",
    "cmp x2, #8",
    "b.lo 4f",
    "ldr x6, [x1], #8",
    "str x6, [x0], #8",
    "sub x2, x2, #8",
    "b 3b",
    "4:",
    "cbz x2, 5f",
    "ldrb w6, [x1], #1",
    "strb w6, [x0], #1",
    "sub x2, x2, #1",
    "b 4b",
    "5:",
    "mov x0, #0",
    "ret",
    "veduta_end veduta_copy",
    "veduta_begin veduta_fill",
    "dup v0.16b, w1",
    "6:",
    "cmp x2, #16",
    "b.lo 7f",
    "str q0, [x0], #16",
    "sub x2, x2, #16",
    "b 6b",
    "7:",
    "cbz x2, 8f",
    "strb w1, [x0], #1",
    "sub x2, x2, #1",
    "b 7b",
    "8:",
    "mov x0, #0",
    "ret",
    "veduta_label veduta_copy_landing",
    "ret",
    "veduta_end veduta_fill",
    ".popsection",
);
