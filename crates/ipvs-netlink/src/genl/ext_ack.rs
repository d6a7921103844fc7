// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NlasIterator};

/// The extended acknowledgement holds what the kernel adds to an errno (`NETLINK_EXT_ACK`).
///
/// IPVS itself adds nothing; this comes from the kernel's check of attribute
/// lengths, so seeing one means that a message was malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtAck {
    /// The kernel's words.
    pub message: Option<String>,
    /// Where in the request the offending attribute stands, in bytes.
    pub offset: Option<u32>,
}

/// `NLMSGERR_ATTR_MSG` and `NLMSGERR_ATTR_OFFS` (`include/uapi/linux/netlink.h`)
const MESSAGE: u16 = 1;
const OFFSET: u16 = 2;
const NLMSG_HEADER: usize = 16;

impl ExtAck {
    /// Reads what follows the errno in an `NLMSG_ERROR` with these header
    /// `flags`: the request, of which `NLM_F_CAPPED` leaves the header only,
    /// then the attributes.
    pub(super) fn decode(flags: u16, after_errno: &[u8]) -> Option<Self> {
        if flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let echoed = if flags & NLM_F_CAPPED != 0 {
            NLMSG_HEADER
        } else {
            let length = after_errno.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))?;
            usize::try_from(length).ok()?.checked_next_multiple_of(4)?
        };
        let mut ext_ack = Self::default();
        for nla in NlasIterator::new(after_errno.get(echoed..)?) {
            let nla = nla.ok()?;
            match nla.kind() {
                MESSAGE => {
                    let text = String::from_utf8_lossy(nla.value());
                    ext_ack.message = Some(text.trim_end_matches('\0').to_owned());
                }
                OFFSET => {
                    ext_ack.offset =
                        nla.value().first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
                }
                _ => {}
            }
        }
        Some(ext_ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(7_u16.to_ne_bytes());
        bytes.extend(MESSAGE.to_ne_bytes());
        bytes.extend(b"no\0\0");
        bytes.extend(8_u16.to_ne_bytes());
        bytes.extend(OFFSET.to_ne_bytes());
        bytes.extend(20_u32.to_ne_bytes());
        bytes
    }

    #[test]
    fn capped_and_full_echo() {
        let expected = ExtAck { message: Some("no".into()), offset: Some(20) };
        let mut capped = vec![0; NLMSG_HEADER];
        capped[..4].copy_from_slice(&100_u32.to_ne_bytes());
        capped.extend(attributes());
        assert_eq!(ExtAck::decode(NLM_F_ACK_TLVS | NLM_F_CAPPED, &capped), Some(expected.clone()));

        let mut full = vec![0; 24];
        full[..4].copy_from_slice(&21_u32.to_ne_bytes());
        full.extend(attributes());
        assert_eq!(ExtAck::decode(NLM_F_ACK_TLVS, &full), Some(expected));
    }

    #[test]
    fn nonsense_is_no_ext_ack() {
        assert_eq!(ExtAck::decode(0, &[]), None);
        assert_eq!(ExtAck::decode(NLM_F_ACK_TLVS, &[0xff; 4]), None);
        assert_eq!(ExtAck::decode(NLM_F_ACK_TLVS | NLM_F_CAPPED, &[0; 15]), None);
        assert_eq!(ExtAck::decode(NLM_F_ACK_TLVS | NLM_F_CAPPED, &[1; 30]), None);
    }
}
