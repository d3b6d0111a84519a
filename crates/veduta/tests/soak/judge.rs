//! What must be the case while everybody stands still, with the model of the object manager as the oracle.

use crate::board::{BOARD, Board, OPERATOR, WORKERS, Word};
use crate::names::{KEPT, NAMES, Name, Places, WAITED_FOR, is_hidden};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use veduta::{Code, Kind, Listing, Namespace};
use veduta_model::sync::{self, NewObject, Reset, Thread};
use veduta_model::{Manager, Names, Operation, Outcome, Protection};

/// This process among the actors of the model.
const COORDINATOR: usize = WORKERS;

/// What a namespace has. The operator's probe may be taken for a holder, seen or not seen, but not for long.
fn listing_of(namespace: &Namespace, operator: u32) -> Listing {
    let list = || namespace.objects().expect("a namespace can be listed");
    let is_probed = |listing: &Listing| {
        listing.objects.iter().any(|object| {
            let probes = object.name != BOARD && object.holders.iter().any(|holder| holder.pid == operator);
            object.unseen_holders || probes
        })
    };
    (0..1000)
        .map(|_| list())
        .find(|listing| {
            !is_probed(listing) || {
                std::thread::sleep(Duration::from_millis(1));
                false
            }
        })
        .unwrap_or_else(list)
}

/// The names by the model's slots: those that come and go, and those that everybody has all the time.
fn slots() -> impl Iterator<Item = (usize, &'static Name)> {
    NAMES.iter().chain(&KEPT).chain(&WAITED_FOR).enumerate()
}

/// The model of the session, and that of the private namespace.
pub(crate) struct Judge {
    session: Manager,
    private: Manager,
    /// The processes of the actors.
    processes: BTreeMap<usize, u32>,
    /// The operator's process, which holds nothing but the board.
    operator: u32,
}

impl Judge {
    /// All living workers have what they say, and all processes have what is there all the time.
    pub(crate) fn new(board: &Board, living: &[(usize, u32)]) -> Judge {
        let mut judge = Judge {
            session: Manager::new(Names::Session, Vec::new()),
            private: Manager::new(Names::Private, Vec::new()),
            processes: living.iter().copied().chain([(COORDINATOR, std::process::id())]).collect(),
            operator: board.get(OPERATOR, Word::Process) as u32,
        };
        let actors = living.iter().map(|&(actor, _)| actor).chain([COORDINATOR]);
        for actor in actors {
            for (slot, name) in slots().skip(NAMES.len()) {
                judge.create(actor, slot, name);
            }
        }
        for &(actor, _) in living {
            let (maybe, surely) = board.pair(actor, Word::Held);
            assert_eq!(maybe, 0, "it stands: {}", board.describe(actor));
            (0..NAMES.len()).filter(|index| surely & 1 << index != 0).for_each(|index| {
                judge.create(actor, index, &NAMES[index]);
            });
        }
        judge
    }

    fn manager(&mut self, name: &Name) -> &mut Manager {
        if name.is_private() { &mut self.private } else { &mut self.session }
    }

    /// What comes of creating is not compared: in which order they did nobody knows.
    fn create(&mut self, actor: usize, slot: usize, name: &Name) {
        let (slot, text) = (slot as u8, name.text.to_owned());
        let object = match name.kind {
            Kind::Section => {
                let create =
                    Operation::Create { slot, name: text, size: 1, protection: Protection::ReadWrite };
                self.manager(name).apply(actor, &create);
                return;
            }
            Kind::Mutex => NewObject::Mutex { owned: false },
            Kind::Semaphore => NewObject::Semaphore { count: 0, maximum: 1 },
            // The model has no timers; an event is named in the same way.
            _ => NewObject::Event { reset: Reset::Auto, signaled: false },
        };
        let create = sync::Operation::Create { slot, name: text, object };
        self.manager(name).act(Thread { actor, thread: 0 }, &create);
    }

    pub(crate) fn close(&mut self, actor: usize, index: usize) {
        self.manager(&NAMES[index]).apply(actor, &Operation::Close { slot: index as u8 });
    }

    pub(crate) fn kill(&mut self, actor: usize) {
        for manager in [&mut self.session, &mut self.private] {
            manager.act(Thread { actor, thread: 0 }, &sync::Operation::Kill);
        }
        self.processes.remove(&actor);
    }

    /// The names that exist, with the processes that have them, by namespace.
    fn expected(&self) -> [BTreeMap<String, BTreeSet<u32>>; 3] {
        let mut expected = [const { BTreeMap::new() }; 3];
        for (&actor, &process) in &self.processes {
            for slot in [self.session.handles(actor), self.private.handles(actor)].concat() {
                let (_, name) = slots().nth(slot.into()).expect("slots are numbers of names");
                expected[of(name)].entry(name.text.to_owned()).or_insert_with(BTreeSet::new).insert(process);
            }
        }
        // The same, as the model says it.
        let session: BTreeSet<String> = self.session.names().into_iter().collect();
        let plain = |name: &String| name.trim_start_matches(r"Local\").to_owned();
        assert_eq!(expected[0].keys().chain(expected[1].keys()).map(plain).collect::<BTreeSet<_>>(), session);
        let private: BTreeSet<String> = self.private.names().into_iter().collect();
        assert_eq!(expected[2].keys().cloned().collect::<BTreeSet<_>>(), private);
        expected
    }

    /// A name exists if and only if somebody has a handle; who has is listed; and what does not exist cannot be opened.
    pub(crate) fn agrees(&mut self, places: &Places, when: &str) {
        let expected = self.expected();
        for (namespace, expected) in places.namespaces().iter().zip(&expected) {
            let listing = listing_of(namespace, self.operator);
            assert!(listing.problems.is_empty(), "{when}: {:?}", listing.problems);
            let listed = listing.objects.into_iter().filter(|object| object.name != BOARD);
            let listed: BTreeMap<String, BTreeSet<u32>> = listed
                .map(|object| (object.name, object.holders.iter().map(|holder| holder.pid).collect()))
                .collect();
            assert_eq!(&listed, expected, "{when}: listed, and who is to have what");
        }
        for name in &NAMES {
            let exists = expected[of(name)].contains_key(name.text);
            match places.open(name) {
                Ok(_) => assert!(exists, "{when}: {} can be opened, and nobody has it", name.text),
                Err(error) if error.code() == Code::FILE_NOT_FOUND => {
                    assert!(!exists, "{when}: LOST: {} cannot be opened, and somebody has it", name.text);
                }
                Err(error) => panic!("{when}: {error}: {:?}, hidden: {}", error.advice(), is_hidden(&error)),
            }
            if name.kind == Kind::Section {
                let rights = veduta_model::Rights::READ;
                let open = Operation::Open { slot: 200, name: name.text.to_owned(), access: rights };
                let outcome = self.manager(name).apply(COORDINATOR, &open);
                assert_eq!(outcome == Outcome::Done, exists, "{when}: {}", name.text);
                self.manager(name).apply(COORDINATOR, &Operation::Close { slot: 200 });
            }
        }
    }

    /// Nothing stands in the directories but what exists.
    pub(crate) fn nothing_else_is_left(&self, places: &Places, when: &str) {
        for ((namespace, expected), board) in places.namespaces().iter().zip(&self.expected()).zip([0, 0, 1])
        {
            let entries = entries(namespace);
            let names: Vec<_> = expected.keys().collect();
            assert_eq!(entries.len(), expected.len() + board, "{when}: {entries:?} stand for {names:?}");
        }
    }
}

/// In which namespace a name is.
fn of(name: &Name) -> usize {
    match name {
        name if name.is_private() => 2,
        name => usize::from(name.text.starts_with(r"Global\")),
    }
}

pub(crate) fn entries(namespace: &Namespace) -> Vec<String> {
    let entries = std::fs::read_dir(namespace.path()).expect("it is a directory");
    entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect()
}
