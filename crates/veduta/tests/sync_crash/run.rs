//! One run of a scenario: a victim that dies or stops at one step, those who were there, and what has to be true afterwards.

use crate::Fate;
use crate::scenarios::Scenario;
use crate::support::sync::{Ended, Object};
use crate::support::{self, Actor, Reply, World};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use veduta::{ObjectState, Step, Waited};

/// Who is there all the time.
pub(crate) struct Cast {
    pub(crate) world: World,
    pub(crate) survivor: Actor,
    bystanders: Vec<Actor>,
    pub(crate) runs: u32,
}

impl Cast {
    pub(crate) fn new() -> Cast {
        let world = World::new();
        let (survivor, bystanders) = (world.actor(), (0..3).map(|_| world.actor()).collect());
        Cast { world, survivor, bystanders, runs: 0 }
    }
}

/// One object, and what is known of it.
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    object: Object,
    /// Units that are certain to have been put in, and taken out, of an event or semaphore.
    pub(crate) put: u32,
    taken: u32,
    /// What the victim may have done besides.
    maybe_put: u32,
    maybe_taken: u32,
    /// How often the victim owns the mutex.
    owned: u32,
    abandonings: u32,
    /// How often it must, and may, be found abandoned.
    abandoned: (u32, u32),
}

/// Who waits, and for what.
struct Pending {
    who: usize,
    all: bool,
    objects: Vec<usize>,
}

/// The victim among those who wait.
pub(crate) const VICTIM: usize = usize::MAX;

pub(crate) struct Run<'a> {
    cast: &'a mut Cast,
    scenario: &'a Scenario,
    fate: Fate,
    step: Step,
    nth: u32,
    victim: Option<Actor>,
    pub(crate) objects: Vec<Known>,
    pending: Vec<Pending>,
    pub(crate) happened: bool,
    /// The victim was killed within this line of the story.
    died_in: Option<&'static str>,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the scene was: {}: {:?} at {:?}:{}, in {:?}",
                self.scenario.title, self.fate, self.step, self.nth, self.died_in
            );
            for known in &self.objects {
                eprintln!("{}: {}", known.kind, known.object.state());
            }
            for pending in &self.pending {
                let all = if pending.all { "all" } else { "any" };
                eprintln!("{} waits for {all} of {:?}", name_of(pending.who), pending.objects);
            }
        }
    }
}

fn name_of(who: usize) -> String {
    if who == VICTIM { "the victim".to_owned() } else { format!("bystander {who}") }
}

fn numbers(words: &[&str]) -> Vec<usize> {
    words.iter().map(|word| word.parse().expect("objects have numbers")).collect()
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        cast: &'a mut Cast,
        scenario: &'a Scenario,
        fate: Fate,
        step: Step,
        nth: u32,
    ) -> Run<'a> {
        cast.runs += 1;
        let action = if fate == Fate::Kill { "kill" } else { "stop" };
        let mut victim = cast.world.actor_until(&format!("{step:?}:{nth}={action}"));
        let mut objects = Vec::new();
        let (mut dead_at_once, mut happened) = (false, false);
        for (index, kind) in scenario.objects.iter().enumerate() {
            let name = cast.world.private(&format!("{} {index}", cast.runs));
            // The victim first: a mutex may be its own from the start.
            if !dead_at_once {
                match victim.ask(&["sync", &name, kind]) {
                    Reply::Stopped => {
                        happened = true;
                        victim.go_on();
                        victim.hear().done().expect("it only had to go on");
                    }
                    Reply::Ended(_) => (dead_at_once, happened) = (true, true),
                    reply => drop(reply.done().expect("it can be had")),
                }
            }
            let common = if *kind == "owned" { "mutex" } else { kind };
            for actor in cast.bystanders.iter_mut().chain([&mut cast.survivor]) {
                actor.sync(&name, common);
            }
            let count = kind.split(':').nth(1).map_or(0, |count| count.parse().expect("a count"));
            objects.push(Known {
                object: Object::create(&name, common).expect("it is there"),
                name,
                kind: common,
                put: count,
                taken: 0,
                maybe_put: 0,
                maybe_taken: 0,
                owned: u32::from(*kind == "owned" && !dead_at_once),
                abandonings: 0,
                // Killed while it makes the mutex: nobody sees that one.
                abandoned: (0, 0),
            });
        }
        let victim = Some(victim).filter(|_| !dead_at_once);
        let died_in = dead_at_once.then_some("sync");
        Run { cast, scenario, fate, step, nth, victim, objects, pending: Vec::new(), happened, died_in }
    }

    /// Whether the victim came to the step.
    pub(crate) fn play(mut self) -> bool {
        for line in self.scenario.story {
            let words: Vec<_> = line.split([' ', '~']).collect();
            match words[0] {
                "v" if self.victim.is_none() => {}
                "v" => self.victims_turn(line, &words[1..], line.contains('~')),
                "s" => self.survivors_turn(&words[1..]),
                who => {
                    let who = who.parse().expect("bystanders have numbers");
                    self.begin(who, &words[1..]);
                }
            }
        }
        if self.fate == Fate::Kill {
            self.kill_victim(None);
        }
        self.drain();
        self.check();
        let happened = self.happened;
        if let Some(victim) = self.victim.take() {
            victim.leave();
        }
        happened
    }

    pub(crate) fn actor(&mut self, who: usize) -> &mut Actor {
        match who {
            VICTIM => self.victim.as_mut().expect("it lives"),
            who => &mut self.cast.bystanders[who],
        }
    }

    /// What an actor is told so that it does what the words of a story say.
    fn command(&self, words: &[&str]) -> Vec<String> {
        let name = |number: &usize| self.objects[*number].name.clone();
        match words {
            [how @ ("any" | "all"), objects @ ..] => {
                let names = numbers(objects);
                [format!("wait-{how}"), "-".to_owned()].into_iter().chain(names.iter().map(name)).collect()
            }
            [verb, object, rest @ ..] => {
                let words = [(*verb).to_owned(), name(&numbers(&[object])[0])];
                words.into_iter().chain(rest.iter().map(|word| (*word).to_owned())).collect()
            }
            _ => panic!("not a verb: {words:?}"),
        }
    }

    fn say(&mut self, who: usize, words: &[&str]) {
        let command = self.command(words);
        self.actor(who).tell(&command.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Somebody begins to wait, and sleeps, or has got it already, or is gone.
    pub(crate) fn begin(&mut self, who: usize, words: &[&str]) -> Option<Reply> {
        self.say(who, words);
        self.pending.push(Pending { who, all: words[0] == "all", objects: numbers(&words[1..]) });
        let begun = Instant::now();
        while !self.actor(who).is_asleep() {
            if let Some(reply) = self.actor(who).heard(Duration::from_millis(1)) {
                if who == VICTIM {
                    return Some(reply);
                }
                self.settle(who, reply);
                return None;
            }
            assert!(begun.elapsed() < support::WATCHDOG, "{} never sleeps", name_of(who));
        }
        None
    }

    fn survivors_turn(&mut self, words: &[&str]) {
        let [verb, object] = words else { panic!("not a turn: {words:?}") };
        let number = numbers(&[object])[0];
        match *verb {
            "any" => {
                let reply = {
                    let command = self.command(words);
                    self.cast.survivor.ask(&command.iter().map(String::as_str).collect::<Vec<_>>())
                };
                let ended = Ended::decode(&reply.done().expect("waiting does not fail"));
                assert_eq!(ended.waited, Waited::Signaled(0), "nobody was there before");
                self.objects[number].taken += 1;
            }
            "signal" => self.survivor_signals(number),
            other => panic!("not a survivor's: {other}"),
        }
    }

    pub(crate) fn survivor_signals(&mut self, number: usize) {
        let known = &mut self.objects[number];
        known.put += 1;
        self.cast.survivor.signal(&known.name).expect("signaling does not fail");
    }

    fn victims_turn(&mut self, line: &'static str, words: &[&str], begins: bool) {
        let reply = match words {
            ["kill"] if self.fate == Fate::Kill => return self.kill_victim(Some(line)),
            ["kill"] => return,
            ["?"] => {
                let Some(wanted) = self.wanted_by_victim() else { return };
                self.until_victim_replies(&wanted)
            }
            _ if begins => match self.begin(VICTIM, words) {
                Some(reply) => reply,
                None => return,
            },
            // In the stop flavour it may wait still for what it was to have by now.
            _ if self.pending.iter().any(|pending| pending.who == VICTIM) => return,
            _ => {
                if matches!(words[0], "any" | "all") {
                    let objects = numbers(&words[1..]);
                    self.pending.push(Pending { who: VICTIM, all: words[0] == "all", objects });
                } else {
                    self.victim_is_about_to(words);
                }
                self.say(VICTIM, words);
                self.actor(VICTIM).hear()
            }
        };
        self.victim_replied(line, words, reply);
    }

    /// What the victim waits for, if it does.
    fn wanted_by_victim(&self) -> Option<Vec<usize>> {
        let waits = self.pending.iter().find(|pending| pending.who == VICTIM)?;
        Some(waits.objects.clone())
    }

    /// What becomes of a victim that waits. A bystander may be faster; then there is another unit for the victim.
    fn until_victim_replies(&mut self, wanted: &[usize]) -> Reply {
        let begun = Instant::now();
        loop {
            if let Some(reply) = self.actor(VICTIM).heard(Duration::from_millis(1)) {
                return reply;
            }
            for who in 0..self.cast.bystanders.len() {
                if self.pending.iter().any(|pending| pending.who == who)
                    && let Some(reply) = self.cast.bystanders[who].heard(Duration::ZERO)
                {
                    self.settle(who, reply);
                    self.supply(wanted);
                }
            }
            assert!(begun.elapsed() < support::WATCHDOG, "nobody got what was signaled");
        }
    }

    /// Signals each of the objects that is not signaled. Mutexes come free by themselves.
    fn supply(&mut self, objects: &[usize]) {
        for &number in objects {
            let one = Pending { who: VICTIM, all: true, objects: vec![number] };
            if self.objects[number].kind != "mutex" && !self.is_available(&one) {
                self.survivor_signals(number);
            }
        }
    }

    fn victim_is_about_to(&mut self, words: &[&str]) {
        let number = numbers(&[words[1]])[0];
        let units = words.get(2).map_or(1, |units| units.parse().expect("units"));
        let first = self.step == Step::MarkState && self.nth == 1;
        let known = &mut self.objects[number];
        match (words[0], known.kind) {
            ("signal", "mutex") | ("reset", _) => {}
            // Killed before the first step: it has not happened.
            ("signal", _) if first && self.fate == Fate::Kill => {}
            _ => known.maybe_put += units,
        }
    }

    pub(crate) fn victim_replied(&mut self, line: &'static str, words: &[&str], reply: Reply) {
        match reply {
            Reply::Done(Ok(answer)) => match words[0] {
                "signal" | "pulse" | "reset" => {
                    let known = &mut self.objects[numbers(&[words[1]])[0]];
                    match (words[0], known.kind) {
                        ("signal", "mutex") => known.owned -= 1,
                        ("signal", _) => {
                            known.put += known.maybe_put;
                            known.maybe_put = 0;
                        }
                        _ => {}
                    }
                }
                _ => self.settle(VICTIM, Reply::Done(Ok(answer))),
            },
            Reply::Ended(_) if self.fate == Fate::Kill => {
                self.happened = true;
                self.died_in = Some(line);
                self.victim_died(words);
            }
            Reply::Stopped => {
                assert!(!self.happened, "it stops once");
                self.happened = true;
                self.others_do_not_wait();
                self.actor(VICTIM).go_on();
                if self.pending.iter().any(|pending| pending.who == VICTIM) {
                    // It is one of those who wait.
                    return;
                }
                let reply = self.actor(VICTIM).hear();
                self.victim_replied(line, words, reply);
            }
            other => panic!("{words:?} of the victim: {other:?}"),
        }
    }

    /// Kills the victim, wherever it is.
    pub(crate) fn kill_victim(&mut self, line: Option<&'static str>) {
        let Some(mut victim) = self.victim.take() else { return };
        let asleep = self.pending.iter().any(|pending| pending.who == VICTIM);
        victim.kill();
        self.victim = None;
        self.died_in = line;
        self.victim_died(if asleep { &["?"] } else { &["idle"] });
    }

    /// Writes down what may have become of what it was doing.
    fn victim_died(&mut self, words: &[&str]) {
        self.victim = None;
        let waited_for = match self.pending.iter().position(|pending| pending.who == VICTIM) {
            Some(index) => self.pending.remove(index),
            None => Pending { who: VICTIM, all: false, objects: Vec::new() },
        };
        let step = if self.happened { Some((self.step, self.nth)) } else { None };
        for (index, known) in self.objects.iter_mut().enumerate() {
            let wanted = waited_for.objects.contains(&index);
            if known.kind == "mutex" {
                let releasing = words[0] == "signal" && numbers(&[words[1]])[0] == index && known.owned == 1;
                known.abandoned = match (step, known.owned) {
                    (Some((Step::WakeOwner, _)), _) if releasing => (0, 0),
                    (_, 1..) => (1, 1),
                    (Some((Step::LinkOwner, _)), _) if wanted && waited_for.objects.len() == 1 => (1, 1),
                    (Some((Step::ClaimOwner | Step::SleepOnOwner, _)), _)
                        if wanted && waited_for.objects.len() == 1 =>
                    {
                        (0, 0)
                    }
                    // It may have come to own it, and may be in the middle of giving it up again.
                    _ if wanted => (0, 1),
                    _ => (0, 0),
                };
            } else if wanted {
                let not_yet = matches!(step, Some((Step::SitDown | Step::Sleep | Step::SleepInQueue, 1)));
                known.maybe_taken = u32::from(!not_yet);
            }
        }
    }

    /// While the victim is stopped: nobody waits for it, except for a mutex that it owns.
    fn others_do_not_wait(&mut self) {
        for number in 0..self.objects.len() {
            let known = &mut self.objects[number];
            known.object.state();
            let survivor = &mut self.cast.survivor;
            match survivor.wait(&known.name, 0) {
                Waited::TimedOut => {}
                waited => {
                    assert_eq!(waited, Waited::Signaled(0), "nobody died");
                    survivor.signal(&known.name).expect("signaling does not fail");
                }
            }
            if known.kind != "mutex" {
                self.survivor_signals(number);
            }
        }
    }

    /// Notes what a waiter was given. Mutexes it releases at once.
    fn settle(&mut self, who: usize, reply: Reply) {
        let index = self.pending.iter().position(|pending| pending.who == who).expect("it waited");
        if matches!(reply, Reply::Stopped) && who == VICTIM {
            let pending = self.pending.remove(index);
            self.pending.push(pending);
            return self.victim_replied("", &["?"], reply);
        }
        let pending = self.pending.remove(index);
        let ended = Ended::decode(&reply.done().expect("waiting does not fail"));
        let taken = match (ended.waited, pending.all) {
            (Waited::TimedOut, _) => panic!("it waits for ever"),
            (_, true) => pending.objects.clone(),
            (Waited::Signaled(index) | Waited::Abandoned(index), false) => vec![pending.objects[index]],
        };
        if let Waited::Abandoned(index) = ended.waited {
            self.objects[pending.objects[index]].abandonings += 1;
            // It is told of one only.
            for index in taken.iter().filter(|_| pending.all) {
                self.objects[*index].abandoned.0 = 0;
            }
        }
        for index in taken {
            let known = &mut self.objects[index];
            known.taken += 1;
            if known.kind == "mutex" {
                let name = known.name.clone();
                if who == VICTIM {
                    known.owned += 1;
                } else {
                    self.actor(who).signal(&name).expect("it owns it");
                }
            }
        }
    }

    fn is_available(&self, pending: &Pending) -> bool {
        let mut states = pending.objects.iter().map(|index| match self.objects[*index].object.state() {
            ObjectState::Mutex { owner, .. } => owner.is_none(),
            ObjectState::Event { signaled, .. } | ObjectState::Timer { signaled, .. } => signaled,
            ObjectState::Semaphore { count, .. } => count > 0,
        });
        if pending.all { states.all(|available| available) } else { states.any(|available| available) }
    }

    /// Until nobody waits any more. Whoever could have what it waits for gets it without anybody's help; if nobody can, a unit
    /// of each object that is not there lets one of them go.
    pub(crate) fn drain(&mut self) {
        if let Some(pending) = self.pending.iter().find(|pending| pending.who == VICTIM)
            && self.fate == Fate::Kill
        {
            panic!("the victim is dead and waits for {:?}", pending.objects);
        }
        while !self.pending.is_empty() {
            self.release_victims();
            if self.somebody_answers(Duration::ZERO) {
                continue;
            }
            if !self.pending.iter().any(|pending| self.is_available(pending)) {
                let wanted: BTreeSet<_> =
                    self.pending.iter().flat_map(|pending| pending.objects.clone()).collect();
                self.supply(&wanted.into_iter().collect::<Vec<_>>());
            }
            // A victim that was stopped is slow, and may hold a mutex until it is told to release it.
            let begun = Instant::now();
            while !self.somebody_answers(Duration::from_millis(1)) {
                assert!(begun.elapsed() < Duration::from_secs(30), "somebody sleeps for what is there");
            }
        }
        self.release_victims();
    }

    /// A victim that lives gives up what it owns.
    fn release_victims(&mut self) {
        if self.victim.is_none() || self.pending.iter().any(|pending| pending.who == VICTIM) {
            return;
        }
        for number in 0..self.objects.len() {
            while self.fate == Fate::Stop && self.objects[number].owned > 0 {
                let name = self.objects[number].name.clone();
                let mut reply = self.actor(VICTIM).ask(&["signal", &name]);
                if matches!(reply, Reply::Stopped) {
                    self.happened = true;
                    self.actor(VICTIM).go_on();
                    reply = self.actor(VICTIM).hear();
                }
                reply.done().expect("it owns it");
                self.objects[number].owned -= 1;
            }
        }
    }

    fn somebody_answers(&mut self, patience: Duration) -> bool {
        for who in self.pending.iter().map(|pending| pending.who).collect::<Vec<_>>() {
            if let Some(reply) = self.actor(who).heard(patience) {
                self.settle(who, reply);
                return true;
            }
        }
        false
    }

    /// When all is over: nothing came of nothing, nobody is counted who is not there, and everything can be used.
    pub(crate) fn check(&mut self) {
        let mut lost = Vec::new();
        for known in &mut self.objects {
            let survivor = &mut self.cast.survivor;
            let state = known.object.state();
            assert_eq!(state.waiters(), Some(0), "{state}");
            match state {
                ObjectState::Mutex { .. } => {
                    for _ in 0..2 {
                        match survivor.wait(&known.name, 0) {
                            Waited::Abandoned(_) => known.abandonings += 1,
                            Waited::Signaled(_) => {}
                            Waited::TimedOut => panic!("nobody owns it: {}", known.object.state()),
                        }
                        survivor.signal(&known.name).expect("it owns it");
                    }
                    let (least, most) = known.abandoned;
                    assert!(
                        (least..=most).contains(&known.abandonings),
                        "abandoned {} times, not {least} to {most}",
                        known.abandonings
                    );
                    let free =
                        ObjectState::Mutex { owner: None, recursion: 0, abandoned: false, waiters: Some(0) };
                    assert_eq!(known.object.state(), free);
                    continue;
                }
                ObjectState::Semaphore { count, .. } => {
                    let (least, most) =
                        (known.put.saturating_sub(known.maybe_taken), known.put + known.maybe_put);
                    let seen = count + known.taken;
                    assert!(
                        (least..=most).contains(&seen),
                        "{least} to {most} units went in, {seen} are seen"
                    );
                    lost.push(seen < known.put);
                    survivor.signal(&known.name).expect("there is room");
                    for _ in 0..=count {
                        assert_eq!(survivor.wait(&known.name, 0), Waited::Signaled(0));
                    }
                }
                ObjectState::Event { signaled, .. } if known.kind == "auto" => {
                    let seen = u32::from(signaled) + known.taken;
                    let most = known.put + known.maybe_put;
                    assert!(seen <= most, "{seen} waits for at most {most} signals");
                    survivor.signal(&known.name).expect("it is an event");
                    assert_eq!(survivor.wait(&known.name, 0), Waited::Signaled(0));
                }
                ObjectState::Event { .. } => {
                    survivor.signal(&known.name).expect("it is an event");
                    assert_eq!(survivor.wait(&known.name, 0), Waited::Signaled(0));
                    survivor.answer(&["reset", &known.name]).expect("it is an event");
                }
                ObjectState::Timer { .. } => unreachable!("no scenario has a timer"),
            }
            assert_eq!(survivor.wait(&known.name, 0), Waited::TimedOut);
        }
        let whole = lost.windows(2).all(|pair| pair[0] == pair[1]);
        let waited_for_all =
            self.scenario.story.iter().any(|line| line.starts_with("v") && line.contains("all "));
        let between = matches!(self.step, Step::Redeem | Step::UnmarkState) && self.nth > 1;
        if waited_for_all && !between {
            assert!(whole, "the victim took some and not all: {lost:?}");
        }
        for known in &self.objects {
            for actor in self.cast.bystanders.iter_mut().chain([&mut self.cast.survivor]) {
                actor.answer(&["forget", &known.name]).expect("closing does not fail");
            }
        }
    }
}
