//! Mutexes, events and semaphores, and waiting for them.

mod event;
mod future;
mod mutex;
mod options;
mod semaphore;
mod state;
mod timer;
mod wait;

pub use event::{Event, Reset};
pub use future::{Awaitable, Waiting, waiting_any};
pub use mutex::{Mutex, MutexGuard};
pub use options::{SyncObject, SyncOptions};
pub use semaphore::Semaphore;
pub(crate) use state::NewState;
pub use state::{ObjectState, Owner};
pub use timer::{Due, Timer};
pub use wait::{Interrupt, MAXIMUM_WAIT_OBJECTS, Waitable, Waited, signal_and_wait, wait_all, wait_any};

use crate::{Code, Error, ObjectName, Result, SyncAccess, sys};

/// What every handle to a mutex, event or semaphore is made of.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) sys: sys::sync::Object,
    pub(crate) name: Option<ObjectName>,
}

impl Handle {
    /// Names the object in an error.
    pub(crate) fn tell(&self, error: Error) -> Error {
        match &self.name {
            Some(name) => error.object(name),
            None => error,
        }
    }

    /// Does something to the object that takes the right to modify it.
    #[inline]
    fn modify<T>(
        &self,
        operation: &'static str,
        act: impl FnOnce(&sys::sync::Object) -> Result<T>,
    ) -> Result<T> {
        self.check(SyncAccess::MODIFY_STATE, operation)?;
        act(&self.sys).map_err(|error| self.tell(error))
    }

    /// Refuses what the handle has no right to.
    #[inline]
    fn check(&self, right: SyncAccess, operation: &'static str) -> Result<()> {
        if self.sys.access().contains(right) { Ok(()) } else { Err(self.refuse(right, operation)) }
    }

    #[cold]
    fn refuse(&self, right: SyncAccess, operation: &'static str) -> Error {
        self.tell(
            Error::new(Code::ACCESS_DENIED, operation)
                .hint(format!("the handle was opened with {}, and this takes {right}", self.sys.access())),
        )
    }

    fn duplicate(&self, access: SyncAccess) -> Result<Handle> {
        let sys = self.sys.duplicate(access).map_err(|error| self.tell(error))?;
        Ok(Handle { sys, name: self.name.clone() })
    }

    fn state(&self) -> Result<ObjectState> {
        self.check(SyncAccess::QUERY, "query object")?;
        self.sys.state().map_err(|error| self.tell(error))
    }
}

/// What handles to all these objects can do.
macro_rules! handle_methods {
    ($type:ident) => {
        impl $type {
            /// The name, if it has one.
            pub fn name(&self) -> Option<&crate::ObjectName> {
                self.handle.name.as_ref()
            }

            /// What this handle may do.
            pub fn access(&self) -> crate::SyncAccess {
                self.handle.sys.access()
            }

            /// Another handle to the same object, with the same rights.
            ///
            /// # Errors
            /// [`Code::TOO_MANY_OPEN_FILES`](crate::Code::TOO_MANY_OPEN_FILES) when this process may not have more.
            #[doc(alias = "DuplicateHandle")]
            pub fn try_clone(&self) -> crate::Result<$type> {
                self.try_clone_with(self.access())
            }

            /// Another handle to the same object, with other rights; they may be more.
            ///
            /// # Errors
            /// Those of [`try_clone`](Self::try_clone).
            pub fn try_clone_with(&self, access: crate::SyncAccess) -> crate::Result<$type> {
                Ok($type { handle: self.handle.duplicate(access)? })
            }

            /// What the object is just now. Others may have changed it by the time this returns.
            ///
            /// # Errors
            /// [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED) without [`SyncAccess::QUERY`](crate::SyncAccess::QUERY).
            pub fn state(&self) -> crate::Result<crate::ObjectState> {
                self.handle.state()
            }
        }

        #[allow(private_interfaces, reason = "nobody outside can name the trait")]
        impl super::options::Held for $type {
            fn handle(&self) -> &super::Handle {
                &self.handle
            }
        }

        #[allow(private_interfaces, reason = "nobody outside can name the trait")]
        impl super::options::Made for $type {
            fn from_handle(handle: super::Handle) -> $type {
                $type { handle }
            }

            fn into_handle(self) -> super::Handle {
                self.handle
            }
        }
    };
}
use handle_methods;
