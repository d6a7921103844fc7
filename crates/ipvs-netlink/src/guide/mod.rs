// SPDX-License-Identifier: MIT OR Apache-2.0

//! The guide: how to do the main jobs, a page for each.
//!
//! | to | page | program |
//! |---|---|---|
//! | list services and servers, with counters | [`list`] | `examples/list.rs` |
//! | add, edit and delete, one by one or ten thousand at once | [`change`] | `examples/direct_routing.rs`, `examples/bulk_load.rs` |
//! | make the kernel's table what your own structs say | [`sync`] | `examples/sync.rs` |
//! | take a real server out without breaking connections | [`drain`] | `examples/drain.rs` |
//! | look again and again, as a monitor does | [`watch`] | `examples/watch.rs` |
//! | find out what went wrong, by `match` and in a trace | [`errors`] | `examples/errors.rs` |
//! | work in another network namespace | [`namespaces`] | `examples/namespace.rs` |
//! | use the library from tokio; what may take time | [`tokio`] | `examples/tokio.rs` |
//! | know who may do what | [`rights`] | |
//! | test without a kernel | [`testing`](crate::testing) | `examples/record.rs` |
//!
//! The project's tests compile what stands on these pages, and run the programs in kernels.

#[doc = include_str!("change.md")]
pub mod change {}

#[doc = include_str!("drain.md")]
pub mod drain {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("list.md")]
pub mod list {}

#[doc = include_str!("namespaces.md")]
pub mod namespaces {}

#[doc = include_str!("rights.md")]
pub mod rights {}

#[doc = include_str!("sync.md")]
pub mod sync {}

#[doc = include_str!("tokio.md")]
pub mod tokio {}

#[doc = include_str!("watch.md")]
pub mod watch {}
