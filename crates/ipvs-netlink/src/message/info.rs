// SPDX-License-Identifier: MIT OR Apache-2.0

use super::table::attribute_table;

attribute_table! {
    /// The attributes make up the answer to `GET_INFO` (`IPVS_INFO_ATTR_*`). They share
    /// numbers with those of all other messages, so the command decides.
    pub enum InfoAttribute {
        /// The version, for example 0x010201 for 1.2.1.
        1 => Version(u32),
        /// Buckets of the connection table.
        2 => ConnectionTableSize(u32),
    }
}
