//! What errors say: one sentence, the code, and what to do.

use crate::scratch::name;
use std::error::Error as _;
use std::io;
use veduta::{Code, Protection, Section, SectionAccess, ViewAccess};

#[test]
fn an_error_is_one_sentence_with_code_and_name() {
    let name = name("nobody made this");
    let error = Section::options().open(&name).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(r#"cannot open section "{name}": no such object (ERROR_FILE_NOT_FOUND, 2)"#)
    );
    assert_eq!(format!("{error:?}"), format!("Error({error})"));
    assert_eq!(error.operation(), "open section");
    assert_eq!(error.object_name(), Some(name.as_str()));
    assert_eq!((error.advice(), error.raw_os_error()), (None, None));
    assert!(error.source().is_none());
}

// Row: numbers of errors
#[cfg(target_os = "linux")]
#[test]
fn an_error_of_the_system_keeps_its_number() {
    let directory = crate::scratch::directory();
    let error = veduta::Namespace::at(directory.path().join("missing")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    assert!(error.source().is_some());
    let (text, advice) = (error.to_string(), error.advice().unwrap());
    assert!(text.contains("(ERROR_PATH_NOT_FOUND, 3; No such file or directory"), "{text}");
    assert!(text.ends_with(&format!("); {advice}")), "{text}");
}

#[test]
fn an_error_becomes_one_of_the_standard_library() {
    let absent: io::Error = Section::options().open(&name("absent")).unwrap_err().into();
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    assert!(absent.to_string().contains("ERROR_FILE_NOT_FOUND, 2"), "{absent}");
    let inner = absent.get_ref().and_then(|inner| inner.downcast_ref::<veduta::Error>());
    assert_eq!(inner.map(veduta::Error::code), Some(Code::FILE_NOT_FOUND));
    let bad: io::Error = Section::options().create_unnamed().unwrap_err().into();
    assert_eq!(bad.kind(), io::ErrorKind::InvalidInput);
    let much: io::Error = Section::options().size(1 << 60).create_unnamed().unwrap_err().into();
    assert_eq!(much.kind(), io::ErrorKind::OutOfMemory);
}

#[test]
fn errors_can_be_sent_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<veduta::Error>();
}

#[test]
fn codes_have_their_names_and_numbers() {
    assert_eq!(Code::ACCESS_DENIED.to_string(), "ERROR_ACCESS_DENIED, 5");
    assert_eq!((Code::COMMITMENT_LIMIT.get(), u32::from(Code::COMMITMENT_LIMIT)), (1455, 1455));
    assert!(Code::FILE_NOT_FOUND < Code::ACCESS_DENIED);
}

/// `PAGE_READWRITE` is 4 and so is `FILE_MAP_READ`; `PAGE_READONLY` is 2 and so is `FILE_MAP_WRITE`.
#[test]
fn page_constants_in_place_of_access_rights_are_explained() {
    const PAGE_READONLY: u32 = 2;
    const PAGE_READWRITE: u32 = 4;
    let name = name("confused");
    let _section = Section::options().size(100).create_new(&name).unwrap();
    let refused = |constant, view| {
        let access = SectionAccess::from_desired_access(constant).unwrap();
        let section = Section::options().access(access).open(&name).unwrap();
        let error = section.map(view).unwrap_err();
        assert_eq!((error.code(), error.object_name()), (Code::ACCESS_DENIED, Some(name.as_str())));
        error.advice().unwrap().to_owned()
    };
    let advice = refused(PAGE_READWRITE, ViewAccess::Write);
    assert!(advice.contains("has the number of PAGE_READWRITE"), "{advice}");
    assert!(advice.contains("pass FILE_MAP_READ | FILE_MAP_WRITE (6)"), "{advice}");
    let advice = refused(PAGE_READONLY, ViewAccess::Read);
    assert!(advice.contains("has the number of PAGE_READONLY"), "{advice}");
    assert!(advice.contains("pass FILE_MAP_READ (4)"), "{advice}");
}

#[test]
fn masks_that_are_no_rights_are_refused() {
    const PAGE_EXECUTE_READWRITE: u32 = 0x40;
    let error = SectionAccess::from_desired_access(PAGE_EXECUTE_READWRITE).unwrap_err();
    assert_eq!(error.code(), Code::INVALID_PARAMETER);
    assert!(error.advice().unwrap().contains("it is a PAGE_ constant"), "{error}");
    let error = SectionAccess::from_desired_access(0x0800_0000).unwrap_err();
    assert!(!error.advice().unwrap().contains("PAGE_"), "{error}");
    assert_eq!(SectionAccess::from_desired_access(0).unwrap_err().code(), Code::ACCESS_DENIED);
}

#[test]
fn a_view_that_the_handle_or_the_section_does_not_allow_is_explained() {
    let section = Section::options().size(1).protection(Protection::ReadOnly).create_unnamed().unwrap();
    let missing = section.map(ViewAccess::Write).unwrap_err();
    assert_eq!(missing.code(), Code::ACCESS_DENIED);
    assert!(
        missing.advice().unwrap().contains("needs the right WRITE, the handle has QUERY | READ"),
        "{missing}"
    );
    let writer = section.try_clone_with(SectionAccess::WRITE).unwrap();
    let incompatible = writer.map(ViewAccess::Write).unwrap_err();
    assert_eq!(incompatible.code(), Code::INVALID_PARAMETER);
    assert!(incompatible.advice().unwrap().contains("protection ReadOnly"), "{incompatible}");
}

#[test]
fn a_section_of_a_file_is_called_by_its_path() {
    let file = crate::scratch::named_file(100);
    let section = Section::options().file(file.as_file()).create_unnamed().unwrap();
    let error = section.view().offset(101).map().unwrap_err();
    assert_eq!(error.object_name().map(std::path::Path::new), Some(file.path()));
}
