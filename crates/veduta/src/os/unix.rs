//! What Unix systems have of their own: handles as file descriptors, to send over a socket, and
//! [the signal](in_page) of bytes that are not there.
//!
//! A handle is one to three descriptors. The first, its *card*, says what the others are; they belong together and keep
//! their order.
//!
//! ```
//! use veduta::os::unix::HandleExt;
//! use veduta::{Section, ViewAccess};
//!
//! let section = Section::options().size(100).create_unnamed()?;
//! section.map(ViewAccess::Write)?.write_at(0, b"passed on")?;
//! let descriptors = section.into_descriptors()?; // … SCM_RIGHTS …
//! let section = Section::from_descriptors(descriptors)?;
//! assert_eq!(section.map(ViewAccess::Read)?.compare_bytes(0, b"passed on")?, None);
//! # Ok::<(), veduta::Error>(())
//! ```

pub mod in_page;

use super::sealed::Parts;
use crate::{Result, sys};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The most descriptors that a handle has.
pub const MAX_DESCRIPTORS: usize = 3;

/// What sections have of the system's own.
pub trait SectionExt {
    /// The descriptor of the file that the section is made of; `None` for memory. The section's views share its open file description:
    /// locks that belong to that live until the last of them is gone.
    fn file(&self) -> Option<BorrowedFd<'_>>;
}

impl SectionExt for crate::Section {
    fn file(&self) -> Option<BorrowedFd<'_>> {
        self.sys.file().map(|file| file.as_fd())
    }
}

/// Conversions of handles, to sections and to all other objects, from and to descriptors.
pub trait HandleExt: Parts {
    /// Gives the handle away as descriptors. The name lives as long as any process has a copy of them.
    ///
    /// # Errors
    /// [`Code::TOO_MANY_OPEN_FILES`](crate::Code::TOO_MANY_OPEN_FILES) when no descriptor is left for the card.
    fn into_descriptors(self) -> Result<Vec<OwnedFd>>;

    /// Adopts a handle that [`into_descriptors`](Self::into_descriptors) gave away, here or in another process. It
    /// behaves as any other.
    ///
    /// What arrives is checked, because the sender may be anybody: the handle gets no right that its descriptors do not have.
    ///
    /// # Errors
    /// - [`Code::INVALID_HANDLE`](crate::Code::INVALID_HANDLE): the descriptors are not those of a handle, or not all, or not in order; or those of a
    ///   handle to an object of another kind.
    /// - [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): the card says more than the descriptors allow.
    fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<Self>;
}

impl<T: Parts> HandleExt for T {
    fn into_descriptors(self) -> Result<Vec<OwnedFd>> {
        let (section, _) = self.into_parts()?;
        section.into_descriptors()
    }

    fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<T> {
        let (section, name) = sys::section::Section::from_descriptors(descriptors)?;
        T::from_parts(section, name)
    }
}
