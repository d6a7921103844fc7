// SPDX-License-Identifier: MIT OR Apache-2.0

use std::num::NonZeroU16;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use ipvs_netlink::{ForwardingMethod, GueChecksum, Tunnel, Weight};

use super::{Anywhere, Endpoint, Report, Services, heading, typed, value};

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl add-server [OPTIONS] <SERVICE|--vip VIP> -r <RIP[:PORT]>...",
    after_help = "\
Defaults: the service's port, dr (direct routing, -g), weight 1. Of several, none is added unless \
all can be, as far as the table tells.

Examples:
  rsctl add-server tcp/192.0.2.10:80 -r 10.0.0.11:8080 -m -w 3
  rsctl add-server --vip 192.0.2.10 -r 10.0.0.11 -r 10.0.0.12
  rsctl add-server -t 192.0.2.10:80 -r 10.0.0.12 \\
      -i --tun-type gue --tun-port 6080"
)]
pub(crate) struct AddServer {
    #[command(flatten)]
    pub(crate) services: Services,

    #[command(flatten)]
    pub(crate) servers: ServerArg,

    #[command(flatten)]
    pub(crate) settings: ServerSettings,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl edit-server [OPTIONS] <SERVICE|--vip VIP|--everywhere>\n           -r <RIP[:PORT]>...",
    after_help = "\
Only what is named changes, unless --replace is given; address and port are what the server is \
called and cannot change. Weight 0 gives the server no new connections and leaves those it has. \
Of several servers, none is changed unless all are there and can be.

Examples:
  rsctl edit-server tcp/192.0.2.10:80 -r 10.0.0.11:8080 -w 0
  rsctl edit-server --everywhere -r 10.0.0.11 -w 0
  rsctl edit-server -t 192.0.2.10:80 -r 10.0.0.12 --tun-port 6081
  rsctl edit-server tcp/192.0.2.10:80 -r 10.0.0.11:8080 --replace -m -w 3"
)]
pub(crate) struct EditServer {
    #[command(flatten)]
    pub(crate) services: Anywhere,

    #[command(flatten)]
    pub(crate) servers: ServerArg,

    #[command(flatten)]
    pub(crate) edits: ServerEdits,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl set-server [OPTIONS] <SERVICE|--vip VIP> -r <RIP[:PORT]>...",
    after_help = "\
Adds the server as add-server does if the service does not have it, and else edits it as \
edit-server does: what is so already is no change, and no failure. -v and --json say what was \
done.

Examples:
  rsctl set-server tcp/192.0.2.10:80 -r 10.0.0.11:8080 -m -w 3
  rsctl set-server --vip 192.0.2.10 -r 10.0.0.11 -r 10.0.0.12 --replace -w 2"
)]
pub(crate) struct SetServer {
    #[command(flatten)]
    pub(crate) services: Services,

    #[command(flatten)]
    pub(crate) servers: ServerArg,

    #[command(flatten)]
    pub(crate) edits: ServerEdits,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl delete-server [OPTIONS] <SERVICE|--vip VIP|--everywhere>\n           -r <RIP[:PORT]>...",
    after_help = "\
Its connections stay in the connection table, and their packets are dropped. To let them end \
first:
  rsctl drain 10.0.0.11:8080 --service tcp/192.0.2.10:80 --then remove

Of several servers, none is deleted unless all are there.

Examples:
  rsctl delete-server tcp/192.0.2.10:80 -r 10.0.0.11:8080
  rsctl delete-server --everywhere -r 10.0.0.11 --if-exists"
)]
pub(crate) struct DeleteServer {
    #[command(flatten)]
    pub(crate) services: Anywhere,

    #[command(flatten)]
    pub(crate) servers: ServerArg,

    /// It is no failure if it is not there.
    #[arg(long)]
    pub(crate) if_exists: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = heading::SERVER)]
pub(crate) struct ServerArg {
    /// The real server; without a port, the service's. May be given several times (required).
    #[arg(short = 'r', long = "real-server", aliases = ["server", "rip"], value_name = "RIP[:PORT]", value_parser = typed::server, required = true)]
    pub(crate) real_server: Vec<Endpoint>,
}

// No documentation, which clap would take for the help of the whole command: what an edit may
// name.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::SERVER)]
pub(crate) struct ServerEdits {
    /// Reset what is not named to the defaults of add-server, as `ipvsadm -e` does.
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) settings: ServerSettings,
}

#[derive(Clone, Copy, Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::SERVER)]
pub(crate) struct ServerSettings {
    /// Share of new connections; 0 drains the server: it gets none.
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = value::weight,
        allow_negative_numbers = true
    )]
    pub(crate) weight: Option<Weight>,

    /// Upper threshold: no new connections from N on; 0 for no limit.
    #[arg(
        short = 'x',
        long = "u-threshold",
        value_name = "N",
        value_parser = value::upper_threshold,
        allow_negative_numbers = true
    )]
    pub(crate) upper: Option<u32>,

    /// Lower threshold: new connections again below N; 0 for three quarters of the upper one.
    #[arg(
        short = 'y',
        long = "l-threshold",
        value_name = "N",
        value_parser = value::lower_threshold,
        allow_negative_numbers = true
    )]
    pub(crate) lower: Option<u32>,

    #[command(flatten)]
    pub(crate) method: MethodArgs,

    #[command(flatten)]
    pub(crate) tunnel: TunnelSettings,
}

#[derive(Clone, Copy, Debug, Default, Args)]
#[group(id = "method", multiple = false)]
#[command(next_help_heading = heading::METHOD)]
pub(crate) struct MethodArgs {
    /// dr, direct routing: only the MAC address changes.
    #[arg(short = 'g', long = "gatewaying")]
    gateway: bool,

    /// tun, tunnelling: the packet is sent inside another one.
    #[arg(short = 'i', long = "ipip")]
    tunnel: bool,

    /// nat, masquerading: replies return through the director.
    #[arg(short = 'm', long = "masquerading")]
    masquerade: bool,

    /// The forwarding method by name: dr (direct routing) is -g, tun (a tunnel) is -i, nat
    /// (masquerading) is -m.
    #[arg(long, value_enum, ignore_case = true)]
    mode: Option<Mode>,
}

/// Names a method that can be asked for, as [`ForwardingMethod`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Dr,
    Tun,
    Nat,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Dr, Self::Tun, Self::Nat];

    /// Reads any of its words.
    pub(crate) fn read(word: &str) -> Option<Self> {
        match word.parse().ok()? {
            ForwardingMethod::Gateway => Some(Self::Dr),
            ForwardingMethod::Tunnel(_) => Some(Self::Tun),
            ForwardingMethod::Masquerade => Some(Self::Nat),
            _ => None,
        }
    }

    fn method(self) -> ForwardingMethod {
        match self {
            Self::Dr => ForwardingMethod::Gateway,
            Self::Tun => ForwardingMethod::Tunnel(Tunnel::Ipip),
            Self::Nat => ForwardingMethod::Masquerade,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.method().name().unwrap_or_default()
    }
}

impl ValueEnum for Mode {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).aliases(self.method().other_names()))
    }
}

impl MethodArgs {
    /// Builds what was not read by clap.
    pub(crate) fn of(mode: Mode) -> Self {
        Self { mode: Some(mode), ..Self::default() }
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        match (self.gateway, self.tunnel, self.masquerade) {
            (true, _, _) => Some(Mode::Dr),
            (_, true, _) => Some(Mode::Tun),
            (_, _, true) => Some(Mode::Nat),
            _ => self.mode,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::TUNNEL)]
pub(crate) struct TunnelSettings {
    /// Encapsulation of the packets sent to the server; ipip if not given.
    #[arg(long = "tun-type", value_name = "TYPE", value_enum, ignore_case = true)]
    pub(crate) kind: Option<TunnelType>,

    /// UDP port of a gue tunnel.
    #[arg(
        long = "tun-port",
        value_name = "PORT",
        value_parser = value::tunnel_port,
        allow_negative_numbers = true
    )]
    pub(crate) port: Option<NonZeroU16>,

    #[command(flatten)]
    checksum: ChecksumArgs,
}

#[derive(Clone, Copy, Debug, Default, Args)]
#[group(id = "checksum", multiple = false)]
struct ChecksumArgs {
    /// No outer checksum (gue, gre); the default.
    #[arg(long = "tun-nocsum")]
    none: bool,

    /// An outer checksum (gue, gre).
    #[arg(long = "tun-csum")]
    outer: bool,

    /// An outer checksum with remote offload (gue).
    #[arg(long = "tun-remcsum")]
    remote: bool,
}

impl TunnelSettings {
    /// Builds what was not read by clap.
    pub(crate) fn new(
        kind: Option<TunnelType>,
        port: Option<NonZeroU16>,
        checksum: Option<GueChecksum>,
    ) -> Self {
        let checksum = ChecksumArgs {
            none: checksum == Some(GueChecksum::None),
            outer: checksum == Some(GueChecksum::Outer),
            remote: checksum == Some(GueChecksum::Remote),
        };
        Self { kind, port, checksum }
    }

    /// Returns the checksum that was asked for. GRE has the first two.
    pub(crate) fn checksum(&self) -> Option<GueChecksum> {
        let args = &self.checksum;
        match (args.none, args.outer, args.remote) {
            (true, _, _) => Some(GueChecksum::None),
            (_, true, _) => Some(GueChecksum::Outer),
            (_, _, true) => Some(GueChecksum::Remote),
            _ => None,
        }
    }

    /// Returns whether nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.kind.is_none() && self.port.is_none() && self.checksum().is_none()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TunnelType {
    Ipip,
    Gue,
    Gre,
}
