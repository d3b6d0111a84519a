//! `FormatMessage`: the text of an error code, or of the program, with inserts.
//!
//! Everything is done in 16-bit units; the A functions translate at both ends.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::heap;
use crate::pointer::{In, Out};
use crate::types::DWORD;
use std::iter::repeat_n;

const ALLOCATE_BUFFER: u32 = 0x100;
const IGNORE_INSERTS: u32 = 0x200;
const FROM_STRING: u32 = 0x400;
const FROM_HMODULE: u32 = 0x800;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;
/// The low byte: the longest line, or this: only the line breaks that `%n` makes.
const MAX_WIDTH_MASK: u32 = 0xFF;

/// `HRESULT_FROM_WIN32` puts a code below this.
const FACILITY_WIN32: u32 = 0x8007_0000;
const NEUTRAL: u32 = 0;
const ENGLISH: u32 = 9;

/// A `va_list` of C, as the calling convention of the processor lays it down.
#[cfg(target_arch = "x86_64")]
#[repr(C)]
#[derive(Clone, Copy)]
struct List {
    /// Where in the saved registers the next argument is; there are 6 of 8 bytes.
    general_offset: u32,
    floating_offset: u32,
    overflow: *const u8,
    registers: *const u8,
}

#[cfg(target_arch = "x86_64")]
impl List {
    fn next(&mut self) -> *const usize {
        if self.general_offset < 48 {
            let place = self.registers.wrapping_add(self.general_offset as usize);
            self.general_offset += 8;
            return place.cast();
        }
        let place = self.overflow;
        self.overflow = place.wrapping_add(8);
        place.cast()
    }
}

#[cfg(target_arch = "aarch64")]
#[repr(C)]
#[derive(Clone, Copy)]
struct List {
    stack: *const u8,
    general_end: *const u8,
    floating_end: *const u8,
    /// Below 0: so far before their end are the saved registers that are left.
    general_offset: i32,
    floating_offset: i32,
}

#[cfg(target_arch = "aarch64")]
impl List {
    fn next(&mut self) -> *const usize {
        if self.general_offset < 0 {
            let place = self.general_end.wrapping_offset(self.general_offset as isize);
            self.general_offset += 8;
            return place.cast();
        }
        let place = self.stack;
        self.stack = place.wrapping_add(8);
        place.cast()
    }
}

/// What the inserts are filled with.
enum Arguments {
    None,
    Array(*const usize),
    /// The list, and what was taken from it: the value of %1, of %2 ...
    List(List, Vec<usize>),
}

impl Arguments {
    fn of(pointer: In<usize>, flags: u32) -> Arguments {
        if pointer.is_null() {
            return Arguments::None;
        }
        if flags & ARGUMENT_ARRAY != 0 {
            return Arguments::Array(pointer.as_ptr());
        }
        // SAFETY: not NULL and no array, so the caller says that a va_list is there. It is copied, so theirs stays as it was.
        let list = unsafe { pointer.as_ptr().cast::<List>().read_unaligned() };
        Arguments::List(list, Vec::new())
    }

    /// The values for an insert: those of the asterisks, and its own. In an array they are `number` and those behind it. In a list an
    /// asterisk's value has no number, if it is the insert's first: so Microsoft's example goes, `%1!*.*s! %3 %4!*s!` with six values.
    fn values(&mut self, number: usize, asterisks: usize) -> Result<Vec<usize>> {
        match self {
            Arguments::None => Err(Failure::hint(
                code::INVALID_PARAMETER,
                "the message has inserts, but there are no Arguments",
            )),
            Arguments::Array(first) => {
                let place = |offset| first.wrapping_add(number - 1 + offset);
                // SAFETY: the caller says that the array has an element for each insert.
                Ok((0..=asterisks).map(|offset| unsafe { place(offset).read_unaligned() }).collect())
            }
            Arguments::List(list, taken) => {
                // SAFETY: the caller says that the list has a value for each insert.
                let mut take = || unsafe { list.next().read_unaligned() };
                let numbered = if asterisks == 0 { number } else { number - 1 };
                while taken.len() < numbered {
                    taken.push(take());
                }
                if asterisks == 0 {
                    return Ok(vec![taken[number - 1]]);
                }
                let first = taken.get(number - 1).copied().unwrap_or_else(&mut take);
                let mut values = vec![first];
                for _ in 0..asterisks {
                    let value = take();
                    taken.push(value);
                    values.push(value);
                }
                Ok(values)
            }
        }
    }
}

/// Text with lines of a limited length.
struct Output {
    units: Vec<u16>,
    /// 0: as it comes.
    width: usize,
    /// Where the line began.
    line: usize,
    /// The last place in the line where it can be broken.
    space: Option<usize>,
}

const SPACE: u16 = b' ' as u16;

impl Output {
    fn push(&mut self, unit: u16) {
        self.units.push(unit);
        if self.width == 0 || self.width == MAX_WIDTH_MASK as usize {
            return;
        }
        let last = self.units.len() - 1;
        if unit == SPACE {
            self.space = Some(last);
        }
        if self.units.len() - self.line <= self.width {
            return;
        }
        // The line breaks at its last space, which goes away; a word that is longer than a line is broken where it is.
        let rest = match self.space {
            Some(space) => self.units.split_off(space + 1),
            None => self.units.split_off(last),
        };
        if self.space.is_some() {
            self.units.pop();
        }
        self.line_break();
        rest.into_iter().for_each(|unit| self.push(unit));
    }

    fn line_break(&mut self) {
        self.units.extend([u16::from(b'\r'), u16::from(b'\n')]);
        self.line = self.units.len();
        self.space = None;
    }

    /// A line break in the message, not one of `%n`.
    fn soft_break(&mut self) {
        if self.width == 0 { self.line_break() } else { self.push(SPACE) }
    }
}

/// Fills a message in.
fn fill(message: &[u16], flags: u32, wide: bool, arguments: &mut Arguments) -> Result<Vec<u16>> {
    let width = (flags & MAX_WIDTH_MASK) as usize;
    let mut output = Output { units: Vec::new(), width, line: 0, space: None };
    let ignores = flags & IGNORE_INSERTS != 0;
    let mut rest = message;
    while let Some((&unit, after)) = rest.split_first() {
        rest = after;
        match ascii(unit) {
            b'\r' => {
                rest = rest.strip_prefix(&[u16::from(b'\n')]).unwrap_or(rest);
                output.soft_break();
            }
            b'\n' => output.soft_break(),
            b'%' => {
                let Some((&escaped, after)) = rest.split_first() else {
                    return Err(Failure::hint(code::INVALID_PARAMETER, "the message ends with a lone %"));
                };
                match ascii(escaped) {
                    b'0' => return Ok(output.units),
                    b'n' => output.line_break(),
                    b'r' => output.units.push(u16::from(b'\r')),
                    b't' => output.push(u16::from(b'\t')),
                    b'1'..=b'9' if !ignores => {
                        let (insert, after) = Insert::parse(rest)?;
                        rest = after;
                        insert.format(arguments, wide)?.into_iter().for_each(|unit| output.push(unit));
                        continue;
                    }
                    _ => {
                        if ignores {
                            output.push(unit);
                        }
                        output.push(escaped);
                    }
                }
                rest = after;
            }
            _ => output.push(unit),
        }
    }
    Ok(output.units)
}

/// The unit as ASCII, or 0.
fn ascii(unit: u16) -> u8 {
    u8::try_from(unit).unwrap_or(0)
}

#[derive(Clone, Copy)]
enum Amount {
    Number(usize),
    Asterisk,
}

/// `%1`, or `%1!format!` with the format in the way of printf.
struct Insert {
    number: usize,
    left: bool,
    sign: Option<u8>,
    alternative: bool,
    zeroes: bool,
    width: Option<Amount>,
    precision: Option<Amount>,
    size: Vec<u8>,
    conversion: u8,
}

/// Longer output than this is a mistake, or an attack.
const LONGEST: usize = 65_535;

fn malformed<T>() -> Result<T> {
    Err(Failure::hint(
        code::INVALID_PARAMETER,
        "an insert is malformed: %1 to %99, and a format such as !d!, !08x!, !I64u!, !*.*s!; not for floating-point numbers",
    ))
}

impl Insert {
    /// What begins with the number after a `%`.
    fn parse(text: &[u16]) -> Result<(Insert, &[u16])> {
        let mut rest = text;
        let mut number = 0;
        // Two digits at most.
        for _ in 0..2 {
            if let Some((digit @ b'0'..=b'9', after)) =
                rest.split_first().map(|(&unit, after)| (ascii(unit), after))
            {
                number = number * 10 + usize::from(digit - b'0');
                rest = after;
            }
        }
        let mut insert = Insert {
            number,
            left: false,
            sign: None,
            alternative: false,
            zeroes: false,
            width: None,
            precision: None,
            size: Vec::new(),
            conversion: b's',
        };
        let Some(format) = rest.strip_prefix(&[u16::from(b'!')]) else { return Ok((insert, rest)) };
        let end = format.iter().position(|&unit| unit == u16::from(b'!'));
        let Some(end) = end else { return malformed() };
        rest = &format[end + 1..];
        let format: Vec<u8> = format[..end].iter().map(|&unit| ascii(unit)).collect();
        insert.parse_format(&format)?;
        Ok((insert, rest))
    }

    fn parse_format(&mut self, format: &[u8]) -> Result<()> {
        let mut rest = format;
        while let Some((flag @ (b'-' | b'+' | b' ' | b'#' | b'0'), after)) = rest.split_first() {
            rest = after;
            match flag {
                b'-' => self.left = true,
                b'+' => self.sign = Some(b'+'),
                b' ' => self.sign = self.sign.or(Some(b' ')),
                b'#' => self.alternative = true,
                _ => self.zeroes = true,
            }
        }
        self.width = amount(&mut rest)?;
        if let Some(after) = rest.strip_prefix(b".") {
            rest = after;
            self.precision = Some(amount(&mut rest)?.unwrap_or(Amount::Number(0)));
        }
        let Some((&conversion, size)) = rest.split_last() else { return malformed() };
        let known = matches!(
            size,
            b"" | b"h" | b"hh" | b"l" | b"ll" | b"w" | b"I" | b"I32" | b"I64" | b"z" | b"j" | b"t"
        );
        if !known || !b"diuxXocCsSp".contains(&conversion) {
            return malformed();
        }
        self.size = size.to_vec();
        self.conversion = conversion;
        Ok(())
    }

    fn format(&self, arguments: &mut Arguments, wide: bool) -> Result<Vec<u16>> {
        let asterisks =
            [self.width, self.precision].iter().filter(|a| matches!(a, Some(Amount::Asterisk))).count();
        let mut values = arguments.values(self.number, asterisks)?.into_iter();
        let mut amount = |amount: Option<Amount>| match amount {
            // As an `int` was passed.
            Some(Amount::Asterisk) => values.next().map(|value| value as u32 as i32 as isize),
            Some(Amount::Number(number)) => Some(number as isize),
            None => None,
        };
        let (width, precision) = (amount(self.width).unwrap_or(0), amount(self.precision));
        // Below 0 a width says "to the left", and a precision nothing, as in C.
        let left = self.left || width < 0;
        let (width, precision) = (width.unsigned_abs(), precision.and_then(|p| usize::try_from(p).ok()));
        if width > LONGEST || precision.is_some_and(|precision| precision > LONGEST) {
            return malformed();
        }
        let value = values.next().unwrap_or_default();
        let text = match self.conversion {
            b's' | b'S' => string(value, self.is_wide(wide), precision),
            b'c' | b'C' => {
                let unit = if self.is_wide(wide) { value as u16 } else { u16::from(value as u8) };
                vec![unit]
            }
            _ => return Ok(self.integer(value, left, width, precision)),
        };
        Ok(padded(text, left, width))
    }

    /// Whether a text or character is of 16-bit units: as the function's own, or as the format says.
    fn is_wide(&self, function: bool) -> bool {
        match self.size.as_slice() {
            b"h" => false,
            b"l" | b"w" => true,
            _ => function == (self.conversion == b's' || self.conversion == b'c'),
        }
    }

    fn integer(&self, value: usize, left: bool, width: usize, precision: Option<usize>) -> Vec<u16> {
        let bits = match self.size.as_slice() {
            _ if self.conversion == b'p' => 64,
            b"hh" => 8,
            b"h" => 16,
            b"ll" | b"I64" | b"I" | b"z" | b"j" | b"t" => 64,
            // On Windows a long has 32 bits.
            _ => 32,
        };
        let value = value as u64;
        let unsigned = if bits == 64 { value } else { value & ((1 << bits) - 1) };
        let signed = (value << (64 - bits)).cast_signed() >> (64 - bits);
        let (mut sign, mut digits) = match self.conversion {
            b'd' | b'i' if signed < 0 => ("-", signed.unsigned_abs().to_string()),
            b'd' | b'i' => {
                (self.sign.map_or("", |sign| if sign == b'+' { "+" } else { " " }), signed.to_string())
            }
            b'u' => ("", unsigned.to_string()),
            b'o' => ("", format!("{unsigned:o}")),
            b'x' => ("", format!("{unsigned:x}")),
            b'p' => ("", format!("{unsigned:016X}")),
            _ => ("", format!("{unsigned:X}")),
        };
        if self.alternative && unsigned != 0 {
            match self.conversion {
                b'x' => sign = "0x",
                b'X' => sign = "0X",
                b'o' => digits.insert(0, '0'),
                _ => {}
            }
        }
        let least = match precision {
            Some(precision) => precision,
            None if self.zeroes && !left => width.saturating_sub(sign.len()),
            None => 1,
        };
        if precision == Some(0) && unsigned == 0 {
            digits.clear();
        }
        let zeroes = "0".repeat(least.saturating_sub(digits.len()));
        let text = [sign, &zeroes, &digits].concat();
        padded(text.encode_utf16().collect(), left, width)
    }
}

fn amount(rest: &mut &[u8]) -> Result<Option<Amount>> {
    if let Some(after) = rest.strip_prefix(b"*") {
        *rest = after;
        return Ok(Some(Amount::Asterisk));
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return Ok(None);
    }
    let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
    *rest = &rest[digits..];
    match number {
        Some(number) if number <= LONGEST => Ok(Some(Amount::Number(number))),
        _ => malformed(),
    }
}

fn padded(text: Vec<u16>, left: bool, width: usize) -> Vec<u16> {
    let padding = repeat_n(SPACE, width.saturating_sub(text.len()));
    if left { text.into_iter().chain(padding).collect() } else { padding.chain(text).collect() }
}

/// The text at an address, up to its end or a number of units.
fn string(address: usize, wide: bool, precision: Option<usize>) -> Vec<u16> {
    let most = precision.unwrap_or(usize::MAX);
    if address == 0 {
        return "(null)".encode_utf16().take(most).collect();
    }
    if wide {
        read_units::<u16>(address, most)
    } else {
        String::from_utf8_lossy(&read_units::<u8>(address, most)).encode_utf16().collect()
    }
}

fn read_units<U: Copy + PartialEq + Default>(address: usize, most: usize) -> Vec<U> {
    let text = std::ptr::with_exposed_provenance::<U>(address);
    let mut units = Vec::new();
    while units.len() < most {
        // SAFETY: the caller says that a text is there; nothing is read behind its end, nor more than the precision.
        match unsafe { text.wrapping_add(units.len()).read_unaligned() } {
            unit if unit == U::default() => break,
            unit => units.push(unit),
        }
    }
    units
}

/// Checks that are the same for both functions, and the message if it is the system's.
fn system_message(flags: u32, id: u32, language: u32) -> Result<Option<Vec<u16>>> {
    if flags & FROM_STRING != 0 {
        if flags & (FROM_HMODULE | FROM_SYSTEM) != 0 {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                "FORMAT_MESSAGE_FROM_STRING excludes other sources",
            ));
        }
        return Ok(None);
    }
    if flags & (FROM_HMODULE | FROM_SYSTEM) == 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the flags name no source of the message"));
    }
    if flags & FROM_SYSTEM == 0 {
        return Err(Failure::hint(
            code::RESOURCE_TYPE_NOT_FOUND,
            "there are no message tables in modules here",
        ));
    }
    if ![NEUTRAL, ENGLISH].contains(&(language & 0x3FF)) {
        return Err(Failure::hint(
            code::RESOURCE_LANG_NOT_FOUND,
            "the messages are in English: pass language 0",
        ));
    }
    let id = if id & 0xFFFF_0000 == FACILITY_WIN32 { id & 0xFFFF } else { id };
    let message = code::message(id).ok_or(Failure::Code(code::MR_MID_NOT_FOUND))?;
    Ok(Some(message.encode_utf16().chain("\r\n".encode_utf16()).collect()))
}

/// The largest buffer that the caller may ask for, as documented.
const MOST_BYTES: usize = 0x1_0000;

/// Writes the text where the caller wants it, and gives its length.
fn deliver<U: Copy + Default>(flags: u32, buffer: Out<U>, size: u32, mut units: Vec<U>) -> Result<u32> {
    let length = units.len() as u32;
    units.push(U::default());
    if flags & ALLOCATE_BUFFER != 0 {
        // What failed gives nothing to free.
        let memory = if length == 0 {
            std::ptr::null_mut()
        } else {
            let wanted = (size as usize).min(MOST_BYTES / size_of::<U>());
            units.resize(units.len().max(wanted), U::default());
            heap::allocate_copy(&units)?
        };
        let place = buffer.as_ptr().cast::<*mut U>();
        // SAFETY: not NULL; with this flag the caller says that a pointer may be written there.
        unsafe { place.write_unaligned(memory) };
    } else if units.len() > size as usize {
        return fail(code::INSUFFICIENT_BUFFER);
    } else {
        buffer.put_all(&units);
    }
    if length == 0 { fail(code::NO_WORK_DONE) } else { Ok(length) }
}

export! {
    fn FormatMessageA(
        flags: DWORD,
        source: In<u8>,
        id: DWORD,
        language: DWORD,
        buffer: Out<u8>,
        size: DWORD,
        arguments: In<usize>,
    ) -> DWORD {
        let buffer = buffer.required()?;
        let message = match system_message(flags, id, language)? {
            Some(message) => message,
            None => {
                source.required()?;
                string(source.as_ptr().expose_provenance(), false, None)
            }
        };
        let text = fill(&message, flags, false, &mut Arguments::of(arguments, flags))?;
        deliver(flags, buffer, size, String::from_utf16_lossy(&text).into_bytes())
    }

    fn FormatMessageW(
        flags: DWORD,
        source: In<u16>,
        id: DWORD,
        language: DWORD,
        buffer: Out<u16>,
        size: DWORD,
        arguments: In<usize>,
    ) -> DWORD {
        let buffer = buffer.required()?;
        let message = match system_message(flags, id, language)? {
            Some(message) => message,
            None => {
                source.required()?;
                string(source.as_ptr().expose_provenance(), true, None)
            }
        };
        let text = fill(&message, flags, true, &mut Arguments::of(arguments, flags))?;
        deliver(flags, buffer, size, text)
    }
}
