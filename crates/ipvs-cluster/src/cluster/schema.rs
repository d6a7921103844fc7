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
/// knows forms and words: what is wrong with one thing beside another, only
/// [`read`](super::read) tells.
#[must_use]
pub fn schema() -> String {
    let file = object(
        &FILE,
        &["format", "services"],
        [
            told("The format of this file.", map([("const", Node::text(FORMAT))])),
            told("Names for virtual addresses, which `service` can use.", named(one_or_more(text(ADDRESS)))),
            told("What the director itself is set to.", director()),
            told("What holds wherever nothing nearer is said.", object(&DEFAULTS, &[], both())),
            told("Servers that several services use, by the names of the pools.", named(pool())),
            told("The virtual services.", list(services())),
            told("What of a director `--prune` may delete.", scope()),
        ],
    );
    let mut fields = vec![
        ("$schema".to_owned(), Node::text("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), Node::Text(format!("IPVS cluster, {FORMAT}"))),
    ];
    if let Node::Map(file) = file {
        fields.extend(file);
    }
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = node::json(&fields, &mut out);
    out
}

const ADDRESS: &str = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$";
const NAME: &str = "^[A-Za-z][A-Za-z0-9_.-]*$";
/// A name may stand for an address.
const VIP: &str = "^([A-Za-z][A-Za-z0-9_.-]*|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$";
const KEY: &str = "^((tcp|udp|sctp|esp|ah)/([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\]):\
                   [0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*|fwmark/[1-9][0-9]*(/ipv6)?)$";
const SERVERS: &str = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}( ?- ?[0-9.]+)?(:[0-9]{1,5})?|\
                       [0-9A-Fa-f:]*:[0-9A-Fa-f:.]*( ?- ?[0-9A-Fa-f:.]+)?|\
                       \\[[0-9A-Fa-f:.]+( ?- ?[0-9A-Fa-f:.]+)?\\]:[0-9]{1,5})$";
const NETWORK: &str = "^([0-9.]+|[0-9A-Fa-f:.]+)(/[0-9]{1,3})?$";
const TIME: &str = "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$";
const WORD: &str = "^[a-z0-9_]{1,15}$";

const THRESHOLD: (i64, i64) = (0, i32::MAX as i64);

fn director() -> Node {
    let timeout = |what: &str| told(what, time(SetTimeouts::MAX));
    let daemon = object(
        &DAEMON,
        &["role", "interface", "syncid"],
        [
            told("Sends connections, or takes them.", words(SyncRole::ALL.map(SyncRole::name))),
            told("The interface on which it sends or listens.", text("^[^/\\s]{1,15}$")),
            told("Directors with one number belong together; a backup with 0 takes all.", number(0, 255)),
            told("The size of its messages in bytes; the kernel's own choice fits the interface.", number(1, u16::MAX.into())),
            told("The multicast group.", text(ADDRESS)),
            told("The UDP port.", number(1, u16::MAX.into())),
            told("How many routers a message passes.", number(1, u8::MAX.into())),
        ],
    );
    object(
        &DIRECTOR,
        &[],
        [
            told("Its addresses (DIP): the gateway of servers with the method nat.", one_or_more(text(ADDRESS))),
            told(
                "After how long an idle connection is forgotten.",
                object(
                    &TIMEOUTS,
                    &[],
                    [
                        timeout("Of an open TCP connection."),
                        timeout("Of a TCP connection after a FIN."),
                        timeout("Of UDP."),
                    ],
                ),
            ),
            told("Settings of net.ipv4.vs.", sysctls()),
            told("The sync daemons that run; others are stopped.", list(daemon)),
        ],
    )
}

fn sysctls() -> Node {
    let value = |takes: &Takes| match takes {
        Takes::Number(least, most) => number(*least, *most),
        Takes::Pair => any([
            text("^\\s*[0-9]+\\s+[0-9]+\\s*$"),
            number(0, i32::MAX.into()),
            map([
                ("type", Node::text("array")),
                ("items", number(0, i32::MAX.into())),
                ("minItems", Node::Number(1)),
                ("maxItems", Node::Number(2)),
            ]),
        ]),
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
fn service() -> [Node; 5] {
    let scheduler = Scheduler::known().map(Scheduler::name);
    let mask = || any([text("^(/?[0-9]{1,3}|[0-9.]+)$"), number(1, 128)]);
    let most = PersistenceTimeout::MAX.as_seconds();
    let sticky = object(
        &STICKY,
        &[],
        [
            told("How long a client is remembered; 6 minutes if nothing is said.", time(most)),
            told("How much of its address counts: a mask for IPv4, a prefix length for IPv6.", one_or_more(mask())),
        ],
    );
    let sticky = any([time(most), sticky, map([("const", Node::Truth(false))])]);
    [
        told("Chooses the server of a new connection; wlc if nothing is said.", any([words(scheduler), text(WORD)])),
        told("Flags of the scheduler.", one_or_more(words(SchedulerFlag::ALL.map(SchedulerFlag::name)))),
        told("Keeps each client on its server for a time.", sticky),
        told("Knows clients by something in the packet, as `sip` does.", text(WORD)),
        told("Schedules each packet of UDP by itself.", map([("type", Node::text("boolean"))])),
    ]
}

/// What a server has besides its address and port.
fn server() -> [Node; 5] {
    let methods = [
        ForwardingMethod::Gateway,
        ForwardingMethod::Masquerade,
        ForwardingMethod::Tunnel(Tunnel::Ipip),
        ForwardingMethod::Local,
    ];
    let names = methods.iter().filter_map(ForwardingMethod::name);
    let others = methods.iter().flat_map(ForwardingMethod::other_names).copied();
    let types = || words(["ipip", "gue", "gre"]);
    let checksums = [GueChecksum::None, GueChecksum::Outer, GueChecksum::Remote];
    let tunnel = object(
        &TUNNEL,
        &["type"],
        [
            told("What a packet travels in.", types()),
            told("The UDP port of a gue tunnel.", number(1, u16::MAX.into())),
            told("What protects the packets.", words(checksums.map(GueChecksum::name))),
        ],
    );
    let threshold = || number(THRESHOLD.0, THRESHOLD.1);
    [
        told("How packets reach a server; dr if nothing is said.", any([words(names), words(others)])),
        told("The tunnel of the method tun; ipip if nothing is said.", any([words(["ipip", "gre"]), tunnel])),
        told("A server's share of new connections; 1 if nothing is said, and 0 drains it.", threshold()),
        told("A server with so many connections gets no more; 0 is no limit.", threshold()),
        told("Below so many it gets some again; 0 is three quarters of the upper one.", threshold()),
    ]
}

/// What may be said of both beside a service.
fn both() -> [Node; 10] {
    let [scheduler, flags, persistent, engine, one_packet] = service();
    let [method, tunnel, weight, upper, lower] = server();
    [scheduler, flags, persistent, engine, one_packet, method, tunnel, weight, upper, lower]
}

fn servers() -> Node {
    let [method, tunnel, weight, upper, lower] = server();
    let address = || text(SERVERS);
    let port = told("Its port, if it is not the service's.", number(0, u16::MAX.into()));
    let it = told("ADDRESS, ADDRESS:PORT, FIRST-LAST or FIRST-LAST:PORT.", address());
    let server = object(&SERVER, &["server"], [it, port, method, tunnel, weight, upper, lower]);
    list(any([address(), server]))
}

fn pool() -> Node {
    let [method, tunnel, weight, upper, lower] = server();
    let port = told("The port of servers that say none.", number(0, u16::MAX.into()));
    let all = [told("Its servers.", servers()), port, method, tunnel, weight, upper, lower];
    any([object(&POOL, &["servers"], all), servers()])
}

fn services() -> Node {
    let keys = "PROTOCOL/VIP:PORTS or fwmark/NUMBER[/ipv6]: each of them is a service.";
    let [a, b, c, d, e, f, g, h, i, j] = both();
    let all = [
        told(keys, one_or_more(text(KEY))),
        told("The pool, or the pools, whose servers it has.", one_or_more(text(NAME))),
        told("Its servers.", servers()),
        told("The VIPs that a firewall mark stands for.", one_or_more(text(VIP))),
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
    let needs = |key: &str| map([("required", strings([key]))]);
    let mut entry = object(&SERVICE, &["service"], all);
    if let Node::Map(fields) = &mut entry {
        let either = Node::List(vec![needs("pool").on_one_line(), needs("servers").on_one_line()]);
        fields.push(("anyOf".to_owned(), either));
    }
    entry
}

fn scope() -> Node {
    let keys = [
        told("All services of these VIPs.", one_or_more(text(VIP))),
        told("These services.", one_or_more(text(KEY))),
        told("In them, only servers with these addresses or in these networks.", one_or_more(text(NETWORK))),
    ];
    any([map([("const", Node::text("everything"))]), object(&SCOPE, &[], keys)])
}

/// Returns a mapping with exactly those keys that the reader knows, each with the value that has
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

fn map<const N: usize>(fields: [(&str, Node); N]) -> Node {
    Node::Map(fields.map(|(key, node)| (key.to_owned(), node)).into())
}

/// Adds what an editor shows beside a key.
fn told(what: &str, schema: Node) -> Node {
    let mut fields = vec![("description".to_owned(), Node::text(what))];
    if let Node::Map(more) = schema {
        fields.extend(more);
    }
    Node::Map(fields)
}

fn text(pattern: &str) -> Node {
    map([("type", Node::text("string")), ("pattern", Node::text(pattern))])
}

fn strings<'a>(all: impl IntoIterator<Item = &'a str>) -> Node {
    Node::List(all.into_iter().map(Node::text).collect()).on_one_line()
}

fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> Node {
    map([("enum", strings(all))])
}

fn number(least: i64, most: i64) -> Node {
    map([
        ("type", Node::text("integer")),
        ("minimum", Node::Number(least)),
        ("maximum", Node::Number(most)),
    ])
}

fn time(most: u32) -> Node {
    any([number(1, most.into()), text(TIME)])
}

fn any<const N: usize>(all: [Node; N]) -> Node {
    map([("anyOf", Node::List(all.into()))])
}

fn list(items: Node) -> Node {
    map([("type", Node::text("array")), ("items", items)])
}

fn one_or_more(item: Node) -> Node {
    any([item.clone(), list(item)])
}

/// Returns a mapping of names that the file gives.
fn named(values: Node) -> Node {
    map([
        ("type", Node::text("object")),
        ("propertyNames", map([("pattern", Node::text(NAME))])),
        ("additionalProperties", values),
    ])
}
