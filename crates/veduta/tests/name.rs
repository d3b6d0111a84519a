//! Names: which there are, which are refused, and how they become file names.

mod scratch;

use scratch::{Private, code, unique};
use std::collections::BTreeSet;
use veduta::{Code, ObjectName, Scope, Section, ViewAccess};

/// The longest name, in UTF-16 units.
const LONGEST: usize = 32_767;

#[test]
fn a_name_is_read_and_shown() {
    for (text, scope, plain, shown) in [
        ("Tour", Scope::Local, "Tour", r"Local\Tour"),
        (r"Local\Tour", Scope::Local, "Tour", r"Local\Tour"),
        (r"Global\Tour", Scope::Global, "Tour", r"Global\Tour"),
        ("Local", Scope::Local, "Local", r"Local\Local"),
        ("Global/Tour", Scope::Local, "Global/Tour", r"Local\Global/Tour"),
        (" été 𝄞 ", Scope::Local, " été 𝄞 ", "Local\\ été 𝄞 "),
    ] {
        let name = ObjectName::parse(text).unwrap();
        assert_eq!((name.scope(), name.as_str(), name.to_string().as_str()), (scope, plain, shown));
        assert_eq!(ObjectName::parse(shown).unwrap(), name, "it can be read as it is shown");
    }
}

#[test]
fn case_counts_and_prefixes_do_not_have_to_be_written() {
    let name = |text| ObjectName::parse(text).unwrap();
    assert_eq!(name("Tour"), name(r"Local\Tour"));
    assert_ne!(name("Tour"), name("tour"));
    assert_ne!(name("Ä"), name("ä"));
    assert_ne!(name("Tour"), name(r"Global\Tour"));
    assert_ne!(name("\u{e9}"), name("e\u{301}"), "names are not normalised");
}

#[test]
fn malformed_names_are_refused() {
    for (text, expected) in [
        ("", Code::INVALID_NAME),
        (r"Local\", Code::INVALID_NAME),
        (r"Global\", Code::INVALID_NAME),
        ("a\0b", Code::INVALID_NAME),
        ("\\Local\\Tour", Code::BAD_PATHNAME),
        (r"\", Code::BAD_PATHNAME),
        (r"local\Tour", Code::PATH_NOT_FOUND),
        (r"GLOBAL\Tour", Code::PATH_NOT_FOUND),
        (r"Session\1\Tour", Code::PATH_NOT_FOUND),
        (r"Local\a\b", Code::PATH_NOT_FOUND),
        (r"Local\Global\a", Code::PATH_NOT_FOUND),
        (r"Local\\", Code::PATH_NOT_FOUND),
        (r"a\", Code::PATH_NOT_FOUND),
    ] {
        assert_eq!(code(ObjectName::parse(text)), expected, "{text:?}");
        if !text.is_empty() {
            assert_eq!(code(Section::options().open(text)), expected, "{text:?}");
            assert_eq!(code(Section::options().size(1).create(text)), expected, "{text:?}");
        }
    }
}

#[test]
fn an_error_shows_a_name_that_is_safe_on_a_terminal() {
    let error = ObjectName::parse("red\u{1b}[31m\\x").unwrap_err();
    assert_eq!(error.object_name(), Some(r"red\u{1b}[31m\\x"));
    assert!(error.advice().unwrap().contains("backslash"), "{error}");
}

#[test]
fn names_are_as_long_as_the_system_of_windows_counts() {
    // Three bytes in UTF-8 are one unit, four bytes are two.
    for (letter, units) in [("x", 1), ("€", 1), ("𝄞", 2)] {
        let longest = letter.repeat(LONGEST / units);
        assert_eq!(ObjectName::parse(&longest).unwrap().as_str(), longest);
        let error = ObjectName::parse(&letter.repeat(LONGEST / units + 1)).unwrap_err();
        assert_eq!(error.code(), Code::FILENAME_EXCED_RANGE);
    }
}

#[test]
fn the_longest_names_work_and_can_be_opened_as_they_are_shown() {
    let tag = unique();
    for letter in ["x", "€", "%"] {
        let name = format!("{tag}{}", letter.repeat(LONGEST - tag.len()));
        let section = Section::options().size(100).create_new(&name).unwrap();
        assert_eq!(section.name().unwrap().as_str(), name);
        assert!(Section::options().open(&name).is_ok());
        assert!(Section::options().open(&section.name().unwrap().to_string()).is_ok(), "with its prefix");
    }
}

/// Names that something could take for each other, or for something special.
fn tricky() -> Vec<String> {
    let long = "x".repeat(254);
    let mut names: Vec<String> = [
        ".",
        "..",
        "...",
        ".hidden",
        "a.b",
        "e",
        "E",
        "a/e",
        "/",
        "//",
        "../x",
        "./x",
        "%",
        "%%",
        "%25",
        "%2525",
        "%2E",
        "%00",
        " ",
        "  ",
        "a b",
        "\n",
        "\t",
        "\u{7f}",
        "\u{1b}[31m",
        "\u{202e}txt",
        "\u{feff}",
        "~",
        "*",
        "?",
        "\"",
        "'",
        "$HOME",
        "`x`",
        "-rf",
        "--",
        "CON",
        "NUL",
        "é",
        "e\u{301}",
        "ä",
        "Ä",
        "日本語",
        "👩‍👩‍👧",
        "𝄞",
        "veduta-global",
        "Local",
        "Global",
        ".0123456789abcdef",
    ]
    .map(str::to_owned)
    .to_vec();
    // Around the longest file name, and names that look like the hash of another.
    names.extend(["", "x", "xx", "xxx", "€", "%", "."].map(|end| format!("{long}{end}")));
    names.push(format!("%%{}", "0".repeat(64)));
    names.extend(["a", "b"].map(|end| format!("{}{end}", "€".repeat(1_100))));
    names
}

#[test]
fn no_two_names_are_the_same_object() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(1_000).namespace(private.namespace());
    let names = tricky();
    let sections: Vec<_> = names.iter().map(|name| options.create_new(name).unwrap()).collect();
    for (section, name) in sections.iter().zip(&names) {
        section.map(ViewAccess::Write).unwrap().write_value(0, &(name.len() as u64)).unwrap();
        section.map(ViewAccess::Write).unwrap().write_at(8, &name.as_bytes()[..name.len().min(900)]).unwrap();
    }
    for name in &names {
        let view = options.open(name).unwrap().map(ViewAccess::Read).unwrap();
        assert_eq!(view.read_value::<u64>(0).unwrap(), name.len() as u64, "{name:?}");
        assert_eq!(view.compare_bytes(8, &name.as_bytes()[..name.len().min(900)]).unwrap(), None, "{name:?}");
    }
    let listing = private.namespace().objects().unwrap();
    let listed: BTreeSet<_> = listing.objects.into_iter().map(|object| object.name).collect();
    assert_eq!(listed, names.into_iter().collect());
    assert!(listing.problems.is_empty() && listing.stale.is_empty());
    drop(sections);
    let left = private.namespace().objects().unwrap();
    assert!(left.objects.is_empty() && left.stale.is_empty(), "every name is gone");
}

// Row: entries
#[cfg(target_os = "linux")]
#[test]
fn names_become_file_names_that_the_format_describes() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(1).namespace(private.namespace());
    for (name, file) in [
        ("Tour", "Tour".to_owned()),
        ("été", "%C3%A9t%C3%A9".to_owned()),
        ("a.b_c-d", "a.b_c-d".to_owned()),
        ("..", "%2E.".to_owned()),
        ("a/b", "a%2Fb".to_owned()),
        ("100%", "100%25".to_owned()),
        (&"x".repeat(255), "x".repeat(255)),
        // The SHA-256 of 256 times "x".
        (&"x".repeat(256), "%%85E62ACD750C4EB56B7B6A1D66DCA5BFAAC5F062608A1A893410D0288936C09A".to_owned()),
    ] {
        let _section = options.create_new(name).unwrap();
        assert!(private.path().join(&file).join("e").is_file(), "{name} is not at {file}");
    }
}

#[test]
fn prefixes_mean_nothing_in_a_private_namespace() {
    let private = Private::new();
    let mut options = Section::options();
    options.size(1).namespace(private.namespace());
    for name in [r"Local\x", r"Global\x", r"a\b"] {
        assert_eq!(code(options.create(name)), Code::PATH_NOT_FOUND);
    }
    let section = options.create_new("Local").unwrap();
    assert_eq!(section.name().unwrap().to_string(), "Local");
}
