//! Kill points: at every step of the entry protocol, wherever an operation passes it, a process dies or stops, and nobody
//! else is the worse for it.
//!
//! Each test goes through all steps, all scenarios and all the times that a scenario passes a step. It fails if a step that
//! belongs to its flavour is passed by no scenario, so that steps cannot vanish from what is tested.
// Row: steps
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;
use support::actor::Ending;
use support::reply::Seen;
use support::{Actor, Incarnation, Outcome, Reply, World, expect_refusal, stage};
use tempfile::NamedTempFile;
use veduta::{Code, Disposition, STEPS, Step};

/// Where the bytes of the objects are, which decides how openers come by them.
struct Flavour {
    prefix: &'static str,
    file: bool,
    /// Steps that no object of this flavour passes.
    without: &'static [Step],
}

const MEMORY: Flavour =
    Flavour { prefix: r"Local\", file: false, without: &[Step::QueryBytes, Step::TakeBytes] };
const ENTRY: Flavour = Flavour { prefix: r"Global\", file: false, without: &[Step::ReachBytes] };
const FILE: Flavour = Flavour { prefix: r"Local\", file: true, without: &[] };

/// What others did before the victim comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The keeper holds the name.
    Held,
    /// Somebody held the name and was killed.
    Stale,
    /// Somebody was killed before this step of creating.
    HalfMade(&'static str),
    /// Somebody asks whether the name, which is held, is dead, and stopped in the middle of it.
    AskedAfter,
    /// Somebody creates it, and stopped before giving it its name.
    BeingMade,
}

/// What the victim does, or happens to it, one after another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Create,
    Open,
    OpenToRead,
    /// Closes one of two handles.
    CloseOne,
    Close,
    Duplicate,
    MakeInheritable,
    /// Its child has the handle too from now on.
    Fork,
    ChildLeaves,
    OthersClose,
    List,
    Sweep,
}

struct Scenario {
    title: &'static str,
    before: &'static [Before],
    story: &'static [Turn],
    /// The victim finds the name free, and then the keeper is faster.
    race: bool,
}

impl Scenario {
    /// Before it the victim holds what it is about to close; after it nobody can say.
    fn first_step_of_close(&self) -> Step {
        let shared = self.story.iter().any(|turn| matches!(turn, Turn::Fork | Turn::MakeInheritable));
        if shared { Step::DropPresence } else { Step::ReleaseAndTest }
    }
}

const SCENARIOS: &[Scenario] = {
    use Before::*;
    use Turn::*;
    const fn scenario(title: &'static str, before: &'static [Before], story: &'static [Turn]) -> Scenario {
        Scenario { title, before, story, race: false }
    }
    &[
        scenario("create, close last", &[], &[Create, Close]),
        scenario("create over a dead one", &[Stale], &[Create, Close]),
        scenario("create what is there", &[Held], &[Create, Close]),
        Scenario { race: true, ..scenario("create, and lose the race", &[], &[Create, Close]) },
        scenario("open, close not last", &[Held], &[Open, Close]),
        scenario("open, close last", &[Held], &[Open, OthersClose, Close]),
        scenario("open what is dead", &[Stale], &[Open]),
        scenario("open while somebody asks", &[Held, AskedAfter], &[Open, Close]),
        scenario("open to read, close last", &[Held], &[OpenToRead, OthersClose, Close]),
        scenario("duplicate, close both", &[], &[Create, Duplicate, CloseOne, Close]),
        scenario("inheritable, close last", &[], &[Create, MakeInheritable, Close]),
        scenario("fork, close before the child", &[], &[Create, Fork, Close]),
        scenario("fork, close after the child", &[], &[Create, Fork, ChildLeaves, Close]),
        scenario("list", &[Held], &[List]),
        scenario("sweep what is held", &[Held], &[Sweep]),
        scenario("sweep what is dead", &[Stale], &[Sweep]),
        scenario("sweep what is half made", &[HalfMade("LinkEntry")], &[Sweep]),
        scenario("sweep what is nearly made", &[HalfMade("PublishName")], &[Sweep]),
        scenario("sweep what is being made", &[BeingMade], &[Sweep]),
    ]
};

macro_rules! kill_points {
    ($($test:ident: $fate:ident, $flavour:ident;)*) => {
        $(#[test]
        fn $test() {
            go_through_all(Fate::$fate, &$flavour);
        })*
    };
}

kill_points! {
    killed_over_memory: Kill, MEMORY;
    killed_over_an_entry: Kill, ENTRY;
    killed_over_a_file: Kill, FILE;
    stopped_over_memory: Stop, MEMORY;
    stopped_over_an_entry: Stop, ENTRY;
    stopped_over_a_file: Stop, FILE;
    paused_over_memory: Pause, MEMORY;
    paused_over_an_entry: Pause, ENTRY;
}

/// What happens to the victim at a step.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Kill,
    /// It stops until others have done all there is to do, and one has come to stay.
    Stop,
    /// It stops until one other has come and gone, who is all that could tidy up after it.
    Pause,
}

/// What that one other does.
const VISITS: [&[Turn]; 4] = [&[], &[Turn::Create, Turn::Close], &[Turn::Open, Turn::Close], &[Turn::Sweep]];

fn go_through_all(fate: Fate, flavour: &Flavour) {
    let visits = if matches!(fate, Fate::Pause) { &VISITS[..] } else { &VISITS[..1] };
    let mut passed = BTreeSet::new();
    let mut points = 0;
    for scenario in SCENARIOS {
        let mut cast = Cast::new(flavour);
        let mut runs = 0;
        for step in STEPS {
            let mut closing = 0;
            // Until it does not come to the step so many times.
            for (nth, visit) in (1..).flat_map(|nth| visits.iter().map(move |visit| (nth, visit))) {
                runs += 1;
                let _scene = Scene(format!("{}: {fate:?} at {step:?}:{nth}, {visit:?}", scenario.title));
                let mut run = Run::new(&mut cast, scenario, runs);
                run.set_the_scene();
                let happened = match fate {
                    Fate::Kill => run.kill_at(*step, nth),
                    Fate::Stop => run.stop_at(*step, nth, &mut closing),
                    Fate::Pause => run.pause_at(*step, nth, visit),
                };
                run.clear_the_scene();
                if !happened {
                    break;
                }
                passed.insert(format!("{step:?}"));
                points += 1;
            }
        }
    }
    println!("{fate:?} at {points} points of {} scenarios", SCENARIOS.len());
    let expected =
        STEPS.iter().filter(|step| !flavour.without.contains(step)).map(|step| format!("{step:?}"));
    assert_eq!(passed, expected.collect::<BTreeSet<_>>(), "each step must be passed by some scenario");
}

/// Says on the way out of a panic what was being tried.
struct Scene(String);

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the scene was: {}", self.0);
        }
    }
}

/// Where a process may share presence without showing the bytes: stopped there, nobody can tell whether the object lives. That
/// is an error, which names the process.
fn may_hide(step: Step) -> bool {
    use Step::*;
    matches!(step, ReadHeader | ReachBytes | QueryBytes | TakeBytes | DropPresence | ReleaseAndTest)
}

/// What it is all about.
struct Object {
    name: String,
    settings: Vec<String>,
}

impl Object {
    fn create(&self, actor: &mut Actor) -> Outcome<(Disposition, Incarnation)> {
        let settings: Vec<_> = self.settings.iter().map(String::as_str).collect();
        actor.create_with(&self.name, &settings)
    }

    /// What an actor is told whose turn it is; nothing if it is the turn of others.
    fn words(&self, turn: Turn) -> Option<Vec<&str>> {
        let name = self.name.as_str();
        let settings = self.settings.iter().map(String::as_str);
        Some(match turn {
            Turn::Create => ["create", name].into_iter().chain(settings).collect(),
            Turn::Open => vec!["open", name, "rw"],
            Turn::OpenToRead => vec!["open", name, "r"],
            Turn::Close | Turn::CloseOne => vec!["close", name],
            Turn::Duplicate => vec!["duplicate", name, "rw"],
            Turn::MakeInheritable => vec!["make-inheritable", name],
            Turn::List => vec!["list", name],
            Turn::Sweep => vec!["sweep", name],
            Turn::Fork | Turn::ChildLeaves | Turn::OthersClose => return None,
        })
    }
}

/// Who is there all the time.
struct Cast {
    world: World,
    prefix: &'static str,
    file: Option<NamedTempFile>,
    /// Holds the name in some scenarios.
    keeper: Actor,
    /// They come when something has happened.
    first: Actor,
    second: Actor,
}

impl Cast {
    fn new(flavour: &Flavour) -> Cast {
        let world = World::new();
        let file = flavour.file.then(|| NamedTempFile::new().expect("there is a place for temporary files"));
        let (keeper, first, second) = (world.actor(), world.actor(), world.actor());
        Cast { world, prefix: flavour.prefix, file, keeper, first, second }
    }

    fn object(&self, number: usize) -> Object {
        let settings = self.file.iter().map(|file| format!("file={}", file.path().display())).collect();
        Object { name: format!("{}Kill point {number}", self.prefix), settings }
    }
}

/// One scenario, and one thing that happens in it.
struct Run<'a> {
    cast: &'a mut Cast,
    scenario: &'a Scenario,
    object: Object,
    /// What somebody other than the victim holds.
    held: Option<Incarnation>,
    asker: Option<Actor>,
    maker: Option<Actor>,
    child: Option<Actor>,
    /// The survivors do things in another order each time.
    rotation: usize,
    killed: bool,
}

impl<'a> Run<'a> {
    fn new(cast: &'a mut Cast, scenario: &'a Scenario, number: usize) -> Run<'a> {
        let object = cast.object(number);
        Run {
            cast,
            scenario,
            object,
            held: None,
            asker: None,
            maker: None,
            child: None,
            rotation: number,
            killed: false,
        }
    }

    /// Does what others did before.
    fn set_the_scene(&mut self) {
        for before in self.scenario.before {
            let Run { cast, object, .. } = self;
            match before {
                Before::Held => self.keeper_creates(),
                Before::Stale => {
                    let mut corpse = cast.world.actor();
                    object.create(&mut corpse).expect("the name is free");
                    corpse.kill();
                    self.killed = true;
                }
                Before::HalfMade(step) => {
                    let mut corpse = cast.world.actor_until(&format!("{step}=kill"));
                    let reply = corpse.ask(&object.words(Turn::Create).expect("it is a verb"));
                    assert!(matches!(reply, Reply::Ended(_)), "it passes the step");
                    self.killed = true;
                }
                Before::AskedAfter => {
                    let mut asker = cast.world.actor_until("Restore=stop");
                    let reply = asker.ask(&object.words(Turn::Sweep).expect("it is a verb"));
                    assert!(matches!(reply, Reply::Stopped), "it passes the step");
                    self.asker = Some(asker);
                }
                Before::BeingMade => {
                    let mut maker = cast.world.actor_until("PublishName=stop");
                    let reply = maker.ask(&object.words(Turn::Create).expect("it is a verb"));
                    assert!(matches!(reply, Reply::Stopped), "it passes the step");
                    self.maker = Some(maker);
                }
            }
        }
    }

    fn keeper_creates(&mut self) {
        let (_, incarnation) = self.object.create(&mut self.cast.keeper).expect("the name is free");
        self.held = Some(incarnation);
    }

    /// Whoever was making the name comes to an end with it.
    fn maker_goes_on(&mut self) {
        if let Some(mut maker) = self.maker.take() {
            maker.go_on();
            maker.hear().done().expect("it only had to go on");
            maker.leave();
        }
    }

    fn victim(&self, step: Step, nth: u32, action: &str) -> Actor {
        let race = if self.scenario.race { "MakeEntry=stop," } else { "" };
        self.cast.world.actor_until(&format!("{race}{step:?}:{nth}={action}"))
    }

    /// Plays one turn of the story, up to an answer or what happens before. A race is lost on the way.
    fn play(&mut self, turn: Turn, victim: &mut Actor) -> Reply {
        if let Some(words) = self.object.words(turn) {
            let reply = victim.ask(&words);
            if self.scenario.race && self.held.is_none() && matches!(reply, Reply::Stopped) {
                self.keeper_creates();
                victim.go_on();
                return victim.hear();
            }
            return reply;
        }
        match turn {
            Turn::Fork => {
                let mut child = self.cast.world.fork(victim);
                self.held = Some(child.sees(&self.object.name));
                self.child = Some(child);
            }
            Turn::ChildLeaves => {
                self.child.take().expect("it was forked").leave();
                self.held = None;
            }
            _ => {
                self.cast.keeper.let_go();
                self.held = None;
            }
        }
        Reply::Done(Ok(String::new()))
    }

    /// Whether the victim came to the step and died there. The survivors then go on.
    fn kill_at(&mut self, step: Step, nth: u32) -> bool {
        let mut victim = self.victim(step, nth, "kill");
        for turn in self.scenario.story {
            match self.play(*turn, &mut victim) {
                Reply::Done(outcome) => drop(self.sane(*turn, outcome)),
                Reply::Ended(Ending::Killed(_)) => {
                    self.killed = true;
                    self.survivors_go_on();
                    return true;
                }
                other => panic!("{turn:?}: {other:?}"),
            }
        }
        victim.leave();
        false
    }

    /// What the victim saw, if that was to be expected of someone who found nobody in its way.
    fn sane(&self, turn: Turn, outcome: Outcome<String>) -> Option<Incarnation> {
        let seen = match (turn, outcome) {
            (Turn::Create, Ok(answer)) => Some(stage::decode_created(&answer).1),
            (Turn::Open | Turn::OpenToRead, Ok(answer)) => Some(stage::decode_incarnation(&answer)),
            (Turn::Open, Err(refusal)) if refusal.is(Code::FILE_NOT_FOUND) && self.held.is_none() => None,
            (Turn::List | Turn::Sweep, Ok(answer)) => {
                assert_eq!(Seen::decode(&answer).problems, [""; 0], "nothing is malformed");
                None
            }
            (_, Ok(_)) => None,
            (turn, outcome) => panic!("{turn:?} of the victim: {outcome:?}"),
        };
        if let (Some(seen), Some(held)) = (seen, self.held) {
            assert_eq!(seen, held, "{turn:?} of the victim finds what is held");
        }
        seen
    }

    /// After a death: each of these may be the first to come across what the victim left.
    fn survivors_go_on(&mut self) {
        self.maker_goes_on();
        let tasks = [Run::opens, Run::creates, Run::lists, Run::sweeps];
        for task in tasks.iter().cycle().skip(self.rotation).take(tasks.len()) {
            task(self);
        }
        let Run { cast, object, held, .. } = self;
        let (_, incarnation) = object.create(&mut cast.first).expect("a name is never stuck");
        assert_eq!(cast.second.open(&object.name), Ok(incarnation));
        assert_eq!(held.unwrap_or(incarnation), incarnation);
    }

    fn opens(&mut self) {
        let Run { cast, object, held, .. } = self;
        match cast.first.open(&object.name) {
            Err(refusal) if held.is_none() && refusal.is(Code::FILE_NOT_FOUND) => {}
            outcome => assert_eq!(outcome.ok(), *held, "an open finds what is held"),
        }
        cast.first.let_go();
    }

    fn creates(&mut self) {
        let Run { cast, object, held, .. } = self;
        match (object.create(&mut cast.first), held) {
            (Ok((Disposition::Opened, incarnation)), Some(held)) => assert_eq!(incarnation, *held),
            (Ok((Disposition::Created, _)), None) => {}
            (outcome, held) => panic!("create answers {outcome:?} while {held:?} is held"),
        }
        cast.first.let_go();
    }

    fn lists(&mut self) {
        let seen = self.cast.first.list(&self.object.name);
        assert_eq!(seen.problems, [""; 0], "nothing is malformed");
        assert_eq!(seen.has(&self.object.name), self.held.is_some(), "a listing names what is held");
    }

    fn sweeps(&mut self) {
        assert_eq!(self.cast.second.sweep(&self.object.name).problems, [""; 0], "nothing is malformed");
    }

    /// Whether the victim came to the step and stopped there. Others then do what they do, none of them waits, and at last
    /// the victim goes on.
    ///
    /// `closing` counts the stops at this step in the course of the last close.
    fn stop_at(&mut self, step: Step, nth: u32, closing: &mut u32) -> bool {
        let mut victim = self.victim(step, nth, "stop");
        let mut stopped = false;
        let mut victims = None;
        for turn in self.scenario.story {
            let mut reply = self.play(*turn, &mut victim);
            if matches!(reply, Reply::Stopped) {
                assert!(!stopped, "it stops once");
                stopped = true;
                let mut still_held = victims;
                if *turn == Turn::Close {
                    *closing += 1;
                    still_held =
                        victims.filter(|_| *closing == 1 && step == self.scenario.first_step_of_close());
                }
                self.others_do_not_wait(step, still_held, victim.pid());
                victim.go_on();
                reply = victim.hear();
                // A race is still to be lost, and is.
                if matches!(reply, Reply::Stopped) {
                    victim.go_on();
                    reply = victim.hear();
                }
            }
            victims = self.sane(*turn, reply.done()).or(victims);
            if matches!(turn, Turn::Close) {
                victims = None;
            }
            if stopped {
                self.nothing_was_hurt();
            }
        }
        victim.leave();
        stopped
    }

    /// While the victim is stopped. `still_held` is what it holds, if that is certain.
    fn others_do_not_wait(&mut self, step: Step, still_held: Option<Incarnation>, victim: u32) {
        self.maker_goes_on();
        let hides = may_hide(step);
        let known = self.held.or(still_held);
        let expect = |outcome: Outcome<Incarnation>| match outcome {
            Ok(incarnation) => assert_eq!(incarnation, known.unwrap_or(incarnation)),
            Err(refusal) if known.is_none() && refusal.is(Code::FILE_NOT_FOUND) => {}
            Err(refusal) if known.is_none() && hides && refusal.is(Code::ACCESS_DENIED) => {
                assert!(refusal.text.contains(&victim.to_string()), "it names who hides: {refusal:?}");
            }
            Err(refusal) => panic!("while the victim is stopped: {refusal:?}"),
        };
        type Task<'a> = &'a dyn Fn(&mut Cast, &Object);
        let tasks: [Task<'_>; 4] = [
            &|cast, object| expect(cast.first.open(&object.name)),
            &|cast, object| match object.create(&mut cast.first) {
                Ok((Disposition::Created, _)) => assert_eq!(known, None),
                outcome => expect(outcome.map(|(_, incarnation)| incarnation)),
            },
            &|cast, object| {
                let seen = cast.first.list(&object.name);
                assert_eq!(seen.problems, [""; 0]);
                assert!(known.is_none() || seen.has(&object.name));
            },
            &|cast, object| {
                assert_eq!(cast.first.sweep(&object.name).problems, [""; 0]);
            },
        ];
        for task in tasks.iter().cycle().skip(self.rotation).take(tasks.len()) {
            task(self.cast, &self.object);
            self.cast.first.let_go();
        }
        // Somebody has come to stay, unless the victim hides.
        match self.object.create(&mut self.cast.second) {
            Ok((_, incarnation)) => self.held = Some(incarnation),
            Err(_) => assert!(hides),
        }
    }

    /// Whether the victim came to the step and stopped there. One other comes and goes, and then the victim goes on.
    fn pause_at(&mut self, step: Step, nth: u32, visit: &[Turn]) -> bool {
        let mut victim = self.victim(step, nth, "stop");
        let mut paused = false;
        for turn in self.scenario.story {
            let mut reply = self.play(*turn, &mut victim);
            while matches!(reply, Reply::Stopped) {
                paused = true;
                self.maker_goes_on();
                for turn in visit {
                    let words = self.object.words(*turn).expect("it is a verb");
                    match self.cast.first.answer(&words) {
                        Ok(_) => {}
                        Err(refusal) if refusal.is(Code::FILE_NOT_FOUND) && *turn == Turn::Open => break,
                        Err(refusal) if refusal.is(Code::ACCESS_DENIED) && may_hide(step) => break,
                        Err(refusal) => panic!("{turn:?} while the victim is paused: {refusal:?}"),
                    }
                }
                victim.go_on();
                reply = victim.hear();
            }
            self.sane(*turn, reply.done());
        }
        victim.leave();
        paused
    }

    /// After the victim went on: who held the name holds it still, and the name is not stuck.
    fn nothing_was_hurt(&mut self) {
        let Run { cast, object, held, .. } = self;
        let (_, incarnation) = object.create(&mut cast.first).expect("a name is never stuck");
        assert_eq!(held.unwrap_or(incarnation), incarnation);
        cast.first.let_go();
    }

    /// All end in order. If nobody was killed nothing is left; otherwise nothing but what one sweep removes.
    fn clear_the_scene(mut self) {
        self.maker_goes_on();
        if let Some(mut asker) = self.asker.take() {
            asker.go_on();
            asker.hear().done().expect("it only had to go on");
            asker.leave();
        }
        if let Some(child) = self.child.take() {
            child.leave();
        }
        let Run { cast, object, .. } = self;
        cast.keeper.let_go();
        cast.first.let_go();
        cast.second.let_go();
        if self.killed {
            assert_eq!(cast.second.sweep(&object.name).problems, [""; 0]);
        }
        cast.world.expect_nothing_left();
        expect_refusal(cast.first.open(&object.name), Code::FILE_NOT_FOUND);
    }
}
