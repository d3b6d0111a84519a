//! What the copy keeps of its source, or of the file that it replaces.

use super::Manner;
use super::draft::Draft;
use super::source::Source;
use super::target::Target;
use crate::failure::Outcome;
use crate::os::files;
use std::fs::Metadata;

/// The file whose permissions the copy is created with, none for its owner alone: nobody may see more of it than of the
/// finished copy.
pub(super) fn first_like<'a>(source: &'a Source, target: &Target, manner: Manner) -> Option<&'a Metadata> {
    match (target.replaces, manner.preserve) {
        (false, false) => Some(&source.metadata),
        _ => None,
    }
}

/// Gives the finished copy the attributes it keeps.
pub(super) fn settle(source: &Source, target: &Target, draft: &Draft<'_>, manner: Manner) -> Outcome<()> {
    let settled = if manner.preserve {
        files::keep_attributes(draft.file(), &source.metadata)
    } else if target.replaces {
        files::keep_permissions(draft.file(), &target.path)
    } else {
        Ok(())
    };
    settled.map_err(|error| draft.failure(&error))
}
