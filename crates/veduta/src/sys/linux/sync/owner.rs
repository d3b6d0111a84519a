//! Mutexes: who owns the word, how it changes hands, and what happens when the owner ends.
//!
//! The word holds the owner's thread number and two flags. The kernel knows it (`robust`): when the owner ends it puts `DIED` in the
//! number's place and wakes one sleeper. Here:
//!
//! - `SLEEPERS` stays set while the mutex passes from hand to hand, so that whoever takes it wakes the next one when it
//!   releases. Only an owner that counts nobody asleep takes it away, with the release itself, and wakes who came since.
//! - A thread that sleeps for the word has announced it to the kernel all the time. If it is killed with the wake-up in its
//!   hands, the kernel wakes the next one.
//! - Which thread owns it *in this process*, and how often, stands in private memory: numbers of threads mean nothing in another
//!   pid namespace, and anybody can write to the page.

use super::super::step::{Step, reached};
use super::futex::{self, Deadline};
use super::page::{DIED, Page, SLEEPERS, THREAD};
use super::primitive::{AtomicU32, AtomicU64, Expected, Ordering};
use super::robust::{self, Node, Thread};
use crate::{Code, Error, Result};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A mutex as this process has it mapped.
pub(super) struct Owner {
    node: Node,
    /// The [`Thread::token`] of the owner, if it is a thread of this process, or was and ended.
    thread: AtomicU64,
    /// The owner's number in the word, until the kernel or the owner takes it out.
    number: AtomicU32,
    /// How often it owns the mutex. Only the owner touches this and what follows.
    recursion: AtomicU32,
    /// How many of these times a guard answers for.
    guards: AtomicU32,
    /// Whether the owner before ended without releasing it.
    abandoned: AtomicBool,
}

/// How a mutex came to be owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// It was free, or the thread owned it already.
    Free,
    /// Its owner had ended without releasing it.
    Abandoned,
}

/// How long a thread sleeps on a mutex whose sleepers the kernel cannot all answer for.
const CROWDED_NAP: Duration = Duration::from_millis(50);

impl Owner {
    pub(super) fn new(node: Node) -> Owner {
        Owner {
            node,
            thread: AtomicU64::new(0),
            number: AtomicU32::new(0),
            recursion: AtomicU32::new(0),
            guards: AtomicU32::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    /// Whether the node is in the list of a thread of this process. A thread that has ended is in the word until the kernel has come by; it
    /// has read the node by then.
    pub(super) fn is_in_use(&self, page: &Page) -> bool {
        let thread = self.thread.load(Ordering::Relaxed);
        thread != 0
            && (robust::lives(thread)
                || page.owner.load(Ordering::SeqCst) & THREAD == self.number.load(Ordering::Relaxed))
    }

    /// Notes that a guard answers for one of the times that the calling thread acquired the mutex. `false`: each has one.
    #[inline]
    pub(super) fn add_guard(&self) -> bool {
        let guards = self.guards.load(Ordering::Relaxed);
        let free = guards < self.recursion.load(Ordering::Relaxed);
        if free {
            self.guards.store(guards + 1, Ordering::Relaxed);
        }
        free
    }

    /// Undoes [`add_guard`](Self::add_guard), by the owner.
    #[inline]
    pub(super) fn remove_guard(&self, me: Thread) {
        if self.thread.load(Ordering::Relaxed) == me.token() {
            self.guards.store(self.guards.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
        }
    }

    /// Whether the mutex was abandoned when the calling thread, its owner, acquired it.
    pub(super) fn was_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    #[inline]
    fn is_mine(&self, page: &Page, me: Thread) -> bool {
        self.thread.load(Ordering::Relaxed) == me.token()
            && page.owner.load(Ordering::Relaxed) & THREAD == me.number()
    }

    /// Whether the calling thread could have the mutex now.
    pub(super) fn is_available(&self, page: &Page) -> Result<bool> {
        Ok(page.owner.load(Ordering::SeqCst) & THREAD == 0 || self.is_mine(page, Thread::current()?))
    }

    /// Whether the calling thread owns the mutex.
    pub(super) fn is_owned_here(&self, page: &Page) -> Result<bool> {
        Ok(self.is_mine(page, Thread::current()?))
    }

    /// Takes the mutex if it is free and nobody ever waited for it: the common case, and nothing else.
    #[inline(always)]
    pub(super) fn try_claim(&self, page: &Page, me: Thread) -> bool {
        if self.thread.load(Ordering::Relaxed) != 0 || !me.may_own_more() {
            return false;
        }
        me.announce(self.node);
        reached(Step::ClaimOwner);
        let free = page.owner.compare_exchange(0, me.number(), Ordering::SeqCst, Ordering::Relaxed).is_ok();
        if free {
            reached(Step::LinkOwner);
            if self.thread.load(Ordering::Relaxed) == 0 {
                self.settle_in(page, me, false);
            } else {
                return self.is_claimed_after_all(page, me);
            }
        }
        me.finish();
        free
    }

    /// The rest of claiming: the word is the thread's, the node in no list.
    #[inline(always)]
    fn settle_in(&self, page: &Page, me: Thread, abandoned: bool) {
        me.link(self.node);
        self.number.store(me.number(), Ordering::Relaxed);
        self.guards.store(0, Ordering::Relaxed);
        self.abandoned.store(abandoned, Ordering::Relaxed);
        self.thread.store(me.token(), Ordering::Relaxed);
        self.recursion.store(1, Ordering::Relaxed);
        page.recursion.store(1, Ordering::Relaxed);
        page.process.store(me.process(), Ordering::Relaxed);
    }

    /// Gives back a word that somebody wrote to behind the owner's back. Who wants to know what is wrong tries again.
    #[cold]
    fn is_claimed_after_all(&self, page: &Page, me: Thread) -> bool {
        Self::hand_on(page, me, 0);
        me.finish();
        false
    }

    /// Takes the mutex if it can be had at once. `slept`: the thread has slept for it.
    pub(super) fn try_acquire(&self, page: &Page, me: Thread, slept: bool) -> Result<Option<Acquired>> {
        if self.is_mine(page, me) {
            return self.again(page).map(Some);
        }
        if page.owner.load(Ordering::SeqCst) & THREAD != 0 {
            return Ok(None);
        }
        me.announce(self.node);
        let acquired = self.claim(page, me, if slept { SLEEPERS } else { 0 });
        me.finish();
        acquired
    }

    #[cold]
    fn again(&self, page: &Page) -> Result<Acquired> {
        let recursion = self.recursion.load(Ordering::Relaxed).checked_add(1).ok_or_else(|| {
            Error::new(Code::NO_SYSTEM_RESOURCES, "acquire mutex")
                .hint("this thread owns it more often than can be counted")
        })?;
        self.recursion.store(recursion, Ordering::Relaxed);
        page.recursion.store(recursion, Ordering::Relaxed);
        Ok(Acquired::Free)
    }

    /// Takes a mutex that nobody owns. The caller has announced it. `flag` is [`SLEEPERS`] if it slept: where it did, others may
    /// still, whatever the word says.
    fn claim(&self, page: &Page, me: Thread, flag: u32) -> Result<Option<Acquired>> {
        if !me.may_own_more() {
            return Err(Error::new(Code::NO_SYSTEM_RESOURCES, "acquire mutex").hint(
                "this thread owns as many mutexes as the kernel looks after; release some, also those whose handles are closed",
            ));
        }
        let mut seen = 0;
        loop {
            reached(Step::ClaimOwner);
            let owned = me.number() | seen & SLEEPERS | flag;
            match page.owner.compare_exchange(seen, owned, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) if now & THREAD == 0 => seen = now,
                Err(_) => return Ok(None),
            }
        }
        reached(Step::LinkOwner);
        let before = self.thread.load(Ordering::Relaxed);
        if before != 0 {
            self.take_over(page, me, before, seen & DIED)?;
        }
        if before == me.token() {
            me.unlink(self.node);
        }
        let abandoned = seen & DIED != 0;
        self.settle_in(page, me, abandoned);
        Ok(Some(if abandoned { Acquired::Abandoned } else { Acquired::Free }))
    }

    /// Looks after the node, which a thread of this process left in its list: it ended, or somebody wrote to the word behind its back. The
    /// word belongs to the calling thread by now.
    #[cold]
    fn take_over(&self, page: &Page, me: Thread, before: u64, died: u32) -> Result<()> {
        if before == me.token() || robust::has_ended(before) {
            return Ok(());
        }
        // The node is in the list of a thread that may be changing it just now. Whoever comes next is told what this thread was.
        page.owner.store(SLEEPERS | died, Ordering::SeqCst);
        futex::wake(&page.owner, 1);
        me.finish();
        Err(Error::new(Code::INVALID_DATA, "acquire mutex").hint(
            "somebody wrote to its state: it has no owner, but a thread of this process acquired it and has not released it",
        ))
    }

    /// Gives the mutex up once.
    #[inline(always)]
    pub(super) fn release(&self, page: &Page, me: Thread) -> Result<()> {
        if self.try_release(page, me) { Ok(()) } else { self.release_one_of_many(page, me) }
    }

    /// Gives the mutex up if the calling thread acquired it once: the common case. `false` may also mean that somebody wrote to the word
    /// behind the owner's back: then it is given up in this process, and nothing is left to release.
    #[inline(always)]
    pub(super) fn try_release(&self, page: &Page, me: Thread) -> bool {
        self.thread.load(Ordering::Relaxed) == me.token()
            && self.recursion.load(Ordering::Relaxed) == 1
            && self.give_up(page, me, 0)
    }

    #[cold]
    fn release_one_of_many(&self, page: &Page, me: Thread) -> Result<()> {
        if !self.is_mine(page, me) {
            return Err(not_owner());
        }
        let left = self.recursion.load(Ordering::Relaxed) - 1;
        self.recursion.store(left, Ordering::Relaxed);
        page.recursion.store(left, Ordering::Relaxed);
        Ok(())
    }

    /// Undoes an acquisition that is not wanted, and leaves the mutex as it was found.
    pub(super) fn put_back(&self, page: &Page, acquired: Acquired) -> Result<()> {
        let me = Thread::current()?;
        match (acquired, self.recursion.load(Ordering::Relaxed)) {
            (Acquired::Abandoned, 1) if self.give_up(page, me, DIED) => Ok(()),
            (Acquired::Abandoned, 1) => Err(not_owner()),
            _ => self.release(page, me),
        }
    }

    /// `false`: the word was not the thread's any more.
    #[inline(always)]
    fn give_up(&self, page: &Page, me: Thread, flag: u32) -> bool {
        self.thread.store(0, Ordering::Relaxed);
        page.recursion.store(0, Ordering::Relaxed);
        me.announce(self.node);
        me.unlink(self.node);
        reached(Step::ReleaseOwner);
        let free = page.owner.compare_exchange(me.number(), flag, Ordering::SeqCst, Ordering::Relaxed);
        if let Err(seen) = free {
            if seen & THREAD != me.number() {
                me.finish();
                return false;
            }
            Self::hand_on(page, me, flag);
        }
        me.finish();
        true
    }

    /// Releases a mutex that others sleep for, or did. The caller has announced it.
    #[cold]
    fn hand_on(page: &Page, me: Thread, flag: u32) {
        let nobody = futex::sleepers(&page.owner) == 0;
        let change =
            |from, to| page.owner.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if nobody && change(me.number() | SLEEPERS, flag) {
            reached(Step::WakeOwner);
            // Somebody may have fallen asleep since they were counted.
            if futex::wake(&page.owner, 1) > 0 {
                Self::expect_sleepers(page);
            }
            return;
        }
        page.owner.store(SLEEPERS | flag, Ordering::SeqCst);
        reached(Step::WakeOwner);
        futex::wake(&page.owner, 1);
    }

    /// Lets whoever releases the mutex next look for sleepers.
    fn expect_sleepers(page: &Page) {
        let mut seen = page.owner.load(Ordering::SeqCst);
        while seen & SLEEPERS == 0 {
            match page.owner.compare_exchange(seen, seen | SLEEPERS, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Passes a wake-up on that this thread may have got and has no use for.
    pub(super) fn pass_on(page: &Page) {
        let seen = page.owner.load(Ordering::SeqCst);
        if seen & THREAD != 0 {
            // Whoever owns it came by, and may not know that others sleep.
            Self::expect_sleepers(page);
        } else if seen & SLEEPERS != 0 {
            futex::wake(&page.owner, 1);
        }
    }

    /// What to sleep on until the mutex may be had; `None`: it may be had now.
    pub(super) fn expected<'a>(&self, page: &'a Page) -> Option<Expected<'a>> {
        let mut seen = page.owner.load(Ordering::SeqCst);
        loop {
            if seen & THREAD == 0 {
                return None;
            }
            if seen & SLEEPERS != 0 {
                return Some(Expected { word: &page.owner, value: seen });
            }
            match page.owner.compare_exchange(seen, seen | SLEEPERS, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(Expected { word: &page.owner, value: seen | SLEEPERS }),
                Err(now) => seen = now,
            }
        }
    }

    /// Acquires the mutex, and waits until it can be had.
    pub(super) fn acquire(&self, page: &Page, deadline: Deadline) -> Result<Option<Acquired>> {
        let me = Thread::current()?;
        if self.is_mine(page, me) {
            return self.again(page).map(Some);
        }
        me.announce(self.node);
        let mut slept = 0;
        let acquired = loop {
            match self.claim(page, me, slept) {
                Ok(None) => {}
                done => break done,
            }
            if deadline.has_passed() {
                break Ok(None);
            }
            if let Some(expected) = self.expected(page) {
                reached(Step::SleepOnOwner);
                if let Err(error) = futex::sleep(&[expected], nap(page, deadline)) {
                    break Err(error);
                }
                slept = SLEEPERS;
            }
        };
        if !matches!(acquired, Ok(Some(_))) {
            Self::pass_on(page);
        }
        me.finish();
        acquired
    }

    /// Tells the kernel that this thread sleeps for the mutex.
    pub(super) fn announce(&self) -> Result<()> {
        Thread::current()?.announce(self.node);
        Ok(())
    }

    /// Lets everybody who sleeps for the mutex, now and later, look again from time to time: a thread will sleep on it whose
    /// death the kernel answers for on another mutex.
    pub(super) fn crowd(page: &Page) {
        if page.crowded.swap(1, Ordering::SeqCst) == 0 {
            futex::wake(&page.owner, u32::MAX);
        }
    }
}

/// Until when to sleep for a mutex.
pub(super) fn nap(page: &Page, deadline: Deadline) -> Deadline {
    match page.crowded.load(Ordering::SeqCst) {
        0 => deadline,
        _ => deadline.or_in(CROWDED_NAP),
    }
}

#[cold]
pub(super) fn not_owner() -> Error {
    Error::new(Code::NOT_OWNER, "release mutex").hint("only the thread that acquired it can release it")
}
