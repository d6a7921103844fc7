// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets up a Linux host as an IPVS real server, and undoes it exactly.
//!
//! A run goes through the rooms in one direction:
//!
//! | room | question it answers |
//! |---|---|
//! | [`cli`] | what may be typed |
//! | [`request`], [`wanted`], [`tunnel`] | what is asked for, checked without the kernel, then made complete |
//! | [`observe`] | what is there now ([`facts`]) |
//! | [`plan`] | which changes are missing, in which order, and why; what is refused |
//! | [`journal`] | what this host was like before, written before anything is changed |
//! | [`act`] | the changes themselves, by the ports of [`lvs_host`] |
//! | [`verify`] | is it really so |
//! | [`drift`] | what is not as it was made, and what that means |
//! | [`check`] | is this host a sound real server, whoever set it up |
//! | [`transaction`] | in which order journal, changes and looks follow each other |
//! | [`run`] | is it still so, and what to do if not |
//! | [`config`], [`mod@unit`] | the file that says what is wanted; the files that make it last |
//! | [`cluster`], [`unfit`] | what this host is by the file of its cluster; why that cannot be |
//! | [`commands`], [`output`] | a value per command, rendered as text or JSON |
//! | [`manual`] | what the manual pages have besides the help |
//! | [`complete`] | what may be typed next, for a shell that asks |
//!
//! [`plan`], [`wanted`], [`verify`], [`drift`] and the rules of [`check`] are pure: they see facts
//! and return decisions.

#![forbid(unsafe_code)]

pub mod act;
pub mod arp_ignore;
pub mod bad_request;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod complete;
pub mod config;
pub mod drift;
pub mod error;
pub mod facts;
pub mod ipvs;
pub mod journal;
pub mod manual;
pub mod mode;
pub mod observe;
pub mod output;
pub mod plan;
pub mod refusal;
pub mod request;
pub mod run;
pub mod shell;
pub mod transaction;
pub mod tunnel;
pub mod unfit;
pub mod unit;
pub mod verify;
pub mod wanted;
