// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sorts as `-L` and `-S` do, flaws included.
//!
//! `ipvsadm` compares by the sign of a 32-bit difference, so what lies 2^31 or
//! more apart compares the wrong way round, and not even transitively. What
//! comes out then depends on the algorithm: it is the merge sort of the C
//! library's `qsort`.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipvs_netlink::{AddressFamily, DestinationKey, Protocol, ServiceKey};

/// Sorts services by mark, family, protocol, address and port.
pub(super) fn services<T>(items: &mut Vec<T>, key: impl Fn(&T) -> ServiceKey) {
    merge_sort(items, &|a, b| compare_services(&key(a), &key(b)));
}

/// Sorts real servers by address and port. Of two families only the first 32 bits
/// are compared.
pub(super) fn servers<T>(items: &mut Vec<T>, key: impl Fn(&T) -> DestinationKey) {
    merge_sort(items, &|a, b| compare_servers(&key(a), &key(b)));
}

/// Like `msort_with_tmp`: halves, the first the smaller, merged with equals from
/// the first. (The standard library may panic on an order like this one.)
fn merge_sort<T>(items: &mut Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() <= 1 {
        return;
    }
    let mut second = items.split_off(items.len() / 2);
    merge_sort(items, compare);
    merge_sort(&mut second, compare);
    let mut first = std::mem::take(items).into_iter().peekable();
    let mut second = second.into_iter().peekable();
    while let (Some(a), Some(b)) = (first.peek(), second.peek()) {
        let next = if compare(a, b) == Ordering::Greater { second.next() } else { first.next() };
        items.extend(next);
    }
    items.extend(first);
    items.extend(second);
}

fn by_difference(a: u32, b: u32) -> Ordering {
    (a.wrapping_sub(b) as i32).cmp(&0)
}

fn compare_services(a: &ServiceKey, b: &ServiceKey) -> Ordering {
    let parts = |key: &ServiceKey| match *key {
        ServiceKey::Fwmark { mark, .. } => (mark.get(), Protocol::Tcp, None, 0),
        ServiceKey::Endpoint { protocol, address, port } => (0, protocol, Some(address), port),
    };
    let (mark_a, protocol_a, address_a, port_a) = parts(a);
    let (mark_b, protocol_b, address_b, port_b) = parts(b);
    let addresses = || match (address_a, address_b) {
        (Some(a), Some(b)) => compare_addresses(a, b),
        _ => Ordering::Equal,
    };
    by_difference(mark_a, mark_b)
        .then_with(|| family(a.family()).cmp(&family(b.family())))
        .then_with(|| protocol_a.number().cmp(&protocol_b.number()))
        .then_with(addresses)
        .then_with(|| port_a.cmp(&port_b))
}

fn compare_servers(a: &DestinationKey, b: &DestinationKey) -> Ordering {
    let addresses = if a.family() == b.family() {
        compare_addresses(a.address, b.address)
    } else {
        by_difference(words(a.address)[0], words(b.address)[0])
    };
    addresses.then_with(|| a.port.cmp(&b.port))
}

fn family(family: AddressFamily) -> u8 {
    match family {
        AddressFamily::Ipv4 => 2,
        AddressFamily::Ipv6 => 10,
    }
}

fn words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(v4) => [v4.to_bits(), 0, 0, 0],
        IpAddr::V6(v6) => [96, 64, 32, 0].map(|shift| (v6.to_bits() >> shift) as u32),
    }
}

fn compare_addresses(a: IpAddr, b: IpAddr) -> Ordering {
    let pairs = words(a).into_iter().zip(words(b));
    pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| by_difference(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &[&str]) -> Vec<String> {
        let mut keys: Vec<ServiceKey> = keys.iter().map(|key| key.parse().unwrap()).collect();
        services(&mut keys, |key| *key);
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn services_come_by_mark_family_protocol_address_and_port() {
        let order = [
            "tcp/10.0.0.9:80",
            "tcp/10.0.0.10:80",
            "tcp/10.0.0.10:443",
            "udp/10.0.0.1:53",
            "sctp/10.0.0.1:9",
            "tcp/[2001:db8::1]:80",
            "fwmark/7",
            "fwmark/7/ipv6",
            "fwmark/8",
        ];
        let mut reversed = order;
        reversed.reverse();
        assert_eq!(sorted(&reversed), order);
    }

    #[test]
    fn what_is_far_apart_comes_the_wrong_way_round() {
        assert_eq!(
            sorted(&["tcp/0.0.0.0:1", "tcp/10.0.0.1:1", "tcp/255.255.255.255:1"]),
            ["tcp/255.255.255.255:1", "tcp/0.0.0.0:1", "tcp/10.0.0.1:1"]
        );
        assert_eq!(
            sorted(&["tcp/[2001:db8::1]:1", "tcp/[fe80::1]:1"]),
            ["tcp/[fe80::1]:1", "tcp/[2001:db8::1]:1"]
        );
        assert_eq!(sorted(&["fwmark/1", "fwmark/4294967295"]), ["fwmark/4294967295", "fwmark/1"]);
    }
    #[test]
    fn servers_of_two_families_compare_by_their_first_bits() {
        let mut keys: Vec<DestinationKey> =
            ["[2001:db8::1]:1", "10.0.0.1:2", "40.0.0.1:1", "10.0.0.1:1"]
                .map(|key| key.parse().unwrap())
                .to_vec();
        servers(&mut keys, |key| *key);
        let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(keys, ["10.0.0.1:1", "10.0.0.1:2", "[2001:db8::1]:1", "40.0.0.1:1"]);
    }
}
