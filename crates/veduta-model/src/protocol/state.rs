//! The whole system at one instant, and how it changes.

use super::process::{Call, Ending, Life, Process, Task, Witness};
use super::rules::Rule;
use super::scenario::Scenario;
use super::step::Step;
use super::turn::{Next, Turn};
use super::world::{Description, EntryId, Files, Lock, PROCESSES, Path, Tag, Word};

/// Everything that is, at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) files: Files,
    pub(super) processes: [Process; PROCESSES],
    /// The rule that the step to this state broke.
    pub(super) broken: Option<Rule>,
}

/// One thing that the kernel lets go of for a killed process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The presence of its handle.
    Presence,
    /// The bytes of its handle.
    Bytes,
    /// The presence of what its last call had open.
    CallPresence,
    /// The bytes of what its last call had open.
    CallBytes,
}

impl State {
    /// Nothing has happened, except that some processes may have inherited a handle.
    pub(super) fn start(scenario: &Scenario) -> Self {
        let mut files = Files::default();
        let inherited = (scenario.inherited > 0).then(|| {
            let entry = files.make_entry();
            let directory = files.make_directory();
            files.directory(directory).entry = Some(entry);
            files.publish(directory);
            Description::held(entry)
        });
        let process = |me| Process::new(inherited.filter(|_| me < scenario.inherited));
        Self { files, processes: std::array::from_fn(process), broken: None }
    }

    /// Every open description of every process.
    pub(super) fn descriptions(&self) -> impl Iterator<Item = Description> {
        self.processes.iter().flat_map(Process::descriptions)
    }

    /// The entry of every holder.
    pub(super) fn held(&self) -> impl Iterator<Item = EntryId> {
        self.processes.iter().filter_map(Process::held)
    }

    pub(super) fn is_held(&self, entry: EntryId) -> bool {
        self.held().any(|held| held == entry)
    }

    /// Whether a process that may be looked at has the bytes of this entry.
    pub(super) fn is_shown(&self, entry: EntryId, hidden: Option<usize>) -> bool {
        let visible = self.processes.iter().enumerate().filter(|&(process, _)| Some(process) != hidden);
        visible.flat_map(|(_, process)| process.descriptions()).any(|it| it.entry == entry && it.bytes)
    }

    /// A tag that no word has and no process remembers.
    pub(super) fn fresh_tag(&self, task: &Task) -> Tag {
        let remembered = self.processes.iter().filter_map(|process| process.task.map(|task| task.seen));
        let words = self.files.words().chain(remembered).chain([task.seen]);
        let used = words.fold(0u32, |used, word| match word {
            Word::Dying(Tag(tag)) => used | 1 << tag,
            Word::Live | Word::Dead => used,
        });
        Tag(used.trailing_ones() as u8)
    }

    /// The step that a process takes next, if it has anything left to do.
    pub(super) fn next_step(&self, scenario: &Scenario, me: usize) -> Option<Step> {
        let process = &self.processes[me];
        match (process.life, process.task) {
            (Life::Killed, _) => None,
            (Life::Running, Some(task)) => Some(task.step),
            (Life::Running, None) => self.next_call(scenario, me).map(|(_, call)| scenario.first_step(call)),
        }
    }

    /// The call that a process makes next. To close what was never got is no call.
    pub(super) fn next_call(&self, scenario: &Scenario, me: usize) -> Option<(u8, Call)> {
        let process = &self.processes[me];
        let calls = (0..).zip(scenario.scripts[me].iter().copied()).skip(usize::from(process.begun));
        let closes = |call| matches!(call, Call::Close | Call::CloseShared);
        calls.into_iter().find(|&(_, call)| process.handle.is_some() || !closes(call))
    }

    /// One process takes its next step. Says how the call ended, if it did.
    pub(super) fn step(&mut self, scenario: &Scenario, me: usize) -> Option<Ending> {
        let task = self.processes[me].task.take().unwrap_or_else(|| self.begin(scenario, me));
        let mut turn = Turn { scenario, state: self, task };
        let next = turn.take();
        let mut task = turn.task;
        let ending = match next {
            Next::Step(step) => {
                task.proceed(step);
                self.processes[me].task = Some(task);
                None
            }
            Next::End(ending) => {
                self.end(me, &task, ending);
                Some(ending)
            }
        };
        self.tidy();
        ending
    }

    fn begin(&mut self, scenario: &Scenario, me: usize) -> Task {
        let (index, call) = self.next_call(scenario, me).expect("only who has a next step takes it");
        self.processes[me].begun = index + 1;
        let mut task = Task::new(call, scenario.first_step(call));
        match call {
            Call::Create | Call::Open => task.witness = Witness { gone: self.gone(), unheld: false },
            Call::Close | Call::CloseShared => task.description = self.processes[me].handle.take(),
            Call::Sweep => {}
        }
        task.witness.unheld = self.held().next().is_none();
        task
    }

    fn end(&mut self, me: usize, task: &Task, ending: Ending) {
        match ending {
            Ending::Created | Ending::Opened => {
                self.processes[me].handle = task.description;
                if task.description.is_some_and(|it| task.witness.gone & bit(it.entry) != 0) {
                    self.broken = Some(Rule::OpensNoGhost);
                }
            }
            Ending::NotFound if !task.witness.unheld => self.broken = Some(Rule::TrueAbsence),
            Ending::NotFound | Ending::Unreachable | Ending::Done => {}
        }
    }

    /// The entries, as a set of bits, of which nobody has any more what proves life, nor has seen it and goes on.
    fn gone(&self) -> u8 {
        let tasks = self.processes.iter().filter_map(|process| process.task);
        let convinced = tasks.filter(|task| task.step == Step::TakeBytes).filter_map(|task| task.description);
        let proof = self.descriptions().filter(|it| it.bytes);
        proof.chain(convinced).fold(self.files.entries(), |gone, it| gone & !bit(it.entry))
    }

    /// SIGKILL. What the process had open stays, until the kernel lets go of it.
    pub(super) fn kill(&mut self, me: usize) {
        let process = &mut self.processes[me];
        process.life = Life::Killed;
        process.begun = 0;
        process.remains = process.task.take().and_then(|task| task.description);
        self.tidy();
    }

    /// What the kernel has still to let go of for a killed process. It promises no order.
    pub(super) fn losses(&self, me: usize) -> impl Iterator<Item = Loss> {
        let Process { life, handle, remains, .. } = self.processes[me];
        let of_killed = move |it: Option<Description>| it.filter(|_| life == Life::Killed);
        let present = |it: Option<Description>| it.is_some_and(|it| it.lock != Lock::Free);
        let bytes = |it: Option<Description>| it.is_some_and(|it| it.bytes);
        let (handle, remains) = (of_killed(handle), of_killed(remains));
        let owned = [
            (present(handle), Loss::Presence),
            (bytes(handle), Loss::Bytes),
            (present(remains), Loss::CallPresence),
            (bytes(remains), Loss::CallBytes),
        ];
        owned.into_iter().filter_map(|(owned, loss)| owned.then_some(loss))
    }

    /// The kernel lets go of one thing that a killed process had.
    pub(super) fn let_go(&mut self, me: usize, loss: Loss) {
        let process = &mut self.processes[me];
        let of = match loss {
            Loss::Presence | Loss::Bytes => process.handle.as_mut(),
            Loss::CallPresence | Loss::CallBytes => process.remains.as_mut(),
        };
        let of = of.expect("listed by losses");
        match loss {
            Loss::Presence | Loss::CallPresence => of.lock = Lock::Free,
            Loss::Bytes | Loss::CallBytes => of.bytes = false,
        }
        self.tidy();
    }

    /// Notes what the witnesses see, and forgets what nothing leads to.
    fn tidy(&mut self) {
        for process in self.processes.iter_mut().filter(|process| process.life == Life::Killed) {
            for it in [&mut process.handle, &mut process.remains] {
                *it = it.filter(Description::matters);
            }
        }
        let Self { files, processes, .. } = self;
        files.forget(
            |entry| processes.iter().flat_map(Process::descriptions).any(|it| it.entry == entry),
            |directory| {
                let path = Path::Temporary(directory);
                let tasks = processes.iter().filter_map(|process| process.task);
                tasks
                    .into_iter()
                    .any(|it| it.directory == Some(directory) || it.path == path || it.queue.contains(path))
            },
        );
        let entries = files.entries();
        let unheld = self.held().next().is_none();
        for task in self.processes.iter_mut().filter_map(|process| process.task.as_mut()) {
            task.witness.gone &= entries;
            task.witness.unheld |= unheld;
            task.witness.unheld &= task.call == Call::Open;
        }
    }
}

fn bit(entry: EntryId) -> u8 {
    1 << entry.0
}
