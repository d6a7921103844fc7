// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::{Debug, Display};

use super::value;
use super::{BadValue, Endpoint, NamespaceName};
use crate::fuzzing::harmless;
use crate::output;

/// Each parser of a value takes `data` or refuses it with a reason, and what it
/// takes is the same when it is written down and read again.
pub(crate) fn values(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    shown(text, value::weight);
    shown(text, value::upper_threshold);
    shown(text, value::lower_threshold);
    shown(text, value::tunnel_port);
    shown(text, value::fwmark);
    shown(text, value::timeout);
    shown(text, value::seconds);
    shown(text, value::lines);
    shown(text, value::state);
    shown(text, value::sync_id);
    shown(text, value::sync_max_length);
    shown(text, value::mcast_port);
    shown(text, value::ttl);
    shown(text, value::multicast);
    shown(text, value::interface);
    shown(text, value::scheduler);
    shown(text, value::engine);
    shown(text, value::service);
    same(text, value::persistence_timeout, |timeout| timeout.as_seconds().to_string());
    same(text, value::network, |(address, length)| format!("{address}/{length}"));
    same(text, str::parse, |Endpoint { address, port }| match port {
        Some(port) => std::net::SocketAddr::new(*address, *port).to_string(),
        None => address.to_string(),
    });
    same(text, str::parse, |name: &NamespaceName| match name {
        NamespaceName::Name(name) => name.clone(),
        NamespaceName::Process(pid) => format!("pid:{pid}"),
        NamespaceName::Path(path) => path.display().to_string(),
    });
}

fn shown<T: Debug + Display + PartialEq>(text: &str, parse: fn(&str) -> Result<T, BadValue>) {
    same(text, parse, T::to_string);
}

fn same<T: Debug + PartialEq>(
    text: &str,
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
                harmless(&format!("{}\n", output::one_line(&line)));
            }
        }
    }
}
