// SPDX-License-Identifier: MIT OR Apache-2.0

/// A command says what a message of the family asks for or answers (`IPVS_CMD_*`).
///
/// Replies carry the command of the change that would make them: a service
/// comes as [`NewService`](Self::NewService), never as `GetService`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Command {
    /// `IPVS_CMD_NEW_SERVICE`
    NewService,
    /// `IPVS_CMD_SET_SERVICE`: replaces all settings, also those left out.
    SetService,
    /// `IPVS_CMD_DEL_SERVICE`
    DeleteService,
    /// `IPVS_CMD_GET_SERVICE`: one, or as a dump all.
    GetService,
    /// `IPVS_CMD_NEW_DEST`
    NewDestination,
    /// `IPVS_CMD_SET_DEST`: replaces all settings, also those left out.
    SetDestination,
    /// `IPVS_CMD_DEL_DEST`
    DeleteDestination,
    /// `IPVS_CMD_GET_DEST`: dump only, of one service.
    GetDestination,
    /// `IPVS_CMD_NEW_DAEMON`: starts a sync daemon.
    NewDaemon,
    /// `IPVS_CMD_DEL_DAEMON`: stops one.
    DeleteDaemon,
    /// `IPVS_CMD_GET_DAEMON`: dump only.
    GetDaemon,
    /// `IPVS_CMD_SET_CONFIG`: the three timeouts.
    SetConfig,
    /// `IPVS_CMD_GET_CONFIG`
    GetConfig,
    /// `IPVS_CMD_SET_INFO`: only ever in replies.
    SetInfo,
    /// `IPVS_CMD_GET_INFO`
    GetInfo,
    /// `IPVS_CMD_ZERO`: counters of one service, or of all.
    Zero,
    /// `IPVS_CMD_FLUSH`
    Flush,
    /// Any other number.
    Other(u8),
}

/// Each command with its number.
const NUMBERS: [(Command, u8); 17] = [
    (Command::NewService, 1),
    (Command::SetService, 2),
    (Command::DeleteService, 3),
    (Command::GetService, 4),
    (Command::NewDestination, 5),
    (Command::SetDestination, 6),
    (Command::DeleteDestination, 7),
    (Command::GetDestination, 8),
    (Command::NewDaemon, 9),
    (Command::DeleteDaemon, 10),
    (Command::GetDaemon, 11),
    (Command::SetConfig, 12),
    (Command::GetConfig, 13),
    (Command::SetInfo, 14),
    (Command::GetInfo, 15),
    (Command::Zero, 16),
    (Command::Flush, 17),
];

impl From<u8> for Command {
    fn from(number: u8) -> Self {
        NUMBERS.iter().find(|(_, n)| *n == number).map_or(Self::Other(number), |(c, _)| *c)
    }
}

impl From<Command> for u8 {
    fn from(command: Command) -> Self {
        match command {
            Command::Other(number) => number,
            known => NUMBERS.iter().find(|(c, _)| *c == known).map_or(0, |(_, n)| *n),
        }
    }
}
