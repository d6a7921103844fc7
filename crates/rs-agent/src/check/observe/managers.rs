// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds other programs that manage the network here, by what they leave in files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lvs_host::escaped;
use lvs_host::{files, processes};
use lvs_term::system_error;

use super::super::seen::{Device, Keeps, Managers, NetworkdLink, Profile};

/// More than any configuration; a device file or a log put there by mistake has no end.
const LARGEST: u64 = 16 << 20;

/// Looks below `root`, normally `/`.
pub(super) fn look(root: &Path, devices: &[Device], unread: &mut Vec<String>) -> Managers {
    let processes = processes::names(&root.join("proc"));
    let mut managers = Managers {
        overlay: overlay(devices, &processes),
        keepalived_vmac: keepalived(&root.join("etc/keepalived"), unread),
        firewalld_rpfilter: processes
            .iter()
            .any(|name| name == "firewalld")
            .then(|| firewalld(&root.join("etc/firewalld/firewalld.conf"), unread))
            .flatten(),
        ..Managers::default()
    };
    // Read once, and only if it manages anything.
    let mut profiles = None;
    for device in devices {
        let index = device.index;
        let link = root.join(format!("run/systemd/netif/links/{index}"));
        let found = text(&link, unread).and_then(|text| networkd(&pairs(&text), root, unread));
        if let Some(found) = found {
            managers.networkd.insert(device.name.clone(), found);
        }
        let state = root.join(format!("run/NetworkManager/devices/{index}"));
        if let Some(text) = text(&state, unread) {
            let pairs = pairs(&text);
            let managed = pairs.iter().any(|(key, value)| key == "managed" && value == "true");
            let connection = pairs.iter().find(|(key, _)| key == "connection-uuid");
            if let (true, Some((_, uuid))) = (managed, connection) {
                let profiles = profiles.get_or_insert_with(|| self::profiles(root));
                let profile = profiles.get(uuid).cloned().unwrap_or_else(|| made_by_itself(uuid));
                managers.network_manager.insert(device.name.clone(), profile);
            }
        }
    }
    managers
}

/// A file, if it is there; what cannot be read is said.
fn text(path: &Path, unread: &mut Vec<String>) -> Option<String> {
    match files::bytes(path, LARGEST) {
        Ok((bytes, _)) => Some(escaped::text(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // A link to it is how a file of a later folder is switched off.
        Err(_) if fs::canonicalize(path).is_ok_and(|path| path == Path::new("/dev/null")) => None,
        Err(error) => {
            unread.push(format!("{}: {}", path.display(), system_error(&error)));
            None
        }
    }
}

/// `KEY=VALUE` lines, whatever section they are in.
fn pairs(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', ';']));
    let pair = |line: &str| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    };
    lines.filter_map(pair).collect()
}

/// What networkd says of a link, and its configuration of it.
fn networkd(
    state: &[(String, String)],
    root: &Path,
    unread: &mut Vec<String>,
) -> Option<NetworkdLink> {
    let value = |name: &str| state.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let unmanaged = value("ADMIN_STATE").is_some_and(|state| state == "unmanaged");
    let file = value("NETWORK_FILE").filter(|file| !file.is_empty() && !unmanaged)?;
    let mut link = NetworkdLink { file: file.clone(), ..NetworkdLink::default() };
    for path in [vec![PathBuf::from(escaped::os_string(file))], drop_ins(file, root)].concat() {
        let path = root.join(path.strip_prefix("/").unwrap_or(&path));
        for (key, value) in pairs(&text(&path, unread).unwrap_or_default()) {
            match key.as_str() {
                "KeepConfiguration" => link.keeps = keeps(&value),
                "Address" => {
                    let address = value.split('/').next().unwrap_or_default();
                    link.declared.extend(address.parse::<IpAddr>());
                }
                _ => {}
            }
        }
    }
    Some(link)
}

/// Booleans are as in systemd's parse_boolean; `dynamic-on-stop` and `dhcp` keep only what
/// networkd itself got.
fn keeps(value: &str) -> Keeps {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "on" | "1" => Keeps::All,
        _ if value == "static" => Keeps::Preferred,
        _ => Keeps::Nothing,
    }
}

/// All profiles by UUID; of those with the same the first counts. Only root may read them.
fn profiles(root: &Path) -> BTreeMap<String, Profile> {
    let mut profiles = BTreeMap::new();
    for folder in ["etc", "run", "usr/lib"] {
        let folder = Path::new("/").join(folder).join("NetworkManager/system-connections");
        let entries = fs::read_dir(root.join(folder.strip_prefix("/").unwrap_or(&folder)));
        for entry in entries.into_iter().flatten().flatten() {
            let Ok((bytes, _)) = files::bytes(&entry.path(), LARGEST) else { continue };
            let pairs = pairs(&escaped::text(&bytes));
            let Some((_, uuid)) = pairs.iter().find(|(key, _)| key == "uuid") else { continue };
            let address = |value: &str| value.split('/').next().unwrap_or_default().parse();
            let lines = pairs.iter().filter(|(key, _)| key.starts_with("address"));
            let profile = Profile {
                uuid: uuid.clone(),
                file: Some(folder.join(entry.file_name()).display().to_string()),
                generated: pairs.iter().any(|(key, on)| key == "nm-generated" && on == "true"),
                declared: lines.filter_map(|(_, value)| address(value).ok()).collect(),
            };
            profiles.entry(uuid.clone()).or_insert(profile);
        }
    }
    profiles
}

/// For every device that others configured NetworkManager makes a profile itself, of what it
/// finds there.
fn made_by_itself(uuid: &str) -> Profile {
    Profile { uuid: uuid.to_owned(), generated: true, ..Profile::default() }
}

/// `NAME.network.d/*.conf` of every folder, by name.
fn drop_ins(file: &str, root: &Path) -> Vec<PathBuf> {
    let mut name = escaped::os_string(file.rsplit('/').next().unwrap_or_default());
    name.push(".d");
    let mut found: BTreeMap<std::ffi::OsString, PathBuf> = BTreeMap::new();
    for folder in ["etc", "run", "usr/local/lib", "usr/lib"] {
        let folder = Path::new("/").join(folder).join("systemd/network").join(&name);
        let entries = fs::read_dir(root.join(folder.strip_prefix("/").unwrap_or(&folder)));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.as_encoded_bytes().ends_with(b".conf") {
                found.entry(name).or_insert_with(|| folder.join(entry.file_name()));
            }
        }
    }
    found.into_values().collect()
}

fn overlay(devices: &[Device], processes: &[String]) -> Option<String> {
    let is_device = |name: &str| name.starts_with("cali") || name == "vxlan.calico";
    let device = devices.iter().find(|device| is_device(&device.name));
    let is_process = |name: &&String| name.starts_with("calico-") || *name == "felix";
    device
        .map(|device| format!("interface {}", device.name))
        .or_else(|| processes.iter().find(is_process).map(|name| format!("process {name}")))
}

/// The first line that says `use_vmac`, in the main file or one of its folder.
fn keepalived(folder: &Path, unread: &mut Vec<String>) -> Option<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    files.sort();
    for file in files {
        let text = text(&file, unread).unwrap_or_default();
        for (number, line) in (1..).zip(text.lines()) {
            if line.split_whitespace().next() == Some("use_vmac") {
                return Some(format!("{}:{number}", file.display()));
            }
        }
    }
    None
}

/// `yes` (the default) and `strict` are strict; `strict-forward` spares what is for this host.
fn firewalld(file: &Path, unread: &mut Vec<String>) -> Option<String> {
    let pairs = pairs(&text(file, unread).unwrap_or_default());
    let value = pairs.iter().rev().find(|(key, _)| key == "IPv6_rpfilter");
    let value = value.map_or("yes", |(_, value)| value.as_str());
    let strict = ["yes", "true", "strict"].contains(&value.to_ascii_lowercase().as_str());
    strict.then(|| format!("{}: IPv6_rpfilter={value}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn reads_what_they_leave() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let devices = [Device { index: 1, name: "lo".into(), ..Device::default() }];
        let look = || super::look(root, &devices, &mut Vec::new());
        assert_eq!(look(), Managers::default());

        let state =
            "# private\nADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/a.network\n";
        put(root, "run/systemd/netif/links/1", state);
        put(root, "etc/systemd/network/a.network", "[Address]\nAddress = 192.0.2.10/32\n");
        let link = look().networkd.remove("lo").unwrap();
        assert_eq!(link.keeps, Keeps::Nothing);
        assert_eq!(link.declared, ["192.0.2.10".parse::<IpAddr>().unwrap()]);
        for (value, keeps) in [
            ("static", Keeps::Preferred),
            ("yes", Keeps::All),
            ("True", Keeps::All),
            ("no", Keeps::Nothing),
            ("dhcp", Keeps::Nothing),
            ("dynamic-on-stop", Keeps::Nothing),
        ] {
            let text = format!("[Network]\nKeepConfiguration={value}\n");
            put(root, "run/systemd/network/a.network.d/x.conf", &text);
            assert_eq!(look().networkd["lo"].keeps, keeps, "{value}");
        }
        put(root, "run/systemd/netif/links/1", &state.replace("configured", "unmanaged"));
        assert!(look().networkd.is_empty());

        put(root, "run/NetworkManager/devices/1", "[device]\nmanaged=true\n");
        assert!(look().network_manager.is_empty());
        // As NetworkManager 1.52 writes them for a lo that others configured.
        let device = "[device]\nmanaged=true\nconnection-uuid=u\nnm-owned=false\n";
        put(root, "run/NetworkManager/devices/1", device);
        let found = || look().network_manager.remove("lo").unwrap();
        let unknown = Profile { uuid: "u".into(), generated: true, ..Profile::default() };
        assert_eq!(found(), unknown, "as for somebody who may not read it");
        let text = "[connection]\nid=lo\nuuid=u\n[ipv4]\naddress1=127.0.0.1/8\n\
                    address2=192.0.2.10/32,0.0.0.0\n[ipv6]\naddr-gen-mode=default\n";
        let folder = "NetworkManager/system-connections";
        let generated = format!("{text}[.nmmeta]\nnm-generated=true\nexternal=true\n");
        put(root, &format!("run/{folder}/lo.nmconnection"), &generated);
        assert!(found().generated);
        put(root, &format!("etc/{folder}/real.nmconnection"), text);
        let real = found();
        assert!(!real.generated);
        let declared = ["127.0.0.1", "192.0.2.10"].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(real.declared, declared);
        assert_eq!(real.file.unwrap(), format!("/etc/{folder}/real.nmconnection"));

        // Each device has its own.
        put(root, "run/NetworkManager/devices/2", &device.replace("uuid=u", "uuid=v"));
        put(root, "run/NetworkManager/devices/3", &device.replace("uuid=u", "uuid=w"));
        put(root, &format!("usr/lib/{folder}/v.nmconnection"), &text.replace("uuid=u", "uuid=v"));
        let devices = [(1, "lo"), (2, "eth0"), (3, "eth1")].map(|(index, name)| Device {
            index,
            name: name.into(),
            ..Device::default()
        });
        let found = super::look(root, &devices, &mut Vec::new()).network_manager;
        let files = ["lo", "eth0", "eth1"].map(|name| found[name].file.clone().unwrap_or_default());
        assert!(files[0].ends_with("/real.nmconnection") && files[1].ends_with("/v.nmconnection"));
        assert_eq!(found["eth1"], Profile { uuid: "w".into(), ..unknown });

        put(root, "etc/keepalived/keepalived.conf", "vrrp_instance a {\n  # use_vmac\n");
        assert_eq!(look().keepalived_vmac, None);
        put(root, "etc/keepalived/keepalived.conf", "vrrp_instance a {\n  use_vmac v0\n}");
        assert!(look().keepalived_vmac.unwrap().ends_with("keepalived.conf:2"));
    }

    #[test]
    fn what_has_no_end_or_no_beginning_is_said_and_not_read() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().to_owned();
        put(&path, "proc/1/comm", "firewalld\n");
        let network = "NETWORK_FILE=/etc/systemd/network/a.network\n";
        put(&path, "run/systemd/netif/links/1", network);
        let managed = "managed=true\nconnection-uuid=u\n";
        put(&path, "run/NetworkManager/devices/1", managed);
        let files = [
            "etc/keepalived/x.conf",
            "etc/firewalld/firewalld.conf",
            "etc/systemd/network/a.network",
            "etc/NetworkManager/system-connections/x",
        ];
        let look = |make: &dyn Fn(&Path)| {
            for file in files.map(|file| path.join(file)) {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                let _ = fs::remove_file(&file);
                make(&file);
            }
            let (path, (tell, told)) = (path.clone(), std::sync::mpsc::channel());
            std::thread::spawn(move || {
                let devices = [Device { index: 1, name: "lo".into(), ..Device::default() }];
                let mut unread = Vec::new();
                let managers = super::look(&path, &devices, &mut unread);
                tell.send((managers, unread)).unwrap();
            });
            told.recv_timeout(std::time::Duration::from_secs(20)).expect("an end")
        };
        let fifo = |file: &Path| {
            nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).unwrap();
        };
        let large = |file: &Path| fs::File::create(file).unwrap().set_len(1 << 30).unwrap();
        for (make, why) in
            [(&fifo as &dyn Fn(&Path), "not a regular file"), (&large, "larger than 16384 KiB")]
        {
            let (managers, unread) = look(make);
            assert!(managers.network_manager["lo"].generated, "{managers:?}");
            let told = unread.iter().filter(|what| what.ends_with(why)).count();
            assert!(told == 3 && unread.len() == 3, "{unread:?}");
        }
        let (_, unread) = look(&|file| std::os::unix::fs::symlink("/dev/null", file).unwrap());
        assert_eq!(unread, [""; 0], "switched off");
    }

    #[test]
    fn firewalld_is_strict_unless_it_says_otherwise() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("firewalld.conf");
        for (text, strict) in [
            ("", true),
            ("IPv6_rpfilter=yes\n", true),
            ("IPv6_rpfilter=strict\n", true),
            ("IPv6_rpfilter=loose\n", false),
            ("IPv6_rpfilter=no\n", false),
            ("#IPv6_rpfilter=yes\nIPv6_rpfilter=strict-forward\n", false),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(firewalld(&file, &mut Vec::new()).is_some(), strict, "{text}");
        }
    }
}
