//! The numbered steps of the entry protocol, by the names of the model that checks it, and of what is done with the page of a
//! mutex, event or semaphore.
//!
//! With the feature `steps`, which only tests turn on, a process dies or stops just *before* the step that the variable
//! `VEDUTA_STEP` names: `MarkDead=kill`, `MarkDead:2=stop` for the second time it gets there, or several of these with
//! commas.

macro_rules! steps {
    ($($list:ident, $doc:literal: $($name:ident)*;)*) => {
        /// One action on what processes share. Those of the entry protocol in the order of `veduta_model::protocol::Step`, which documents
        /// each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, unreachable_pub, reason = "the model documents each; only tests see them")]
        pub enum Step {
            $($($name,)*)*
        }

        $(
            #[doc = $doc]
            #[cfg(feature = "steps")]
            pub const $list: &[Step] = &[$(Step::$name,)*];
        )*
    };
}

steps! {
    STEPS, "The steps of the entry protocol, for tests that go through them all.":
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
    ListNames;

    SYNC_STEPS, "The steps of mutexes, events, semaphores and waits; docs/format.md tells what each is.":
    MarkState
    GrantSeat
    UnmarkState
    WakeSeat
    MarkGranted
    TakeBack
    NudgeQueue
    ClaimOwner
    LinkOwner
    ReleaseOwner
    WakeOwner
    SleepOnOwner
    SitDown
    Sleep
    StandUp
    GiveBack
    Reserve
    Redeem
    SleepInQueue;
}

#[cfg(loom)]
pub(crate) use super::sync::loomed::reached;

#[cfg(all(not(feature = "steps"), not(loom)))]
#[inline(always)]
pub(crate) fn reached(_: Step) {}

#[cfg(all(feature = "steps", not(loom)))]
#[inline(always)]
pub(crate) fn reached(step: Step) {
    // Even where it does nothing it must cost nothing: it stands between the two instructions of a lock.
    if !IDLE.load(std::sync::atomic::Ordering::Relaxed) {
        act(step);
    }
}

/// Whether it is known that there is no plan.
#[cfg(all(feature = "steps", not(loom)))]
static IDLE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[cfg(all(feature = "steps", not(loom)))]
#[cold]
fn act(step: Step) {
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
    IDLE.store(plans.is_empty(), Ordering::Relaxed);
    for plan in plans.iter().filter(|plan| plan.step == format!("{step:?}")) {
        if plan.process == std::process::id() && plan.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            // SAFETY: sends a signal that has no handler. To this thread: a signal to the process may be taken by another
            // one, while this one runs on past the step.
            let status = unsafe { libc::raise(plan.signal) };
            assert_eq!(status, 0, "a process may signal itself");
        }
    }
}
