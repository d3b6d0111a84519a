//! The routines that are written in the processor's own instructions, as the rest of the library sees them: one source for each
//! processor, and the same names in all.

use super::Routines;

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod machine;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod machine;

pub(super) const ROUTINES: Routines =
    Routines { copy: machine::copy, fill: machine::fill, turn: machine::TURN, landing };

#[cfg(test)]
pub(super) use machine::copies;

fn landing(instruction: usize) -> Option<usize> {
    machine::parts().into_iter().find(|part| part.contains(&instruction)).map(|part| part.end)
}
