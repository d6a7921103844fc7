// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{BufRead, Read};

use super::{Connection, malformed, unreadable};
use crate::error::Error;

/// Longer than any line of the kernel's: nine columns, the name of an engine and
/// 255 bytes of its data.
const LONGEST_LINE: u64 = 1024;

/// The iterator reads the connections of a table one at a time: memory does not grow with
/// it.
///
/// A line that cannot be understood is an error of its own; the lines behind it
/// follow.
#[derive(Debug)]
pub struct ConnectionTable<R> {
    file: &'static str,
    /// `None` once it has ended.
    reader: Option<R>,
    line: Vec<u8>,
    number: usize,
    origins: bool,
}

impl<R: BufRead> ConnectionTable<R> {
    /// Reads a copy of `/proc/net/ip_vs_conn` or `/proc/net/ip_vs_conn_sync`;
    /// which of them it is, its first line tells.
    ///
    /// # Errors
    /// [`Error::Text`] if the first line is that of neither, [`Error::File`] if
    /// it cannot be read.
    pub fn from_reader(reader: R) -> Result<Self, Error> {
        Self::new("ip_vs_conn", reader)
    }

    pub(super) fn new(file: &'static str, reader: R) -> Result<Self, Error> {
        let mut table =
            Self { file, reader: Some(reader), line: Vec::new(), number: 0, origins: false };
        if !table.advance()? || !table.line.starts_with(b"Pro FromIP") {
            return Err(malformed(file, 1, "not the head of a connection table"));
        }
        table.origins = table.line.windows(6).any(|word| word == b"Origin");
        Ok(table)
    }

    /// Takes in the next line, without its end; `false` if there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        self.line.clear();
        self.number += 1;
        let length = reader.take(LONGEST_LINE).read_until(b'\n', &mut self.line);
        let length = length.map_err(|error| {
            self.reader = None;
            unreadable(self.file, error)
        })?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if length as u64 == LONGEST_LINE {
            self.reader = None;
            return Err(malformed(self.file, self.number, "too long for a connection"));
        }
        Ok(length > 0)
    }
}

impl<R: BufRead> Iterator for ConnectionTable<R> {
    type Item = Result<Connection, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Err(error) => Some(Err(error)),
            Ok(false) => None,
            Ok(true) => Some(
                Connection::parse(&self.line, self.origins)
                    .map_err(|detail| malformed(self.file, self.number, detail)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::{Origin, VirtualAddress};

    // From Linux 6.12, `cat /proc/net/ip_vs_conn` and `…_sync`; the Call-ID made
    // longer by hand.
    const CONN: &str = "\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C0A80001 D431 C000020A 0050 0A00000B 1F90 ESTABLISHED     899
TCP C0A80000 0000 C000020A 0000 0A00000B 0000 ASSURED         300
IP  C0A80001 0000 00000007 0000 0A00000B 0000 NONE            299
UDP C0A80001 13C4 C000020A 13C4 0A00000B 13C4 UDP             179 sip a b@host
UDP 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:00aa 0035 \
0A00000B 0035 UDP             300
IP  2001:0db8:0000:0000:0000:0000:0000:0000 0000 0000:0007:0000:0000:0000:0000:0000:0000 0000 \
0A00000B 0000 NONE            299
";
    const SYNC: &str = "\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
TCP C0A80001 D431 C000020A 0050 0A00000B 1F90 ESTABLISHED LOCAL      899
IP_51 C0A80001 0000 C000020A 0000 0A00000B 0000 NONE        SYNC         9
";

    fn read(text: &str) -> Vec<Connection> {
        let table = ConnectionTable::from_reader(text.as_bytes()).unwrap();
        table.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn connections_templates_marks_and_engines() {
        let table = read(CONN);
        let text: Vec<_> = table
            .iter()
            .map(|c| format!("{} {} {} {} {}", c.protocol, c.client, c.service, c.server, c.state))
            .collect();
        assert_eq!(
            text,
            [
                "tcp 192.168.0.1:54321 192.0.2.10:80 10.0.0.11:8080 ESTABLISHED",
                "tcp 192.168.0.0:0 192.0.2.10:0 10.0.0.11:0 ASSURED",
                "ip-0 192.168.0.1:0 fwmark/7 10.0.0.11:0 NONE",
                "udp 192.168.0.1:5060 192.0.2.10:5060 10.0.0.11:5060 UDP",
                "udp [2001:db8::1]:53 [2001:db8::aa]:53 10.0.0.11:53 UDP",
                "ip-0 [2001:db8::]:0 fwmark/7 10.0.0.11:0 NONE",
            ]
        );
        assert_eq!(table[0].expires.as_secs(), 899);
        let templates: Vec<_> = table.iter().map(Connection::is_template).collect();
        assert_eq!(templates, [false, true, true, false, false, true]);
        let engine = table[3].engine.as_ref().unwrap();
        assert_eq!((engine.name.as_str(), engine.data.as_slice()), ("sip", &b"a b@host"[..]));
        assert_eq!(table[2].service, VirtualAddress::Fwmark(7));
        assert!(table.iter().all(|connection| connection.origin.is_none()));
    }

    #[test]
    fn origins() {
        let origins: Vec<_> =
            read(SYNC).into_iter().map(|c| (c.protocol.number(), c.origin)).collect();
        assert_eq!(origins, [(6, Some(Origin::Local)), (51, Some(Origin::Sync))]);
    }

    #[test]
    fn a_line_of_nonsense_hides_no_other() {
        let text = CONN.replace("899", "89x");
        let mut table = ConnectionTable::from_reader(text.as_bytes()).unwrap();
        let error = table.next().unwrap().unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot understand line 2 of /proc/net/ip_vs_conn: not a number of seconds"
        );
        assert_eq!(table.filter(Result::is_ok).count(), 5);
    }

    #[test]
    fn what_is_no_table_and_what_never_ends() {
        assert!(ConnectionTable::from_reader(&b""[..]).is_err());
        assert!(ConnectionTable::from_reader(&b"IP Virtual Server\n"[..]).is_err());
        let mut endless = CONN.lines().next().unwrap().to_owned() + "\n";
        endless.push_str(&"x".repeat(5000));
        let mut table = ConnectionTable::from_reader(endless.as_bytes()).unwrap();
        assert!(table.next().unwrap().is_err());
        assert!(table.next().is_none());
    }
}
