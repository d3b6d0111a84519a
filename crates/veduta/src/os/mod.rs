//! Handles as the system's own: file descriptors on Unix, kernel handles on Windows; and handles that child processes inherit, on
//! both.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

use crate::sys::section::Section;
use crate::{Code, Error, Kind, ObjectName, Result, SyncObject, sync, sys};

/// Handles, to sections and to all other objects, that child processes inherit.
///
/// ```
/// use veduta::os::InheritExt;
/// use veduta::{Section, ViewAccess};
///
/// let section = Section::options().size(100).inheritable(true).create_unnamed()?;
/// section.map(ViewAccess::Write)?.write_at(0, b"left to a child")?;
/// let numbers = section.inherited_numbers().expect("it is inheritable"); // … for the child's command line …
///
/// // In the child:
/// # std::mem::forget(section);
/// // SAFETY: the parent left the child this handle, and nobody else in the child adopts it.
/// let section: Section = unsafe { Section::from_inherited(&numbers)? };
/// assert_eq!(section.map(ViewAccess::Read)?.compare_bytes(0, b"left to a child")?, None);
/// # Ok::<(), veduta::Error>(())
/// ```
pub trait InheritExt: sealed::Parts {
    /// The same handle, now inherited by child processes that this process starts. Off by default. Its numbers, to be
    /// handed to the child, are [`inherited_numbers`](Self::inherited_numbers).
    ///
    /// # Errors
    /// [`Code::TOO_MANY_OPEN_FILES`] when no descriptor is left.
    ///
    /// # Windows
    /// A child inherits if it is started with handle inheritance, as [`std::process::Command`] starts all of them.
    fn into_inheritable(self) -> Result<Self>;

    /// Whether child processes inherit the handle.
    fn is_inheritable(&self) -> bool;

    /// The numbers of what the handle consists of, for a child's command line or environment, such as `5,6,7` for descriptors; `None` unless
    /// it is inheritable. Without blanks.
    fn inherited_numbers(&self) -> Option<String>;

    /// Adopts, in a child, the handle that the parent left it. The parent's own is not touched.
    ///
    /// # Safety
    /// The numbers are those of a handle that this process inherited and has not adopted before: nothing else in the process
    /// owns them.
    ///
    /// # Errors
    /// [`Code::INVALID_HANDLE`]: the text is no such numbers; they are not open here, because the handle was not inheritable or not inherited; or
    /// they are a handle to an object of another kind.
    #[allow(unsafe_code, reason = "only the caller knows whose these are")]
    unsafe fn from_inherited(numbers: &str) -> Result<Self>;
}

impl<T: sealed::Parts> InheritExt for T {
    fn into_inheritable(self) -> Result<T> {
        self.made_inheritable()
    }

    fn is_inheritable(&self) -> bool {
        self.section().is_inheritable()
    }

    fn inherited_numbers(&self) -> Option<String> {
        self.is_inheritable().then(|| self.section().numbers())
    }

    #[allow(unsafe_code, reason = "only the caller knows whose these are")]
    unsafe fn from_inherited(numbers: &str) -> Result<T> {
        // SAFETY: passed on to the caller.
        let (section, name) = unsafe { Section::from_numbers(numbers)? };
        T::from_parts(section, name)
    }
}

mod sealed {
    use super::*;

    /// A handle, as what the system has of it.
    #[allow(private_interfaces, reason = "nobody outside can name the trait")]
    pub trait Parts: Sized {
        fn into_parts(self) -> Result<(Section, Option<ObjectName>)>;
        fn from_parts(section: Section, name: Option<ObjectName>) -> Result<Self>;
        fn section(&self) -> &Section;
        /// Not by its parts: what else belongs to it stays.
        fn made_inheritable(self) -> Result<Self>;
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

        fn made_inheritable(mut self) -> Result<crate::Section> {
            self.sys.make_inheritable()?;
            Ok(self)
        }
    }

    #[allow(private_interfaces, reason = "nobody outside can name the trait")]
    impl<T: SyncObject> Parts for T {
        fn into_parts(self) -> Result<(Section, Option<ObjectName>)> {
            let sync::Handle { sys, name } = self.into_handle();
            Ok((sys.into_section(), name))
        }

        fn from_parts(section: Section, name: Option<ObjectName>) -> Result<T> {
            check(&section, T::KIND)?;
            let access = section.facts.sync_access;
            Ok(T::from_handle(sync::Handle { sys: sys::sync::Object::of(section, access)?, name }))
        }

        fn section(&self) -> &Section {
            &self.handle().sys.section
        }

        fn made_inheritable(self) -> Result<T> {
            let mut handle = self.into_handle();
            handle.sys.section.make_inheritable()?;
            Ok(T::from_handle(handle))
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
