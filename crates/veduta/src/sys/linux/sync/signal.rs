//! Events and semaphores: how a unit of one goes to a waiter, or stays until somebody takes it.
//!
//! As on Windows, who signals gives the object away to a waiter at once: what was given can be neither taken by a third
//! nor undone by a reset, and two signals release two waiters even if neither of them has run yet.
//!
//! - A waiter sits down in a *seat* (stores `WAITING`), looks once more whether it can take the object, and sleeps on the seat.
//! - Who signals *marks* the state, looks for a waiting seat, gives the object to it (`GRANTING`) or raises the value, and
//!   unmarks the state, all by compare-and-exchange. Nobody who sat down falls asleep past a mark: either the signaller sees
//!   the seat, or the waiter the mark, and waits until it is gone.
//! - Then it wakes the seat (`GRANTED`). If nobody sleeps there, the waiter is still on its feet, or dead: the unit is taken back
//!   (`NUDGED`) and goes elsewhere, unless the waiter has seen it already.
//! - A mark may be broken by anyone who finds it in the way for too long: its owner was killed or stopped. What it had not
//!   finished has not happened; if it comes back, its last exchange fails and it begins again. Setting a manual event is finished by whoever
//!   breaks its mark: to set it twice is to set it once.
//!
//! Killed between two of these steps, a signaller leaves at worst a seat in `GRANTING` whose thread sleeps on: as if it had
//! not signaled. The next one delivers that too. Nobody else's unit is ever in its hands.

use super::super::fork::process_id;
use super::super::step::{Step, reached};
use super::Few;
use super::futex::wake;
use super::page::{ONE_MORE, Page, QUEUED, SEATS, SETTING, is_marked, seat, value};
use super::primitive::{AtomicU32, Expected, Ordering};

/// What an event or semaphore does, fixed when it is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// An event that one wait resets.
    Auto,
    /// An event that stays signaled.
    Manual,
    /// A semaphore.
    Counting { maximum: u32 },
}

/// A semaphore's maximum would be passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) count: u32,
}

/// What a signaller gave: the seat, and the word that says so, which only one sitting ever has.
#[derive(Clone, Copy)]
struct Gift {
    seat: usize,
    word: u32,
}

/// The state as one signaller left it, with its mark.
struct Mark(u64);

impl Mark {
    fn value(&self) -> u32 {
        value(self.0)
    }
}

/// How often one signal looks for a waiter: more often than there are seats that dead ones left. Who is still led to nobody then has
/// somebody write to the seats all the time.
const ROUNDS: u32 = 10 * SEATS as u32;

/// A number that few other marks have at the same time.
fn tag() -> u64 {
    // Not loom's: it only has to differ.
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // 0 is no mark.
    u64::from((count.wrapping_add(process_id() << 16) & 0x7FFF_FFFF).max(1)) << 32
}

impl Page {
    /// Takes a unit if there is one, or finds a manual event signaled.
    pub(super) fn try_take(&self, rule: Rule) -> bool {
        let left = |state| match (value(state), rule) {
            (0, _) => None,
            (_, Rule::Manual) => Some(state),
            (_, Rule::Auto) => Some(0),
            (count, Rule::Counting { .. }) => Some(u64::from(count - 1)),
        };
        self.change(left).is_some()
    }

    /// Changes the state to what `next` makes of it, once nobody else is changing it; gives what it is then. `None`: `next` wants no
    /// change.
    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        let mut seen = self.state.load(Ordering::SeqCst);
        let mut marks = 0;
        loop {
            if is_marked(seen) {
                seen = self.settled(seen, &mut marks);
                continue;
            }
            let then = next(seen)?;
            if then == seen {
                return Some(seen);
            }
            match self.exchange(seen, then) {
                Ok(()) => return Some(then),
                Err(now) => seen = now,
            }
        }
    }

    /// The value, once nobody is changing it.
    pub(super) fn settled_value(&self) -> u32 {
        self.change(Some).map_or(0, value)
    }

    /// Sets an event, or releases units of a semaphore; gives the value before.
    pub(super) fn put(&self, rule: Rule, units: u32) -> Result<u32, TooMany> {
        match rule {
            Rule::Manual => Ok(self.set_manual()),
            Rule::Auto => self.give(units, |_, _| Ok(1)),
            Rule::Counting { maximum } => self.give(units, |count, rest| match count.checked_add(rest) {
                Some(sum) if sum <= maximum => Ok(sum),
                _ => Err(TooMany { count }),
            }),
        }
    }

    /// Gives back a unit that was taken but is not wanted. There was room for it when it was taken.
    pub(super) fn put_back(&self, rule: Rule) {
        let never_full = |count: u32, rest: u32| match rule {
            Rule::Counting { maximum } => Ok(count.saturating_add(rest).min(maximum)),
            _ => Ok(1),
        };
        if rule != Rule::Manual {
            let given: Result<u32, TooMany> = self.give(1, never_full);
            debug_assert!(given.is_ok(), "a saturating sum has no maximum to pass");
        }
    }

    /// Makes a seat ready that a killed thread may have left. What that one was given when it was dead goes back.
    pub(super) fn clear_seat(&self, seat: usize, rule: Rule) {
        if self.free_seat(seat) == seat::GRANTING {
            self.put_back(rule);
        }
    }

    /// Leaves a seat, or clears it; gives the state that it was in.
    pub(super) fn free_seat(&self, seat: usize) -> u32 {
        seat::state(self.seats[seat].fetch_and(!seat::STATE | seat::FREE, Ordering::SeqCst))
    }

    /// Gives units to waiters, and what is left over to the value, which `raised` makes of the value and the rest.
    fn give(
        &self,
        mut units: u32,
        raised: impl Fn(u32, u32) -> Result<u32, TooMany>,
    ) -> Result<u32, TooMany> {
        let mut before = None;
        let mut chosen = Few::new();
        let mut rounds = 0;
        loop {
            rounds += 1;
            let wanted = units;
            let mark = self.mark();
            // A semaphore has either waiters or units to spare, so all of them must fit even if some are given away.
            let fits = raised(mark.value(), units);
            if before.is_none()
                && let Err(too_many) = fits
            {
                self.unmark(mark, too_many.count);
                return Err(too_many);
            }
            self.choose_waiters(if rounds < ROUNDS { units } else { 0 }, &mut chosen);
            let rest = units - chosen.len() as u32;
            let next = match rest {
                0 => mark.value(),
                // Others raised it since: full is full.
                rest => raised(mark.value(), rest).unwrap_or_else(|too_many| too_many.count),
            };
            if rest > 0 {
                self.nudge_queue();
                // Others will see the rest: whoever is given something must not sleep on beside it, should we be killed.
                chosen.retain(|&mut gift| !self.call(gift));
            }
            let first = mark.value();
            if !self.unmark(mark, next) {
                // Somebody took us for dead. What a waiter knows of already is given; the rest is undone.
                chosen.retain(|&mut gift| self.withdraw(gift));
                if rest + (chosen.len() as u32) < wanted {
                    before.get_or_insert(first);
                }
                units = rest + chosen.drain(..).count() as u32;
            } else {
                before.get_or_insert(first);
                units = chosen.drain(..).filter(|&gift| !self.deliver(gift)).count() as u32;
            }
            if units == 0 || rounds == 2 * ROUNDS {
                return Ok(before.unwrap_or(first));
            }
        }
    }

    /// Releases everybody who waits, and leaves the event signaled. Both under one mark: who was released and looks again finds the mark, and
    /// behind it the event signaled. Should this thread be killed or stopped, whoever is in a hurry does the rest.
    fn set_manual(&self) -> u32 {
        let mark = self.mark_with(SETTING);
        let before = mark.value();
        self.finish_setting(mark.0);
        before
    }

    /// The mark is in the way of who sits down from now on, so that nobody falls asleep behind it.
    fn finish_setting(&self, marked: u64) {
        self.release_all();
        self.nudge_queue();
        reached(Step::UnmarkState);
        // If it is not there any more, somebody else was as far as this.
        let _ = self.exchange(marked, 1);
    }

    /// Releases who waits just now, and leaves the event unsignaled.
    pub(super) fn pulse(&self, rule: Rule) {
        match rule {
            Rule::Manual => self.release_all(),
            _ => {
                let mut chosen = Few::new();
                for _ in 0..ROUNDS {
                    self.choose_waiters(1, &mut chosen);
                    match chosen.pop() {
                        Some(gift) if !self.deliver(gift) => continue,
                        _ => break,
                    }
                }
            }
        }
        self.reset();
    }

    /// Makes an event unsignaled.
    pub(super) fn reset(&self) {
        self.change(|_| Some(0));
    }

    fn release_all(&self) {
        let mut chosen = Few::new();
        self.choose_waiters(u32::MAX, &mut chosen);
        for gift in chosen {
            // Whether it slept or not: it will see that it was released.
            if !self.call(gift) {
                self.become_of(gift, seat::GRANTED);
            }
        }
    }

    /// Gives the object to waiters, at most so many, who do not know it yet.
    fn choose_waiters(&self, most: u32, chosen: &mut Few<Gift>) {
        let seats = self.used_seats();
        // Behind the last one who got something, so that all get their turn.
        let first = self.cursor.load(Ordering::Relaxed) as usize % seats.len().max(1);
        let order = (0..seats.len()).map(|step| (first + step) % seats.len());
        for index in order {
            if chosen.len() as u32 >= most {
                break;
            }
            let word = seats[index].load(Ordering::SeqCst);
            let gift = Gift { seat: index, word: seat::with(word, seat::GRANTING) };
            match seat::state(word) {
                seat::WAITING => {
                    reached(Step::GrantSeat);
                    if replace(&seats[index], word, gift.word) {
                        self.cursor.store(index as u32 + 1, Ordering::Relaxed);
                        chosen.push(gift);
                    }
                }
                // Whoever gave it was killed before it could say so, or is about to.
                seat::GRANTING => {
                    self.call(gift);
                }
                _ => {}
            }
        }
    }

    /// Wakes a waiter that was given something. Says whether it slept.
    fn call(&self, gift: Gift) -> bool {
        reached(Step::WakeSeat);
        let slept = wake(&self.seats[gift.seat], 1) > 0;
        if slept {
            reached(Step::MarkGranted);
            self.become_of(gift, seat::GRANTED);
        }
        slept
    }

    /// Says what became of a gift, unless its waiter has left the sitting that it was given in. Says whether it had not.
    fn become_of(&self, gift: Gift, state: u32) -> bool {
        replace(&self.seats[gift.seat], gift.word, seat::with(gift.word, state))
    }

    /// Tells a waiter that it was given something. Says whether it was still there to be told.
    fn deliver(&self, gift: Gift) -> bool {
        self.call(gift) || !self.take_back(gift)
    }

    /// Undoes a gift that its waiter does not know of. Says whether it did.
    fn take_back(&self, gift: Gift) -> bool {
        reached(Step::TakeBack);
        self.become_of(gift, seat::NUDGED)
    }

    /// As [`take_back`](Self::take_back), of a waiter that may be asleep and has to look again.
    fn withdraw(&self, gift: Gift) -> bool {
        let undone = self.take_back(gift);
        if undone {
            wake(&self.seats[gift.seat], 1);
        }
        undone
    }

    /// Wakes the threads that wait for several objects at once, and were missing this one: all of them, because who finds another
    /// one missing has no use for it. The caller has marked the state.
    fn nudge_queue(&self) {
        let mut seen = self.queue.load(Ordering::SeqCst);
        while seen & QUEUED != 0 {
            reached(Step::NudgeQueue);
            // Who is about to sleep there finds the word changed, and looks again; who signals next still sees that somebody may.
            let nudged = seen.wrapping_add(ONE_MORE);
            if !replace(&self.queue, seen, nudged) {
                seen = self.queue.load(Ordering::SeqCst);
                continue;
            }
            wake(&self.queue, u32::MAX);
            // Unless somebody came since.
            replace(&self.queue, nudged, nudged & !QUEUED);
            return;
        }
    }

    /// What to sleep on until the object may be had, for who waits for others too; `None`: it may be had now.
    pub(super) fn queue_up(&self) -> Option<Expected<'_>> {
        let mut seen = self.queue.load(Ordering::SeqCst);
        loop {
            let queued = seen.wrapping_add(ONE_MORE) | QUEUED;
            if replace(&self.queue, seen, queued) {
                // Whoever signals from here on sees that; what was signaled before is seen by looking once more.
                return (self.settled_value() == 0).then_some(Expected { word: &self.queue, value: queued });
            }
            seen = self.queue.load(Ordering::SeqCst);
        }
    }

    fn mark(&self) -> Mark {
        self.mark_with(0)
    }

    fn mark_with(&self, purpose: u64) -> Mark {
        reached(Step::MarkState);
        let tag = tag() | purpose;
        match self.change(|state| Some(state | tag)) {
            Some(marked) => Mark(marked),
            None => unreachable!("every state can be marked"),
        }
    }

    /// Takes a mark away and sets the value. `false`: somebody broke the mark.
    fn unmark(&self, mark: Mark, value: u32) -> bool {
        reached(Step::UnmarkState);
        self.exchange(mark.0, value.into()).is_ok()
    }

    /// Marks the state if there is something to take: the first half of taking from several objects at once.
    pub(super) fn reserve(&self) -> Option<Reserved> {
        let tag = tag();
        let marked = self.change(|state| (value(state) != 0).then_some(state | tag));
        marked.map(|marked| Reserved(Mark(marked)))
    }

    /// Takes what was reserved. `false`: somebody broke the reservation.
    pub(super) fn redeem(&self, reserved: Reserved, rule: Rule) -> bool {
        let Reserved(mark) = reserved;
        let left = match rule {
            Rule::Manual => mark.value(),
            Rule::Auto => 0,
            Rule::Counting { .. } => mark.value() - 1,
        };
        self.unmark(mark, left)
    }

    /// Takes nothing after all.
    pub(super) fn cancel(&self, reserved: Reserved) {
        let same = reserved.0.value();
        // Broken already: as good.
        self.unmark(reserved.0, same);
    }

    fn exchange(&self, from: u64, to: u64) -> Result<(), u64> {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).map(drop)
    }

    /// Waits until a mark is gone, or breaks it. `marks` counts how many the caller has met.
    #[cold]
    fn settled(&self, marked: u64, marks: &mut u32) -> u64 {
        /// More in a row than there ever are, unless somebody writes them to keep others waiting.
        const MANY: u32 = 50;
        *marks += 1;
        if cfg!(not(loom)) && *marks < MANY {
            use std::time::{Duration, Instant};
            /// Longer than any living signaller needs between its two exchanges, if it runs.
            const PATIENCE: Duration = Duration::from_millis(1);
            for _ in 0..100 {
                std::hint::spin_loop();
                let now = self.state.load(Ordering::SeqCst);
                if now != marked {
                    return now;
                }
            }
            let begun = Instant::now();
            while begun.elapsed() < PATIENCE {
                std::thread::yield_now();
                let now = self.state.load(Ordering::SeqCst);
                if now != marked {
                    return now;
                }
            }
        }
        // For loom every mark has been in the way for too long.
        if marked & SETTING != 0 {
            self.finish_setting(marked);
            return self.state.load(Ordering::SeqCst);
        }
        match self.exchange(marked, value(marked).into()) {
            Ok(()) => value(marked).into(),
            Err(now) => now,
        }
    }
}

/// A unit that is set aside, but not taken.
pub(super) struct Reserved(Mark);

fn replace(seat: &AtomicU32, from: u32, to: u32) -> bool {
    seat.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

const _: () = assert!(SEATS <= u16::MAX as usize, "a seat's number is small");
