// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command lines that scripts write most, read without clap: making the command known
//! to it, and what it does with it, is a sixth of what adding a service takes as a whole
//! (docs/performance.md).
//!
//! What is not in that form, or is wrong in any way, is left to clap, so what is taken here
//! is what clap takes too.

use std::ffi::OsString;

use ipvs_netlink::{Protocol, Scheduler, ServiceKey, Weight};

use super::server::{MethodArgs, ServerArg};
use super::{
    AddServer, AddService, Cli, Command, DeleteServer, DeleteService, EditServer, Endpoint, Global,
    Mode, Report, Selector, ServerSettings, ServiceSettings, value,
};

/// What such a line names, each thing once at most.
#[derive(Default)]
struct Named {
    service: Option<ServiceKey>,
    real_server: Option<Endpoint>,
    scheduler: Option<Scheduler>,
    weight: Option<Weight>,
    method: Option<MethodArgs>,
}

/// The command line, if it is of that form.
pub(super) fn read(args: &[OsString]) -> Option<Cli> {
    let mut words = args.iter().skip(1).map(|word| word.to_str());
    let name = words.next()??;
    let mut named = Named::default();
    while let Some(word) = words.next() {
        named.take(word?, || words.next().flatten())?;
    }
    Some(Cli { global: Global::default(), command: named.command(name)? })
}

impl Named {
    /// Notes what `option` says, with the word behind it if it takes one.
    fn take<'a>(&mut self, option: &'a str, next: impl FnOnce() -> Option<&'a str>) -> Option<()> {
        // What begins otherwise may be an option to clap, or be taken apart by it.
        let value = || next().filter(|word| word.starts_with(is_usual));
        match option {
            "-t" => once(&mut self.service, endpoint(Protocol::Tcp, value()?)?),
            "-u" => once(&mut self.service, endpoint(Protocol::Udp, value()?)?),
            "-r" => once(&mut self.real_server, value()?.parse().ok()?),
            "-s" => once(&mut self.scheduler, value::scheduler(value()?).ok()?),
            "-w" => once(&mut self.weight, value::weight(value()?).ok()?),
            "-g" => once(&mut self.method, MethodArgs::letter(Mode::Dr)),
            "-i" => once(&mut self.method, MethodArgs::letter(Mode::Tun)),
            "-m" => once(&mut self.method, MethodArgs::letter(Mode::Nat)),
            "--mode" => once(&mut self.method, MethodArgs::word(value()?)?),
            service if service.starts_with(is_usual) => {
                once(&mut self.service, value::service(service).ok()?)
            }
            _ => None,
        }
    }

    /// The command of that name, if that is all it needs and nothing it does not take.
    fn command(self, name: &str) -> Option<Command> {
        let Self { service, real_server, scheduler, weight, method } = self;
        let service = Selector(service?);
        let server = real_server.map(|real_server| ServerArg { real_server });
        let report = Report::default();
        let is_set = weight.is_some() || method.is_some();
        let method = method.unwrap_or_default();
        let settings = ServerSettings { weight, method, ..ServerSettings::default() };
        Some(match (name, server, scheduler) {
            ("add-service", None, scheduler) if !is_set => {
                let settings = ServiceSettings { scheduler, ..ServiceSettings::default() };
                Command::AddService(AddService { service, settings, report })
            }
            ("delete-service", None, None) if !is_set => {
                Command::DeleteService(DeleteService { service, report })
            }
            ("add-server", Some(server), None) => {
                Command::AddServer(AddServer { service, server, report, settings })
            }
            ("edit-server", Some(server), None) => {
                let replace = false;
                Command::EditServer(EditServer { service, server, replace, report, settings })
            }
            ("delete-server", Some(server), None) if !is_set => {
                Command::DeleteServer(DeleteServer { service, server, report })
            }
            _ => return None,
        })
    }
}

fn is_usual(first: char) -> bool {
    first.is_ascii_alphanumeric() || first == '['
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn endpoint(protocol: Protocol, vip: &str) -> Option<ServiceKey> {
    let vip: Endpoint = vip.parse().ok()?;
    Some(vip.service(protocol))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const WORDS: &[&str] = &[
        "add-service",
        "edit-service",
        "delete-service",
        "add-server",
        "edit-server",
        "delete-server",
        "list",
        "restore",
        "-t",
        "-u",
        "-f",
        "-r",
        "-s",
        "-w",
        "-g",
        "-i",
        "-m",
        "--mode",
        "nat",
        "DR",
        "-p",
        "-v",
        "-6",
        "-b",
        "--",
        "-",
        "--json",
        "--netns",
        "--weight",
        "10.0.0.1:80",
        "10.0.0.1",
        "[2001:db8::1]:80",
        "2001:db8::1",
        "[2001:db8::1]",
        "rr",
        "mh",
        "=rr",
        "wlc,rr",
        "0",
        "7",
        "-7",
        "007",
        "4294967296",
        "tcp/10.0.0.1:80",
        "udp/[2001:db8::1]:53",
        "fwmark/7",
        "-t10.0.0.1:80",
        "-t=10.0.0.1:80",
        "-w3",
        "-mw",
        "help",
        "",
        "\u{e9}",
    ];

    fn same(line: &[&str]) -> bool {
        let args: Vec<OsString> = line.iter().map(OsString::from).collect();
        let Some(short) = read(&args) else { return false };
        let long = Cli::try_parse_from(&args).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(format!("{short:?}"), format!("{long:?}"), "{line:?}");
        true
    }

    #[test]
    fn what_scripts_write_is_read_here() {
        for line in [
            "rsctl add-service -t 10.0.0.1:80 -s rr",
            "rsctl add-service -u [2001:db8::1]:53",
            "rsctl add-service tcp/10.0.0.1:80 -s wlc",
            "rsctl add-server -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3",
            "rsctl add-server -t 10.0.0.1:80 -r 10.0.0.2",
            "rsctl add-server -r 10.0.0.2 -i fwmark/7",
            "rsctl add-server -t 192.0.2.10:80 -r 192.0.2.11 --mode dr -w 3",
            "rsctl edit-server -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 0",
            "rsctl delete-server -u 10.0.0.1:80 -r 10.0.0.2",
            "rsctl delete-service -t 10.0.0.1:80",
        ] {
            assert!(same(&line.split(' ').collect::<Vec<_>>()), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Whatever is read here, clap reads alike.
        #[test]
        fn the_short_cut_leads_to_where_clap_does(
            command in select(&WORDS[..8]),
            words in vec(select(WORDS), 0..8),
        ) {
            let mut line = vec!["rsctl", command];
            line.extend(words);
            same(&line);
        }

        /// The same for lines that are nearly right.
        #[test]
        fn so_do_lines_that_are_nearly_right(
            command in select(&WORDS[..6]),
            mut words in Just(vec![
                "-t", "10.0.0.1:80", "-r", "10.0.0.2:80", "-w", "3", "-m", "-s", "rr",
            ]),
            wrong in vec((any::<prop::sample::Index>(), select(WORDS), any::<bool>()), 0..3),
            cut in any::<prop::sample::Index>(),
        ) {
            for (place, word, inserted) in wrong {
                let place = place.index(words.len());
                if inserted { words.insert(place, word) } else { words[place] = word }
            }
            words.truncate(cut.index(words.len()) + 1);
            let mut line = vec!["rsctl", command];
            line.extend(words);
            same(&line);
        }
    }
}
