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

/// The methods that have words: the method, its word in files and JSON, and the one in
/// lists. The tunnel stands for tunnels of every type.
const WORDS: [(ForwardingMethod, &str, &str); 4] = [
    (ForwardingMethod::Masquerade, "masquerade", "Masq"),
    (ForwardingMethod::Gateway, "gateway", "Route"),
    (ForwardingMethod::Tunnel(Tunnel::Ipip), "tunnel", "Tunnel"),
    (ForwardingMethod::Local, "local", "Local"),
];

impl ForwardingMethod {
    /// Returns the word for it: `masquerade`, `gateway`, `tunnel` or `local`; `None`
    /// for a value that this library does not know.
    pub fn name(&self) -> Option<&'static str> {
        self.words().map(|(_, name, _)| *name)
    }

    /// Reads the word for a method, as [`name`](Self::name) returns it; `tunnel` is an
    /// ipip tunnel. `method-4` to `method-7` are the values without a word that the
    /// kernel's three bits can hold.
    ///
    /// # Errors
    /// [`Invalid::ForwardingMethodText`] if it is another word.
    pub fn from_name(name: &str) -> Result<Self, Invalid> {
        let known = WORDS.iter().find(|(_, word, _)| *word == name).map(|(method, ..)| *method);
        // Just as it is written: no sign, no zeros in front.
        let unknown = || (4..=7).find(|number| name == format!("method-{number}"));
        known
            .or_else(|| unknown().map(Self::Other))
            .ok_or_else(|| Invalid::ForwardingMethodText(name.to_owned()))
    }

    /// Returns the word by which the kernel (`/proc/net/ip_vs`) and `ipvsadm` list it:
    /// `Masq`, `Route`, `Tunnel` or `Local`; `None` for a value that this library does
    /// not know.
    pub fn listed_as(&self) -> Option<&'static str> {
        self.words().map(|(.., listed)| *listed)
    }

    fn words(&self) -> Option<&'static (Self, &'static str, &'static str)> {
        let same = |known: &Self| std::mem::discriminant(known) == std::mem::discriminant(self);
        WORDS.iter().find(|(method, ..)| same(method))
    }

    /// Tells whether the packet keeps its destination, so that the real server's port has
    /// no effect.
    pub fn keeps_port(&self) -> bool {
        matches!(self, Self::Gateway | Self::Tunnel(_) | Self::Local)
    }
}

/// As `ipvsadm` lists it: `Masq`, `Route`, `Tunnel`, `Local`.
impl fmt::Display for ForwardingMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(value) => write!(f, "method-{value}"),
            known => f.write_str(known.listed_as().unwrap_or_default()),
        }
    }
}

/// Reads the word of files and JSON, as [`from_name`](ForwardingMethod::from_name) does,
/// and that of lists, which [`Display`](fmt::Display) writes. Neither says of which type a
/// tunnel is: `tunnel` and `Tunnel` are an ipip tunnel.
impl FromStr for ForwardingMethod {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        let listed = WORDS.iter().find(|(.., listed)| *listed == word);
        listed.map_or_else(|| Self::from_name(word), |(method, ..)| Ok(*method))
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
        for (method, name, listed) in WORDS {
            assert_eq!(method.name(), Some(name));
            assert_eq!(ForwardingMethod::from_name(name), Ok(method));
            assert_eq!(method.listed_as(), Some(listed));
            assert_eq!(method.to_string(), listed);
            assert_eq!((name.parse(), listed.parse()), (Ok(method), Ok(method)));
        }
        let gre = ForwardingMethod::Tunnel(Tunnel::Gre { checksum: true });
        assert_eq!((gre.name(), gre.to_string().as_str()), (Some("tunnel"), "Tunnel"));
        for number in 4..=7 {
            let method = ForwardingMethod::Other(number);
            assert_eq!(method.name(), None);
            assert_eq!(ForwardingMethod::from_name(&method.to_string()), Ok(method));
        }
        for name in ["nat", "Masq", "method-3", "method-8", "method-", "method-+4", "method-04", ""]
        {
            assert!(ForwardingMethod::from_name(name).is_err(), "{name} was accepted");
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
