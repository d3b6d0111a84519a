//! `veduta cp`: copies a file through mapped views.
//!
//! The source is mapped a window at a time, and the destination is written straight out of the views: no byte passes
//! through a buffer of ours. Where the filesystem can let both files have the same blocks, nothing is copied at all. Views on both sides would cost a page fault and a zeroed page for everything written
//! (measured: 1.5 times the time on ext4 and tmpfs alike), and would learn of a full disk by SIGBUS.

mod attributes;
mod draft;
mod extents;
mod progress;
mod source;
mod target;
mod transfer;
mod windows;

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Outcome;
use crate::os::files;
use crate::output::escape;
use crate::quantity::{Bytes, Rate};
use crate::signals::{Stop, refused};
use draft::Draft;
pub(crate) use progress::Progress;
use source::Source;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use target::Target;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
DST appears under its name whole or not at all. An existing file DST is replaced: it keeps its permissions, and \
other hard links to it keep the old bytes. Holes in SRC stay holes.")]
pub(crate) struct Args {
    /// The file to copy
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// The copy, or the directory to put it in
    #[arg(value_name = "DST")]
    destination: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

/// How to copy.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Manner {
    /// Keep mode and times, and the owner where that is allowed
    #[arg(short, long)]
    preserve: bool,
    /// Wait until the copy is on the disk before it gets its name
    #[arg(long)]
    sync: bool,
    /// Whether the copy shares the blocks of SRC until one of the two is changed, where the filesystem can (Btrfs, XFS)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    reflink: Reflink,
}

impl Manner {
    /// Every byte goes through a view.
    pub(crate) const COPYING: Manner = Manner { preserve: false, sync: false, reflink: Reflink::Never };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Reflink {
    /// If it can
    Auto,
    /// Or not at all: an error where it cannot
    Always,
    /// Every byte is copied
    Never,
}

/// What a copy came to.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) path: PathBuf,
    /// The length of the file.
    pub(crate) size: u64,
    /// The bytes that were copied: all but the holes; none if both files have the same blocks.
    pub(crate) data: u64,
    shares_blocks: bool,
    pub(crate) time: Duration,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let stop = Stop::on_signals()?;
        let copied = copy(&self.source, &self.destination, self.manner, Progress::new(context.quiet), &stop)?;
        context.say(format_args!("copied {copied} to {}", escape(&copied.path.to_string_lossy())));
        Ok(ExitCode::Done)
    }
}

/// Copies `source` to `destination`, whole or not at all.
pub(crate) fn copy(
    source: &Path,
    destination: &Path,
    manner: Manner,
    progress: Progress,
    stop: &Stop,
) -> Outcome<Copied> {
    let start = Instant::now();
    files::survive_size_limit().map_err(refused)?;
    let source = Source::open(source)?;
    let target = Target::find(destination, &source)?;
    let draft = Draft::create(&target, attributes::first_like(&source, &target, manner), source.size())?;

    progress.begin(source.size());
    let shares_blocks = manner.reflink != Reflink::Never && draft.share_blocks(&source, manner.reflink)?;
    let data = if shares_blocks { 0 } else { transfer::transfer(&source, &draft, &progress, stop)? };
    progress.end();

    attributes::settle(&source, &target, &draft, manner)?;
    if manner.sync {
        draft.sync()?;
    }
    stop.check()?;
    draft.publish(manner.sync)?;
    Ok(Copied { path: target.path, size: source.size(), data, shares_blocks, time: start.elapsed() })
}

impl std::fmt::Display for Copied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", Bytes(self.size))?;
        if self.shares_blocks {
            return write!(f, " in {:.2} s by sharing its blocks,", self.time.as_secs_f64());
        }
        if self.data < self.size {
            write!(f, " ({} of it holes)", Bytes(self.size - self.data))?;
        }
        let rate = Rate { bytes: self.data, time: self.time };
        write!(f, " in {:.2} s, {rate},", self.time.as_secs_f64())
    }
}
