//! Waking another process.

use super::unique;
use crate::contest::{Bench, Contest};
use crate::iceoryx::{self, Link};
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use crate::signal::{Eventfd, Futex, Pipe, Semaphore, Signal};
use veduta::Event;

pub(crate) fn all(bench: &mut Bench) {
    let work = Work::new("Events", "two processes wake each other in turn, there and back")
        .programs("event")
        .note("POSIX: semaphores, in the same two processes as veduta's events. Boost, Python and the Win32 programs are processes of their own, some of them smaller.");
    if !bench.wants(&work) {
        return;
    }
    let [there, back] = ["there", "back"].map(unique);
    let far = Partner::with(
        || Link::new(&iceoryx::node(), &back, &there),
        |link| {
            link.wait();
            link.signal();
        },
    );
    let link = Link::new(&iceoryx::node(), &there, &back);
    let ours = Pair::new(|| Event::options().create_unnamed().expect("an event"));
    let (bare, pipes, counters) = (Pair::new(Futex::new), Pair::new(Pipe::new), Pair::new(Eventfd::new));
    let semaphores = Pair::new(Semaphore::new);
    let mut contest = Contest::new(work);
    contest
        .with(Peer::Veduta, || ours.rally())
        .with(Peer::Bare, || bare.rally())
        .with(Peer::Posix, || semaphores.rally())
        .with(Peer::Pipe, || pipes.rally())
        .with(Peer::Eventfd, || counters.rally())
        .with(Peer::Iceoryx2, || {
            link.signal();
            link.wait();
        });
    bench.run(contest);
    drop(far);
}

/// A signal for each way, and a partner that answers.
struct Pair<S> {
    there: S,
    back: S,
    _partner: Partner,
}

impl<S: Signal> Pair<S> {
    fn new(signal: impl Fn() -> S) -> Pair<S> {
        let (there, back) = (signal(), signal());
        let _partner = Partner::of(|| {
            there.wait();
            back.signal();
        });
        Pair { there, back, _partner }
    }

    fn rally(&self) {
        self.there.signal();
        self.back.wait();
    }
}
