//! The one error type: a Win32 code, what was being done, to which object, and what to do about it.

use std::borrow::Cow;
use std::{fmt, io};

/// The result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A Win32 error code: the number that `GetLastError` would give for the same failure on Windows.
///
/// Ported code switches on these numbers, so they are the same on every system and never change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
        impl Code {
            $($(#[$doc])* #[doc = concat!("`ERROR_", stringify!($name), "` (", stringify!($number), "): ", $message, ".")]
            pub const $name: Code = Code($number);)*

            /// The name in the Windows headers, for example `ERROR_FILE_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($number => concat!("ERROR_", stringify!($name)),)*
                    _ => "unnamed code",
                }
            }

            /// What the code means, in a few words.
            pub const fn message(self) -> &'static str {
                match self.0 {
                    $($number => $message,)*
                    _ => "unknown error",
                }
            }
        }
    };
}

codes! {
    FILE_NOT_FOUND = 2, "no such object";
    PATH_NOT_FOUND = 3, "no such path";
    TOO_MANY_OPEN_FILES = 4, "too many open descriptors";
    ACCESS_DENIED = 5, "access denied";
    INVALID_HANDLE = 6, "not a handle to this kind of object";
    NOT_ENOUGH_MEMORY = 8, "not enough memory";
    INVALID_DATA = 13, "the data is malformed";
    GEN_FAILURE = 31, "the system refused without a known reason";
    SHARING_VIOLATION = 32, "in use by another process";
    NOT_SUPPORTED = 50, "not supported here";
    INVALID_PARAMETER = 87, "invalid argument";
    DISK_FULL = 112, "no room on the device";
    INVALID_NAME = 123, "malformed name";
    NOT_LOCKED = 158, "the pages are not locked";
    BAD_PATHNAME = 161, "malformed path";
    BUSY = 170, "in use";
    ALREADY_EXISTS = 183, "an object of that name exists";
    BAD_EXE_FORMAT = 193, "not a file that a section can be made of";
    FILENAME_EXCED_RANGE = 206, "the name is too long";
    NOT_OWNER = 288, "this thread does not own the mutex";
    TOO_MANY_POSTS = 298, "the semaphore's maximum would be passed";
    INVALID_ADDRESS = 487, "that address range is not free or not a view";
    NOACCESS = 998, "the memory may not be accessed in that way";
    SWAPERROR = 999, "bytes of the memory are not there";
    FILE_INVALID = 1006, "the file is empty";
    IO_DEVICE = 1117, "input or output failed";
    MAPPED_ALIGNMENT = 1132, "the address or offset is not aligned";
    REVISION_MISMATCH = 1306, "written by another version";
    NO_SYSTEM_RESOURCES = 1450, "the machine has too few of a resource";
    WORKING_SET_QUOTA = 1453, "the limit on locked memory is reached";
    COMMITMENT_LIMIT = 1455, "not enough memory to promise that much";
}

impl Code {
    /// The code of a number, named here or not.
    pub const fn from_number(number: u32) -> Code {
        Code(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<Code> for u32 {
    fn from(code: Code) -> u32 {
        code.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name(), self.0)
    }
}

/// Why an operation failed.
///
/// Displayed as one sentence, with the code's name and number, and where there is one a hint on what to do:
///
/// ```
/// let error = veduta::Section::options().open(r"Local\nobody made this").unwrap_err();
/// assert_eq!(error.code(), veduta::Code::FILE_NOT_FOUND);
/// assert_eq!(
///     error.to_string(),
///     r#"cannot open section "Local\nobody made this": no such object (ERROR_FILE_NOT_FOUND, 2)"#
/// );
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    operation: &'static str,
    object: Option<String>,
    offset: Option<u64>,
    hint: Option<Cow<'static, str>>,
    source: Option<io::Error>,
}

impl Error {
    /// A failure of `operation` ("open section", "map view"), not yet tied to an object.
    pub(crate) fn new(code: Code, operation: &'static str) -> Error {
        Error(Box::new(Inner { code, operation, object: None, offset: None, hint: None, source: None }))
    }

    /// Adds what the caller can do, or what was needed and what was there.
    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Says where in the object.
    pub(crate) fn offset(mut self, offset: u64) -> Error {
        self.0.offset = Some(offset);
        self
    }

    /// Adds the system's own error.
    pub(crate) fn source(mut self, source: impl Into<io::Error>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// Names the object, unless a deeper layer already did.
    pub(crate) fn object(mut self, object: impl fmt::Display) -> Error {
        self.0.object.get_or_insert_with(|| object.to_string());
        self
    }

    /// The Win32 code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence without the [`advice`](Error::advice), for who shows that in a place of its own.
    pub fn summary(&self) -> String {
        let Inner { code, operation, object, source, .. } = &*self.0;
        let object = object.as_ref().map(|object| format!(" \"{object}\"")).unwrap_or_default();
        let source = source.as_ref().map(|source| format!("; {source}")).unwrap_or_default();
        format!("cannot {operation}{object}: {} ({code}{source})", code.message())
    }

    /// What was being done, for example `open section`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The object's name or the file's path, where there is one.
    pub fn object_name(&self) -> Option<&str> {
        self.0.object.as_deref()
    }

    /// Which byte of the view could not be had, counted from its first; `None` for failures that are not about one.
    ///
    /// Of a copy that was writing, the bytes before it were written. Known for [`Code::SWAPERROR`] from all that copies to or
    /// from a view; where two views take part, the message says which.
    pub fn failed_at(&self) -> Option<u64> {
        self.0.offset
    }

    /// What to do about it, or what was needed and what was there.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The error number of the system call behind the failure (`errno` on Linux).
    pub fn raw_os_error(&self) -> Option<i32> {
        self.0.source.as_ref().and_then(io::Error::raw_os_error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        match &self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match error.code() {
            Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND => io::ErrorKind::NotFound,
            Code::ACCESS_DENIED => io::ErrorKind::PermissionDenied,
            Code::ALREADY_EXISTS => io::ErrorKind::AlreadyExists,
            Code::INVALID_PARAMETER | Code::INVALID_NAME | Code::BAD_PATHNAME => io::ErrorKind::InvalidInput,
            Code::INVALID_DATA | Code::REVISION_MISMATCH => io::ErrorKind::InvalidData,
            Code::NOT_ENOUGH_MEMORY | Code::COMMITMENT_LIMIT => io::ErrorKind::OutOfMemory,
            Code::DISK_FULL => io::ErrorKind::StorageFull,
            Code::NOT_SUPPORTED => io::ErrorKind::Unsupported,
            Code::BUSY | Code::SHARING_VIOLATION => io::ErrorKind::ResourceBusy,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
