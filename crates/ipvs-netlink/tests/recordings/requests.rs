// SPDX-License-Identifier: MIT OR Apache-2.0

//! What we ask for, next to what `ipvsadm` asks for.

use std::collections::BTreeSet;

use ipvs_netlink::message::{
    Attribute, BigEndianPort, Command, DaemonAttribute, DestinationAttribute, IpvsMessage,
    ServiceAttribute, Text, WireFlags, WireNetmask,
};
use ipvs_netlink::{
    AddressFamily, Change, Client, DestinationKey, ServiceKey, SetTimeouts, SyncRole, Timeouts,
};

use crate::objects::{BACKUP, MASTER, daemons, edited, servers, services, web};
use crate::support::tape::{Tape, facts, parse};
use crate::{run, runs};

/// What each recorded command that changes something does, in our words.
fn changes() -> Vec<(String, Change)> {
    let mut all = Vec::new();
    for (name, add, edit, added, edited) in services() {
        let key = added.key;
        all.push((format!("ipvsadm -A {name} {add}"), Change::AddService(added)));
        all.push((format!("ipvsadm -E {name} {edit}"), Change::SetService(edited)));
        all.push((format!("ipvsadm -D {name}"), Change::RemoveService(key)));
    }
    for (words, service, destination) in servers() {
        let add = Change::AddDestination { service, destination };
        all.push((format!("ipvsadm -a {words}"), add));
        let edit = Change::SetDestination { service, destination: edited(&destination) };
        all.push((format!("ipvsadm -e {}", words.replace("-w 5", "-w 7")), edit));
    }
    for (words, service, destination) in [
        ("-t 192.0.2.10:80 -r 198.51.100.11:8080", web(), "198.51.100.11:8080"),
        ("-t 192.0.2.10:80 -r [2001:db8:1::19]:80", web(), "[2001:db8:1::19]:80"),
        (
            "-t [2001:db8::10]:80 -r [2001:db8:1::11]:8080",
            "tcp/[2001:db8::10]:80".parse().unwrap(),
            "[2001:db8:1::11]:8080",
        ),
        ("-f 7 -r 198.51.100.12", "fwmark/7".parse().unwrap(), "198.51.100.12:0"),
    ] {
        let destination: DestinationKey = destination.parse().unwrap();
        let remove = Change::RemoveDestination { service, destination };
        all.push((format!("ipvsadm -d {words}"), remove));
    }
    let udp = SetTimeouts::new().udp(302).unwrap();
    let three = SetTimeouts::new().tcp(901).unwrap().tcp_fin(121).unwrap().udp(301).unwrap();
    let [master, backup] = daemons();
    for (command, change) in [
        ("ipvsadm -Z -t 192.0.2.10:80", Change::Zero(Some(web()))),
        ("ipvsadm -Z", Change::Zero(None)),
        ("ipvsadm -C", Change::Flush),
        ("ipvsadm --set 901 121 301", Change::SetTimeouts(three)),
        ("ipvsadm --set 0 0 302", Change::SetTimeouts(udp)),
        (MASTER, Change::StartDaemon(master)),
        (BACKUP, Change::StartDaemon(backup)),
        ("ipvsadm --stop-daemon master", Change::StopDaemon(SyncRole::Master)),
        ("ipvsadm --stop-daemon backup", Change::StopDaemon(SyncRole::Backup)),
    ] {
        all.push((command.to_owned(), change));
    }
    all
}

/// What `ipvsadm` sends for a change and we leave out on purpose.
fn left_out(change: &Change) -> IpvsMessage {
    // libipvs fills the same structure for every request about a service. The
    // kernel reads the settings of a service only when it adds or edits one.
    let unread = |key: &ServiceKey| {
        let netmask = match key.family() {
            AddressFamily::Ipv4 => [255; 4],
            AddressFamily::Ipv6 => 128_u32.to_ne_bytes(),
        };
        Attribute::Service(vec![
            ServiceAttribute::SchedulerName(Text(String::new())),
            ServiceAttribute::Flags(WireFlags { flags: 0, mask: u32::MAX }),
            ServiceAttribute::Timeout(0),
            ServiceAttribute::Netmask(WireNetmask(netmask)),
        ])
    };
    // What the kernel assumes where we say nothing about a tunnel.
    let no_tunnel = vec![
        DestinationAttribute::TunnelType(0),
        DestinationAttribute::TunnelPort(BigEndianPort(0)),
        DestinationAttribute::TunnelFlags(0),
    ];
    let attributes = match change {
        Change::RemoveService(key) | Change::Zero(Some(key)) => vec![unread(key)],
        Change::AddDestination { service, destination }
        | Change::SetDestination { service, destination } => {
            let tunnel = if destination.tunnel().is_some() { Vec::new() } else { no_tunnel };
            vec![unread(service), Attribute::Destination(tunnel)]
        }
        // Likewise of a server, with ipvsadm's defaults.
        Change::RemoveDestination { service, .. } => {
            let mut settings = no_tunnel;
            settings.extend([
                DestinationAttribute::ForwardingMethod(3),
                DestinationAttribute::Weight(1),
                DestinationAttribute::UpperThreshold(0),
                DestinationAttribute::LowerThreshold(0),
            ]);
            vec![unread(service), Attribute::Destination(settings)]
        }
        // 0 is "as it is", which we say by silence.
        Change::SetTimeouts(timeouts) => {
            let silent =
                [Attribute::TimeoutTcp(0), Attribute::TimeoutTcpFin(0), Attribute::TimeoutUdp(0)];
            let Timeouts { tcp, tcp_fin, udp, .. } = timeouts.values();
            let silent = silent.into_iter().zip([tcp, tcp_fin, udp]);
            silent.filter_map(|(zero, value)| value.is_none().then_some(zero)).collect()
        }
        // The role is enough to stop a daemon.
        Change::StopDaemon(_) => vec![Attribute::Daemon(vec![
            DaemonAttribute::Interface(Text(String::new())),
            DaemonAttribute::SyncId(0),
        ])],
        _ => Vec::new(),
    };
    IpvsMessage::new(Command::Flush, attributes)
}

#[test]
fn we_ask_for_what_ipvsadm_asks_for() {
    let changes = changes();
    let mut compared = BTreeSet::new();
    for (file, run) in runs() {
        let is_question =
            ["-L", "--version", "malformed"].iter().any(|word| run.command.contains(word));
        if file == "errors" || is_question {
            continue;
        }
        let found = changes.iter().find(|(command, _)| *command == run.command);
        let (command, change) = found.unwrap_or_else(|| panic!("what does '{}' do?", run.command));
        compared.insert(command);

        let mut exchanges = self::run("info", "ipvsadm --version").exchanges;
        exchanges.extend(run.exchanges.clone());
        let mut tape = Tape::new(exchanges);
        Client::with_transport(&mut tape).unwrap().apply(change.clone()).unwrap();
        let [_lookup, sent, ..] = &tape.sent[..] else { panic!("nothing was sent") };

        let theirs = &run.exchanges[0].request;
        let flags = |message: &[u8]| u16::from_le_bytes([message[6], message[7]]);
        assert_eq!(flags(sent), flags(theirs), "{command}");
        let (ours, theirs) = (parse(sent).unwrap(), parse(theirs).unwrap());
        assert_eq!(ours.command, theirs.command, "{command}");
        let mut expected = facts(&ours);
        for fact in facts(&left_out(change)) {
            assert!(expected.insert(fact), "{command}: not left out after all");
        }
        assert_eq!(expected, facts(&theirs), "{command}");
    }
    let all: BTreeSet<_> = changes.iter().map(|(command, _)| command).collect();
    assert_eq!(compared, all, "not recorded");
}

#[test]
fn our_questions_are_those_of_ipvsadm() {
    let ask = |file, command: &str, question: &dyn Fn(&mut Client<&mut Tape>)| {
        let mut exchanges = run("info", "ipvsadm --version").exchanges;
        let lookups = if file == "info" { 2 } else { 1 };
        exchanges.truncate(lookups);
        exchanges.extend(run(file, command).exchanges);
        let mut tape = Tape::new(exchanges.clone());
        question(&mut Client::with_transport(&mut tape).unwrap());
        let sent = tape.sent.last().unwrap();
        let ours = parse(sent).unwrap();
        let theirs = exchanges.iter().filter_map(|exchange| parse(&exchange.request));
        let theirs = theirs.filter(|theirs| theirs.command == ours.command);
        (facts(&ours), theirs.map(|theirs| facts(&theirs)).collect::<Vec<_>>())
    };
    for (file, command, question) in [
        ("info", "ipvsadm --version", &|c: &mut Client<&mut Tape>| _ = c.info().unwrap()),
        ("timeouts", "ipvsadm -L --timeout", &|c: &mut Client<&mut Tape>| {
            _ = c.timeouts().unwrap();
        }),
        ("daemons", "ipvsadm -L --daemon", &|c: &mut Client<&mut Tape>| {
            _ = c.daemons().unwrap();
        }),
        ("dumps", "ipvsadm -L -n", &|c: &mut Client<&mut Tape>| _ = c.services().unwrap()),
        ("dumps", "ipvsadm -L -n", &|c: &mut Client<&mut Tape>| {
            _ = c.destinations(&web()).unwrap();
        }),
    ] as [(_, _, &dyn Fn(&mut Client<&mut Tape>)); 5]
    {
        let (ours, theirs) = ask(file, command, question);
        assert!(theirs.contains(&ours), "{command}: {ours:?} is not among {theirs:?}");
    }
}
