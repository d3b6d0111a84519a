//! Names: which are good, and which are the same.

use super::Names;
use super::code::*;

/// A good name: where it lives, and what it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    global: bool,
    text: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.global { r"Global\" } else { "" }, self.text)
    }
}

impl Name {
    /// Reads a name, or says what is wrong with it.
    pub(super) fn read(names: Names, text: &str) -> Result<Name, u32> {
        let (global, rest) = match names {
            Names::Private => (false, text),
            Names::Session => match (text.strip_prefix(r"Local\"), text.strip_prefix(r"Global\")) {
                (Some(rest), _) => (false, rest),
                (_, Some(rest)) => (true, rest),
                (None, None) => (false, text),
            },
        };
        if text.starts_with('\\') {
            Err(BAD_PATHNAME)
        } else if rest.is_empty() {
            Err(INVALID_NAME)
        } else if rest.contains('\\') {
            Err(PATH_NOT_FOUND)
        } else if rest.contains('\0') {
            Err(INVALID_NAME)
        } else if text.encode_utf16().count() > 32_767 {
            Err(FILENAME_EXCED_RANGE)
        } else {
            Ok(Name { global, text: rest.to_owned() })
        }
    }
}
