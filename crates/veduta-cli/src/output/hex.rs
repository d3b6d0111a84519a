//! The hex view: sixteen bytes a row, runs of equal rows as one `*`.

use std::io::{self, Write};

const ROW: usize = 16;

/// Writes rows of hex for bytes that come in pieces. Every piece but the last is a multiple of sixteen long.
#[derive(Debug, Default)]
pub(crate) struct HexView {
    last: Option<[u8; ROW]>,
    in_run: bool,
}

impl HexView {
    pub(crate) fn write(&mut self, out: &mut dyn Write, offset: u64, bytes: &[u8]) -> io::Result<()> {
        for (index, row) in bytes.chunks(ROW).enumerate() {
            let whole = <[u8; ROW]>::try_from(row).ok();
            if whole.is_some() && whole == self.last {
                if !self.in_run {
                    writeln!(out, "*")?;
                }
                self.in_run = true;
                continue;
            }
            (self.last, self.in_run) = (whole, false);
            write_row(out, offset + (index * ROW) as u64, row)?;
        }
        Ok(())
    }

    /// Ends the view with the offset of its end, without which a run at the end would have no length.
    pub(crate) fn finish(self, out: &mut dyn Write, end: u64) -> io::Result<()> {
        writeln!(out, "{end:08x}")
    }
}

fn write_row(out: &mut dyn Write, offset: u64, row: &[u8]) -> io::Result<()> {
    let mut line = format!("{offset:08x} ");
    for index in 0..ROW {
        line += if index == ROW / 2 { "  " } else { " " };
        match row.get(index) {
            Some(byte) => line += &format!("{byte:02x}"),
            None => line += "  ",
        }
    }
    line += "  ";
    line.extend(row.iter().map(|&byte| match byte {
        b' '..=b'~' => byte as char,
        _ => '.',
    }));
    writeln!(out, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_folded_and_the_end_is_said() {
        let mut out = Vec::new();
        let mut view = HexView::default();
        let bytes: Vec<u8> = [b"Hello, world!\0\x01\xff".as_slice(), &[0; 64], b"end"].concat();
        view.write(&mut out, 0x1000, &bytes[..48]).unwrap();
        view.write(&mut out, 0x1030, &bytes[48..]).unwrap();
        view.finish(&mut out, 0x1053).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
00001000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 00 01 ff  Hello, world!...
00001010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................
*
00001050  65 6e 64                                          end
00001053
"
        );
    }
}
