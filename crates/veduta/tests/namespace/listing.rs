//! What lives in a namespace.

use crate::scratch::{Private, code, name};
use veduta::{Backing, Code, HolderAccess, Kind, Namespace, ObjectInfo, Section};

pub(crate) fn object(name: &str) -> ObjectInfo {
    Namespace::local().unwrap().object(name).unwrap()
}

#[test]
fn an_object_is_found_by_its_name() {
    let name = name("found");
    let _section = Section::options().size(10_000).create_new(&name).unwrap();
    let object = object(&name);
    assert_eq!((object.name.as_str(), object.kind), (name.as_str(), Kind::Section));
}

#[test]
fn a_namespace_lists_its_objects_by_name() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(1).namespace(private.namespace());
    let _sections = ["b", "a", "C", "é", "%", "z z"].map(|name| options.create_new(name).unwrap());
    let listing = private.namespace().objects().unwrap();
    let names: Vec<_> = listing.objects.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(names, ["%", "C", "a", "b", "z z", "é"]);
    assert!(listing.stale.is_empty() && listing.problems.is_empty());
}

#[test]
fn an_empty_namespace_has_nothing() {
    let private = Private::new();
    let listing = private.namespace().objects().unwrap();
    assert!(listing.objects.is_empty() && listing.stale.is_empty() && listing.problems.is_empty());
    assert_eq!(code(private.namespace().object("nothing")), Code::FILE_NOT_FOUND);
}

#[test]
fn an_object_is_found_with_or_without_its_prefix() {
    let full = name("prefix");
    let plain = full.trim_start_matches(r"Local\");
    let _section = Section::options().size(1).create_new(&full).unwrap();
    assert_eq!(object(plain).name, full);
    let local = Namespace::local().unwrap();
    let error = local.object(&format!(r"Global\{plain}")).unwrap_err();
    assert_eq!(error.code(), Code::PATH_NOT_FOUND);
    assert!(error.advice().unwrap().contains("another namespace"), "{error}");
    let global = Namespace::global().unwrap();
    assert_eq!(code(global.object(plain)), Code::FILE_NOT_FOUND);
    assert_eq!(code(global.object(&full)), Code::PATH_NOT_FOUND);
    assert_eq!(code(local.object(r"a\b")), Code::PATH_NOT_FOUND);
    assert_eq!(code(local.object("")), Code::INVALID_NAME);
}

#[test]
fn global_names_live_with_everybody() {
    let name = format!(r"Global\{}", crate::scratch::unique());
    let _section = Section::options().size(5_000).create_new(&name).unwrap();
    assert_eq!(Namespace::global().unwrap().object(&name).unwrap().name, name);
    assert_eq!(code(Namespace::local().unwrap().object(&name)), Code::PATH_NOT_FOUND);
}

#[test]
fn what_is_told_can_be_shown() {
    assert_eq!(Kind::Section.to_string(), "section");
    assert_eq!((Backing::Memory.to_string(), Backing::Entry.to_string()), ("memory".into(), "entry".into()));
    assert_eq!(Backing::File("/tmp/x".into()).to_string(), "file /tmp/x");
    assert_eq!(format!("{:>4}|{:<4}|", HolderAccess::Read, HolderAccess::ReadWrite), "   r|rw  |");
}

#[test]
fn a_missing_directory_is_no_namespace() {
    let private = Private::new();
    let error = Namespace::at(private.path().join("missing")).unwrap_err();
    assert_eq!(error.code(), Code::PATH_NOT_FOUND);
    assert!(error.advice().unwrap().contains("make the directory first"), "{error}");
    std::fs::write(private.path().join("file"), "").unwrap();
    assert_eq!(code(Namespace::at(private.path().join("file"))), Code::PATH_NOT_FOUND);
    assert_eq!(Namespace::at(private.path()).unwrap().path(), private.path());
}
