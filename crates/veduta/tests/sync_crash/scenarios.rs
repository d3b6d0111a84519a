//! Who does what, for somebody to be killed or stopped in the middle of it.

/// A story has lines of who does what. `v` is the victim, `s` a survivor, digits before a colon bystanders.
///
/// Verbs: `any`, `all` (waits, of objects by number), `signal`, `reset`, `pulse`, `try` (a wait of no time); a victim's `kill`. A line with
/// `~` begins a wait and goes on when the waiter sits; `v ?` is the end of the victim's.
pub(crate) struct Scenario {
    pub(crate) title: &'static str,
    /// What `Object::create` calls them.
    pub(crate) objects: &'static [&'static str],
    pub(crate) story: &'static [&'static str],
}

const fn scenario(
    title: &'static str,
    objects: &'static [&'static str],
    story: &'static [&'static str],
) -> Scenario {
    Scenario { title, objects, story }
}

pub(crate) const MUTEXES: &[Scenario] = &[
    scenario("lock, unlock", &["mutex"], &["v any 0", "v signal 0"]),
    scenario("lock, unlock with sleepers", &["mutex"], &["v any 0", "0~any 0", "1~any 0", "v signal 0"]),
    scenario(
        "lock twice, unlock twice",
        &["mutex"],
        &["v any 0", "v any 0", "0~any 0", "v signal 0", "v signal 0"],
    ),
    scenario("created owned", &["owned"], &["v signal 0"]),
    scenario(
        "wait, killed asleep",
        &["mutex"],
        &["s any 0", "0~any 0", "v~any 0", "1~any 0", "v kill", "s signal 0"],
    ),
    scenario(
        "wait first in line",
        &["mutex"],
        &["s any 0", "v~any 0", "0~any 0", "1~any 0", "s signal 0", "v ?", "v signal 0"],
    ),
    scenario(
        "woken, and killed on the way",
        &["mutex"],
        &["s any 0", "v~any 0", "0~any 0", "s signal 0", "v kill"],
    ),
    scenario(
        "all of two mutexes",
        &["mutex", "mutex"],
        &["v all 0 1", "0~all 0 1", "1~any 1", "v signal 0", "v signal 1"],
    ),
    scenario(
        "all of two mutexes, missing the first",
        &["mutex", "mutex"],
        &["s any 0", "v~all 0 1", "0~any 0", "1~all 0 1", "s signal 0", "v ?"],
    ),
    scenario(
        "all of two mutexes, missing the second",
        &["mutex", "mutex"],
        &["s any 1", "v~all 0 1", "0~any 1", "1~all 0 1", "s signal 1", "v ?"],
    ),
    scenario(
        "any of two mutexes",
        &["mutex", "mutex"],
        &["s any 0", "s any 1", "v~any 0 1", "0~any 1 0", "1~any 1", "s signal 1", "v ?", "s signal 0"],
    ),
    scenario("the abandoned, once more abandoned", &["mutex"], &["v any 0", "0~any 0", "v kill", "1~any 0"]),
];

pub(crate) const EVENTS: &[Scenario] = &[
    scenario("set auto, nobody there", &["auto"], &["v signal 0"]),
    scenario("set auto, one there", &["auto"], &["0~any 0", "v signal 0"]),
    scenario("set auto, three there", &["auto"], &["0~any 0", "1~any 0", "2~any 0", "v signal 0"]),
    scenario("set auto twice", &["auto"], &["0~any 0", "1~any 0", "2~any 0", "v signal 0", "v signal 0"]),
    scenario("set auto, one asleep for all", &["auto", "auto"], &["s signal 1", "0~all 0 1", "v signal 0"]),
    scenario(
        "set auto, two asleep for all",
        &["auto", "auto"],
        &["s signal 1", "0~all 0 1", "1~all 0 1", "v signal 0"],
    ),
    scenario("set manual, nobody there", &["manual"], &["v signal 0"]),
    scenario("set manual, two there", &["manual"], &["0~any 0", "1~any 0", "v signal 0"]),
    scenario(
        "set manual, one asleep for all",
        &["manual", "auto"],
        &["s signal 1", "0~all 0 1", "v signal 0"],
    ),
    scenario("pulse auto", &["auto"], &["0~any 0", "1~any 0", "v pulse 0"]),
    scenario("pulse manual", &["manual"], &["0~any 0", "1~any 0", "v pulse 0"]),
    scenario("set, reset", &["manual"], &["v signal 0", "v reset 0", "0~any 0"]),
    scenario("wait for auto, killed asleep", &["auto"], &["v~any 0", "0~any 0", "v kill", "s signal 0"]),
    scenario("wait alone for auto", &["auto"], &["v~any 0", "s signal 0", "v ?"]),
    scenario("wait for auto", &["auto"], &["v~any 0", "0~any 0", "s signal 0", "v ?"]),
    scenario("wait for manual", &["manual"], &["v~any 0", "0~any 0", "s signal 0", "v ?"]),
    scenario(
        "wait in a dead one's seat",
        &["auto"],
        &["v~any 0", "v kill", "0~any 0", "1~any 0", "s signal 0"],
    ),
];

pub(crate) const SEMAPHORES: &[Scenario] = &[
    scenario("release 3, nobody there", &["semaphore:0:9"], &["v signal 0 3"]),
    scenario("release 3, one there", &["semaphore:0:9"], &["0~any 0", "v signal 0 3"]),
    scenario(
        "release 3, three there",
        &["semaphore:0:9"],
        &["0~any 0", "1~any 0", "2~any 0", "v signal 0 3"],
    ),
    scenario(
        "release 3, one there, two for all",
        &["semaphore:0:9", "manual"],
        &["s signal 1", "0~any 0", "1~all 0 1", "2~all 0 1", "v signal 0 3"],
    ),
    scenario("take what is there", &["semaphore:2:9"], &["v any 0", "v any 0", "0~any 0"]),
    scenario("wait alone, given a unit", &["semaphore:0:9"], &["v~any 0", "s signal 0", "v ?"]),
    scenario("wait, given a unit", &["semaphore:0:9"], &["v~any 0", "0~any 0", "s signal 0", "v ?"]),
    scenario("wait, killed asleep", &["semaphore:0:9"], &["v~any 0", "0~any 0", "v kill", "s signal 0"]),
    scenario(
        "given and killed at once",
        &["semaphore:0:9"],
        &["v~any 0", "0~any 0", "s signal 0", "v kill", "s signal 0"],
    ),
];

pub(crate) const SEVERAL: &[Scenario] = &[
    scenario(
        "any of two semaphores, alone",
        &["semaphore:0:9", "semaphore:0:9"],
        &["v~any 0 1", "s signal 1", "v ?", "0~any 0 1"],
    ),
    scenario(
        "any of two semaphores",
        &["semaphore:0:9", "semaphore:0:9"],
        &["v~any 0 1", "0~any 0 1", "1~any 1", "s signal 0", "v ?"],
    ),
    scenario(
        "any of mutex and event, the event",
        &["mutex", "auto"],
        &["s any 0", "v~any 0 1", "0~any 0 1", "s signal 1", "v ?", "s signal 0"],
    ),
    scenario(
        "any of mutex and event, the mutex",
        &["auto", "mutex"],
        &["s any 1", "v~any 0 1", "0~any 1 0", "1~any 1", "s signal 1", "v ?"],
    ),
    scenario(
        "all of two semaphores",
        &["semaphore:1:9", "semaphore:0:9"],
        &["v~all 0 1", "0~all 0 1", "s signal 1", "v ?", "1~any 0"],
    ),
    scenario(
        "all of three semaphores that are there",
        &["semaphore:2:9", "semaphore:2:9", "semaphore:2:9"],
        &["v all 0 1 2", "0~all 2 1 0", "1~all 1 2 0"],
    ),
    scenario(
        "all of mutex and semaphore, missing the semaphore",
        &["mutex", "semaphore:0:9"],
        &["v~all 0 1", "0~all 1 0", "1~all 0 1", "s signal 1", "v ?"],
    ),
    scenario(
        "all of semaphore and mutex, missing the semaphore",
        &["semaphore:0:9", "mutex"],
        &["v~all 0 1", "0~all 1 0", "1~all 0 1", "s signal 0", "v ?"],
    ),
    scenario(
        "all of mutex and semaphore, missing the mutex",
        &["mutex", "semaphore:1:9"],
        &["s any 0", "v~all 0 1", "0~all 1 0", "1~any 0", "s signal 0", "v ?", "v signal 0"],
    ),
    scenario(
        "all of auto and manual",
        &["auto", "manual"],
        &["s signal 1", "v~all 0 1", "0~all 0 1", "s signal 0", "v ?"],
    ),
    scenario(
        "all, killed asleep in the queue",
        &["auto", "auto"],
        &["s signal 1", "v~all 0 1", "0~all 0 1", "v kill", "s signal 0"],
    ),
];

pub(crate) const GIVEN_TWO: Scenario =
    scenario("any of two, both given", &["semaphore:0:9", "semaphore:0:9"], &[]);
