//! The entry protocol keeps its rules, and the search that says so notices when it does not.

mod alternatives;
mod coverage;
mod faults;
mod rules;

use std::collections::HashMap;

use stateright::{Checker, HasDiscoveries, Model};
use veduta_model::protocol::{Action, Scenario};

/// Searches every state of a scenario, or until `until`. Gives the rules that were broken, with the shortest way there.
fn search(scenario: &Scenario, until: HasDiscoveries) -> HashMap<&'static str, Vec<Action>> {
    let search = scenario.clone().checker().threads(2).finish_when(until).spawn_bfs().join();
    println!("{} states: {scenario:?}", search.unique_state_count());
    search.discoveries().into_iter().map(|(rule, path)| (rule, path.into_actions())).collect()
}
