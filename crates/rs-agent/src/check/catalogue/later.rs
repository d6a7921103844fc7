// SPDX-License-Identifier: MIT OR Apache-2.0
//! About what will change it later.

use lvs_check::Severity::{Error, Info, Warning};

lvs_check::rules! {
    pub(crate) RULES:
    RS_MGR_01 "RS-MGR-01" {
        severities: &[Warning],
        meaning: "systemd-networkd has configured the device of a VIP that it does not know, and does not keep it: `KeepConfiguration=static` keeps no deprecated address, as an IPv6 VIP is",
        reads: "`/run/systemd/netif/links`, the `.network` file and its drop-ins",
        remedy: "`KeepConfiguration=yes`, or declare the VIP",
        why: "the VIP goes when networkd restarts or reconfigures the device",
        blind: "configuration that is changed but not loaded; networkd in another namespace",
    }
    RS_MGR_02 "RS-MGR-02" {
        severities: &[Warning, Info],
        meaning: "NetworkManager manages the device of a VIP: a warning by a profile that does not have the VIP, an info by one that has it or that NetworkManager made of what it found",
        reads: "`/run/NetworkManager/devices`, profiles (root only)",
        remedy: "`unmanaged-devices=interface-name:DEVICE`",
        why: "when the profile is activated the VIP goes, or becomes an address like any other: scope global, not deprecated",
        blind: "profiles that are not activated",
    }
    RS_MGR_03 "RS-MGR-03" {
        severities: &[Warning, Error],
        meaning: "Calico is here in mode tun; an error if the VIP or the traffic is on `tunl0`",
        reads: "interfaces, processes",
        remedy: "a device of its own and an exception, or GUE",
        why: "felix removes foreign addresses from tunl0 and drops foreign IP in IP",
        blind: "other overlays that own a tunnel device",
    }
    RS_MGR_04 "RS-MGR-04" {
        severities: &[Warning, Info],
        meaning: "keepalived uses `use_vmac`; a warning if its interface does not have the settings that keepalived gives it (Linux 7.2 refuses them), and answers ARP wrongly for it",
        reads: "`/etc/keepalived`, interfaces, `net/ipv4/conf/{all,IF}/{accept_local,rp_filter,arp_ignore}`",
        remedy: "rely on `all`; the settings by hand",
        why: "its addresses are answered for with two MAC addresses, or with none",
        blind: "files that the main one includes from other folders",
    }
    RS_MGR_05 "RS-MGR-05" {
        severities: &[Warning],
        meaning: "A file sets one of our keys otherwise",
        reads: "sysctl.d, `/etc/sysctl.conf`",
        remedy: "remove the line, or a file with a later name",
        why: "after a reboot the setting is gone",
        blind: "tuned, scripts and containers' runtimes that set it by other means",
    }
    RS_MGR_06 "RS-MGR-06" {
        severities: &[Warning],
        meaning: "The default route leads into a device that only carries VIPs, as dhcpcd makes it",
        reads: "routes, addresses",
        remedy: "`denyinterfaces` in dhcpcd.conf, and delete the route",
        why: "all that this host sends elsewhere is lost, replies to clients too",
        blind: "a default route of another table",
    }
    RS_PER_01 "RS-PER-01" {
        severities: &[Warning],
        meaning: "A setting is not what set-up wrote",
        reads: "the journal, the setting",
        remedy: "set it again, and find out who did it",
        why: "what set-up made sure of is not sure any more",
        blind: "who changed it",
    }
    RS_PER_02 "RS-PER-02" {
        severities: &[Warning],
        meaning: "No line of sysctl.d names the tunnel device's `rp_filter`, and a glob or `default` sets another value than 2",
        reads: "sysctl.d",
        remedy: "a line for the device, or `rs-agent install-unit`",
        why: "udev applies it as soon as the device is made again",
        blind: "rules of udev that set it by other means",
    }
    RS_PER_03 "RS-PER-03" {
        severities: &[Warning],
        meaning: "A VIP is not as set-up added it: IPv4 has another scope, IPv6 is not deprecated",
        reads: "the journal, addresses",
        remedy: "IPv6 is changed in place, IPv4 added anew behind a local route; tell the network manager (RS-MGR-01, RS-MGR-02)",
        why: "this host may use the VIP as the source of what it sends itself, and the answers go to the director",
        blind: "who changed it",
    }
}
