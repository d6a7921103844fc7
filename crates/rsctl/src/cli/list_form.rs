// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::{Args, ValueEnum};
use lvs_term::COMMON_OPTIONS;

use super::{heading, typed};
use crate::refusal::Refusal;

// In which form a list is printed.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::FORM)]
pub(crate) struct FormArgs {
    /// Print the list in this form; table unless --columns is given, then wide.
    #[arg(short, long, alias = "format", value_enum, value_name = "FORM", ignore_case = true)]
    pub(crate) output: Option<ListForm>,

    /// Columns of wide and csv, in this order.
    #[arg(
        long,
        value_enum,
        value_name = "NAME,...",
        value_delimiter = ',',
        ignore_case = true,
        conflicts_with_all = ["view", "json"]
    )]
    pub(crate) columns: Vec<Column>,

    /// Leave out the lines above the table, or the names of the columns.
    #[arg(long, conflicts_with = "json")]
    pub(crate) no_header: bool,

    /// Add a last line with the sums of the servers shown; of table and wide.
    #[arg(long, conflicts_with_all = ["view", "json"])]
    pub(crate) sums: bool,

    /// List again and again, every 2 seconds or as said, until Ctrl-C.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = typed::interval,
        conflicts_with = "names"
    )]
    pub(crate) watch: Option<u32>,

    /// Print one JSON document, like -o json.
    #[arg(long, conflicts_with = "output", help_heading = COMMON_OPTIONS)]
    pub(crate) json: bool,
}

impl FormArgs {
    pub(crate) fn form(&self) -> ListForm {
        match self.output {
            Some(form) => form,
            None if self.json => ListForm::Json,
            None if !self.columns.is_empty() => ListForm::Wide,
            None => ListForm::Table,
        }
    }

    /// Returns why the options have no meaning together, if they have none.
    pub(crate) fn contradiction(&self, is_view: bool) -> Option<Refusal> {
        let form = self.form();
        let is_json = matches!(form, ListForm::Json | ListForm::JsonPretty);
        let has_columns = matches!(form, ListForm::Wide | ListForm::Csv);
        let (why, hint) = match () {
            () if is_json && self.no_header => {
                ("a JSON document has no header to leave out", "leave out --no-header")
            }
            () if self.sums && (is_json || form == ListForm::Csv) => {
                ("sums are of tables", "use -o table or -o wide")
            }
            () if !self.columns.is_empty() && !has_columns => {
                ("columns are picked of the forms wide and csv", "use -o wide or -o csv")
            }
            () if is_view && has_columns => (
                "only the form table has views",
                "the forms wide and csv have all columns, and --columns picks some",
            ),
            () if self.watch.is_some() && form == ListForm::Csv => {
                ("one CSV file does not hold several tables", "use -o wide, or -o json")
            }
            () if self.watch.is_some() && form == ListForm::JsonPretty => (
                "only a document on one line can be told from the next",
                "use -o json, a document a line",
            ),
            () if self.watch.is_some() && self.columns.iter().any(|column| column.is_host()) => (
                "name servers would be asked again and again",
                "leave out --watch, or the columns host and vip_host",
            ),
            () => return None,
        };
        Some(Refusal::ListForm { why, hint })
    }
}

/// Names the forms of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListForm {
    /// For people: a line per service, and below it one per server.
    #[default]
    Table,
    /// All of a server on one line, in columns with names.
    Wide,
    /// One JSON document on one line.
    Json,
    /// One JSON document, indented.
    JsonPretty,
    /// Comma-separated values (RFC 4180), a line per server, numbers in full.
    Csv,
}

/// Names the columns of wide and csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Column {
    /// Service as every command takes it: tcp/192.0.2.10:80.
    Service,
    /// Protocol of the service; a mark has none.
    Protocol,
    /// Address of the service; a mark has none.
    Vip,
    /// Port of the service; a mark has none.
    VipPort,
    /// Name of the VIP, which is looked up.
    VipHost,
    /// Scheduler of the service.
    Scheduler,
    /// Scheduler flags of the service.
    Flags,
    /// Seconds for which a persistent service remembers a client.
    Persistent,
    /// Server as every command takes it: 10.0.0.11:80.
    Server,
    /// Address of the server.
    Address,
    /// Port of the server.
    Port,
    /// Name of the server's address, which is looked up.
    Host,
    /// Forwarding method.
    Method,
    /// Tunnel of the method tun.
    Tunnel,
    /// Weight.
    Weight,
    /// Percentage of the weights of all servers of the service.
    WeightShare,
    /// Upper threshold; 0 is no limit.
    Upper,
    /// Lower threshold; 0 is three quarters of the upper one.
    Lower,
    /// Active connections.
    Active,
    /// Percentage of the active connections of all servers of the service.
    ActiveShare,
    /// Inactive connections.
    Inactive,
    /// Clients remembered by persistence.
    Clients,
    /// Connections ever scheduled.
    Conns,
    /// Packets from clients.
    InPackets,
    /// Packets to clients.
    OutPackets,
    /// Bytes from clients.
    InBytes,
    /// Bytes to clients.
    OutBytes,
    /// Connections per second.
    Cps,
    /// Packets from clients per second.
    InPps,
    /// Packets to clients per second.
    OutPps,
    /// Bytes from clients per second.
    InBps,
    /// Bytes to clients per second.
    OutBps,
}

impl Column {
    /// Those of wide, if none are picked; those of hosts with `--names` only.
    pub(crate) const WIDE: [Self; 21] = [
        Self::Service,
        Self::VipHost,
        Self::Scheduler,
        Self::Server,
        Self::Host,
        Self::Method,
        Self::Tunnel,
        Self::Weight,
        Self::WeightShare,
        Self::Upper,
        Self::Lower,
        Self::Active,
        Self::ActiveShare,
        Self::Inactive,
        Self::Clients,
        Self::Conns,
        Self::InPackets,
        Self::OutPackets,
        Self::InBytes,
        Self::OutBytes,
        Self::Cps,
    ];

    /// Returns what is typed for it, and stands above it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Returns whether it holds names of hosts, which have to be looked up.
    pub(crate) fn is_host(self) -> bool {
        matches!(self, Self::VipHost | Self::Host)
    }

    /// Returns whether it is of counters, which are not kept unless they are wanted.
    pub(crate) fn is_counter(self) -> bool {
        self >= Self::Conns
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, Subcommand as _};

    use super::*;
    use crate::cli::{Cli, Command};

    fn list(options: &str) -> crate::cli::List {
        let words = ["rsctl", "list"].into_iter().chain(options.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Command::List(list) => list,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_has_no_meaning_together_is_refused() {
        for (options, expected) in [
            ("", None),
            ("--stats --json", None),
            ("--stats -o json-pretty", None),
            ("--columns server,weight", None),
            ("--columns server -o csv --no-header", None),
            ("--sums", None),
            ("--sums -o wide --watch", None),
            ("--watch=5 --json --full", None),
            ("-o json --no-header", Some("a JSON document has no header to leave out")),
            ("-o json --sums", Some("sums are of tables")),
            ("-o csv --sums", Some("sums are of tables")),
            ("-o table --columns server", Some("columns are picked of the forms wide and csv")),
            ("-o json --columns server", Some("columns are picked of the forms wide and csv")),
            ("-o wide --stats", Some("only the form table has views")),
            ("-o csv --watch", Some("one CSV file does not hold several tables")),
            (
                "-o json-pretty --watch",
                Some("only a document on one line can be told from the next"),
            ),
            ("--columns server,host", None),
            ("--columns server,host --watch", Some("name servers would be asked again and again")),
            (
                "--columns vip_host -o wide --watch=5",
                Some("name servers would be asked again and again"),
            ),
        ] {
            let found = list(options).contradiction().map(|it| it.to_string());
            assert_eq!(found.as_deref(), expected, "{options}");
        }
        for options in ["--json -o json", "--columns server --stats", "--watch --names"] {
            let words = ["rsctl", "list"].into_iter().chain(options.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{options}");
        }
    }

    #[test]
    fn the_form_is_what_the_options_say() {
        for (options, form) in [
            ("", ListForm::Table),
            ("--json", ListForm::Json),
            ("-o JSON-Pretty", ListForm::JsonPretty),
            ("--columns SERVER,weight_share", ListForm::Wide),
            ("--columns server -o csv", ListForm::Csv),
        ] {
            assert_eq!(list(options).form.form(), form, "{options}");
        }
        assert_eq!(list("--watch").form.watch, Some(2));
        assert_eq!(list("--watch=7").form.watch, Some(7));
        assert_eq!(list("--watch=1m").form.watch, Some(60));
        assert_eq!(list("").form.watch, None);
    }

    /// Each column stands in the page, and no other.
    #[test]
    fn columns_are_documented() {
        let page = include_str!("../../../../docs/list.md");
        let (_, table) = page.split_once("| column | ").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let found: Vec<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        let known: Vec<_> = Column::value_variants().iter().map(|it| it.name()).collect();
        assert_eq!(found, known);
        assert!(Command::has_subcommand("list"));
    }
}
