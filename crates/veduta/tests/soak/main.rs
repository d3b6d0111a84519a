//! Everything at once: processes that create, open, write, hand over, fork, wait and cut files off, one killed or stopped every few
//! milliseconds, at random or at a numbered step, while an operator lists and sweeps.
//!
//! Workers check what they see themselves: what they wrote must be there, what others wrote must be whole. Again and again all stand still,
//! and everything is compared with the model and with what they wrote down. Every fourth time nobody is killed: then nothing may be left
//! although nobody sweeps.
//!
//! - `VEDUTA_SOAK_SECONDS`: how long.
//! - `VEDUTA_SOAK_SEED`: who does what and who is killed, as an earlier run said. Who runs when is up to the system all the same.
// Row: stop
#![cfg(target_os = "linux")]

mod block;
mod board;
#[path = "../load/footprint.rs"]
mod footprint;
mod judge;
mod mail;
mod names;
mod operator;
#[path = "../support/mod.rs"]
mod support;
mod tally;
mod worker;

use board::{Board, Common, MUTEXES, OPERATOR, Phase, SEMAPHORES, SLOTS, UNITS, WORKERS, Word};
use footprint::Footprint;
use judge::{Judge, entries};
use names::{Fixed, KEPT, NAMES, Places};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, pidfd_open, waitid, waitpid,
};
use std::env;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use support::world::role_command;
use support::{Random, World};
use tally::Tally;
use veduta::{STEPS, SYNC_STEPS, Section, SweepMode, ViewAccess, Waitable, Waited};
use worker::{guarded, is_no_complaint};

/// How long everything goes on until all stand still.
const ROUND: Duration = Duration::from_millis(600);
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a process may have besides its handles: what is there all the time, sockets, processes it asked for bytes.
const DESCRIPTORS: usize = 80;
const MAPPINGS: usize = 300;
/// Of memory of its own: some way above what any of them takes.
const RESIDENT: u64 = 32 << 20;

fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("it is a number"))
}

#[test]
fn nothing_is_lost_whatever_happens() {
    let seconds = from_environment("VEDUTA_SOAK_SECONDS", 5);
    let seed = from_environment("VEDUTA_SOAK_SEED", support::sync::nanoseconds());
    println!("VEDUTA_SOAK_SEED={seed}");
    adopt_orphans();
    let world = World::new();
    let mut soak = Soak::new(&world, seed);
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until || soak.tally.rounds < 5 {
        soak.round();
    }
    soak.end();
    world.expect_nothing_left();
}

/// What a round is like.
#[derive(Clone, Copy, PartialEq)]
enum Weather {
    Storm,
    /// As a storm, and in the end all are killed.
    Wreck,
    /// Nobody is killed, and the operator only looks.
    Calm,
}

struct Soak<'a> {
    world: &'a World,
    places: Places,
    board: Board,
    /// Keeps the board's name.
    _board: Section,
    fixed: Fixed,
    random: Random,
    weather: Weather,
    seats: [Seat; WORKERS],
    /// The children that workers have made.
    children: [Option<OwnedFd>; WORKERS],
    operator: Child,
    tally: Tally,
    /// How many units there are at most of each semaphore; there are [`UNITS`] at least.
    most: [u32; 2],
    /// How often each mutex can have been, and was certainly, left by its owner's death.
    abandonings: [(u64, u64); 2],
    /// This process and the operator, once everything is there.
    footprints: Option<[Footprint; 2]>,
}

/// The place of one worker after the other.
struct Seat {
    process: Option<Child>,
    goes_on: Option<Instant>,
    /// When it last went on, and how far it was.
    last: (Instant, u64),
}

impl<'a> Soak<'a> {
    fn new(world: &'a World, seed: u64) -> Soak<'a> {
        // Before the first name is looked for. No other thread is there that looks at the environment.
        set_root(world);
        let places = Places::of(world.root());
        let (board, section) = Board::create(&places.private);
        let fixed = Fixed::at(&places);
        let operator = role(world, "operator::operator", OPERATOR).spawn().expect("processes are left");
        let seat = |_| Seat { process: None, goes_on: None, last: (Instant::now(), 0) };
        Soak {
            world,
            places,
            board,
            _board: section,
            fixed,
            random: Random(seed),
            weather: Weather::Storm,
            seats: std::array::from_fn(seat),
            children: [const { None }; WORKERS],
            operator,
            tally: Tally::new(seed),
            most: [UNITS; 2],
            abandonings: [(0, 0); 2],
            footprints: None,
        }
    }

    fn round(&mut self) {
        self.weather = [Weather::Storm, Weather::Storm, Weather::Wreck, Weather::Calm][self.tally.rounds % 4];
        let calm = self.weather == Weather::Calm;
        let operated = self.board.get(OPERATOR, Word::Progress);
        self.board.common(Common::OnlyLook, 0).store(calm.into(), SeqCst);
        // Whoever was about to sweep has done so.
        self.until("the operator goes on", |soak| soak.board.get(OPERATOR, Word::Progress) > operated + 1);
        (0..WORKERS).for_each(|slot| self.board.put(slot, Word::Reached, 0));
        self.board.call(Phase::Run);
        let until = Instant::now() + ROUND;
        while Instant::now() < until {
            self.tick();
        }
        for phase in [Phase::Rest, Phase::Drain, Phase::Stand] {
            self.board.call(phase);
            self.until("all stand", |soak| soak.have_reached(phase));
        }
        self.judge();
        self.tally.rounds += 1;
    }

    /// Starts who is missing, kills and stops some.
    fn tick(&mut self) {
        for slot in 0..WORKERS {
            if self.seats[slot].process.is_none() {
                self.start(slot);
            }
            match self.random.below(700) {
                0..=2 if self.weather != Weather::Calm => self.kill(slot),
                3..=6 => self.stop(slot),
                _ => {}
            }
        }
        self.look_after();
        std::thread::sleep(Duration::from_micros(500));
    }

    /// Takes note of who died, lets go on who stopped, and fails if anybody is stuck.
    fn look_after(&mut self) {
        // A hang of this process itself ends it.
        alarm(2 * PATIENCE);
        for slot in 0..WORKERS {
            self.bury(slot);
            self.bury_child(slot);
            self.continue_stopped(slot);
            self.watch(slot);
        }
        let ended = self.operator.try_wait().expect("nobody else waits for it");
        if let Some(status) = ended {
            self.complain(&format!("the operator had a complaint: {status}"));
        }
    }

    #[track_caller]
    fn until(&mut self, what: &str, is: impl Fn(&mut Soak<'a>) -> bool) {
        let begun = Instant::now();
        while !is(self) {
            self.look_after();
            if begun.elapsed() > 2 * PATIENCE {
                self.complain(&format!("it is not that {what}"));
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    /// Whether all that live have come to a phase, and no child is left.
    fn have_reached(&mut self, phase: Phase) -> bool {
        let reached = |slot: usize| {
            self.seats[slot].process.is_none() || self.board.get(slot, Word::Reached) == phase as u64
        };
        (0..WORKERS).all(reached) && self.children.iter().all(Option::is_none) && self.orphans() == 0
    }

    fn start(&mut self, slot: usize) {
        let mut command = role(self.world, "worker::worker", slot);
        command.env(worker::SEED, self.random.next().to_string());
        let all = STEPS.len() + SYNC_STEPS.len();
        let step = STEPS.iter().chain(SYNC_STEPS).nth(self.random.below(all as u64) as usize);
        let fate = if self.weather == Weather::Calm || self.random.below(4) == 0 { "stop" } else { "kill" };
        let time = self.random.below(30) + 1;
        if self.random.below(2) == 0 {
            command.env("VEDUTA_STEP", format!("{:?}:{time}={fate}", step.expect("it is one of them")));
        }
        let seat = &mut self.seats[slot];
        seat.process = Some(command.spawn().expect("processes are left"));
        seat.goes_on = None;
        seat.last = (Instant::now(), self.board.get(slot, Word::Progress));
        self.tally.processes += 1;
    }

    fn pid(&self, slot: usize) -> Option<Pid> {
        self.seats[slot].process.as_ref().map(Pid::from_child)
    }

    fn kill(&mut self, slot: usize) {
        let Some(process) = &mut self.seats[slot].process else { return };
        process.kill().expect("nobody else waits for it");
        let status = process.wait().expect("nobody else waits for it");
        self.died(slot, status);
        self.tally.killed += 1;
    }

    fn stop(&mut self, slot: usize) {
        let Some(pid) = self.pid(slot) else { return };
        kill_process(pid, Signal::STOP).expect("it is ours, and not waited for");
    }

    /// Whoever stopped, told to or at a step, goes on after a while; at once if others wait for it to stand.
    fn continue_stopped(&mut self, slot: usize) {
        let Some(pid) = self.pid(slot) else { return };
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        if let Ok(Some(_)) = waitid(WaitId::Pid(pid), options) {
            self.tally.stops += 1;
            self.seats[slot].goes_on =
                Some(Instant::now() + Duration::from_micros(self.random.below(30_000)));
        }
        let hurry = self.board.phase() != Phase::Run;
        if self.seats[slot].goes_on.is_some_and(|when| hurry || when <= Instant::now()) {
            kill_process(pid, Signal::CONT).expect("it is ours, and not waited for");
            self.seats[slot].goes_on = None;
        }
    }

    /// Whether a process has died by itself, at a step.
    fn bury(&mut self, slot: usize) {
        let Some(process) = &mut self.seats[slot].process else { return };
        if let Some(status) = process.try_wait().expect("nobody else waits for it") {
            self.died(slot, status);
            self.tally.killed_at_steps += 1;
        }
    }

    fn died(&mut self, slot: usize, status: ExitStatus) {
        if status.signal() != Some(Signal::KILL.as_raw()) {
            self.complain(&format!("a worker had a complaint: {status}: {}", self.board.describe(slot)));
        }
        self.seats[slot].process = None;
        self.account(slot);
    }

    /// Takes note of a worker's child that has ended.
    fn bury_child(&mut self, of: usize) {
        let slot = of + WORKERS;
        let process = self.board.get(slot, Word::Process);
        let Some(pid) = Pid::from_raw(process as i32) else { return };
        if self.children[of].is_none() {
            self.tally.forks += 1;
            match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(fd) => self.children[of] = Some(fd),
                // It came and went.
                Err(_) => return self.account(slot),
            }
        }
        let fd = self.children[of].as_ref().expect("it was just opened");
        let mut polled = [PollFd::new(fd, PollFlags::IN)];
        if poll(&mut polled, Some(&Default::default())) == Ok(1) {
            self.children[of] = None;
            self.account(slot);
        }
    }

    /// Waits for the children of workers that are gone, which are this process's now, and says how many are left.
    fn orphans(&mut self) -> usize {
        let mut left = 0;
        for pid in children() {
            let known = (0..WORKERS).filter_map(|slot| self.pid(slot)).any(|known| known == pid);
            if known || pid == Pid::from_child(&self.operator) {
                continue;
            }
            match waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) if !is_no_complaint(status) => {
                    self.complain(&format!("an orphan had a complaint: {status:?}"));
                }
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => left += 1,
            }
        }
        left
    }

    /// What somebody had who is dead is put back, or is accounted for.
    fn account(&mut self, slot: usize) {
        let (maybe, surely) = self.board.pair(slot, Word::InHand);
        for (number, bit) in SEMAPHORES.iter().enumerate() {
            if (maybe | surely) & bit != 0 {
                self.most[number] += u32::from(maybe & bit != 0);
                self.tally.units_had_by_the_dead += 1;
                self.fixed.semaphores[number].release(1).expect("there is room");
            }
        }
        for (number, bit) in MUTEXES.iter().enumerate() {
            let (may, must) = &mut self.abandonings[number];
            *may += u64::from((maybe | surely) & bit != 0);
            *must += u64::from(surely & bit != 0 && maybe & bit == 0);
        }
        for word in [Word::InHand, Word::Held, Word::Process, Word::Close, Word::Handles] {
            self.board.put(slot, word, 0);
        }
    }

    /// Fails if a process does not go on.
    fn watch(&mut self, slot: usize) {
        let progress = self.board.get(slot, Word::Progress);
        let seat = &mut self.seats[slot];
        if seat.last.1 != progress || seat.process.is_none() || self.board.phase() != Phase::Run {
            seat.last = (Instant::now(), progress);
        } else if seat.last.0.elapsed() > PATIENCE {
            self.complain(&format!("slot {slot} is stuck"));
        }
    }

    /// Everybody stands still: is everything as it should be? Some are told to close something or are killed in between.
    fn judge(&mut self) {
        let process = |slot: usize| Some((slot, self.seats[slot].process.as_ref()?.id()));
        let living: Vec<_> = (0..WORKERS).filter_map(process).collect();
        let mut judge = Judge::new(&self.board, &living);
        if self.weather == Weather::Calm {
            judge.nothing_else_is_left(&self.places, "nobody was killed, nobody swept");
        }
        judge.agrees(&self.places, "all stand");
        self.count();
        self.measure(&living);
        for &(slot, _) in &living {
            let index = self.random.below(NAMES.len() as u64) as usize;
            self.board.put(slot, Word::Close, index as u64 + 1);
            self.until("it closes", |soak| soak.board.get(slot, Word::Close) == 0);
            // It may have come to the step at which it was to die.
            match self.seats[slot].process {
                Some(_) => judge.close(slot, index),
                None => judge.kill(slot),
            }
        }
        judge.agrees(&self.places, "some closed");
        if self.weather == Weather::Calm {
            judge.nothing_else_is_left(&self.places, "nobody was killed, some closed");
        }
        // A calm round begins with processes that have not been told to die at a step.
        let all = matches!(self.weather, Weather::Wreck | Weather::Calm);
        for (slot, _) in living {
            let chosen = all || self.random.below(4) == 0;
            if chosen && self.seats[slot].process.is_some() {
                self.kill(slot);
                judge.kill(slot);
            }
        }
        judge.agrees(&self.places, "some were killed");
        for namespace in self.places.namespaces() {
            let sweep = namespace.sweep(SweepMode::Remove).expect("it can be swept");
            assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
            self.tally.swept += sweep.removed.len();
        }
        judge.nothing_else_is_left(&self.places, "one sweep");
    }

    /// What all have added up, what is left in the semaphores, who was told of abandoned mutexes.
    fn count(&mut self) {
        for (index, name) in KEPT.iter().enumerate() {
            let [added, wanted] = [Word::Added, Word::Wanted].map(|word| self.board.sum(word, index));
            let view = self.fixed.kept[index].map(ViewAccess::Read).expect("it can be mapped");
            let number = view.load::<u64>(0, SeqCst).expect("it has a page");
            self.tally.lost += added.saturating_sub(number);
            assert!(number <= wanted, "{}: {number}, and only {wanted} were to be added", name.text);
        }
        for (number, semaphore) in self.fixed.semaphores.iter().enumerate() {
            let mut units = 0;
            while semaphore.wait(Duration::ZERO).expect("it is ours") != Waited::TimedOut {
                units += 1;
            }
            let range = UNITS..=self.most[number];
            self.tally.lost += u64::from(UNITS.saturating_sub(units));
            assert!(units <= self.most[number], "{units} units, there should be {range:?}");
            semaphore.release(UNITS).expect("there is room");
            self.most[number] = UNITS;
        }
        let mut all = 0;
        for (number, mutex) in self.fixed.mutexes.iter().enumerate() {
            let guard = mutex.try_lock().expect("it is ours").expect("nobody is there");
            guarded(&self.board, 0, number, guard.is_abandoned());
            drop(guard);
            let told = self.board.sum(Word::Told, number);
            let (may, must) = self.abandonings[number];
            // Who was told may have died before it could write that down; then it was abandoned once more.
            assert!(told <= may, "{told} were told that mutex {number} was abandoned, {may} died near it");
            assert!(told + (may - must) >= must, "{told} were told of mutex {number}, {must} died in it");
            all += told;
        }
        let [sets, takes] = [Word::Sets, Word::Takes].map(|word| self.board.sum(word, 0));
        assert!(takes <= sets, "one set lets one go: {takes} of {sets}");
        self.tally.abandoned = all;
        self.tally.collect(&self.board);
        if self.tally.lost != 0 {
            self.complain("something is lost");
        }
    }

    /// No process takes more and more.
    fn measure(&mut self, living: &[(usize, u32)]) {
        for &(slot, process) in living {
            let handles = self.board.get(slot, Word::Handles) as usize;
            let Footprint { resident, descriptors, mappings } = Footprint::of(process);
            assert!(descriptors <= DESCRIPTORS + 4 * handles, "{descriptors} descriptors, {handles} handles");
            assert!(mappings <= MAPPINGS + 4 * handles, "{mappings} mappings, {handles} handles");
            assert!(resident <= RESIDENT, "{resident} bytes");
        }
        let now = [std::process::id(), self.operator.id()].map(Footprint::of);
        match self.footprints {
            // Tables have grown to what they are by then.
            None if self.tally.rounds == 3 => self.footprints = Some(now),
            None => {}
            Some(before) => {
                for (now, before) in now.iter().zip(before) {
                    let more = now.resident.saturating_sub(before.resident);
                    assert!(more <= RESIDENT / 4, "{before:?} after 3 rounds, {now:?} now");
                    assert!(
                        now.descriptors <= before.descriptors + 16,
                        "{before:?} after 3 rounds, {now:?} now"
                    );
                    assert!(now.mappings <= before.mappings + 40, "{before:?} after 3 rounds, {now:?} now");
                }
                self.tally.footprints = Some([[before[0], now[0]], [before[1], now[1]]]);
            }
        }
    }

    /// All end, and this process gives up what was there all the time: one sweep, and nothing is left.
    fn end(mut self) {
        for slot in 0..WORKERS {
            self.kill(slot);
        }
        self.operator.kill().expect("nobody else waits for it");
        self.operator.wait().expect("nobody else waits for it");
        self.until_orphans_are_gone();
        self.tally.print();
        let namespaces = self.places.namespaces();
        drop(self);
        for namespace in namespaces {
            let sweep = namespace.sweep(SweepMode::Remove).expect("it can be swept");
            assert!(sweep.problems.is_empty(), "{:?}", sweep.problems);
            assert_eq!(entries(&namespace), [""; 0], "all ended");
        }
        alarm(Duration::ZERO);
    }

    fn until_orphans_are_gone(&mut self) {
        let begun = Instant::now();
        while self.orphans() > 0 {
            assert!(begun.elapsed() < PATIENCE, "children of workers do not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Tells all there is to tell, and fails.
    fn complain(&mut self, what: &str) -> ! {
        self.tally.collect(&self.board);
        self.tally.print();
        for slot in (0..SLOTS).filter(|slot| self.board.get(*slot, Word::Process) != 0) {
            eprintln!("{}", self.board.describe(slot));
        }
        for mutex in &self.fixed.mutexes {
            eprintln!("mutex: {:?}", mutex.state());
        }
        for semaphore in &self.fixed.semaphores {
            eprintln!("semaphore: {:?}", semaphore.state());
        }
        panic!("{what}");
    }
}

impl Drop for Soak<'_> {
    fn drop(&mut self) {
        let workers = self.seats.iter_mut().filter_map(|seat| seat.process.as_mut());
        for process in workers.chain([&mut self.operator]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// This program again, in a role.
fn role(world: &World, role: &str, slot: usize) -> std::process::Command {
    let mut command = role_command(role);
    command.env("VEDUTA_ROOT", world.root()).env(worker::SLOT, slot.to_string());
    command.env_remove("VEDUTA_STEP").env_remove("VEDUTA_BYTES");
    command
}

#[allow(unsafe_code, reason = "the standard library cannot know who looks at the environment")]
fn set_root(world: &World) {
    // SAFETY: the threads of the harness wait for this one.
    unsafe { env::set_var("VEDUTA_ROOT", world.root()) };
    // SAFETY: as above.
    unsafe { env::remove_var("VEDUTA_BYTES") };
}

/// The children of workers that end become this process's own.
fn adopt_orphans() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).expect("every process may");
}

/// The processes whose parent is this one.
fn children() -> Vec<Pid> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let pids = processes.filter_map(|process| process.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may be anything: the state, and the parent.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.split(' ').nth(1) == Some(&own))
    };
    pids.filter(is_child).filter_map(Pid::from_raw).collect()
}

#[allow(unsafe_code, reason = "the standard library has no alarm")]
fn alarm(time: Duration) {
    // SAFETY: takes only a number.
    unsafe { libc::alarm(time.as_secs() as libc::c_uint) };
}
