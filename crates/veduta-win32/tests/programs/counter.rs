//! `count` and `peek`: two programs with the same part, which keeps a counter that processes share by its name.

use crate::build::{Program, WrittenFor};
use crate::stage::everywhere;

const COUNT: Program = Program {
    name: "count",
    sources: &["counter/count.c", "counter/counter.c"],
    written_for: WrittenFor::Both,
};
const PEEK: Program = Program {
    name: "peek",
    sources: &["counter/peek.cpp", "counter/counter.c"],
    written_for: WrittenFor::Narrow,
};

#[test]
fn count_is_exact() {
    everywhere("count", &[COUNT], |stage| {
        let said = stage.run("count", &[&stage.unique(), "2000", "4"], 0);
        assert_eq!(
            said.output,
            [
                "made the counter",
                "4 of 4 processes joined",
                // Seven steps add 7, of the last five, -2 to 2, nothing is left.
                "counted 8000 without the mutex, 8000 with it, sum 7980, at most 5 users",
                "last one out",
            ],
            "{}",
            stage.system
        );
    });
}

#[test]
fn the_last_of_three_programs_takes_the_counter_away() {
    everywhere("count-meet", &[COUNT, PEEK], |stage| {
        let name = stage.unique();
        let programs = [(); 3].map(|()| stage.start("count", &[&name, "1000", "/meet:3"]));
        // Which of them is the first and which the last is chance.
        let mut lines: Vec<_> =
            programs.into_iter().map(|program| program.finish()).flat_map(|said| said.output).collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                "counted 3000 without the mutex, 3000 with it, sum 2991, at most 3 users",
                "last one out",
                "was not the first",
                "was not the first",
                "was the first",
            ],
            "{}",
            stage.system
        );
        stage.run("peek", &[&name], 3);
    });
}

#[test]
fn a_counter_lives_as_long_as_one_has_it_open() {
    everywhere("count-hold", &[COUNT, PEEK], |stage| {
        let name = stage.unique();
        stage.run("peek", &[&name], 3);
        let mut holder = stage.start("peek", &[&name, "/hold"]);
        holder.until("holding");
        stage.run("count", &[&name, "100", "/meet:2"], 0);
        stage.run("peek", &[&name], 0);
        let mut second = stage.start("peek", &[&name, "/hold"]);
        second.until("holding");
        holder.tell("done");
        stage.finish(holder, 0);
        // The one who made it is gone.
        let said = stage.run("peek", &[&name], 0);
        assert_eq!(said.output, ["opened the counter", "2 users, 100 counted"], "{}", stage.system);
        second.tell("done");
        stage.finish(second, 0);
        stage.run("peek", &[&name], 3);
    });
}
