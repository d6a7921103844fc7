// SPDX-License-Identifier: MIT OR Apache-2.0

//! Checks which options go with which command, and with which tunnel.

use super::option::{COLUMNS, Column, Columns, Command};
use super::stop::Stop;

/// Needed.
const NEEDED: u8 = b'+';
/// Allowed once among all that are marked so.
const ONE: u8 = b'1';
/// Not allowed.
const NEVER: u8 = b'x';

/// The row of a command; columns as in [`COLUMNS`], a blank allows.
fn row(command: Command) -> &'static [u8; 34] {
    match command {
        //                        ncsspMrfwxyitdsrtpnseopbgptmi tpncr
        Command::AddService | Command::EditService => b"xx+   xxxxxxxxxxxxxxx   xxxxxxxxxx",
        Command::DeleteService => b"xx+xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        Command::List => b" 11xxxxxxxxx11       xxxxxxx xxxxx",
        Command::AddServer | Command::EditServer => b"xx+xxx+    xxxxxxxxxxxxxxxxxx     ",
        Command::DeleteServer => b"xx+xxx+xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        Command::StartDaemon => b"xxxxxxxxxxx xxxxxxx xxxx    xxxxxx",
        Command::StopDaemon => b"xxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxx",
        Command::Save => b" xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        Command::Zero => b"xx xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        Command::Flush | Command::Restore | Command::Set | Command::Help | Command::Version => {
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        }
    }
}

/// Refuses what does not go with `command`, and what it lacks.
pub(super) fn check_command(command: Command, given: Columns) -> Result<(), Stop> {
    let name = command.name();
    let columns = COLUMNS.iter().zip(row(command)).map(|((column, _), rule)| (*column, *rule));
    check(columns, given, &format!("'{name}' command"))
}

/// Names a type of tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TunnelType {
    #[default]
    Ipip,
    Gue,
    Gre,
}

/// Refuses what does not go with a tunnel of type `kind`, and what it lacks.
pub(super) fn check_tunnel(kind: TunnelType, given: Columns) -> Result<(), Stop> {
    let (name, row) = match kind {
        TunnelType::Ipip => ("ipip", b" xxxx"),
        TunnelType::Gue => ("gue", b" +111"),
        TunnelType::Gre => ("gre", b" x11x"),
    };
    let columns = [
        Column::TunnelType,
        Column::TunnelPort,
        Column::NoChecksum,
        Column::Checksum,
        Column::RemoteChecksum,
    ];
    check(columns.into_iter().zip(*row), given, &format!("'{name}' tunnel type"))
}

fn check(
    columns: impl Iterator<Item = (Column, u8)>,
    given: Columns,
    subject: &str,
) -> Result<(), Stop> {
    let mut only: Option<Column> = None;
    for (column, rule) in columns {
        let name = column.name();
        match (given.has(column), rule, only) {
            (false, NEEDED, _) => {
                let text = format!("You need to supply the '{name}' option for the {subject}");
                return Err(Stop::fail(text));
            }
            (true, NEVER, _) => {
                return Err(Stop::fail(format!("Illegal '{name}' option with the {subject}")));
            }
            (true, ONE, Some(other)) => {
                let other = other.name();
                let text = format!(
                    "The option '{name}' conflicts with the '{other}' option in the {subject}"
                );
                return Err(Stop::fail(text));
            }
            (true, ONE, None) => only = Some(column),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(columns: &[Column]) -> Columns {
        let mut given = Columns::default();
        for column in columns {
            assert!(given.note(*column));
        }
        given
    }

    fn complaint(outcome: Result<(), Stop>) -> String {
        match outcome {
            Err(Stop::Exit(text, 2)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn complaints_name_option_and_command() {
        let check = |command, columns: &[Column]| complaint(check_command(command, given(columns)));
        assert_eq!(
            check(Command::AddService, &[]),
            "You need to supply the 'service-address' option for the 'add-service' command"
        );
        assert_eq!(
            check(Command::AddService, &[Column::Numeric]),
            "Illegal 'numeric' option with the 'add-service' command"
        );
        assert_eq!(
            check(Command::List, &[Column::Connection, Column::Service]),
            "The option 'service-address' conflicts with the 'connection' option in the 'list' \
             command"
        );
        assert_eq!(
            check(Command::Flush, &[Column::RemoteChecksum]),
            "Illegal 'tun-remcsum' option with the 'flush' command"
        );
    }

    #[test]
    fn tunnels_have_their_own_options() {
        let check = |kind, columns: &[Column]| complaint(check_tunnel(kind, given(columns)));
        assert_eq!(
            check(TunnelType::Gue, &[]),
            "You need to supply the 'tun-port' option for the 'gue' tunnel type"
        );
        assert_eq!(
            check(TunnelType::Ipip, &[Column::TunnelPort]),
            "Illegal 'tun-port' option with the 'ipip' tunnel type"
        );
        assert_eq!(
            check(TunnelType::Gre, &[Column::NoChecksum, Column::Checksum]),
            "The option 'tun-csum' conflicts with the 'tun-nocsum' option in the 'gre' tunnel type"
        );
    }
}
