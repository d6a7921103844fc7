// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use netlink_packet_core::NLM_F_REQUEST;
use proptest::prelude::*;

use super::*;
use crate::convert;
use crate::message::IpvsMessage;
use crate::model::{
    Destination, ForwardingMethod, Scheduler, Service, ServiceKey, SyncDaemon, SyncRole,
};
use crate::operation::Operation;

const FAMILY: u16 = 37;

/// The lines of a datagram.
fn lines(datagram: &[u8], is_request: bool) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let observer = Observer::new(move |event| kept.lock().unwrap().push(event.to_string()));
    match is_request {
        true => observer.requests(datagram, FAMILY),
        false => observer.answers(datagram, FAMILY),
    }
    std::mem::take(&mut *seen.lock().unwrap())
}

fn request(change: Change) -> String {
    let mut bytes = Vec::new();
    let operation = Operation::Change(change);
    genl::pack(&mut bytes, FAMILY, IpvsMessage::VERSION, 7, NLM_F_REQUEST | NLM_F_ACK, |bytes| {
        convert::pack_request(&operation, bytes)
    });
    lines(&bytes, true).remove(0)
}

/// A message of that type, with these flags.
fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(u32::try_from(HEADER + payload.len()).unwrap().to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(9_u32.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(4 + value.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn requests_name_their_attributes() {
    let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
    assert_eq!(
        request(Change::AddService(Service::new(web, Scheduler::Wrr))),
        "> #7 NewService ack Service={AddressFamily=2 Protocol=6 Address=192.0.2.10 Port=80 \
         SchedulerName=\"wrr\" Flags=0x0/0xffffffff Timeout=0 Netmask=255.255.255.255}"
    );
    let server = Destination::new("10.0.0.1:8080".parse().unwrap(), ForwardingMethod::Masquerade);
    assert_eq!(
        request(Change::AddDestination { service: web, destination: server }),
        "> #7 NewDestination ack Service={AddressFamily=2 Protocol=6 Address=192.0.2.10 Port=80} \
         Destination={Address=10.0.0.1 Port=8080 AddressFamily=2 ForwardingMethod=0 Weight=1 \
         UpperThreshold=0 LowerThreshold=0}"
    );
    let six: ServiceKey = "udp/[2001:db8::1]:53".parse().unwrap();
    assert_eq!(
        request(Change::RemoveService(six)),
        "> #7 DeleteService ack Service={AddressFamily=10 Protocol=17 Address=2001:db8::1 Port=53}"
    );
    let daemon = SyncDaemon::new(SyncRole::Backup, "eth0".parse().unwrap(), 3);
    assert_eq!(
        request(Change::StartDaemon(daemon)),
        "> #7 NewDaemon ack Daemon={State=2 Interface=\"eth0\" SyncId=3}"
    );
    assert_eq!(request(Change::Flush), "> #7 Flush ack");
}

#[test]
fn a_list_is_asked_for_and_ends() {
    let dump = message(FAMILY, NLM_F_REQUEST | NLM_F_DUMP, &[4, 1, 0, 0]);
    assert_eq!(lines(&dump, true), ["> #9 GetService dump"]);
    let mut answers = message(FAMILY, 0x10, &[14, 1, 0, 0, 8, 0, 1, 0, 1, 2, 1, 0]);
    answers.extend(message(3, 2, &[0; 4]));
    assert_eq!(
        lines(&answers, false),
        ["< #9 SetInfo Version=66049 (interrupted)", "< #9 end of list"]
    );
    let failed = message(3, 2, &(-4_i32).to_ne_bytes());
    assert_eq!(lines(&failed, false), ["< #9 end of list, error EINTR"]);
}

/// The errno, and what the kernel adds to it.
#[test]
fn refusals_carry_the_words_of_the_kernel() {
    let refused = |errno: i32| [&(-errno).to_ne_bytes()[..], &[0; HEADER]].concat();
    assert_eq!(lines(&message(2, 0, &refused(0)), false), ["< #9 done"]);
    assert_eq!(lines(&message(2, 0, &refused(17)), false), ["< #9 error EEXIST"]);
    assert_eq!(lines(&message(2, 0, &refused(71)), false), ["< #9 error 71"]);
    let words =
        [refused(34), attribute(1, b"not \x1b[31mso\0"), attribute(2, &20_u32.to_ne_bytes())];
    // NLM_F_CAPPED | NLM_F_ACK_TLVS
    assert_eq!(
        lines(&message(2, 0x300, &words.concat()), false),
        ["< #9 error ERANGE message=\"not \\u{1b}[31mso\" offset=20"]
    );
}

#[test]
fn what_is_not_known_stands_as_bytes() {
    let unknown = [attribute(99, &[0xab, 1]), attribute(5, &[1, 2, 3])].concat();
    let service = [attribute(1, &2_u16.to_ne_bytes()), attribute(77, b"\x1b]0;x\x07")].concat();
    let payload = [vec![1, 1, 0, 0], attribute(1, &service), unknown].concat();
    assert_eq!(
        lines(&message(FAMILY, 0, &payload), false),
        ["< #9 NewService Service={AddressFamily=2 attribute-77=0x1b5d303b7807} \
          attribute-99=0xab01 attribute-5=0x010203"]
    );
    let long = [vec![250, 1, 0, 0], attribute(9, &[0xee; 70])].concat();
    let line = lines(&message(FAMILY, 0, &long), false).remove(0);
    assert_eq!(line, format!("< #9 command-250 attribute-9=0x{}...(70 bytes)", "ee".repeat(64)));
    let other = message(50, 0, &[3, 1, 0, 0, 0xaa, 0xbb]);
    assert_eq!(lines(&other, false), ["< #9 family-50-command-3 0xaabb"]);
    let cut = [vec![1, 1, 0, 0], vec![200, 0, 1, 0, 5]].concat();
    assert_eq!(
        lines(&message(FAMILY, 0, &cut), false),
        ["< #9 NewService unreadable: 0xc800010005"]
    );
    assert_eq!(lines(&[1, 2, 3], false), ["< no message: 0x010203"]);
}

/// Some kernels align numbers of 64 bits.
#[test]
fn padding_of_statistics_says_nothing() {
    let number = attribute(1, &7_u64.to_ne_bytes());
    let stats = attribute(12, &[attribute(11, &[]), number, attribute(11, &[9])].concat());
    let payload = [vec![1, 1, 0, 0], attribute(1, &stats)].concat();
    assert_eq!(
        lines(&message(FAMILY, 0, &payload), false),
        ["< #9 NewService Service={Stats64={Connections=7 attribute-11=0x09}}"]
    );
}

#[test]
fn the_look_for_the_family_is_shown() {
    let mut bytes = Vec::new();
    genl::pack_get_family(&mut bytes, "IPVS", 1, NLM_F_REQUEST);
    assert_eq!(lines(&bytes, true), ["> #1 GetFamily FamilyName=\"IPVS\""]);
    let found = [attribute(2, b"IPVS\0"), attribute(1, &FAMILY.to_ne_bytes()), attribute(3, &[1])];
    let found = [vec![1, 2, 0, 0], found.concat()].concat();
    assert_eq!(
        lines(&message(genl::CONTROL, 0, &found), false),
        ["< #9 NewFamily FamilyName=\"IPVS\" FamilyId=37 attribute-3=0x01"]
    );
}

#[test]
fn a_text_is_never_more_than_text() {
    let names = "\u{1b}[2J\n\u{9b}\u{202e}\u{2028}\u{200f}\u{ad}\u{feff}";
    let daemon = attribute(2, format!("{names}\0").as_bytes());
    let payload = [vec![9, 1, 0, 0], attribute(3, &daemon)].concat();
    let line = lines(&message(FAMILY, 0, &payload), false).remove(0);
    assert_eq!(
        line,
        "< #9 NewDaemon Daemon={Interface=\"\\u{1b}[2J\\n\\u{9b}\\u{202e}\\u{2028}\\u{200f}\\u{ad}\
         \\u{feff}\"}"
    );
}

proptest! {
    /// Whatever comes, it is shown, on one line.
    #[test]
    fn bytes_at_random_are_lines(
        payload in proptest::collection::vec(any::<u8>(), 0..200),
        kind in prop_oneof![Just(FAMILY), Just(2), Just(3), Just(genl::CONTROL), any::<u16>()],
        flags: u16,
        cut in 0..16_usize,
    ) {
        let mut datagram = message(kind, flags, &payload);
        datagram.truncate(datagram.len() - cut);
        for is_request in [true, false] {
            let lines = lines(&datagram, is_request);
            prop_assert_eq!(lines.len(), 1);
            prop_assert!(!lines[0].contains(char::is_control), "{:?}", lines);
        }
    }
}
