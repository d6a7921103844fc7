// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::{Invalid, text};

/// The method says how packets reach a real server (`IP_VS_CONN_F_FWD_MASK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ForwardingMethod {
    /// NAT: destination rewritten to the real server's address and port;
    /// replies return through the director.
    #[doc(alias("NAT", "masq"))]
    Masquerade,
    /// DR: only the MAC address changes; the real server holds the VIP and
    /// answers the client directly.
    #[doc(alias("DR", "direct routing", "DSR"))]
    Gateway,
    /// TUN: the packet travels inside another one; the real server holds the
    /// VIP and answers the client directly.
    #[doc(alias("TUN", "encapsulation"))]
    Tunnel(Tunnel),
    /// Delivered on the director itself.
    Local,
    /// A value the kernel reported and this library does not know. It can be
    /// shown, not set.
    Other(u32),
}

/// Holds the words for a method.
struct Words {
    /// The tunnel stands for tunnels of every type.
    method: ForwardingMethod,
    name: &'static str,
    /// Other words by which it is read.
    other: &'static [&'static str],
    /// The word of the kernel's and `ipvsadm`'s lists.
    listed_as: &'static str,
}

const WORDS: [Words; 4] = [
    Words {
        method: ForwardingMethod::Masquerade,
        name: "nat",
        other: &["masq", "masquerade", "masquerading"],
        listed_as: "Masq",
    },
    Words {
        method: ForwardingMethod::Gateway,
        name: "dr",
        other: &["gateway", "gatewaying", "gate", "route", "direct"],
        listed_as: "Route",
    },
    Words {
        method: ForwardingMethod::Tunnel(Tunnel::Ipip),
        name: "tun",
        other: &["tunnel", "tunnelling", "tunneling", "ipip"],
        listed_as: "Tunnel",
    },
    Words {
        method: ForwardingMethod::Local,
        name: "local",
        other: &["localnode"],
        listed_as: "Local",
    },
];

impl ForwardingMethod {
    /// Returns the word for it: `nat`, `dr`, `tun` or `local`; `None` for a value that this
    /// library does not know.
    pub fn name(&self) -> Option<&'static str> {
        self.words().map(|words| words.name)
    }

    /// Returns the other words by which it is read, such as `gateway` and `route` for `dr`.
    pub fn other_names(&self) -> &'static [&'static str] {
        self.words().map_or(&[], |words| words.other)
    }

    /// Returns the word by which the kernel (`/proc/net/ip_vs`) and `ipvsadm` list it:
    /// `Masq`, `Route`, `Tunnel` or `Local`; `None` for a value that this library does
    /// not know.
    pub fn listed_as(&self) -> Option<&'static str> {
        self.words().map(|words| words.listed_as)
    }

    fn words(&self) -> Option<&'static Words> {
        let same = |known: &Self| std::mem::discriminant(known) == std::mem::discriminant(self);
        WORDS.iter().find(|words| same(&words.method))
    }

    /// Tells whether the packet keeps its destination, so that the real server's port has
    /// no effect.
    pub fn keeps_port(&self) -> bool {
        matches!(self, Self::Gateway | Self::Tunnel(_) | Self::Local)
    }
}

/// `nat`, `dr`, `tun`, `local`, or `method-4` to `method-7` for the values without a word that
/// the kernel's three bits can hold.
impl fmt::Display for ForwardingMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(value) => write!(f, "method-{value}"),
            known => f.write_str(known.name().unwrap_or_default()),
        }
    }
}

/// Reads what [`Display`](fmt::Display) writes, and in any case the words that IPVS's programs
/// have for the same: `gateway`, `gatewaying`, `gate`, `route` and `direct` for `dr`; `tunnel`,
/// `tunnelling`, `tunneling` and `ipip` for `tun`; `masquerade`, `masquerading` and `masq` for
/// `nat`; `localnode` for `local`. None says of which type a tunnel is: it is an ipip tunnel.
impl FromStr for ForwardingMethod {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        // Nearly always it is just as it is written.
        let exact = WORDS.iter().find(|words| words.name == word);
        let known = exact.or_else(|| {
            let is_word = |known: &&str| known.eq_ignore_ascii_case(word);
            let names = |words: &Words| is_word(&words.name) || words.other.iter().any(is_word);
            WORDS.iter().find(|words| names(words))
        });
        // Just as it is written: no sign, no zeros in front.
        let unknown = || (4..=7).find(|number| word == format!("method-{number}"));
        known
            .map(|words| words.method)
            .or_else(|| unknown().map(Self::Other))
            .ok_or_else(|| Invalid::ForwardingMethodText(word.to_owned()))
    }
}

/// The tunnel says what a packet is encapsulated in. As text: `ipip`, `gue:6080`,
/// `gue:6080,csum`, `gue:6080,remcsum`, `gre`, `gre,csum`.
#[doc(alias("encapsulation", "ipip", "gue", "gre"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tunnel {
    /// IP in IP (protocol 4, or 41 for IPv6 inside).
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// The UDP port the real server listens on.
        port: NonZeroU16,
        /// The outer UDP checksum.
        checksum: GueChecksum,
    },
    /// Generic routing encapsulation (protocol 47).
    Gre {
        /// Whether the outer header carries a checksum. A real server that
        /// does not expect it drops the packet, and the reverse.
        checksum: bool,
    },
    /// Values the kernel reported and this library does not know. They can be
    /// shown, not set.
    Other {
        /// `IPVS_DEST_ATTR_TUN_TYPE`.
        kind: u8,
        /// `IPVS_DEST_ATTR_TUN_PORT`.
        port: u16,
        /// `IPVS_DEST_ATTR_TUN_FLAGS`.
        flags: u16,
    },
}

/// The checksum says what protects the packets of a GUE tunnel
/// (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GueChecksum {
    /// No outer checksum.
    #[default]
    None,
    /// An outer UDP checksum.
    Outer,
    /// An outer checksum with remote checksum offload.
    Remote,
}

impl GueChecksum {
    /// Returns the word for it: `none`, `outer` or `remote`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Outer => "outer",
            Self::Remote => "remote",
        }
    }
}

impl fmt::Display for GueChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GueChecksum {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let all = [Self::None, Self::Outer, Self::Remote];
        let known = all.into_iter().find(|checksum| checksum.name() == name);
        known.ok_or_else(|| Invalid::ChecksumText(name.to_owned()))
    }
}

const TYPE_IPIP: u8 = 0;
const TYPE_GUE: u8 = 1;
const TYPE_GRE: u8 = 2;
const FLAG_CHECKSUM: u16 = 1;
const FLAG_REMOTE_CHECKSUM: u16 = 2;

impl Tunnel {
    /// Returns the word for its type: `ipip`, `gue` or `gre`; `None` for a type that
    /// this library does not know.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Ipip => Some("ipip"),
            Self::Gue { .. } => Some("gue"),
            Self::Gre { .. } => Some("gre"),
            Self::Other { .. } => None,
        }
    }

    /// The kernel's type, port and flags.
    pub(crate) fn to_wire(self) -> (u8, u16, u16) {
        match self {
            Self::Ipip => (TYPE_IPIP, 0, 0),
            Self::Gue { port, checksum } => {
                let flags = match checksum {
                    GueChecksum::None => 0,
                    GueChecksum::Outer => FLAG_CHECKSUM,
                    GueChecksum::Remote => FLAG_REMOTE_CHECKSUM,
                };
                (TYPE_GUE, port.get(), flags)
            }
            Self::Gre { checksum } => (TYPE_GRE, 0, if checksum { FLAG_CHECKSUM } else { 0 }),
            Self::Other { kind, port, flags } => (kind, port, flags),
        }
    }

    pub(crate) fn from_wire(kind: u8, port: u16, flags: u16) -> Self {
        match (kind, NonZeroU16::new(port), flags) {
            (TYPE_IPIP, _, _) => Self::Ipip,
            (TYPE_GUE, Some(port), 0) => Self::Gue { port, checksum: GueChecksum::None },
            (TYPE_GUE, Some(port), FLAG_CHECKSUM) => {
                Self::Gue { port, checksum: GueChecksum::Outer }
            }
            (TYPE_GUE, Some(port), FLAG_REMOTE_CHECKSUM) => {
                Self::Gue { port, checksum: GueChecksum::Remote }
            }
            (TYPE_GRE, _, 0) => Self::Gre { checksum: false },
            (TYPE_GRE, _, FLAG_CHECKSUM) => Self::Gre { checksum: true },
            _ => Self::Other { kind, port, flags },
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Other { kind, .. } => Err(Invalid::TunnelType(*kind)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipip => f.write_str("ipip"),
            Self::Gue { port, checksum: GueChecksum::None } => write!(f, "gue:{port}"),
            Self::Gue { port, checksum: GueChecksum::Outer } => write!(f, "gue:{port},csum"),
            Self::Gue { port, checksum: GueChecksum::Remote } => write!(f, "gue:{port},remcsum"),
            Self::Gre { checksum: false } => f.write_str("gre"),
            Self::Gre { checksum: true } => f.write_str("gre,csum"),
            Self::Other { kind, port, flags } => {
                write!(f, "type-{kind}:{port},flags-{flags:#x}")
            }
        }
    }
}

impl FromStr for Tunnel {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        let expected = "ipip, gue:PORT[,csum|,remcsum] or gre[,csum]";
        Self::from_word(word).ok_or_else(|| text::unread("a tunnel", word, expected))
    }
}

impl Tunnel {
    fn from_word(word: &str) -> Option<Self> {
        let (kind, flag) = match word.split_once(',') {
            Some((kind, flag)) => (kind, Some(flag)),
            None => (word, None),
        };
        Some(match (kind.split_once(':'), flag) {
            (None, None) if kind == "ipip" => Self::Ipip,
            (None, None) if kind == "gre" => Self::Gre { checksum: false },
            (None, Some("csum")) if kind == "gre" => Self::Gre { checksum: true },
            (Some(("gue", port)), flag) => {
                let checksum = match flag {
                    None => GueChecksum::None,
                    Some("csum") => GueChecksum::Outer,
                    Some("remcsum") => GueChecksum::Remote,
                    Some(_) => return None,
                };
                Self::Gue { port: NonZeroU16::new(text::number(port)?)?, checksum }
            }
            (Some((kind, port)), Some(flags)) => {
                let kind = text::number(kind.strip_prefix("type-")?)?;
                let flags = flags.strip_prefix("flags-0x").filter(|it| !it.starts_with('+'))?;
                let flags = u16::from_str_radix(flags, 16).ok()?;
                Self::from_wire(kind, text::number(port)?, flags)
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_read_as_it_is_written() {
        for Words { method, name, other, listed_as } in WORDS {
            assert_eq!((method.name(), method.to_string().as_str()), (Some(name), name));
            assert_eq!((method.listed_as(), method.other_names()), (Some(listed_as), other));
            for word in [name, listed_as].iter().chain(other) {
                assert_eq!(word.parse(), Ok(method), "{word}");
                assert_eq!(word.to_uppercase().parse(), Ok(method), "{word}");
            }
        }
        let gre = ForwardingMethod::Tunnel(Tunnel::Gre { checksum: true });
        assert_eq!((gre.name(), gre.to_string().as_str()), (Some("tun"), "tun"));
        assert_eq!(gre.listed_as(), Some("Tunnel"));
        for number in 4..=7 {
            let method = ForwardingMethod::Other(number);
            assert_eq!((method.name(), method.listed_as()), (None, None));
            assert!(method.other_names().is_empty());
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        for word in ["gre", "dr ", "method-3", "method-8", "method-", "method-+4", "method-04", ""]
        {
            assert!(word.parse::<ForwardingMethod>().is_err(), "{word} was accepted");
        }
        for checksum in [GueChecksum::None, GueChecksum::Outer, GueChecksum::Remote] {
            assert_eq!(checksum.to_string().parse(), Ok(checksum));
        }
    }

    #[test]
    fn what_is_no_tunnel_is_refused() {
        for word in [
            "",
            "IPIP",
            "ipip,csum",
            "ipip:1",
            "gue",
            "gue:",
            "gue:0",
            "gue:+1",
            "gue:65536",
            "gue:1,sum",
            "gue:1,csum,csum",
            "gre:1",
            "gre,remcsum",
            "gre,",
            "type-3:0",
            "type-3:0,flags-1",
            "type-3:0,flags-0x+1",
            "type-256:0,flags-0x0",
        ] {
            assert!(word.parse::<Tunnel>().is_err(), "{word} was accepted");
        }
    }

    #[test]
    fn every_tunnel_survives_the_wire() {
        let port = NonZeroU16::new(6080).unwrap();
        for tunnel in [
            Tunnel::Ipip,
            Tunnel::Gue { port, checksum: GueChecksum::None },
            Tunnel::Gue { port, checksum: GueChecksum::Outer },
            Tunnel::Gue { port, checksum: GueChecksum::Remote },
            Tunnel::Gre { checksum: false },
            Tunnel::Gre { checksum: true },
            Tunnel::Other { kind: 1, port: 0, flags: 0 },
            Tunnel::Other { kind: 1, port: 7, flags: 3 },
            Tunnel::Other { kind: 99, port: 1, flags: 2 },
        ] {
            let (kind, port, flags) = tunnel.to_wire();
            assert_eq!(Tunnel::from_wire(kind, port, flags), tunnel);
        }
    }
}
