// SPDX-License-Identifier: MIT OR Apache-2.0

//! Both programs read every word for a forwarding method, and write one.

use ipvs_netlink::{ForwardingMethod, Tunnel};
use lab::Host;

use crate::agent::real_server;

const METHODS: [ForwardingMethod; 3] = [
    ForwardingMethod::Gateway,
    ForwardingMethod::Tunnel(Tunnel::Ipip),
    ForwardingMethod::Masquerade,
];

/// Every word for a method, as it is and in capitals.
fn words(method: ForwardingMethod) -> Vec<String> {
    let words = [method.name(), method.listed_as()].into_iter().flatten();
    let words = words.chain(method.other_names().iter().copied());
    words.flat_map(|word| [word.to_owned(), word.to_uppercase()]).collect()
}

#[test]
fn rsctl_reads_every_word_and_writes_one() {
    let host = Host::new("director");
    host.must("rsctl add-service tcp/192.0.2.1:80");
    let json = |server: &str, word: &str| {
        format!(
            r#"{{"format": "ipvs-table/2", "services": [{{"service": "tcp/192.0.2.1:80",
            "scheduler": "wlc", "servers": [{{"server": "{server}", "method": "{word}"}}]}}]}}"#
        )
    };
    let shown = |list: &str| {
        let text = host.must(list).stdout;
        let server = text.lines().find(|line| line.contains("-> 1"));
        server.and_then(|line| line.split_whitespace().nth(2)).unwrap_or_default().to_owned()
    };
    for method in METHODS {
        let (name, listed) = (method.name().unwrap(), method.listed_as().unwrap());
        for word in words(method) {
            host.must(&format!("rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1 --mode {word}"));
            assert_eq!(shown("rsctl list").trim_end_matches("(ipip)"), name, "{word}");
            assert_eq!(shown("rsctl list --tun-info"), name, "{word}");
            assert_eq!(shown("rsctl ipvsadm -Ln"), listed, "{word}");
            // That is what a file with the word says, too.
            let again = host.feed("rsctl restore --dry-run", &json("10.0.0.1:80", &word));
            assert_eq!((again.status, again.stdout.as_str()), (0, "nothing to change\n"), "{word}");
            host.must("rsctl delete-server tcp/192.0.2.1:80 -r 10.0.0.1");
        }
    }
    // No option asks for it, as an address of this host is what makes it so; a file says it.
    let local = ForwardingMethod::Local;
    for word in words(local) {
        let restored = host.feed("rsctl restore", &json("127.0.0.1:80", &word));
        assert_eq!(restored.status, 0, "{word}: {}", restored.stderr);
        assert_eq!(shown("rsctl list"), local.name().unwrap(), "{word}");
        assert_eq!(shown("rsctl ipvsadm -Ln"), local.listed_as().unwrap(), "{word}");
        assert!(host.must("rsctl save").stdout.contains("\"method\": \"local\""), "{word}");
        host.must("rsctl delete-server tcp/192.0.2.1:80 -r 127.0.0.1");
    }
}

#[test]
fn rs_agent_reads_every_word_and_writes_one() {
    let network = real_server();
    let server = &network.servers[0];
    for method in METHODS {
        let name = method.name().unwrap();
        let what = match method {
            ForwardingMethod::Masquerade => "--gateway 192.0.2.1",
            _ => "--vip 192.0.2.10",
        };
        let setup = |word: &str| {
            server.must(&format!("rs-agent setup --mode {word} {what} --dry-run --json")).stdout
        };
        let expected = setup(name);
        for word in words(method) {
            assert_eq!(setup(&word), expected, "{word}");
        }
    }
}

/// What an earlier version has saved is restored, and saved in the words of this one.
#[test]
fn a_table_of_the_first_format_is_restored() {
    const OLD: &str = r#"{
  "format": "ipvs-table/1",
  "timeouts": {"tcp": 901, "tcp_fin": 121, "udp": 301},
  "daemons": [
    {"role": "backup", "interface": "lo", "sync_id": 7, "max_length": 1400, "group": "224.0.0.81", "port": 8848, "ttl": 1}
  ],
  "services": [
    {"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
      {"server": "10.0.0.1:8080", "method": "masquerade", "weight": 3},
      {"server": "10.0.0.2:80", "method": "gateway", "weight": 1},
      {"server": "10.0.0.3:80", "method": "tunnel", "tunnel": {"type": "ipip"}, "weight": 1}
    ]}
  ]
}
"#;
    let host = Host::new("director");
    let restored = host.feed("rsctl restore", OLD);
    assert_eq!(restored.status, 0, "{}", restored.stderr);
    let words = [
        ("ipvs-table/1", "ipvs-table/2"),
        ("sync_id", "syncid"),
        ("max_length", "maxlen"),
        ("masquerade", "nat"),
        ("gateway", "dr"),
        ("\"tunnel\", ", "\"tun\", "),
    ];
    let new = words.iter().fold(OLD.to_owned(), |text, (old, new)| text.replace(old, new));
    assert_eq!(host.must("rsctl save").stdout, new);
    for text in [OLD, &new] {
        assert_eq!(host.feed("rsctl restore --dry-run", text).status, 0);
    }
}
