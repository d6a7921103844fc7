// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what a listing lacks that was read without `CAP_NET_ADMIN`: it is told, and never shown as
//! a zero.

use lvs_term::Label;
use serde_json::Value;

use super::Format;
use crate::commands::{IsSettled, Listing, Outcome};

/// The fields of `list --json` that `/proc/net/ip_vs` does not have.
const LACKS: [&str; 8] = [
    "services[].scheduler_flags",
    "services[].persistent.timeout_seconds",
    "services[].engine",
    "services[].stats",
    "services[].servers[].tunnel",
    "services[].servers[].upper_threshold",
    "services[].servers[].lower_threshold",
    "services[].servers[].connections.persistent",
];
const SERVER_STATS: &str = "services[].servers[].stats";
/// It tells a mark without its family, of which the name of the service and the form of
/// the netmask depend.
const OF_MARKS: [&str; 3] =
    ["services[].service", "services[].family", "services[].persistent.netmask"];
const OF_IPV6: &str = "services[].one_packet";
/// Beside a writer that never rests, and before Linux 7.1 beside services of other namespaces, some
/// may be missing.
const UNSETTLED: &str = "services[]";

/// Returns the lines that say so on standard error, if there is anything to say. A JSON document
/// says it itself, in `lacks`.
pub(super) fn said_of(outcome: &Outcome, format: Format) -> String {
    match outcome {
        Outcome::Listed(Listing { public: Some(settled), .. }) if format != Format::Json => {
            warning_lines(*settled)
        }
        _ => String::new(),
    }
}

fn warning_lines(IsSettled(is_settled): IsSettled) -> String {
    let mut lines = Label::Warning.line(
        "without CAP_NET_ADMIN this is what /proc/net/ip_vs has: no scheduler flags, no \
         persistence timeouts and engines, no types of tunnels, no thresholds, no counters; of \
         IPv6 services no `ops`, of marks neither family nor netmask",
    );
    if !is_settled {
        lines += &Label::Warning.line(
            "services may be missing: other programs change the table, or before Linux 7.1 other \
             network namespaces have services",
        );
    }
    lines
        + &Label::Hint
            .line("run it as root, or with CAP_NET_ADMIN in the initial user namespace, to see all")
}

/// Takes out of the document what is not known, and says so in `lacks`.
pub(super) fn redact(document: &mut Value, IsSettled(is_settled): IsSettled) {
    let mut lacks: Vec<&str> = LACKS.into_iter().chain([SERVER_STATS]).collect();
    for path in LACKS.into_iter().chain([SERVER_STATS]) {
        remove(document, path);
    }
    let services = document.get_mut("services").and_then(Value::as_array_mut);
    let (mut marks, mut ipv6) = (false, false);
    for service in services.into_iter().flatten() {
        let is_mark = service.get("fwmark").is_some();
        let address = service.get("address").and_then(Value::as_str).unwrap_or_default();
        let is_ipv6 = address.contains(':');
        marks |= is_mark;
        ipv6 |= is_ipv6;
        let below = |path: &'static str| path.trim_start_matches("services[].");
        for path in OF_MARKS.into_iter().filter(|_| is_mark) {
            remove(service, below(path));
        }
        if is_ipv6 {
            remove(service, below(OF_IPV6));
        }
    }
    lacks.extend(OF_MARKS.into_iter().filter(|_| marks));
    lacks.extend([OF_IPV6].into_iter().filter(|_| ipv6));
    lacks.extend([UNSETTLED].into_iter().filter(|_| !is_settled));
    if let Some(document) = document.as_object_mut() {
        document.insert("lacks".to_owned(), lacks.into());
    }
}

/// Takes a field out of all objects that have it.
fn remove(value: &mut Value, path: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (name.strip_suffix("[]"), rest) {
        (Some(list), Some(rest)) => {
            let items = value.get_mut(list).and_then(Value::as_array_mut);
            items.into_iter().flatten().for_each(|item| remove(item, rest));
        }
        (_, Some(rest)) => {
            if let Some(object) = value.get_mut(name) {
                remove(object, rest);
            }
        }
        (_, None) => {
            if let Some(object) = value.as_object_mut() {
                object.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_not_known_is_not_there() {
        let mut listing = sample::listing(sample::services());
        listing.public = Some(IsSettled(false));
        let mut out = Vec::new();
        super::super::json::write_listing(&mut listing, &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let [web, sip, mark, _] = document["services"].as_array().unwrap().as_slice() else {
            panic!("{document}");
        };
        assert_eq!(
            web["servers"][0],
            json!({
                "server": "10.0.0.11:8080", "address": "10.0.0.11", "port": 8080,
                "method": "nat", "weight": 3, "connections": {"active": 7, "inactive": 12},
            })
        );
        assert_eq!((web["service"].as_str(), web.get("stats")), (Some("tcp/192.0.2.10:80"), None));
        assert_eq!(sip["persistent"], json!({"netmask": "64"}));
        assert_eq!((sip.get("one_packet"), sip.get("engine")), (None, None));
        assert_eq!(
            *mark,
            json!({
                "fwmark": 7, "scheduler": "rr", "one_packet": false, "persistent": {},
                "servers": [],
            })
        );
        let lacks = document["lacks"].as_array().unwrap();
        assert_eq!(lacks.len(), LACKS.len() + 1 + OF_MARKS.len() + 2);
        assert!(lacks.contains(&json!(UNSETTLED)) && lacks.contains(&json!(OF_IPV6)));
        // What the document says is not said again.
        let outcome = Outcome::Listed(listing);
        assert_eq!(said_of(&outcome, Format::Json), "");
        let said = said_of(&outcome, Format::Text);
        assert_eq!(said.lines().filter(|line| line.starts_with("warning: ")).count(), 2, "{said}");
    }
}
