//! The process that is killed and stopped, and its children.

use crate::block::{self, Block};
use crate::board::{AUTO, Board, CUT, Common, MUTEXES, OPERATIONS, Phase, SEMAPHORES, SLOTS, WORKERS, Word};
use crate::mail::{Mailbox, send};
use crate::names::{EXECUTABLE, Fixed, KEPT, NAMES, Object, Places, SECTIONS, is_hidden};
use crate::support::Random;
use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use veduta::{
    Code, Disposition, Section, SectionAccess, Timer, View, ViewAccess, Waitable, Waited, wait_all, wait_any,
};

pub(crate) const SLOT: &str = "VEDUTA_TEST_SLOT";
pub(crate) const SEED: &str = "VEDUTA_TEST_SEED";
/// The most handles to one name, and views of names that are closed.
const MOST: usize = 3;
const PAGE: usize = 4096;

/// What there is to know of the slot's name of a role, from its environment.
pub(crate) fn role() -> Option<(usize, PathBuf)> {
    let slot = env::var(SLOT).ok()?.parse().expect("it is a number");
    set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
    Some((slot, env::var_os("VEDUTA_ROOT").expect("the soak says").into()))
}

#[test]
#[ignore = "a role: the soak starts it in processes of their own"]
fn worker() {
    let Some((slot, root)) = role() else { return };
    let seed = env::var(SEED).expect("the soak says").parse().expect("it is a number");
    let places = Places::of(&root);
    let mut worker = Worker {
        slot,
        board: Board::open(&places.private),
        fixed: Fixed::at(&places),
        places,
        held: std::array::from_fn(|_| Held::default()),
        kept: Vec::new(),
        mailbox: Some(Mailbox::new()),
        child: None,
        random: Random(seed),
    };
    worker.board.put(slot, Word::Process, std::process::id().into());
    loop {
        match worker.board.phase() {
            Phase::Run => worker.operate(),
            phase => worker.rest(phase),
        }
    }
}

struct Worker {
    slot: usize,
    board: Board,
    places: Places,
    fixed: Fixed,
    held: [Held; NAMES.len()],
    /// Views of sections whose handles it closed, and what it last wrote there.
    kept: Vec<(View, Block)>,
    /// A child has none.
    mailbox: Option<Mailbox>,
    child: Option<rustix::process::Pid>,
    random: Random,
}

/// What it has of a name.
#[derive(Default)]
struct Held {
    handles: Vec<Object>,
    /// What it last wrote in its block, since it has the name.
    wrote: Option<Block>,
}

impl Held {
    fn section(&self) -> Option<&Section> {
        self.handles.first()?.section()
    }
}

impl Worker {
    fn operate(&mut self) {
        let kind = self.random.below(OPERATIONS.len() as u64 + 1) as usize;
        self.board.put(self.slot, Word::Doing, kind as u64);
        match kind {
            0 => self.acquire(),
            1 => self.close(),
            2 => self.write(),
            3 => self.read(),
            4 => self.duplicate(),
            5 => self.hand_over(),
            6 => self.receive(),
            7 => self.fork(),
            8 => self.views_of_all_accesses(),
            9 => self.keep_view(),
            10 => self.add(),
            11 => self.one(&MUTEXES),
            12 => self.one(&SEMAPHORES),
            13 => self.event(),
            14 => self.several(),
            15 => Self::timer(),
            _ => self.cut(),
        }
        self.reap();
        let handles: usize = self.held.iter().map(|held| held.handles.len()).sum();
        self.board.put(self.slot, Word::Handles, (handles + self.kept.len()) as u64);
        self.board.add(self.slot, Word::Done, kind.min(CUT));
        self.board.add(self.slot, Word::Progress, 0);
    }

    /// Does nothing until the phase is over, but for what it is told.
    fn rest(&mut self, phase: Phase) {
        if phase == Phase::Drain {
            while let Some((index, descriptors)) = self.mailbox.as_ref().and_then(Mailbox::receive) {
                drop(Object::from_descriptors(NAMES[index].kind, descriptors).expect("it was a handle"));
            }
        }
        self.board.put(self.slot, Word::Reached, phase as u64);
        while self.board.phase() == phase {
            let told = self.board.get(self.slot, Word::Close);
            if let Some(index) = told.checked_sub(1) {
                self.maybe(index as usize);
                self.held[index as usize] = Held::default();
                self.surely(index as usize);
                self.board.put(self.slot, Word::Close, 0);
            }
            self.reap();
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    /// Says that nobody can say just now whether it has the name.
    fn maybe(&self, index: usize) {
        let (maybe, surely) = self.board.pair(self.slot, Word::Held);
        self.board.put_pair(self.slot, Word::Held, maybe | 1 << index, surely & !(1 << index));
    }

    /// Says what it has of the name.
    fn surely(&self, index: usize) {
        let (maybe, surely) = self.board.pair(self.slot, Word::Held);
        let has = u64::from(!self.held[index].handles.is_empty());
        self.board.put_pair(self.slot, Word::Held, maybe & !(1 << index), surely | has << index);
    }

    fn any_name(&mut self, below: usize) -> usize {
        self.random.below(below as u64) as usize
    }

    fn acquire(&mut self) {
        let index = self.any_name(NAMES.len());
        let held = !self.held[index].handles.is_empty();
        if self.held[index].handles.len() >= MOST {
            return;
        }
        self.maybe(index);
        let name = &NAMES[index];
        let made = match self.random.below(3) {
            0 => self.places.open(name).map(|object| (object, Disposition::Opened)),
            _ => self.places.create(name),
        };
        match made {
            Ok((object, disposition)) => {
                assert!(
                    !held || disposition == Disposition::Opened,
                    "{} was held: {disposition:?}",
                    name.text
                );
                self.is_what_was_written(index, &object);
                self.held[index].handles.push(object);
            }
            Err(error) if !held && error.code() == Code::FILE_NOT_FOUND => {}
            Err(error) if !held && is_hidden(&error) => self.board.add(self.slot, Word::Hidden, 0),
            Err(error) => panic!("{error}: {:?}; held before: {held}", error.advice()),
        }
        self.surely(index);
    }

    /// Fails if a handle to a name that this process has does not show what it wrote there.
    #[track_caller]
    fn is_what_was_written(&self, index: usize, object: &Object) {
        if let (Some(section), Some(block)) = (object.section(), &self.held[index].wrote) {
            let view = section.map(ViewAccess::Read).expect("it can be mapped");
            block.is_still(&view, self.slot, NAMES[index].text);
        }
    }

    fn close(&mut self) {
        let index = self.any_name(NAMES.len());
        if let Some(first) = self.held[index].handles.first() {
            self.is_what_was_written(index, first);
        }
        self.maybe(index);
        let which = self.random.next() as usize;
        let held = &mut self.held[index];
        if !held.handles.is_empty() {
            held.handles.swap_remove(which % held.handles.len());
        }
        if held.handles.is_empty() {
            held.wrote = None;
        }
        self.surely(index);
    }

    fn write(&mut self) {
        let index = self.any_name(SECTIONS);
        let Some(section) = self.held[index].section() else { return };
        let view = section.map(ViewAccess::Write).expect("it can be mapped");
        if let Some(before) = &self.held[index].wrote {
            before.is_still(&view, self.slot, NAMES[index].text);
        }
        self.held[index].wrote = Some(Block::write(&view, self.slot, self.random.next()));
    }

    fn read(&mut self) {
        let index = self.any_name(SECTIONS);
        let Some(section) = self.held[index].section() else { return };
        let view = section.map(ViewAccess::Read).expect("it can be mapped");
        (0..SLOTS).for_each(|slot| block::check(&view, slot, NAMES[index].text));
    }

    fn duplicate(&mut self) {
        let index = self.any_name(NAMES.len());
        let Some(first) = self.held[index].handles.first() else { return };
        let other = first.duplicate().expect("a handle can be duplicated");
        self.is_what_was_written(index, &other);
        if let Some(section) = other.section() {
            let reader = section.try_clone_with(SectionAccess::READ).expect("it may be less");
            assert_eq!(
                reader.map(ViewAccess::Write).map_err(|error| error.code()).err(),
                Some(Code::ACCESS_DENIED)
            );
        }
        // The old one goes, and the new one stays: the name is had all the time.
        self.held[index].handles[0] = other;
    }

    fn hand_over(&mut self) {
        let index = self.any_name(NAMES.len());
        let to = self.random.below(WORKERS as u64) as usize;
        let process = self.board.get(to, Word::Process);
        let Some(first) = self.held[index].handles.first() else { return };
        if process != 0 && to != self.slot {
            let copy = first.duplicate().expect("a handle can be duplicated");
            let descriptors = copy.into_descriptors().expect("descriptors are left");
            if !send(process as u32, index, &descriptors) {
                // Closed as a handle is: whoever asked after the name meanwhile has left it to us.
                drop(Object::from_descriptors(NAMES[index].kind, descriptors).expect("it was a handle"));
            }
        }
    }

    fn receive(&mut self) {
        let Some((index, descriptors)) = self.mailbox.as_ref().and_then(Mailbox::receive) else { return };
        self.maybe(index);
        let object = Object::from_descriptors(NAMES[index].kind, descriptors).expect("it was a handle");
        self.is_what_was_written(index, &object);
        if self.held[index].handles.len() < MOST {
            self.held[index].handles.push(object);
        } else {
            drop(object);
        }
        self.surely(index);
    }

    #[allow(unsafe_code, reason = "the standard library does not fork")]
    fn fork(&mut self) {
        let slot = self.slot + WORKERS;
        if slot >= SLOTS || self.child.is_some() || self.board.get(slot, Word::Process) != 0 {
            return;
        }
        // SAFETY: the child has this thread only, and ends in `be_child`; malloc sees to itself.
        match unsafe { libc::fork() } {
            0 => self.be_child(slot),
            pid => {
                assert_ne!(pid, -1, "a process may fork");
                self.board.put(slot, Word::Process, pid as u64);
                self.child = rustix::process::Pid::from_raw(pid);
            }
        }
    }

    /// The child goes on in its own slot, with its parent's handles, for a while.
    #[allow(unsafe_code, reason = "it must end without running anything of the harness's")]
    fn be_child(&mut self, slot: usize) -> ! {
        let parents = self.board.pair(self.slot, Word::Held).1;
        self.slot = slot;
        self.board.put_pair(slot, Word::Held, 0, parents);
        self.board.put(slot, Word::Process, std::process::id().into());
        self.mailbox = None;
        self.held.iter_mut().for_each(|held| held.wrote = None);
        self.kept.clear();
        self.random = Random(self.random.next());
        let done = catch_unwind(AssertUnwindSafe(|| {
            if self.random.below(2) == 0 && self.board.common(Common::OnlyLook, 0).load(SeqCst) == 0 {
                end_after(Duration::from_micros(self.random.below(20_000) + 1));
            }
            for _ in 0..self.random.below(60) {
                if self.board.phase() == Phase::Run {
                    self.operate();
                }
            }
            for index in 0..NAMES.len() {
                self.maybe(index);
                self.held[index] = Held::default();
                self.surely(index);
            }
        }));
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(if done.is_ok() { 0 } else { 101 }) }
    }

    /// Takes note of a child that has ended.
    fn reap(&mut self) {
        let Some(child) = self.child else { return };
        if let Ok(Some((_, status))) = rustix::process::waitpid(Some(child), WaitOptions::NOHANG) {
            assert!(is_no_complaint(status), "a child had a complaint: {status:?}");
            self.child = None;
        }
    }

    fn views_of_all_accesses(&mut self) {
        let index = self.any_name(EXECUTABLE);
        let Some(section) = self.held[index].section() else { return };
        let at = block::place(self.slot);
        for access in ViewAccess::ALL {
            let view = section.map(access).expect("all accesses are allowed");
            let mut byte = [0];
            let (reads, writes) = (view.read_at(at, &mut byte), view.write_at(SIZE_LEFT, &[1]));
            let allowed = [reads.is_ok(), writes.is_ok()];
            let expected = match access {
                ViewAccess::NoAccess => [false, false],
                ViewAccess::Read | ViewAccess::ExecuteRead => [true, false],
                _ => [true, true],
            };
            assert_eq!(allowed, expected, "{access:?}");
            if matches!(access, ViewAccess::Copy | ViewAccess::ExecuteCopy) {
                view.fill(at..at + block::SIZE, 0xFF).expect("it is private");
            }
        }
        if let Some(wrote) = &self.held[index].wrote {
            let view = section.map(ViewAccess::Read).expect("it can be mapped");
            wrote.is_still(&view, self.slot, NAMES[index].text);
        }
    }

    /// Closes all handles to a name, but keeps a view; or sees what became of one.
    fn keep_view(&mut self) {
        if self.kept.len() >= MOST {
            let (view, block) = self.kept.remove(0);
            return block.is_still_or_newer(&view, self.slot);
        }
        let index = self.any_name(SECTIONS);
        let Some(section) = self.held[index].section() else { return };
        let Some(block) = self.held[index].wrote.clone() else { return };
        let view = section.map(ViewAccess::Read).expect("it can be mapped");
        self.maybe(index);
        self.held[index] = Held::default();
        self.surely(index);
        self.kept.push((view, block));
    }

    fn add(&mut self) {
        let index = self.any_name(KEPT.len());
        let anew = self.random.below(2) == 0;
        self.board.add(self.slot, Word::Wanted, index);
        self.fixed.add(index, &self.places, anew);
        self.board.add(self.slot, Word::Added, index);
    }

    fn one(&mut self, bits: &[u64]) {
        let bit = bits[self.random.below(bits.len() as u64) as usize];
        self.get_and_give(&[bit], false, None);
    }

    fn several(&mut self) {
        let mutex = MUTEXES[self.random.below(2) as usize];
        let semaphore = SEMAPHORES[self.random.below(2) as usize];
        match self.random.below(3) {
            0 => self.get_and_give(&[semaphore, mutex], true, None),
            1 => self.get_and_give(&[mutex, semaphore], false, None),
            _ => self.get_and_give(&[AUTO, mutex], true, Some(Duration::from_micros(300))),
        }
    }

    fn event(&mut self) {
        match self.random.below(5) {
            0..=1 => {
                self.board.add(self.slot, Word::Sets, 0);
                self.fixed.auto.set().expect("it is an event");
            }
            2..=3 => self.get_and_give(&[AUTO], false, Some(Duration::from_micros(500))),
            _ => {
                self.fixed.gate.pulse().expect("it is an event");
                let _ = self.fixed.gate.wait(Duration::from_micros(200)).expect("it is an event");
                self.fixed.gate.set().expect("it is an event");
                self.fixed.gate.reset().expect("it is an event");
            }
        }
    }

    /// Waits for any or all, changes what the mutexes guard, and gives back what it got.
    fn get_and_give(&mut self, bits: &[u64], all: bool, timeout: Option<Duration>) {
        let Fixed { mutexes: [mutex0, mutex1], semaphores: [semaphore0, semaphore1], auto, .. } = &self.fixed;
        let objects: [&dyn Waitable; 5] = [mutex0, mutex1, semaphore0, semaphore1, auto];
        let waitables: Vec<_> = bits.iter().map(|bit| objects[bit.trailing_zeros() as usize]).collect();
        let (slot, board) = (self.slot, &self.board);
        board.put_pair(slot, Word::InHand, bits.iter().sum(), 0);
        let waited = if all { wait_all(&waitables, timeout) } else { wait_any(&waitables, timeout) };
        let (got, abandoned) = match waited.expect("waiting does not fail") {
            Waited::TimedOut => {
                assert!(timeout.is_some(), "it waits for ever");
                (0, false)
            }
            Waited::Signaled(_) if all => (bits.iter().sum(), false),
            Waited::Abandoned(_) if all => (bits.iter().sum(), true),
            Waited::Signaled(index) => (bits[index], false),
            Waited::Abandoned(index) => (bits[index], true),
        };
        let mut surely = got & !AUTO;
        board.put_pair(slot, Word::InHand, 0, surely);
        if got & AUTO != 0 {
            board.add(slot, Word::Takes, 0);
        }
        for number in (0..2).filter(|number| got & MUTEXES[*number] != 0) {
            guarded(board, slot, number, abandoned);
        }
        for (index, bit) in MUTEXES.iter().chain(&SEMAPHORES).enumerate().filter(|(_, bit)| got & **bit != 0)
        {
            surely &= !bit;
            board.put_pair(slot, Word::InHand, *bit, surely);
            match index {
                0 | 1 => self.fixed.mutexes[index].release().expect("it owns it"),
                _ => drop(self.fixed.semaphores[index - 2].release(1).expect("there is room")),
            }
            board.put_pair(slot, Word::InHand, 0, surely);
        }
    }

    /// What is due goes off.
    fn timer() {
        let timer = Timer::options().create_unnamed().expect("memory is left");
        timer.set(Duration::from_micros(300), None).expect("it can be set");
        assert_eq!(timer.wait(None).expect("it is a timer"), Waited::Signaled(0));
    }

    /// Cuts a file off under everybody's views, or uses a view of one that may be: an error, never a signal.
    fn cut(&mut self) {
        let file = self.places.file_to_cut(self.random.below(2));
        let whole = 4 * PAGE as u64;
        if self.random.below(3) == 0 {
            return file.set_len(self.random.below(whole)).expect("it is a file");
        }
        let section = Section::options().size(whole).file(&file).create_unnamed();
        let section = match section {
            Ok(section) => section,
            // Somebody cut it off just when it was to be made longer.
            Err(error) => panic!("{error}: {:?}", error.advice()),
        };
        let view = section.map(ViewAccess::Write).expect("it can be mapped");
        let mut buffer = vec![0; 3000];
        for _ in 0..20 {
            let at = self.random.below(whole - 3000) as usize;
            let result = match self.random.below(5) {
                0 => view.read_at(at, &mut buffer),
                1 => view.write_at(at, &buffer),
                2 => view.fill(at..at + 3000, 1),
                3 => view.compare_bytes(at, &buffer).map(drop),
                _ => file.set_len(self.random.below(whole)).map_err(|error| panic!("it is a file: {error}")),
            };
            match result {
                Ok(()) => {}
                Err(error) if error.code() == Code::SWAPERROR => {
                    let place = error.failed_at().expect("it says where");
                    assert!((at as u64..at as u64 + 3000).contains(&place), "{error}");
                    self.board.add(self.slot, Word::Faults, 0);
                }
                Err(error) => panic!("{error}: {:?}", error.advice()),
            }
        }
    }
}

/// A byte of a section that is in no block.
const SIZE_LEFT: usize = SLOTS * block::SIZE;

/// By an owner of the mutex: the number is what was logged, except for who died in between, of whom this owner was told.
pub(crate) fn guarded(board: &Board, slot: usize, mutex: usize, abandoned: bool) {
    let [number, explained, inside] =
        [Common::Number, Common::Explained, Common::Inside].map(|word| board.common(word, mutex));
    let (now, logged) = (number.load(SeqCst), board.sum(Word::Logged, mutex));
    let was_inside = inside.load(SeqCst);
    let expected = logged + explained.load(SeqCst);
    if abandoned {
        board.add(slot, Word::Told, mutex);
        assert!(
            now == expected || was_inside != 0 && now == expected + 1,
            "mutex {mutex}: {now}, not {expected}"
        );
        // In this order: whoever dies here leaves it to the next one, who is told again.
        explained.store(now - logged, SeqCst);
    } else {
        assert_eq!(was_inside, 0, "somebody is inside mutex {mutex}, or died there and nobody was told");
        assert_eq!(now, expected, "mutex {mutex}: a change is lost");
    }
    inside.store(slot as u64 + 1, SeqCst);
    // Not in one: whoever else is here would get in between.
    std::hint::spin_loop();
    number.store(now + 1, SeqCst);
    board.add(slot, Word::Logged, mutex);
    inside.store(0, SeqCst);
}

/// Whether a process ended as it should: by itself and well, or killed.
pub(crate) fn is_no_complaint(status: rustix::process::WaitStatus) -> bool {
    status.exit_status() == Some(0)
        || [Signal::KILL, Signal::ALARM]
            .iter()
            .any(|signal| status.terminating_signal() == Some(signal.as_raw()))
}

/// Has the kernel end this process after a time, wherever it is then.
#[allow(unsafe_code, reason = "the standard library has no alarm")]
fn end_after(time: Duration) {
    let once = libc::timeval { tv_sec: 0, tv_usec: time.as_micros() as i64 };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: once };
    // SAFETY: the structure is read by the call.
    let status = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(status, 0, "every process may");
}
