//! How the tour is told: numbered steps, aligned facts, and a mark at each one that was checked.

use super::cast::Actor;
use crate::failure::{Failure, Outcome};
use crate::os::processes::{KILL, was_killed};
use crate::output::{escape, print, style};
use std::process::ExitStatus;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Narrator {
    start: Instant,
    steps: u32,
    checks: u32,
}

impl Default for Narrator {
    fn default() -> Narrator {
        Narrator { start: Instant::now(), steps: 0, checks: 0 }
    }
}

impl Narrator {
    pub(super) fn greet(&self, pid: u32) -> Outcome<()> {
        let faint = style::FAINT;
        let words = format!(
            "This process ({pid}) looks on and holds nothing. ✓ is what was seen and is as it should be."
        );
        print(|out| writeln!(out, "{faint}{words}{faint:#}"))
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) -> Outcome<()> {
        self.steps += 1;
        let (number, strong) = (self.steps, style::STRONG);
        print(|out| writeln!(out, "\n{strong}{number}  {title}{strong:#}"))
    }

    /// Tells a fact that needs no check.
    pub(super) fn tell(&self, label: &str, fact: impl AsRef<str>) -> Outcome<()> {
        self.line(' ', anstyle::Style::new(), label, fact.as_ref())
    }

    /// Tells what was observed. If it is not as it should be, the tour ends here.
    pub(super) fn check(
        &mut self,
        label: &str,
        observed: impl AsRef<str>,
        as_it_should_be: bool,
    ) -> Outcome<()> {
        self.checks += 1;
        let observed = observed.as_ref();
        if as_it_should_be {
            return self.line('✓', style::GOOD, label, observed);
        }
        self.line('✗', style::BAD, label, observed)?;
        Err(Failure::new(format!("step {} does not show what it should: {label}: {observed}", self.steps)))
    }

    /// Checks that the actor was killed.
    pub(super) fn check_killed(&mut self, actor: &Actor, end: ExitStatus) -> Outcome<()> {
        let killed = was_killed(end);
        let words = if killed { format!("by {KILL}") } else { format!("by something else: {end}") };
        self.check("killed", format!("{} ({}), {words}", actor.role, actor.pid()), killed)
    }

    pub(super) fn finish(self) -> Outcome<()> {
        let (good, checks) = (style::GOOD, self.checks);
        let seconds = self.start.elapsed().as_secs_f64();
        print(|out| {
            writeln!(out, "\n{good}All {checks} observations are as they should be{good:#} ({seconds:.1} s).")
        })
    }

    fn line(&self, mark: char, mark_style: anstyle::Style, label: &str, fact: &str) -> Outcome<()> {
        let (faint, fact) = (style::FAINT, escape(fact));
        print(|out| writeln!(out, "   {mark_style}{mark}{mark_style:#} {faint}{label:<9}{faint:#} {fact}"))
    }
}
