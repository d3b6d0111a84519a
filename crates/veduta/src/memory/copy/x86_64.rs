//! The routines for x86-64. They use no stack, so that leaving one halfway is a `ret`.
//!
//! Short ranges are copied by loads and stores that may overlap, longer ones in turns, and the longest by the processor's string
//! instructions: a fault leaves in their registers how far they came. Every processor has registers of 16 bytes; it takes the
//! widest that there are to be as fast as the C library.

use std::arch::is_x86_feature_detected;
use std::mem::transmute;
use std::ops::Range;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The longest that is copied without a loop: all of it is loaded before any of it is stored.
pub(super) const TURN: usize = 512;

/// From here on the string instruction is faster than turns; of copies `veduta_wide` below says that.
const LONG_FILL: usize = 512;

/// What the routines are: by the same convention on every system.
type Routine = unsafe extern "sysv64" fn(to: *mut u8, from: *const u8, len: usize) -> usize;

unsafe extern "sysv64" {
    fn veduta_copy(to: *mut u8, from: *const u8, len: usize) -> usize;
    /// The next two need the registers, and good string instructions.
    fn veduta_copy_avx2(to: *mut u8, from: *const u8, len: usize) -> usize;
    fn veduta_copy_avx512(to: *mut u8, from: *const u8, len: usize) -> usize;
    fn veduta_fill(to: *mut u8, byte: u8, len: usize) -> usize;
    fn veduta_fill_string(to: *mut u8, byte: u8, len: usize) -> usize;
    /// Where all but the wide ones go when they are interrupted, right behind their last instruction; not a function.
    fn veduta_copy_landing();
    /// The same for the wide ones.
    fn veduta_copy_avx2_landing();
    fn veduta_copy_avx512_landing();
}

/// The routine for this processor, a [`Routine`]; at first the one that finds out which that is.
static COPY: AtomicPtr<()> = AtomicPtr::new(copy_first as *mut ());

/// # Safety
/// As [`super::super::copy`].
#[inline]
pub(super) unsafe extern "C" fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
    // SAFETY: only functions of this type are stored there.
    let routine = unsafe { transmute::<*mut (), Routine>(COPY.load(Ordering::Relaxed)) };
    // SAFETY: passed on to the caller; it is one for this processor.
    unsafe { routine(to, from, len) }
}

/// # Safety
/// As [`super::super::copy`].
#[cold]
unsafe extern "sysv64" fn copy_first(to: *mut u8, from: *const u8, len: usize) -> usize {
    let routine = if has_avx512() {
        veduta_copy_avx512
    } else if has_avx2() {
        veduta_copy_avx2
    } else {
        veduta_copy
    };
    COPY.store(routine as *mut (), Ordering::Relaxed);
    // SAFETY: passed on to the caller; the processor has what the routine needs.
    unsafe { routine(to, from, len) }
}

/// Whether the routine of that name runs here, and is good.
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("ermsb")
}

fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("ermsb")
}

/// All routines to copy that this processor can run.
#[cfg(test)]
pub(in super::super) fn copies() -> Vec<(&'static str, super::super::Copy)> {
    macro_rules! in_c {
        ($routine:ident) => {{
            unsafe extern "C" fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
                // SAFETY: passed on to the caller.
                unsafe { $routine(to, from, len) }
            }
            copy as super::super::Copy
        }};
    }
    let all = [
        ("of 16 bytes", in_c!(veduta_copy), true),
        ("of 32 bytes", in_c!(veduta_copy_avx2), has_avx2()),
        ("of 64 bytes", in_c!(veduta_copy_avx512), has_avx512()),
    ];
    all.into_iter().filter(|(.., runs)| *runs).map(|(name, copy, _)| (name, copy)).collect()
}

/// # Safety
/// As [`super::super::fill`].
#[inline]
pub(super) unsafe extern "C" fn fill(to: *mut u8, byte: u8, len: usize) -> usize {
    if len < LONG_FILL {
        // SAFETY: passed on to the caller.
        unsafe { veduta_fill(to, byte, len) }
    } else {
        // SAFETY: passed on to the caller.
        unsafe { veduta_fill_string(to, byte, len) }
    }
}

/// The routines' instructions, each range up to where they are left.
pub(super) fn parts() -> [Range<usize>; 3] {
    let address = |routine: unsafe extern "sysv64" fn()| routine as usize;
    [
        veduta_copy as *const () as usize..address(veduta_copy_landing),
        veduta_copy_avx2 as *const () as usize..address(veduta_copy_avx2_landing),
        veduta_copy_avx512 as *const () as usize..address(veduta_copy_avx512_landing),
    ]
}

std::arch::global_asm!(
    crate::sys::assembly_functions!(),
    "veduta_section",
    ".balign 64",
    "veduta_begin veduta_copy",
    "cmp rdx, 16",
    "jb 5f",
    "cmp rdx, 32",
    "jbe 4f",
    "cmp rdx, 64",
    "jb 3f",
    // Whole turns, then the last 64 bytes, which may be partly the same.
    "lea rcx, [rdx - 64]",
    "lea r8, [rsi + rcx]",
    "lea r9, [rdi + rcx]",
    "2:",
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + 16]",
    "movdqu xmm2, [rsi + 32]",
    "movdqu xmm3, [rsi + 48]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + 16], xmm1",
    "movdqu [rdi + 32], xmm2",
    "movdqu [rdi + 48], xmm3",
    "add rsi, 64",
    "add rdi, 64",
    "cmp rsi, r8",
    "jb 2b",
    "movdqu xmm0, [r8]",
    "movdqu xmm1, [r8 + 16]",
    "movdqu xmm2, [r8 + 32]",
    "movdqu xmm3, [r8 + 48]",
    "movdqu [r9], xmm0",
    "movdqu [r9 + 16], xmm1",
    "movdqu [r9 + 32], xmm2",
    "movdqu [r9 + 48], xmm3",
    "xor eax, eax",
    "ret",
    // 33 to 63 bytes.
    "3:",
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + 16]",
    "movdqu xmm2, [rsi + rdx - 32]",
    "movdqu xmm3, [rsi + rdx - 16]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + 16], xmm1",
    "movdqu [rdi + rdx - 32], xmm2",
    "movdqu [rdi + rdx - 16], xmm3",
    "xor eax, eax",
    "ret",
    // 16 to 32 bytes.
    "4:",
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + rdx - 16]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + rdx - 16], xmm1",
    "xor eax, eax",
    "ret",
    // Fewer.
    "5:",
    "cmp edx, 8",
    "jb 6f",
    "mov rax, [rsi]",
    "mov rcx, [rsi + rdx - 8]",
    "mov [rdi], rax",
    "mov [rdi + rdx - 8], rcx",
    "xor eax, eax",
    "ret",
    "6:",
    "cmp edx, 4",
    "jb 7f",
    "mov eax, [rsi]",
    "mov ecx, [rsi + rdx - 4]",
    "mov [rdi], eax",
    "mov [rdi + rdx - 4], ecx",
    "xor eax, eax",
    "ret",
    "7:",
    "test edx, edx",
    "jz 8f",
    "mov r9d, edx",
    "shr r9d, 1",
    "movzx eax, byte ptr [rsi]",
    "movzx r8d, byte ptr [rsi + r9]",
    "movzx ecx, byte ptr [rsi + rdx - 1]",
    "mov [rdi], al",
    "mov [rdi + r9], r8b",
    "mov [rdi + rdx - 1], cl",
    "8:",
    "xor eax, eax",
    "ret",
    "veduta_end veduta_copy",
    "veduta_begin veduta_fill_string",
    "mov rcx, rdx",
    "mov eax, esi",
    "rep stosb",
    "xor eax, eax",
    "ret",
    "veduta_end veduta_fill_string",
    ".balign 64",
    "veduta_begin veduta_fill",
    "movzx eax, sil",
    "mov rcx, 0x0101010101010101",
    "imul rax, rcx",
    "cmp rdx, 16",
    "jb 3f",
    "movq xmm0, rax",
    "punpcklqdq xmm0, xmm0",
    "lea r8, [rdi + rdx - 16]",
    "2:",
    "movdqu [rdi], xmm0",
    "add rdi, 16",
    "cmp rdi, r8",
    "jb 2b",
    "movdqu [r8], xmm0",
    "xor eax, eax",
    "ret",
    // Fewer than 16 bytes.
    "3:",
    "cmp edx, 8",
    "jb 4f",
    "mov [rdi], rax",
    "mov [rdi + rdx - 8], rax",
    "xor eax, eax",
    "ret",
    "4:",
    "cmp edx, 4",
    "jb 5f",
    "mov [rdi], eax",
    "mov [rdi + rdx - 4], eax",
    "xor eax, eax",
    "ret",
    "5:",
    "test edx, edx",
    "jz 6f",
    "mov ecx, edx",
    "shr ecx, 1",
    "mov [rdi], al",
    "mov [rdi + rcx], al",
    "mov [rdi + rdx - 1], al",
    "6:",
    "xor eax, eax",
    "ret",
    "veduta_label veduta_copy_landing",
    "ret",
    "veduta_end veduta_fill",
    // The same with wide registers: \v is how their names begin, \size how many bytes they have.
    ".macro veduta_wide name, v, size, move, leave",
    ".balign 64",
    r"veduta_begin \name",
    "cmp rdx, 64",
    "jb veduta_copy",
    r"cmp rdx, 2 * \size",
    "ja 2f",
    r"\move \v\()0, [rsi]",
    r"\move \v\()1, [rsi + rdx - 1 * \size]",
    r"\move [rdi], \v\()0",
    r"\move [rdi + rdx - 1 * \size], \v\()1",
    r"\leave",
    "xor eax, eax",
    "ret",
    "2:",
    r"cmp rdx, 4 * \size",
    "ja 3f",
    r"\move \v\()0, [rsi]",
    r"\move \v\()1, [rsi + 1 * \size]",
    r"\move \v\()2, [rsi + rdx - 2 * \size]",
    r"\move \v\()3, [rsi + rdx - 1 * \size]",
    r"\move [rdi], \v\()0",
    r"\move [rdi + 1 * \size], \v\()1",
    r"\move [rdi + rdx - 2 * \size], \v\()2",
    r"\move [rdi + rdx - 1 * \size], \v\()3",
    r"\leave",
    "xor eax, eax",
    "ret",
    "3:",
    r"cmp rdx, 8 * \size",
    "ja 4f",
    r"\move \v\()0, [rsi]",
    r"\move \v\()1, [rsi + 1 * \size]",
    r"\move \v\()2, [rsi + 2 * \size]",
    r"\move \v\()3, [rsi + 3 * \size]",
    r"\move \v\()4, [rsi + rdx - 4 * \size]",
    r"\move \v\()5, [rsi + rdx - 3 * \size]",
    r"\move \v\()6, [rsi + rdx - 2 * \size]",
    r"\move \v\()7, [rsi + rdx - 1 * \size]",
    r"\move [rdi], \v\()0",
    r"\move [rdi + 1 * \size], \v\()1",
    r"\move [rdi + 2 * \size], \v\()2",
    r"\move [rdi + 3 * \size], \v\()3",
    r"\move [rdi + rdx - 4 * \size], \v\()4",
    r"\move [rdi + rdx - 3 * \size], \v\()5",
    r"\move [rdi + rdx - 2 * \size], \v\()6",
    r"\move [rdi + rdx - 1 * \size], \v\()7",
    r"\leave",
    "xor eax, eax",
    "ret",
    // The first bytes, whole turns from where the target is aligned, then the last turn, which may be partly the same.
    "4:",
    "cmp rdx, 8192",
    "jae 6f",
    r"\move \v\()0, [rsi]",
    r"\move [rdi], \v\()0",
    r"lea r8, [rdi + rdx - 4 * \size]",
    "sub rsi, rdi",
    r"add rdi, \size",
    r"and rdi, -\size",
    "5:",
    r"\move \v\()0, [rdi + rsi]",
    r"\move \v\()1, [rdi + rsi + 1 * \size]",
    r"\move \v\()2, [rdi + rsi + 2 * \size]",
    r"\move \v\()3, [rdi + rsi + 3 * \size]",
    r"\move [rdi], \v\()0",
    r"\move [rdi + 1 * \size], \v\()1",
    r"\move [rdi + 2 * \size], \v\()2",
    r"\move [rdi + 3 * \size], \v\()3",
    r"add rdi, 4 * \size",
    "cmp rdi, r8",
    "jb 5b",
    r"\move \v\()0, [r8 + rsi]",
    r"\move \v\()1, [r8 + rsi + 1 * \size]",
    r"\move \v\()2, [r8 + rsi + 2 * \size]",
    r"\move \v\()3, [r8 + rsi + 3 * \size]",
    r"\move [r8], \v\()0",
    r"\move [r8 + 1 * \size], \v\()1",
    r"\move [r8 + 2 * \size], \v\()2",
    r"\move [r8 + 3 * \size], \v\()3",
    r"\leave",
    "xor eax, eax",
    "ret",
    "6:",
    // To where the target is aligned, which the string instruction is best at.
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + 16]",
    "movdqu xmm2, [rsi + 32]",
    "movdqu xmm3, [rsi + 48]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + 16], xmm1",
    "movdqu [rdi + 32], xmm2",
    "movdqu [rdi + 48], xmm3",
    // Minus as many bytes as it is to there.
    "mov rcx, rdi",
    "or rcx, -64",
    "sub rdi, rcx",
    "sub rsi, rcx",
    "add rcx, rdx",
    // The direction flag is clear by the calling convention.
    "rep movsb",
    "xor eax, eax",
    "ret",
    r"veduta_label \name\()_landing",
    r"\leave",
    "ret",
    r"veduta_end \name",
    ".endm",
    "veduta_wide veduta_copy_avx2, ymm, 32, vmovdqu, vzeroupper",
    // Its registers from the sixteenth on need no `vzeroupper`.
    "veduta_wide veduta_copy_avx512, zmm2, 64, vmovdqu64",
    ".purgem veduta_wide",
    ".popsection",
    ".purgem veduta_section",
    ".purgem veduta_begin",
    ".purgem veduta_label",
    ".purgem veduta_end",
);
