// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options that say what this host is to be: of `setup`, of `run` and of its file.

use std::path::PathBuf;

use clap::Args;
use lvs_term::{BadNumber, number};

use crate::bad_request::BadRequest;
use crate::mode::Mode;
use crate::request::{Request, Scope, TunnelType, Typed};

/// Reads the UDP port of a tunnel.
pub(super) fn tunnel_port(text: &str) -> Result<u16, BadNumber> {
    number(text, "tunnel port", 1..=u16::MAX)
}

/// What this host is to be.
#[derive(Debug, Clone, Args)]
pub struct What {
    /// Read the options from this file: TOML, the long names as keys, lists for what may
    /// be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "mode")]
    pub config: Option<PathBuf>,
    /// Read from the file that describes the whole cluster what this host is in it: the server
    /// that has one of its addresses, or --rip; options choose a part of that, or add to it
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub cluster: Option<PathBuf>,
    /// How the director forwards to this host: its forwarding method for this real server
    #[arg(long, ignore_case = true)]
    pub mode: Option<Mode>,
    /// A VIP: a single address, repeated or comma-separated
    #[arg(long = "vip", value_name = "VIP", value_delimiter = ',')]
    pub vips: Vec<String>,
    /// The address the director sends to, repeated or comma-separated, one of each family:
    /// packets for a VIP then arrive at the one of its family; this host's address towards the
    /// director or the default gateway if not given
    #[arg(long = "rip", value_name = "RIP", value_delimiter = ',')]
    pub rips: Vec<String>,
    /// The director's address, repeated or comma-separated; mode tun with exactly one of a
    /// family accepts packets of that family from it only
    #[arg(long = "director", value_name = "DIP", value_delimiter = ',')]
    pub directors: Vec<String>,
    /// The device that gets the VIPs, one that does not answer ARP; lo if not given
    #[arg(long, value_name = "DEV", help_heading = super::heading::DR)]
    pub carrier: Option<String>,
    /// Make the carrier, a dummy device, if it is not there
    #[arg(long, requires = "carrier", help_heading = super::heading::DR)]
    pub create_carrier: bool,
    /// Scope of the IPv4 VIPs; host if not given
    #[arg(long, ignore_case = true)]
    pub scope: Option<Scope>,
    /// Label of the IPv4 VIPs, such as lo:vip; changes nothing but what ifconfig shows, and
    /// lets `ifconfig LABEL down` delete them
    #[arg(long)]
    pub label: Option<String>,
    /// dr, tun: this host is a director of the VIPs, too, and has them on an interface while it
    /// is the active one; not needed while IPVS on this host has a service of the VIP
    #[arg(long)]
    pub also_director: bool,
    /// The director's --tun-type; ipip if not given
    #[arg(long, value_name = "TYPE", ignore_case = true, help_heading = super::heading::TUN)]
    pub tunnel: Option<TunnelType>,
    /// gre: the director uses --tun-csum; packets without checksum are dropped then, and
    /// those with one otherwise
    #[arg(long, help_heading = super::heading::TUN)]
    pub checksum: bool,
    /// gue: the director's --tun-port
    #[arg(long, value_name = "PORT", value_parser = tunnel_port, help_heading = super::heading::TUN)]
    pub tunnel_port: Option<u16>,
    /// The name of the tunnel device; rs- and its kind, such as rs-ipip, if not given
    #[arg(long, value_name = "NAME", help_heading = super::heading::TUN)]
    pub tunnel_device: Option<String>,
    /// Use the kernel's own tunl0, sit0, ip6tnl0, gre0 or ip6gre0, which unpack for any
    /// sender and may be in use by others, instead of a device of our own
    #[arg(long, conflicts_with = "tunnel_device", help_heading = super::heading::TUN)]
    pub fallback_devices: bool,
    /// Set the default route via this director, or with one address of each family both
    /// default routes; repeated or comma-separated
    #[arg(long = "gateway", value_name = "DIP", value_delimiter = ',', help_heading = super::heading::NAT)]
    pub gateways: Vec<String>,
    /// Check the route to these clients rather than the default route
    #[arg(long, value_name = "CIP[/PREFIX]", help_heading = super::heading::NAT)]
    pub client: Option<String>,
}

impl What {
    /// Returns the options, checked; `None` if there are none at all. What a cluster's file says
    /// beside them is not among them: see [`crate::cluster`].
    ///
    /// # Errors
    /// A [`BadRequest`] about what was typed, also that options were given beside a file.
    pub fn request(&self) -> Result<Option<Request>, BadRequest> {
        match self.mode {
            Some(mode) => Request::check(mode, &self.typed()).map(Some),
            None if self.typed() == Typed::default() => Ok(None),
            None if self.config.is_some() => Err(BadRequest::BesideConfig),
            None => Err(BadRequest::NoMode),
        }
    }

    /// Returns the options, unchecked.
    #[must_use]
    pub fn typed(&self) -> Typed<'_> {
        Typed {
            vips: &self.vips,
            rips: &self.rips,
            directors: &self.directors,
            carrier: self.carrier.as_deref(),
            create_carrier: self.create_carrier,
            scope: self.scope,
            label: self.label.as_deref(),
            also_director: self.also_director,
            tunnel: self.tunnel,
            checksum: self.checksum,
            tunnel_port: self.tunnel_port,
            fallback_devices: self.fallback_devices,
            tunnel_device: self.tunnel_device.as_deref(),
            gateways: &self.gateways,
            client: self.client.as_deref(),
        }
    }
}
