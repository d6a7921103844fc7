// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{BufRead, Read};

use super::service_line::{self, SERVER, head};
use super::services::TableService;
use super::{malformed, unreadable};
use crate::error::Error;
use crate::model::IpvsVersion;

/// Longer than any line of the kernel's: two addresses, the names and six numbers.
const LONGEST_LINE: u64 = 1024;
const FILE: &str = "ip_vs";

/// The iterator reads the services of a table one at a time, with their servers.
#[derive(Debug)]
pub struct ServiceTable<R> {
    version: IpvsVersion,
    connection_table_size: u32,
    /// `None` once it has ended.
    reader: Option<R>,
    /// The line that is read next.
    line: Vec<u8>,
    number: usize,
}

impl<R: BufRead> ServiceTable<R> {
    /// Reads a copy of `/proc/net/ip_vs`.
    ///
    /// # Errors
    /// [`Error::Text`] if its first line is another file's, [`Error::File`] if it cannot
    /// be read.
    pub fn from_reader(reader: R) -> Result<Self, Error> {
        let (version, connection_table_size) = (IpvsVersion::from_code(0), 0);
        let reader = Some(reader);
        let mut table =
            Self { version, connection_table_size, reader, line: Vec::new(), number: 0 };
        table.advance()?;
        let head = head(&table.line).ok_or_else(|| malformed(FILE, 1, "not the head of a table"));
        (table.version, table.connection_table_size) = head?;
        // Two lines of titles.
        for _ in 0..3 {
            table.advance()?;
        }
        Ok(table)
    }

    /// Returns the version of the kernel's IPVS.
    pub fn version(&self) -> IpvsVersion {
        self.version
    }

    /// Returns the number of buckets of the connection table.
    pub fn connection_table_size(&self) -> u32 {
        self.connection_table_size
    }

    /// Takes in the next line, without its end; `false` if there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let Some(reader) = &mut self.reader else { return Ok(false) };
        self.number += 1;
        let length = reader.take(LONGEST_LINE).read_until(b'\n', &mut self.line);
        let length = length.map_err(|error| {
            self.reader = None;
            unreadable(FILE, error)
        })?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if length as u64 == LONGEST_LINE {
            self.reader = None;
            return Err(malformed(FILE, self.number, "too long for a service or a server"));
        }
        if length == 0 {
            self.reader = None;
        }
        Ok(length > 0)
    }

    /// The service whose line was read, with the servers on the lines behind it.
    fn service(&mut self) -> Result<TableService, Error> {
        let mut service = service_line::service(&self.line)
            .ok_or_else(|| malformed(FILE, self.number, "not a virtual service"))?;
        while self.advance()? && self.line.starts_with(SERVER) {
            let server = service_line::server(&self.line)
                .ok_or_else(|| malformed(FILE, self.number, "not a server"))?;
            service.servers.push(server);
        }
        Ok(service)
    }
}

impl<R: BufRead> Iterator for ServiceTable<R> {
    type Item = Result<TableService, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.line.is_empty() {
            return None;
        }
        let service = self.service();
        if service.is_err() {
            // What follows belongs to nothing that was understood.
            self.reader = None;
            self.line.clear();
        }
        Some(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::{TableKey, TableMethod, TablePersistence};

    // From Linux 6.12, on a little-endian machine.
    const TABLE: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C000020A:0050 wlc persistent 90000 FFFFFF00
  -> 0A00000C:1F90      Tunnel  2147483647 7          12         
  -> [2001:0db8:0000:0000:0000:0000:0000:000c]:1F90      Masq    0      0          0          
UDP  C000020A:13C4 rr ops 
IP_51  C000020A:0000 none 
TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0050 sh persistent 90000 40000000
  -> [2001:0db8:0000:0000:0000:0000:0000:000b]:0050      Route   1      0          0          
FWM  00000007 rr ops persistent 90000 FFFFFF00
FWM  FFFFFFFF rr 
";

    fn read(text: &str) -> Vec<TableService> {
        ServiceTable::from_reader(text.as_bytes()).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn services_marks_and_servers() {
        let table = ServiceTable::from_reader(TABLE.as_bytes()).unwrap();
        assert_eq!(table.version().to_string(), "1.2.1");
        assert_eq!(table.connection_table_size(), 4096);
        let [web, sip, ah, web6, mark, other] = &read(TABLE)[..] else { panic!("six") };
        let key = |text: &str| TableKey::Service(text.parse().unwrap());
        assert_eq!(web.key, key("tcp/192.0.2.10:80"));
        assert_eq!(web.scheduler.to_string(), "wlc");
        let netmask = |it: &TableService| it.persistence.unwrap().netmask.map(|it| it.to_string());
        assert_eq!(netmask(web).unwrap(), "255.255.255.0");
        let [tunnel, masquerade] = &web.servers[..] else { panic!("two") };
        assert_eq!(tunnel.key.to_string(), "10.0.0.12:8080");
        assert_eq!((tunnel.method, tunnel.weight), (TableMethod::Tunnel, 2_147_483_647));
        assert_eq!((tunnel.active, tunnel.inactive), (7, 12));
        assert_eq!(masquerade.key.to_string(), "[2001:db8::c]:8080");
        assert_eq!((sip.key, sip.one_packet), (key("udp/192.0.2.10:5060"), Some(true)));
        assert_eq!((ah.key, ah.scheduler.to_string()), (key("ah/192.0.2.10:0"), "none".into()));
        assert_eq!((web6.key, web6.one_packet), (key("tcp/[2001:db8::10]:80"), None));
        if cfg!(target_endian = "little") {
            assert_eq!(netmask(web6).unwrap(), "64");
        }
        assert_eq!(web6.servers[0].method, TableMethod::Gateway);
        assert_eq!((mark.key, mark.one_packet), (TableKey::Fwmark(7), Some(true)));
        // As of IPv4 it would be 255.255.255.0; of which family it is, is not told.
        assert_eq!(mark.persistence, Some(TablePersistence { netmask: None }));
        assert_eq!((other.key, other.persistence), (TableKey::Fwmark(u32::MAX), None));
    }

    #[test]
    fn what_is_no_table_and_what_is_no_line_of_one() {
        assert!(ServiceTable::from_reader(&b""[..]).is_err());
        assert!(ServiceTable::from_reader(&b"Pro FromIP FPrt\n"[..]).is_err());
        let error = |text: &str| {
            let mut table = ServiceTable::from_reader(text.as_bytes()).unwrap();
            let error = table.find_map(Result::err).expect("a fault").to_string();
            assert!(table.next().is_none());
            error
        };
        assert_eq!(
            error(&TABLE.replace("1F90      Tunnel", "1F90      Tunnels")),
            "cannot understand line 5 of /proc/net/ip_vs: not a server"
        );
        assert_eq!(
            error(&TABLE.replace("FWM  00000007", "FWM  0000000x")),
            "cannot understand line 11 of /proc/net/ip_vs: not a virtual service"
        );
        assert!(error(&TABLE.replace("rr ops", &"x".repeat(2000))).contains("too long"));
        assert!(read(TABLE.split_inclusive('\n').take(3).collect::<String>().as_str()).is_empty());
    }
}
