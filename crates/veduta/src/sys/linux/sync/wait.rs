//! Waiting for one object, for any of several, and for all of several at once.
//!
//! A thread that waits for one or any sits down in a seat of each event and semaphore, and sleeps on all these seats and on the
//! owners of the mutexes. Whoever signals one of the objects gives it to the thread then and there; if two do, the thread keeps the
//! first and gives the other back.
//!
//! A thread that waits for all must not be given one without the others. It finds one that it cannot have, sleeps in that
//! one's queue, and tries again when it is woken: first looks at all, then sets a unit of each aside, in an order that all
//! processes share, then takes them. A queue is woken as a whole. Of a mutex's sleepers one is woken: if it has no use for that it
//! passes it on, and if it is killed, the kernel does.

use super::super::step::{Step, reached};
use super::Few;
use super::cell::{Cell, Nature};
use super::futex::{self, Deadline};
use super::owner::{Acquired, Owner, nap};
use super::page::seat;
use super::primitive::{AtomicU32, Expected, Ordering};
use super::robust::Thread;
use super::signal::Reserved;
use crate::{Result, Waited};
use rustix::fd::BorrowedFd;
use std::ops::Deref;

/// An object to wait for, and a descriptor of its page.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(super) cell: &'a Cell,
    pub(super) bytes: BorrowedFd<'a>,
}

impl Target<'_> {
    /// Whether both are the same object.
    pub(crate) fn is(&self, other: &Target<'_>) -> bool {
        std::ptr::eq(self.cell, other.cell)
    }
}

/// What makes waits of this process return before their time. A word that is 0 until it is raised, and that sleepers sleep on too.
pub(crate) struct Interrupt(AtomicU32);

impl Interrupt {
    pub(crate) fn new() -> Interrupt {
        Interrupt(AtomicU32::new(0))
    }

    pub(crate) fn raise(&self) {
        if self.0.swap(1, Ordering::SeqCst) == 0 {
            futex::wake(&self.0, u32::MAX);
        }
    }

    /// Says whether it was raised.
    pub(crate) fn lower(&self) -> bool {
        self.0.swap(0, Ordering::SeqCst) != 0
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    fn expected(&self) -> Expected<'_> {
        Expected { word: &self.0, value: 0 }
    }
}

fn is_raised(interrupt: Option<&Interrupt>) -> bool {
    interrupt.is_some_and(Interrupt::is_raised)
}

fn waited(index: usize, acquired: Acquired) -> Waited {
    match acquired {
        Acquired::Free => Waited::Signaled(index),
        Acquired::Abandoned => Waited::Abandoned(index),
    }
}

/// Waits until one of the objects can be had, and takes it: the first in the list, if there are several. `None`: interrupted.
pub(crate) fn any(
    targets: &[Target<'_>],
    deadline: Deadline,
    interrupt: Option<&Interrupt>,
) -> Result<Option<Waited>> {
    if let Some((index, acquired)) = try_any(cells(targets), false)? {
        return Ok(Some(waited(index, acquired)));
    }
    if is_raised(interrupt) {
        return Ok(None);
    }
    if deadline.has_passed() {
        return Ok(Some(Waited::TimedOut));
    }
    match targets {
        [Target { cell: Cell { nature: Nature::Mutex(owner), .. }, .. }] if interrupt.is_none() => {
            let acquired = owner.acquire(targets[0].cell.page(), deadline)?;
            let acquired = targets[0].cell.believe(acquired)?;
            Ok(Some(acquired.map_or(Waited::TimedOut, |acquired| waited(0, acquired))))
        }
        [first, ..] => match first.cell.patience.spin(deadline, || try_any(cells(targets), false))? {
            Some((index, acquired)) => Ok(Some(waited(index, acquired))),
            None => Sitting::take(targets.iter().map(|target| (target.cell, target.bytes)))
                .wait(deadline, interrupt),
        },
        // Only for the interrupt, then.
        [] => {
            Sitting::take(targets.iter().map(|target| (target.cell, target.bytes))).wait(deadline, interrupt)
        }
    }
}

fn cells<'a>(targets: &[Target<'a>]) -> impl Iterator<Item = &'a Cell> {
    targets.iter().map(|target| target.cell)
}

pub(super) fn try_any<'a>(
    cells: impl Iterator<Item = &'a Cell>,
    slept: bool,
) -> Result<Option<(usize, Acquired)>> {
    for (index, cell) in cells.enumerate() {
        if let Some(acquired) = cell.try_acquire(slept)? {
            return Ok(Some((index, acquired)));
        }
    }
    Ok(None)
}

/// A thread, or a future, with a seat in each event and semaphore that it waits for. `C` is what keeps the cells.
pub(super) struct Sitting<C: Deref<Target = Cell>> {
    /// In the order of the objects, with the seat; `None` for a mutex, or where every seat is taken.
    places: Few<(C, Option<usize>)>,
    /// Whether the thread has to look for itself from time to time, because not every object can wake it.
    naps: bool,
}

impl<C: Deref<Target = Cell>> Sitting<C> {
    pub(super) fn take<'a>(objects: impl ExactSizeIterator<Item = (C, BorrowedFd<'a>)>) -> Sitting<C> {
        let mut sitting = Sitting { places: Few::with_capacity(objects.len()), naps: false };
        let mut mutexes = 0;
        for (cell, bytes) in objects {
            let seat = match &cell.nature {
                Nature::Mutex(_) => {
                    mutexes += 1;
                    None
                }
                Nature::Signal(rule) => {
                    let seat = cell.seats.take(cell.page(), *rule, bytes);
                    sitting.naps |= seat.is_none();
                    seat
                }
            };
            sitting.places.push((cell, seat));
        }
        if mutexes > 1 {
            sitting.mutexes().for_each(|(cell, _)| Owner::crowd(cell.page()));
        }
        sitting
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.places.iter().map(|(cell, _)| &**cell)
    }

    fn mutexes(&self) -> impl Iterator<Item = (&Cell, &Owner)> {
        self.cells().filter_map(|cell| match &cell.nature {
            Nature::Mutex(owner) => Some((cell, owner)),
            Nature::Signal(_) => None,
        })
    }

    fn occupied(&self) -> impl Iterator<Item = (usize, &Cell, usize)> {
        let places = self.places.iter().enumerate();
        places.filter_map(|(index, (cell, seat))| seat.map(|seat| (index, &**cell, seat)))
    }

    fn wait(&self, deadline: Deadline, interrupt: Option<&Interrupt>) -> Result<Option<Waited>> {
        let mut slept = false;
        loop {
            let expired = deadline.has_passed();
            let interrupted = is_raised(interrupt);
            let woken = match self.sit_down(slept) {
                Ok(None) if expired || interrupted => Ok(None),
                Ok(None) => self.sleep(deadline, interrupt).map(|()| None),
                taken => taken,
            };
            slept = true;
            // Before a wake-up from a mutex is passed on.
            let outcome = self.stand_up(woken)?;
            self.pass_on();
            match outcome {
                Some((index, acquired)) => return Ok(Some(waited(index, acquired))),
                None if interrupted => return Ok(None),
                None if expired => return Ok(Some(Waited::TimedOut)),
                None => {}
            }
        }
    }

    /// Takes every seat, and then one of the objects if that is possible at once.
    pub(super) fn sit_down(&self, slept: bool) -> Result<Option<(usize, Acquired)>> {
        for (_, cell, seat) in self.occupied() {
            reached(Step::SitDown);
            // Sequentially consistent, as the look that follows: whoever signals from here on sees the seat, and what was signaled
            // before is seen by looking.
            let word = &cell.page().seats[seat];
            // Only who has the seat changes a free one.
            word.store(seat::next(word.load(Ordering::Relaxed)), Ordering::SeqCst);
        }
        try_any(self.cells(), slept)
    }

    fn sleep(&self, deadline: Deadline, interrupt: Option<&Interrupt>) -> Result<()> {
        let mut words = Few::with_capacity(self.places.len() + usize::from(interrupt.is_some()));
        let mut deadline = if self.naps { deadline.or_in(futex::NAP) } else { deadline };
        words.extend(self.words());
        for (cell, owner) in self.mutexes() {
            let Some(expected) = owner.expected(cell.page()) else { return Ok(()) };
            words.push(expected);
            deadline = nap(cell.page(), deadline);
        }
        // The kernel answers for one. If there are more, all their sleepers nap.
        if let Some((_, owner)) = self.mutexes().next() {
            owner.announce()?;
        }
        words.extend(interrupt.map(Interrupt::expected));
        reached(Step::Sleep);
        futex::sleep(&words, deadline)
    }

    /// What stands in every seat until something is given to it.
    pub(super) fn words(&self) -> impl Iterator<Item = Expected<'_>> {
        self.occupied().map(|(_, cell, seat)| {
            let word = &cell.page().seats[seat];
            // Others do not change the number of the sitting.
            Expected { word, value: seat::with(word.load(Ordering::SeqCst), seat::WAITING) }
        })
    }

    /// Leaves every seat. Keeps what was taken, or the first that was given, or takes what is there; all else goes back.
    pub(super) fn stand_up(
        &self,
        taken: Result<Option<(usize, Acquired)>>,
    ) -> Result<Option<(usize, Acquired)>> {
        let given = self.leave_seats();
        let taken = match taken {
            Ok(None) if given.is_empty() => try_any(self.cells(), true),
            taken => taken,
        };
        self.keep_first(taken, given)
    }

    /// Leaves every seat and takes nothing: what was given goes back.
    pub(super) fn leave(&self) {
        self.leave_seats().into_iter().for_each(|index| self.give_back(index));
    }

    /// Says which objects were given.
    fn leave_seats(&self) -> Few<usize> {
        reached(Step::StandUp);
        let given = |state| matches!(state, seat::GRANTING | seat::GRANTED);
        self.occupied()
            .filter(|(_, cell, seat)| given(cell.page().free_seat(*seat)))
            .map(|(index, ..)| index)
            .collect()
    }

    /// Keeps what was taken, or else the first that was given; all else goes back.
    fn keep_first(
        &self,
        taken: Result<Option<(usize, Acquired)>>,
        given: Few<usize>,
    ) -> Result<Option<(usize, Acquired)>> {
        let mut given = given.into_iter();
        let kept = match taken {
            Ok(None) => Ok(given.next().map(|index| (index, Acquired::Free))),
            taken => taken,
        };
        given.for_each(|index| self.give_back(index));
        kept
    }

    fn give_back(&self, index: usize) {
        reached(Step::GiveBack);
        let cell = &self.places[index].0;
        if let Nature::Signal(rule) = &cell.nature {
            cell.page().put_back(*rule);
        }
    }

    /// For a future: whether there is a reason to stand up and look. Who has a seat everywhere is told.
    pub(super) fn is_called(&self) -> bool {
        self.words().any(|expected| expected.word.load(Ordering::SeqCst) != expected.value)
            || self.naps
                && self.places.iter().any(|(cell, seat)| seat.is_none() && cell.page().is_available())
    }

    pub(super) fn naps(&self) -> bool {
        self.naps
    }

    fn pass_on(&self) {
        let mut mutexes = self.mutexes().peekable();
        if mutexes.peek().is_some() {
            mutexes.for_each(|(cell, _)| Owner::pass_on(cell.page()));
            if let Ok(thread) = Thread::current() {
                thread.finish();
            }
        }
    }
}

impl<C: Deref<Target = Cell>> Drop for Sitting<C> {
    fn drop(&mut self) {
        for (_, cell, seat) in self.occupied() {
            cell.seats.give(seat);
        }
    }
}

/// Waits until all objects can be had, and takes them at once. `None`: interrupted.
pub(crate) fn all(
    targets: &[Target<'_>],
    deadline: Deadline,
    interrupt: Option<&Interrupt>,
) -> Result<Option<Waited>> {
    // In the order of their files, which is the same for everybody: two who want the same do not get in each other's way.
    let mut order: Vec<usize> = (0..targets.len()).collect();
    order.sort_by_key(|&index| (targets[index].cell.id.device, targets[index].cell.id.inode));
    // What this thread was woken from, and may owe somebody else a wake-up for.
    let mut woken_from: Option<&Cell> = None;
    let mut slept = false;
    loop {
        let mut missing = None;
        for &index in &order {
            if !targets[index].cell.is_available()? {
                missing = Some(targets[index].cell);
                break;
            }
        }
        // To acquire a mutex takes the announcement for itself.
        if let Some(cell) = woken_from
            && missing.is_none()
            && targets.iter().any(|target| is_mutex(target.cell) && !std::ptr::eq(target.cell, cell))
        {
            pass_on(cell);
            woken_from = None;
        }
        let taken = match missing {
            None => take_all(targets, &order, slept)?,
            Some(_) => None,
        };
        let expired = deadline.has_passed();
        let interrupted = is_raised(interrupt);
        if let Some(cell) = woken_from.take()
            && (taken.is_some()
                || expired
                || interrupted
                || missing.is_none_or(|missing| !std::ptr::eq(missing, cell)))
        {
            pass_on(cell);
        }
        if let Some(abandoned) = taken {
            return Ok(Some(abandoned.map_or(Waited::Signaled(0), Waited::Abandoned)));
        }
        if interrupted {
            return Ok(None);
        }
        if expired {
            return Ok(Some(Waited::TimedOut));
        }
        if let Some(cell) = missing {
            woken_from = Some(cell);
            slept = true;
            sleep_at(cell, deadline, interrupt)?;
        }
    }
}

fn is_mutex(cell: &Cell) -> bool {
    matches!(cell.nature, Nature::Mutex(_))
}

/// What is set aside of one object, before all are.
enum Half {
    Owned(Acquired),
    Reserved(Reserved),
}

/// Takes one of each, or nothing: `None` if one of them was gone. Else says which one had been abandoned.
fn take_all(targets: &[Target<'_>], order: &[usize], slept: bool) -> Result<Option<Option<usize>>> {
    let mut halves = Vec::with_capacity(targets.len());
    for &index in order {
        let cell = targets[index].cell;
        reached(Step::Reserve);
        let half = match &cell.nature {
            Nature::Mutex(_) => cell.try_acquire(slept).map(|acquired| acquired.map(Half::Owned)),
            Nature::Signal(_) => Ok(cell.page().reserve().map(Half::Reserved)),
        };
        match half {
            Ok(Some(half)) => halves.push((index, half)),
            nothing => {
                undo(targets, halves)?;
                return nothing.map(|_| None);
            }
        }
    }
    let mut abandoned: Option<usize> = None;
    let mut taken: Vec<(usize, Acquired)> = Vec::with_capacity(targets.len());
    let mut halves = halves.into_iter();
    while let Some((index, half)) = halves.next() {
        let cell = targets[index].cell;
        match (half, &cell.nature) {
            (Half::Reserved(reserved), Nature::Signal(rule)) => {
                reached(Step::Redeem);
                if !cell.page().redeem(reserved, *rule) {
                    // This thread was stopped for so long that it was taken for dead.
                    undo(targets, halves.collect())?;
                    for (index, acquired) in taken {
                        give_back(targets[index].cell, acquired)?;
                    }
                    return Ok(None);
                }
                taken.push((index, Acquired::Free));
            }
            (Half::Owned(acquired), _) => {
                if acquired == Acquired::Abandoned {
                    abandoned = Some(abandoned.map_or(index, |first| first.min(index)));
                }
                taken.push((index, acquired));
            }
            (Half::Reserved(reserved), Nature::Mutex(_)) => cell.page().cancel(reserved),
        }
    }
    Ok(Some(abandoned))
}

fn undo(targets: &[Target<'_>], halves: Vec<(usize, Half)>) -> Result<()> {
    for (index, half) in halves {
        let cell = targets[index].cell;
        match half {
            Half::Owned(acquired) => give_back(cell, acquired)?,
            Half::Reserved(reserved) => cell.page().cancel(reserved),
        }
    }
    Ok(())
}

fn give_back(cell: &Cell, acquired: Acquired) -> Result<()> {
    match &cell.nature {
        Nature::Mutex(owner) => owner.put_back(cell.page(), acquired),
        Nature::Signal(rule) => {
            cell.page().put_back(*rule);
            Ok(())
        }
    }
}

/// Sleeps until an object that could not be had may be had. Of a mutex, the kernel answers for the wake-up until [`pass_on`].
fn sleep_at(cell: &Cell, deadline: Deadline, interrupt: Option<&Interrupt>) -> Result<()> {
    let page = cell.page();
    let (expected, deadline) = match &cell.nature {
        Nature::Mutex(owner) => {
            owner.announce()?;
            let Some(expected) = owner.expected(page) else { return Ok(()) };
            reached(Step::SleepOnOwner);
            (expected, nap(page, deadline))
        }
        Nature::Signal(_) => {
            let Some(expected) = page.queue_up() else { return Ok(()) };
            reached(Step::SleepInQueue);
            (expected, deadline)
        }
    };
    match interrupt {
        Some(interrupt) => futex::sleep(&[expected, interrupt.expected()], deadline),
        None => futex::sleep(&[expected], deadline),
    }
}

/// Passes a wake-up on that this thread has no use for. From the queue of an event or semaphore all are woken.
fn pass_on(cell: &Cell) {
    if let Nature::Mutex(_) = &cell.nature {
        Owner::pass_on(cell.page());
        if let Ok(thread) = Thread::current() {
            thread.finish();
        }
    }
}
