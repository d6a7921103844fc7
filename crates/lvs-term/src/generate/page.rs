// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes a manual page of each command, in the sections that people expect and in their order.

use std::collections::BTreeSet;

use clap::Command;

use super::manual::{Entry, Manual};
use super::options;
use super::prose::{self, Prose, sentence};
use super::roff::{Roff, bold, escaped, italic};

/// The section of the manual for an administrator's commands.
const SECTION: &str = "8";

/// Returns the pages of a program and of all its commands: the names of the files, and their
/// texts.
pub(super) fn pages(command: Command, manual: &Manual) -> Vec<(String, String)> {
    let mut root = command.disable_help_subcommand(true);
    root.build();
    let version = root.get_version().unwrap_or_default();
    let source = format!("{} {version}", root.get_name());
    let mut places = Vec::new();
    let top = Place { command: &root, page: root.get_name().to_owned(), path: String::new() };
    top.all(&mut places);
    let book = Book { manual, source, places: &places };
    places.iter().map(|place| (format!("{}.{SECTION}", place.page), book.page(place))).collect()
}

/// Returns how each command is called behind the program's name, which itself is empty.
pub(super) fn paths(root: &Command) -> Vec<String> {
    let mut places = Vec::new();
    Place { command: root, page: String::new(), path: String::new() }.all(&mut places);
    places.into_iter().map(|place| place.path).collect()
}

/// A command with its name as a page, `rsctl-sync-daemon-start`, and behind the program:
/// `sync-daemon start`.
#[derive(Clone, Debug)]
struct Place<'a> {
    command: &'a Command,
    page: String,
    path: String,
}

impl<'a> Place<'a> {
    fn all(self, places: &mut Vec<Self>) {
        places.push(self.clone());
        self.below().into_iter().for_each(|place| place.all(places));
    }

    fn below(&self) -> Vec<Place<'a>> {
        let commands = self.command.get_subcommands().filter(|command| !command.is_hide_set());
        let place = |command: &'a Command| Place {
            command,
            page: format!("{}-{}", self.page, command.get_name()),
            path: format!("{} {}", self.path, command.get_name()).trim_start().to_owned(),
        };
        commands.map(place).collect()
    }
}

struct Book<'a> {
    manual: &'a Manual,
    source: String,
    places: &'a [Place<'a>],
}

impl Book<'_> {
    fn page(&self, place: &Place<'_>) -> String {
        let mut page = Roff::default();
        let (command, manual) = (place.command, self.manual);
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let title = place.page.to_uppercase();
        page.request("TH", &[&title, SECTION, "", &self.source, manual.title]);
        // Names of commands and options stay whole.
        page.request("nh", &[]);
        page.request("ad", &["l"]);
        page.request("SH", &["NAME"]);
        // Nothing is bold in what whatis(1) reads.
        let line = uncapital(&about).replace('`', "");
        page.raw(&format!("{} \\- {}", escaped(&place.page), escaped(&line)));
        page.request("SH", &["SYNOPSIS"]);
        options::synopsis(&mut page, command);

        let long = command.get_long_about().map_or(about, ToString::to_string);
        let behind = command.get_after_long_help().or_else(|| command.get_after_help());
        let behind = behind.map(ToString::to_string).unwrap_or_default();
        let text = format!("{}\n\n{behind}", sentence(&long));
        let prose = Prose::read(&text);
        page.request("SH", &["DESCRIPTION"]);
        prose::write(&mut page, &prose.description);

        let below = place.below();
        if !below.is_empty() {
            page.request("SH", &["COMMANDS"]);
        }
        for below in below {
            let about = below.command.get_about().map(ToString::to_string);
            page.request("TP", &[]);
            page.raw(&format!("{}({SECTION})", bold(&below.page)));
            page.text(&sentence(&about.unwrap_or_default()));
        }
        page.request("SH", &["OPTIONS"]);
        options::list(&mut page, command);
        self.examples(&mut page, place, &prose);
        page.request("SH", &["EXIT STATUS"]);
        // That of the program's help is short.
        if prose.exit_status.is_empty() || place.path.is_empty() {
            list(&mut page, place, manual.exit_status, bold);
        } else {
            prose::write(&mut page, &prose.exit_status);
        }
        entries(&mut page, "ENVIRONMENT", place, manual.environment, bold);
        entries(&mut page, "FILES", place, manual.files, italic);
        self.see_also(&mut page, place);
        page.finish()
    }

    fn examples(&self, page: &mut Roff, place: &Place<'_>, prose: &Prose<'_>) {
        let more = self.manual.examples.iter().filter(|example| example.of == place.path);
        let more: Vec<_> = more.collect();
        if prose.examples.is_empty() && more.is_empty() {
            return;
        }
        page.request("SH", &["EXAMPLES"]);
        prose::write(page, &prose.examples);
        for (number, example) in more.iter().enumerate() {
            if number > 0 || !prose.examples.is_empty() {
                page.request("PP", &[]);
            }
            page.text(example.text);
            page.request("PP", &[]);
            page.literal(example.lines.lines());
        }
    }

    /// The commands above and beside, below of the program's own, and other pages.
    fn see_also(&self, page: &mut Roff, place: &Place<'_>) {
        let parent = |path: &str| path.rsplit_once(' ').map_or("", |(above, _)| above).to_owned();
        let is_near = |other: &&Place<'_>| {
            let is_above = place.path.starts_with(&format!("{} ", other.path));
            other.path.is_empty()
                || is_above
                || parent(&other.path) == parent(&place.path)
                || parent(&other.path) == place.path
        };
        let near = self.places.iter().filter(is_near).filter(|other| other.page != place.page);
        let mut all: BTreeSet<(String, String)> =
            near.map(|other| (SECTION.to_owned(), other.page.clone())).collect();
        for entry in self.manual.see_also.iter().filter(|entry| entry.is_of(&place.path)) {
            if let Some((name, section)) = entry.name.trim_end_matches(')').split_once('(') {
                all.insert((section.to_owned(), name.to_owned()));
            }
        }
        page.request("SH", &["SEE ALSO"]);
        for (number, (section, name)) in all.iter().enumerate() {
            let end = if number + 1 < all.len() { "," } else { "" };
            page.request("BR", &[name, &format!("({section}){end}")]);
        }
    }
}

fn entries(
    page: &mut Roff,
    title: &str,
    place: &Place<'_>,
    all: &[Entry],
    form: impl Fn(&str) -> String,
) {
    if all.iter().any(|entry| entry.is_of(&place.path)) {
        page.request("SH", &[title]);
        list(page, place, all, form);
    }
}

fn list(page: &mut Roff, place: &Place<'_>, all: &[Entry], form: impl Fn(&str) -> String) {
    for entry in all.iter().filter(|entry| entry.is_of(&place.path)) {
        page.request("TP", &[]);
        page.raw(&form(entry.name));
        page.text(entry.text);
    }
}

/// Returns the text with a small letter in front, as a page is called in lists of them.
fn uncapital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str().trim_end_matches('.'))
}
