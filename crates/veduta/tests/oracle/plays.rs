//! Plays that are made at random, and shrunk when they fail.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};
use std::fmt::Debug;

/// What a test tries.
pub(crate) struct Plays<S> {
    pub(crate) strategy: S,
    /// How many, if the environment does not say more.
    pub(crate) cases: u32,
    /// Where failures are noted, in the tests of this crate.
    pub(crate) regressions: &'static str,
    /// How often a shortened play must work to be taken for one that works: more than once where the outcome depends on
    /// which thread is faster.
    pub(crate) tries: u32,
}

impl<L: Debug + Clone, S: Strategy<Value = Vec<L>>> Plays<S> {
    /// Fails with the shortest play that was found for which `perform` says that something is wrong.
    pub(crate) fn all_agree(self, perform: impl Fn(&Vec<L>) -> Result<(), String>) {
        let cases = std::env::var("VEDUTA_ORACLE_CASES")
            .map_or(self.cases, |cases| cases.parse().expect("VEDUTA_ORACLE_CASES is a number"));
        let regressions: &str =
            Box::leak(format!("{}/tests/oracle/{}", env!("CARGO_MANIFEST_DIR"), self.regressions).into());
        let mut runner = TestRunner::new(Config {
            cases,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
            max_shrink_iters: 1000,
            // Where threads hang each try takes seconds.
            max_shrink_time: 120_000,
            source_file: Some(file!()),
            ..Config::default()
        });
        let result = runner.run(&self.strategy, |play| perform(&play).map_err(TestCaseError::fail));
        match result {
            Ok(()) => {}
            Err(TestError::Fail(difference, play)) => {
                let again = |play: &Vec<L>| (0..self.tries).try_for_each(|_| perform(play));
                let (play, difference) = without_detours(play, difference.to_string(), again);
                let lines: String = play.iter().map(|line| format!("  {line:?},\n")).collect();
                panic!("{difference}\n{lines}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// What fails too, without any of its operations: operations are turned to what is there, so leaving out the choice
/// behind one changes others, and leaving out the operation itself does not.
fn without_detours<L: Clone>(
    mut play: Vec<L>,
    mut difference: String,
    perform: impl Fn(&Vec<L>) -> Result<(), String>,
) -> (Vec<L>, String) {
    let mut index = play.len();
    while index > 0 {
        index -= 1;
        let mut shorter = play.clone();
        shorter.remove(index);
        if let Err(found) = perform(&shorter) {
            (play, difference) = (shorter, found);
        }
    }
    match perform(&play) {
        Ok(()) => difference.push_str("\n(and it works when it is played again)"),
        Err(found) => difference = found,
    }
    (play, difference)
}
