//! The list by which the kernel finds what a thread owns when the thread ends, however it ends.
//!
//! Each thread has one such list (`set_robust_list(2)`), which the C library registers and uses for its own robust mutexes.
//! Ours go into the same list: a node is two pointers, and the word that belongs to it stands at a fixed distance before it.
//! The C library keeps its nodes beside its words, in shared memory, where anybody can break the list. Ours are private: the
//! word stands so near the end of its page that the node falls into the page behind, which is not shared.
//!
//! Sources: `Documentation/locking/robust-futex-ABI.rst` of the kernel, `nptl/descr.h` of the GNU C library.

use super::super::error::last;
use super::super::fork;
use super::page::OWNER_OFFSET;
use crate::{Code, Error, Result};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// From a node (its second pointer) to its word.
const TO_WORD: isize = -32;
/// From the beginning of a mutex's page to its node.
const NODE_OFFSET: usize = OWNER_OFFSET + TO_WORD.unsigned_abs();

const _: () =
    assert!(NODE_OFFSET >= 4096 + 8, "the node and the pointer before it lie behind the shared page");

/// What a thread registered (`struct robust_list_head`).
#[repr(C)]
struct Head {
    first: *mut Link,
    to_word: libc::c_long,
    /// The node whose word the thread is about to change. If the thread ends just then, and nobody owns the word, the
    /// kernel wakes one thread that sleeps on it.
    pending: *mut Link,
}

/// A pointer to the next node. Right before it stands a pointer to the one before.
#[repr(transparent)]
struct Link(*mut Link);

/// The calling thread, as its mutexes know it. A pointer to what belongs to the thread, and cannot leave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread(*const Life);

/// What there is to know of a thread.
#[derive(Debug)]
struct Life {
    head: Cell<*mut Head>,
    token: Cell<u64>,
    number: Cell<u32>,
    process: Cell<u32>,
    childhood: Cell<u64>,
    /// How many of our nodes are in its list.
    owned: Cell<u32>,
}

/// The kernel looks at 2048 nodes, those of the C library included.
const MOST_OWNED: u32 = 2000;

thread_local! {
    static LIFE: Life = const {
        Life {
            head: Cell::new(null_mut()),
            token: Cell::new(0),
            number: Cell::new(0),
            process: Cell::new(0),
            childhood: Cell::new(0),
            owned: Cell::new(0),
        }
    };
}

/// The node of a mutex that this process has mapped.
#[derive(Clone, Copy)]
pub(super) struct Node(NonNull<Link>);

impl Node {
    /// # Safety
    /// `page` is a mutex's page with a private page, readable and writable, mapped right behind it. Both stay mapped as long as a
    /// thread may own the mutex through this node.
    pub(super) unsafe fn of_page(page: NonNull<u8>) -> Node {
        // SAFETY: the offset lies in the page behind, which the caller says is mapped.
        Node(unsafe { page.byte_add(NODE_OFFSET) }.cast())
    }
}

impl Thread {
    /// The calling thread.
    #[inline]
    pub(crate) fn current() -> Result<Thread> {
        let thread = Thread(LIFE.with(std::ptr::from_ref));
        if thread.is_current() { Ok(thread) } else { thread.ask() }
    }

    /// The calling thread, if it was asked for before.
    #[inline(always)]
    pub(crate) fn known() -> Option<Thread> {
        let thread = Thread(LIFE.with(std::ptr::from_ref));
        thread.is_current().then_some(thread)
    }

    /// Whether what is known of the thread is so in this process, and not only in the one that forked it.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        !self.life().head.get().is_null() && self.life().childhood.get() == fork::childhood()
    }

    #[inline]
    fn life(&self) -> &Life {
        // SAFETY: it has no destructor, so it lasts as long as the thread, which the pointer does not leave.
        unsafe { &*self.0 }
    }

    /// By which this process tells its threads apart; never used twice.
    #[inline]
    pub(super) fn token(self) -> u64 {
        self.life().token.get()
    }

    /// By which the kernel tells threads apart, in the pid namespace of this process.
    #[inline]
    pub(super) fn number(self) -> u32 {
        self.life().number.get()
    }

    /// Whether the kernel would look at one more node when the thread ends.
    #[inline]
    pub(super) fn may_own_more(self) -> bool {
        self.life().owned.get() < MOST_OWNED
    }

    /// The thread's process.
    #[inline]
    pub(super) fn process(self) -> u32 {
        self.life().process.get()
    }

    #[cold]
    fn ask(self) -> Result<Thread> {
        static TOKENS: AtomicU64 = AtomicU64::new(1);
        // From now on forks are counted.
        fork::generation();
        let (mut head, mut length) = (null_mut::<Head>(), 0_usize);
        // SAFETY: asks for the calling thread's list, into two variables of ours.
        let status = unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) };
        // SAFETY: the C library registered it for this thread, and keeps it as long as the thread runs.
        let known = status == 0 && !head.is_null() && unsafe { (*head).to_word } as isize == TO_WORD;
        if !known || !cfg!(all(target_env = "gnu", target_pointer_width = "64")) {
            return Err(Error::new(Code::NOT_SUPPORTED, "use mutex").hint(
                "the C library keeps no list of robust mutexes for this thread, or another one than the GNU C library's",
            ));
        }
        let number = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        let token = TOKENS.fetch_add(1, Ordering::Relaxed);
        let childhood = fork::childhood();
        Living::add(token, Known { childhood, number });
        let life = self.life();
        life.token.set(token);
        life.number.set(number);
        life.process.set(std::process::id());
        life.childhood.set(childhood);
        life.owned.set(0);
        life.head.set(head);
        Ok(self)
    }

    /// Tells the kernel that this thread is about to change the word of `node`.
    #[inline(always)]
    pub(super) fn announce(self, node: Node) {
        self.set_pending(node.0.as_ptr());
    }

    /// Tells the kernel that the change is done.
    #[inline(always)]
    pub(super) fn finish(self) {
        self.set_pending(null_mut());
    }

    #[inline(always)]
    fn set_pending(self, pending: *mut Link) {
        // The kernel looks when the thread has stopped for good, so only the order of the program counts.
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the head is this thread's own.
        let word = unsafe { &raw mut (*self.life().head.get()).pending };
        // SAFETY: only this thread writes to it.
        unsafe { word.write_volatile(pending) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Puts what this thread just came to own into its list.
    #[inline(always)]
    pub(super) fn link(self, node: Node) {
        let node = node.0.as_ptr();
        let head: *mut Link = self.life().head.get().cast();
        // SAFETY: the head is this thread's own and begins with the first pointer.
        let first = unsafe { (*head).0 };
        // SAFETY: before each node, and before the head, stands the pointer to the one before.
        unsafe { before(first).write(node) };
        // SAFETY: the node is in a private page (see `Node::of_page`), and only the owner touches it.
        unsafe { node.write(Link(first)) };
        // SAFETY: as above.
        unsafe { before(node).write(head) };
        compiler_fence(Ordering::SeqCst);
        // SAFETY: as for reading it.
        unsafe { head.write(Link(node)) };
        compiler_fence(Ordering::SeqCst);
        self.life().owned.set(self.life().owned.get() + 1);
    }

    /// Takes what this thread is about to give up out of its list.
    #[inline(always)]
    pub(super) fn unlink(self, node: Node) {
        let node = node.0.as_ptr();
        // SAFETY: the node is in this thread's list, where `link` put it.
        let next = unsafe { (*node).0 };
        // SAFETY: as above.
        let previous = unsafe { before(node).read() };
        // SAFETY: both neighbours are nodes of this thread's list, or its head.
        unsafe { before(next).write(previous) };
        // SAFETY: as above; the lowest bit of a pointer belongs to the pointer.
        unsafe { plain(previous).write(Link(next)) };
        compiler_fence(Ordering::SeqCst);
        self.life().owned.set(self.life().owned.get() - 1);
    }
}

/// The threads that may have a node in their list, by token.
pub(super) type Threads = HashMap<u64, Known>;

pub(super) struct Known {
    /// In which the thread began.
    childhood: u64,
    number: u32,
}

static THREADS: LazyLock<Mutex<Threads>> = LazyLock::new(Mutex::default);

/// The threads, for who is alone with them.
pub(super) fn threads() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends with its thread, before the kernel looks at the thread's list.
struct Living(u64);

impl Living {
    fn add(token: u64, thread: Known) {
        thread_local! {
            static LIVING: RefCell<Option<Living>> = const { RefCell::new(None) };
        }
        threads().insert(token, thread);
        // A forked child's thread lets go of what it was in its parent. A thread that is ending already lives on in the list,
        // which only means that nobody takes over from it.
        if let Ok(before) = LIVING.try_with(|life| life.replace(Some(Living(token)))) {
            drop(before);
        }
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        threads().remove(&self.0);
    }
}

/// Whether a thread of this process, which may have nodes in its list, has not ended, as far as is known.
pub(super) fn lives(token: u64) -> bool {
    threads().get(&token).is_some_and(|thread| thread.childhood == fork::childhood())
}

/// Whether it has certainly ended. The first thread ends without its destructors (`pthread_exit`, `ExitThread`), others may too
/// (`exit(2)`): then the kernel knows it.
#[cold]
pub(super) fn has_ended(token: u64) -> bool {
    let mut threads = threads();
    let Some(thread) = threads.get(&token).filter(|thread| thread.childhood == fork::childhood()) else {
        return true;
    };
    let ended = thread_has_ended(thread.number);
    if ended {
        threads.remove(&token);
    }
    ended
}

/// Whether a thread of this process has certainly ended, or is past the point from which none comes back.
fn thread_has_ended(number: u32) -> bool {
    /// PF_EXITING of the kernel's flags.
    const EXITING: u64 = 4;
    // SAFETY: signal 0 is none: it only asks whether the thread could get one.
    if unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), number, 0) } != 0 {
        return last() == Errno::SRCH;
    }
    // The first thread keeps its number until the whole process has ended.
    let stat = std::fs::read_to_string(format!("/proc/self/task/{number}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    // The state, five others, and the flags, proc(5).
    matches!(fields.next(), Some("Z" | "X"))
        || fields.nth(5).and_then(|flags| flags.parse::<u64>().ok()).is_some_and(|flags| flags & EXITING != 0)
}

/// A pointer to a node without the mark that the C library keeps in it.
fn plain(link: *mut Link) -> *mut Link {
    link.map_addr(|address| address & !1)
}

/// Where a node keeps the pointer to the one before it.
fn before(link: *mut Link) -> *mut *mut Link {
    plain(link).wrapping_sub(1).cast()
}
