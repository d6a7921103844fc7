// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is seen of a set-up whose journal is damaged, gone, or elsewhere.

use lvs_host::SysctlKey;
use lvs_host::netlink::{Netlink, NetlinkError};
use lvs_host::sysctl;
use lvs_term::few;

use crate::plan::{ADDRESS_TAG, Change};
use crate::request::Scope;

/// Returns hints: the VIPs that bear our mark, as the commands that take them away, and then
/// the settings that hide them, which go last.
pub(super) fn hints() -> Vec<String> {
    let vips = match marked() {
        Ok(commands) if commands.is_empty() => {
            "no address here bears the mark of rs-agent".to_owned()
        }
        Ok(commands) => format!("VIPs with the mark of rs-agent go by {}", commands.join(", ")),
        Err(error) => format!("whether VIPs bear the mark of rs-agent cannot be read: {error}"),
    };
    let settings = ["arp_ignore", "arp_announce"].map(|name| {
        let value = sysctl::read(&SysctlKey::ipv4("all", name));
        value.map_or_else(|error| error.to_string(), |value| format!("{name} is {value}"))
    });
    let settings = format!(
        "net.ipv4.conf.all: {} now (0 is the kernel's default): set them back when the last VIP is \
         gone",
        settings.join(" and ")
    );
    vec![vips, settings]
}

/// Returns what there is to say where there is no journal: of VIPs that bear our mark all the
/// same. It is in another state folder, or gone.
pub fn without_journal() -> Option<String> {
    let commands = marked().ok().filter(|commands| !commands.is_empty())?;
    Some(format!(
        "there is no journal here, and yet VIPs bear the mark of rs-agent: set up with another \
         --state-dir, or the journal was removed; they go by {}",
        few(commands, 8)
    ))
}

fn marked() -> Result<Vec<String>, NetlinkError> {
    let net = Netlink::connect()?;
    let addresses = net.addresses(&net.links()?)?.into_iter();
    let ours = addresses.filter(|have| have.tag == Some(ADDRESS_TAG)).map(|have| {
        let (ip, device) = (have.ip, have.device);
        let vip = Change::Address { ip, device, tag: None, scope: Scope::Host, label: None };
        format!("`{}`", vip.undo())
    });
    Ok(ours.collect())
}
