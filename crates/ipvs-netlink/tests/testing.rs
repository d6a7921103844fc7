// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `examples/record.rs` heard of a kernel, Linux 7.2, played back without one.

// The recording is of a little-endian machine.
#![cfg(target_endian = "little")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../examples/record.rs"]
mod record;

use ipvs_netlink::testing::{Recorder, Recording, Replay};
use ipvs_netlink::{
    Change, Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey, TableEntry,
    Transport, Weight,
};

fn recording() -> Recording {
    include_str!("recorded/conversation.txt").parse().unwrap()
}

#[test]
fn the_same_requests_get_the_same_answers() {
    let mut client = Client::with_transport(Replay::new(recording())).unwrap();
    let table = record::conversation(&mut client).unwrap();
    assert!(client.transport().is_over());

    let server = |text: &str| Destination::new(text.parse().unwrap(), ForwardingMethod::Masquerade);
    let web = Service::new("tcp/192.0.2.10:80".parse().unwrap(), Scheduler::Wrr);
    // The one added last comes first.
    let servers = [server("10.0.0.12:80").with_weight(Weight::ZERO), server("10.0.0.11:80")];
    assert_eq!(table, [TableEntry::new(web, servers)]);
}

#[test]
fn another_request_is_told_of() {
    let mut client = Client::with_transport(Replay::new(recording())).unwrap();
    let other = ServiceKey::tcp([192, 0, 2, 9], 80);
    let error = client.apply(Change::RemoveService(other)).unwrap_err().to_string();
    let start = "cannot delete service tcp/192.0.2.9:80: cannot send to the kernel: \
                 the recording has > #2 NewService Service={";
    assert!(error.starts_with(start), "{error}");
    assert!(error.contains(", and not > #2 DeleteService ack Service={"), "{error}");
    assert!(!client.transport().is_over());
    // Behind its end there is nothing.
    let mut client = Client::with_transport(Replay::new(recording())).unwrap();
    record::conversation(&mut client).unwrap();
    let error = client.info().unwrap_err().to_string();
    assert!(error.contains("the recording has its end here, and not > #"), "{error}");
}

/// A recording of a replay is the recording, whatever it is boxed in.
#[test]
fn a_replay_can_be_recorded() {
    let replay: Box<dyn Transport> = Box::new(Replay::new(recording()));
    let mut client = Client::with_transport(Recorder::new(replay)).unwrap();
    record::conversation(&mut client).unwrap();
    let again = client.into_transport().into_recording();
    assert_eq!(again, recording());
    assert_eq!(again.to_string(), include_str!("recorded/conversation.txt"));
}
