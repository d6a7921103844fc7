// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds what `/proc/net/ip_vs` shows of the servers of each service.
//!
//! The kernel writes a service with all its servers in one walk over them, however many there
//! are (`ip_vs_ctl.c: ip_vs_info_seq_show`), so of a service that is shown no server is missing
//! that was there all the time. That takes less than asking for them (docs/performance.md). What
//! the file cannot say is that a service is missing, nor of which family a mark is.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt, HashSet};
use ipvs_netlink::procfs::{TableKey, TableMethod, TableServer, TableService};
use ipvs_netlink::{DestinationKey, ServiceKey};

use super::listed::{ListedServer, ListedService};
use super::{Director, public};

#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Of what was shown twice, `None`.
    servers: HashMap<TableKey, Option<Vec<TableServer>>>,
    /// Whether it showed the services that it was compared with, in their order.
    is_same: bool,
}

impl Shown {
    /// Reads the file. If it cannot be read or understood, it shows nothing.
    pub(super) fn read(director: &Director) -> Self {
        Self::try_read(director, std::iter::empty()).unwrap_or_default()
    }

    /// Does what [`read`](Self::read) does, and compares it with `services`, as the kernel listed
    /// them.
    pub(super) fn read_beside(director: &Director, services: &[ListedService]) -> Self {
        let expected = services.iter().map(|listed| listed.service.key);
        Self::try_read(director, expected).unwrap_or_default()
    }

    fn try_read(
        director: &Director,
        expected: impl ExactSizeIterator<Item = ServiceKey>,
    ) -> Result<Self, ipvs_netlink::Error> {
        Self::compare(director.procfs().services()?, expected)
    }

    fn compare<E>(
        found: impl Iterator<Item = Result<TableService, E>>,
        expected: impl ExactSizeIterator<Item = ServiceKey>,
    ) -> Result<Self, E> {
        let mut servers = HashMap::with_capacity(expected.len());
        let mut expected = expected.map(|key| table_key(&key));
        let mut is_same = true;
        for service in found {
            let TableService { key, servers: its, .. } = service?;
            is_same &= expected.next() == Some(key);
            match servers.entry(key) {
                Entry::Vacant(place) => _ = place.insert(Some(its)),
                Entry::Occupied(mut place) => _ = place.insert(None),
            }
        }
        Ok(Self { servers, is_same: is_same && expected.next().is_none() })
    }

    /// Returns the servers of a service in the kernel's order, if it is shown once and is no
    /// mark: what is shown of a mark may be the other family's.
    pub(super) fn servers(&self, service: &ServiceKey) -> Option<&[TableServer]> {
        let key @ TableKey::Service(_) = table_key(service) else { return None };
        self.servers.get(&key)?.as_deref()
    }

    /// Takes out the servers of a service, if all that a list shows of them is known.
    ///
    /// Of tunnels the file has no type. Of thresholds it has nothing; `colored` says that a
    /// server at its upper one is to be marked, which one without connections is not.
    pub(super) fn take(
        &mut self,
        service: &ServiceKey,
        colored: bool,
    ) -> Option<Vec<ListedServer>> {
        let Entry::Occupied(place) = self.servers.entry(table_key(service)) else { return None };
        let is_mark = matches!(service, ServiceKey::Fwmark { .. });
        let is_whole = |server: &TableServer| {
            let may_be_full = server.weight > 0 && (server.active > 0 || server.inactive > 0);
            server.method != TableMethod::Tunnel
                // Else it is of the other service with that mark.
                && server.key.family() == service.family()
                && !(colored && may_be_full)
        };
        if (is_mark && !self.is_same) || !place.get().as_ref()?.iter().all(is_whole) {
            return None;
        }
        place.remove()?.into_iter().map(public::server).collect()
    }

    /// Returns whether nothing is missing in what was read of a service, and nothing there
    /// twice.
    pub(super) fn agrees(
        &self,
        service: &ServiceKey,
        read: impl ExactSizeIterator<Item = DestinationKey> + Clone,
    ) -> bool {
        let Some(shown) = self.servers(service) else { return false };
        // Both have the kernel's order.
        if read.clone().eq(shown.iter().map(|server| server.key)) {
            return true;
        }
        let number = read.len();
        let keys: HashSet<_> = read.collect();
        keys.len() == number && shown.iter().all(|server| keys.contains(&server.key))
    }
}

/// Returns what the file calls a service.
fn table_key(service: &ServiceKey) -> TableKey {
    match *service {
        ServiceKey::Fwmark { mark, .. } => TableKey::Fwmark(mark.get()),
        endpoint @ ServiceKey::Endpoint { .. } => TableKey::Service(endpoint),
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::procfs::ServiceTable;

    use super::*;

    fn shown(lines: &str, expected: &[&str]) -> Shown {
        let head = "IP Virtual Server version 1.2.1 (size=4096)\n\
                    Prot LocalAddress:Port Scheduler Flags\n  \
                    -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
        let text = format!("{head}{lines}");
        let table = ServiceTable::from_reader(text.as_bytes()).unwrap();
        let expected: Vec<ServiceKey> = expected.iter().map(|key| key.parse().unwrap()).collect();
        Shown::compare(table, expected.into_iter()).unwrap()
    }

    fn taken(shown: &mut Shown, service: &str, colored: bool) -> Option<Vec<String>> {
        let servers = shown.take(&service.parse().unwrap(), colored)?;
        Some(servers.iter().map(|listed| listed.server.key.to_string()).collect())
    }

    const WEB: &str = "TCP  0A000001:0050 rr\n";
    const MARK: &str = "FWM  00000007 rr\n";
    const TWO: &str = "  -> 0A010002:0050      Masq    1      0          0         \n  \
                       -> 0A010001:0050      Masq    1      0          0         \n";

    #[test]
    fn what_is_shown_once_is_taken_in_order_and_once() {
        let mut found = shown(&format!("{WEB}{TWO}"), &["tcp/10.0.0.1:80"]);
        let servers = taken(&mut found, "tcp/10.0.0.1:80", false).unwrap();
        assert_eq!(servers, ["10.1.0.2:80", "10.1.0.1:80"]);
        assert_eq!(taken(&mut found, "tcp/10.0.0.1:80", false), None);
        assert_eq!(taken(&mut found, "tcp/10.0.0.2:80", false), None, "not shown");
        let mut found = shown(&format!("{WEB}{TWO}{WEB}{TWO}"), &["tcp/10.0.0.1:80"]);
        assert_eq!(taken(&mut found, "tcp/10.0.0.1:80", false), None, "shown twice");
    }

    /// What the file has no word of is asked for.
    #[test]
    fn what_is_not_told_is_not_taken() {
        for (server, colored, is_told) in [
            ("0A010001:0050      Tunnel  1      0          0", false, false),
            ("0A010001:0050      Route   1      7          0", false, true),
            ("0A010001:0050      Route   1      7          0", true, false),
            ("0A010001:0050      Route   1      0          7", true, false),
            ("0A010001:0050      Route   1      0          0", true, true),
            ("0A010001:0050      Route   0      7          0", true, true),
            ("0A010001:0050      Local   2147483648 0      0", false, false),
            ("[2001:0db8:0000:0000:0000:0000:0000:0001]:0050      Masq    1 0 0", false, false),
        ] {
            let mut found = shown(&format!("{WEB}{TWO}  -> {server}\n"), &["tcp/10.0.0.1:80"]);
            let taken = taken(&mut found, "tcp/10.0.0.1:80", colored);
            assert_eq!(taken.is_some(), is_told, "{server} {colored}");
        }
    }

    /// There may be one of each family, of which the file hides one; that it shows the very
    /// services that the kernel listed tells of which family it is.
    #[test]
    fn a_mark_is_taken_only_if_it_is_sure_which() {
        let both = ["fwmark/7", "fwmark/7/ipv6"];
        for (lines, expected, service, is_sure) in [
            (format!("{MARK}{TWO}"), &both[..1], "fwmark/7", true),
            (MARK.to_owned(), &both[1..], "fwmark/7/ipv6", true),
            (format!("{MARK}{TWO}"), &both[1..], "fwmark/7/ipv6", false),
            (format!("{MARK}{TWO}{MARK}"), &both[..], "fwmark/7", false),
            (format!("{MARK}{TWO}"), &both[..], "fwmark/7", false),
            (format!("{WEB}{MARK}{TWO}"), &both[..1], "fwmark/7", false),
        ] {
            let mut found = shown(&lines, expected);
            assert_eq!(taken(&mut found, service, false).is_some(), is_sure, "{lines}");
        }
    }

    #[test]
    fn it_bears_witness_for_each_server_that_it_shows() {
        let found = shown(&format!("{WEB}{TWO}{MARK}{TWO}"), &[]);
        let agrees = |service: &str, servers: &[&str]| {
            let servers = servers.iter().map(|key| key.parse().unwrap());
            found.agrees(&service.parse().unwrap(), servers)
        };
        let [one, two, three] = ["10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80"];
        assert!(agrees("tcp/10.0.0.1:80", &[two, one]));
        assert!(agrees("tcp/10.0.0.1:80", &[one, three, two]), "one came meanwhile");
        assert!(!agrees("tcp/10.0.0.1:80", &[two]));
        assert!(!agrees("tcp/10.0.0.1:80", &[two, one, two]));
        assert!(!agrees("tcp/10.0.0.2:80", &[two, one]));
        assert!(!agrees("fwmark/7", &[two, one]), "it may be the other family's");
    }

    /// Else one family's servers, or that it has none, would be taken for the other's.
    #[test]
    fn of_a_mark_it_shows_no_servers() {
        let found = shown(&format!("{WEB}{TWO}{MARK}FWM  00000008 rr\n{TWO}"), &[]);
        let number = |service: &str| Some(found.servers(&service.parse().unwrap())?.len());
        assert_eq!(number("tcp/10.0.0.1:80"), Some(2));
        for mark in ["fwmark/7", "fwmark/7/ipv6", "fwmark/8", "fwmark/8/ipv6"] {
            assert_eq!(number(mark), None, "{mark}");
        }
    }
}
