// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Info;

use crate::ipvsadm::view::Layout;

/// Returns the line above a list of everything.
pub(in crate::ipvsadm) fn header(info: &Info) -> String {
    let Info { version, connection_table_size, .. } = info;
    format!("IP Virtual Server version {version} (size={connection_table_size})\n")
}

/// Returns the two lines of column titles.
pub(in crate::ipvsadm) fn title(layout: Layout) -> &'static str {
    match layout {
        Layout::Plain => {
            "Prot LocalAddress:Port Scheduler Flags\n\
             \x20 -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
        }
        Layout::Tunnel => {
            "Prot LocalAddress:Port Scheduler Flags\n\
             \x20 -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
        }
        Layout::Stats => {
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n\
             \x20 -> RemoteAddress:Port\n"
        }
        Layout::Rate => {
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n\
             \x20 -> RemoteAddress:Port\n"
        }
        Layout::Thresholds => {
            "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n\
             \x20 -> RemoteAddress:Port\n"
        }
        Layout::Persistent => {
            "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n\
             \x20 -> RemoteAddress:Port\n"
        }
    }
}
