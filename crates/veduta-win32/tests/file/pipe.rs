//! Pipes and standard handles.

use crate::role;
use crate::sys::*;
use std::ptr::{null, null_mut};

fn pipe() -> (Open, Open) {
    let (mut reader, mut writer) = (null_mut(), null_mut());
    // SAFETY: handles may be written there.
    assert_eq!(unsafe { CreatePipe(&mut reader, &mut writer, null(), 0) }, 1);
    (Open(reader), Open(writer))
}

fn peek(pipe: &Open, length: usize) -> Result<(Vec<u8>, u32), u32> {
    let (mut buffer, mut read, mut available) = (vec![0; length], 77, 77);
    // SAFETY: the buffer has that length.
    check(unsafe {
        PeekNamedPipe(pipe.0, buffer.as_mut_ptr(), length as u32, &mut read, &mut available, null_mut())
    })?;
    buffer.truncate(read as usize);
    Ok((buffer, available))
}

#[test]
fn bytes_go_through_and_can_be_looked_at() {
    let (reader, writer) = pipe();
    assert_eq!((GetFileType(reader.0), GetFileType(writer.0)), (3, 3));
    assert_eq!(peek(&reader, 10), Ok((vec![], 0)));
    assert_eq!(write(&writer, b"through"), Ok(7));
    assert_eq!(peek(&reader, 3), Ok((b"thr".to_vec(), 7)));
    assert_eq!(read(&reader, 100).unwrap(), b"through", "what is there, without waiting for more");
    assert_eq!((read(&writer, 1), write(&reader, b"x")), (Err(5), Err(5)));
    assert_eq!(seek(&reader, 0, 1), Err(1));
}

#[test]
fn a_closed_end_is_noticed() {
    let (reader, writer) = pipe();
    write(&writer, b"last").unwrap();
    drop(writer);
    assert_eq!(peek(&reader, 10), Ok((b"last".to_vec(), 4)));
    assert_eq!(read(&reader, 10).unwrap(), b"last");
    assert_eq!(read(&reader, 10), Err(109));
    assert_eq!(peek(&reader, 10), Err(109));
}

#[test]
#[ignore = "a role"]
fn writer_to_nobody() {
    // As in a program of C, where the signal would end the process.
    // SAFETY: no handler is involved.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let (reader, writer) = pipe();
    drop(reader);
    assert_eq!(write(&writer, b"x"), Err(232));
    assert_eq!(write(&writer, b"x"), Err(232));
}

#[test]
fn a_writer_survives_its_reader() {
    role::run("pipe::writer_to_nobody", &[]);
}

#[test]
fn a_large_write_waits_for_its_reader() {
    let (reader, writer) = pipe();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|byte| byte as u8).collect();
    let sent = bytes.clone();
    let handle = writer.0 as usize;
    let sender = std::thread::spawn(move || {
        let writer = Open(handle as HANDLE);
        assert_eq!(write(&writer, &sent), Ok(sent.len()));
    });
    std::mem::forget(writer);
    let mut received = Vec::new();
    loop {
        match read(&reader, 100_000) {
            Ok(some) => received.extend(some),
            Err(code) => {
                assert_eq!(code, 109);
                break;
            }
        }
    }
    sender.join().unwrap();
    assert!(received == bytes);
}

#[test]
fn handles_are_inheritable_if_that_is_wished() {
    let (mut reader, mut writer) = (null_mut(), null_mut());
    let length = size_of::<SecurityAttributes>() as u32;
    let attributes = SecurityAttributes { length, descriptor: null_mut(), inherit: 1 };
    // SAFETY: handles may be written there.
    assert_eq!(unsafe { CreatePipe(&mut reader, &mut writer, &attributes, 0) }, 1);
    let mut flags = 0;
    assert_eq!((GetHandleInformation(reader, &mut flags), flags), (1, 1));
    drop((Open(reader), Open(writer)));
    // SAFETY: NULL is what is tested.
    assert_eq!(check(unsafe { CreatePipe(null_mut(), null_mut(), null(), 0) }), Err(87));
}

const STD_INPUT: u32 = -10_i32 as u32;
const STD_OUTPUT: u32 = -11_i32 as u32;

#[test]
#[ignore = "a role"]
fn echo() {
    let (input, output) = (GetStdHandle(STD_INPUT), GetStdHandle(STD_OUTPUT));
    assert_eq!(GetStdHandle(STD_INPUT), input, "it stays the same");
    assert_eq!(GetFileType(input), 3);
    let (input, output) = (Open(input), Open(output));
    write(&output, b"\nsays: ready\n").unwrap();
    assert_eq!(read(&input, 10), Err(109));
    write(&output, b"\nsays: at the end\n").unwrap();
}

#[test]
fn standard_handles_are_the_streams() {
    let mut role = role::start("pipe::echo", &[]);
    assert_eq!(role.hears(), "ready");
    role.release();
    assert_eq!((GetStdHandle(5), GetLastError()), (INVALID_HANDLE_VALUE, 6));
    let before = GetStdHandle(STD_OUTPUT);
    assert_eq!(SetStdHandle(STD_OUTPUT, 0x40 as HANDLE), 1);
    assert_eq!(GetStdHandle(STD_OUTPUT), 0x40 as HANDLE);
    assert_eq!(SetStdHandle(STD_OUTPUT, before), 1);
}
