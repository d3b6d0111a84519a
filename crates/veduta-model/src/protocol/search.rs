//! The system as a graph for `stateright` to search through.

use stateright::{Model, Property};

use super::process::Life;
use super::rules::Rule;
use super::scenario::{Protocol, Scenario};
use super::state::{Loss, State};
use super::step::Step;
use super::world::PROCESSES;

/// What can happen next. A process that is stopped is one whose turn does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A process takes its next step.
    Step(usize, Step),
    /// A process is killed.
    Kill(usize),
    /// The kernel lets go of something that a killed process had.
    LetGo(usize, Loss),
}

impl Model for Scenario {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::start(self)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for me in 0..PROCESSES {
            let process = &state.processes[me];
            let next = state.next_step(self, me);
            actions.extend(next.map(|step| Action::Step(me, step)));
            if self.kills && process.life == Life::Running && (next.is_some() || process.handle.is_some()) {
                actions.push(Action::Kill(me));
            }
            actions.extend(state.losses(me).map(|loss| Action::LetGo(me, loss)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::Step(me, _) => {
                next.step(self, me);
            }
            Action::Kill(me) => next.kill(me),
            Action::LetGo(me, loss) => next.let_go(me, loss),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        /// A property is a plain function, so each rule needs one of its own.
        macro_rules! always {
            ($($rule:ident),*) => {
                vec![$(Property::always(Rule::$rule.name(), |scenario: &Self, state: &State| {
                    Rule::$rule.holds(scenario, state)
                })),*]
            };
        }
        let mut rules = always![
            OneIncarnation,
            NameStands,
            OpensNoGhost,
            TrueAbsence,
            RemovesOnlyDead,
            SoloTermination,
            ReachesAll,
            LeavesNothing
        ];
        if self.protocol != Protocol::LIBRARY {
            rules.extend(always![ReachesAllAlways]);
        }
        rules
    }
}
