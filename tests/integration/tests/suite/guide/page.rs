// SPDX-License-Identifier: MIT OR Apache-2.0

//! A page of the guide as the suite reads it. What a reader could type and the suite would
//! not run is refused: `docs/guide/README.md` has the rules.

use std::collections::BTreeMap;

use lab::Model;

/// What a page asks for, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `<!-- lab: dr -->`: fresh hosts, wired for that model.
    Fresh(Model),
    /// `<!-- lab: as in 5-dr.md -->`: fresh hosts, after the steps of that page up to its mark;
    /// with `, where there is MODULE`, only on kernels that have that.
    After { page: String, module: Option<String> },
    /// `<!-- lab: balanced -->`: the mark.
    Balanced,
    /// A command.
    Step(Step),
}

/// A command, where it is typed, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Of the page, from 1.
    pub(crate) line: usize,
    pub(crate) host: String,
    pub(crate) command: String,
    /// Lines; `…` stands for any text, alone on its line for any lines.
    pub(crate) expected: Vec<String>,
    /// Of the command; not 0 only if the page says so: `[exit status 28]`.
    pub(crate) status: i32,
}

impl Step {
    /// What is started in the background by `&`, and shown by `wait`.
    pub(crate) fn in_background(&self) -> Option<&str> {
        self.command.strip_suffix(" &")
    }
}

/// Everybody who is in one of the three networks.
const HOSTS: [&str; 5] = ["client", "director", "rs1", "rs2", "router"];

/// Reads a page.
///
/// # Errors
/// `LINE: what is wrong there`
pub(crate) fn read(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        let refuse = |what: &str| Err(format!("{number}: {what}: {line}"));
        if let Some(tag) = line.strip_prefix("```") {
            let mut block = Vec::new();
            loop {
                match lines.next() {
                    None => return refuse("this block never ends"),
                    Some((_, "```")) => break,
                    Some(inner) => block.push(inner),
                }
            }
            match tag {
                "console" if items.is_empty() => return refuse("no lab comment before"),
                "console" => console(number, &block, &mut items)?,
                "text" => picture(number, &block)?,
                _ => return refuse("a block is `console` or, for a picture, `text`"),
            }
        } else if let Some(comment) = line.strip_prefix("<!-- lab: ") {
            let Some(item) = comment.strip_suffix(" -->").and_then(lab) else {
                return refuse("no such lab comment");
            };
            items.push(item);
        } else if ["```", "~~~", "<pre", "<code"].iter().any(|code| line.contains(code))
            || line.starts_with("    ")
            || line.starts_with('\t')
        {
            return refuse("code that would not be run");
        }
    }
    background(&items)?;
    Ok(items)
}

/// Each command in the background is waited for, on its host, before the next one there
/// and before the hosts change: what it printed would be compared with nothing.
fn background(items: &[Item]) -> Result<(), String> {
    let mut running = BTreeMap::new();
    let refuse = |step: &Step, what| Err(format!("{}: {what}: {}", step.line, step.command));
    for item in items {
        match item {
            Item::Step(step) if step.in_background().is_some() => {
                if let Some(first) = running.insert(&step.host, step) {
                    return refuse(first, "nobody waits for this");
                }
            }
            Item::Step(step) if step.command == "wait" => {
                if running.remove(&step.host).is_none() {
                    return refuse(step, "there is nothing to wait for");
                }
            }
            Item::Step(_) => {}
            Item::Fresh(_) | Item::After { .. } | Item::Balanced => {
                if let Some(step) = running.values().next() {
                    return refuse(step, "nobody waits for this");
                }
            }
        }
    }
    running.values().next().map_or(Ok(()), |step| refuse(step, "nobody waits for this"))
}

fn lab(comment: &str) -> Option<Item> {
    Some(match comment {
        "balanced" => Item::Balanced,
        _ => {
            let Some(after) = comment.strip_prefix("as in ") else {
                return comment.parse().ok().map(Item::Fresh);
            };
            let (page, module) = match after.split_once(", ") {
                Some((page, rest)) => (page, Some(rest.strip_prefix("where there is ")?)),
                None => (after, None),
            };
            Item::After { page: page.to_owned(), module: module.map(str::to_owned) }
        }
    })
}

fn console(start: usize, block: &[(usize, &str)], items: &mut Vec<Item>) -> Result<(), String> {
    let mut step: Option<Step> = None;
    let mut lines = block.iter();
    while let Some(&(line, text)) = lines.next() {
        if let Some((host, command)) = prompt(text) {
            items.extend(step.take().map(Item::Step));
            if !HOSTS.contains(&host) {
                return Err(format!("{line}: there is no host {host}: {text}"));
            }
            let mut command = command.to_owned();
            while command.ends_with('\\') {
                let Some((_, more)) = lines.next() else {
                    return Err(format!("{line}: this command never ends: {text}"));
                };
                command = format!("{command}\n{more}");
            }
            if is_endless(&command) {
                return Err(format!("{line}: no time limit: {text}"));
            }
            let (host, expected) = (host.to_owned(), Vec::new());
            step = Some(Step { line, host, command, expected, status: 0 });
        } else if let Some(step) = &mut step {
            match exit_status(text) {
                Some(status) => step.status = status,
                None => step.expected.push(text.trim_end().to_owned()),
            }
        } else {
            return Err(format!("{line}: a console block starts with a prompt: {text}"));
        }
    }
    let Some(step) = step else { return Err(format!("{start}: an empty block")) };
    items.push(Item::Step(step));
    Ok(())
}

/// What keeps a reader waiting for ever where the suite would stop it.
fn is_endless(command: &str) -> bool {
    command.split("curl ").skip(1).any(|rest| !rest.starts_with("-s -m "))
        || command.contains("tcpdump ") && !command.starts_with("timeout ")
}

/// `rs1# command` or, where a reader need not be root, `client$ command`.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (host, rest) = line.split_at(end);
    let command = rest.strip_prefix("# ").or_else(|| rest.strip_prefix("$ "))?;
    (!host.is_empty()).then_some((host, command))
}

fn exit_status(line: &str) -> Option<i32> {
    line.strip_prefix("[exit status ")?.strip_suffix(']')?.parse().ok()
}

/// A picture has lines in it, and no command.
fn picture(start: usize, block: &[(usize, &str)]) -> Result<(), String> {
    if let Some((line, text)) = block.iter().find(|(_, text)| prompt(text.trim_start()).is_some()) {
        return Err(format!("{line}: a command in a picture would not be run: {text}"));
    }
    if block.iter().any(|(_, text)| text.contains("--")) {
        return Ok(());
    }
    Err(format!("{start}: no picture, but code that would not be run"))
}

/// Whether a command printed what the page says.
pub(crate) fn matches(expected: &[String], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, more)| line_matches(first, line) && matches(rest, more)),
    }
}

fn line_matches(expected: &str, line: &str) -> bool {
    let line = line.trim_end();
    let Some((start, rest)) = expected.split_once('…') else {
        return expected == line;
    };
    line.strip_prefix(start).is_some_and(|line| {
        let mut cuts = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        cuts.any(|at| line_matches(rest, &line[at..]))
    })
}
