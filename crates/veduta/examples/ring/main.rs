//! Two processes and a ring between them: `cargo run --release --example ring`.

mod ring;

use ring::{Receiver, Sender, Shape, Wait};
use std::error::Error;
use std::process::Command;
use std::time::Instant;

const MESSAGES: u64 = 1_000_000;

fn shape(wait: &str) -> Shape {
    let wait = if wait == "spin" { Wait::Spin } else { Wait::Sleep };
    Shape { size: 64, slots: 1024, wait }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [name, wait] => receive(name, wait),
        _ => ["sleep", "spin"].into_iter().try_for_each(send),
    }
}

fn send(wait: &str) -> Result<(), Box<dyn Error>> {
    let name = format!("ring-example-{}-{wait}", std::process::id());
    let mut sender = Sender::join(&name, shape(wait))?;
    let mut receiver = Command::new(std::env::current_exe()?).args([&*name, wait]).spawn()?;
    let begun = Instant::now();
    for number in 0..MESSAGES {
        let mut message = [0; 64];
        message[..8].copy_from_slice(&number.to_ne_bytes());
        sender.send(&message)?;
    }
    if !receiver.wait()?.success() {
        return Err("the receiver failed".into());
    }
    println!("{MESSAGES} messages, who waits may {wait}: {:?} each", begun.elapsed() / MESSAGES as u32);
    Ok(())
}

/// The other process.
fn receive(name: &str, wait: &str) -> Result<(), Box<dyn Error>> {
    let mut receiver = Receiver::join(name, shape(wait))?;
    for number in 0..MESSAGES {
        let mut right = false;
        receiver.receive(|message| right = message[..8] == number.to_ne_bytes())?;
        if !right {
            return Err(format!("message {number} is another one").into());
        }
    }
    Ok(())
}
