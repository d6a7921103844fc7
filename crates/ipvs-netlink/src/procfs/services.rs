// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{BufRead, Read};
use std::net::{IpAddr, Ipv4Addr};

use super::line::{Words, address, decimal, hexadecimal, port};
use super::{connection, malformed, unreadable};
use crate::error::Error;
use crate::model::{AddressFamily, DestinationKey, IpvsVersion, Netmask, Scheduler, ServiceKey};

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

/// The type describes a virtual service as `/proc/net/ip_vs` shows it.
///
/// What is not here the file does not tell: the scheduler's flags, the persistence engine
/// and all counters; of servers the tunnel, the thresholds, the clients remembered, and
/// all counters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableService {
    /// Which one.
    pub key: TableKey,
    /// How servers are chosen.
    pub scheduler: Scheduler,
    /// Whether each packet is scheduled by itself; of a service with an IPv6 address the
    /// file does not tell.
    pub one_packet: Option<bool>,
    /// Whether it remembers clients.
    pub persistence: Option<TablePersistence>,
    /// Its real servers, the one added last first.
    pub servers: Vec<TableServer>,
}

/// The key says which service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKey {
    /// That one.
    Service(ServiceKey),
    /// One of a firewall mark. The file does not tell of which family: there may be two.
    Fwmark(u32),
}

/// The type describes the persistence of a service, whose timeout is told in ticks of a
/// clock that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePersistence {
    /// Which clients are taken for one. `None` for marks: the file does not tell their
    /// family.
    pub netmask: Option<Netmask>,
}

/// The type describes a real server as `/proc/net/ip_vs` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableServer {
    /// Which one.
    pub key: DestinationKey,
    /// How packets reach it.
    pub method: TableMethod,
    /// Its share of new connections.
    pub weight: u32,
    /// Connections that are open.
    pub active: u32,
    /// Connections that are not, or no longer.
    pub inactive: u32,
}

/// The method says how packets travel, of which the file has the word only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableMethod {
    /// NAT, and whatever is none of the others.
    Masquerade,
    /// This host itself.
    Local,
    /// A tunnel, of a type that is not told.
    Tunnel,
    /// Direct routing.
    Gateway,
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
        let mut service = service(&self.line)
            .ok_or_else(|| malformed(FILE, self.number, "not a virtual service"))?;
        while self.advance()? && self.line.starts_with(b"  ->") {
            let server =
                server(&self.line).ok_or_else(|| malformed(FILE, self.number, "not a server"))?;
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

/// `IP Virtual Server version 1.2.1 (size=4096)`
fn head(line: &[u8]) -> Option<(IpvsVersion, u32)> {
    let line = std::str::from_utf8(line).ok()?.strip_prefix("IP Virtual Server version ")?;
    let (version, size) = line.strip_suffix(')')?.split_once(" (size=")?;
    let mut parts = version.split('.').map(|part| u8::try_from(decimal(part)?).ok());
    let [major, minor, patch] = [parts.next()??, parts.next()??, parts.next()??];
    Some((IpvsVersion { major, minor, patch }, decimal(size)?.try_into().ok()?))
}

/// `TCP  C0A84D01:0050 wlc ops persistent 75000 FFFFFFFF`
fn service(line: &[u8]) -> Option<TableService> {
    let mut words = Words::new(line);
    let protocol = words.next()?;
    let name = words.next()?;
    let key = if protocol == "FWM" {
        TableKey::Fwmark(hexadecimal(name)?.try_into().ok().filter(|mark| *mark != 0)?)
    } else {
        let (address, port) = endpoint(name)?;
        let protocol = connection::protocol(protocol)?;
        TableKey::Service(ServiceKey::Endpoint { protocol, address, port })
    };
    let scheduler = words.next()?.parse().ok()?;
    let family = match key {
        TableKey::Service(key) => Some(key.family()),
        TableKey::Fwmark(_) => None,
    };
    let mut one_packet = (family != Some(AddressFamily::Ipv6)).then_some(false);
    let mut persistence = None;
    while let Some(word) = words.next() {
        match word {
            "ops" => one_packet = Some(true),
            "persistent" => {
                decimal(words.next()?)?;
                let bits = hexadecimal(words.next()?)?.try_into().ok()?;
                let netmask = family.and_then(|family| netmask(family, bits));
                persistence = Some(TablePersistence { netmask });
            }
            _ => return None,
        }
    }
    Some(TableService { key, scheduler, one_packet, persistence, servers: Vec::new() })
}

/// A mask of IPv4, or the length of a prefix of IPv6, which the kernel takes for a number
/// in network order (`ntohl`).
fn netmask(family: AddressFamily, bits: u32) -> Option<Netmask> {
    match family {
        AddressFamily::Ipv4 => Some(Netmask::ipv4(Ipv4Addr::from_bits(bits))),
        AddressFamily::Ipv6 => Netmask::ipv6_prefix(bits.to_be().try_into().ok()?).ok(),
    }
}

/// `  -> C0A84D02:1F90      Masq    1      1          0`
fn server(line: &[u8]) -> Option<TableServer> {
    let mut words = Words::new(line.strip_prefix(b"  ->")?);
    let (address, port) = endpoint(words.next()?)?;
    let method = match words.next()? {
        "Masq" => TableMethod::Masquerade,
        "Local" => TableMethod::Local,
        "Tunnel" => TableMethod::Tunnel,
        "Route" => TableMethod::Gateway,
        _ => return None,
    };
    let mut number = || decimal(words.next()?)?.try_into().ok();
    let (weight, active, inactive) = (number()?, number()?, number()?);
    let key = DestinationKey { address, port };
    Some(TableServer { key, method, weight, active, inactive })
}

/// `C0A84D01:0050` or `[2001:0db8:0000:0000:0000:0000:0000:0001]:0050`
fn endpoint(word: &str) -> Option<(IpAddr, u16)> {
    let (name, number) = word.rsplit_once(':')?;
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    Some((address(bare.unwrap_or(name))?, port(number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

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
