// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads from manifests and source which crate and which room names which other one,
//! for `tests/arrows.rs`, which holds `docs/architecture.md` against it.
//!
//! A room is a top-level module of a crate, with all files below it. An arrow `a -> b`
//! says that code of `a` names `b`: in a `use`, in a path (`crate::b::…`, `super::b::…`,
//! `other_crate::…`), or inside a macro. Code that only tests and fuzzing compile draws none.

#![allow(clippy::expect_used, clippy::panic)]

mod circles;
mod page;
mod paths;
mod source;
mod workspace;

pub use circles::{circles, floors};
pub use page::{Drawn, bless, drawn, is_needless};
pub use source::{ROOT, Room, rooms};
pub use workspace::{Crate, crates, repository};

/// The way from one place to the other: who names whom.
pub type Arrow = (String, String);
