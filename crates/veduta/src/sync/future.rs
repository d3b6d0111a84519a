//! Waiting in asynchronous code: a future in the place of a thread.

use super::options::Held;
use super::wait::{WAIT, check_count};
use super::{Event, Handle, Semaphore, Timer, Waitable};
use crate::{Result, SyncAccess, sys};
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use sys::sync::{Begun, Object, Pending};

/// What a future can wait for: an [`Event`], a [`Semaphore`] or a [`Timer`].
///
/// A [`Mutex`](crate::Mutex) is not: threads own it, and a task may be on another thread after each `await`. Lock it on a thread of its
/// own (`spawn_blocking`), or use a semaphore of one unit, which nobody owns:
///
/// ```compile_fail,E0277
/// let mutex = veduta::Mutex::options().create_unnamed()?;
/// let future = veduta::Waiting::any([&mutex]);
/// # Ok::<(), veduta::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a future cannot wait for `{Self}`",
    label = "neither an event nor a semaphore",
    note = "a mutex is owned by a thread, and tasks change threads: lock it in `spawn_blocking`, or use a semaphore of one unit"
)]
pub trait Awaitable: Waitable {}

impl Awaitable for Event {}

impl Awaitable for Semaphore {}

impl Awaitable for Timer {}

/// A future that ends when one of its objects is signaled, and gives its number, from 0: the first in the list, if there are
/// several. Made by [`Event::waiting`], [`Semaphore::waiting`], [`waiting_any`] and [`Waiting::any`].
///
/// It needs no particular runtime. `P` is what keeps the objects: references to them, or, for a future that is to outlive the
/// function, [`Arc`](std::sync::Arc)s.
///
/// ```
/// use veduta::{Event, Semaphore, Waiting, waiting_any};
/// use std::sync::Arc;
/// # fn block_on<T>(future: impl Future<Output = T>) -> T {
/// #     struct Unpark(std::thread::Thread);
/// #     impl std::task::Wake for Unpark { fn wake(self: Arc<Self>) { self.0.unpark() } }
/// #     let waker = Arc::new(Unpark(std::thread::current())).into();
/// #     let (mut future, mut context) = (std::pin::pin!(future), std::task::Context::from_waker(&waker));
/// #     loop {
/// #         match future.as_mut().poll(&mut context) {
/// #             std::task::Poll::Ready(output) => return output,
/// #             std::task::Poll::Pending => std::thread::park(),
/// #         }
/// #     }
/// # }
/// # block_on(async {
///
/// let (work, stop) = (Semaphore::options().create_unnamed()?, Event::options().create_unnamed()?);
/// work.release(1)?;
/// work.waiting().await?;
/// stop.set()?;
/// assert_eq!(waiting_any(&[&work, &stop]).await?, 1);
///
/// let event = Arc::new(Event::options().signaled(true).create_unnamed()?);
/// let future = Waiting::any([event]);
/// // Any thread, any time.
/// assert_eq!(std::thread::spawn(|| block_on(future)).join().unwrap()?, 0);
/// # Ok::<(), veduta::Error>(())
/// # }).unwrap()
/// ```
///
/// # Dropping it
/// takes nothing: if it was given an object that it has not told of yet, it gives it back, and another waiter gets it. So it can stand in a
/// `select!` or under a time-out. A future that is kept and not polled keeps what it was given, as a stopped thread does. It waits from the
/// first time it is polled, and once more if it is polled when it has ended.
///
/// # What it costs
/// The process gets one thread that sleeps for all its futures, and one more for each 127 objects that they wait for at the same time; the
/// thread ends a second after the last of them. Between the signal and the task there is that thread: expect tens of microseconds, several
/// times what a thread needs that waits itself, and more the more objects are watched. An object that is signaled already costs no more
/// than to look. A future that waits sits in one of the object's 1000 seats, as a thread does, and is counted in the object's
/// state. It does not see a [pulse](Event::pulse) between two looks.
///
/// # Windows
/// There are no seats: one such thread waits for up to 64 objects, and another one calls the wakers. An event that is set and reset at once may be missed, as
/// a pulse is. A timer that resets itself cannot be given back: what a dropped future was given of it is gone. To begin takes
/// [`SyncAccess::MODIFY_STATE`] of what may have to be given back, which the system refuses who may not have it.
///
/// # Errors
/// - [`Code::INVALID_PARAMETER`](crate::Code::INVALID_PARAMETER): no objects, or more than
///   [`MAXIMUM_WAIT_OBJECTS`](crate::MAXIMUM_WAIT_OBJECTS).
/// - [`Code::ACCESS_DENIED`](crate::Code::ACCESS_DENIED): a handle has no [`SyncAccess::SYNCHRONIZE`].
/// - [`Code::NOT_ENOUGH_MEMORY`](crate::Code::NOT_ENOUGH_MEMORY): the process may not have another thread.
#[must_use = "a future does nothing until it is polled"]
pub struct Waiting<P> {
    /// Before the objects: what it gives back goes back while there are handles.
    pending: Option<Pending>,
    objects: Vec<P>,
}

impl<P> Waiting<P>
where
    P: Deref,
    P::Target: Awaitable,
{
    /// Waits for any of the objects, and keeps what leads to them.
    pub fn any(objects: impl IntoIterator<Item = P>) -> Waiting<P> {
        Waiting { pending: None, objects: objects.into_iter().collect() }
    }

    fn begin(&self, context: &Context<'_>) -> Result<Begun> {
        check_count(self.objects.len())?;
        let handles: Vec<&Handle> = self.objects.iter().map(|object| object.handle()).collect();
        for handle in &handles {
            handle.check(SyncAccess::SYNCHRONIZE, WAIT)?;
        }
        let objects: Vec<&Object> = handles.iter().map(|handle| &handle.sys).collect();
        Pending::begin(&objects, context.waker())
    }
}

impl<P> Future for Waiting<P>
where
    P: Deref,
    P::Target: Awaitable,
{
    type Output = Result<usize>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<usize>> {
        let this = self.get_mut();
        // A forked child has a copy of its parent's, and begins anew.
        let polled = match this.pending.take().filter(Pending::is_here) {
            Some(pending) => match pending.poll(context.waker())? {
                Some(index) => Begun::Taken(index),
                None => Begun::Pending(pending),
            },
            None => this.begin(context)?,
        };
        match polled {
            Begun::Taken(index) => Poll::Ready(Ok(index)),
            Begun::Pending(pending) => {
                this.pending = Some(pending);
                Poll::Pending
            }
        }
    }
}

/// Nothing in it points into itself.
impl<P> Unpin for Waiting<P> {}

impl<P> fmt::Debug for Waiting<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("objects", &self.objects.len())
            .field("sits", &self.pending.is_some())
            .finish()
    }
}

impl Event {
    /// A future that waits for the event: [`wait`](Waitable::wait) for asynchronous code. It gives 0.
    pub fn waiting(&self) -> Waiting<&Event> {
        Waiting::any([self])
    }
}

impl Semaphore {
    /// A future that takes one: [`wait`](Waitable::wait) for asynchronous code. It gives 0.
    pub fn waiting(&self) -> Waiting<&Semaphore> {
        Waiting::any([self])
    }
}

/// A future that waits for any of the objects and takes that one only: [`wait_any`](crate::wait_any) for asynchronous code.
pub fn waiting_any<'a>(objects: &[&'a dyn Awaitable]) -> Waiting<&'a dyn Awaitable> {
    Waiting::any(objects.iter().copied())
}
