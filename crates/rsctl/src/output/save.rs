// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs::{self, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use ipvs_cluster::file::{self, Line, MAX_BYTES, Problem};
use ipvs_cluster::{Desired, Fault, Observed};
use ipvs_netlink::{InterfaceName, SetTimeouts, SyncDaemonEntry, Timeouts};
use lvs_term::{escaped, outlive_file_limit, system_error};
use tempfile::Builder;

use super::ipvsadm;
use crate::cli::Form;
use crate::commands::Saved;
use crate::commands::restore::lines;
use crate::error::Error;

pub(super) fn write(saved: &Saved, out: &mut impl Write) -> io::Result<()> {
    match saved.form {
        Form::Json => file::write(&saved.table, out),
        Form::Ipvsadm => ipvsadm::write(&saved.table, out),
    }
}

/// Says on stderr what the file does not hold, or what will not be restored. Where nobody would
/// be there to read that, at boot, it is an error.
pub(super) fn check(saved: &Saved) -> Result<(), Error> {
    if saved.is_installed {
        return restorable(saved);
    }
    warn(saved);
    Ok(())
}

/// Refuses what `restore` would not take without a word.
fn restorable(saved: &Saved) -> Result<(), Error> {
    let read = if is_beyond_doubt(&saved.table) { Ok(Vec::new()) } else { read_back(saved) };
    let as_is = read.is_ok();
    let found =
        read.map_or_else(|found| found, |doubts| doubts.into_iter().map(Problem::from).collect());
    let line = |Problem { line, message }| format!("line {line}: {message}");
    let mut problems: Vec<_> = found.into_iter().map(line).collect();
    let doubtful = problems.len();
    problems.extend(replaced(&saved.table).map(not_utf8));
    if problems.is_empty() {
        return Ok(());
    }
    let as_is = as_is && problems.len() == doubtful;
    let file = saved.to.as_ref().map_or_else(String::new, |file| escaped(file.as_os_str()));
    Err(Error::NotRestorable { file, problems, as_is })
}

fn warn(saved: &Saved) {
    let Saved { table, form, .. } = saved;
    if *form == Form::Ipvsadm {
        for what in ipvsadm::left_out(table) {
            super::warning(&format!("ipvsadm's form cannot say {what}; `--format json` can"));
        }
    }
    if !is_beyond_doubt(table) {
        let instead = match form {
            Form::Json => "",
            Form::Ipvsadm => ", and take it from `--format json` with --as-is",
        };
        will_be_restored(read_back(saved), instead);
    }
    for daemon in replaced(table).filter(|_| *form == Form::Json) {
        super::warning(&not_utf8(daemon));
    }
}

/// Returns whether `restore` takes all of it for sure, in either form: so it is with what
/// `rsctl` itself would set, up to a size of which no file is too large.
fn is_beyond_doubt(table: &Observed) -> bool {
    /// More than a line of a file has.
    const LINE: usize = 640;
    let servers: usize = table.services.iter().map(|entry| entry.servers.len()).sum();
    let Timeouts { tcp, tcp_fin, udp, .. } = table.timeouts;
    let mut seconds = [tcp, tcp_fin, udp].into_iter().flatten();
    let is_name = |name: &InterfaceName| name.as_str().parse::<InterfaceName>().is_ok();
    servers + table.services.len() < MAX_BYTES / LINE
        && seconds.all(|seconds| (1..=SetTimeouts::MAX).contains(&seconds))
        && table.daemons.iter().all(|daemon| is_name(&daemon.interface))
        && Desired::try_from(table).is_ok_and(|desired| desired.is_sound())
}

/// Reads what is going to be written as `restore` will: what it then doubts, or refuses.
fn read_back(saved: &Saved) -> Result<Vec<Fault<Line>>, Vec<Problem>> {
    let mut text = Vec::new();
    // A write to memory does not fail.
    let _ = write(saved, &mut text);
    match saved.form {
        Form::Json => file::read(&text).map(|read| read.doubts),
        Form::Ipvsadm => lines::read(&text).map(|read| read.doubts),
    }
}

/// Returns the sync daemons on interfaces whose names are not UTF-8, which JSON cannot hold.
fn replaced(table: &Observed) -> impl Iterator<Item = &SyncDaemonEntry> {
    let is_replaced =
        |daemon: &&SyncDaemonEntry| daemon.interface.as_str().contains(char::REPLACEMENT_CHARACTER);
    table.daemons.iter().filter(is_replaced)
}

fn not_utf8(daemon: &SyncDaemonEntry) -> String {
    format!(
        "the interface of the {} sync daemon has a name that is not UTF-8, and `rsctl restore` \
         will not find it by what is written: {}",
        daemon.role, daemon.interface
    )
}

/// Says which lines `restore` will refuse, and what else is done with those, or take
/// only if told to.
fn will_be_restored(read: Result<Vec<Fault<Line>>, Vec<Problem>>, instead: &str) {
    match read {
        Ok(doubts) => {
            for Problem { line, message } in doubts.into_iter().map(Problem::from) {
                super::warning(&format!(
                    "where it is not there already, `rsctl restore` will take line {line} with \
                     --as-is only: {message}"
                ));
            }
        }
        Err(problems) => {
            for Problem { line, message } in problems {
                super::warning(&format!(
                    "`rsctl restore` will refuse line {line}{instead}: {message}"
                ));
            }
        }
    }
}

/// Writes to a file: a reader, or a crash, finds the old one or the new one.
pub(super) fn to_file(saved: &Saved, file: &Path) -> Result<(), Error> {
    outlive_file_limit();
    let failed = |error| Error::Write { file: escaped(file.as_os_str()), error };
    if !saved.is_installed {
        return replace(file, None, |out| write(saved, out)).map_err(failed);
    }
    let folder = file.parent().unwrap_or(file);
    if !folder.is_dir() {
        // A link that leads nowhere is in the way, too.
        if folder.symlink_metadata().is_ok() {
            let name = |path: &Path| escaped(path.as_os_str());
            return Err(Error::FolderInTheWay { file: name(file), folder: name(folder) });
        }
        fs::DirBuilder::new().recursive(true).create(folder).map_err(failed)?;
        fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(failed)?;
    }
    replace(file, Some(0o644), |out| write(saved, out)).map_err(failed)?;
    super::note(&format!("wrote {}", escaped(file.as_os_str())));
    if !Path::new(ENABLED).is_symlink() {
        super::hint("`systemctl enable rsctl-restore` has it restored at each boot");
    }
    Ok(())
}

/// What `systemctl enable` makes of `WantedBy=` in rsctl-restore.service.
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/rsctl-restore.service";

/// Replaces a file, or writes to what is none. A new one has that mode, if any, whatever the umask.
pub(super) fn replace(
    file: &Path,
    mode_of_new: Option<u32>,
    write: impl Fn(&mut BufWriter<&fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    // Asked by its own name, so that the kernel has its say about links that others left in
    // a folder for all (the sysctl fs.protected_symlinks).
    let known = match fs::metadata(file) {
        Ok(known) => Some(known),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let device = match &known {
        Some(known) => match descriptor(file)? {
            None if !known.is_file() => Some(fs::OpenOptions::new().write(true).open(file)?),
            open => open,
        },
        None => None,
    };
    if let Some(device) = device {
        let mut out = BufWriter::new(&device);
        return write(&mut out).and_then(|()| out.flush());
    }
    // The file a link leads to is replaced, not the link.
    let target = match &known {
        Some(_) => fs::canonicalize(file)?,
        None if file.is_symlink() => {
            let to = fs::read_link(file)?;
            let why = format!("it is a link to {}, which is not there", escaped(to.as_os_str()));
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        None => PathBuf::from(file),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // As any program would make a new one; for nobody else until it is as the old one was.
    let mode = if known.is_some() { 0o600 } else { 0o666 };
    // Made here: the errors of `tempfile_in` name the temporary file, which nobody has asked for.
    let temporary = Builder::new().prefix(".rsctl-").make_in(folder, |name| {
        fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(name)
    })?;
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    match (known, mode_of_new) {
        (Some(known), _) => keep_rights(&known, temporary.as_file())?,
        (None, Some(mode)) => temporary.as_file().set_permissions(Permissions::from_mode(mode))?,
        (None, None) => {}
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target)?;
    // The name is safe when the folder is.
    fs::File::open(folder)?.sync_all()
}

/// Returns what `file` stands for if it names something that a process has open, such as
/// `/dev/stdout`: whoever opened it goes on with it, so that it is not replaced.
fn descriptor(file: &Path) -> io::Result<Option<fs::File>> {
    // As many as the kernel follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { break };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // What is not there is complained of by who makes it.
        let Ok(folder) = fs::canonicalize(folder) else { break };
        let here = folder.join(name);
        if folder.starts_with("/proc") && folder.ends_with("fd") {
            return open_descriptor(&here).map(Some);
        }
        let Ok(to) = fs::read_link(&here) else { break };
        file = folder.join(to);
    }
    Ok(None)
}

/// Opens `/proc/PID/fd/N`.
fn open_descriptor(file: &Path) -> io::Result<fs::File> {
    let own = fs::canonicalize("/proc/self/fd")?;
    // Opened anew it would have a place of its own, and what others write there next would
    // stand above this.
    let shared = match file.strip_prefix(own).ok().and_then(Path::to_str) {
        Some("1") => io::stdout().as_fd().try_clone_to_owned()?,
        Some("2") => io::stderr().as_fd().try_clone_to_owned()?,
        _ => return fs::OpenOptions::new().append(true).open(file),
    };
    Ok(shared.into())
}

/// Gives `file` the owner, the group and the mode that `known` has.
fn keep_rights(known: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    let new = file.metadata()?;
    if (known.uid(), known.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(known.uid()), Some(known.gid())).map_err(|error| {
            let why = format!("its owner cannot be kept: {}", system_error(&error));
            io::Error::new(error.kind(), why)
        })?;
    }
    // Behind that: a change of owner takes bits away.
    file.set_permissions(known.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::symlink;

    use ipvs_cluster::ObservedService;
    use ipvs_netlink::{
        Destination, ForwardingMethod, Netmask, Persistence, Protocol, Scheduler, SchedulerFlags,
        Service, ServiceKey, SyncDaemon, SyncRole, Timeouts, Tunnel, Weight, unchecked,
    };
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::cli::INSTALLED;

    fn services() -> impl Strategy<Value = Service> {
        let keys = [
            "tcp/192.0.2.1:80",
            "udp/192.0.2.1:53",
            "sctp/192.0.2.1:0",
            "udp/[2001:db8::1]:53",
            "tcp/[::ffff:192.0.2.1]:80",
            "fwmark/7",
            "fwmark/4294967295/ipv6",
        ];
        let keys = keys.map(|key| key.parse::<ServiceKey>().unwrap());
        let odd = Protocol::Other(99);
        let odd = ServiceKey::Endpoint { protocol: odd, address: [192, 0, 2, 1].into(), port: 80 };
        let key = select([&keys[..], &[odd]].concat());
        let scheduler = select(vec!["rr", "sh", "mh", "none", "own", "a b", "", "-x"]);
        let masks = ["255.255.255.0", "0.0.0.0", "1.2.3.4", "64", "128"];
        let persistence = (0_u32..4, select(masks.to_vec())).prop_map(|(days, mask)| Persistence {
            timeout: unchecked::persistence_timeout(days * 1_000_000),
            netmask: mask.parse::<Netmask>().unwrap(),
        });
        let persistence = proptest::option::of(persistence);
        let engine = proptest::option::of(select(vec!["sip", "x y", ""]));
        (key, scheduler, persistence, engine, any::<bool>(), select(vec![0, 8, 0x38, 0x40, 1]))
            .prop_map(|(key, scheduler, persistence, engine, one_packet, bits)| {
                let mut service = Service::new(key, unchecked::scheduler(scheduler));
                service.persistence = persistence;
                service.engine = engine.map(unchecked::engine);
                service.one_packet = one_packet;
                service.scheduler_flags = SchedulerFlags::from_bits_truncate(bits);
                service.with_unknown_flags(bits)
            })
    }

    fn servers() -> impl Strategy<Value = Destination> {
        let keys = ["10.0.0.1:80", "10.0.0.2:0", "224.0.0.1:80", "[2001:db8::2]:53", "[::]:1"];
        let tunnel = |kind, port, flags| format!("type-{kind}:{port},flags-{flags:#x}");
        let tunnels = [
            tunnel(0, 0, 0),
            tunnel(1, 6080, 2),
            tunnel(1, 0, 0),
            tunnel(2, 9, 1),
            tunnel(9, 1, 1),
        ];
        let tunnels = tunnels.map(|word| word.parse::<Tunnel>().unwrap());
        let methods = [ForwardingMethod::Masquerade, ForwardingMethod::Gateway]
            .into_iter()
            .chain(tunnels.map(ForwardingMethod::Tunnel));
        let methods: Vec<_> = methods.chain([ForwardingMethod::Local]).collect();
        let limits = select(vec![(0, 0), (9, 3), (3, 9), (u32::MAX, 0)]);
        (select(keys.to_vec()), select(methods), select(vec![0, 1, 0x7fff_ffff]), limits).prop_map(
            |(key, method, weight, (upper, lower))| {
                let mut server = Destination::new(key.parse().unwrap(), method);
                server.weight = Weight::new(weight).unwrap();
                server.thresholds = unchecked::thresholds(upper, lower);
                server
            },
        )
    }

    fn tables() -> impl Strategy<Value = Observed> {
        let servers = proptest::collection::vec(servers(), 0..3);
        let services = proptest::collection::vec((services(), servers), 0..3);
        let seconds = || select(vec![None, Some(0), Some(900), Some(u32::MAX)]);
        let daemon = (select(vec!["lo", "", "a b", "a/b"]), any::<u32>(), any::<bool>());
        let daemons = proptest::collection::vec(daemon, 0..3);
        (services, [seconds(), seconds(), seconds()], daemons).prop_map(
            |(services, [tcp, tcp_fin, udp], daemons)| {
                let services = services.into_iter();
                let services = services.map(|(it, servers)| ObservedService::new(it, servers));
                let mut table = Observed::new(services.collect());
                let mut timeouts = Timeouts::KERNEL_DEFAULTS;
                (timeouts.tcp, timeouts.tcp_fin, timeouts.udp) = (tcp, tcp_fin, udp);
                table.timeouts = timeouts;
                let daemon = |(interface, id, is_small): (&str, u32, bool)| {
                    let id = if is_small { id & 0xff } else { id };
                    let interface = unchecked::interface(interface);
                    let daemon = SyncDaemon::new(SyncRole::Master, interface, 0);
                    SyncDaemonEntry::from(&unchecked::sync_id(daemon, id))
                };
                table.daemons = daemons.into_iter().map(daemon).collect();
                table
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        /// Of what is beyond doubt, nothing is refused or doubted in either form.
        #[test]
        fn who_is_not_warned_has_nothing_to_fear(table in tables()) {
            if is_beyond_doubt(&table) {
                for form in [Form::Json, Form::Ipvsadm] {
                    let saved = Saved { table: table.clone(), form, to: None, is_installed: false };
                    prop_assert_eq!(read_back(&saved), Ok(Vec::new()));
                }
            }
        }
    }

    /// At boot nobody is there to be warned.
    #[test]
    fn only_what_will_be_restored_is_installed() {
        let sound = Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Rr);
        let mut doubtful = sound.clone();
        doubtful.engine = Some(unchecked::engine("sip"));
        let on = |name| SyncDaemon::new(SyncRole::Master, unchecked::interface(name), 0);
        let none: &[SyncDaemon] = &[];
        for (services, daemons, told) in [
            (&[&sound][..], none, None),
            (&[&sound], &[on("eth0")], None),
            (&[&doubtful], none, Some((1, true))),
            (&[&sound, &sound], none, Some((1, false))),
            (&[&sound], &[on("eth\u{fffd}")], Some((1, false))),
            (&[&doubtful], &[on("eth\u{fffd}")], Some((2, false))),
        ] {
            let entry = |it: &&Service| ObservedService::new((*it).clone(), Vec::new());
            let mut table = Observed::new(services.iter().map(entry).collect());
            table.timeouts = Timeouts::KERNEL_DEFAULTS;
            table.daemons = daemons.iter().map(SyncDaemonEntry::from).collect();
            let to = Some(INSTALLED.into());
            let saved = Saved { table, form: Form::Json, to, is_installed: true };
            match (check(&saved), told) {
                (Ok(()), None) => {}
                (Err(Error::NotRestorable { file, problems, as_is }), Some(told)) => {
                    assert_eq!((problems.len(), as_is), told, "{problems:?}");
                    assert_eq!(file, INSTALLED);
                }
                other => panic!("{services:?}, {daemons:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_open_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mix");
        let mut open = fs::File::create(&path).unwrap();
        open.write_all(b"one\n").unwrap();
        let number = open.as_raw_fd();
        let link = folder.path().join("link");
        symlink(format!("/dev/fd/{number}"), &link).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        let own = std::process::id();
        for name in [
            format!("/dev/fd/{number}"),
            format!("/proc/self/fd/{number}"),
            format!("/proc/{own}/task/{own}/fd/{number}"),
            escaped(link.as_os_str()),
        ] {
            replace(Path::new(&name), None, |out| out.write_all(b"two\n")).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\ntwo\ntwo\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
        // By its own name it is replaced.
        replace(&path, None, |out| out.write_all(b"three\n")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert_ne!(fs::metadata(&path).unwrap().ino(), before);
    }

    /// Nobody has asked for the temporary file.
    #[test]
    fn who_cannot_write_is_told_of_the_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let missing = folder.path().join("missing").join("x");
        let long = folder.path().join("x".repeat(300));
        for (file, why) in [
            (missing, "no such file or directory"),
            (plain.join("x"), "not a directory"),
            (long, "file name too long"),
        ] {
            let error = replace(&file, None, |_| Ok(())).unwrap_err();
            assert_eq!(system_error(&error), why, "{file:?}");
        }
    }

    #[test]
    fn only_what_is_open_is_a_descriptor() {
        for name in ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"] {
            assert!(descriptor(Path::new(name)).unwrap().is_some(), "{name}");
        }
        for name in ["/dev/null", "/", "..", "fd/1", "/proc/self/status", "/nowhere/fd/1"] {
            assert!(descriptor(Path::new(name)).unwrap().is_none(), "{name}");
        }
    }
}
