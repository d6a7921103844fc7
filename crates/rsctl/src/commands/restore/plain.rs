// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines in the usual words and order of `ipvsadm -Sn`, read without clap, which
//! takes some hundred times as long: a table has 100,000 of them.
//!
//! What is not in that form, or is wrong in any way, is left to clap, so what is
//! taken here is what clap takes too.

use std::net::SocketAddrV4;

use ipvs_netlink::{Change, Destination, ForwardingMethod, Protocol, Service, ServiceKey, Weight};

use crate::cli::Endpoint;
use crate::commands::server;

/// What the words of a line ask for, if they are of that form.
pub(super) fn read(words: &[&str]) -> Option<Change> {
    match words {
        ["-A", protocol, vip, "-s", scheduler] => {
            let service = Service::new(key(protocol, vip)?, scheduler.parse().ok()?);
            Some(Change::AddService(service))
        }
        ["-a", protocol, vip, "-r", rip, method, "-w", weight] => {
            let service = key(protocol, vip)?;
            let forwarding = match *method {
                "-m" => ForwardingMethod::Masquerade,
                "-g" => ForwardingMethod::Gateway,
                _ => return None,
            };
            let real = server::key(&service, endpoint(rip)?);
            let mut destination = Destination::new(real, forwarding);
            destination.weight = number(weight)?;
            Some(Change::AddDestination { service, destination })
        }
        _ => None,
    }
}

fn key(protocol: &str, vip: &str) -> Option<ServiceKey> {
    let protocol = match protocol {
        "-t" => Protocol::Tcp,
        "-u" => Protocol::Udp,
        _ => return None,
    };
    let Endpoint { address, port } = endpoint(vip)?;
    Some(ServiceKey::Endpoint { protocol, address, port: port? })
}

fn endpoint(text: &str) -> Option<Endpoint> {
    // Most are of this kind, of which std is as strict as we are.
    match text.parse::<SocketAddrV4>() {
        Ok(it) => Some(Endpoint { address: (*it.ip()).into(), port: Some(it.port()) }),
        Err(_) => text.parse().ok(),
    }
}

fn number(weight: &str) -> Option<Weight> {
    // A sign is a matter for clap.
    let digits = weight.bytes().all(|byte| byte.is_ascii_digit());
    Weight::new(weight.parse().ok().filter(|_| digits)?).ok()
}
