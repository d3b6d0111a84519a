//! The Win32 codes that operations fail with.

pub(super) const FILE_NOT_FOUND: u32 = 2;
pub(super) const PATH_NOT_FOUND: u32 = 3;
pub(super) const ACCESS_DENIED: u32 = 5;
pub(super) const INVALID_HANDLE: u32 = 6;
pub(super) const NOT_ENOUGH_MEMORY: u32 = 8;
pub(super) const NOT_SUPPORTED: u32 = 50;
pub(super) const INVALID_PARAMETER: u32 = 87;
pub(super) const INVALID_NAME: u32 = 123;
pub(super) const BAD_PATHNAME: u32 = 161;
pub(super) const ALREADY_EXISTS: u32 = 183;
pub(super) const FILENAME_EXCED_RANGE: u32 = 206;
pub(super) const NOT_OWNER: u32 = 288;
pub(super) const TOO_MANY_POSTS: u32 = 298;
pub(super) const NOACCESS: u32 = 998;
pub(super) const FILE_INVALID: u32 = 1006;
pub(super) const COMMITMENT_LIMIT: u32 = 1455;
