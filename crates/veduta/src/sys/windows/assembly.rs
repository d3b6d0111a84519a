//! How functions in assembly begin and end, in COFF.

/// The assembler's macros `veduta_section`, `veduta_begin`, `veduta_label` and `veduta_end`. A function that touches neither the stack nor registers of
/// its caller's needs no description of how it is left.
macro_rules! assembly_functions {
    () => {
        r#"
        .macro veduta_section
        .pushsection .text,"xr"
        .endm
        .macro veduta_label name
        .globl \name
        \name:
        .endm
        .macro veduta_begin name
        veduta_label \name
        .endm
        .macro veduta_end name
        .endm
        "#
    };
}
pub(crate) use assembly_functions;
