//! iceoryx2, as its examples use it.

use crate::signal::Signal;
use iceoryx2::node::Node;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::event::PortFactory;

/// This process, for iceoryx2. It clears away what killed ones left, when it comes and when it goes.
pub(crate) fn node() -> Node<ipc::Service> {
    set_log_level(LogLevel::Error);
    let node = NodeBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled);
    node.create().expect("a node")
}

pub(crate) fn event(node: &Node<ipc::Service>, name: &str) -> PortFactory<ipc::Service> {
    let name = name.try_into().expect("a name");
    node.service_builder(&name).event().open_or_create().expect("an event service")
}

/// A notifier of one event, and a listener to another one: for who answers.
pub(crate) struct Link {
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
}

impl Link {
    pub(crate) fn new(node: &Node<ipc::Service>, to: &str, from: &str) -> Link {
        let listener = event(node, from).listener_builder().create().expect("a listener");
        Link { listener, notifier: event(node, to).notifier_builder().create().expect("a notifier") }
    }
}

impl Signal for Link {
    fn signal(&self) {
        self.notifier.notify().expect("to wake");
    }

    fn wait(&self) {
        wait(&self.listener);
    }
}

pub(crate) fn wait(listener: &Listener<ipc::Service>) {
    while listener.blocking_wait(|_| ()).expect("to be woken") == 0 {}
}
