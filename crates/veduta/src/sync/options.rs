//! How mutexes, events and semaphores come about.

use super::{Handle, NewState};
use crate::disposition::open_or_create;
use crate::os::InheritExt;
use crate::{Code, Disposition, Error, Kind, Namespace, ObjectName, Result, SyncAccess, Waitable, sys};
use std::marker::PhantomData;
use sys::sync::Object;

/// A [`Mutex`](crate::Mutex), [`Event`](crate::Event) or [`Semaphore`](crate::Semaphore).
pub trait SyncObject: Waitable + Made {
    /// What it is.
    const KIND: Kind;
}

/// What has a handle: only types of this crate.
#[allow(private_interfaces, reason = "nobody outside can name the trait")]
pub trait Held {
    #[doc(hidden)]
    fn handle(&self) -> &Handle;
}

/// What is made of a handle, and nothing else: only types of this crate.
#[allow(private_interfaces, reason = "nobody outside can name the trait")]
pub trait Made: Sized {
    #[doc(hidden)]
    fn from_handle(handle: Handle) -> Self;
    #[doc(hidden)]
    fn into_handle(self) -> Handle;
}

/// Says what mutex, event or semaphore to create or open. Made by `Mutex::options`, `Event::options` and `Semaphore::options`.
#[derive(Debug)]
pub struct SyncOptions<'a, T> {
    pub(super) new: NewState,
    access: SyncAccess,
    mode: u32,
    namespace: Option<&'a Namespace>,
    inheritable: bool,
    object: PhantomData<fn() -> T>,
}

// Not derived: the objects themselves cannot be cloned just so.
impl<T> Clone for SyncOptions<'_, T> {
    fn clone(&self) -> Self {
        SyncOptions { ..*self }
    }
}

impl<'a, T: SyncObject> SyncOptions<'a, T> {
    pub(super) fn new(new: NewState) -> SyncOptions<'a, T> {
        SyncOptions {
            new,
            access: SyncAccess::all(),
            mode: 0o600,
            namespace: None,
            inheritable: false,
            object: PhantomData,
        }
    }

    /// The rights of the handle; all unless said otherwise. They are this handle's own, and checked by the library: whoever may wait
    /// for an object can write to its state.
    pub fn access(&mut self, access: SyncAccess) -> &mut Self {
        self.access = access;
        self
    }

    /// Who besides this user may open a `Global\` or private name: the permission bits of a file, `0o600` unless said otherwise. Others
    /// need both reading and writing.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = 0o600 | (mode & 0o066);
        self
    }

    /// Looks for the name in a private namespace.
    pub fn namespace(&mut self, namespace: &'a Namespace) -> &mut Self {
        self.namespace = Some(namespace);
        self
    }

    /// Whether child processes inherit the handle; see [`into_inheritable`](InheritExt::into_inheritable).
    pub fn inheritable(&mut self, inheritable: bool) -> &mut Self {
        self.inheritable = inheritable;
        self
    }

    /// Creates an object, or opens the one that has the name, and says which. An empty name makes one without a name. What is
    /// there stays as it is.
    ///
    /// # Errors
    /// - [`Code::INVALID_HANDLE`]: the name belongs to an object of another kind.
    /// - [`Code::INVALID_PARAMETER`]: a semaphore without a maximum, or with more than that to begin with.
    /// - [`Code::ACCESS_DENIED`]: the object's mode does not let this user read and write it.
    /// - [`Code::INVALID_DATA`], [`Code::REVISION_MISMATCH`]: what stands under the name was not made by this version of veduta.
    /// - [`Code::COMMITMENT_LIMIT`]: no memory for its two pages.
    /// - those of [`ObjectName::parse`].
    #[doc(alias("CreateMutexExW", "CreateEventExW", "CreateSemaphoreExW"))]
    pub fn create(&self, name: &str) -> Result<(T, Disposition)> {
        self.check()?;
        if name.is_empty() {
            return Ok((self.create_unnamed()?, Disposition::Created));
        }
        let (name, place) = Namespace::place(self.namespace, name)?;
        let tell = |error: Error| error.object(&name);
        let (object, disposition) = open_or_create(
            || sys::sync::open(place.clone(), &name, T::KIND, self.access).map_err(tell),
            || sys::sync::create_named(self.new, &place, &name, self.mode, self.access).map_err(tell),
        )?;
        Ok((self.finish(object, Some(name))?, disposition))
    }

    /// Creates an object that must not be there yet.
    ///
    /// # Errors
    /// [`Code::ALREADY_EXISTS`], and those of [`create`](Self::create).
    pub fn create_new(&self, name: &str) -> Result<T> {
        match self.create(name)? {
            (object, Disposition::Created) => Ok(object),
            (object, Disposition::Opened) => {
                Err(object.handle().tell(Error::new(Code::ALREADY_EXISTS, T::KIND.creating())))
            }
        }
    }

    /// Opens the object that has the name.
    ///
    /// # Errors
    /// - [`Code::FILE_NOT_FOUND`]: nothing has the name.
    /// - [`Code::INVALID_HANDLE`]: the name is empty, or belongs to an object of another kind.
    /// - [`Code::ACCESS_DENIED`]: no right is asked for, or the object's mode does not let this user read and write it.
    /// - [`Code::INVALID_DATA`], [`Code::REVISION_MISMATCH`]: what stands under the name was not made by this version of veduta.
    /// - those of [`ObjectName::parse`].
    #[doc(alias("OpenMutexW", "OpenEventW", "OpenSemaphoreW"))]
    pub fn open(&self, name: &str) -> Result<T> {
        if name.is_empty() {
            return Err(Error::new(Code::INVALID_HANDLE, T::KIND.opening()).hint("only a name can be opened"));
        }
        if self.access.is_empty() {
            return Err(Error::new(Code::ACCESS_DENIED, T::KIND.opening())
                .object(name)
                .hint("no right is asked for"));
        }
        let (name, place) = Namespace::place(self.namespace, name)?;
        match sys::sync::open(place, &name, T::KIND, self.access).map_err(|error| error.object(&name))? {
            Some(object) => self.finish(object, Some(name)),
            None => Err(Error::new(Code::FILE_NOT_FOUND, T::KIND.opening()).object(name)),
        }
    }

    /// Creates an object without a name, for this process, its children and whom it sends the handle.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) that do not concern names.
    pub fn create_unnamed(&self) -> Result<T> {
        self.check()?;
        self.finish(sys::sync::create_unnamed(self.new, self.access)?, None)
    }

    fn check(&self) -> Result<()> {
        let NewState::Semaphore { count, maximum } = self.new else { return Ok(()) };
        if (1..=crate::Semaphore::MAXIMUM).contains(&maximum) && count <= maximum {
            return Ok(());
        }
        Err(Error::new(Code::INVALID_PARAMETER, T::KIND.creating()).hint(format!(
            "a semaphore begins with 0 up to its maximum, which is 1 to {}; this one has {count} of {maximum}",
            crate::Semaphore::MAXIMUM
        )))
    }

    fn finish(&self, sys: Object, name: Option<ObjectName>) -> Result<T> {
        let object = T::from_handle(Handle { sys, name });
        if self.inheritable { InheritExt::into_inheritable(object) } else { Ok(object) }
    }
}
