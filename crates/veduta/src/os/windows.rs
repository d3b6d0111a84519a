//! What Windows has of its own: handles as the kernel's, for other functions of Windows and for other processes.
//!
//! ```
//! use veduta::os::windows::HandleExt;
//! use veduta::{Section, ViewAccess};
//!
//! let section = Section::options().size(100).create_unnamed()?;
//! section.map(ViewAccess::Write)?.write_at(0, b"passed on")?;
//! let handle = section.into_handle(); // … any function of Windows …
//! let section = Section::from_handle(handle)?;
//! assert_eq!(section.map(ViewAccess::Read)?.compare_bytes(0, b"passed on")?, None);
//! # Ok::<(), veduta::Error>(())
//! ```

use super::sealed::Parts;
use crate::Result;
use crate::sys::section::Section;
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};

/// Conversions of handles, to sections and to all other objects, from and to the kernel's.
pub trait HandleExt: Parts {
    /// The kernel's handle, lent.
    fn handle(&self) -> BorrowedHandle<'_>;

    /// The kernel's handle. The name lives as long as any process has one.
    fn into_handle(self) -> OwnedHandle;

    /// Adopts a handle, whoever made it: of a section, a mutex, an event, a semaphore or a timer that any program created. Its rights are those
    /// that the kernel gave it.
    ///
    /// # Errors
    /// [`Code::INVALID_HANDLE`](crate::Code::INVALID_HANDLE): it is a handle to something else.
    fn from_handle(handle: OwnedHandle) -> Result<Self>;

    /// Makes a handle to the same object in another process, with the same rights, and gives its number there: to be told to that process, which
    /// adopts it ([`InheritExt::from_inherited`](super::InheritExt::from_inherited)).
    ///
    /// # Errors
    /// [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): the process may not be given handles (`PROCESS_DUP_HANDLE`).
    #[doc(alias = "DuplicateHandle")]
    fn duplicate_into(&self, process: BorrowedHandle<'_>) -> Result<String>;
}

impl<T: Parts> HandleExt for T {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.section().handle.as_handle()
    }

    fn into_handle(self) -> OwnedHandle {
        let (section, _) =
            self.into_parts().unwrap_or_else(|_| unreachable!("a handle is all that there is"));
        section.handle
    }

    fn from_handle(handle: OwnedHandle) -> Result<T> {
        let (section, name) = Section::adopt(handle)?;
        T::from_parts(section, name)
    }

    fn duplicate_into(&self, process: BorrowedHandle<'_>) -> Result<String> {
        self.section().duplicate_into(process)
    }
}
