//! The numbered steps of the entry protocol, by the names of the model that checks it.
//!
//! With the feature `steps`, which only tests turn on, a process dies or stops just *before* the step that the variable
//! `VEDUTA_STEP` names: `MarkDead=kill`, or `MarkDead:2=stop` for the second time it gets there.

macro_rules! steps {
    ($($name:ident)*) => {
        /// One action on what processes share. In the order of `veduta_model::protocol::Step`, which documents each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, unreachable_pub, reason = "the model documents each; only tests see them")]
        pub enum Step {
            $($name,)*
        }

        /// Every step, for tests that go through them all.
        #[cfg(feature = "steps")]
        pub const STEPS: &[Step] = &[$(Step::$name,)*];
    };
}

steps! {
    MakeEntry
    MakeDirectory
    LinkEntry
    PublishName
    WithdrawEntry
    WithdrawDirectory
    OpenEntry
    TakePresence
    ReadHeader
    ReachBytes
    QueryBytes
    TakeBytes
    Revive
    DropPresence
    ReadWord
    MarkDying
    ProbeExclusive
    ProbeShared
    MarkDead
    Restore
    ReleaseAndTest
    StoreDead
    CloseDescriptors
    OpenDirectory
    CheckEntry
    UnlinkEntry
    RemoveDirectory
    ListNames
}

#[cfg(not(feature = "steps"))]
#[inline(always)]
pub(crate) fn reached(_: Step) {}

#[cfg(feature = "steps")]
pub(crate) fn reached(step: Step) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Plan {
        step: String,
        left: AtomicU32,
        signal: Signal,
    }
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let text = std::env::var("VEDUTA_STEP").ok()?;
        let (place, action) = text.split_once('=').expect("VEDUTA_STEP is STEP[:N]=kill|stop");
        let (step, count) = place.split_once(':').unwrap_or((place, "1"));
        let signal = match action {
            "kill" => Signal::KILL,
            "stop" => Signal::STOP,
            _ => panic!("VEDUTA_STEP kills or stops, it does not {action}"),
        };
        let left = AtomicU32::new(count.parse().expect("VEDUTA_STEP counts with a number"));
        Some(Plan { step: step.to_owned(), left, signal })
    });
    if let Some(plan) = plan
        && plan.step == format!("{step:?}")
        && plan.left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        kill_process(getpid(), plan.signal).expect("a process may signal itself");
    }
}
