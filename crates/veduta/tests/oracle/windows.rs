//! What the oracle takes of Windows.

use tempfile::TempDir;

/// How many plays each test tries: fewer, as each takes a second where processes start as slowly as under Wine.
pub(crate) const CASES: u32 = 30;

pub(crate) fn root() -> TempDir {
    tempfile::Builder::new().prefix("veduta-oracle-").tempdir().expect("a directory can be made")
}
