// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists the option words of `ipvsadm`.

/// Names what a word asks to be done. Only the first word of a line can be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    AddService,
    EditService,
    DeleteService,
    Flush,
    List,
    AddServer,
    DeleteServer,
    EditServer,
    Set,
    StartDaemon,
    StopDaemon,
    Restore,
    Save,
    Zero,
    Help,
    Version,
}

impl Command {
    /// Its name in complaints.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AddService => "add-service",
            Self::EditService => "edit-service",
            Self::DeleteService => "delete-service",
            Self::Flush => "flush",
            Self::List => "list",
            Self::AddServer => "add-server",
            Self::DeleteServer => "delete-server",
            Self::EditServer => "edit-server",
            Self::Set => "set",
            Self::StartDaemon => "start-daemon",
            Self::StopDaemon => "stop-daemon",
            Self::Restore => "restore",
            Self::Save => "save",
            Self::Zero => "zero",
            Self::Help => "help",
            Self::Version => "version",
        }
    }
}

/// Names what the table of options and commands has a column for, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Numeric,
    Connection,
    Service,
    Scheduler,
    Persistent,
    Netmask,
    Server,
    Forward,
    Weight,
    UpperThreshold,
    LowerThreshold,
    Interface,
    Timeout,
    Daemon,
    Stats,
    Rate,
    Thresholds,
    PersistentConn,
    NoSort,
    SyncId,
    Exact,
    Ops,
    Engine,
    SchedulerFlags,
    Group,
    Port,
    Ttl,
    MaxLength,
    TunnelInfo,
    TunnelType,
    TunnelPort,
    NoChecksum,
    Checksum,
    RemoteChecksum,
}

/// Lists each column with its name in complaints.
pub(super) const COLUMNS: [(Column, &str); 34] = [
    (Column::Numeric, "numeric"),
    (Column::Connection, "connection"),
    (Column::Service, "service-address"),
    (Column::Scheduler, "scheduler"),
    (Column::Persistent, "persistent"),
    (Column::Netmask, "netmask"),
    (Column::Server, "real-server"),
    (Column::Forward, "forwarding-method"),
    (Column::Weight, "weight"),
    (Column::UpperThreshold, "u-threshold"),
    (Column::LowerThreshold, "l-threshold"),
    (Column::Interface, "mcast-interface"),
    (Column::Timeout, "timeout"),
    (Column::Daemon, "daemon"),
    (Column::Stats, "stats"),
    (Column::Rate, "rate"),
    (Column::Thresholds, "thresholds"),
    (Column::PersistentConn, "persistent-conn"),
    (Column::NoSort, "nosort"),
    (Column::SyncId, "syncid"),
    (Column::Exact, "exact"),
    (Column::Ops, "ops"),
    (Column::Engine, "pe"),
    (Column::SchedulerFlags, "sched-flags"),
    (Column::Group, "mcast-group"),
    (Column::Port, "mcast-port"),
    (Column::Ttl, "mcast-ttl"),
    (Column::MaxLength, "sync-maxlen"),
    (Column::TunnelInfo, "tun-info"),
    (Column::TunnelType, "tun-type"),
    (Column::TunnelPort, "tun-port"),
    (Column::NoChecksum, "tun-nocsum"),
    (Column::Checksum, "tun-csum"),
    (Column::RemoteChecksum, "tun-remcsum"),
];

impl Column {
    pub(super) fn name(self) -> &'static str {
        COLUMNS.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }
}

/// Holds the columns that a line has touched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns(u64);

impl Columns {
    pub(super) fn has(self, column: Column) -> bool {
        self.0 & 1 << column as u64 != 0
    }

    pub(super) fn has_any(self, columns: &[Column]) -> bool {
        columns.iter().any(|column| self.has(*column))
    }

    /// Notes a column; `false` if it was noted before.
    pub(super) fn note(&mut self, column: Column) -> bool {
        let new = !self.has(column);
        self.0 |= 1 << column as u64;
        new
    }
}

/// Says how real servers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forward {
    Masquerade,
    Gateway,
    Tunnel,
}

/// Says what an option word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opt {
    Command(Command),
    /// A service at an address, with the name of its protocol.
    Service(&'static str),
    Fwmark,
    Forward(Forward),
    /// `--sort`, which does nothing.
    Sort,
    Ipv6,
    /// All others need no more than their column.
    Plain(Column),
}

/// Says whether an option has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Needed,
    /// The next word, unless it starts with `-`.
    Optional,
}

/// Describes an option: its long word, its letter, what it means, whether it has a value.
pub(super) struct Spec {
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) opt: Opt,
    pub(super) value: Value,
}

const fn spec(long: &'static str, short: char, opt: Opt, value: Value) -> Spec {
    Spec { long, short: if short == '\0' { None } else { Some(short) }, opt, value }
}

const fn command(long: &'static str, short: char, command: Command) -> Spec {
    spec(long, short, Opt::Command(command), Value::None)
}

const fn switch(long: &'static str, short: char, column: Column) -> Spec {
    spec(long, short, Opt::Plain(column), Value::None)
}

const fn valued(long: &'static str, short: char, column: Column) -> Spec {
    spec(long, short, Opt::Plain(column), Value::Needed)
}

/// Lists every option that there is.
pub(super) const SPECS: [Spec; 58] = [
    command("add-service", 'A', Command::AddService),
    command("edit-service", 'E', Command::EditService),
    command("delete-service", 'D', Command::DeleteService),
    command("clear", 'C', Command::Flush),
    command("list", 'L', Command::List),
    command("list", 'l', Command::List),
    command("zero", 'Z', Command::Zero),
    command("add-server", 'a', Command::AddServer),
    command("edit-server", 'e', Command::EditServer),
    command("delete-server", 'd', Command::DeleteServer),
    command("set", '\0', Command::Set),
    command("help", 'h', Command::Help),
    command("version", 'v', Command::Version),
    command("restore", 'R', Command::Restore),
    command("save", 'S', Command::Save),
    spec("start-daemon", '\0', Opt::Command(Command::StartDaemon), Value::Needed),
    spec("stop-daemon", '\0', Opt::Command(Command::StopDaemon), Value::Needed),
    spec("tcp-service", 't', Opt::Service("tcp"), Value::Needed),
    spec("udp-service", 'u', Opt::Service("udp"), Value::Needed),
    spec("sctp-service", '\0', Opt::Service("sctp"), Value::Needed),
    spec("fwmark-service", 'f', Opt::Fwmark, Value::Needed),
    spec("masquerading", 'm', Opt::Forward(Forward::Masquerade), Value::None),
    spec("ipip", 'i', Opt::Forward(Forward::Tunnel), Value::None),
    spec("gatewaying", 'g', Opt::Forward(Forward::Gateway), Value::None),
    spec("sort", '\0', Opt::Sort, Value::None),
    spec("ipv6", '6', Opt::Ipv6, Value::None),
    spec("persistent", 'p', Opt::Plain(Column::Persistent), Value::Optional),
    valued("scheduler", 's', Column::Scheduler),
    valued("netmask", 'M', Column::Netmask),
    valued("real-server", 'r', Column::Server),
    valued("weight", 'w', Column::Weight),
    valued("u-threshold", 'x', Column::UpperThreshold),
    valued("l-threshold", 'y', Column::LowerThreshold),
    valued("mcast-interface", '\0', Column::Interface),
    valued("syncid", '\0', Column::SyncId),
    valued("pe", '\0', Column::Engine),
    valued("sched-flags", 'b', Column::SchedulerFlags),
    valued("mcast-group", '\0', Column::Group),
    valued("mcast-port", '\0', Column::Port),
    valued("mcast-ttl", '\0', Column::Ttl),
    valued("sync-maxlen", '\0', Column::MaxLength),
    valued("tun-type", '\0', Column::TunnelType),
    valued("tun-port", '\0', Column::TunnelPort),
    switch("tun-nocsum", '\0', Column::NoChecksum),
    switch("tun-csum", '\0', Column::Checksum),
    switch("tun-remcsum", '\0', Column::RemoteChecksum),
    switch("tun-info", '\0', Column::TunnelInfo),
    switch("numeric", 'n', Column::Numeric),
    switch("connection", 'c', Column::Connection),
    switch("timeout", '\0', Column::Timeout),
    switch("daemon", '\0', Column::Daemon),
    switch("stats", '\0', Column::Stats),
    switch("rate", '\0', Column::Rate),
    switch("thresholds", '\0', Column::Thresholds),
    switch("persistent-conn", '\0', Column::PersistentConn),
    switch("nosort", '\0', Column::NoSort),
    switch("exact", 'X', Column::Exact),
    switch("ops", 'o', Column::Ops),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn columns_stand_in_their_order() {
        assert!(COLUMNS.iter().enumerate().all(|(place, (column, _))| *column as usize == place));
    }

    #[test]
    fn the_manual_page_has_all_options() {
        // As it is read: without fonts and places to break a line, and with plain hyphens.
        let page = ["\\fB", "\\fI", "\\fP", "\\fR", "\\:"]
            .iter()
            .fold(include_str!("../../man/rsctl-ipvsadm.8").to_owned(), |page, escape| {
                page.replace(escape, " ")
            })
            .replace("\\-", "-");
        let words: BTreeSet<&str> =
            page.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
        for Spec { long, short, .. } in SPECS {
            let short = short.map(|letter| format!("-{letter}"));
            for word in std::iter::once(format!("--{long}")).chain(short) {
                assert!(words.contains(&*word), "it has no {word}");
            }
        }
    }
}
