//! What the oracle takes of Windows.

use tempfile::TempDir;

pub(crate) fn root() -> TempDir {
    tempfile::Builder::new().prefix("veduta-oracle-").tempdir().expect("a directory can be made")
}
