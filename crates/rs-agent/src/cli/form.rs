// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options that say in which form something is shown: of the commands that change nothing.

use clap::{Args, ValueEnum};
use lvs_term::COMMON_OPTIONS;

use crate::bad_request::BadRequest;

/// In which form something is shown, of which `C` are the columns.
#[derive(Debug, Args)]
#[command(next_help_heading = COMMON_OPTIONS)]
pub struct Form<C: ValueEnum + Send + Sync + 'static> {
    /// The form of what is printed; text unless --columns is given, then wide
    #[arg(short, long, value_enum, value_name = "FORM", ignore_case = true)]
    pub output: Option<Shown>,
    /// Columns of wide and csv, in this order
    #[arg(
        long,
        value_enum,
        value_name = "NAME,...",
        value_delimiter = ',',
        ignore_case = true,
        conflicts_with = "json"
    )]
    pub columns: Vec<C>,
    /// Leave out the names of the columns
    #[arg(long, conflicts_with = "json")]
    pub no_header: bool,
    /// Print JSON: the same as --output json
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl<C: ValueEnum + Send + Sync + 'static> Form<C> {
    /// Returns the form that was asked for.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self.output {
            Some(form) => form,
            None if self.json => Shown::Json,
            None if !self.columns.is_empty() => Shown::Wide,
            None => Shown::Text,
        }
    }

    /// Returns the form that was asked for.
    ///
    /// # Errors
    /// The options have no meaning together.
    pub(crate) fn checked(&self) -> Result<Shown, BadRequest> {
        let form = self.shown();
        let (why, hint) = match form {
            Shown::Wide | Shown::Csv => return Ok(form),
            _ if !self.columns.is_empty() => {
                ("columns are picked of the forms wide and csv", "use -o wide or -o csv")
            }
            _ if self.no_header => {
                ("only the forms wide and csv have a header to leave out", "leave out --no-header")
            }
            _ => return Ok(form),
        };
        Err(BadRequest::Form { why, hint })
    }
}

/// Names a form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// For people.
    #[default]
    Text,
    /// A line for each, in columns with names.
    Wide,
    /// JSON, on one line.
    Json,
    /// JSON, indented.
    JsonPretty,
    /// Comma-separated values (RFC 4180), a line for each.
    Csv,
    /// For a monitor: of `check`, by its option `--nagios`.
    #[value(skip)]
    Nagios,
}

/// Names the columns of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum CheckColumn {
    /// Id of the rule.
    Rule,
    /// How bad it is.
    Severity,
    /// What is wrong.
    Message,
    /// What was read, and where.
    Read,
    /// Why it matters.
    Why,
    /// Commands, or what to do in words.
    Remedy,
}

impl CheckColumn {
    /// Those of wide, if none are picked.
    pub(crate) const WIDE: [Self; 3] = [Self::Rule, Self::Severity, Self::Message];
}

/// Names the columns of `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum StatusColumn {
    /// vip, device, port, sysctl, gateway or drift.
    Kind,
    /// Its name: an address, an interface, a setting.
    Name,
    /// Interface of a VIP.
    Device,
    /// Scope of a VIP, kind of a device, family of a port, or what drift means.
    Detail,
    /// present or missing, of a device up or down, of drift harmful or harmless.
    State,
    /// By whom it is as it is.
    Owner,
    /// Value of a setting now.
    Current,
    /// Value that set-up wrote.
    Ours,
    /// Value before set-up.
    Previous,
    /// Remedy for drift.
    Remedy,
}

impl StatusColumn {
    /// Those of wide, if none are picked.
    pub(crate) const WIDE: [Self; 8] = [
        Self::Kind,
        Self::Name,
        Self::Device,
        Self::State,
        Self::Owner,
        Self::Current,
        Self::Ours,
        Self::Previous,
    ];
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn checked(options: &str) -> Result<Shown, String> {
        let line = ["rs-agent", "status"].into_iter().chain(options.split_whitespace());
        match Cli::try_parse_from(line).unwrap().command {
            Command::Status(args) => args.form.checked().map_err(|why| why.to_string()),
            _ => unreachable!(),
        }
    }

    #[test]
    fn the_form_is_what_the_options_say() {
        let (columns, header) = (
            Err("columns are picked of the forms wide and csv".to_owned()),
            Err("only the forms wide and csv have a header to leave out".to_owned()),
        );
        for (options, expected) in [
            ("", Ok(Shown::Text)),
            ("--json", Ok(Shown::Json)),
            ("-o JSON-Pretty", Ok(Shown::JsonPretty)),
            ("--columns NAME,owner", Ok(Shown::Wide)),
            ("--columns name --no-header -o csv", Ok(Shown::Csv)),
            ("-o text --columns name", columns.clone()),
            ("-o json --columns name", columns),
            ("--no-header", header.clone()),
            ("-o json --no-header", header),
        ] {
            assert_eq!(checked(options), expected, "{options}");
        }
        for options in
            ["--json -o csv", "--json --columns name", "--json --no-header", "--columns rule"]
        {
            let words = ["rs-agent", "status"].into_iter().chain(options.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{options}");
        }
        for option in ["--columns rule", "--no-header", "-o csv"] {
            let words = ["rs-agent", "check", "--nagios"].into_iter().chain(option.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{option}");
        }
    }

    /// Each column stands in the page, and no other.
    #[test]
    fn columns_are_documented() {
        fn names<C: ValueEnum>() -> Vec<String> {
            let values = C::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            values.map(|value| value.get_name().to_owned()).collect()
        }
        let page = include_str!("../../../../docs/agent-json.md");
        for (command, known) in
            [("check", names::<CheckColumn>()), ("status", names::<StatusColumn>())]
        {
            let heading = format!("## Columns of `{command}`\n");
            let (_, behind) = page.split_once(&heading).expect("a section");
            let (_, table) = behind.split_once("| column | ").unwrap();
            let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
            let found: Vec<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
            assert_eq!(found, known);
        }
    }
}
