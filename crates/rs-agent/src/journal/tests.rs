// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files as they were written, damaged, and of elsewhere.

use lvs_host::SysctlKey;

use super::*;
use crate::error::Error;
use crate::mode::Mode;
use crate::request::Scope;
use crate::tunnel::Encapsulation;

fn wanted() -> Wanted {
    Wanted {
        mode: Mode::Dr,
        vips: vec!["192.0.2.10".parse().unwrap()],
        carrier: "lo".into(),
        create_carrier: false,
        scope: Scope::Host,
        label: None,
        also_director: false,
        encapsulation: Encapsulation::Ipip,
        rips: Vec::new(),
        tunnels: Vec::new(),
        directors: Vec::new(),
        gateways: Vec::new(),
        client: None,
    }
}

fn sysctl(from: i32) -> Change {
    Change::Sysctl { key: SysctlKey::ipv4("all", "arp_ignore"), from: Some(from), to: 1 }
}

/// Without a word about its file.
fn loaded(store: &Store) -> Option<Journal> {
    let found = store.load().unwrap();
    assert_eq!(found.notice, None);
    found.journal
}

#[test]
fn comes_back_as_it_was_saved() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(&directory.path().join("deep/state")).unwrap();
    assert_eq!(loaded(&store), None);
    let _lock = store.lock().unwrap();
    let mut journal = store.begin(wanted(), &Facts::default());
    journal.intend([
        sysctl(0),
        Change::Address {
            ip: "2001:db8::1".parse().unwrap(),
            device: "a.b".into(),
            tag: None,
            scope: Scope::Host,
            label: None,
        },
    ]);
    store.save(&journal).unwrap();
    assert_eq!(loaded(&store), Some(journal));
    store.remove().unwrap();
    store.remove().unwrap();
    assert_eq!(loaded(&store), None);
}

#[test]
fn another_boot_or_namespace_is_no_journal_and_damage_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path()).unwrap();
    let mut journal = store.begin(wanted(), &Facts::default());
    for change in [(|id| id.boot.push('x')) as fn(&mut Identity), |id| {
        id.cookie = id.cookie.map(|cookie| cookie + 1)
    }] {
        journal.identity = store.identity.clone();
        change(&mut journal.identity);
        store.save(&journal).unwrap();
        let same = journal.identity == store.identity; // no cookie before Linux 5.14
        assert_eq!(loaded(&store).is_some(), same);
    }
    journal.format = FORMAT + 1;
    store.save(&journal).unwrap();
    let newer = store.load().unwrap_err();
    let text = "format 4 is of a newer version of rs-agent: use that one";
    assert_eq!(newer.to_string(), format!("reading {}: {text}", store.file().display()));
    assert!(newer.hints()[0].contains("keep it"), "{newer:?}");
    let copy = store.file().with_extension("json.copy");
    for file in [&store.file(), &copy] {
        std::fs::write(file, "{").unwrap();
    }
    assert!(matches!(store.load(), Err(Error::Damaged { copy: "so is its copy", .. })));
    std::fs::remove_file(copy).unwrap();
    assert!(matches!(store.load(), Err(Error::Damaged { copy: "it has no copy", .. })));
}

#[test]
fn what_is_in_the_place_of_the_lock_is_named() {
    let directory = tempfile::tempdir().unwrap();
    // Its hint is for a shell.
    let directory = directory.path().join("of rs-agent");
    std::fs::create_dir(&directory).unwrap();
    let store = Store::new(&directory).unwrap();
    let path = directory.join("lock");
    let remove = || std::fs::remove_file(&path).unwrap();
    let says = |is: &str, hint: &str| {
        let why = store.lock().unwrap_err();
        let shown = path.display();
        assert_eq!(why.to_string(), format!("{shown} is {is}, where rs-agent keeps its lock"));
        assert_eq!(why.hints(), [format!("{hint} '{shown}'`")]);
    };
    std::fs::create_dir(&path).unwrap();
    says("a directory", "see what is in it and move it away; if it is empty: `rmdir");
    std::fs::remove_dir(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    says("a FIFO", "rs-agent did not make it; remove it: `rm");
    remove();
    std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    says("a symbolic link", "rs-agent did not make it; remove it: `rm");
    remove();
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    says("a socket", "rs-agent did not make it; remove it: `rm");
    remove();
    store.lock().unwrap();
}

/// RIPs were ends of devices only, and encapsulations and scopes not known.
#[test]
fn format_1_is_still_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path()).unwrap();
    let identity = serde_json::to_string(&store.identity).unwrap();
    let text = format!(
        r#"{{"format": 1, "identity": {identity}, "since": "2026-01-02T03:04:05Z",
        "wanted": {{"mode": "tun", "vips": ["192.0.2.10"], "carrier": "lo", "tunnels": [
            {{"name": "rs-ipip", "kind": "ipip", "local": "10.0.0.11", "remote": null}}],
            "directors": [], "gateway": null, "client": null}},
        "changes": [
            {{"change": "tunnel", "name": "rs-ipip", "kind": "ipip", "local": "10.0.0.11",
              "remote": null}},
            {{"change": "sysctl", "key": "net.ipv4.conf.rs-ipip.rp_filter", "from": null,
              "to": 2}},
            {{"change": "up", "device": "rs-ipip"}},
            {{"change": "address", "ip": "192.0.2.10", "device": "rs-ipip", "tag": 114}}]}}"#
    );
    std::fs::write(store.file(), text).unwrap();
    let journal = loaded(&store).unwrap();
    assert_eq!((journal.wanted.encapsulation, journal.changes.len()), (Encapsulation::Ipip, 4));
    assert_eq!(journal.wanted.rips, ["10.0.0.11".parse::<IpAddr>().unwrap()]);
    store.save(&journal).unwrap();
    assert_eq!(loaded(&store), Some(journal));
}

/// Its one gateway is one of several now, and all are written from now on.
#[test]
fn format_2_is_still_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path()).unwrap();
    let identity = serde_json::to_string(&store.identity).unwrap();
    let text = format!(
        r#"{{"format": 2, "identity": {identity}, "since": "2026-01-02T03:04:05Z", "found": [],
        "wanted": {{"mode": "nat", "vips": [], "carrier": "lo", "create_carrier": false,
            "scope": "host", "label": null, "envelope": {{"type": "ipip"}}, "tunnels": [],
            "directors": [], "gateway": "10.0.0.1", "client": null}},
        "changes": [
            {{"change": "default-route", "gateway": "10.0.0.1", "metric": 0, "from": null}}]}}"#
    );
    std::fs::write(store.file(), text).unwrap();
    let mut journal = loaded(&store).unwrap();
    assert_eq!(journal.wanted.gateways, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    journal.wanted.gateways.push("2001:db8::1".parse().unwrap());
    store.save(&journal).unwrap();
    assert_eq!(loaded(&store), Some(journal));
}

/// Of what is written other versions of this program read every word.
#[test]
fn format_3_is_written_as_it_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path()).unwrap();
    let text = serde_json::json!({
        "format": 3, "identity": store.identity, "since": "2026-01-02T03:04:05Z",
        "found": ["192.0.2.12"],
        "wanted": {
            "mode": "tun", "vips": ["192.0.2.10", "2001:db8::10"], "carrier": "lo",
            "create_carrier": false, "scope": "link", "label": null,
            "envelope": {"type": "gue", "port": 6080}, "also_director": true,
            "rips": ["10.0.0.11"],
            "tunnels": [{"name": "sit0", "kind": "sit", "local": null, "remote": null,
                "fallback": true}],
            "directors": ["10.0.0.1"], "gateways": [], "client": "198.51.100.0/24"},
        "changes": [
            {"change": "tunnel", "name": "rs-ip6gre", "kind": "ip6gre", "local": "2001:db8::11",
                "remote": "2001:db8::1", "checksum": true},
            {"change": "dummy", "device": "vips"},
            {"change": "gue", "port": 6080, "ipv6": false},
            {"change": "gue", "port": 6080, "ipv6": true},
            {"change": "sysctl", "key": "net.ipv4.conf.all.arp_ignore", "from": 0, "to": 1},
            {"change": "up", "device": "vips"},
            {"change": "address", "ip": "192.0.2.10", "device": "vips", "tag": 114,
                "scope": "link", "label": "vips:vip"},
            {"change": "default-route", "gateway": "10.0.0.1", "metric": 0,
                "from": {"text": "default via 10.0.0.2", "message": "02"}}]
    });
    std::fs::write(store.file(), text.to_string()).unwrap();
    store.save(&loaded(&store).unwrap()).unwrap();
    let written = std::fs::read_to_string(store.file()).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), text);
}

#[test]
fn the_first_value_seen_is_the_one_to_go_back_to() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = Store::new(directory.path()).unwrap().begin(wanted(), &Facts::default());
    journal.intend([sysctl(0)]);
    journal.intend([sysctl(3)]);
    assert_eq!(journal.changes, [sysctl(0)]);
}

#[test]
fn a_disowned_device_goes_with_its_settings_and_state_of_whatever_kind_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = Store::new(directory.path()).unwrap().begin(wanted(), &Facts::default());
    let device = || "vips".to_owned();
    let key = SysctlKey::ipv4("vips", "rp_filter");
    journal.intend([
        Change::Dummy { device: device() },
        sysctl(0),
        Change::Sysctl { key, from: None, to: 2 },
        Change::Up { device: device() },
    ]);
    journal.disown("other");
    assert_eq!(journal.changes.len(), 4);
    journal.disown("vips");
    assert_eq!(journal.changes, [sysctl(0)]);
}
