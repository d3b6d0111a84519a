//! The headers: what they declare is what the library exports, and they compile as people compile them.

mod compile;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// All files below a directory with that ending.
fn files(below: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut directories = vec![support::crate_root().join(below)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let text = fs::read_to_string(&path).expect("a text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{below} has files");
    found
}

/// A function: what it returns and takes, in the words of the header or of Rust.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    returned: String,
    taken: Vec<String>,
}

/// Splits at commas that are not within brackets.
fn arguments(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for character in text.replace("->", "\u{2192}").chars() {
        match character {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(character);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// What the headers declare, one line each: `WINBASEAPI type WINAPI name(parameters);`.
fn declared() -> BTreeMap<String, Signature> {
    let mut declared = BTreeMap::new();
    for (path, text) in files("include", "h") {
        for line in text.lines().filter(|line| line.starts_with("WINBASEAPI ")) {
            let place = format!("{}: {line}", path.display());
            let rest = line.trim_start_matches("WINBASEAPI ");
            let (returned, rest) = rest.split_once(" WINAPI ").unwrap_or_else(|| panic!("{place}"));
            let (name, parameters) = rest.split_once('(').unwrap_or_else(|| panic!("{place}"));
            let end = parameters.rfind(')').unwrap_or_else(|| panic!("{place}"));
            let taken =
                arguments(&parameters[..end]).into_iter().filter(|one| one != "void" && one != "VOID");
            let signature = Signature {
                returned: returned.replace("DECLSPEC_NORETURN ", "").trim().to_owned(),
                taken: taken.collect(),
            };
            assert!(declared.insert(name.to_owned(), signature).is_none(), "declared twice: {place}");
        }
    }
    declared
}

/// What the sources export: `fn Name(argument: type, …) -> type` in `export!`.
fn written() -> BTreeMap<String, Signature> {
    let mut written = BTreeMap::new();
    for (path, text) in files("src", "rs") {
        let mut rest = text.as_str();
        while let Some(start) = rest.find("\nexport! {") {
            let block = &rest[start + 1..];
            let end = block.find("\n}").unwrap_or_else(|| panic!("{}: export! ends", path.display()));
            for function in block[..end].split("\n    fn ").skip(1) {
                let head = function.split_once('{').expect("a body").0;
                let (name, rest) = head.split_once('(').expect("arguments");
                let close = matching(rest);
                let taken = arguments(&rest[..close])
                    .into_iter()
                    .map(|argument| argument.split_once(':').expect("a type").1.trim().to_owned());
                let returned = rest[close + 1..].split(", failing").next().unwrap_or_default();
                let returned = returned.split(", at_once").next().unwrap_or_default();
                let returned = returned.trim().trim_start_matches("->").trim();
                let signature = Signature { returned: returned.to_owned(), taken: taken.collect() };
                assert!(written.insert(name.to_owned(), signature).is_none(), "{name} is there twice");
            }
            rest = &block[end..];
        }
    }
    written
}

/// Where the bracket that is open before the text closes.
fn matching(text: &str) -> usize {
    let mut depth = 1;
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    panic!("no end: {text}");
}

/// The symbols of the shared library that programs can link to.
fn exported() -> BTreeSet<String> {
    let library = support::library();
    let output =
        compile::output(std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(&library));
    output.lines().filter_map(|line| line.split(' ').nth(2)).map(str::to_owned).collect()
}

#[test]
fn what_is_declared_is_exported_and_the_other_way_round() {
    let declared: BTreeSet<_> = declared().into_keys().collect();
    let exported = exported();
    let missing: Vec<_> = declared.difference(&exported).collect();
    assert!(missing.is_empty(), "declared in include/, but not exported: {missing:?}");
    let secret: Vec<_> = exported.difference(&declared).collect();
    assert!(secret.is_empty(), "exported, but not declared in include/: {secret:?}");
}

/// How a value is passed: the two sides may call it differently, but must mean the same.
fn class(words: &str) -> &'static str {
    let words = words.replace("const ", "").replace("volatile ", "");
    let words = words.trim();
    let pointers = [
        "*",
        "LP",
        "Out<",
        "In<",
        "Option<",
        "PSECURITY",
        "PVOID",
        "POINTER",
        "HANDLE",
        "HMODULE",
        "HLOCAL",
        "HGLOBAL",
        "HINSTANCE",
    ];
    let pointers = pointers.iter().any(|word| words.starts_with(word) || words.contains('*'));
    let first = words.split([' ', '<']).next().unwrap_or_default();
    match first {
        "" => "nothing",
        "void" | "VOID" if !words.contains('*') => "nothing",
        _ if pointers || words.contains("(") => "64",
        "SIZE_T" | "SIZE" | "ULONG_PTR" | "DWORD_PTR" | "size_t" | "usize" | "LONGLONG" | "ULONGLONG"
        | "LARGE" | "LARGE_INTEGER" | "DWORD64" | "ULONG64" | "i64" | "u64" | "long" | "uintptr_t"
        | "isize" => "64",
        "unsigned" if words.contains("long") => "64",
        "double" | "f64" => "double",
        "WORD" | "USHORT" | "WCHAR" | "u16" => "16",
        "BYTE" | "UCHAR" | "u8" | "BOOLEAN" => "8",
        "DWORD"
        | "UINT"
        | "LONG"
        | "INT"
        | "BOOL"
        | "ULONG"
        | "int"
        | "unsigned"
        | "u32"
        | "i32"
        | "c_int"
        | "MMRESULT"
        | "HRESULT"
        | "DWORD32"
        | "errno_t"
        | "SECURITY_INFORMATION" => "32",
        // Pointer types: PFILETIME, PACL, Narrow, Attributes …, and enumerations, which are named.
        _ if first.ends_with("_CLASS") || first.ends_with("_TYPE") || first.ends_with("_LEVELS") => "32",
        _ => "64",
    }
}

#[test]
fn both_sides_mean_the_same() {
    let written = written();
    let mut wrong = Vec::new();
    for (name, header) in declared() {
        let Some(source) = written.get(&name) else {
            wrong.push(format!("{name}: not in an export!"));
            continue;
        };
        let header_classes: Vec<_> = header.taken.iter().map(|one| class(one)).collect();
        let source_classes: Vec<_> = source.taken.iter().map(|one| class(one)).collect();
        if header_classes != source_classes || class(&header.returned) != class(&source.returned) {
            wrong.push(format!(
                "{name}:\n  {header:?}\n  {source:?}\n  {header_classes:?} {source_classes:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The macro has the panic guard: nothing may be exported without it.
#[test]
fn nothing_is_exported_past_the_panic_guard() {
    for (path, text) in files("src", "rs") {
        let is_macro = path.ends_with("src/export.rs");
        for (number, line) in text.lines().enumerate() {
            let exports = line.contains("no_mangle") || line.contains("export_name");
            assert!(is_macro || !exports, "{}:{}: {line}", path.display(), number + 1);
        }
    }
    let written = written();
    let exported = exported();
    let unguarded: Vec<_> = exported.iter().filter(|name| !written.contains_key(*name)).collect();
    assert!(unguarded.is_empty(), "exported, but not by export!: {unguarded:?}");
}
