// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what the director itself is set to: its addresses, timeouts, sysctls and sync daemons.

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{InterfaceName, SetTimeouts, SyncDaemon, SyncRole};

use super::Setting;
use super::keys::{Keys, key_text, nearest};
use super::problem::{Found, Place};
use super::tree::{Scalar, Shape, Value};
use super::vips;
use crate::desired::Builder;
use crate::sysctl::{Sysctl, SysctlName};

const DIRECTOR: Keys<4> = Keys::new("`director`", ["addresses", "timeouts", "sysctls", "daemons"]);
const TIMEOUTS: Keys<3> = Keys::new("`timeouts`", ["tcp", "tcp_fin", "udp"]);
const DAEMON: Keys<7> =
    Keys::new("a daemon", ["role", "interface", "syncid", "maxlen", "group", "port", "ttl"]);

/// What of it is no object of the table.
#[derive(Default)]
pub(super) struct Director {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) sysctls: Vec<Setting>,
}

impl Director {
    pub(super) fn read(
        value: Option<Value<'_>>,
        builder: &mut Builder<Place>,
        found: &mut Found,
    ) -> Self {
        let Some(value) = value else { return Self::default() };
        let Some([addresses, timeouts, sysctls, daemons]) = DIRECTOR.read(value, found) else {
            return Self::default();
        };
        if let Some(value) = timeouts {
            read_timeouts(value, builder, found);
        }
        if let Some(value) = daemons {
            if let Some(daemons) = value.list("daemons", found) {
                builder.only_daemons();
                for daemon in daemons {
                    if let Some(it) = read_daemon(daemon, found) {
                        builder.daemon(daemon.at(), it);
                    }
                }
            }
        }
        Self {
            addresses: addresses
                .map_or_else(Vec::new, |it| vips::addresses(it, "addresses", found)),
            sysctls: sysctls.map_or_else(Vec::new, |it| {
                let settings = read_sysctls(it, found);
                want(&settings, it.at(), builder, found);
                settings
            }),
        }
    }
}

/// Wants the settings that kernels have.
fn want(settings: &[Setting], at: Place, builder: &mut Builder<Place>, found: &mut Found) {
    for Setting { name, value } in settings {
        // Of another one was said enough.
        let Ok(name) = name.parse::<SysctlName>() else { continue };
        match Sysctl::new(name, value) {
            Ok(sysctl) => {
                builder.sysctl(at, sysctl);
            }
            Err(why) => found.problem(at, why.to_string()),
        }
    }
}

fn read_timeouts(value: Value<'_>, builder: &mut Builder<Place>, found: &mut Found) {
    let Some([tcp, tcp_fin, udp]) = TIMEOUTS.read(value, found) else { return };
    let mut timeouts = SetTimeouts::new();
    let mut set =
        |value: Option<Value<'_>>,
         what: &str,
         set: fn(SetTimeouts, u32) -> Result<SetTimeouts, ipvs_netlink::Invalid>| {
            let seconds = value.and_then(|it| it.seconds(what, SetTimeouts::MAX, found));
            if let Some(all) = seconds.and_then(|it| set(timeouts, it).ok()) {
                timeouts = all;
            }
        };
    set(tcp, "tcp", SetTimeouts::tcp);
    set(tcp_fin, "tcp_fin", SetTimeouts::tcp_fin);
    set(udp, "udp", SetTimeouts::udp);
    builder.timeouts(value.at(), timeouts);
}

fn read_daemon(value: Value<'_>, found: &mut Found) -> Option<SyncDaemon> {
    let before = found.count();
    let [role, interface, syncid, maxlen, group, port, ttl] = DAEMON.read(value, found)?;
    for (key, what, hint) in [
        (role, "role", "write `role: master` or `role: backup`"),
        (interface, "interface", "write `interface: eth1`"),
        (syncid, "syncid", "write `syncid: 1`; a backup with 0 listens to all"),
    ] {
        if key.is_none() {
            found.missing(before, value.at(), format!("the daemon has no `{what}`"), hint);
            return None;
        }
    }
    let role = role.and_then(|it| it.parse::<SyncRole>("role", found));
    let interface = interface.and_then(|it| it.parse::<InterfaceName>("interface", found));
    let syncid = syncid.and_then(|it| it.number("syncid", 0, u8::MAX, found));
    let maxlen = maxlen.map(|it| it.number("maxlen", 1, u16::MAX, found));
    let port = port.map(|it| it.number("port", 1, u16::MAX, found));
    let ttl = ttl.map(|it| it.number("ttl", 1, u8::MAX, found));
    let group_at = group.map(Value::at);
    let group = group.map(|it| it.parse::<IpAddr>("group", found));
    let mut daemon = SyncDaemon::new(role?, interface?, syncid?);
    if let Some(it) = maxlen {
        daemon.max_length = NonZeroU16::new(it?);
    }
    if let Some(it) = port {
        daemon.port = NonZeroU16::new(it?);
    }
    if let Some(it) = ttl {
        daemon.ttl = NonZeroU8::new(it?);
    }
    if let Some(group) = group {
        let at = group_at.unwrap_or(value.at());
        let with = daemon.with_group(group?);
        daemon = with
            .map_err(|why| found.hinted(at, why.to_string(), "224.0.0.81 is the usual one"))
            .ok()?;
    }
    Some(daemon)
}

/// What may be said to a sysctl.
#[derive(Clone, Copy)]
enum Takes {
    /// Whole numbers from one to another.
    Number(i64, i64),
    /// One or two numbers of at least 0.
    Pair,
    Text,
}

const NUMBER: Takes = Takes::Number(0, i32::MAX as i64);
const SWITCH: Takes = Takes::Number(0, 1);

/// The settings of net.ipv4.vs (`ip_vs_ctl.c: vs_vars`, 6.1 to 7.2).
const SYSCTLS: &[(&str, Takes)] = &[
    ("amemthresh", NUMBER),
    ("am_droprate", NUMBER),
    ("backup_only", SWITCH),
    ("cache_bypass", SWITCH),
    ("conn_lfactor", Takes::Number(-8, 8)),
    ("conn_reuse_mode", Takes::Number(0, 3)),
    ("conntrack", SWITCH),
    ("debug_level", NUMBER),
    ("drop_entry", Takes::Number(0, 3)),
    ("drop_packet", Takes::Number(0, 3)),
    ("est_cpulist", Takes::Text),
    ("est_nice", Takes::Number(-20, 19)),
    ("expire_nodest_conn", SWITCH),
    ("expire_quiescent_template", SWITCH),
    ("ignore_tunneled", SWITCH),
    ("lblc_expiration", NUMBER),
    ("lblcr_expiration", NUMBER),
    ("nat_icmp_send", SWITCH),
    ("pmtu_disc", SWITCH),
    ("run_estimation", SWITCH),
    ("schedule_icmp", SWITCH),
    ("secure_tcp", Takes::Number(0, 3)),
    ("sloppy_sctp", SWITCH),
    ("sloppy_tcp", SWITCH),
    ("snat_reroute", SWITCH),
    ("svc_lfactor", Takes::Number(-8, 8)),
    ("sync_persist_mode", SWITCH),
    ("sync_ports", NUMBER),
    ("sync_qlen_max", NUMBER),
    ("sync_refresh_period", NUMBER),
    ("sync_retries", Takes::Number(0, 3)),
    ("sync_sock_size", NUMBER),
    ("sync_threshold", Takes::Pair),
    ("sync_version", SWITCH),
];

fn read_sysctls(value: Value<'_>, found: &mut Found) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    let Shape::Map(mut entries) = value.shape() else {
        found.hinted(value.at(), "`sysctls` is no mapping", "write `expire_nodest_conn: 1`");
        return settings;
    };
    while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
        let Some(name) = key_text(key, found) else { continue };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.chars().all(plain) {
            let hint = match name.strip_prefix("net.ipv4.vs.") {
                Some(rest) => format!("leave out what is in front: `{rest}`"),
                None => "use a name of a file in /proc/sys/net/ipv4/vs".to_owned(),
            };
            found.hinted(key.at(), format!("`{name}` is not a setting of net.ipv4.vs"), hint);
            continue;
        }
        if settings.iter().any(|it| it.name == name) {
            found.hinted(key.at(), format!("the key `{name}` is there twice"), "leave one out");
            continue;
        }
        let known = SYSCTLS.iter().find(|(known, _)| *known == name);
        if known.is_none() {
            let hint = match nearest(name, SYSCTLS.iter().map(|(known, _)| *known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`ls /proc/sys/net/ipv4/vs` lists those of a kernel".to_owned(),
            };
            found.hinted(key.at(), format!("no kernel has a setting net.ipv4.vs.{name}"), hint);
        }
        let takes = known.map_or(Takes::Text, |(_, takes)| *takes);
        let value = read_sysctl(name, takes, value, found).filter(|_| known.is_some());
        if found.is_full() {
            break;
        }
        if let Some(value) = value {
            settings.push(Setting { name: name.to_owned(), value });
        }
    }
    settings
}

fn read_sysctl(name: &str, takes: Takes, value: Value<'_>, found: &mut Found) -> Option<String> {
    match takes {
        Takes::Number(least, most) => {
            let minus = match value.shape() {
                Shape::Scalar(Scalar { text, is_plain: true }) => text.strip_prefix('-'),
                _ => None,
            };
            if let Some(number) = minus.filter(|_| least < 0).and_then(|it| it.parse::<i64>().ok())
            {
                if -number >= least {
                    return Some((-number).to_string());
                }
                let message = format!("`{name}` -{number} is out of range");
                found.hinted(value.at(), message, format!("use {least} to {most}"));
                return None;
            }
            let most = u64::try_from(most).unwrap_or_default();
            value.number(name, 0, most, found).map(|number| number.to_string())
        }
        Takes::Pair => {
            if let Shape::Scalar(Scalar { text, .. }) = value.shape() {
                let numbers = text.split_whitespace();
                if numbers.clone().count() == 2
                    && numbers.clone().all(|it| it.parse::<u32>().is_ok())
                {
                    return Some(numbers.collect::<Vec<_>>().join(" "));
                }
            }
            let mut numbers = Vec::new();
            for item in value.items() {
                numbers.push(item.number(name, 0, i32::MAX.unsigned_abs(), found)?.to_string());
            }
            if !(1..=2).contains(&numbers.len()) {
                found.hinted(value.at(), format!("`{name}` takes two numbers"), "write [3, 50]");
                return None;
            }
            Some(numbers.join(" "))
        }
        Takes::Text => {
            let text = value.text(name, found)?;
            if text.contains(|c: char| c.is_control()) {
                found.problem(value.at(), format!("`{name}` has more than one line"));
                return None;
            }
            Some(text.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_settings_of_kernels_have_a_kind_of_value() {
        let mut names: Vec<_> = SYSCTLS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let known: Vec<_> = SysctlName::known().map(SysctlName::as_str).collect();
        assert_eq!(names, known);
    }
}
