//! Which pages of a view may be used how, after parts of it were protected.

use crate::ViewAccess;
use std::ops::Range;

/// A step function over offsets in a mapping. Almost always without any step, and then without any allocation.
#[derive(Debug)]
pub(crate) struct Protections {
    first: ViewAccess,
    /// Where the access changes, and to what: ascending, and each different from what precedes it.
    steps: Vec<(usize, ViewAccess)>,
}

impl Protections {
    pub(crate) fn uniform(access: ViewAccess) -> Protections {
        Protections { first: access, steps: Vec::new() }
    }

    /// The access at an offset.
    pub(crate) fn at(&self, offset: usize) -> ViewAccess {
        let after = self.steps.partition_point(|&(start, _)| start <= offset);
        if after == 0 { self.first } else { self.steps[after - 1].1 }
    }

    /// Where the run of one access that an offset is in ends; `usize::MAX` for the last one.
    pub(crate) fn end_of_run(&self, offset: usize) -> usize {
        let after = self.steps.partition_point(|&(start, _)| start <= offset);
        self.steps.get(after).map_or(usize::MAX, |&(start, _)| start)
    }

    /// Whether every access in a range is one that `allows` says yes to.
    #[inline]
    pub(crate) fn all(&self, range: Range<usize>, allows: impl Fn(ViewAccess) -> bool) -> bool {
        if self.steps.is_empty() { allows(self.first) } else { self.all_steps(range, allows) }
    }

    #[cold]
    fn all_steps(&self, range: Range<usize>, allows: impl Fn(ViewAccess) -> bool) -> bool {
        allows(self.at(range.start))
            && self.steps.iter().filter(|(start, _)| range.contains(start)).all(|&(_, access)| allows(access))
    }

    /// Sets the access of a range that is not empty.
    pub(crate) fn set(&mut self, range: Range<usize>, access: ViewAccess) {
        let behind = self.at(range.end);
        self.steps.retain(|(start, _)| !range.contains(start) && *start != range.end);
        self.steps.extend([(range.start, access), (range.end, behind)]);
        self.steps.sort_by_key(|&(start, _)| start);
        if let Some(&(0, access)) = self.steps.first() {
            self.first = access;
        }
        let mut before = self.first;
        self.steps.retain(|&(start, access)| start != 0 && std::mem::replace(&mut before, access) != access);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViewAccess::{NoAccess, Read, Write};

    #[test]
    fn agrees_with_a_plain_list_of_pages() {
        // Every sequence of three changes over six pages.
        let ranges: Vec<_> = (0..6).flat_map(|start| (start + 1..=6).map(move |end| start..end)).collect();
        for a in &ranges {
            for b in &ranges {
                for c in &ranges {
                    let mut pages = [Write; 6];
                    let mut steps = Protections::uniform(Write);
                    for (range, access) in [(a, Read), (b, NoAccess), (c, Write)] {
                        pages[range.clone()].fill(access);
                        steps.set(range.clone(), access);
                        for (index, &page) in pages.iter().enumerate() {
                            assert_eq!(steps.at(index), page, "{a:?} {b:?} {c:?} page {index}: {steps:?}");
                            let run = pages[index..].iter().take_while(|&&other| other == page).count();
                            assert_eq!(steps.end_of_run(index).min(6), index + run);
                        }
                        for range in &ranges {
                            let expected = pages[range.clone()].iter().all(|access| access.reads());
                            assert_eq!(steps.all(range.clone(), ViewAccess::reads), expected);
                        }
                    }
                    assert!(steps.steps.len() <= 6);
                }
            }
        }
    }
}
