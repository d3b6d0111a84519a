//! Win32 error codes: numbers, names, and the one table from the system's own error numbers.

use rustix::io::Errno;

macro_rules! codes {
    ($($name:ident = $number:literal, $message:literal;)*) => {
        $(#[allow(dead_code, reason = "FormatMessage says all of them")] pub(crate) const $name: u32 = $number;)*

        /// The name in the Windows headers.
        pub(crate) fn name(code: u32) -> &'static str {
            match code {
                $($number => concat!("ERROR_", stringify!($name)),)*
                _ => "error",
            }
        }

        /// What `FormatMessage` says of it.
        pub(crate) fn message(code: u32) -> Option<&'static str> {
            match code {
                $($number => Some($message),)*
                _ => None,
            }
        }
    };
}

codes! {
    SUCCESS = 0, "The operation succeeded.";
    INVALID_FUNCTION = 1, "The function is not one of this device.";
    FILE_NOT_FOUND = 2, "There is no such file or object.";
    PATH_NOT_FOUND = 3, "There is no such path.";
    TOO_MANY_OPEN_FILES = 4, "Too many files are open.";
    ACCESS_DENIED = 5, "Access is denied.";
    INVALID_HANDLE = 6, "The handle is not valid.";
    NOT_ENOUGH_MEMORY = 8, "There is not enough memory.";
    BAD_ENVIRONMENT = 10, "The environment is malformed.";
    BAD_FORMAT = 11, "The format is not one that can be loaded.";
    INVALID_ACCESS = 12, "The access code is not valid.";
    INVALID_DATA = 13, "The data is malformed.";
    OUTOFMEMORY = 14, "There is not enough memory left.";
    INVALID_DRIVE = 15, "There is no such drive.";
    CURRENT_DIRECTORY = 16, "The current directory cannot be removed.";
    NOT_SAME_DEVICE = 17, "The file cannot be moved to another device.";
    NO_MORE_FILES = 18, "There are no more files.";
    WRITE_PROTECT = 19, "The device is write-protected.";
    NOT_READY = 21, "The device is not ready.";
    BAD_LENGTH = 24, "The length is not one that the call takes.";
    SEEK = 25, "The position cannot be reached.";
    WRITE_FAULT = 29, "Writing to the device failed.";
    READ_FAULT = 30, "Reading from the device failed.";
    GEN_FAILURE = 31, "The system refused without a known reason.";
    SHARING_VIOLATION = 32, "Another handle uses the file in a way that excludes this one.";
    LOCK_VIOLATION = 33, "Another process has locked part of the file.";
    HANDLE_EOF = 38, "The end of the file is reached.";
    NOT_SUPPORTED = 50, "This is not supported here.";
    BAD_NETPATH = 53, "The network path was not found.";
    FILE_EXISTS = 80, "The file exists.";
    INVALID_PARAMETER = 87, "An argument is not valid.";
    NO_PROC_SLOTS = 89, "No process can be started just now.";
    BROKEN_PIPE = 109, "The other end of the pipe is closed.";
    OPEN_FAILED = 110, "The file cannot be opened.";
    BUFFER_OVERFLOW = 111, "The file name is too long.";
    DISK_FULL = 112, "There is no room on the disk.";
    CALL_NOT_IMPLEMENTED = 120, "The function is not implemented here.";
    INSUFFICIENT_BUFFER = 122, "The buffer is too small.";
    INVALID_NAME = 123, "The name is malformed.";
    MOD_NOT_FOUND = 126, "The module was not found.";
    PROC_NOT_FOUND = 127, "The procedure was not found.";
    WAIT_NO_CHILDREN = 128, "There are no child processes to wait for.";
    NEGATIVE_SEEK = 131, "The position would lie before the beginning of the file.";
    SEEK_ON_DEVICE = 132, "A device has no positions.";
    DIR_NOT_EMPTY = 145, "The directory is not empty.";
    SIGNAL_REFUSED = 156, "The thread is suspended too often.";
    NOT_LOCKED = 158, "The pages are not locked.";
    BAD_ARGUMENTS = 160, "An argument is wrong.";
    BAD_PATHNAME = 161, "The path is malformed.";
    MAX_THRDS_REACHED = 164, "No more threads can be created.";
    LOCK_FAILED = 167, "The range cannot be locked.";
    BUSY = 170, "It is in use.";
    ALREADY_EXISTS = 183, "It exists already.";
    BAD_EXE_FORMAT = 193, "It is not of a format that can be used so.";
    ENVVAR_NOT_FOUND = 203, "There is no such variable in the environment.";
    FILENAME_EXCED_RANGE = 206, "The name is too long.";
    BAD_PIPE = 230, "The pipe is in a state that does not allow this.";
    PIPE_BUSY = 231, "The pipe is in use.";
    NO_DATA = 232, "The pipe is being closed.";
    PIPE_NOT_CONNECTED = 233, "Nobody is at the other end of the pipe.";
    MORE_DATA = 234, "There is more data.";
    WAIT_TIMEOUT = 258, "The time of the wait was up.";
    NO_MORE_ITEMS = 259, "There are no more items.";
    DIRECTORY = 267, "The name is not that of a directory.";
    NOT_OWNER = 288, "The caller does not own the mutex.";
    TOO_MANY_POSTS = 298, "The semaphore's maximum would be passed.";
    PARTIAL_COPY = 299, "Only part of it was done.";
    INVALID_ADDRESS = 487, "The address is not valid.";
    ARITHMETIC_OVERFLOW = 534, "The result is too large for its type.";
    IO_INCOMPLETE = 996, "The operation is not finished.";
    IO_PENDING = 997, "The operation goes on in the background.";
    NOACCESS = 998, "The memory may not be accessed.";
    INVALID_FLAGS = 1004, "The flags are not valid.";
    FILE_INVALID = 1006, "The file is empty or was changed, so that it cannot be used so.";
    NO_UNICODE_TRANSLATION = 1113, "The text cannot be translated.";
    IO_DEVICE = 1117, "Input or output failed.";
    TOO_MANY_LINKS = 1142, "The file has too many names.";
    MAPPED_ALIGNMENT = 1132, "The address or offset is not aligned.";
    NOT_FOUND = 1168, "It was not found.";
    USER_MAPPED_FILE = 1224, "The file is mapped into memory, which does not allow this.";
    REVISION_MISMATCH = 1306, "It was made by another version.";
    UNKNOWN_REVISION = 1305, "The version is unknown.";
    INVALID_OWNER = 1307, "It cannot be the owner.";
    PRIVILEGE_NOT_HELD = 1314, "The caller lacks a privilege.";
    INVALID_ACL = 1336, "The access list is malformed.";
    INVALID_SID = 1337, "The security identifier is malformed.";
    INVALID_SECURITY_DESCR = 1338, "The security descriptor is malformed.";
    NONE_MAPPED = 1332, "No name could be mapped to an identifier.";
    INTERNAL_ERROR = 1359, "An internal error happened.";
    ALLOTTED_SPACE_EXCEEDED = 1344, "There is no room for more.";
    NO_SYSTEM_RESOURCES = 1450, "The system has too few of a resource.";
    WORKING_SET_QUOTA = 1453, "The limit of locked memory is reached.";
    COMMITMENT_LIMIT = 1455, "There is not enough memory to promise that much.";
    TIMEOUT = 1460, "The time was up.";
    NO_WORK_DONE = 235, "There was nothing to do.";
    MR_MID_NOT_FOUND = 317, "There is no message of that number.";
    INVALID_PRIMARY_GROUP = 1308, "It cannot be the group.";
    RESOURCE_TYPE_NOT_FOUND = 1813, "The file has no resource of that type.";
    RESOURCE_LANG_NOT_FOUND = 1815, "The file has no resource in that language.";
    CANT_ACCESS_FILE = 1920, "The file cannot be accessed.";
}

/// The code of a system call's error.
pub(crate) fn of_errno(errno: Errno) -> u32 {
    match errno {
        Errno::NOENT => FILE_NOT_FOUND,
        Errno::NOTDIR => PATH_NOT_FOUND,
        Errno::ACCESS | Errno::PERM | Errno::ISDIR | Errno::TXTBSY => ACCESS_DENIED,
        Errno::MFILE | Errno::NFILE => TOO_MANY_OPEN_FILES,
        Errno::BADF => INVALID_HANDLE,
        Errno::NOMEM => NOT_ENOUGH_MEMORY,
        Errno::EXIST => ALREADY_EXISTS,
        Errno::NOTEMPTY => DIR_NOT_EMPTY,
        Errno::XDEV => NOT_SAME_DEVICE,
        Errno::ROFS => WRITE_PROTECT,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => DISK_FULL,
        Errno::PIPE => NO_DATA,
        Errno::SPIPE => INVALID_FUNCTION,
        Errno::INVAL => INVALID_PARAMETER,
        Errno::FAULT => NOACCESS,
        Errno::NAMETOOLONG => FILENAME_EXCED_RANGE,
        Errno::LOOP => CANT_ACCESS_FILE,
        Errno::MLINK => TOO_MANY_LINKS,
        Errno::BUSY => BUSY,
        Errno::AGAIN => NO_SYSTEM_RESOURCES,
        Errno::IO => IO_DEVICE,
        Errno::NODEV | Errno::NXIO => NOT_READY,
        Errno::NOEXEC => BAD_EXE_FORMAT,
        Errno::NOSYS | Errno::OPNOTSUPP => NOT_SUPPORTED,
        Errno::TIMEDOUT => TIMEOUT,
        Errno::OVERFLOW => ARITHMETIC_OVERFLOW,
        _ => GEN_FAILURE,
    }
}
