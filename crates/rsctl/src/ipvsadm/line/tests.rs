// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

#[test]
fn timeouts_are_of_31_days_at_most() {
    for (text, least, seconds) in [
        ("0", 0, Some(0)),
        ("0", 1, None),
        ("1", 1, Some(1)),
        ("2678400", 0, Some(2_678_400)),
        ("2678401", 0, None),
        ("-1", 0, None),
    ] {
        assert_eq!(timeout(text, least).ok(), seconds, "{text} of {least} at least");
    }
    assert_eq!(cut("fifteen-letters"), "fifteen-letters");
    assert_eq!(cut("sixteen-letters-"), "sixteen-letters");
    assert_eq!(cut("fourteen-lette\u{e9}"), "fourteen-lette", "no half of a letter");
}

/// What words say, each in its field, or why they are refused.
#[test]
fn each_word_has_its_field() {
    let read = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        super::read("ipvsadm", &words, &mut Names::nameless(""))
    };
    type Row = (&'static str, fn(&Line) -> bool);
    let rows: &[Row] = &[
        ("-h -t nonsense", |it| it.command == Command::Help),
        ("--version nonsense", |it| it.command == Command::Version),
        ("--start-daemon master --mcast-interface sixteen-letters-", |it| {
            it.daemon.role == SyncRole::Master && it.daemon.interface == "sixteen-letters"
        }),
        ("--start-daemon backup --syncid 255", |it| {
            it.daemon.role == SyncRole::Backup && it.daemon.sync_id == 255
        }),
        ("--stop-daemon backup", |it| it.daemon.role == SyncRole::Backup),
        ("--stop-daemon master", |it| it.daemon.role == SyncRole::Master),
        ("--start-daemon master --sync-maxlen 65507 --mcast-port 65535 --mcast-ttl 255", |it| {
            let daemon = &it.daemon;
            (daemon.max_length, daemon.port, daemon.ttl) == (65507, 65535, 255)
        }),
        ("--start-daemon master --mcast-group 224.0.0.81", |it| {
            it.daemon.group == Some(Ipv4Addr::new(224, 0, 0, 81).into())
        }),
        ("--start-daemon master --mcast-group ff02::81", |it| {
            it.daemon.group.is_some_and(|group| group.is_ipv6())
        }),
        ("--set 1 2 3", |it| it.timeouts == [1, 2, 3]),
        ("-A -f 7", |it| {
            let service = &it.service;
            let family = AddressFamily::Ipv4;
            (service.mark, service.family, service.netmask) == (7, family, Netmask::host(family))
                && service.protocol == Some(Protocol::Tcp)
        }),
        ("-A -f 7 -6", |it| {
            let family = AddressFamily::Ipv6;
            (it.service.family, it.service.netmask) == (family, Netmask::host(family))
        }),
        ("-A -t [2001:db8::1]:80", |it| {
            let family = AddressFamily::Ipv6;
            (it.service.family, it.service.netmask) == (family, Netmask::host(family))
                && it.service.port == 80
        }),
        ("-A --sctp-service 192.0.2.1:80 -s rr -o -p", |it| {
            let service = &it.service;
            service.protocol == Some(Protocol::Sctp)
                && (service.scheduler.as_str(), service.ops) == ("rr", true)
                && service.persistent == Some(360)
        }),
        ("-A -u 192.0.2.1:53 -p 1 -M 255.255.255.0 -b sh-port --pe sip", |it| {
            let service = &it.service;
            service.protocol == Some(Protocol::Udp)
                && service.netmask == Netmask::ipv4(Ipv4Addr::new(255, 255, 255, 0))
                && (service.flags.as_str(), service.engine.as_str()) == ("sh-port", "sip")
                && service.persistent == Some(1)
        }),
        ("-a -t 192.0.2.1:80 -r 10.0.0.1 -m -w 2147483647 -x 9 -y 8", |it| {
            let server = &it.server;
            (server.port, server.weight, server.upper, server.lower) == (80, i32::MAX as u32, 9, 8)
                && server.forward == Forward::Masquerade
        }),
        ("-a -t 192.0.2.1:80 -r 10.0.0.1:81 -i --tun-type gue --tun-port 65535", |it| {
            let server = &it.server;
            (server.port, server.tunnel_port) == (81, 65535)
                && (server.tunnel, server.forward) == (TunnelType::Gue, Forward::Tunnel)
        }),
        ("-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gre", |it| {
            it.server.tunnel == TunnelType::Gre
        }),
        ("-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type ipip", |it| {
            it.server.tunnel == TunnelType::Ipip && it.server.forward == Forward::Tunnel
        }),
        ("-L --sort -n", |it| it.command == Command::List),
    ];
    for (line, holds) in rows {
        let read = read(line).unwrap_or_else(|stop| panic!("{line}: {stop:?}"));
        assert!(holds(&read), "{line}: {read:?}");
    }
    let refused = [
        ("-t 192.0.2.1:80", Stop::try_help("ipvsadm")),
        ("nonsense", Stop::try_help("ipvsadm")),
        ("--start-daemon both", Stop::fail("illegal start-daemon parameter specified")),
        ("--stop-daemon both", Stop::fail("illegal start_daemon specified")),
        ("--set 1 2", Stop::fail("--set option requires 3 timeout values")),
        ("--set 1 2 3 4", Stop::fail("unexpected argument 4")),
        ("-L nonsense", Stop::fail("unexpected argument nonsense")),
        ("-A -6 -f 7", Stop::fail("-6 must follow -f\n")),
        ("-A -f 0", Stop::fail("invalid fwmark value `0' specified")),
        ("-A -f 4294967296", Stop::fail("invalid fwmark value `4294967296' specified")),
        ("-A -t 192.0.2.1:80 -m -g", Stop::fail("multiple 'forwarding-method' options specified")),
        ("-A -t x", Stop::fail("illegal virtual server address[:port] specified")),
        ("-a -t 192.0.2.1:80 -r x", Stop::fail("illegal real server address[:port] specified")),
        ("-a -t 192.0.2.1:80 -w 2147483648", Stop::fail("illegal weight specified")),
        ("-a -t 192.0.2.1:80 --tun-type x", Stop::fail("illegal tunnel type specified")),
        ("-a -t 192.0.2.1:80 --tun-port 0", Stop::fail("illegal tunnel port specified")),
        ("--start-daemon master --syncid 256", Stop::fail("illegal syncid specified")),
        ("--start-daemon master --mcast-port 0", Stop::fail("illegal mcast-port specified")),
        ("--start-daemon master --mcast-ttl 0", Stop::fail("illegal mcast-ttl specified")),
        ("--start-daemon master --sync-maxlen 65508", Stop::fail("illegal sync-maxlen specified")),
        (
            "--start-daemon master --mcast-group 10.0.0.1",
            Stop::fail("invalid IPv4 mcast-group `10.0.0.1'"),
        ),
        (
            "--start-daemon master --mcast-group fe80::1",
            Stop::fail("invalid IPv6 mcast-group `fe80::1'"),
        ),
        ("-A -t 192.0.2.1:80 -M x", Stop::fail("illegal virtual server persistent mask specified")),
        ("-A -t [2001:db8::1]:80 -M 129", Stop::fail("illegal ipv6 netmask specified")),
    ];
    for (line, expected) in refused {
        assert_eq!(read(line).map(|read| read.command), Err(expected), "{line}");
    }

    // A port by its name is that of the service's protocol.
    for (service, port) in [("-t", 80), ("-u", 81), ("--sctp-service", 82)] {
        let words = ["-a", service, "192.0.2.1:1", "-r", "10.0.0.1:web"].map(str::to_owned);
        let mut names = Names::nameless("web 80/tcp\nweb 81/udp\nweb 82/sctp\n");
        let line = super::read("ipvsadm", &words, &mut names).unwrap();
        assert_eq!(line.server.port, port, "{service}");
    }
}
