//! One thread of the fuzzer: it makes calls, and looks at what they did.

use crate::argument::Call;
use crate::function::{Argument, FUNCTIONS, Function, IN_ORDER, Outcome};
use crate::journal::Journal;
use crate::random::Random;
use crate::registry::{Kind, Registry};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What all threads share.
pub struct Shared {
    pub root: PathBuf,
    pub handles: Registry,
    calls: Vec<AtomicU64>,
    successes: Vec<AtomicU64>,
    pub threads: usize,
    /// What was wrong: a function and how, and the first call of that kind.
    wrong: Mutex<BTreeMap<(&'static str, String), String>>,
}

impl Shared {
    pub fn new(root: PathBuf, threads: usize) -> Shared {
        let counters = || (0..FUNCTIONS.len() + IN_ORDER.len()).map(|_| AtomicU64::new(0)).collect();
        Shared {
            root,
            handles: Registry::default(),
            calls: counters(),
            successes: counters(),
            threads,
            wrong: Mutex::default(),
        }
    }

    /// Each function, how often it was called, and how often that succeeded.
    pub fn coverage(&self) -> Vec<(&'static str, u64, u64)> {
        let names = FUNCTIONS.iter().chain(IN_ORDER).map(|function| function.name);
        names
            .enumerate()
            .map(|(index, name)| {
                let count = |counters: &[AtomicU64]| counters[index].load(Ordering::Relaxed);
                (name, count(&self.calls), count(&self.successes))
            })
            .collect()
    }

    /// What was wrong with calls that did no harm to those after them.
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub fn calls(&self) -> u64 {
        self.calls.iter().map(|calls| calls.load(Ordering::Relaxed)).sum()
    }
}

#[derive(Clone, Copy)]
struct Region {
    base: u64,
    is_view: bool,
}

pub struct World<'a> {
    pub random: Random,
    pub shared: &'a Shared,
    journal: Journal,
    /// Only this thread gives them back: what took their place would suffer from what is done to them.
    regions: Vec<Region>,
    pub slots: Vec<u64>,
    pub thread_id: u64,
    /// What the next function's objects are called: names that are another kind's are seldom.
    pub name_kind: usize,
    /// Whether what is made now is kept from the registry.
    pub private: bool,
}

mod direct {
    unsafe extern "C" {
        pub(super) safe fn GetLastError() -> u32;
        pub(super) safe fn SetLastError(code: u32);
        pub(super) safe fn GetCurrentThreadId() -> u32;
        pub(super) fn GetHandleInformation(handle: usize, flags: usize) -> i32;
        pub(super) fn FormatMessageA(
            flags: u32,
            source: *const u8,
            id: u32,
            language: u32,
            buffer: *mut u8,
            size: u32,
            arguments: *const usize,
        ) -> u32;
    }
}

/// A code that no function sets.
const UNTOUCHED: u32 = 0x2000_0001;
/// Handles from here on are other processes'.
const CHOSEN_BY_SENDERS: u64 = 1 << 30;
/// Handles and regions that are kept at once.
const MOST: usize = 120;
const MOST_REGIONS: usize = 24;
const LARGE: u64 = 16 << 20;

impl<'a> World<'a> {
    pub fn new(shared: &'a Shared, seed: u64, thread: usize) -> World<'a> {
        World {
            random: Random::new(seed.wrapping_add(thread as u64 * 0x1_0001)),
            shared,
            journal: Journal::create(&shared.root, thread),
            regions: Vec::new(),
            slots: Vec::new(),
            thread_id: direct::GetCurrentThreadId().into(),
            name_kind: 0,
            private: false,
        }
    }

    /// Says what went wrong, and ends the process.
    pub fn fail(&self, why: &str) -> ! {
        let _parent_sees_the_status = fs::write(self.shared.root.join("failure"), why);
        // SAFETY: ends the process, whatever state it is in.
        unsafe { libc::_exit(70) }
    }

    pub fn draw(&mut self, kind: Kind) -> u64 {
        self.shared.handles.draw(&mut self.random, kind)
    }

    pub fn may_be_a_child(&self, handle: u64) -> bool {
        matches!(self.shared.handles.kind(handle), Some(Kind::Child | Kind::Process | Kind::Any))
    }

    /// A handle that can be waited for, most often.
    pub fn waitable(&mut self) -> u64 {
        let kind = self.random.of(&[Kind::Event, Kind::Mutex, Kind::Semaphore, Kind::Timer, Kind::Thread]);
        match self.draw(kind) {
            handle if self.random.percent(90) => match self.shared.handles.kind(handle) {
                Some(found) if found == kind => handle,
                _ => self.draw(kind),
            },
            handle => handle,
        }
    }

    /// An address: in memory of this thread's, or where nothing is.
    pub fn address(&mut self) -> u64 {
        const NOWHERE: &[u64] =
            &[0, 0, 0, 1, 0xFFF, 0x1000, 0x8000, 1 << 47, 0x7FFF_FFFF_F000, u64::MAX, 1 << 63];
        if self.regions.is_empty() || self.random.percent(35) {
            return self.random.of(NOWHERE);
        }
        let regions = &self.regions;
        let base = regions[self.random.below(regions.len())].base;
        base + self.random.of(&[0, 0, 0, 0, 0, 1, 2048])
    }

    /// A function of those that need no order.
    pub fn step(&mut self) {
        let index = self.random.below(FUNCTIONS.len());
        let mut function = &FUNCTIONS[index];
        // What costs milliseconds comes less often.
        if matches!(
            function.name,
            "CreateProcessA" | "CreateProcessW" | "FlushFileBuffers" | "Sleep" | "SleepEx"
        ) && !self.random.percent(20)
        {
            return;
        }
        if self.shared.handles.count() > MOST && self.random.percent(30) {
            function = FUNCTIONS.iter().find(|function| function.name == "CloseHandle").expect("it is there");
        }
        let kinds = ["Event", "Mutex", "Semaphore", "Timer", "FileMapping"];
        self.name_kind = kinds.iter().position(|kind| function.name.contains(kind)).unwrap_or_default();
        let mut call = Call::for_world(self);
        for &argument in function.arguments {
            call.push(self, argument);
        }
        self.make(function, call);
    }

    /// A call of a function in a scenario.
    pub fn call(&mut self, name: &str, words: &[u64]) -> u64 {
        let function = FUNCTIONS.iter().chain(IN_ORDER).find(|function| function.name == name);
        let function = function.expect("the function is in a table");
        let block_of = vec![None; words.len()];
        self.make(function, Call { words: words.to_vec(), block_of, in_order: true, ..Call::default() })
    }

    fn make(&mut self, function: &Function, mut call: Call) -> u64 {
        let words: Vec<String> = call.words.iter().map(|word| format!("{word:#x}")).collect();
        self.journal.write(&format!("{}({})", function.name, words.join(", ")));
        let kinds: Vec<Option<Kind>> = function
            .arguments
            .iter()
            .zip(&call.words)
            .map(|(argument, &word)| match argument {
                Argument::H(_) | Argument::P => self.shared.handles.kind(word),
                _ => None,
            })
            .collect();
        direct::SetLastError(UNTOUCHED);
        let result = invoke(function.address, &call.words);
        let error = direct::GetLastError();
        let result = if matches!(function.result, Outcome::Zero32 | Outcome::Max32) {
            result & 0xFFFF_FFFF
        } else {
            result
        };
        let failed = match function.result {
            Outcome::Void | Outcome::Value | Outcome::Maybe => false,
            Outcome::Zero32 | Outcome::Null => result == 0,
            Outcome::MinusOne => result == u64::MAX,
            Outcome::Max32 => result == 0xFFFF_FFFF,
        } && error != 0;
        let index = FUNCTIONS.iter().chain(IN_ORDER).position(|known| known.name == function.name);
        let index = index.expect("the function is in a table");
        self.shared.calls[index].fetch_add(1, Ordering::Relaxed);
        if !failed {
            self.shared.successes[index].fetch_add(1, Ordering::Relaxed);
        }
        let wrong = |what: String| {
            let call =
                format!("{}({}) = {result:#x}, last error {error}: {what}", function.name, words.join(", "));
            let mut known = self.shared.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry((function.name, what)).or_insert(call);
        };
        if function.name != "SetLastError" {
            // A variable may be empty.
            let may_be_empty = function.name.starts_with("GetEnvironmentVariable");
            if failed && error == UNTOUCHED && !may_be_empty {
                wrong("it failed without a last error".to_owned());
            }
            if error != UNTOUCHED && !is_known(error) {
                wrong(format!("the last error {error} is none that is known"));
            }
            // ERROR_GEN_FAILURE is what Windows says of a thread that has ended, and of what is not initialised.
            if error == 1359
                || error == 31
                    && !matches!(
                        function.name,
                        "QueueUserAPC"
                            | "InitOnceBeginInitialize"
                            | "InitOnceComplete"
                            | "InitOnceExecuteOnce"
                    )
            {
                wrong(format!("the last error {error} says that something was not thought of"));
            }
        }
        for (argument, block) in call.block_of.iter().enumerate() {
            let Some(block) = block.map(|block| &call.blocks[block]) else { continue };
            if failed && !block.volatile && !block.is_unchanged() && !writes_on_failure(function.name) {
                wrong(format!("it failed, but wrote to argument {argument}"));
            }
        }
        if call.blocks.iter().any(|block| !block.is_intact()) {
            self.fail(&format!("{}({}) wrote beside what it was given", function.name, words.join(", ")));
        }
        if failed && function.name == "CloseHandle" && !call.in_order {
            // DuplicateHandle closes its source also when it fails.
            let mut flags = 0u32;
            let place = (&raw mut flags).expose_provenance() as u64;
            if self.call("GetHandleInformation", &[call.words[0], place]) == 0 {
                self.shared.handles.remove(call.words[0]);
            }
        }
        if !failed {
            self.after(function, &mut call, result, &kinds);
        }
        result
    }

    /// Notes what a call has made.
    fn after(&mut self, function: &Function, call: &mut Call, result: u64, kinds: &[Option<Kind>]) {
        let word = |index: usize| call.words[index];
        let output = |index: usize| call.block_of[index].map(|block| &call.blocks[block]);
        let name = function.name;
        let handles = &self.shared.handles;
        match name {
            "CloseHandle" => {
                let handle = word(0);
                if handle < u64::MAX - 8 {
                    handles.remove(handle);
                    if self.shared.threads == 1 {
                        let mut flags = 0u32;
                        let again = self.call(
                            "GetHandleInformation",
                            &[handle, (&raw mut flags).expose_provenance() as u64],
                        );
                        if again != 0 || direct::GetLastError() != 6 {
                            self.fail(&format!("{handle:#x} was closed, and is there"));
                        }
                    }
                }
            }
            "DuplicateHandle" => {
                let kind = match word(1) {
                    u64::MAX => Kind::Process,
                    0xFFFF_FFFF_FFFF_FFFE => Kind::Thread,
                    _ => kinds[1].unwrap_or(Kind::Any),
                };
                if word(6) & 1 != 0 && kinds[1].is_some() {
                    let mut flags = 0u32;
                    let place = (&raw mut flags).expose_provenance() as u64;
                    // One that is protected stays.
                    if self.call("GetHandleInformation", &[word(1), place]) == 0 {
                        self.shared.handles.remove(word(1));
                    }
                }
                // A handle in a child has a value of those that senders choose. This process may have been named by a real handle.
                let made = output(3).map(|made| made.u64_at(0)).filter(|&made| made < CHOSEN_BY_SENDERS);
                if let Some(made) = made {
                    self.shared.handles.add(made, kind);
                }
            }
            "CreatePipe" => {
                for index in [0, 1] {
                    if let Some(made) = output(index) {
                        handles.add(made.u64_at(0), Kind::Pipe);
                    }
                }
            }
            "CreateProcessA" | "CreateProcessW" => {
                if let Some(made) = output(9) {
                    let (process, thread) = (made.u64_at(0), made.u64_at(8));
                    // A child that is never resumed stays for ever.
                    self.call("ResumeThread", &[thread]);
                    let handles = &self.shared.handles;
                    handles.add(process, Kind::Child);
                    handles.add(thread, Kind::Thread);
                }
            }
            // As is a thread.
            "CreateThread" | "_beginthreadex" if !call.in_order => {
                self.call("ResumeThread", &[result]);
                self.shared.handles.add(result, Kind::Thread);
            }
            "GetStdHandle" if handles.kind(result).is_none() && result != 0 && result < 1 << 31 => {
                handles.add(result, Kind::File)
            }
            "TlsAlloc" => self.slots.push(result),
            "TlsFree" => self.slots.retain(|&slot| slot != word(0) & 0xFFFF_FFFF),
            "SetFilePointer" | "SetFilePointerEx" if !call.in_order => {
                // Files stay small; also when many calls moved a little each.
                let handle = word(0);
                let mut at = 0i64;
                let place = (&raw mut at).expose_provenance() as u64;
                self.call("SetFilePointerEx", &[handle, 0, place, 1]);
                if at > 1 << 21 && at < 1 << 40 {
                    self.call("SetFilePointerEx", &[handle, 0, 0, 0]);
                }
            }
            "FormatMessageA" | "FormatMessageW" if call.flags & 0x100 != 0 => {
                self.free(output(4).map(|made| made.u64_at(0)))
            }
            "ConvertStringSecurityDescriptorToSecurityDescriptorA"
            | "ConvertStringSecurityDescriptorToSecurityDescriptorW" => {
                self.free(output(2).map(|made| made.u64_at(0)));
            }
            "ConvertSecurityDescriptorToStringSecurityDescriptorA"
            | "ConvertSecurityDescriptorToStringSecurityDescriptorW" => {
                self.free(output(3).map(|made| made.u64_at(0)));
            }
            "ConvertStringSidToSidA"
            | "ConvertStringSidToSidW"
            | "ConvertSidToStringSidA"
            | "ConvertSidToStringSidW" => {
                self.free(output(1).map(|made| made.u64_at(0)));
            }
            "CommandLineToArgvW" => self.free(Some(result)),
            "AllocateAndInitializeSid" => {
                if let Some(made) = output(10).map(|made| made.u64_at(0)) {
                    self.call("FreeSid", &[made]);
                }
            }
            "veduta_wcsdup" => {
                // SAFETY: the function gives what malloc made.
                unsafe { libc::free(std::ptr::with_exposed_provenance_mut(result as usize)) }
            }
            _ if name.starts_with("MapViewOfFile") || name.starts_with("VirtualAlloc") => {
                let is_view = name.starts_with('M');
                let committed = self.regions.iter().any(|region| region.base & !0xFFFF == result & !0xFFFF);
                if !committed {
                    self.regions.push(Region { base: result, is_view });
                    let size = function.arguments.iter().position(|kind| matches!(kind, Argument::Length));
                    if size.is_some_and(|size| call.words[size] > LARGE) {
                        self.give_back(self.regions.len() - 1);
                    } else if self.regions.len() > MOST_REGIONS {
                        self.give_back(0);
                    }
                }
            }
            _ if name.starts_with("UnmapViewOfFile") || name.starts_with("VirtualFree") => {
                let at = if matches!(function.arguments[0], Argument::P) { 1 } else { 0 };
                if name.starts_with('U') || word(at + 2) == 0x8000 {
                    let address = word(at);
                    let page = if name.starts_with('U') { !0xFFFF } else { !0xFFF };
                    self.regions.retain(|region| region.base & page != address & page);
                }
            }
            _ => {
                let made = matches!(function.result, Outcome::Null | Outcome::MinusOne | Outcome::Zero32)
                    && (name.starts_with("Create") || name.starts_with("Open"));
                if made && result != 0 && !self.private {
                    for (part, kind) in [
                        ("Event", Kind::Event),
                        ("Mutex", Kind::Mutex),
                        ("Semaphore", Kind::Semaphore),
                        ("WaitableTimer", Kind::Timer),
                        ("FileMapping", Kind::Section),
                        ("CreateFile", Kind::File),
                        ("hread", Kind::Thread),
                        ("OpenProcess", Kind::Process),
                    ] {
                        if name.contains(part) {
                            handles.add(result, kind);
                            break;
                        }
                    }
                }
            }
        }
    }

    fn free(&mut self, memory: Option<u64>) {
        if let Some(memory) = memory {
            self.call("LocalFree", &[memory]);
        }
    }

    fn give_back(&mut self, index: usize) {
        let Region { base, is_view } = self.regions[index];
        let done = if is_view {
            self.call("UnmapViewOfFile", &[base])
        } else {
            self.call("VirtualFree", &[base & !0xFFFF, 0, 0x8000])
        };
        if done == 0 {
            self.fail(&format!("{base:#x} cannot be given back: last error {}", direct::GetLastError()));
        }
    }

    /// Gives back what belongs to this thread.
    pub fn end(&mut self) {
        while let Some(index) = self.regions.len().checked_sub(1) {
            self.give_back(index);
        }
        for slot in std::mem::take(&mut self.slots) {
            self.call("TlsFree", &[slot]);
        }
    }

    /// Handles that are open though everything was closed. Their values are of an index and a generation.
    pub fn left_open(&mut self) -> Vec<u64> {
        let mut flags = 0u32;
        let place = (&raw mut flags).expose_provenance();
        let all =
            (1..1024u64).flat_map(|index| (0..1024).map(move |generation| generation << 20 | index << 2));
        // SAFETY: the place is there.
        all.filter(|&handle| unsafe { direct::GetHandleInformation(handle as usize, place) } != 0).collect()
    }

    /// Closes what is open, for all threads.
    pub fn close_all(&mut self) {
        for (handle, kind) in self.shared.handles.take_all() {
            if kind == Kind::Child {
                self.call("TerminateProcess", &[handle, 1]);
                self.call("WaitForSingleObject", &[handle, 10_000]);
            }
            if kind == Kind::Thread {
                // It may have been made suspended. What was resumed often enough says 0 or 1.
                while !matches!(self.call("ResumeThread", &[handle]), 0 | 1 | 0xFFFF_FFFF) {}
                if self.call("GetThreadId", &[handle]) & 0xFFFF_FFFF != self.thread_id {
                    self.call("WaitForSingleObject", &[handle, 2000]);
                }
            }
            self.call("SetHandleInformation", &[handle, 2, 0]);
            self.call("CloseHandle", &[handle]);
        }
    }
}

/// These write before they fail, as documented.
fn writes_on_failure(name: &str) -> bool {
    matches!(
        name,
        // The count of bytes is 0 until it is known.
        "ReadFile" | "WriteFile" | "GetOverlappedResult"
            // The sizes that would have done.
            | "GetFullPathNameA" | "GetFullPathNameW"
    )
}

fn is_known(error: u32) -> bool {
    let mut buffer = [0; 256];
    // SAFETY: the buffer is that large.
    unsafe {
        direct::FormatMessageA(0x1200, std::ptr::null(), error, 0, buffer.as_mut_ptr(), 256, std::ptr::null())
            != 0
    }
}

/// Calls a function with whole registers: the callee looks at as much of each as its type says.
fn invoke(address: unsafe extern "C" fn(), words: &[u64]) -> u64 {
    let mut w = [0; 12];
    w[..words.len()].copy_from_slice(words);
    type All = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> u64;
    // SAFETY: all arguments are integers and pointers, and those that are too many lie where nobody looks.
    let function = unsafe { std::mem::transmute::<unsafe extern "C" fn(), All>(address) };
    // SAFETY: the arguments are made after the function's documentation.
    unsafe { function(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11]) }
}
