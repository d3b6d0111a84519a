//! What tests take of Windows.

use std::sync::LazyLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

/// An empty directory.
pub fn directory() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("veduta-test-").tempdir().expect("a directory can be made")
}

/// The number that the system has for this thread.
pub fn thread_number() -> u32 {
    #[allow(unsafe_code, reason = "the standard library does not tell")]
    // SAFETY: takes nothing.
    unsafe {
        windows_sys::Win32::System::Threading::GetCurrentThreadId()
    }
}

/// Whether all these threads of this process sleep. Windows does not tell: they are given the time to, and what a test says
/// must hold if one does not.
pub fn all_sleep(_: &[u32]) -> bool {
    thread::sleep(Duration::from_millis(50));
    true
}

/// How many waiters an object tells while so many threads wait for it: the kernel does not count them for others.
pub fn told(_: u32) -> u32 {
    0
}

/// The same, as an object's state has it.
pub fn shown(_: u32) -> Option<u32> {
    None
}

/// Whether this is Wine, which does something else here than Windows: `docs/limits.md` says so under that name. The test asserts what Wine does
/// instead, so that it fails when Wine is mended.
pub fn wine_is_wrong(about: &str) -> bool {
    const LIMITS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/limits.md"));
    assert!(
        LIMITS.contains(&format!("\n| {about} |")),
        "docs/limits.md does not say what Wine does: {about}"
    );
    static IS_WINE: LazyLock<bool> = LazyLock::new(|| {
        #[allow(unsafe_code, reason = "the standard library does not tell")]
        // SAFETY: the name ends with a NUL; every program has that library.
        let ntdll = unsafe { GetModuleHandleA(c"ntdll.dll".as_ptr().cast()) };
        #[allow(unsafe_code, reason = "the standard library does not tell")]
        // SAFETY: the module is loaded, and the name ends with a NUL.
        let version = unsafe { GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()) };
        version.is_some()
    });
    *IS_WINE
}

/// Ends the process, and the test with it, if this value lives for minutes: for what would wait for ever if it were wrong.
pub struct Watchdog(Sender<()>);

impl Watchdog {
    pub fn new() -> Watchdog {
        let (alive, watched) = channel::<()>();
        // There is no alarm. The thread ends when the value does, because the channel closes.
        thread::spawn(move || {
            if watched.recv_timeout(Duration::from_secs(120)) == Err(RecvTimeoutError::Timeout) {
                eprintln!("a test hangs");
                std::process::abort();
            }
        });
        Watchdog(alive)
    }
}

/// Whether the system takes an advice on views.
pub fn takes(advice: veduta::Advice) -> bool {
    use veduta::Advice::{LargePages, Random, Sequential};
    !matches!(advice, Sequential | Random | LargePages)
}
