//! What is done, one file per subject.

mod bytes;
mod copies;
mod events;
mod flush;
mod footprint;
mod growth;
mod mutexes;
mod names;
mod pages;
mod private;
mod reads;
mod ring;
mod startup;
mod views;
mod waits;

use crate::contest::Bench;

pub(crate) fn all(bench: &mut Bench) {
    names::all(bench);
    views::all(bench);
    pages::all(bench);
    private::all(bench);
    bytes::all(bench);
    reads::all(bench);
    copies::all(bench);
    flush::all(bench);
    events::all(bench);
    ring::all(bench);
    mutexes::all(bench);
    waits::all(bench);
    growth::all(bench);
    footprint::all(bench);
    startup::all(bench);
}

/// A name that no other run has.
fn unique(what: &str) -> String {
    format!("bench-{what}-{}", std::process::id())
}

/// Lets this process have as many descriptors as it may.
fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit can be reached");
}
