//! Numbers of bytes and times: read from the command line, written for people.

use std::fmt;
use std::time::Duration;

/// Reads a size or an offset: `65536`, `0x1000`, `64K`, `64KiB`, `1GiB` (powers of 1024), `64KB` (powers of 1000).
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return match u64::from_str_radix(digits, 16) {
            // from_str_radix takes a sign, which is no digit here.
            Ok(number) if !digits.starts_with('+') => Ok(number),
            _ => Err("not a hexadecimal number of at most 64 bits".into()),
        };
    }
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    if digits.is_empty() {
        return Err("a number is needed, such as 65536, 0x1000, 64K or 1GiB".into());
    }
    let factor = unit_factor(unit).ok_or_else(|| {
        format!("unit {unit:?} is unknown: use K, M, G, T or P, alone or with iB (1024) or B (1000)")
    })?;
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "larger than 64 bits can say".into())
}

fn unit_factor(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let Some(letter) = unit.chars().next().filter(|letter| *letter != 'b') else {
        return (unit.len() <= 1).then_some(1);
    };
    let power = 1 + "kmgtp".find(letter)? as u32;
    match &unit[1..] {
        "" | "ib" => Some(1024u64.pow(power)),
        "b" => Some(1000u64.pow(power)),
        _ => None,
    }
}

/// Reads a time: `500ms`, `2s`, `1m`, `1.5s`, `1h`; a number alone is seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ if number.is_empty() => return Err("a time is needed, such as 500ms, 2s, 1.5s or 1m".into()),
        _ => return Err(format!("unit {unit:?} is unknown: use ms, s, m or h")),
    };
    let number: f64 = match number.parse() {
        Ok(parsed) if number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.') => parsed,
        _ => return Err("a time is needed, such as 500ms, 2s, 1.5s or 1m".into()),
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "longer than can be said".into())
}

/// A number of bytes as people read it: exact where it is short (`64 KiB`), else with one digit after the point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let power = (self.0.max(1).ilog2() / 10) as usize;
        let unit = 1u64 << (10 * power);
        let text = if self.0.is_multiple_of(unit) {
            format!("{} {}", self.0 / unit, UNITS[power])
        } else {
            format!("{:.1} {}", self.0 as f64 / unit as f64, UNITS[power])
        };
        f.pad(&text)
    }
}

/// Bytes in a time, as a rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = self.bytes as f64 / self.time.as_secs_f64().max(1e-9);
        write!(f, "{}/s", Bytes(per_second as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65536),
            ("0x1000", 0x1000),
            ("0XfF", 255),
            ("7B", 7),
            ("64K", 65536),
            ("64k", 65536),
            ("64KiB", 65536),
            ("64KB", 64000),
            ("1GiB", 1 << 30),
            ("16P", 16 << 50),
            ("18446744073709551615", u64::MAX),
            ("0xffffffffffffffff", u64::MAX),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "K", "-1", "+1", "1 K", "1.5G", "0x", "0x+1", "0xg", "1X", "1KiBB", "1iB", "1é", "20000P"]
        {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read() {
        for (text, milliseconds) in [
            ("0", 0),
            ("3", 3000),
            ("500ms", 500),
            ("2s", 2000),
            ("1.5s", 1500),
            ("0.25", 250),
            ("1m", 60_000),
            ("1.5min", 90_000),
            ("2h", 7_200_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "s",
            ".5",
            "5.",
            ".",
            "1.2.3",
            "-1",
            "+1",
            "1 s",
            "1x",
            "1S",
            "inf",
            "nan",
            "1e3",
            "0x10",
            "99999999999999999999",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_written() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1 << 30, "1 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }
}
