// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the conversations of `tests/fixtures`. Their notation is explained at
//! the top of each file.

use std::path::Path;

/// One command and what it said to the kernel.
pub(crate) struct Run {
    pub(crate) command: String,
    pub(crate) exchanges: Vec<Exchange>,
}

/// A request and the datagrams that answer it.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) request: Vec<u8>,
    pub(crate) answers: Vec<Vec<u8>>,
}

/// The runs of every file of `folder`, with the file's name.
pub(crate) fn read_all(folder: &Path) -> Vec<(String, Run)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut runs = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        runs.extend(read(&text).into_iter().map(|run| (name.clone(), run)));
    }
    runs
}

fn read(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for line in text.lines() {
        let line = match line.split_once('#') {
            Some((bytes, _)) => bytes.trim(),
            None => line.trim(),
        };
        match (line.split_once(' '), runs.last_mut()) {
            (Some(("$", command)), _) => {
                runs.push(Run { command: command.to_owned(), exchanges: Vec::new() });
            }
            (Some((">", _)), Some(run)) => {
                run.exchanges.push(Exchange { request: Vec::new(), answers: Vec::new() });
            }
            (Some(("<", _)), Some(run)) => {
                run.exchanges.last_mut().unwrap().answers.push(Vec::new());
            }
            // The same datagram goes on.
            (Some(("+", _)), Some(_)) => {}
            (None, _) => assert!(line.is_empty(), "what is '{line}'?"),
            (Some(_), Some(run)) => {
                let exchange = run.exchanges.last_mut().unwrap();
                let datagram = exchange.answers.last_mut().unwrap_or(&mut exchange.request);
                datagram.extend(line.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
            }
            (Some(_), None) => panic!("{line} belongs to no command"),
        }
    }
    runs
}

/// The messages of a datagram.
pub(crate) fn messages(mut datagram: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(length) = datagram.first_chunk() {
        let length = usize::try_from(u32::from_ne_bytes(*length)).unwrap();
        let (message, rest) = datagram.split_at(length);
        found.push(message);
        datagram = rest.get(length.next_multiple_of(4) - length..).unwrap_or_default();
    }
    found
}
