// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `run` was told, on the command line or in the file.

use crate::cli::{LogFormat, OnStop, RunArgs, What};
use crate::cluster;
use crate::config;
use crate::error::Error;
use crate::request::Request;

#[derive(Debug)]
pub(super) struct Settings {
    /// What the host is to be; `None`: what the journal says.
    pub(super) request: Option<Request>,
    /// Where to look again what it is to be: it has none of the addresses yet by which the
    /// cluster's file knows it.
    pub(super) later: Option<What>,
    /// It is from a file: other VIPs go.
    pub(super) whole: bool,
    pub(super) on_stop: OnStop,
    pub(super) log_format: LogFormat,
}

impl Settings {
    /// Reads and checks all of it.
    pub(super) fn read(args: &RunArgs) -> Result<Self, Error> {
        let Some(path) = &args.what.config else {
            let (request, later) = asked(&args.what)?;
            let (on_stop, log_format) = (args.on_stop, args.log_format);
            let whole = args.what.cluster.is_some();
            return Ok(Self { request, later, whole, on_stop, log_format });
        };
        // Beside a file nothing else may say what the host is to be.
        args.what.request()?;
        let file = config::read(path)?;
        let on_stop = if args.on_stop == OnStop::Keep { file.on_stop } else { args.on_stop };
        let text = args.log_format == LogFormat::Text;
        let log_format = if text { file.log_format } else { args.log_format };
        let (request, later) = asked(&file.what)?;
        Ok(Self { request, later, whole: true, on_stop, log_format })
    }

    /// Looks again what the host is to be, if that was not known yet.
    pub(super) fn look_again(&mut self) -> Result<(), Error> {
        if let Some(what) = &self.later {
            self.request = cluster::request(what)?;
            self.later = None;
        }
        Ok(())
    }
}

/// What is asked for; or what is to be asked again, as it may pass.
fn asked(what: &What) -> Result<(Option<Request>, Option<What>), Error> {
    match cluster::request(what) {
        Ok(request) => Ok((request, None)),
        Err(Error::Refused(refusal)) if refusal.may_pass() => Ok((None, Some(what.clone()))),
        Err(error) => Err(error),
    }
}
