//! The routines for x86-64. They use no stack, so that leaving one halfway is a `ret`.

use super::Routines;

pub(super) const ROUTINES: Routines = Routines {
    copy,
    fill,
    // A target that begins less than a turn of the loop before its source would have the tail overwritten before it is read.
    apart: 64,
    landing,
};

unsafe extern "C" {
    fn veduta_copy(to: *mut u8, from: *const u8, len: usize) -> usize;
    fn veduta_fill(to: *mut u8, byte: u8, len: usize) -> usize;
    /// Where both go when they are interrupted; not a function.
    fn veduta_copy_landing();
    /// Behind the last instruction of both.
    fn veduta_copy_end();
}

std::arch::global_asm!(
    ".pushsection .text.veduta_copy,\"ax\",@progbits",
    ".balign 64",
    ".hidden veduta_copy",
    ".globl veduta_copy",
    ".type veduta_copy,@function",
    "veduta_copy:",
    ".cfi_startproc",
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
    ".cfi_endproc",
    ".size veduta_copy, . - veduta_copy",
    ".hidden veduta_fill",
    ".globl veduta_fill",
    ".type veduta_fill,@function",
    "veduta_fill:",
    ".cfi_startproc",
    "mov rcx, rdx",
    "mov eax, esi",
    // The direction flag is clear by the calling convention.
    "rep stosb",
    "xor eax, eax",
    "ret",
    ".hidden veduta_copy_landing",
    ".globl veduta_copy_landing",
    "veduta_copy_landing:",
    "ret",
    ".hidden veduta_copy_end",
    ".globl veduta_copy_end",
    "veduta_copy_end:",
    ".cfi_endproc",
    ".size veduta_fill, . - veduta_fill",
    ".popsection",
);

/// # Safety
/// As [`super::copy`].
unsafe fn copy(to: *mut u8, from: *const u8, len: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { veduta_copy(to, from, len) }
}

/// # Safety
/// As [`super::fill`].
unsafe fn fill(to: *mut u8, byte: u8, len: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { veduta_fill(to, byte, len) }
}

fn landing(instruction: usize) -> Option<usize> {
    let begin = veduta_copy as *const () as usize;
    let end = veduta_copy_end as *const () as usize;
    (begin..end).contains(&instruction).then_some(veduta_copy_landing as *const () as usize)
}
