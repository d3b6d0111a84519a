//! What Unix systems have of their own: handles as file descriptors, to send over a socket or to leave to a child process, and
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

use crate::{Code, Error, Result, sys};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

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
pub trait HandleExt: sealed::Parts {
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
    /// - [`Code::INVALID_HANDLE`]: the descriptors are not those of a handle, or not all, or not in order; or those of a
    ///   handle to an object of another kind.
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
    use crate::sync::Handle;
    use crate::sys::section::Section;
    use crate::{Code, Error, Kind, ObjectName, Result, SyncObject, sys};

    /// A handle, as the descriptors that it is.
    #[allow(private_interfaces, reason = "nobody outside can name the trait")]
    pub trait Parts: Sized {
        fn into_parts(self) -> Result<(Section, Option<ObjectName>)>;
        fn from_parts(section: Section, name: Option<ObjectName>) -> Result<Self>;
        fn section(&self) -> &Section;
    }

    #[allow(private_interfaces, reason = "nobody outside can name the trait")]
    impl Parts for crate::Section {
        fn into_parts(self) -> Result<(Section, Option<ObjectName>)> {
            Ok(crate::Section::into_parts(self))
        }

        fn from_parts(section: Section, name: Option<ObjectName>) -> Result<crate::Section> {
            check(&section, Kind::Section)?;
            Ok(crate::Section::from_sys(section, name))
        }

        fn section(&self) -> &Section {
            &self.sys
        }
    }

    #[allow(private_interfaces, reason = "nobody outside can name the trait")]
    impl<T: SyncObject> Parts for T {
        fn into_parts(self) -> Result<(Section, Option<ObjectName>)> {
            let Handle { sys, name } = self.into_handle();
            Ok((sys.into_section(), name))
        }

        fn from_parts(section: Section, name: Option<ObjectName>) -> Result<T> {
            check(&section, T::KIND)?;
            let access = section.facts.sync_access;
            Ok(T::from_handle(Handle { sys: sys::sync::Object::of(section, access)?, name }))
        }

        fn section(&self) -> &Section {
            &self.handle().sys.section
        }
    }

    fn check(section: &Section, wanted: Kind) -> Result<()> {
        if section.facts.kind == wanted {
            return Ok(());
        }
        Err(Error::new(Code::INVALID_HANDLE, "adopt handle")
            .hint(format!("it is a handle to another kind of object ({}, not {wanted})", section.facts.kind)))
    }
}

impl<T: sealed::Parts> HandleExt for T {
    fn into_descriptors(self) -> Result<Vec<OwnedFd>> {
        let (section, _) = self.into_parts()?;
        section.into_descriptors()
    }

    fn from_descriptors(descriptors: Vec<OwnedFd>) -> Result<T> {
        let (section, name) = sys::section::Section::from_descriptors(descriptors)?;
        T::from_parts(section, name)
    }

    fn into_inheritable(self) -> Result<T> {
        let (mut section, name) = self.into_parts()?;
        section.make_inheritable()?;
        T::from_parts(section, name)
    }

    fn is_inheritable(&self) -> bool {
        self.section().card().is_some()
    }

    fn inherited_numbers(&self) -> Option<String> {
        self.section().card()?;
        let numbers: Vec<_> =
            self.section().descriptors().map(|fd| fd.as_fd().as_raw_fd().to_string()).collect();
        Some(numbers.join(","))
    }

    #[allow(unsafe_code, reason = "only the caller knows whose descriptors these are")]
    unsafe fn from_inherited(numbers: &str) -> Result<T> {
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
        T::from_descriptors(descriptors)
    }
}
