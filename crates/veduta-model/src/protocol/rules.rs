//! What must hold in every state that can be reached.

use super::process::{Call, Ending, Life, Process, Task};
use super::scenario::Scenario;
use super::state::State;
use super::step::Step;
use super::world::{Lock, PROCESSES, Path, Word};

/// More steps than any call takes that nobody interferes with.
const SOLO_STEPS: usize = 100;

/// A rule of the protocol. A process *holds* an object from the end of a successful create or open to the beginning of
/// its close, or to its death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// All who hold the name hold the same object.
    OneIncarnation,
    /// While somebody holds an object, the name leads to it.
    NameStands,
    /// An object whose last holder was gone before an open began is not what it opens.
    OpensNoGhost,
    /// An open that finds nothing was right at some instant of its run.
    TrueAbsence,
    /// What a removal unlinks is dead, and nobody holds it.
    RemovesOnlyDead,
    /// A process that runs alone finishes its call, wherever the others have stopped for ever.
    SoloTermination,
    /// And it only finds a name unreachable when a living holder hides its descriptors, or another process has stopped
    /// with a share of the presence lock and no bytes: in the middle of an open, or of a probe.
    ReachesAll,
    /// It only finds a name unreachable when a living holder hides its descriptors. Not true of the library's
    /// protocol, see [`Order`] and [`Presence`].
    ///
    /// [`Order`]: super::Order
    /// [`Presence`]: super::Presence
    ReachesAllAlways,
    /// When all have closed, nothing is left; when some were killed instead, one sweep leaves nothing.
    LeavesNothing,
}

impl Rule {
    /// The name under which a search reports it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneIncarnation => "one incarnation",
            Self::NameStands => "the name stands",
            Self::OpensNoGhost => "opens no ghost",
            Self::TrueAbsence => "true absence",
            Self::RemovesOnlyDead => "removes only the dead",
            Self::SoloTermination => "solo termination",
            Self::ReachesAll => "reaches all",
            Self::ReachesAllAlways => "reaches all, always",
            Self::LeavesNothing => "leaves nothing",
        }
    }

    pub(super) fn holds(self, scenario: &Scenario, state: &State) -> bool {
        match self {
            Self::OneIncarnation => one_incarnation(state),
            Self::NameStands => name_stands(state),
            Self::OpensNoGhost | Self::TrueAbsence | Self::RemovesOnlyDead => state.broken != Some(self),
            Self::SoloTermination => solo_termination(scenario, state),
            Self::ReachesAll => in_the_way(state) || reaches_all(scenario, state),
            Self::ReachesAllAlways => reaches_all(scenario, state),
            Self::LeavesNothing => leaves_nothing(scenario, state),
        }
    }
}

fn one_incarnation(state: &State) -> bool {
    let mut held = state.held();
    held.next().is_none_or(|first| held.all(|other| other == first))
}

fn name_stands(state: &State) -> bool {
    let named = state.files.lookup(Path::Name);
    state.held().all(|entry| named == Some(entry) && state.files.word(entry) != Word::Dead)
}

/// It is enough to start where the loops of the protocol begin: whoever goes on for ever comes by there.
fn solo_termination(scenario: &Scenario, state: &State) -> bool {
    let begins_loop =
        |step| matches!(step, Step::OpenEntry | Step::ReadWord | Step::MakeDirectory | Step::Revive);
    (0..PROCESSES)
        .filter(|&me| state.next_step(scenario, me).is_some_and(begins_loop))
        .all(|me| alone(scenario, *state, me).is_some())
}

fn reaches_all(scenario: &Scenario, state: &State) -> bool {
    let hides = scenario.hidden.is_some_and(|hidden| {
        let process = &state.processes[hidden];
        process.life == Life::Running && process.descriptions().any(|it| it.bytes)
    });
    let opens = |me: &usize| {
        let call = state.next_call(scenario, *me).map(|(_, call)| call);
        call.is_some_and(Call::opens) && state.processes[*me].task.is_none()
    };
    let runs = |me: &usize| state.processes[*me].life == Life::Running;
    hides
        || (0..PROCESSES).filter(|me| runs(me) && opens(me)).all(|me| {
            alone(scenario, buried(*state), me).map(|(_, ending)| ending) != Some(Ending::Unreachable)
        })
}

/// Whether a process may have stopped while it only looked like a holder. One that closes must never look like one.
fn in_the_way(state: &State) -> bool {
    let running = state.processes.iter().filter(|process| process.life == Life::Running);
    running.filter_map(|process| process.task).any(|task| {
        task.description.is_some_and(|it| it.lock == Lock::Shared && !it.bytes)
            && (task.settling || task.call.opens())
    })
}

fn leaves_nothing(scenario: &Scenario, state: &State) -> bool {
    let at_rest = |me| state.next_step(scenario, me).is_none() && state.losses(me).next().is_none();
    if !(0..PROCESSES).all(at_rest) {
        return true;
    }
    let killed = state.processes.iter().any(|process| process.life == Life::Killed);
    let left = if killed { swept(scenario, *state) } else { Some(*state) };
    left.is_some_and(|left| {
        left.files.paths().all(|path| left.files.lookup(path).is_some_and(|entry| left.is_held(entry)))
    })
}

/// What a process gets to, and how, when only it runs.
fn alone(scenario: &Scenario, mut state: State, me: usize) -> Option<(State, Ending)> {
    (0..SOLO_STEPS).find_map(|_| state.step(scenario, me)).map(|ending| (state, ending))
}

/// The killed are really gone: the kernel does not stop half-way for ever.
fn buried(mut state: State) -> State {
    for me in 0..PROCESSES {
        while let Some(loss) = { state.losses(me).next() } {
            state.let_go(me, loss);
        }
    }
    state
}

fn swept(scenario: &Scenario, mut state: State) -> Option<State> {
    let sweeper = state.processes.iter().position(|process| process.life == Life::Killed).unwrap_or(0);
    state.processes[sweeper] = Process::new(None);
    state.processes[sweeper].task = Some(Task::new(Call::Sweep, Step::ListNames));
    alone(scenario, state, sweeper).map(|(state, _)| state)
}
