// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::ServiceKey;

use super::option::{Column, Columns};

/// Names what is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    All,
    One(ServiceKey),
    Connections,
    Timeouts,
    Daemons,
}

/// Names which columns a table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Layout {
    #[default]
    Plain,
    Stats,
    Rate,
    Thresholds,
    Persistent,
    Tunnel,
}

/// Says how it is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) numeric: bool,
    pub(super) exact: bool,
    pub(super) unsorted: bool,
    pub(super) layout: Layout,
    /// `--persistent-conn`, for connections.
    pub(super) engines: bool,
    /// As `-S` writes it.
    pub(super) save: bool,
}

impl Style {
    /// Returns the layout that was asked for: of several, `ipvsadm` takes the first of this order.
    pub(super) fn of(given: Columns) -> Self {
        let layouts = [
            (Column::Stats, Layout::Stats),
            (Column::Rate, Layout::Rate),
            (Column::Thresholds, Layout::Thresholds),
            (Column::PersistentConn, Layout::Persistent),
            (Column::TunnelInfo, Layout::Tunnel),
        ];
        let layout = layouts.into_iter().find(|(column, _)| given.has(*column));
        Self {
            numeric: given.has(Column::Numeric),
            exact: given.has(Column::Exact),
            unsorted: given.has(Column::NoSort),
            layout: layout.map_or(Layout::Plain, |(_, layout)| layout),
            engines: given.has(Column::PersistentConn),
            save: false,
        }
    }
}
