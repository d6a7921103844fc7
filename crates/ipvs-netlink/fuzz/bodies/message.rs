// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any bytes as a message: the first is the command, the rest its attributes.

use ipvs_netlink::message::{Attribute, IpvsMessage};
use netlink_packet_core::{Emitable, NlasIterator, ParseableParametrized};
use netlink_packet_generic::{GenlFamily, GenlHeader};

/// Twice the largest datagram of the kernel's. An attribute's length has 16
/// bits, and what is read can grow when written (an address cut short is
/// written whole), so that something near 64 KiB could not be written at all.
const LONGEST: usize = 16 * 1024;

pub(crate) fn run(data: &[u8]) {
    let Some((&command, payload)) = data.split_first() else { return };
    if payload.len() > LONGEST {
        return;
    }
    let Ok(read) = parse(command, payload) else { return };
    assert_eq!(read.command(), command);

    // What was read can be written, and is read as the same.
    let bytes = emit(&read);
    unknown_stay_as_they_are(&read, payload, &bytes);
    let once = parse(command, &bytes).expect("our own bytes can be read");
    // The first trip may lose NLA_F_NET_BYTEORDER of an unknown attribute that
    // has NLA_F_NESTED too: netlink-packet-core writes only one of them.
    if !has_both_flags(&read) {
        assert_eq!(once, read);
    }
    let again = emit(&once);
    assert_eq!(parse(command, &again).expect("and again"), once);
    assert_eq!(again, emit(&parse(command, &again).expect("and again")));
}

fn parse(command: u8, payload: &[u8]) -> Result<IpvsMessage, netlink_packet_core::DecodeError> {
    IpvsMessage::parse_with_param(payload, GenlHeader { cmd: command, version: 1 })
}

fn emit(message: &IpvsMessage) -> Vec<u8> {
    // Not zeroed, so that a byte left unwritten shows.
    let mut bytes = vec![0xa5; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

/// What is not understood is written as it came, flags included.
fn unknown_stay_as_they_are(read: &IpvsMessage, came: &[u8], written: &[u8]) {
    let nlas = |bytes| NlasIterator::new(bytes).map(|nla| nla.expect("it was read before"));
    for ((attribute, before), after) in read.attributes.iter().zip(nlas(came)).zip(nlas(written)) {
        let Attribute::Other(_) = attribute else { continue };
        let both = before.nested_flag() && before.network_byte_order_flag();
        assert!(both || before.network_byte_order_flag() == after.network_byte_order_flag());
        assert_eq!(before.nested_flag(), after.nested_flag());
        assert_eq!((before.kind(), before.value()), (after.kind(), after.value()));
    }
}

/// Whether an attribute kept as it came has both flags.
fn has_both_flags(message: &IpvsMessage) -> bool {
    const BOTH: u32 = 0xc000;
    let words = format!("{message:?}");
    let mut kinds = words.split("DefaultNla { kind: ").skip(1);
    kinds.any(|rest| {
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        number.parse::<u32>().is_ok_and(|kind| kind & BOTH == BOTH)
    })
}
