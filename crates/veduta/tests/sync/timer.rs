//! Timers: when they go off, and when not.

use super::{LONG, until};
use crate::scratch::shown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};
use veduta::{
    Code, Due, Event, Namespace, ObjectState, Reset, SyncAccess, Timer, Waitable, Waited, signal_and_wait,
    wait_all, wait_any,
};

const MOMENT: Duration = Duration::from_millis(30);

fn is_signaled(timer: &Timer) -> bool {
    matches!(timer.state().unwrap(), ObjectState::Timer { signaled: true, .. })
}

#[test]
fn a_timer_goes_off_when_it_is_due_and_not_before() {
    for due in [|| Due::In(MOMENT), || Due::At(SystemTime::now() + MOMENT)] {
        let timer = Timer::options().create_unnamed().unwrap();
        let begun = Instant::now();
        timer.set(due(), None).unwrap();
        assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
        // The two clocks may differ a little.
        assert!(begun.elapsed() >= MOMENT - Duration::from_millis(5), "{:?}", begun.elapsed());
        assert_eq!(timer.wait(MOMENT).unwrap(), Waited::TimedOut, "once, and the wait reset it");
    }
}

#[test]
fn a_timer_that_was_never_set_does_not_go_off() {
    let timer = Timer::options().create_unnamed().unwrap();
    assert_eq!(timer.wait(MOMENT).unwrap(), Waited::TimedOut);
    timer.set(Duration::MAX, None).unwrap();
    assert_eq!(timer.wait(MOMENT).unwrap(), Waited::TimedOut, "too far away to be said");
}

#[test]
fn what_is_past_is_due_now() {
    let timer = Timer::options().create_unnamed().unwrap();
    timer.set(SystemTime::UNIX_EPOCH, None).unwrap();
    assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
}

#[test]
fn a_period_repeats_until_it_is_cancelled() {
    let timer = Timer::options().create_unnamed().unwrap();
    let begun = Instant::now();
    timer.set(MOMENT, Some(MOMENT)).unwrap();
    for _ in 0..4 {
        assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
    }
    assert!(begun.elapsed() >= MOMENT * 4);
    timer.cancel().unwrap();
    // One signal may have come before the cancellation.
    let _ = timer.wait(Duration::ZERO).unwrap();
    assert_eq!(timer.wait(MOMENT * 3).unwrap(), Waited::TimedOut);
}

#[test]
fn only_setting_resets_a_manual_timer() {
    let timer = Timer::options().reset(Reset::Manual).create_unnamed().unwrap();
    timer.set(Duration::ZERO, None).unwrap();
    assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
    assert_eq!(timer.wait(Duration::ZERO).unwrap(), Waited::Signaled(0));
    timer.cancel().unwrap();
    assert_eq!(timer.wait(Duration::ZERO).unwrap(), Waited::Signaled(0), "cancelling leaves it signaled");
    timer.set(LONG, None).unwrap();
    assert_eq!(timer.wait(Duration::ZERO).unwrap(), Waited::TimedOut, "setting does not");
}

#[test]
fn setting_a_timer_anew_forgets_what_it_was_set_to() {
    let timer = Timer::options().create_unnamed().unwrap();
    timer.set(MOMENT, Some(MOMENT)).unwrap();
    timer.set(LONG, None).unwrap();
    assert_eq!(timer.wait(MOMENT * 3).unwrap(), Waited::TimedOut);
    timer.set(Duration::ZERO, None).unwrap();
    assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
}

#[test]
fn any_handle_sets_and_cancels_the_same_timer() {
    let name = format!(r"Local\any handle {}", std::process::id());
    let first = Timer::options().create_new(&name).unwrap();
    let second = Timer::options().open(&name).unwrap();
    first.set(MOMENT, None).unwrap();
    second.cancel().unwrap();
    assert_eq!(first.wait(MOMENT * 3).unwrap(), Waited::TimedOut);
    second.set(MOMENT, None).unwrap();
    assert_eq!(first.wait(LONG).unwrap(), Waited::Signaled(0));
    let info = Namespace::local().unwrap().object(&name).unwrap();
    assert_eq!(info.kind.to_string(), "timer");
    assert!(matches!(
        info.state,
        Some(ObjectState::Timer { reset: Reset::Auto, signaled: false, waiters }) if waiters == shown(0)
    ));
}

#[test]
fn a_timer_without_handles_here_stops() {
    let name = format!(r"Local\without handles {}", std::process::id());
    let calls = Arc::new(AtomicU32::new(0));
    let timer = Timer::options().create_new(&name).unwrap();
    let counted = calls.clone();
    timer
        .set_and_call(Duration::ZERO, Some(Duration::from_millis(1)), move || {
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    until("it goes off again and again", || calls.load(Ordering::SeqCst) > 3);
    drop(timer);
    // What it calls goes with the schedule.
    until("nobody keeps what it called", || Arc::strong_count(&calls) == 1);
    assert_eq!(Timer::options().open(&name).unwrap_err().code(), Code::FILE_NOT_FOUND);
}

#[test]
fn a_panic_in_what_is_called_stops_no_other_timer() {
    let [bad, good] = [(); 2].map(|()| Timer::options().create_unnamed().unwrap());
    bad.set_and_call(Duration::ZERO, None, || std::panic::panic_any("on purpose")).unwrap();
    assert_eq!(bad.wait(LONG).unwrap(), Waited::Signaled(0));
    good.set(Duration::from_millis(1), None).unwrap();
    assert_eq!(good.wait(LONG).unwrap(), Waited::Signaled(0));
}

#[test]
fn timers_are_waited_for_with_others() {
    let timer = Timer::options().create_unnamed().unwrap();
    let event = Event::options().create_unnamed().unwrap();
    timer.set(MOMENT, None).unwrap();
    assert_eq!(wait_any(&[&event, &timer], LONG).unwrap(), Waited::Signaled(1));
    timer.set(MOMENT, None).unwrap();
    event.set().unwrap();
    assert_eq!(wait_all(&[&event, &timer], LONG).unwrap(), Waited::Signaled(0));
    let error = signal_and_wait(&timer, &event, Duration::ZERO).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_HANDLE);
}

#[test]
fn the_handle_must_have_the_right() {
    let timer = Timer::options().create_unnamed().unwrap();
    let waits = timer.try_clone_with(SyncAccess::SYNCHRONIZE).unwrap();
    assert_eq!(waits.set(MOMENT, None).unwrap_err().code(), Code::ACCESS_DENIED);
    assert_eq!(waits.cancel().unwrap_err().code(), Code::ACCESS_DENIED);
    assert_eq!(timer.set(MOMENT, Some(Duration::ZERO)).unwrap_err().code(), Code::INVALID_PARAMETER);
    assert!(!is_signaled(&timer));
}

#[test]
fn many_timers_go_off_in_their_order() {
    // Row: order of timers
    let (count, milliseconds) = if cfg!(windows) { (20, 50) } else { (200, 1) };
    let timers: Vec<_> = (0..count).map(|_| Timer::options().create_unnamed().unwrap()).collect();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    // Far enough ahead that all are set before the first goes off.
    let start = Instant::now() + Duration::from_millis(300);
    for (index, timer) in timers.iter().enumerate().rev() {
        let order = order.clone();
        let due = start.saturating_duration_since(Instant::now())
            + Duration::from_millis(milliseconds * index as u64);
        timer.set_and_call(due, None, move || order.lock().unwrap().push(index)).unwrap();
    }
    for timer in &timers {
        assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
    }
    until("the last was called", || order.lock().unwrap().len() == count);
    let order = order.lock().unwrap().clone();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn what_a_procedure_owns_may_cancel_timers_as_it_goes() {
    struct Cancels(Timer);
    impl Drop for Cancels {
        fn drop(&mut self) {
            self.0.cancel().unwrap();
        }
    }
    let timer = Timer::options().create_unnamed().unwrap();
    let other = Timer::options().create_unnamed().unwrap();
    // In its own thread: if it stands still, this one must not.
    let set = move || {
        let owned = Cancels(other.try_clone().unwrap());
        timer.set_and_call(Duration::from_secs(1000), None, move || _ = &owned).unwrap();
        // Set anew, and gone off.
        let owned = Cancels(other);
        timer.set_and_call(Duration::ZERO, None, move || _ = &owned).unwrap();
        assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
        timer.set(Duration::ZERO, None).unwrap();
        assert_eq!(timer.wait(LONG).unwrap(), Waited::Signaled(0));
    };
    let setting = std::thread::spawn(set);
    until("the timers went off", || setting.is_finished());
    setting.join().unwrap();
}
