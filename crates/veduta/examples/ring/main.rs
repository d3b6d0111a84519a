//! Two processes and a ring between them: `cargo run --release --example ring`.

mod ring;

use ring::{Receiver, Sender, Shape, Wait};
use std::error::Error;
use std::process::Command;
use std::time::Instant;

const SHAPE: Shape = Shape { size: 64, slots: 1024, wait: Wait::Sleep };
const MESSAGES: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(name) = std::env::args().nth(1) {
        return receive(&name);
    }
    let name = format!("ring-example-{}", std::process::id());
    let mut sender = Sender::join(&name, SHAPE)?;
    let mut receiver = Command::new(std::env::current_exe()?).arg(&name).spawn()?;
    let begun = Instant::now();
    for number in 0..MESSAGES {
        let mut message = [0; SHAPE.size];
        message[..8].copy_from_slice(&number.to_ne_bytes());
        sender.send(&message)?;
    }
    if !receiver.wait()?.success() {
        return Err("the receiver failed".into());
    }
    println!("{MESSAGES} messages of {} bytes: {:?} each", SHAPE.size, begun.elapsed() / MESSAGES as u32);
    Ok(())
}

/// The other process.
fn receive(name: &str) -> Result<(), Box<dyn Error>> {
    let mut receiver = Receiver::join(name, SHAPE)?;
    for number in 0..MESSAGES {
        let mut right = false;
        receiver.receive(|message| right = message[..8] == number.to_ne_bytes())?;
        if !right {
            return Err(format!("message {number} is another one").into());
        }
    }
    Ok(())
}
