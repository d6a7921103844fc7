// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says how the programs of this project speak to whoever started them: what they print and in
//! which form. Nothing here knows what it is about.
//!
//! | module | what it has |
//! |---|---|
//! | `text` | what a terminal would act on, and the forms of a text without it |
//! | `json` | the same of JSON, as it is written |
//! | `complaint` | the lines of standard error: `error:`, `warning:`, `note:`, `hint:` |
//! | `usage` | what clap stops for, in that form |
//! | `familiar` | words in the order and of the kind that other programs want |
//! | `number`, `seconds` | numbers and times on a command line, and how many there are of something |
//! | `exit` | the exit statuses that all programs share |
//! | `look`, `columns` | tables: colour, width, columns, short numbers |
//! | `screen` | one state after another in the same place |
//! | `progress` | how far long work is, what is waited for |
//! | `complete` | what may be typed next, for a shell that asks |
//! | `generate` | manual pages, and the scripts of shells that ask |
//! | `stdout`, `signals` | whether standard output is there, which signals are ignored or outlived |
//! | `unwinder` | what the standard library needs, linked in |

mod columns;
mod complaint;
mod complete;
pub mod exit;
mod familiar;
mod generate;
mod json;
mod look;
mod number;
mod progress;
mod screen;
mod seconds;
mod signals;
mod stdout;
mod text;
mod unwinder;
mod usage;

pub use columns::{Row, short_number, write_rows};
pub use complaint::{Complaint, Label, asks_for_json, remark, tell, tell_as_json};
pub use complete::{Candidate, Line, Offer, complete};
pub use familiar::{Arranged, Familiar, Meaning, arranged, quoted_words, reads_options};
pub use generate::{COMMON_OPTIONS, Entry, Example, Generated, Manual, help_faults};
pub use json::JsonOut;
pub use look::{ColorWhen, Look, Tone};
pub use number::{BadNumber, count, number};
pub use progress::{Progress, Status};
pub use screen::Screen;
pub use seconds::seconds;
pub use signals::{ignored_signals, outlive_file_limit};
pub use stdout::{Stdout, unless_closed};
pub use text::{
    few, is_harmful, one_line, printable, printable_ascii, printable_json, printable_lines,
    shortened, system_error,
};
pub use usage::{Usage, clap_context, escaped, help};
