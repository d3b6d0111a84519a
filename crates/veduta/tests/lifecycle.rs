//! How named objects begin and end: the rules, stated once, for every kind of object, in every namespace, with names of
//! every sort.
//!
//! A new kind of object joins by implementing [`Named`] and a line in [`rules!`] and [`KINDS`].

mod scratch;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tempfile::TempDir;
use veduta::{
    Code, Disposition, Event, Kind, Mutex, Namespace, ObjectState, Reset, Result, Section, Semaphore,
    SweepMode, SyncObject, SyncOptions, Timer, ViewAccess, Waitable, Waited,
};

/// What the rules need of a kind of object.
trait Named: Sized + Send {
    const KIND: Kind;

    fn create(place: &Place) -> Result<(Self, Disposition)>;
    fn create_new(place: &Place) -> Result<Self>;
    fn open(place: &Place) -> Result<Self>;
    fn duplicate(&self) -> Result<Self>;

    /// Leaves a mark on the object, which every handle to it shows.
    fn mark(&self);
    fn is_marked(&self) -> bool;
}

impl Named for Section {
    const KIND: Kind = Kind::Section;

    fn create(place: &Place) -> Result<(Section, Disposition)> {
        let mut options = Section::options();
        options.size(100);
        match &place.private {
            Some((namespace, _)) => options.namespace(namespace).create(&place.name),
            None => options.create(&place.name),
        }
    }

    fn create_new(place: &Place) -> Result<Section> {
        let mut options = Section::options();
        options.size(100);
        match &place.private {
            Some((namespace, _)) => options.namespace(namespace).create_new(&place.name),
            None => options.create_new(&place.name),
        }
    }

    fn open(place: &Place) -> Result<Section> {
        match &place.private {
            Some((namespace, _)) => Section::options().namespace(namespace).open(&place.name),
            None => Section::options().open(&place.name),
        }
    }

    fn duplicate(&self) -> Result<Section> {
        self.try_clone()
    }

    fn mark(&self) {
        self.map(ViewAccess::Write).unwrap().write_at(0, b"marked").unwrap();
    }

    fn is_marked(&self) -> bool {
        self.map(ViewAccess::Read).unwrap().compare_bytes(0, b"marked").unwrap().is_none()
    }
}

/// What the rules need of a mutex, event or semaphore, besides what all of these have.
trait Marked: SyncObject + Send {
    fn new_options() -> SyncOptions<'static, Self>;
    fn duplicate(&self) -> Result<Self>;
    fn leave_mark(&self);
    fn has_mark(&self) -> bool;
}

impl Marked for Mutex {
    fn new_options() -> SyncOptions<'static, Mutex> {
        Mutex::options()
    }

    fn duplicate(&self) -> Result<Mutex> {
        self.try_clone()
    }

    /// This thread owns it, whatever becomes of the handles.
    fn leave_mark(&self) {
        std::mem::forget(self.lock().unwrap());
    }

    fn has_mark(&self) -> bool {
        matches!(self.state().unwrap(), ObjectState::Mutex { owner: Some(_), .. })
    }
}

impl Marked for Event {
    fn new_options() -> SyncOptions<'static, Event> {
        let mut options = Event::options();
        options.reset(Reset::Manual);
        options
    }

    fn duplicate(&self) -> Result<Event> {
        self.try_clone()
    }

    fn leave_mark(&self) {
        self.set().unwrap();
    }

    fn has_mark(&self) -> bool {
        matches!(self.state().unwrap(), ObjectState::Event { signaled: true, .. })
    }
}

impl Marked for Semaphore {
    fn new_options() -> SyncOptions<'static, Semaphore> {
        Semaphore::options()
    }

    fn duplicate(&self) -> Result<Semaphore> {
        self.try_clone()
    }

    fn leave_mark(&self) {
        self.release(1).unwrap();
    }

    fn has_mark(&self) -> bool {
        !matches!(self.state().unwrap(), ObjectState::Semaphore { count: 0, .. })
    }
}

impl Marked for Timer {
    fn new_options() -> SyncOptions<'static, Timer> {
        let mut options = Timer::options();
        options.reset(Reset::Manual);
        options
    }

    fn duplicate(&self) -> Result<Timer> {
        self.try_clone()
    }

    /// It has gone off.
    fn leave_mark(&self) {
        self.set(Duration::ZERO, None).unwrap();
        assert_eq!(self.wait(None).unwrap(), Waited::Signaled(0));
    }

    fn has_mark(&self) -> bool {
        matches!(self.state().unwrap(), ObjectState::Timer { signaled: true, .. })
    }
}

impl<T: Marked> Named for T {
    const KIND: Kind = <T as SyncObject>::KIND;

    fn create(place: &Place) -> Result<(T, Disposition)> {
        let mut options: SyncOptions<'_, T> = T::new_options();
        match &place.private {
            Some((namespace, _)) => options.namespace(namespace).create(&place.name),
            None => options.create(&place.name),
        }
    }

    fn create_new(place: &Place) -> Result<T> {
        let mut options: SyncOptions<'_, T> = T::new_options();
        match &place.private {
            Some((namespace, _)) => options.namespace(namespace).create_new(&place.name),
            None => options.create_new(&place.name),
        }
    }

    fn open(place: &Place) -> Result<T> {
        let mut options: SyncOptions<'_, T> = T::new_options();
        match &place.private {
            Some((namespace, _)) => options.namespace(namespace).open(&place.name),
            None => options.open(&place.name),
        }
    }

    fn duplicate(&self) -> Result<T> {
        Marked::duplicate(self)
    }

    fn mark(&self) {
        self.leave_mark();
    }

    fn is_marked(&self) -> bool {
        self.has_mark()
    }
}

/// A name that nobody else uses, somewhere.
struct Place {
    name: String,
    private: Option<(Namespace, TempDir)>,
}

impl Place {
    fn namespace(&self) -> Namespace {
        match &self.private {
            Some((namespace, _)) => namespace.clone(),
            None if self.name.starts_with("Global") => Namespace::global().unwrap(),
            None => Namespace::local().unwrap(),
        }
    }

    fn is_listed(&self) -> bool {
        // Asked for by itself: on Windows a listing opens each object for a moment, those of other tests too.
        match self.namespace().object(&self.name) {
            Ok(object) => object.name.ends_with(&self.name),
            Err(error) => {
                assert_eq!(error.code(), Code::FILE_NOT_FOUND, "{error}");
                false
            }
        }
    }
}

/// Every namespace, with names that become file names as they are, with changes, and hashed.
fn places() -> Vec<Place> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let unique = || format!("{} {}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let sorts: [&dyn Fn() -> String; 3] = [
        &|| format!("Lifecycle {}", unique()),
        &|| format!("/etc/../lifecycle.{}: \u{1F980}?*\"<>|", unique()),
        &|| format!("{}{}", "long ".repeat(400), unique()),
    ];
    let mut places = Vec::new();
    for sort in sorts {
        for prefix in ["", r"Local\", r"Global\"] {
            places.push(Place { name: format!("{prefix}{}", sort()), private: None });
        }
        let directory = scratch::directory();
        let private = Some((Namespace::at(directory.path()).unwrap(), directory));
        places.push(Place { name: sort(), private });
    }
    places
}

macro_rules! rules {
    ($module:ident is $kind:ident: $($rule:ident)*) => {
        mod $module {
            $(#[test]
            fn $rule() {
                let _looks = super::looks(stringify!($rule) == "an_object_is_listed_as_long_as_it_lives");
                for place in super::places() {
                    super::$rule::<veduta::$kind>(&place);
                }
            })*
        }
    };
    ($($rule:ident)*) => {
        rules!(section is Section: $($rule)*);
        rules!(mutex is Mutex: $($rule)*);
        rules!(event is Event: $($rule)*);
        rules!(semaphore is Semaphore: $($rule)*);
        rules!(timer is Timer: $($rule)*);
    };
}

/// To look at an object is to hold it for a moment, on Windows: who looks is alone with that.
fn looks(looks: bool) -> (Option<RwLockReadGuard<'static, ()>>, Option<RwLockWriteGuard<'static, ()>>) {
    static LOOKS: RwLock<()> = RwLock::new(());
    // Another test may have failed.
    let beside = (!looks).then(|| LOOKS.read().unwrap_or_else(PoisonError::into_inner));
    let alone = looks.then(|| LOOKS.write().unwrap_or_else(PoisonError::into_inner));
    (beside, alone)
}

rules! {
    who_comes_first_creates_and_all_others_open
    what_nobody_created_is_not_found
    all_handles_lead_to_one_object
    the_name_goes_with_the_last_handle
    a_duplicate_is_a_handle_like_any_other
    a_name_may_be_used_again_for_something_new
    handles_may_be_closed_by_any_thread
    an_object_is_listed_as_long_as_it_lives
    a_sweep_leaves_what_lives
    nothing_is_left_in_the_namespace
}

fn not_found<T: Named>(place: &Place) {
    let error = T::open(place).err().unwrap_or_else(|| panic!("{:?} should be gone", place.name));
    assert_eq!(error.code(), Code::FILE_NOT_FOUND, "{error}");
}

fn who_comes_first_creates_and_all_others_open<T: Named>(place: &Place) {
    let (first, disposition) = T::create(place).unwrap();
    assert_eq!(disposition, Disposition::Created);
    let (_second, disposition) = T::create(place).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    let error = T::create_new(place).err().expect("it is there");
    assert_eq!(error.code(), Code::ALREADY_EXISTS);
    T::open(place).unwrap();
    drop(first);
    assert_eq!(T::create(place).unwrap().1, Disposition::Opened, "the second one holds it");
}

fn what_nobody_created_is_not_found<T: Named>(place: &Place) {
    not_found::<T>(place);
    let error = place.namespace().object(&place.name).unwrap_err();
    assert_eq!(error.code(), Code::FILE_NOT_FOUND);
}

fn all_handles_lead_to_one_object<T: Named>(place: &Place) {
    let created = T::create_new(place).unwrap();
    let opened = T::open(place).unwrap();
    let duplicate = opened.duplicate().unwrap();
    let (found, _) = T::create(place).unwrap();
    assert!([&created, &opened, &duplicate, &found].iter().all(|handle| !handle.is_marked()));
    duplicate.mark();
    assert!([&created, &opened, &duplicate, &found].iter().all(|handle| handle.is_marked()));
}

fn the_name_goes_with_the_last_handle<T: Named>(place: &Place) {
    // Whichever of three handles is closed last.
    for last in 0..3 {
        let created = T::create_new(place).unwrap();
        let opened = T::open(place).unwrap();
        let duplicate = created.duplicate().unwrap();
        let mut handles = vec![created, opened, duplicate];
        let last = handles.swap_remove(last);
        for handle in handles {
            drop(handle);
            T::open(place).unwrap();
        }
        drop(last);
        not_found::<T>(place);
    }
}

fn a_duplicate_is_a_handle_like_any_other<T: Named>(place: &Place) {
    let mut handle = T::create_new(place).unwrap();
    handle.mark();
    for _ in 0..5 {
        handle = handle.duplicate().unwrap();
        assert!(handle.is_marked());
        assert!(T::open(place).unwrap().is_marked());
    }
    drop(handle);
    not_found::<T>(place);
}

fn a_name_may_be_used_again_for_something_new<T: Named>(place: &Place) {
    for _ in 0..10 {
        let object = T::create_new(place).unwrap();
        assert!(!object.is_marked(), "nothing of the one before is in it");
        object.mark();
    }
}

fn handles_may_be_closed_by_any_thread<T: Named>(place: &Place) {
    let handle = T::create_new(place).unwrap();
    let duplicate = handle.duplicate().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(handle));
        scope.spawn(move || drop(duplicate));
    });
    not_found::<T>(place);
}

fn an_object_is_listed_as_long_as_it_lives<T: Named>(place: &Place) {
    assert!(!place.is_listed());
    let handle = T::create_new(place).unwrap();
    assert!(place.is_listed());
    let object = place.namespace().object(&place.name).unwrap();
    assert_eq!(object.kind, T::KIND);
    assert_eq!(object.holders.iter().map(|holder| holder.pid).collect::<Vec<_>>(), [std::process::id()]);
    drop(handle);
    assert!(!place.is_listed());
}

fn a_sweep_leaves_what_lives<T: Named>(place: &Place) {
    let handle = T::create_new(place).unwrap();
    handle.mark();
    for mode in [SweepMode::DryRun, SweepMode::Remove] {
        let swept = place.namespace().sweep(mode).unwrap();
        assert!(swept.removed.iter().all(|swept| !place.name.ends_with(&swept.name)));
    }
    assert!(T::open(place).unwrap().is_marked());
}

fn nothing_is_left_in_the_namespace<T: Named>(place: &Place) {
    let Some((_, directory)) = &place.private else { return };
    let first = T::create_new(place).unwrap();
    let second = T::open(place).unwrap();
    drop(first);
    drop(second);
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
}

/// Prefixes are namespaces, and case counts.
#[test]
fn names_that_differ_are_different_objects() {
    let unique = format!("Different {}", std::process::id());
    let names = [
        unique.clone(),
        format!(r"Global\{unique}"),
        unique.to_lowercase(),
        format!("{unique} "),
        format!("{unique}."),
        format!("{unique}/"),
    ];
    let sections: Vec<_> =
        names.iter().map(|name| Section::options().size(100).create_new(name).unwrap()).collect();
    for (marked, name) in sections.iter().zip(&names) {
        marked.mark();
        let others = sections.iter().filter(|section| section.is_marked()).count();
        assert_eq!(others, 1, "{name:?} shares with none of the others");
        marked.map(ViewAccess::Write).unwrap().fill(0..6, 0).unwrap();
    }
    // This one is the same.
    assert!(Section::options().open(&format!(r"Local\{unique}")).is_ok());
}

/// What a kind has to do with the objects of all others, under one name.
struct AnyKind {
    kind: Kind,
    keep: fn(&Place) -> Box<dyn Send>,
    /// The codes of opening, creating or opening, and creating.
    refused: fn(&Place) -> [Option<Code>; 3],
}

const fn any_kind<T: Named + 'static>() -> AnyKind {
    AnyKind {
        kind: T::KIND,
        keep: |place| Box::new(T::create_new(place).unwrap()),
        refused: |place| {
            let code = |error: veduta::Error| error.code();
            [
                T::open(place).err().map(code),
                T::create(place).err().map(code),
                T::create_new(place).err().map(code),
            ]
        },
    }
}

const KINDS: [AnyKind; 5] = [
    any_kind::<Section>(),
    any_kind::<Mutex>(),
    any_kind::<Event>(),
    any_kind::<Semaphore>(),
    any_kind::<Timer>(),
];

#[test]
fn a_name_belongs_to_one_kind_of_object() {
    let _looks = looks(true);
    for owner in &KINDS {
        for other in KINDS.iter().filter(|other| other.kind != owner.kind) {
            for place in places() {
                let handle = (owner.keep)(&place);
                let refused = (other.refused)(&place);
                assert_eq!(refused, [Some(Code::INVALID_HANDLE); 3], "{} as {}", owner.kind, other.kind);
                assert_eq!(place.namespace().object(&place.name).unwrap().kind, owner.kind);
                assert_eq!((owner.refused)(&place)[0], None, "it is still there");
                drop(handle);
                drop((other.keep)(&place));
            }
        }
    }
}

#[test]
fn a_refusal_names_both_kinds() {
    let name = format!("Both kinds {}", std::process::id());
    let _event = Event::options().create_new(&name).unwrap();
    let error = Mutex::options().open(&name).unwrap_err().to_string();
    assert!(error.contains("event") && error.contains(&name), "{error}");
}

#[test]
fn without_a_name_there_is_nothing_to_open() {
    fn check<T: Named>(name: fn(&T) -> bool) {
        let place = Place { name: String::new(), private: None };
        let (first, disposition) = T::create(&place).unwrap();
        assert_eq!(disposition, Disposition::Created);
        assert!(!name(&first));
        let (second, disposition) = T::create(&place).unwrap();
        assert_eq!(disposition, Disposition::Created, "each is another one");
        first.mark();
        assert!(!second.is_marked());
        assert!(first.duplicate().unwrap().is_marked());
        assert!(!T::create_new(&place).unwrap().is_marked());
        assert_eq!(T::open(&place).err().unwrap().code(), Code::INVALID_HANDLE);
    }
    check::<Section>(|section| section.name().is_some());
    check::<Mutex>(|mutex| mutex.name().is_some());
    check::<Event>(|event| event.name().is_some());
    check::<Semaphore>(|semaphore| semaphore.name().is_some());
}
