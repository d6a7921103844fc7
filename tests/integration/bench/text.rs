// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tables as lines of `ipvsadm`.

use std::fmt;

use crate::load::{Item, Key, Load, PORTS, SCHEDULER};

/// What lines may say beside the plain ones, as `ipvsadm -Sn` writes it.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Plain,
    WithoutWeight,
    Thresholds,
    Ipip,
    Gue,
    Gre,
    Persistent,
    OnePacket,
}

/// All but the plain ones.
pub(crate) const KINDS: [Kind; 7] = [
    Kind::WithoutWeight,
    Kind::Thresholds,
    Kind::Ipip,
    Kind::Gue,
    Kind::Gre,
    Kind::Persistent,
    Kind::OnePacket,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::WithoutWeight => "without -w",
            Self::Thresholds => "-x and -y",
            Self::Ipip => "-i, ipip",
            Self::Gue => "-i, gue",
            Self::Gre => "-i, gre",
            Self::Persistent => "-p and -M",
            Self::OnePacket => "-o",
        })
    }
}

impl Kind {
    fn protocol(self) -> &'static str {
        if matches!(self, Self::OnePacket) { "-u" } else { "-t" }
    }

    fn of_service(self) -> &'static str {
        match self {
            Self::Persistent => " -p 300 -M 255.255.255.0",
            Self::OnePacket => " -o",
            _ => "",
        }
    }

    fn of_server(self) -> &'static str {
        match self {
            Self::WithoutWeight => "-m",
            Self::Thresholds => "-m -w 1 -x 1000 -y 500",
            Self::Ipip => "-i -w 1 --tun-type ipip",
            Self::Gue => "-i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum",
            Self::Gre => "-i -w 1 --tun-type gre --tun-csum",
            _ => "-m -w 1",
        }
    }

    /// Behind a tunnel the port is that of the service.
    fn port_of_servers(self) -> u16 {
        if self.of_server().starts_with("-i") { PORTS.0 } else { PORTS.1 }
    }
}

/// `load` in the form of `ipvsadm -Sn`.
pub(crate) fn lines(load: Load, kind: Kind) -> String {
    let name = |key| match key {
        Key::Address(vip) => format!("{} {vip}:{}", kind.protocol(), PORTS.0),
        Key::Mark(mark) => format!("-f {mark}"),
    };
    let line = |item| match item {
        Item::Service(key) => format!("-A {} -s {SCHEDULER}{}\n", name(key), kind.of_service()),
        Item::Destination { service, address } => {
            let port = match service {
                Key::Address(_) => kind.port_of_servers(),
                Key::Mark(_) => 0,
            };
            format!("-a {} -r {address}:{port} {}\n", name(service), kind.of_server())
        }
    };
    load.items().map(line).collect()
}

/// The plain lines of `load`, but for the weight of the last server.
pub(crate) fn changed(load: Load) -> String {
    let mut lines = lines(load, Kind::Plain);
    assert_eq!(lines.split_off(lines.len() - 2), "1\n");
    lines + "2\n"
}
