// SPDX-License-Identifier: MIT OR Apache-2.0

//! The feature `tracing`: what a subscriber sees of the conversation of `tests/testing.rs`.

// The recording is of a little-endian machine.
#![cfg(target_endian = "little")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../examples/record.rs"]
mod record;
#[path = "support/subscriber.rs"]
mod subscriber;

use ipvs_netlink::testing::{Recording, Replay};
use ipvs_netlink::{Change, Client, ServiceKey};
use tracing::Level;

fn connected() -> Client<Replay> {
    let recording: Recording = include_str!("recorded/conversation.txt").parse().unwrap();
    Client::with_transport(Replay::new(recording)).unwrap()
}

#[test]
fn each_exchange_is_a_span_with_its_end_in_it() {
    let lines = subscriber::shown(Level::DEBUG, || {
        record::conversation(&mut connected()).unwrap();
    });
    let web = "service=tcp/192.0.2.10:80";
    let expected = [
        "DEBUG ipvs_netlink {request operation=reach IPVS requests=1 bytes=32",
        "DEBUG ipvs_netlink answered objects=1 datagrams=1 microseconds",
        "}",
        "DEBUG ipvs_netlink {request operation=make a batch of changes requests=3 bytes=384",
        "DEBUG ipvs_netlink answered objects=0 datagrams=1 microseconds",
        "}",
        &format!(
            "DEBUG ipvs_netlink {{request operation=list the servers of tcp/192.0.2.10:80 {web} \
             requests=1 bytes=68"
        ),
        // The server that it looks for is the first, so it sees no more.
        "DEBUG ipvs_netlink answered objects=1 datagrams=1 microseconds",
        "}",
    ];
    assert_eq!(lines[..expected.len()], expected);
    let refused = [
        &*format!(
            "DEBUG ipvs_netlink {{request operation=add service tcp/192.0.2.10:80 {web} \
             requests=1 bytes=104"
        ),
        "DEBUG ipvs_netlink failed objects=0 datagrams=0 microseconds error=EEXIST",
        "}",
    ];
    assert!(lines.windows(3).any(|lines| lines == refused), "{lines:#?}");
    let server = format!("{web} server=10.0.0.12:80 requests=1 bytes=140");
    assert!(lines.iter().any(|line| line.ends_with(&server)), "{lines:#?}");
}

/// They are those of the hook, and within the span of their exchange.
#[test]
fn messages_are_for_who_asks_for_them() {
    let lines = subscriber::shown(Level::TRACE, || {
        let mut client = connected();
        // It is not what was recorded.
        client.apply(Change::RemoveService(ServiceKey::tcp([192, 0, 2, 9], 80))).unwrap_err();
    });
    let messages = "TRACE ipvs_netlink::messages";
    assert_eq!(lines[1], format!("{messages} > #1 GetFamily ack FamilyName=\"IPVS\""));
    assert_eq!(lines[3], format!("{messages} < #1 done"));
    assert!(lines[4].starts_with("DEBUG ipvs_netlink answered"), "{lines:#?}");
    assert!(lines[7].starts_with(&format!("{messages} > #2 DeleteService")), "{lines:#?}");
    assert!(lines[8].starts_with(&format!("{messages} ! not sent: ")), "{lines:#?}");
    assert!(lines[9].starts_with("DEBUG ipvs_netlink failed"), "{lines:#?}");
}
