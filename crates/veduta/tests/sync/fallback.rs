//! Kernels that cannot put a thread to sleep on several words: such waits look from time to time.

use crate::scratch::{Watchdog, child};
use crate::{timeout, wait_all, wait_any};

const CHECKS: &[fn()] = &[
    wait_any::the_first_of_those_that_are_signaled_is_taken,
    wait_any::whichever_comes_first_ends_the_wait,
    wait_any::a_mutex_is_acquired_when_its_owner_lets_it_go,
    wait_any::several_mutexes,
    wait_any::the_same_object_may_stand_there_twice,
    wait_any::what_is_not_needed_is_there_for_the_next,
    wait_any::what_one_waiter_gives_back_another_gets,
    wait_any::one_to_64_objects,
    wait_all::nothing_is_taken_until_all_can_be,
    wait_all::a_waiter_lets_others_have_what_it_cannot_use_yet,
    timeout::no_wait_ends_before_its_time,
    timeout::no_time_is_too_long,
];

#[test]
fn waits_end_all_the_same() {
    let mut other = child::play("fallback::role_without_waitv", &[("VEDUTA_WAITV", "0")]);
    assert_eq!(other.hear(), "all hold");
}

#[test]
#[ignore = "a role: waits as on an old kernel"]
fn role_without_waitv() {
    for check in CHECKS {
        let _watchdog = Watchdog::new();
        check();
    }
    child::say("all hold");
}
