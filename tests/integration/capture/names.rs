// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names for the comments, from the kernel's headers (`linux/ip_vs.h`,
//! `linux/genetlink.h`, `linux/netlink.h`) and not from the library, whose
//! tests read the fixtures.

/// `GENL_ID_CTRL`
pub(crate) const CTRL: u16 = 16;
/// `CTRL_CMD_NEWFAMILY`, the answer to `CTRL_CMD_GETFAMILY`
pub(crate) const NEWFAMILY: u8 = 1;
/// `IPVS_CMD_SET_INFO` and `IPVS_CMD_GET_INFO`
pub(crate) const SET_INFO: u8 = 14;
pub(crate) const GET_INFO: u8 = 15;
/// `NLMSG_ERROR` and `NLMSG_DONE`
pub(crate) const ERROR: u16 = 2;
pub(crate) const DONE: u16 = 3;

pub(crate) const COMMANDS: [&str; 18] = [
    "UNSPEC",
    "NEW_SERVICE",
    "SET_SERVICE",
    "DEL_SERVICE",
    "GET_SERVICE",
    "NEW_DEST",
    "SET_DEST",
    "DEL_DEST",
    "GET_DEST",
    "NEW_DAEMON",
    "DEL_DAEMON",
    "GET_DAEMON",
    "SET_CONFIG",
    "GET_CONFIG",
    "SET_INFO",
    "GET_INFO",
    "ZERO",
    "FLUSH",
];

/// What the attributes of a nest are called, and which of them are nests.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    prefix: &'static str,
    names: &'static [&'static str],
    nests: &'static [(u16, &'static Table)],
}

impl Table {
    pub(crate) fn name(&self, kind: u16) -> String {
        match self.names.get(usize::from(kind).wrapping_sub(1)) {
            Some(name) => format!("{}{name}", self.prefix),
            None => format!("{}{kind}", self.prefix),
        }
    }

    pub(crate) fn nest(&self, kind: u16) -> Option<&'static Self> {
        self.nests.iter().find(|(nest, _)| *nest == kind).map(|(_, table)| *table)
    }
}

/// The attributes of a message of IPVS.
pub(crate) fn top_level(command: u8) -> &'static Table {
    if command == SET_INFO { &INFO } else { &TOP }
}

pub(crate) static TOP: Table = Table {
    prefix: "IPVS_CMD_ATTR_",
    names: &["SERVICE", "DEST", "DAEMON", "TIMEOUT_TCP", "TIMEOUT_TCP_FIN", "TIMEOUT_UDP"],
    nests: &[(1, &SERVICE), (2, &DESTINATION), (3, &DAEMON)],
};

static INFO: Table =
    Table { prefix: "IPVS_INFO_ATTR_", names: &["VERSION", "CONN_TAB_SIZE"], nests: &[] };

static SERVICE: Table = Table {
    prefix: "IPVS_SVC_ATTR_",
    names: &[
        "AF",
        "PROTOCOL",
        "ADDR",
        "PORT",
        "FWMARK",
        "SCHED_NAME",
        "FLAGS",
        "TIMEOUT",
        "NETMASK",
        "STATS",
        "PE_NAME",
        "STATS64",
    ],
    nests: &[(10, &STATS), (12, &STATS)],
};

static DESTINATION: Table = Table {
    prefix: "IPVS_DEST_ATTR_",
    names: &[
        "ADDR",
        "PORT",
        "FWD_METHOD",
        "WEIGHT",
        "U_THRESH",
        "L_THRESH",
        "ACTIVE_CONNS",
        "INACT_CONNS",
        "PERSIST_CONNS",
        "STATS",
        "ADDR_FAMILY",
        "STATS64",
        "TUN_TYPE",
        "TUN_PORT",
        "TUN_FLAGS",
    ],
    nests: &[(10, &STATS), (12, &STATS)],
};

static DAEMON: Table = Table {
    prefix: "IPVS_DAEMON_ATTR_",
    names: &[
        "STATE",
        "MCAST_IFN",
        "SYNC_ID",
        "SYNC_MAXLEN",
        "MCAST_GROUP",
        "MCAST_GROUP6",
        "MCAST_PORT",
        "MCAST_TTL",
    ],
    nests: &[],
};

static STATS: Table = Table {
    prefix: "IPVS_STATS_ATTR_",
    names: &[
        "CONNS", "INPKTS", "OUTPKTS", "INBYTES", "OUTBYTES", "CPS", "INPPS", "OUTPPS", "INBPS",
        "OUTBPS", "PAD",
    ],
    nests: &[],
};

pub(crate) static FAMILY: Table = Table {
    prefix: "CTRL_ATTR_",
    names: &["FAMILY_ID", "FAMILY_NAME", "VERSION", "HDRSIZE", "MAXATTR", "OPS"],
    nests: &[],
};

pub(crate) static EXT_ACK: Table =
    Table { prefix: "NLMSGERR_ATTR_", names: &["MSG", "OFFS", "COOKIE", "POLICY"], nests: &[] };

/// The errors a fixture holds, as `errno(3)` calls them.
pub(crate) fn errno(number: u32) -> String {
    match number {
        0 => "success".to_owned(),
        2 => "ENOENT".to_owned(),
        3 => "ESRCH".to_owned(),
        17 => "EEXIST".to_owned(),
        34 => "ERANGE".to_owned(),
        number => format!("errno {number}"),
    }
}
