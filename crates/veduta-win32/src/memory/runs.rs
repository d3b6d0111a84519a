//! Values of pages: mostly the same for many in a row.

use std::collections::BTreeMap;
use std::ops::Range;

/// A value for every index. Neighbours with the same value take no room.
pub(crate) struct Runs<T> {
    first: T,
    /// Where the value changes, and to what.
    steps: BTreeMap<usize, T>,
}

impl<T: Copy + PartialEq> Runs<T> {
    pub(crate) const fn new(first: T) -> Runs<T> {
        Runs { first, steps: BTreeMap::new() }
    }

    pub(crate) fn at(&self, index: usize) -> T {
        self.steps.range(..=index).next_back().map_or(self.first, |(_, &value)| value)
    }

    /// Where the run that an index is in ends; `usize::MAX` for the last.
    pub(crate) fn end_of_run(&self, index: usize) -> usize {
        self.steps.range(index + 1..).next().map_or(usize::MAX, |(&start, _)| start)
    }

    /// The runs that a range consists of.
    pub(crate) fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, T)> {
        let mut at = range.start;
        std::iter::from_fn(move || {
            (at < range.end).then(|| {
                let run = at..self.end_of_run(at).min(range.end);
                let value = self.at(at);
                at = run.end;
                (run, value)
            })
        })
    }

    pub(crate) fn set(&mut self, range: Range<usize>, value: T) {
        if range.is_empty() {
            return;
        }
        let before = range.start.checked_sub(1).map(|index| self.at(index));
        let behind = self.at(range.end);
        // The step at the end too: it is put again if it is still one.
        while let Some((&start, _)) = self.steps.range(range.start..=range.end).next() {
            self.steps.remove(&start);
        }
        match before {
            None => self.first = value,
            Some(before) if before != value => drop(self.steps.insert(range.start, value)),
            Some(_) => {}
        }
        if behind != value {
            self.steps.insert(range.end, behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_plain_list() {
        // Every sequence of three changes over six indices.
        let ranges: Vec<_> = (0..6).flat_map(|start| (start + 1..=6).map(move |end| start..end)).collect();
        for a in &ranges {
            for b in &ranges {
                for c in &ranges {
                    let mut plain = [0; 7];
                    let mut runs = Runs::new(0);
                    for (range, value) in [(a, 1), (b, 2), (c, 0)] {
                        plain[range.clone()].fill(value);
                        runs.set(range.clone(), value);
                        for (index, &value) in plain.iter().enumerate() {
                            assert_eq!(runs.at(index), value, "{a:?} {b:?} {c:?} at {index}");
                        }
                        let told: Vec<_> =
                            runs.runs(0..7).flat_map(|(run, value)| run.map(move |_| value)).collect();
                        assert_eq!(told, plain);
                        let changes = plain.windows(2).filter(|pair| pair[0] != pair[1]).count();
                        assert_eq!(runs.steps.len(), changes, "{a:?} {b:?} {c:?}");
                    }
                }
            }
        }
    }
}
