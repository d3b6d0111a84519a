//! One object, as a value for machines and as text for people.

use crate::os::machine;
use crate::output::escape;
use crate::quantity::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use std::time::SystemTime;
use veduta::{Holder, Kind, ObjectInfo, ObjectState, Owner, Reset, User};

/// What `--json` shows of an object. Fields are only ever added.
#[derive(Debug, Serialize)]
pub(crate) struct Object {
    name: String,
    kind: String,
    size: u64,
    /// Bytes in memory; null where it cannot be known.
    resident: Option<u64>,
    protection: String,
    /// A number, or on Windows a security identifier; null where it may not be known.
    owner: Option<JsonUser>,
    /// RFC 3339, UTC.
    created: Option<String>,
    backing: String,
    /// Of a mutex, event or semaphore; null for a section, and where it may not be known.
    state: Option<JsonState>,
    holders: Vec<JsonHolder>,
    /// Whether there are holders of which nothing can be seen.
    unseen_holders: bool,
}

/// Which of them it is stands in `kind`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum JsonState {
    Mutex {
        owner: Option<JsonOwner>,
        recursion: u32,
        abandoned: bool,
        /// Null where the system does not tell.
        waiters: Option<u32>,
    },
    /// Or a timer.
    Event {
        reset: &'static str,
        signaled: bool,
        waiters: Option<u32>,
    },
    Semaphore {
        count: u32,
        maximum: u32,
        waiters: Option<u32>,
    },
}

/// Nulls where the system does not tell who it is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum JsonUser {
    Number(u32),
    Text(String),
}

impl From<User> for JsonUser {
    fn from(user: User) -> JsonUser {
        match user {
            User::Uid(number) => JsonUser::Number(number),
            user => JsonUser::Text(user.to_string()),
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonOwner {
    process: Option<u32>,
    thread: Option<u32>,
}

impl From<Owner> for JsonOwner {
    fn from(owner: Owner) -> JsonOwner {
        match owner {
            Owner::Thread { process, thread } => JsonOwner { process: Some(process), thread: Some(thread) },
            Owner::Unknown => JsonOwner { process: None, thread: None },
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonHolder {
    pid: u32,
    command: String,
    access: String,
}

impl From<&ObjectInfo> for Object {
    fn from(info: &ObjectInfo) -> Object {
        Object {
            name: info.name.clone(),
            kind: info.kind.to_string(),
            size: info.size,
            resident: info.resident,
            protection: info.protection.to_string(),
            owner: info.owner.clone().map(JsonUser::from),
            created: info.created.and_then(timestamp).map(|time| time.to_string()),
            backing: info.backing.to_string(),
            state: info.state.map(JsonState::from),
            holders: info
                .holders
                .iter()
                .map(|Holder { pid, command, access, .. }| JsonHolder {
                    pid: *pid,
                    command: command.clone(),
                    access: access.to_string(),
                })
                .collect(),
            unseen_holders: info.unseen_holders,
        }
    }
}

impl From<ObjectState> for JsonState {
    fn from(state: ObjectState) -> JsonState {
        match state {
            ObjectState::Mutex { owner, recursion, abandoned, waiters } => {
                JsonState::Mutex { owner: owner.map(JsonOwner::from), recursion, abandoned, waiters }
            }
            ObjectState::Event { reset, signaled, waiters }
            | ObjectState::Timer { reset, signaled, waiters } => {
                let reset = match reset {
                    Reset::Auto => "auto",
                    Reset::Manual => "manual",
                };
                JsonState::Event { reset, signaled, waiters }
            }
            ObjectState::Semaphore { count, maximum, waiters } => {
                JsonState::Semaphore { count, maximum, waiters }
            }
        }
    }
}

/// What stands in the column of a fact that this kind of object does not have.
pub(crate) const NONE: &str = "-";

/// Whether it has bytes to map.
pub(crate) fn is_section(info: &ObjectInfo) -> bool {
    info.kind == Kind::Section
}

/// What the object is just now: `?` where that may not be known, nothing for a section.
pub(crate) fn state(info: &ObjectInfo) -> String {
    match info.state {
        Some(state) => state.to_string(),
        None if is_section(info) => NONE.into(),
        None => "?".into(),
    }
}

/// The same in few words: a thread says little where there is a process.
pub(crate) fn state_in_short(info: &ObjectInfo) -> String {
    let Some(ObjectState::Mutex { owner: Some(Owner::Thread { process, .. }), recursion, waiters, .. }) =
        info.state
    else {
        return state(info);
    };
    let mut words = format!("owned by {process}");
    if recursion > 1 {
        words += &format!(", {recursion} times");
    }
    match waiters {
        None | Some(0) => {}
        Some(1) => words += ", 1 waits",
        Some(many) => words += &format!(", {many} wait"),
    }
    words
}

/// Who owns a mutex: `process 4711, thread 4713 (/bin/program and its arguments)`.
pub(crate) fn owning_thread(info: &ObjectInfo) -> Option<String> {
    let Some(ObjectState::Mutex { owner: Some(Owner::Thread { process, thread }), .. }) = info.state else {
        return None;
    };
    let thread = if thread == process { String::new() } else { format!(", thread {thread}") };
    let holder = info.holders.iter().find(|holder| holder.pid == process);
    let command = holder.map_or_else(String::new, |holder| format!(" ({})", escape(&holder.command)));
    Some(format!("process {process}{thread}{command}"))
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let time = Timestamp::try_from(time).ok()?;
    time.round(jiff::Unit::Millisecond).ok()
}

/// `2026-11-20 21:00:08 UTC`.
pub(crate) fn created(info: &ObjectInfo) -> String {
    info.created
        .and_then(timestamp)
        .map_or_else(|| "unknown".into(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// How long ago the object was made, in its largest unit.
pub(crate) fn age(info: &ObjectInfo) -> String {
    let Some(created) = info.created else { return "?".into() };
    let seconds = created.elapsed().unwrap_or_default().as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

/// The holder as `4711 (/bin/program and its arguments, rw)`.
pub(crate) fn holder(holder: &Holder) -> String {
    format!("{} ({}, {})", holder.pid, escape(&holder.command), holder.access)
}

/// All holders on one line, each as `4711 (program, rw)`.
pub(crate) fn holders(info: &ObjectInfo) -> String {
    let seen = info.holders.iter().map(|holder| {
        let program = holder.command.split(' ').next().unwrap_or_default();
        let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
        format!("{} ({}, {})", holder.pid, escape(program), holder.access)
    });
    let unseen = info.unseen_holders.then(|| "somebody unseen".to_owned());
    seen.chain(unseen).collect::<Vec<_>>().join(", ")
}

/// Bytes in memory, `?` where unknown.
pub(crate) fn resident(info: &ObjectInfo) -> String {
    info.resident.map_or_else(|| "?".into(), |bytes| Bytes(bytes).to_string())
}

/// The user's name, or the number of one that has none.
pub(crate) fn owner(info: &ObjectInfo) -> String {
    let Some(user) = &info.owner else { return "?".into() };
    machine::user_name(user).map_or_else(|| user.to_string(), |name| escape(&name))
}
