//! How results look.

pub(crate) mod hex;
pub(crate) mod object;
pub(crate) mod style;
pub(crate) mod table;

use crate::failure::{Failure, Outcome};
use std::io::{self, Write};

/// Escapes all that a terminal could take for an order or that would not be seen: names are chosen by other users.
///
/// Backslashes and quotes stay, because names have them as a matter of course.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\\' | '"' | '\'' => out.push(c),
            _ => out.extend(c.escape_debug()),
        }
        out
    })
}

/// Writes to standard output through `write`, and makes sure that it arrived.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
    let mut out = anstream::stdout().lock();
    write(&mut out).and_then(|()| out.flush()).map_err(Failure::output)
}

/// Writes one value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Outcome<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("cannot write JSON: {error}")))?;
    print(|out| writeln!(out, "{text}"))
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(escape("Local\\caf\u{e9} '\"/x"), "Local\\caf\u{e9} '\"/x");
        assert_eq!(escape("a\x1b[31m\nb\u{202e}\u{9b}"), r"a\u{1b}[31m\nb\u{202e}\u{9b}");
    }
}
