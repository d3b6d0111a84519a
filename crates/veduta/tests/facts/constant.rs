//! The numbers of Windows' constants, and what the library makes of them.

use crate::Replay;
use crate::row::Row;
use serde_json::{Map, Value, json};
use veduta::{Code, Protection, SectionAccess, SyncAccess, ViewAccess};

pub(crate) const SCENARIOS: &[(&str, Replay)] = &[
    ("CONST-01", protections),
    ("CONST-02", rights),
    ("CONST-03", masks),
    ("CONST-04", codes),
    ("CONST-05", rights_of_other_objects),
];

const NUMBERS: &[(&str, u32)] = &[
    ("0", 0),
    ("PAGE_NOACCESS", 0x01),
    ("PAGE_READONLY", 0x02),
    ("PAGE_READWRITE", 0x04),
    ("PAGE_WRITECOPY", 0x08),
    ("PAGE_EXECUTE", 0x10),
    ("PAGE_EXECUTE_READ", 0x20),
    ("PAGE_EXECUTE_READWRITE", 0x40),
    ("PAGE_EXECUTE_WRITECOPY", 0x80),
    ("PAGE_GUARD", 0x100),
    ("SECTION_QUERY", 0x01),
    ("SECTION_MAP_WRITE", 0x02),
    ("SECTION_MAP_READ", 0x04),
    ("SECTION_MAP_EXECUTE", 0x08),
    ("SECTION_EXTEND_SIZE", 0x10),
    ("FILE_MAP_COPY", 0x01),
    ("FILE_MAP_WRITE", 0x02),
    ("FILE_MAP_READ", 0x04),
    ("FILE_MAP_EXECUTE", 0x20),
    ("FILE_MAP_ALL_ACCESS", 0xF001F),
    ("GENERIC_ALL", 0x1000_0000),
    ("GENERIC_EXECUTE", 0x2000_0000),
    ("GENERIC_WRITE", 0x4000_0000),
    ("GENERIC_READ", 0x8000_0000),
];

/// The number of constants that are joined with `|`.
pub(crate) fn constant(names: &str) -> u32 {
    names
        .split('|')
        .map(|name| {
            let known = NUMBERS.iter().find(|(known, _)| *known == name);
            known.unwrap_or_else(|| panic!("{name} is not a constant")).1
        })
        .fold(0, |all, one| all | one)
}

/// The protection of a section by its name.
pub(crate) fn protection(names: &str) -> veduta::Result<Protection> {
    Protection::from_page_constant(constant(names))
}

/// The access that a view is mapped with for a desired access.
pub(crate) fn desired(names: &str) -> ViewAccess {
    ViewAccess::from_desired_access(constant(names))
}

/// What `VirtualQuery` calls the access of a view's page.
pub(crate) fn page(access: ViewAccess) -> &'static str {
    let is_page =
        |(name, number): &&(&str, u32)| name.starts_with("PAGE_") && *number == access.page_constant();
    NUMBERS.iter().find(is_page).expect("every access has a constant").0
}

/// The access that is shown by a name of `VirtualQuery`.
pub(crate) fn access_of_page(name: &str) -> ViewAccess {
    ViewAccess::ALL.into_iter().find(|access| page(*access) == name).expect("every constant has an access")
}

fn protections(_: &Row) -> Value {
    let views = ViewAccess::ALL.map(|access| (page(access).to_owned(), json!(access.page_constant())));
    for protection in Protection::ALL {
        let same = Protection::from_page_constant(protection.page_constant());
        assert_eq!(same.expect("it is its constant"), protection);
    }
    Value::Object(Map::from_iter(views))
}

fn rights(_: &Row) -> Value {
    json!({
        "SECTION_QUERY": SectionAccess::QUERY.bits(),
        "SECTION_MAP_WRITE": SectionAccess::WRITE.bits(),
        "SECTION_MAP_READ": SectionAccess::READ.bits(),
        "SECTION_MAP_EXECUTE": SectionAccess::EXECUTE.bits(),
        "SECTION_EXTEND_SIZE": SectionAccess::EXTEND_SIZE.bits(),
    })
}

fn masks(row: &Row) -> Value {
    let rights = |name: &str| {
        let access = SectionAccess::from_desired_access(constant(name)).expect("the mask is known");
        (name.to_owned(), json!(access.bits()))
    };
    Value::Object(row.observations().map(rights).collect())
}

fn rights_of_other_objects(_: &Row) -> Value {
    json!({
        "EVENT_MODIFY_STATE": SyncAccess::MODIFY_STATE.bits(),
        "SEMAPHORE_MODIFY_STATE": SyncAccess::MODIFY_STATE.bits(),
        "SYNCHRONIZE": SyncAccess::SYNCHRONIZE.bits(),
    })
}

fn codes(_: &Row) -> Value {
    const ALL: &[Code] = &[
        Code::FILE_NOT_FOUND,
        Code::PATH_NOT_FOUND,
        Code::TOO_MANY_OPEN_FILES,
        Code::ACCESS_DENIED,
        Code::INVALID_HANDLE,
        Code::NOT_ENOUGH_MEMORY,
        Code::INVALID_DATA,
        Code::GEN_FAILURE,
        Code::SHARING_VIOLATION,
        Code::NOT_SUPPORTED,
        Code::INVALID_PARAMETER,
        Code::DISK_FULL,
        Code::INVALID_NAME,
        Code::NOT_LOCKED,
        Code::BAD_PATHNAME,
        Code::BUSY,
        Code::ALREADY_EXISTS,
        Code::BAD_EXE_FORMAT,
        Code::NOT_OWNER,
        Code::TOO_MANY_POSTS,
        Code::FILENAME_EXCED_RANGE,
        Code::INVALID_ADDRESS,
        Code::NOACCESS,
        Code::SWAPERROR,
        Code::FILE_INVALID,
        Code::IO_DEVICE,
        Code::MAPPED_ALIGNMENT,
        Code::REVISION_MISMATCH,
        Code::NO_SYSTEM_RESOURCES,
        Code::WORKING_SET_QUOTA,
        Code::COMMITMENT_LIMIT,
    ];
    Value::Object(ALL.iter().map(|code| (code.name().to_owned(), json!(code.get()))).collect())
}
