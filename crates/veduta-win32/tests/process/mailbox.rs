//! Handles that one process puts into another.

use super::role::{self, How, suspended, told};
use super::sys::*;
use std::ptr::null_mut;

fn put(source: Handle, target: Handle, access: u32, options: u32) -> Result<Handle, u32> {
    let mut there = null_mut();
    let here = GetCurrentProcess();
    let done = DuplicateHandle(here, source, target, Some(&mut there), access, 0, options);
    if done == 1 { Ok(there) } else { Err(GetLastError()) }
}

#[test]
#[ignore = "a role"]
fn follows_orders() {
    // The number of the first handle is known before it is there.
    let orders = handle(&told("ORDERS"));
    let mut line = [0; 1000];
    let mut length = 0;
    // SAFETY: the buffer is that long.
    let read = unsafe { ReadFile(orders, line.as_mut_ptr(), 1000, Some(&mut length), null_mut()) };
    assert_eq!(read, 1, "error {}", GetLastError());
    let numbers = std::str::from_utf8(&line[..length as usize]).expect("text").to_owned();
    for event in numbers.split_whitespace() {
        assert_eq!(SetEvent(handle(event)), 1, "error {}", GetLastError());
        close(handle(event));
        assert_eq!((SetEvent(handle(event)), GetLastError()), (0, 6));
    }
}

/// Facts DUP-26/27, before the other process has run its first instruction.
#[test]
fn handles_arrive_in_a_process_that_has_not_begun() {
    let (mut read, mut write) = (null_mut(), null_mut());
    assert_eq!(CreatePipe(&mut read, &mut write, INHERITABLE, 0), 1);
    let told: &[_] = &[("ORDERS", &*number(read))];
    let child = role::start("mailbox::follows_orders", How { inherit: true, flags: SUSPENDED, told });
    let events: Vec<_> = (0..20).map(|_| event(None)).collect();
    let mut there: Vec<_> =
        events.iter().map(|event| put(*event, child.process, 0, SAME_ACCESS).expect("a child")).collect();
    let text: Vec<_> = there.iter().map(|handle| number(*handle)).collect();
    let text = text.join(" ");
    there.sort();
    there.dedup();
    assert_eq!(there.len(), events.len(), "{text}");
    assert!(there.iter().all(|handle| handle.addr() % 4 == 0 && handle.addr() < 1 << 31), "{text}");
    // They are the child's.
    assert_eq!((SetEvent(there[0]), GetLastError()), (0, 6));
    let mut written = 0;
    // SAFETY: the text is that long.
    let done = unsafe { WriteFile(write, text.as_ptr(), text.len() as u32, Some(&mut written), null_mut()) };
    assert_eq!(done, 1);
    child.resume();
    assert_eq!(child.code(), 0);
    close_all([read, write]);
    for event in events {
        assert_eq!(WaitForSingleObject(event, 0), 0);
        close(event);
    }
}

#[test]
#[ignore = "a role"]
fn gives_its_creator_an_event() {
    let event = event(None);
    SetEvent(event);
    let creator = handle(&told("CREATOR"));
    let there = put(event, creator, 0, SAME_ACCESS).expect("it created this process");
    // The creator learns the value by the exit code. What was sent outlives the sender.
    ExitProcess(there.addr() as u32);
}

#[test]
fn a_child_can_give_its_creator_a_handle() {
    let here = GetCurrentProcess();
    let mut process = null_mut();
    assert_eq!(DuplicateHandle(here, here, here, Some(&mut process), 0, 1, SAME_ACCESS), 1);
    let mut values = Vec::new();
    for _ in 0..3 {
        let child = role::heir("mailbox::gives_its_creator_an_event", &[("CREATOR", &number(process))]);
        let value = child.code();
        // Two low bits are the program's.
        let event = std::ptr::without_provenance_mut(value as usize | 3);
        assert_eq!(WaitForSingleObject(event, 0), 0, "{value:#x}: error {}", GetLastError());
        assert_eq!(WaitForSingleObject(event, 0), 0);
        values.push(event);
    }
    values.into_iter().for_each(close);
    close(process);
}

#[test]
#[ignore = "a role"]
fn writes_to_the_section_it_is_told_of() {
    let orders = handle(&told("ORDERS"));
    // The memory tells where the other one is, which has no name and was put here.
    let there = usize::from(read_byte(orders)) << 29;
    write_byte(std::ptr::without_provenance_mut(there), 9);
}

/// Facts DUP-26/27: memory without a name, into another process.
#[test]
fn memory_is_shared_that_was_put_into_a_process() {
    let (orders, memory) = (section(INHERITABLE), section(None));
    let told: &[_] = &[("ORDERS", &*number(orders))];
    let role = "mailbox::writes_to_the_section_it_is_told_of";
    let child = role::start(role, How { inherit: true, flags: SUSPENDED, told });
    let there = put(memory, child.process, 0, SAME_ACCESS).expect("a child");
    assert_eq!(there.addr() & ((1 << 29) - 1), 0, "the first value of all");
    write_byte(orders, (there.addr() >> 29) as u8);
    child.resume();
    assert_eq!(child.code(), 0);
    assert_eq!(read_byte(memory), 9);
    close_all([orders, memory]);
}

#[test]
fn a_handle_with_fewer_rights_arrives_so() {
    let child = suspended("exit::sleeps", &[]);
    let event = event(None);
    assert!(put(event, child.process, SYNCHRONIZE, 0).is_ok());
    // The right to put handles there is asked for.
    let mut weak = null_mut();
    let here = GetCurrentProcess();
    assert_eq!(DuplicateHandle(here, child.process, here, Some(&mut weak), SYNCHRONIZE, 0, 0), 1);
    assert_eq!(put(event, weak, 0, SAME_ACCESS), Err(5));
    assert_eq!(TerminateProcess(child.process, 0), 1);
    wait(child.process);
    assert_eq!(put(event, child.process, 0, SAME_ACCESS), Err(5));
    close_all([event, weak]);
}

/// Fact DUP-19, and what cannot be done here.
#[test]
fn others_cannot_be_given_handles() {
    let event = event(None);
    assert_eq!(put(event, std::ptr::without_provenance_mut(0x1234_5678), 0, SAME_ACCESS), Err(6));
    assert_eq!(put(event, event, 0, SAME_ACCESS), Err(6));
    let mut stranger = std::process::Command::new("sleep").arg("1000").spawn().expect("it runs");
    let opened = OpenProcess(0x1F_FFFF, 0, stranger.id());
    assert_eq!(put(event, opened, 0, SAME_ACCESS), Err(50));
    stranger.kill().expect("it runs");
    stranger.wait().expect("it is a child");
    let mut there = null_mut();
    let rubbish = std::ptr::without_provenance_mut(0x1234_5678);
    assert_eq!(DuplicateHandle(rubbish, event, GetCurrentProcess(), Some(&mut there), 0, 0, SAME_ACCESS), 0);
    assert_eq!(GetLastError(), 6);
    close_all([opened, event]);
}

#[test]
fn a_full_mailbox_is_an_error_and_no_hang() {
    let child = suspended("exit::sleeps", &[]);
    let event = event(None);
    let sent = (0..10_000).take_while(|_| put(event, child.process, 0, SAME_ACCESS).is_ok()).count();
    assert!(sent > 100, "{sent}");
    assert_eq!(put(event, child.process, 0, SAME_ACCESS), Err(1450));
    assert_eq!(TerminateProcess(child.process, 0), 1);
    close(event);
}

#[test]
#[ignore = "a role"]
fn follows_orders_in_several_threads() {
    let orders = told("ORDERS");
    std::thread::scope(|scope| {
        for orders in orders.split(' ') {
            scope.spawn(|| {
                let orders = handle(orders);
                let (mut value, mut length) = ([0; 8], 0);
                // SAFETY: the buffer is that long.
                while unsafe { ReadFile(orders, value.as_mut_ptr(), 8, Some(&mut length), null_mut()) } == 1 {
                    let event: Handle = std::ptr::without_provenance_mut(usize::from_ne_bytes(value));
                    if event.is_null() {
                        return;
                    }
                    assert_eq!(SetEvent(event), 1, "error {}", GetLastError());
                    close(event);
                }
            });
        }
    });
}

/// One thread takes in what another one is asked for.
#[test]
fn what_one_thread_takes_in_another_finds() {
    let pipes: Vec<_> = (0..3)
        .map(|_| {
            let (mut read, mut write) = (null_mut(), null_mut());
            assert_eq!(CreatePipe(&mut read, &mut write, INHERITABLE, 0), 1);
            (read, write)
        })
        .collect();
    let orders = pipes.iter().map(|(read, _)| number(*read)).collect::<Vec<_>>().join(" ");
    let child = role::heir("mailbox::follows_orders_in_several_threads", &[("ORDERS", &*orders)]);
    let tell = |write: Handle, value: Handle| {
        let (value, mut written) = (value.addr().to_ne_bytes(), 0);
        // SAFETY: the value is that long.
        assert_eq!(unsafe { WriteFile(write, value.as_ptr(), 8, Some(&mut written), null_mut()) }, 1);
    };
    let event = event(None);
    'rounds: for _ in 0..2000 {
        for (_, write) in &pipes {
            let there = loop {
                match put(event, child.process, 0, SAME_ACCESS) {
                    Ok(there) => break there,
                    // The child has to catch up, or has failed.
                    Err(1450) => std::thread::yield_now(),
                    Err(_) => break 'rounds,
                }
            };
            tell(*write, there);
        }
    }
    pipes.iter().for_each(|(_, write)| tell(*write, null_mut()));
    assert_eq!(child.code(), 0);
    pipes.into_iter().for_each(|(read, write)| close_all([read, write]));
    close(event);
}
