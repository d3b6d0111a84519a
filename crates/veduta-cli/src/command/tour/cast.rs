//! The narrator's side of the actors: starts them, gives them orders, kills them.

use super::actor::{Answer, Order};
use crate::failure::{Failure, Outcome};
use crate::signals::Stop;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// A process of our own. Killed when dropped.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) role: &'static str,
    child: Child,
    /// Until it is dismissed.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    stop: Stop,
}

impl Actor {
    pub(super) fn start(role: &'static str, stop: &Stop) -> Outcome<Actor> {
        let cannot = |error| Failure::new(format!("cannot start the {role} process: {error}"));
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .arg("tour-actor")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(orders), Some(answers)) => Ok(Actor {
                role,
                child,
                orders: Some(orders),
                answers: BufReader::new(answers),
                stop: stop.clone(),
            }),
            _ => unreachable!("both were asked for"),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Gives an order and waits for the answer. Fails if the actor could not follow it.
    pub(super) fn ask(&mut self, order: &Order) -> Outcome<Answer> {
        self.tell(order)?;
        self.hear()
    }

    /// Gives an order, and does not wait for the answer.
    pub(super) fn tell(&mut self, order: &Order) -> Outcome<()> {
        let order = serde_json::to_string(order);
        let told = match &mut self.orders {
            Some(orders) => order.map_err(Into::into).and_then(|order| writeln!(orders, "{order}")),
            None => unreachable!("who is dismissed is not there any more"),
        };
        self.stop.check()?;
        told.map_err(|error| Failure::new(format!("the {} process takes no orders: {error}", self.role)))
    }

    /// Waits for the answer to an order. Fails if the actor could not follow it.
    pub(super) fn hear(&mut self) -> Outcome<Answer> {
        let answer = self.read_answer();
        // A signal from the terminal ends the actors too, which is no failure of theirs.
        self.stop.check()?;
        match answer {
            Ok(Answer::Failed(error)) => {
                Err(Failure::new(format!("the {} process says: {error}", self.role)))
            }
            Ok(answer) => Ok(answer),
            Err(error) => Err(Failure::new(format!("the {} process gave no answer: {error}", self.role))),
        }
    }

    fn read_answer(&mut self) -> std::io::Result<Answer> {
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Lets the process end by itself.
    pub(super) fn dismiss(mut self) -> Outcome<()> {
        let cannot = |error| Failure::new(format!("cannot wait for the {} process: {error}", self.role));
        // The end of its orders. Dropped afterwards, it kills nobody: the process was waited for.
        self.orders = None;
        self.child.wait().map_err(cannot).map(drop)
    }

    /// Kills the process, and says how it ended.
    pub(super) fn kill(&mut self) -> Outcome<ExitStatus> {
        let cannot = |error| Failure::new(format!("cannot kill the {} process: {error}", self.role));
        self.child.kill().map_err(cannot)?;
        self.child.wait().map_err(cannot)
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
