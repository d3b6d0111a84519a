//! The README shows the help that the tool gives.

mod common;

use common::Place;
use std::fs;

#[test]
fn the_readme_shows_the_help() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let (_, rest) =
        readme.split_once("\n$ veduta --help\n").expect("README.md has a block with `$ veduta --help`");
    let (shown, _) = rest.split_once("\n```").expect("the block ends");
    assert_eq!(shown.trim_end(), Place::new().run(["--help"]).stdout.trim_end());
}
