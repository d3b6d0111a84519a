//! What only one family of systems has: handles as the system's own descriptors.

#[cfg(unix)]
pub mod unix;
