//! Who notices that a process ended: one thread that sleeps for all processes which are waited for, and for all children, whose
//! remains it removes. Each is known by its pidfd, so that children which the program has made by other means are left alone.

use super::Shared;
use crate::failure::Result;
use crate::thread;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(crate) struct Watch {
    epoll: Option<Arc<OwnedFd>>,
    watched: Option<HashMap<u64, Watched>>,
    last: u64,
    has_helper: bool,
}

enum Watched {
    /// A child is watched until it ends, also when nobody has a handle to it.
    Child(Arc<Shared>),
    Other(Weak<Shared>),
}

static WATCH: Mutex<Watch> = Mutex::new(Watch { epoll: None, watched: None, last: 0, has_helper: false });

/// How long the helper stays when there is nothing to watch.
const IDLE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

pub(crate) fn lock() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// In a child made by `fork`: the epoll instance is the parent's.
    pub(crate) fn after_fork_in_child(&mut self) {
        self.has_helper = false;
        std::mem::forget(self.watched.take());
        // Closing is no more than giving a number back: the parent has its own.
        self.epoll = None;
    }
}

/// Has a process looked at when it ends.
pub(super) fn watch(process: &Arc<Shared>, is_child: bool) -> Result<()> {
    let mut watch = lock();
    if key_of(process).is_some() {
        return Ok(());
    }
    let epoll = match &watch.epoll {
        Some(epoll) => Arc::clone(epoll),
        None => {
            let epoll = Arc::new(epoll::create(epoll::CreateFlags::CLOEXEC)?);
            watch.epoll = Some(Arc::clone(&epoll));
            epoll
        }
    };
    if !watch.has_helper {
        thread::helper(help)?;
        watch.has_helper = true;
    }
    watch.last = watch.last % u64::from(u32::MAX) + 1;
    let key = u64::from(std::process::id()) << 32 | watch.last;
    epoll::add(&*epoll, &process.pidfd, epoll::EventData::new_u64(key), epoll::EventFlags::IN)?;
    process.watched.store(key, Ordering::Relaxed);
    let watched =
        if is_child { Watched::Child(Arc::clone(process)) } else { Watched::Other(Arc::downgrade(process)) };
    watch.watched.get_or_insert_default().insert(key, watched);
    Ok(())
}

/// By which this process watches another; what it was forked from may have done so before.
fn key_of(process: &Shared) -> Option<u64> {
    let key = process.watched.load(Ordering::Relaxed);
    (key >> 32 == u64::from(std::process::id())).then_some(key)
}

/// Nobody has a handle to the process any more.
pub(super) fn forget(process: &Shared) {
    let Some(key) = key_of(process) else { return };
    let mut watch = lock();
    let watched = watch.watched.as_mut().and_then(|watched| watched.remove(&key));
    if watched.is_some()
        && let Some(epoll) = &watch.epoll
    {
        let _gone = epoll::delete(&**epoll, &process.pidfd);
    }
    drop(watch);
    drop(watched);
}

/// The helper.
extern "C" fn help() {
    let mut events = Vec::with_capacity(64);
    loop {
        let (epoll, idle) = {
            let mut watch = lock();
            let Some(epoll) = watch.epoll.clone() else {
                watch.has_helper = false;
                return;
            };
            (epoll, watch.watched.as_ref().is_none_or(HashMap::is_empty))
        };
        events.clear();
        let woken = epoll::wait(&*epoll, rustix::buffer::spare_capacity(&mut events), idle.then_some(&IDLE));
        match woken {
            Ok(0) => {
                let mut watch = lock();
                if watch.watched.as_ref().is_none_or(HashMap::is_empty) {
                    watch.has_helper = false;
                    return;
                }
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => {
                lock().has_helper = false;
                return;
            }
        }
        for event in &events {
            let process = take(event.data.u64());
            if let Some(process) = process {
                process.look();
            }
        }
    }
}

/// A process that has ended, which need not be watched any more.
fn take(key: u64) -> Option<Arc<Shared>> {
    let mut watch = lock();
    let process = match watch.watched.as_mut()?.remove(&key)? {
        Watched::Child(process) => process,
        Watched::Other(process) => process.upgrade()?,
    };
    if let Some(epoll) = &watch.epoll {
        let _gone = epoll::delete(&**epoll, &process.pidfd);
    }
    Some(process)
}
