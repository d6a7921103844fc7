// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::{Debug, Display};
use std::str::FromStr as _;

use super::{BadValue, Endpoint, NamespaceName};
use super::{typed, value};

/// Checks that each parser of a value takes `data` or refuses it with a reason, and what it takes
/// is the same when it is written down and read again. `harmless` judges the reasons.
pub(crate) fn values(data: &[u8], harmless: fn(&str)) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    shown(text, harmless, value::weight);
    shown(text, harmless, value::upper_threshold);
    shown(text, harmless, value::lower_threshold);
    shown(text, harmless, value::tunnel_port);
    shown(text, harmless, value::fwmark);
    shown(text, harmless, typed::fwmark);
    shown(text, harmless, typed::timeout);
    shown(text, harmless, typed::seconds);
    shown(text, harmless, typed::interval);
    shown(text, harmless, typed::scheduler);
    shown(text, harmless, typed::engine);
    shown(text, harmless, typed::service);
    shown(text, harmless, value::lines);
    shown(text, harmless, value::state);
    shown(text, harmless, value::sync_id);
    shown(text, harmless, value::sync_max_length);
    shown(text, harmless, value::mcast_port);
    shown(text, harmless, value::ttl);
    shown(text, harmless, value::multicast);
    shown(text, harmless, value::interface);
    shown(text, harmless, value::scheduler);
    shown(text, harmless, value::engine);
    shown(text, harmless, value::service);
    shown(text, harmless, value::vip);
    same(text, harmless, value::persistence_timeout, |timeout| timeout.as_seconds().to_string());
    same(text, harmless, typed::persistence_timeout, |timeout| timeout.as_seconds().to_string());
    same(text, harmless, value::network, |(address, length)| format!("{address}/{length}"));
    same(text, harmless, value::vips, |(address, length)| format!("{address}/{length}"));
    same(text, harmless, Endpoint::from_str, endpoint);
    for parse in [typed::tcp, typed::udp, typed::sctp, typed::server] {
        same(text, harmless, parse, endpoint);
    }
    same(text, harmless, str::parse, |name: &NamespaceName| match name {
        NamespaceName::Name(name) => name.clone(),
        NamespaceName::Process(pid) => format!("pid:{pid}"),
        NamespaceName::Path(path) => path.display().to_string(),
    });
}

fn endpoint(Endpoint { address, port }: &Endpoint) -> String {
    match port {
        Some(port) => std::net::SocketAddr::new(*address, *port).to_string(),
        // One of IPv6 stands in brackets everywhere.
        None => address.to_string(),
    }
}

fn shown<T: Debug + Display + PartialEq>(
    text: &str,
    harmless: fn(&str),
    parse: fn(&str) -> Result<T, BadValue>,
) {
    same(text, harmless, parse, T::to_string);
}

fn same<T: Debug + PartialEq>(
    text: &str,
    harmless: fn(&str),
    parse: fn(&str) -> Result<T, BadValue>,
    show: impl Fn(&T) -> String,
) {
    match parse(text) {
        Ok(value) => {
            let shown = show(&value);
            assert_eq!(parse(&shown).as_ref(), Ok(&value), "{text:?} is shown as {shown:?}");
        }
        Err(bad) => {
            for line in [Some(bad.to_string()), bad.hint].into_iter().flatten() {
                harmless(&format!("{}\n", lvs_term::one_line(&line)));
            }
        }
    }
}
