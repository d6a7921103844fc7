// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the JSON schema of the file, from the keys that its reader knows.

use ipvs_netlink::{
    ForwardingMethod, GueChecksum, PersistenceTimeout, Scheduler, SchedulerFlag, SetTimeouts,
    SyncRole, Tunnel,
};

use super::director::{DAEMON, DIRECTOR, SYSCTLS, TIMEOUTS, Takes};
use super::keys::Keys;
use super::node::{self, Node};
use super::scope::SCOPE;
use super::servers::{POOL, SERVER};
use super::services::{DEFAULTS, SERVICE};
use super::settings::{STICKY, TUNNEL};
use super::{FILE, FORMAT};

/// Returns a JSON schema (draft 2020-12) of the file, by which editors complete and check it. It
/// knows keys, forms and words; what is wrong beside something else, only [`read`](super::read)
/// tells.
#[must_use]
pub fn schema() -> String {
    let mut fields = vec![
        ("$schema".to_owned(), Node::text("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), Node::Text(format!("IPVS cluster, {FORMAT}"))),
    ];
    if let Node::Map(file) = file() {
        fields.extend(file);
    }
    fields.push(("$defs".to_owned(), Node::Map(shared())));
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = node::json(&fields, &mut out);
    out
}

fn file() -> Node {
    let defaults = object(&DEFAULTS, &[], DEFAULTS.names.map(of));
    let keys = [
        told("The format of this file.", map([("const", Node::text(FORMAT))])),
        told(
            "Names for virtual addresses, for use in `service`.",
            named(one_or_more(of("address"))),
        ),
        told("What the director itself is set to.", director()),
        told("What holds wherever nothing nearer is said.", defaults),
        told("Servers that several services use, by the name of the pool.", named(pool())),
        told("The virtual services.", list(service())),
        told("What of a director `--prune` may delete.", scope()),
    ];
    object(&FILE, &["format", "services"], keys)
}

/// What several places refer to, by its name.
fn shared() -> Vec<(String, Node)> {
    let words = [
        ("name", text("^[A-Za-z][A-Za-z0-9_.-]*$")),
        ("address", text(&format!("^({V4}|{V6})$"))),
        ("vip", text(&format!("^([A-Za-z][A-Za-z0-9_.-]*|{V4}|{V6})$"))),
        (
            "key",
            text(&format!("^((tcp|udp|sctp|esp|ah)/{VIP}:{PORTS}|fwmark/[1-9][0-9]*(/ipv6)?)$")),
        ),
        ("network", text(&format!("^({V4}(/[0-9]{{1,2}})?|{V6}(/[0-9]{{1,3}})?)$"))),
        ("time", text("^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$")),
        (
            "addresses",
            text(&format!("^({V4}{TO_V4}(:{PORT})?|{V6}{TO_V6}|\\[{V6}{TO_V6}\\]:{PORT})$")),
        ),
        ("servers", list(any([of("addresses"), server()]))),
        ("port", number(0, u16::MAX.into())),
    ];
    let words = words.into_iter();
    let words = words.chain(service_settings());
    let words = words.chain(server_settings());
    words.map(|(name, schema)| (name.to_owned(), schema)).collect()
}

const V4: &str = "[0-9]{1,3}(\\.[0-9]{1,3}){3}";
const V6: &str = "[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*";
const TO_V4: &str = "( ?- ?[0-9.]+)?";
const TO_V6: &str = "( ?- ?[0-9A-Fa-f:.]+)?";
const VIP: &str = "([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])";
const PORT: &str = "[0-9]{1,5}";
const PORTS: &str = "[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*";
const WORD: &str = "^[a-z0-9_]{1,15}$";

fn director() -> Node {
    let timeout = |what: &str| told(what, time(SetTimeouts::MAX));
    let timeouts = [
        timeout("Of an open TCP connection."),
        timeout("Of a TCP connection after a FIN."),
        timeout("Of UDP."),
    ];
    let timeouts = object(&TIMEOUTS, &[], timeouts);
    let sizes = number(1, u16::MAX.into());
    let daemon = [
        told("Sends connections, or takes them.", words(SyncRole::ALL.map(SyncRole::name))),
        told("The interface on which it sends or listens.", text("^[^/\\s]{1,15}$")),
        told("Who belongs together has one number; a backup with 0 takes all.", number(0, 255)),
        told("The size of its messages in bytes, which the kernel can choose.", sizes.clone()),
        told("The multicast group.", of("address")),
        told("The UDP port.", sizes),
        told("How many routers a message may pass.", number(1, u8::MAX.into())),
    ];
    let daemon = object(&DAEMON, &["role", "interface", "syncid"], daemon);
    let dips = "Its own addresses (DIP): the gateway of servers with the method nat.";
    let keys = [
        told(dips, one_or_more(of("address"))),
        told("After how long an idle connection is forgotten.", timeouts),
        told("Settings of net.ipv4.vs.", sysctls()),
        told("The sync daemons that run; others are stopped.", list(daemon)),
    ];
    object(&DIRECTOR, &[], keys)
}

fn sysctls() -> Node {
    let numbers = || number(0, i32::MAX.into());
    let one_or_two = |items| {
        let (least, most) = (("minItems", Node::Number(1)), ("maxItems", Node::Number(2)));
        map([("type", Node::text("array")), ("items", items), least, most])
    };
    let value = |takes: &Takes| match takes {
        Takes::Number(least, most) => number(*least, *most),
        Takes::Pair => any([text("^\\s*[0-9]+\\s+[0-9]+\\s*$"), numbers(), one_or_two(numbers())]),
        Takes::Text => map([("type", strings(["string", "integer"]))]),
    };
    let settings = SYSCTLS.iter().map(|(name, takes)| ((*name).to_owned(), value(takes)));
    map([
        ("type", Node::text("object")),
        ("additionalProperties", Node::Truth(false)),
        ("properties", Node::Map(settings.collect())),
    ])
}

/// What a service has besides its key and its servers.
fn service_settings() -> [(&'static str, Node); 5] {
    let scheduler = any([words(Scheduler::known().map(Scheduler::name)), text(WORD)]);
    let flags = one_or_more(words(SchedulerFlag::ALL.map(SchedulerFlag::name)));
    let most = PersistenceTimeout::MAX.as_seconds();
    let mask = any([text("^(/?[0-9]{1,3}|[0-9.]+)$"), number(1, 128)]);
    let keys = [
        told("How long a client is remembered; 6 minutes if nothing is said.", time(most)),
        told("How much of its address counts: an IPv4 mask, an IPv6 length.", one_or_more(mask)),
    ];
    let never = map([("const", Node::Truth(false))]);
    let scheduler =
        told("Chooses a server for a new connection; wlc if nothing is said.", scheduler);
    let persistent = any([time(most), object(&STICKY, &[], keys), never]);
    let one_packet = map([("type", Node::text("boolean"))]);
    [
        ("scheduler", scheduler),
        ("scheduler_flags", told("Flags of the scheduler.", flags)),
        ("persistent", told("Keeps a client on its server.", persistent)),
        ("engine", told("Knows a client by something in the packet, as `sip` does.", text(WORD))),
        ("one_packet", told("Schedules each packet of UDP by itself.", one_packet)),
    ]
}

/// What a server has besides its address and port.
fn server_settings() -> [(&'static str, Node); 5] {
    let methods = [
        ForwardingMethod::Gateway,
        ForwardingMethod::Masquerade,
        ForwardingMethod::Tunnel(Tunnel::Ipip),
        ForwardingMethod::Local,
    ];
    let others = methods.iter().flat_map(ForwardingMethod::other_names).copied();
    let method = any([words(methods.iter().filter_map(ForwardingMethod::name)), words(others)]);
    let checksums = [GueChecksum::None, GueChecksum::Outer, GueChecksum::Remote];
    let tunnel = [
        told("What a packet travels in.", words(["ipip", "gue", "gre"])),
        told("The UDP port of a gue tunnel.", number(1, u16::MAX.into())),
        told("What protects the packets.", words(checksums.map(GueChecksum::name))),
    ];
    let tunnel = any([words(["ipip", "gre"]), object(&TUNNEL, &["type"], tunnel)]);
    let number = |what| told(what, number(0, i32::MAX.into()));
    let weight = "A server's share of new connections; 1 if nothing is said, 0 drains it.";
    [
        ("method", told("How packets reach a server; dr if nothing is said.", method)),
        ("tunnel", told("The tunnel of the method tun; ipip if nothing is said.", tunnel)),
        ("weight", number(weight)),
        ("upper_threshold", number("With so many connections it gets no more; 0 is no limit.")),
        ("lower_threshold", number("Below so many it gets some again; 0: 3/4 of the upper.")),
    ]
}

fn server() -> Node {
    let [_, _, settings @ ..] = SERVER.names;
    let [a, b, c, d, e] = settings.map(of);
    let server = told("ADDRESS, ADDRESS:PORT, FIRST-LAST or FIRST-LAST:PORT.", of("addresses"));
    let port = told("Its port, if it is not the service's.", of("port"));
    object(&SERVER, &["server"], [server, port, a, b, c, d, e])
}

fn pool() -> Node {
    let [_, _, settings @ ..] = POOL.names;
    let [a, b, c, d, e] = settings.map(of);
    let servers = told("Its servers.", of("servers"));
    let port = told("The port of servers that say none.", of("port"));
    let keys = [servers, port, a, b, c, d, e];
    any([object(&POOL, &["servers"], keys), of("servers")])
}

fn service() -> Node {
    let what = "PROTOCOL/VIP:PORTS or fwmark/NUMBER[/ipv6]: each port is a service.";
    let pools = "The pool whose servers it has, or the pools.";
    let [_, _, _, _, settings @ ..] = SERVICE.names;
    let [a, b, c, d, e, f, g, h, i, j] = settings.map(of);
    let keys = [
        told(what, one_or_more(of("key"))),
        told(pools, one_or_more(of("name"))),
        told("Its servers.", of("servers")),
        told("The VIPs that a firewall mark stands for.", one_or_more(of("vip"))),
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        i,
        j,
    ];
    let needs = |key| Node::line([("required", Some(strings([key])))]);
    let mut service = object(&SERVICE, &["service"], keys);
    if let Node::Map(fields) = &mut service {
        fields.push(("anyOf".to_owned(), Node::List(vec![needs("pool"), needs("servers")])));
    }
    service
}

fn scope() -> Node {
    let servers = "In them, only servers with these addresses or in these networks.";
    let keys = [
        told("All services of these VIPs.", one_or_more(of("vip"))),
        told("These services.", one_or_more(of("key"))),
        told(servers, one_or_more(of("network"))),
    ];
    any([map([("const", Node::text("everything"))]), object(&SCOPE, &[], keys)])
}

/// Returns a mapping with exactly the keys that the reader knows, and for each the value that has
/// its place.
fn object<const N: usize>(keys: &Keys<N>, required: &[&str], values: [Node; N]) -> Node {
    let names = keys.names.into_iter().map(str::to_owned);
    let mut fields = vec![
        ("type".to_owned(), Node::text("object")),
        ("additionalProperties".to_owned(), Node::Truth(false)),
    ];
    if !required.is_empty() {
        fields.push(("required".to_owned(), strings(required.iter().copied())));
    }
    fields.push(("properties".to_owned(), Node::Map(names.zip(values).collect())));
    Node::Map(fields)
}

/// Returns a mapping of names that the file gives.
fn named(values: Node) -> Node {
    map([
        ("type", Node::text("object")),
        ("propertyNames", of("name")),
        ("additionalProperties", values),
    ])
}

fn list(items: Node) -> Node {
    map([("type", Node::text("array")), ("items", items)])
}

fn one_or_more(item: Node) -> Node {
    any([item.clone(), list(item)])
}

fn any<const N: usize>(all: [Node; N]) -> Node {
    map([("anyOf", Node::List(all.into()))])
}

fn time(most: u32) -> Node {
    any([number(1, most.into()), of("time")])
}

fn number(least: i64, most: i64) -> Node {
    Node::line([
        ("type", Some(Node::text("integer"))),
        ("minimum", Some(Node::Number(least))),
        ("maximum", Some(Node::Number(most))),
    ])
}

fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> Node {
    Node::line([("enum", Some(strings(all)))])
}

fn text(pattern: &str) -> Node {
    Node::line([("type", Some(Node::text("string"))), ("pattern", Some(Node::text(pattern)))])
}

/// Refers to one of [`shared`].
fn of(name: &str) -> Node {
    Node::line([("$ref", Some(Node::Text(format!("#/$defs/{name}"))))])
}

fn strings<'a>(all: impl IntoIterator<Item = &'a str>) -> Node {
    Node::List(all.into_iter().map(Node::text).collect()).on_one_line()
}

fn map<const N: usize>(fields: [(&str, Node); N]) -> Node {
    Node::Map(fields.map(|(key, node)| (key.to_owned(), node)).into())
}

/// Adds what an editor shows beside a key.
fn told(what: &str, schema: Node) -> Node {
    let mut fields = vec![("description".to_owned(), Node::text(what))];
    match schema {
        Node::Map(more) => fields.extend(more),
        Node::Line(line) => {
            if let Node::Map(more) = *line {
                fields.extend(more);
            }
        }
        _ => {}
    }
    Node::Map(fields)
}
