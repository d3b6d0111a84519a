//! What once came out otherwise than in the model, with nothing in it that does not matter.

use super::{SESSION, Setting, perform};
use veduta_model::strategy::sync::Play;
use veduta_model::sync::{NewObject, Operation, Reset, Thread};

const A: Thread = Thread { actor: 0, thread: 0 };
const B: Thread = Thread { actor: 1, thread: 0 };

const MUTEX: NewObject = NewObject::Mutex { owned: false };
const EVENT: NewObject = NewObject::Event { reset: Reset::Auto, signaled: false };

fn create(slot: u8, object: NewObject) -> Operation {
    Operation::Create { slot, name: format!("object {slot}"), object }
}

#[track_caller]
fn agrees(setting: Setting, play: Play) {
    if let Err(difference) = perform(setting, &play) {
        panic!("{difference}");
    }
}

/// What is left of an object whose holders were killed is in nobody's way. It was in the way of objects of other kinds.
#[test]
fn nothing_is_left_of_a_name_for_other_kinds_either() {
    for end in [Operation::Exit, Operation::Kill] {
        for (first, second) in [(MUTEX, EVENT), (NewObject::Section, MUTEX), (EVENT, NewObject::Section)] {
            agrees(SESSION, vec![(B, create(0, first)), (B, end.clone()), (A, create(0, second))]);
        }
    }
}
