//! Names of objects, by the rules of the Windows object manager.

use crate::{Code, Error, Result};
use std::fmt;

/// Where a name lives, and so who can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `Local\X`, or plain `X`: this user.
    Local,
    /// `Global\X`: everyone on the machine.
    Global,
    /// A plain name in a directory of the caller's, see [`Namespace::at`](crate::Namespace::at).
    Private,
}

impl Scope {
    fn prefix(self) -> &'static str {
        match self {
            Scope::Local => r"Local\",
            Scope::Global => r"Global\",
            Scope::Private => "",
        }
    }
}

/// A valid name of an object, such as `Local\Tour`.
///
/// Case counts, `/` is an ordinary character, a backslash is allowed only in the prefix, and a name is at most
/// 32 767 UTF-16 units long without its prefix, as on Windows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    scope: Scope,
    name: String,
}

/// The longest name that NT's counted strings take, in UTF-16 units.
const LONGEST: usize = 32_767;

impl ObjectName {
    /// Reads a name with an optional `Local\` or `Global\` prefix.
    ///
    /// # Errors
    /// - [`Code::INVALID_NAME`]: empty, nothing after the prefix, or a NUL character.
    /// - [`Code::BAD_PATHNAME`]: begins with a backslash.
    /// - [`Code::PATH_NOT_FOUND`]: a backslash anywhere else, or an unknown prefix (prefixes are case-sensitive).
    /// - [`Code::FILENAME_EXCED_RANGE`]: longer than 32 767 UTF-16 units.
    ///
    /// ```
    /// # use veduta::{Code, ObjectName, Scope};
    /// assert_eq!(ObjectName::parse("Tour")?.to_string(), r"Local\Tour");
    /// assert_eq!(ObjectName::parse(r"Global\Tour")?.scope(), Scope::Global);
    /// assert_eq!(ObjectName::parse(r"local\Tour").unwrap_err().code(), Code::PATH_NOT_FOUND);
    /// # Ok::<(), veduta::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<ObjectName> {
        let (scope, name) = [Scope::Local, Scope::Global]
            .into_iter()
            .find_map(|scope| text.strip_prefix(scope.prefix()).map(|name| (scope, name)))
            .unwrap_or((Scope::Local, text));
        Self::checked(scope, name, text)
    }

    /// Reads a plain name for a private namespace, where prefixes mean nothing.
    pub(crate) fn parse_private(text: &str) -> Result<ObjectName> {
        Self::checked(Scope::Private, text, text)
    }

    fn checked(scope: Scope, name: &str, text: &str) -> Result<ObjectName> {
        let fail = |code, hint: &'static str| {
            Err(Error::new(code, "use name").object(text.escape_debug()).hint(hint))
        };
        if text.starts_with('\\') {
            return fail(Code::BAD_PATHNAME, "a name must not begin with a backslash");
        }
        if name.is_empty() {
            return fail(Code::INVALID_NAME, "a name has at least one character after its prefix");
        }
        match name.bytes().find(|byte| matches!(byte, b'\\' | 0)) {
            None => {}
            Some(0) if !name.contains('\\') => {
                return fail(Code::INVALID_NAME, "a name cannot contain a NUL character");
            }
            Some(_) => {
                return fail(
                    Code::PATH_NOT_FOUND,
                    r"a backslash may only follow the prefixes Local and Global, which are written just so",
                );
            }
        }
        // No character takes fewer bytes than units.
        if name.len() > LONGEST && name.encode_utf16().count() > LONGEST {
            return fail(Code::FILENAME_EXCED_RANGE, "a name has at most 32767 UTF-16 units");
        }
        Ok(ObjectName { scope, name: name.to_owned() })
    }

    /// A name that was read back from an entry, trusted as little as one from a caller.
    pub(crate) fn from_entry(scope: Scope, name: &str) -> Result<ObjectName> {
        Self::checked(scope, name, name)
    }

    /// Where the name lives.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The name without its prefix.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope.prefix())?;
        f.write_str(&self.name)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
