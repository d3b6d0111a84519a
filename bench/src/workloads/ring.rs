//! A stream of messages from one process to another.

use super::unique;
use crate::contest::{Bench, Contest};
use crate::iceoryx;
use crate::partner::Partner;
use crate::peer::Peer;
use crate::results::Work;
use crate::ring::{Receiver, Sender, Shape, Wait};
use crate::signal::{Pipe, Signal};
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;
use std::time::{Duration, Instant};

const WHOLE: &str = "The sender copies each message in, and the receiver reads all of it: veduta's copies it out in pieces and adds them up, \
    iceoryx2's adds it up where it lies, the others' copy it out. A turn ends when the receiver has said that it has the last one. As much is \
    under way as fits the second-level cache, at Boost's up to 4 MiB, in a pipe 64 KiB.";
const SLEEPS: &str = "veduta's is `examples/ring`: it signals an event only if the other side sleeps. iceoryx2 notifies after each sample, as its \
    example does, and a publisher whose subscriber is behind tries again until it is not.";
const SPINS: &str = "Who waits looks again and again, and lets others run in between if it takes long.";

pub(crate) fn all(bench: &mut Bench) {
    for (size, slots, what, [sleeping, spinning]) in [
        (64, 1024, "ring64", ["messages of 64 bytes, event waits", "messages of 64 bytes, spinning"]),
        (4 << 10, 256, "ring4k", ["messages of 4 KiB, event waits", "messages of 4 KiB, spinning"]),
        (1 << 20, 2, "ring1m", ["messages of 1 MiB, event waits", "messages of 1 MiB, spinning"]),
    ] {
        let work = |title| Work::new("A ring in a section", title).bytes(size as u64).note(WHOLE);
        stream(bench, work(sleeping).programs(what).note(SLEEPS), Shape { size, slots, wait: Wait::Sleep });
        stream(bench, work(spinning).note(SPINS), Shape { size, slots, wait: Wait::Spin });
    }
}

fn stream(bench: &mut Bench, work: Work, shape: Shape) {
    if !bench.wants(&work) {
        return;
    }
    let name = unique(&format!("ring-{}-{:?}", shape.size, shape.wait));
    let ours = FarEnd::new(
        || Receiver::join(&name, shape).expect("a ring"),
        |receiver| {
            let mut sum = 0_u64;
            receiver.receive(|piece| sum = sum.wrapping_add(read(piece))).expect("a message");
            follow(sum, shape.size)
        },
    );
    let mut sender = Sender::join(&name, shape).expect("a ring");
    let theirs = FarEnd::new(|| Subscriber::new(&name, shape), |subscriber| subscriber.receive());
    let publisher = Publisher::new(&name, shape);

    let mut message = FILLING.to_ne_bytes().repeat(shape.size / 8);
    let mut same = message.clone();
    let mut contest = Contest::new(work);
    contest
        .timed(Peer::Veduta, |count| {
            ours.turn(count, |left| {
                message[..8].copy_from_slice(&left.to_ne_bytes());
                sender.send(&message).expect("room");
            })
        })
        .timed(Peer::Iceoryx2, |count| {
            theirs.turn(count, |left| {
                same[..8].copy_from_slice(&left.to_ne_bytes());
                publisher.send(&same);
            })
        });
    bench.run(contest);
}

/// What stands in every word of a message but the first, which says how many messages follow.
const FILLING: u64 = 0x0101_0101_0101_0101;

/// Reads all of it: the sum of the words.
fn read(message: &[u8]) -> u64 {
    let words = message.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes")));
    words.fold(0, u64::wrapping_add)
}

/// How many messages follow one with this sum.
fn follow(sum: u64, size: usize) -> u64 {
    sum.wrapping_sub(FILLING.wrapping_mul(size as u64 / 8 - 1))
}

/// The process that receives. Between turns it sleeps, also if it spins in them.
struct FarEnd {
    go: Pipe,
    done: Pipe,
    _partner: Partner,
}

impl FarEnd {
    /// `receive` says how many messages follow.
    fn new<R>(make: impl FnOnce() -> R, mut receive: impl FnMut(&mut R) -> u64) -> FarEnd {
        let (go, done) = (Pipe::new(), Pipe::new());
        let _partner = Partner::with(make, |receiver| {
            go.wait();
            let mut follow = receive(receiver);
            while follow > 0 {
                let next = receive(receiver);
                assert_eq!(next + 1, follow, "each message once, and in order");
                follow = next;
            }
            done.signal();
        });
        FarEnd { go, done, _partner }
    }

    /// Sends so many messages, which say how many follow.
    fn turn(&self, count: u64, send: impl FnMut(u64)) -> Duration {
        let start = Instant::now();
        self.go.signal();
        (0..count).rev().for_each(send);
        self.done.wait();
        start.elapsed()
    }
}

type Service = PortFactory<ipc::Service, [u8], ()>;

/// Nothing is lost, and no more is under way than there is in the ring.
fn service(node: &iceoryx2::node::Node<ipc::Service>, name: &str, shape: Shape) -> Service {
    let name = name.try_into().expect("a name");
    let builder = node.service_builder(&name).publish_subscribe::<[u8]>();
    let builder = builder.enable_safe_overflow(false).subscriber_max_buffer_size(shape.slots as usize);
    builder.open_or_create().expect("a service")
}

struct Publisher {
    publisher: iceoryx2::port::publisher::Publisher<ipc::Service, [u8], ()>,
    /// Not if the other end spins.
    notifier: Option<iceoryx2::port::notifier::Notifier<ipc::Service>>,
}

impl Publisher {
    fn new(name: &str, shape: Shape) -> Publisher {
        let node = iceoryx::node();
        let publisher = service(&node, name, shape)
            .publisher_builder()
            .initial_max_slice_len(shape.size)
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()
            .expect("a publisher");
        let notifier = || iceoryx::event(&node, name).notifier_builder().create().expect("a notifier");
        Publisher { publisher, notifier: matches!(shape.wait, Wait::Sleep).then(notifier) }
    }

    fn send(&self, message: &[u8]) {
        let sample = self.publisher.loan_slice_uninit(message.len()).expect("a loan");
        let receivers = sample.write_from_slice(message).send().expect("to send");
        assert_eq!(receivers, 1);
        if let Some(notifier) = &self.notifier {
            notifier.notify().expect("to wake");
        }
    }
}

struct Subscriber {
    subscriber: iceoryx2::port::subscriber::Subscriber<ipc::Service, [u8], ()>,
    listener: Option<iceoryx2::port::listener::Listener<ipc::Service>>,
}

impl Subscriber {
    fn new(name: &str, shape: Shape) -> Subscriber {
        let node = iceoryx::node();
        let subscriber = service(&node, name, shape).subscriber_builder().create().expect("a subscriber");
        let listener = || iceoryx::event(&node, name).listener_builder().create().expect("a listener");
        Subscriber { subscriber, listener: matches!(shape.wait, Wait::Sleep).then(listener) }
    }

    /// Says how many messages follow.
    fn receive(&self) -> u64 {
        let mut looks = 0;
        loop {
            if let Some(sample) = self.subscriber.receive().expect("to look") {
                return follow(read(&sample), sample.len());
            }
            match &self.listener {
                Some(listener) => iceoryx::wait(listener),
                None if looks < 64 => std::hint::spin_loop(),
                None => std::thread::yield_now(),
            }
            looks += 1;
        }
    }
}
