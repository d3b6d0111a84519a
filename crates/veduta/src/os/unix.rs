//! Handles as file descriptors: to send over a Unix socket, or to leave to a child process.
//!
//! A handle is one to three descriptors. The first, its *card*, says what the others are; they belong together and keep
//! their order.
//!
//! ```
//! use veduta::os::unix::SectionExt;
//! use veduta::{Section, ViewAccess};
//!
//! let section = Section::options().size(100).create_unnamed()?;
//! section.map(ViewAccess::Write)?.write_at(0, b"passed on")?;
//! let descriptors = section.into_descriptors()?; // … SCM_RIGHTS …
//! let section = Section::from_descriptors(descriptors)?;
//! assert_eq!(section.map(ViewAccess::Read)?.compare_bytes(0, b"passed on")?, None);
//! # Ok::<(), veduta::Error>(())
//! ```

use crate::{Code, Error, Result, Section, sys};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The most descriptors that a handle has.
pub const MAX_DESCRIPTORS: usize = 3;

/// Conversions of a [`Section`] from and to descriptors.
pub trait SectionExt: Sized + sealed::Sealed {
    /// Gives the handle away as descriptors. The name lives as long as any process has a copy of them.
    ///
    /// # Errors
    /// [`Code::TOO_MANY_OPEN_FILES`] when no descriptor is left for the card.
    fn into_descriptors(self) -> Result<Vec<OwnedFd>>;

    /// Adopts a handle that [`into_descriptors`](Self::into_descriptors) gave away, here or in another process. It
    /// behaves as any other.
    ///
    /// What arrives is checked, because the sender may be anybody: the handle gets no right that its descriptors do not have.
    ///
    /// # Errors
    /// - [`Code::INVALID_HANDLE`]: the descriptors are not those of a handle, or not all, or not in order.
    /// - [`Code::ACCESS_DENIED`]: the card says more than the descriptors allow.
    fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<Self>;

    /// The same handle, now inherited by child processes that this process starts. Off by default. Its numbers, to be
    /// handed to the child, are [`inherited_numbers`](Self::inherited_numbers).
    fn into_inheritable(self) -> Result<Self>;

    /// Whether child processes inherit the handle.
    fn is_inheritable(&self) -> bool;

    /// The numbers of the handle's descriptors, such as `5,6,7`, for a child's command line or environment; `None` unless
    /// it is inheritable.
    fn inherited_numbers(&self) -> Option<String>;

    /// Adopts, in a child, the handle that the parent left it. The parent's own is not touched.
    ///
    /// # Safety
    /// The numbers are those of a handle that this process inherited and has not adopted before: nothing else in the process
    /// owns these descriptors.
    ///
    /// # Errors
    /// Those of [`from_descriptors`](Self::from_descriptors).
    #[allow(unsafe_code, reason = "only the caller knows whose descriptors these are")]
    unsafe fn from_inherited(numbers: &str) -> Result<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Section {}
}

impl SectionExt for Section {
    fn into_descriptors(self) -> Result<Vec<OwnedFd>> {
        let (sys, _) = self.into_parts();
        sys.into_descriptors()
    }

    fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<Section> {
        let (sys, name) = sys::section::Section::from_descriptors(descriptors)?;
        Ok(Section::from_sys(sys, name))
    }

    fn into_inheritable(self) -> Result<Section> {
        let (mut sys, name) = self.into_parts();
        sys.make_inheritable()?;
        Ok(Section::from_sys(sys, name))
    }

    fn is_inheritable(&self) -> bool {
        self.sys.card().is_some()
    }

    fn inherited_numbers(&self) -> Option<String> {
        self.sys.card()?;
        let numbers: Vec<_> = self.sys.descriptors().map(|fd| fd.as_fd().as_raw_fd().to_string()).collect();
        Some(numbers.join(","))
    }

    #[allow(unsafe_code, reason = "only the caller knows whose descriptors these are")]
    unsafe fn from_inherited(numbers: &str) -> Result<Section> {
        let mut descriptors = Vec::new();
        for number in numbers.split(',') {
            let number: RawFd = number.parse().ok().filter(|&number| number >= 0).ok_or_else(|| {
                Error::new(Code::INVALID_HANDLE, "inherit handle").hint(format!(
                    "\"{}\" is not a list of descriptors such as 5,6,7",
                    numbers.escape_debug()
                ))
            })?;
            sys::transfer::check_open(number)?;
            // SAFETY: the caller says that nothing else owns it, and it was just found open.
            descriptors.push(unsafe { OwnedFd::from_raw_fd(number) });
        }
        Section::from_descriptors(descriptors)
    }
}
