//! Text that C passes: of bytes (the A functions; UTF-8) or of 16-bit units (the W functions).

use crate::code;
use crate::failure::{Failure, Result};
use crate::pointer::Out;
use std::ffi::{CStr, c_char};

/// Text that ends with 0, or NULL, for a function of the A kind.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Narrow(*const c_char);

/// Text that ends with 0, or NULL, for a function of the W kind.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Wide(*const u16);

/// The two kinds of function, told apart by the text that they take.
pub(crate) trait Text: Copy {
    /// What the text is made of.
    type Unit: Copy + Default + PartialEq;

    /// The longest name of an object that functions of this kind take, in units with the final 0.
    const LONGEST_NAME: Option<usize>;

    /// The units before the final 0; `None` for NULL.
    fn units<'a>(self) -> Option<&'a [Self::Unit]>;

    fn decode(units: &[Self::Unit]) -> Result<String>;

    fn encode(text: &str) -> Vec<Self::Unit>;

    /// The text; `None` for NULL.
    fn read(self) -> Result<Option<String>> {
        self.units().map(Self::decode).transpose()
    }

    /// The text. Refuses NULL.
    fn required(self) -> Result<String> {
        self.read()?.ok_or_else(|| Failure::hint(code::INVALID_PARAMETER, "a text is NULL"))
    }

    /// The name of an object; `None` for NULL, which is no name.
    fn name(self) -> Result<Option<String>> {
        if let (Some(units), Some(longest)) = (self.units(), Self::LONGEST_NAME)
            && units.len() >= longest
        {
            return Err(Failure::hint(
                code::FILENAME_EXCED_RANGE,
                "the A functions take names of up to 259 bytes",
            ));
        }
        self.read()
    }
}

/// `MAX_PATH`.
pub(crate) const MAX_PATH: usize = 260;

impl Text for Narrow {
    type Unit = u8;

    const LONGEST_NAME: Option<usize> = Some(MAX_PATH);

    fn units<'a>(self) -> Option<&'a [u8]> {
        // SAFETY: not NULL, so the caller says that it ends with 0, and leaves it alone during the call.
        (!self.0.is_null()).then(|| unsafe { CStr::from_ptr(self.0) }.to_bytes())
    }

    /// As Windows does it, what is not UTF-8 becomes U+FFFD.
    fn decode(units: &[u8]) -> Result<String> {
        Ok(String::from_utf8_lossy(units).into_owned())
    }

    fn encode(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }
}

impl Text for Wide {
    type Unit = u16;

    const LONGEST_NAME: Option<usize> = None;

    fn units<'a>(self) -> Option<&'a [u16]> {
        if self.0.is_null() {
            return None;
        }
        let mut length = 0;
        // SAFETY: not NULL, so the caller says that all units up to the final 0 may be read.
        while unsafe { self.0.wrapping_add(length).read() } != 0 {
            length += 1;
        }
        // SAFETY: so many units were just read; the caller leaves them alone during the call.
        Some(unsafe { std::slice::from_raw_parts(self.0, length) })
    }

    /// Names here are UTF-8, which cannot say half a surrogate pair.
    fn decode(units: &[u16]) -> Result<String> {
        String::from_utf16(units)
            .map_err(|_| Failure::hint(code::INVALID_NAME, "half a surrogate pair stands in the text"))
    }

    fn encode(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }
}

/// Writes text into the caller's buffer as most functions do: gives the length, or, if it does not fit with its final 0, the size
/// that would do, and writes nothing.
pub(crate) fn fill<T: Text>(buffer: Out<T::Unit>, capacity: usize, text: &str) -> u32 {
    let mut units = T::encode(text);
    let length = units.len();
    units.push(T::Unit::default());
    if buffer.is_null() || units.len() > capacity {
        return units.len() as u32;
    }
    buffer.put_all(&units);
    length as u32
}
