//! `veduta hold` of an event, a semaphore or a mutex.

use super::Held;
use crate::context::Context;
use crate::failure::Outcome;
use clap::ValueEnum;
use std::str::FromStr;
use veduta::{Disposition, ObjectState, Reset, Semaphore};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Resets {
    Auto,
    Manual,
}

impl From<Resets> for Reset {
    fn from(resets: Resets) -> Reset {
        match resets {
            Resets::Auto => Reset::Auto,
            Resets::Manual => Reset::Manual,
        }
    }
}

/// What a semaphore begins with, and its maximum: `2`, `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    count: u32,
    maximum: u32,
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Count, String> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= Semaphore::MAXIMUM)
        };
        let (count, maximum) = match text.split_once('/') {
            Some((count, maximum)) => (number(count), number(maximum)),
            None => (number(text), Some(Semaphore::MAXIMUM)),
        };
        count.zip(maximum).map(|(count, maximum)| Count { count, maximum }).ok_or_else(|| {
            format!(
                "a count is needed, and maybe a maximum, such as 0, 3 or 3/8; up to {}",
                Semaphore::MAXIMUM
            )
        })
    }
}

pub(super) fn event(context: &Context, name: &str, resets: Resets, signaled: bool) -> Outcome<Held> {
    let reset = Reset::from(resets);
    let (event, disposition) = context.events().reset(reset).signaled(signaled).create(name)?;
    let state = event.state()?;
    let ObjectState::Event { reset: found, signaled: is_signaled, .. } = state else {
        unreachable!("it is an event")
    };
    let asked = match disposition {
        Disposition::Opened if found != reset => Some(reset.to_string()),
        Disposition::Opened if signaled && !is_signaled => Some("signaled one".into()),
        _ => None,
    };
    Ok(Held {
        name: event.name().map(ToString::to_string),
        disposition,
        what: format!("event, {state}"),
        asked,
        object: Box::new(event),
    })
}

pub(super) fn semaphore(context: &Context, name: &str, count: Count) -> Outcome<Held> {
    let Count { count, maximum } = count;
    let (semaphore, disposition) = context.semaphores().count(count).maximum(maximum).create(name)?;
    let state = semaphore.state()?;
    let is_it = disposition == Disposition::Created
        || matches!(state, ObjectState::Semaphore { count: c, maximum: m, .. } if (c, m) == (count, maximum));
    Ok(Held {
        name: semaphore.name().map(ToString::to_string),
        disposition,
        what: format!("semaphore, {state}"),
        asked: (!is_it).then(|| format!("{count} of {maximum}")),
        object: Box::new(semaphore),
    })
}

pub(super) fn mutex(context: &Context, name: &str) -> Outcome<Held> {
    let (mutex, disposition) = context.mutexes().create(name)?;
    Ok(Held {
        name: mutex.name().map(ToString::to_string),
        disposition,
        what: format!("mutex, {}", mutex.state()?),
        asked: None,
        object: Box::new(mutex),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        let count = |count, maximum| Ok(Count { count, maximum });
        assert_eq!("0".parse(), count(0, Semaphore::MAXIMUM));
        assert_eq!("2/3".parse(), count(2, 3));
        for text in ["", "/", "1/", "/1", "-1", "+1", "1/2/3", "x", "1 /2", "4294967296", "2147483648"] {
            assert!(text.parse::<Count>().is_err(), "{text}");
        }
    }
}
