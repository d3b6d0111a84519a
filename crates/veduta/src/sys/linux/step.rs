//! The numbered steps of the entry protocol, by the names of the model that checks it.
//!
//! With the feature `steps`, which only tests turn on, a process dies or stops just *before* the step that the variable
//! `VEDUTA_STEP` names: `MarkDead=kill`, `MarkDead:2=stop` for the second time it gets there, or several of these with
//! commas.

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
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Plan {
        /// A child that the process forks goes free.
        process: u32,
        step: String,
        left: AtomicU32,
        signal: i32,
    }
    fn parse(text: &str) -> Plan {
        let (place, action) =
            text.split_once('=').expect("VEDUTA_STEP is STEP[:N]=kill|stop, or several, with commas");
        let (step, count) = place.split_once(':').unwrap_or((place, "1"));
        let signal = match action {
            "kill" => libc::SIGKILL,
            "stop" => libc::SIGSTOP,
            _ => panic!("VEDUTA_STEP kills or stops, it does not {action}"),
        };
        let left = AtomicU32::new(count.parse().expect("VEDUTA_STEP counts with a number"));
        Plan { process: std::process::id(), step: step.to_owned(), left, signal }
    }
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    let plans = PLANS.get_or_init(|| {
        std::env::var("VEDUTA_STEP").map_or(Vec::new(), |text| text.split(',').map(parse).collect())
    });
    for plan in plans.iter().filter(|plan| plan.step == format!("{step:?}")) {
        if plan.process == std::process::id() && plan.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            // SAFETY: sends a signal that has no handler. To this thread: a signal to the process may be taken by another
            // one, while this one runs on past the step.
            let status = unsafe { libc::raise(plan.signal) };
            assert_eq!(status, 0, "a process may signal itself");
        }
    }
}
