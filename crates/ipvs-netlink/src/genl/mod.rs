// SPDX-License-Identifier: MIT OR Apache-2.0

//! Generic netlink without a socket and without IPVS: bytes in, replies out.

mod ctrl;
mod errno;
mod ext_ack;
mod reply;
mod request;

pub(crate) use ctrl::{
    CONTROL, FAMILY_ID, FAMILY_NAME, GET_FAMILY, NEW_FAMILY, decode_family_id, pack_get_family,
};
pub use errno::Errno;
pub use ext_ack::ExtAck;
pub(crate) use reply::{ReplyBody, decode, replies};
#[cfg(test)]
pub(crate) use request::encode;
pub(crate) use request::pack;

/// `struct genlmsghdr` (`include/uapi/linux/genetlink.h`)
const GENL_HDRLEN: usize = 4;
