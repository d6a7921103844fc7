// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any text where a person would write a name or an address: refused, or shown
//! in a way that means the same.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use ipvs_netlink::{
    AddressFamily, DestinationKey, EngineName, InterfaceName, Netmask, Scheduler, ServiceKey,
};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if same::<ServiceKey>(text).is_some() || same::<DestinationKey>(text).is_some() {
        // A zone would be lost, and a sign would be a second way to write it.
        assert!(!text.contains(['%', '+', ' ']));
    }
    for family in [AddressFamily::Ipv4, AddressFamily::Ipv6] {
        if let Ok(mask) = Netmask::parse(text, family) {
            assert_eq!(mask.family(), family);
            assert_eq!(Netmask::parse(&mask.to_string(), family), Ok(mask));
        }
    }
    // Names stay as they are, and are what the kernel can take.
    for name in [
        same::<Scheduler>(text).map(|scheduler| scheduler.name().to_owned()),
        same::<EngineName>(text).map(|engine| engine.as_str().to_owned()),
        same::<InterfaceName>(text).map(|interface| interface.as_str().to_owned()),
    ]
    .into_iter()
    .flatten()
    {
        assert_eq!(name, text);
        assert!((1..=15).contains(&name.len()) && !name.contains(['/', '\0', ' ']));
    }
}

/// What `text` means, if anything: the same as what it is shown as.
fn same<V>(text: &str) -> Option<V>
where
    V: FromStr + Display + Debug + PartialEq,
    V::Err: Display + Debug + PartialEq,
{
    match text.parse::<V>() {
        Ok(value) => {
            let shown = value.to_string();
            assert_eq!(shown.parse::<V>().as_ref(), Ok(&value), "{text:?} is shown as {shown:?}");
            Some(value)
        }
        Err(error) => {
            _ = error.to_string();
            None
        }
    }
}
