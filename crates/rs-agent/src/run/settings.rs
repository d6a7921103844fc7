// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `run` was told, on the command line or in the file.

use crate::cli::{LogFormat, OnStop, RunArgs};
use crate::config;
use crate::error::Error;
use crate::request::Request;

#[derive(Debug)]
pub(super) struct Settings {
    /// What the host is to be; `None`: what the journal says.
    pub(super) request: Option<Request>,
    /// It is from a file: other VIPs go.
    pub(super) whole: bool,
    pub(super) on_stop: OnStop,
    pub(super) log_format: LogFormat,
}

impl Settings {
    /// Reads and checks all of it.
    pub(super) fn read(args: &RunArgs) -> Result<Self, Error> {
        // Beside a file nothing else may say what the host is to be.
        let request = args.what.request()?;
        let Some(path) = &args.what.config else {
            let (on_stop, log_format) = (args.on_stop, args.log_format);
            return Ok(Self { request, whole: false, on_stop, log_format });
        };
        let file = config::read(path)?;
        let on_stop = if args.on_stop == OnStop::Keep { file.on_stop } else { args.on_stop };
        let text = args.log_format == LogFormat::Text;
        let log_format = if text { file.log_format } else { args.log_format };
        Ok(Self { request: file.what.request()?, whole: true, on_stop, log_format })
    }
}
