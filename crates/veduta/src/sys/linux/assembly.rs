//! How functions in assembly begin and end, in ELF.

/// The assembler's macros `veduta_section`, `veduta_begin`, `veduta_label` and `veduta_end`.
macro_rules! assembly_functions {
    () => {
        r#"
        .macro veduta_section
        .pushsection .text.veduta_copy,"ax",@progbits
        .endm
        .macro veduta_label name
        .hidden \name
        .globl \name
        \name:
        .endm
        .macro veduta_begin name
        .type \name,@function
        veduta_label \name
        .cfi_startproc
        .endm
        .macro veduta_end name
        .cfi_endproc
        .size \name, . - \name
        .endm
        "#
    };
}
pub(crate) use assembly_functions;
