//! Who notices that a thread has ended.
//!
//! A thread itself cannot say so: what it owns is abandoned by the kernel, when the thread runs no code any more, and whoever waited
//! for the thread must find its mutexes abandoned. So a thread that is ending says so to a helper, from the destructor of a key of the C
//! library, which runs after the routine and after the destructors of C++. The helper waits until the kernel is done:
//! - for threads that were made here, it joins them. The C library returns from that when the kernel has cleared the thread's number, which
//!   it does after it has looked at the list of mutexes (`exit_robust_list` and `mm_release` in the kernel's sources).
//! - for others, which are not ours to join, it looks at their file in /proc.
//!
//! A thread that nobody has a handle to needs none of this.

use super::{CURRENT, Life, Thread, known, own_number};
use crate::code;
use crate::failure::{Failure, Result};
use crate::object::Object;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A thread that is about to end.
struct Ending {
    object: Arc<Object>,
    sign: Sign,
}

/// By what a thread's end is known.
enum Sign {
    /// The C library lets this one join.
    Join(libc::pthread_t),
    /// The thread's state in /proc. The file is this thread's, also if another one gets its number.
    State(OwnedFd),
    /// There is no /proc: its end cannot be seen, only expected.
    None,
}

pub(crate) struct Queue {
    ending: Vec<Ending>,
    has_helper: bool,
}

impl Queue {
    /// In a child made by `fork`: the helper, and what it waits for, are the parent's.
    pub(crate) fn after_fork_in_child(&mut self) {
        self.has_helper = false;
        // Not given back: the events are shared with the parent.
        std::mem::forget(std::mem::take(&mut self.ending));
    }
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { ending: Vec::new(), has_helper: false });
static MORE: Condvar = Condvar::new();

/// How long the helper stays when there is nothing to do.
const IDLE: Duration = Duration::from_millis(200);

thread_local! {
    /// Whether the thread is ours to join.
    static JOINABLE: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread was made here.
pub(super) fn is_joinable() {
    JOINABLE.set(true);
}

/// The key whose destructor tells of the thread's end.
pub(super) fn key() -> Result<libc::pthread_key_t> {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    let made = KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the destructor takes what is kept under the key.
        let status = unsafe { libc::pthread_key_create(&raw mut key, Some(leaves)) };
        (status == 0).then_some(key)
    });
    made.ok_or_else(|| {
        Failure::hint(code::NOT_ENOUGH_MEMORY, "the C library has no key left for a thread's object")
    })
}

pub(crate) fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The destructor: the calling thread runs nothing of the program any more, but for other such destructors.
extern "C" fn leaves(object: *mut c_void) {
    // SAFETY: what is kept under the key is a count of the thread's object.
    let object = unsafe { Arc::from_raw(object.cast_const().cast::<Object>()) };
    CURRENT.set(std::ptr::null());
    let Object::Thread(Thread::Here(life)) = &*object else { return };
    life.alerts.close();
    let nobody_asks = {
        let mut known = known();
        known.remove(&own_number());
        // Only who has it can give it to others, now that it is in no list.
        Arc::strong_count(&object) == 1
    };
    // Once: a destructor that runs after this one may ask for the thread again, and it gets another object.
    if JOINABLE.replace(false) {
        // SAFETY: asks for the calling thread's.
        let me = unsafe { libc::pthread_self() };
        if nobody_asks {
            // SAFETY: it was made joinable, and nobody joins it.
            unsafe { libc::pthread_detach(me) };
        } else {
            announce(Ending { object, sign: Sign::Join(me) });
        }
    } else if !nobody_asks {
        let state =
            rustix::fs::open("/proc/thread-self/stat", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        announce(Ending { object, sign: state.map_or(Sign::None, Sign::State) });
    }
}

fn announce(ending: Ending) {
    let mut queue = lock();
    queue.ending.push(ending);
    if queue.has_helper {
        MORE.notify_one();
    } else if super::helper(help).is_ok() {
        queue.has_helper = true;
    } else {
        // No thread to be had. Too early is better than never.
        let early = std::mem::take(&mut queue.ending);
        drop(queue);
        early.iter().for_each(Ending::is_over_now);
    }
}

/// In a child made by `fork`.
pub(super) fn after_fork_in_child() {
    JOINABLE.set(false);
    super::start::after_fork_in_child();
}

/// The helper.
extern "C" fn help() {
    let mut waiting = Vec::new();
    let mut nap = SHORTEST_NAP;
    loop {
        {
            let mut queue = lock();
            while waiting.is_empty() && queue.ending.is_empty() {
                let (locked, timeout) =
                    MORE.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
                queue = locked;
                if timeout.timed_out() && queue.ending.is_empty() {
                    queue.has_helper = false;
                    return;
                }
            }
            if !queue.ending.is_empty() {
                nap = SHORTEST_NAP;
                waiting.append(&mut queue.ending);
            }
        }
        waiting.retain(|ending: &Ending| !ending.is_over());
        if waiting.is_empty() {
            continue;
        }
        // One thread's destructors may wait for another thread: nobody is waited for longer than this.
        nap = (nap * 2).min(LONGEST_NAP);
        let joined = waiting.iter().position(|ending| ending.joins_within(nap));
        if let Some(index) = joined {
            waiting.swap_remove(index).is_over_now();
        }
    }
}

const SHORTEST_NAP: Duration = Duration::from_micros(20);
const LONGEST_NAP: Duration = Duration::from_millis(2);

impl Ending {
    fn life(&self) -> &Life {
        match &*self.object {
            Object::Thread(Thread::Here(life)) => life,
            _ => unreachable!("only threads of this process end here"),
        }
    }

    fn is_over_now(&self) {
        self.life().end();
    }

    /// Whether the thread has ended, and says so to who waits for it.
    fn is_over(&self) -> bool {
        let over = match &self.sign {
            Sign::Join(thread) => {
                let mut value = null_mut();
                // SAFETY: nobody else joins it, and this does so once.
                let status = unsafe { libc::pthread_tryjoin_np(*thread, &raw mut value) };
                self.joined(status, value)
            }
            Sign::State(file) => has_ended(file),
            Sign::None => true,
        };
        if over {
            self.is_over_now();
        }
        over
    }

    /// Sleeps until the thread has ended, but not for long.
    fn joins_within(&self, time: Duration) -> bool {
        let Sign::Join(thread) = &self.sign else {
            std::thread::sleep(time);
            return false;
        };
        let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + time;
        let until =
            libc::timespec { tv_sec: until.as_secs().cast_signed(), tv_nsec: until.subsec_nanos().into() };
        let mut value = null_mut();
        // SAFETY: as for trying.
        let status = unsafe { libc::pthread_timedjoin_np(*thread, &raw mut value, &raw const until) };
        self.joined(status, value)
    }

    fn joined(&self, status: i32, value: *mut c_void) -> bool {
        if status == 0 && !self.life().has_code() {
            // The thread ended by `pthread_exit`.
            self.life().set_code(value.addr() as u32);
        }
        // Whatever else is wrong with it, waiting longer does not mend it.
        status != libc::EBUSY && status != libc::ETIMEDOUT
    }
}

/// Whether the thread whose file this is has gone, or is the first of a process that goes on without it.
fn has_ended(file: &OwnedFd) -> bool {
    let mut text = [0; 512];
    match rustix::io::pread(file, &mut text, 0) {
        Ok(length) => {
            // The name before it may have any characters.
            let text = &text[..length];
            let name_ends = text.iter().rposition(|&byte| byte == b')').unwrap_or(0);
            matches!(text.get(name_ends + 2), None | Some(b'Z' | b'X'))
        }
        Err(Errno::INTR) => false,
        Err(_) => true,
    }
}
