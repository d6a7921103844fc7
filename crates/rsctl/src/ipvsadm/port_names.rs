// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads `/etc/services`: ports by name and names by port.

const SERVICES: &str = "/etc/services";

/// Holds what the file says; nothing, if it cannot be read.
#[derive(Debug, Default)]
pub(crate) struct PortNames(Vec<Line>);

#[derive(Debug)]
struct Line {
    names: Vec<String>,
    port: u16,
    protocol: String,
}

impl PortNames {
    pub(crate) fn read() -> Self {
        // A comment in another encoding hides no name.
        let bytes = std::fs::read(SERVICES).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(parse_line).collect())
    }

    /// Returns the port of that name.
    pub(crate) fn port(&self, name: &str, protocol: &str) -> Option<u16> {
        let known =
            |line: &&Line| line.protocol == protocol && line.names.iter().any(|n| n == name);
        self.0.iter().find(known).map(|line| line.port)
    }

    /// Returns the ports that have that name, in capitals or not, each with its protocol.
    pub(crate) fn ports<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (u16, &'a str)> {
        let is_it = |line: &&Line| line.names.iter().any(|known| known.eq_ignore_ascii_case(name));
        self.0
            .iter()
            .filter(move |line| is_it(line))
            .map(|line| (line.port, line.protocol.as_str()))
    }

    /// Returns the first name of that port.
    pub(crate) fn name(&self, port: u16, protocol: &str) -> Option<&str> {
        let known = |line: &&Line| line.port == port && line.protocol == protocol;
        self.0.iter().find(known)?.names.first().map(String::as_str)
    }
}

/// `http 80/tcp www # comment`
fn parse_line(line: &str) -> Option<Line> {
    let mut words = line.split('#').next()?.split_whitespace();
    let name = words.next()?;
    let (port, protocol) = words.next()?.split_once('/')?;
    let names = std::iter::once(name).chain(words).map(str::to_owned).collect();
    Some(Line { names, port: port.parse().ok()?, protocol: protocol.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_names_by_protocol() {
        let text = "# all\nhttp\t80/tcp www # web\nhttp 8/sctp\nbad line\n";
        let names = PortNames::parse(text);
        assert_eq!(names.port("www", "tcp"), Some(80));
        assert_eq!(names.port("www", "udp"), None);
        assert_eq!(names.port("http", "sctp"), Some(8));
        assert_eq!(names.name(80, "tcp"), Some("http"));
        assert_eq!(names.name(80, "sctp"), None);
        assert_eq!(names.ports("HTTP").collect::<Vec<_>>(), [(80, "tcp"), (8, "sctp")]);
        assert_eq!(names.ports("line").count(), 0);
    }
}
