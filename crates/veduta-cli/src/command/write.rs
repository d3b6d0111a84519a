//! `veduta write`: standard input into a section.

use super::Verb;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Outcome};
use crate::output::escape;
use crate::quantity::{Bytes, parse_bytes};
use crate::ranges::{WINDOW, pieces, within};
use std::io::{self, Read};
use veduta::{SectionAccess, ViewAccess};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The section's name
    name: String,
    /// Where to begin
    #[arg(long, value_parser = parse_bytes, value_name = "OFFSET", default_value = "0")]
    at: u64,
}

impl Verb for Args {
    fn run(&self, context: &Context) -> Outcome {
        let section = context.sections().access(SectionAccess::WRITE).open(&self.name)?;
        let room = within(section.len(), self.at, None)?;
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; 256 << 10];
        let mut written = 0;

        'windows: for window in pieces(room.clone(), WINDOW) {
            let length = window.end - window.start;
            let view = section.view().access(ViewAccess::Write).offset(window.start).len(length).map()?;
            let mut at = 0;
            while at < view.len() {
                let most = buffer.len().min(view.len() - at);
                match read(&mut input, &mut buffer[..most])? {
                    0 => break 'windows,
                    count => {
                        view.write_at(at, &buffer[..count])?;
                        at += count;
                        written += count as u64;
                    }
                }
            }
        }

        if self.at + written == room.end && read(&mut input, &mut [0])? > 0 {
            return Err(Failure::new(format!(
                "the input is longer than the section: the first {written} bytes were written, up to its end"
            ))
            .hint(format!(
                "there is room for {} at {:#x}",
                Bytes(room.end - room.start),
                self.at
            )));
        }
        context.say(format_args!("wrote {} to {} at {:#x}", Bytes(written), escape(&self.name), self.at));
        Ok(ExitCode::Done)
    }
}

fn read(input: &mut impl Read, buffer: &mut [u8]) -> Outcome<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => {
                return other.map_err(|error| Failure::cannot("read standard input", &error));
            }
        }
    }
}
