//! Text in aligned columns.

use crate::output::style;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under a heading. The last column is not padded.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(columns: [(&'static str, Align); N]) -> Self {
        Table { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let headings = self.columns.map(|(heading, _)| heading.to_owned());
        let mut widths = [0; N];
        for cells in self.rows.iter().chain([&headings]) {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.width());
            }
        }
        let (strong, plain) = (style::STRONG, anstyle::Style::new());
        self.write_row(out, &headings, &widths, strong)?;
        self.rows.iter().try_for_each(|cells| self.write_row(out, cells, &widths, plain))
    }

    fn write_row(
        &self,
        out: &mut dyn Write,
        cells: &[String; N],
        widths: &[usize; N],
        style: anstyle::Style,
    ) -> io::Result<()> {
        for (index, cell) in cells.iter().enumerate() {
            let blank = " ".repeat(widths[index] - cell.width());
            let gap = if index == 0 { "" } else { "  " };
            match self.columns[index].1 {
                Align::Right => write!(out, "{gap}{blank}{style}{cell}{style:#}")?,
                Align::Left if index + 1 == N => write!(out, "{gap}{style}{cell}{style:#}")?,
                Align::Left => write!(out, "{gap}{style}{cell}{style:#}{blank}")?,
            }
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_in_cells() {
        let mut table = Table::new([("NAME", Align::Left), ("SIZE", Align::Right), ("END", Align::Left)]);
        table.row(["日本".into(), "1".into(), "x".into()]);
        table.row(["a".into(), "12345".into(), "y".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let plain = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(String::from_utf8(plain).unwrap(), "NAME   SIZE  END\n日本      1  x\na     12345  y\n");
    }
}
