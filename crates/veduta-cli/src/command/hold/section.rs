//! `veduta hold` of a section.

use super::{Args, Held};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::quantity::Bytes;
use clap::ValueEnum;
use std::fs::File;
use std::io;
use std::path::Path;
use veduta::Protection;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Protect {
    Ro,
    Rw,
    Wc,
}

impl From<Protect> for Protection {
    fn from(protect: Protect) -> Protection {
        match protect {
            Protect::Ro => Protection::ReadOnly,
            Protect::Rw => Protection::ReadWrite,
            Protect::Wc => Protection::WriteCopy,
        }
    }
}

pub(super) fn hold(context: &Context, args: &Args) -> Outcome<Held> {
    let file = args.file.as_deref().map(|path| open(path, args.protect)).transpose()?;
    let mut options = context.sections();
    options.protection(args.protect.into()).size(args.size.unwrap_or(0));
    if let Some(file) = &file {
        options.file(file);
    }
    let (section, disposition) = options.create(&args.name)?;
    let size = section.len();
    Ok(Held {
        name: section.name().map(ToString::to_string),
        disposition,
        what: format!("section, {}, {}", section.protection(), Bytes(size)),
        asked: args.size.filter(|asked| *asked != size).map(|asked| Bytes(asked).to_string()),
        object: Box::new((section, file)),
    })
}

fn open(path: &Path, protect: Protect) -> Outcome<File> {
    let write = matches!(protect, Protect::Rw);
    File::options().read(true).write(write).open(path).map_err(|error| {
        let failure = Failure::at("open file", path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("`veduta hold` makes no files"),
            io::ErrorKind::PermissionDenied if write => {
                failure.hint("--protect ro or wc needs the right to read only")
            }
            _ => failure,
        }
    })
}
