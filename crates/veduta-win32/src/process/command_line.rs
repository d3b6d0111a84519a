//! Command lines: one text, which the C runtime of a Windows program takes apart by itself. Here it is taken apart for the child.
//!
//! The rules are those of the documentation ("Parsing C command-line arguments" and "main function and command-line arguments").

use crate::export::export;
use crate::failure::Result;
use crate::heap;
use crate::pointer::Out;
use crate::text::{Text, Wide};
use crate::types::INT;

export! {
    fn CommandLineToArgvW(line: Wide, count: Out<INT>) -> *mut *mut u16 {
        let line = line.required()?;
        let count = count.required()?;
        // Without a line, the program itself: so it is documented.
        let arguments = if line.is_empty() { vec![crate::environment::program_file()?] } else { split(&line) };
        let block = block(&arguments)?;
        count.put(arguments.len() as INT);
        Ok(block)
    }
}

/// Pointers to the arguments, a NULL, and then the arguments: one block that `LocalFree` takes.
fn block(arguments: &[String]) -> Result<*mut *mut u16> {
    let mut text = Vec::new();
    let mut starts = Vec::new();
    for argument in arguments {
        starts.push(text.len());
        text.extend(argument.encode_utf16().chain([0]));
    }
    let pointers = arguments.len() + 1;
    let block = heap::allocate(pointers * size_of::<*mut u16>() + text.len() * 2)?.cast::<*mut u16>();
    let text_start = block.wrapping_add(pointers).cast::<u16>();
    let mut table: Vec<*mut u16> = starts.into_iter().map(|start| text_start.wrapping_add(start)).collect();
    table.push(std::ptr::null_mut());
    // SAFETY: the block begins with room for the pointers.
    unsafe { std::ptr::copy_nonoverlapping(table.as_ptr(), block, pointers) };
    // SAFETY: and behind them has room for the text.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), text_start, text.len()) };
    Ok(block)
}

/// The arguments, the program's name first.
pub(super) fn split(line: &str) -> Vec<String> {
    let (program, rest) = program(line);
    let mut arguments = vec![program];
    let mut rest = rest.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (argument, after) = argument(rest);
        arguments.push(argument);
        rest = after.trim_start_matches(is_space);
    }
    arguments
}

fn is_space(character: char) -> bool {
    character == ' ' || character == '\t'
}

/// The first argument: quotes only keep it together, and backslashes are part of its path.
fn program(line: &str) -> (String, &str) {
    let mut quoted = false;
    let mut program = String::new();
    for (index, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            _ if is_space(character) && !quoted => return (program, &line[index..]),
            _ => program.push(character),
        }
    }
    (program, "")
}

/// One argument, from its first character: backslashes are themselves, but before a quote two of them are one, and an odd one makes the quote
/// a character. In quotes, two quotes are one.
fn argument(line: &str) -> (String, &str) {
    let mut argument = String::new();
    let mut quoted = false;
    let mut characters = line.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => {
                let mut backslashes = 1;
                while characters.next_if(|(_, next)| *next == '\\').is_some() {
                    backslashes += 1;
                }
                let is_quote = characters.peek().is_some_and(|(_, next)| *next == '"');
                let kept = if is_quote { backslashes / 2 } else { backslashes };
                argument.extend(std::iter::repeat_n('\\', kept));
                if is_quote && backslashes % 2 == 1 {
                    characters.next();
                    argument.push('"');
                }
            }
            '"' if quoted && characters.next_if(|(_, next)| *next == '"').is_some() => argument.push('"'),
            '"' => quoted = !quoted,
            _ if is_space(character) && !quoted => return (argument, &line[index..]),
            _ => argument.push(character),
        }
    }
    (argument, "")
}

/// What may be meant as the program, the likeliest first: what stands in quotes at the beginning, or all that ends before a space. `C:\My
/// Programs\x y` may be `C:\My`, `C:\My Programs\x`, and `C:\My Programs\x y`.
pub(super) fn programs(line: &str) -> Vec<&str> {
    let line = line.trim_start_matches(is_space);
    if let Some(quoted) = line.strip_prefix('"') {
        return vec![quoted.split('"').next().unwrap_or(quoted)];
    }
    let ends = line.char_indices().filter(|(_, character)| is_space(*character)).map(|(index, _)| index);
    let mut programs: Vec<_> =
        ends.chain([line.len()]).map(|end| line[..end].trim_end_matches(is_space)).collect();
    programs.dedup();
    programs
}

#[cfg(test)]
mod tests {
    use super::{programs, split};

    #[test]
    fn arguments_are_those_of_the_documentation() {
        let cases: [(&str, &[&str]); 12] = [
            (r#"p "a b c" d e"#, &["p", "a b c", "d", "e"]),
            (r#"p "ab\"c" "\\" d"#, &["p", r#"ab"c"#, r"\", "d"]),
            (r#"p a\\\b d"e f"g h"#, &["p", r"a\\\b", "de fg", "h"]),
            (r#"p a\\\"b c d"#, &["p", r#"a\"b"#, "c", "d"]),
            (r#"p a\\\\"b c" d e"#, &["p", r"a\\b c", "d", "e"]),
            (r#"p a"b"" c d"#, &["p", r#"ab" c d"#]),
            (r#"p """a""""#, &["p", r#""a""#]),
            ("p  \t a\tb ", &["p", "a", "b"]),
            (r#"p "" x"#, &["p", "", "x"]),
            (r#""C:\my dir\"x y"#, &[r"C:\my dir\x", "y"]),
            (r"C:\dir\ a\", &[r"C:\dir\", r"a\"]),
            (r#"p "unfinished one"#, &["p", "unfinished one"]),
        ];
        for (line, arguments) in cases {
            assert_eq!(split(line), arguments, "{line}");
        }
    }

    #[test]
    fn the_program_ends_at_any_space_unless_it_is_quoted() {
        assert_eq!(programs(r"c:\my dir\a b"), [r"c:\my", r"c:\my dir\a", r"c:\my dir\a b"]);
        assert_eq!(programs(r#"  "c:\my dir\a" b"#), [r"c:\my dir\a"]);
        assert_eq!(programs("one"), ["one"]);
        assert_eq!(programs("a  b"), ["a", "a  b"]);
    }
}
