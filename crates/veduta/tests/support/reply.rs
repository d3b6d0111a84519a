//! What actors answer.

use std::fmt;
use veduta::{Code, Error};

/// Tells apart the objects that had one name at different times: a number that the first who writes to an object leaves in
/// its first eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(pub u64);

/// What came of something that an actor tried.
pub type Outcome<T> = Result<T, Refusal>;

/// The library's error, as the actor passed it on.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: u32,
    pub text: String,
}

impl Refusal {
    pub fn is(&self, code: Code) -> bool {
        self.code == code.get()
    }

    /// As one line for the socket.
    pub fn encode(error: &Error) -> String {
        format!("no\t{}\t{}", error.code().get(), error.to_string().escape_debug())
    }

    pub fn decode(line: &str) -> Refusal {
        let (code, text) = line.split_once('\t').expect("a refusal has a code and a text");
        Refusal { code: code.parse().expect("a code is a number"), text: text.to_owned() }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({})", self.text)
    }
}

/// Fails unless that is how it was refused; gives the text, for what else it should say.
#[track_caller]
pub fn expect_refusal<T: fmt::Debug>(outcome: Outcome<T>, code: Code) -> String {
    match outcome {
        Err(refusal) if refusal.is(code) => refusal.text,
        other => panic!("expected {code}, got {other:?}"),
    }
}

/// What an actor saw in a namespace.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Objects that live; of a sweep, what it removed.
    pub names: Vec<String>,
    pub stale: Vec<String>,
    pub problems: Vec<String>,
}

impl Seen {
    pub fn decode(line: &str) -> Seen {
        let mut seen = Seen::default();
        for item in line.split('\t').filter(|item| !item.is_empty()) {
            let (list, text) = match item.split_at(1) {
                ("+", name) => (&mut seen.names, name),
                ("-", name) => (&mut seen.stale, name),
                ("!", problem) => (&mut seen.problems, problem),
                _ => panic!("not an item of a listing: {item}"),
            };
            list.push(text.to_owned());
        }
        seen
    }

    pub fn has(&self, name: &str) -> bool {
        // An actor's private name begins with its namespace's directory.
        self.names.iter().any(|seen| seen == name.rsplit('/').next().unwrap_or(name))
    }
}

/// What an actor was told of one object.
#[derive(Debug, Clone)]
pub struct Description {
    pub kind: String,
    pub size: u64,
    pub backing: String,
    pub owner: String,
    pub unseen_holders: bool,
    pub holders: Vec<HolderSeen>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderSeen {
    pub pid: u32,
    pub access: String,
    pub command: String,
}

impl Description {
    pub fn encode(object: &veduta::ObjectInfo) -> String {
        let owner = object.owner.as_ref().map_or_else(String::new, ToString::to_string);
        let mut line = format!(
            "{}\t{}\t{}\t{owner}\t{}",
            object.kind, object.size, object.backing, object.unseen_holders
        );
        for holder in &object.holders {
            line += &format!("\t{}:{}:{}", holder.pid, holder.access, holder.command.escape_debug());
        }
        line
    }

    pub fn decode(line: &str) -> Description {
        let mut fields = line.split('\t');
        let mut next = || fields.next().expect("a description has five fields and the holders");
        Description {
            kind: next().to_owned(),
            size: next().parse().expect("a size is a number"),
            backing: next().to_owned(),
            owner: next().to_owned(),
            unseen_holders: next() == "true",
            holders: fields.map(HolderSeen::decode).collect(),
        }
    }
}

impl HolderSeen {
    fn decode(field: &str) -> HolderSeen {
        let mut parts = field.splitn(3, ':');
        let mut next = || parts.next().expect("a holder has three parts");
        HolderSeen {
            pid: next().parse().expect("a pid is a number"),
            access: next().to_owned(),
            command: next().to_owned(),
        }
    }
}
