//! Other processes that take part in a work.

use std::io::{Read, Write};

/// A forked process that holds something, or does the same again and again, until it is dropped.
pub(crate) struct Partner(libc::pid_t);

impl Partner {
    /// One that does it again and again.
    pub(crate) fn of(mut act: impl FnMut()) -> Partner {
        Partner::child(|| {
            loop {
                act();
            }
        })
    }

    /// One that makes something, and then does something with it again and again. It is made when this returns.
    pub(crate) fn with<T>(make: impl FnOnce() -> T, mut act: impl FnMut(&mut T)) -> Partner {
        let (mut said, mut says) = std::io::pipe().expect("a pipe");
        let partner = Partner::child(|| {
            let mut made = make();
            says.write_all(&[1]).expect("a reader");
            loop {
                act(&mut made);
            }
        });
        // If the partner ends before, nobody is left to write.
        drop(says);
        said.read_exact(&mut [0]).expect("the partner lives");
        partner
    }

    /// One that makes something and keeps it. It is made when this returns.
    pub(crate) fn holding<T>(make: impl FnOnce() -> T) -> Partner {
        Partner::with(make, |_| {
            // SAFETY: takes nothing.
            unsafe { libc::pause() };
        })
    }

    /// Kills it, and does not wait until it has ended.
    pub(crate) fn kill(&self) {
        // SAFETY: a child of this process that was not waited for yet.
        assert_eq!(unsafe { libc::kill(self.0, libc::SIGKILL) }, 0);
    }

    fn child(act: impl FnOnce() -> std::convert::Infallible) -> Partner {
        // SAFETY: this process has one thread when partners are made, so the child may do anything.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: takes numbers only.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
                // Never back into the parent's frames: what they drop is the parent's.
                let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match act() {}));
                // SAFETY: ends the process.
                unsafe { libc::_exit(i32::from(failed.is_err())) }
            }
            pid => {
                assert!(pid > 0, "a process can be forked");
                Partner(pid)
            }
        }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.kill();
        // SAFETY: a child of this process that was not waited for yet.
        assert_eq!(unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) }, self.0);
    }
}
