// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks for what is wrong with the help of a program. Its tests call this; nothing else does.

use clap::{Arg, Command};

use super::manual::Manual;
use super::prose::{Block, Prose};
use super::{COMMON_OPTIONS, page};

/// The narrowest and the widest terminal that help is read in.
const WIDTHS: [usize; 2] = [80, 120];

/// Returns what is wrong with the help of a program, and with the examples of its manual:
/// what reads badly in a narrow or a wide terminal, options in another order than that of
/// `headings`, which end with [`COMMON_OPTIONS`], needed options that do not say so, and examples
/// that the program would not take.
#[must_use]
pub fn help_faults(command: Command, manual: &Manual, headings: &[&str]) -> Vec<String> {
    let mut faults = Faults { headings, program: command.clone(), found: Vec::new() };
    let mut root = command.disable_help_subcommand(true);
    root.build();
    faults.command(&root);
    faults.abouts(&root);
    for example in manual.examples {
        faults.example(example.of, example.lines.lines());
    }
    let named: Vec<&str> = [manual.exit_status, manual.environment, manual.files, manual.see_also]
        .into_iter()
        .flatten()
        .flat_map(|entry| entry.of.iter().copied())
        .chain(manual.examples.iter().map(|example| example.of))
        .collect();
    let known = page::paths(&root);
    for name in named.iter().filter(|name| !known.iter().any(|path| path == *name)) {
        faults.found.push(format!("the manual speaks of the command `{name}`, which is not there"));
    }
    faults.found
}

struct Faults<'a> {
    headings: &'a [&'a str],
    program: Command,
    found: Vec<String>,
}

impl Faults<'_> {
    fn command(&mut self, command: &Command) {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
        if command.get_about().is_none() {
            self.found.push(format!("{name}: no help"));
        }
        let texts = [command.get_long_about(), command.get_after_help()];
        for text in texts.into_iter().flatten().map(ToString::to_string) {
            self.wrapped_by_hand(&name, &text);
            self.heading_of_examples(&name, &text);
            let examples = Prose::read(&text).examples;
            let lines = examples.iter().filter_map(|block| match block {
                Block::Lines(lines) => Some(lines.iter().copied()),
                _ => None,
            });
            self.example(&name, lines.flatten());
        }
        for width in WIDTHS {
            self.at(&name, command, width);
        }
        self.order(&name, command);
        for arg in command.get_arguments() {
            self.argument(&name, arg);
        }
        command.get_subcommands().for_each(|command| self.command(command));
    }

    /// What a command is for is said where the commands are listed. The documentation of a type
    /// may take its place once a command's options are known.
    fn abouts(&mut self, root: &Command) {
        for listed in self.program.get_subcommands() {
            let about = |command: &Command| command.get_about().map(ToString::to_string);
            let itself = root.find_subcommand(listed.get_name()).and_then(about);
            if itself != about(listed) {
                let name = listed.get_name();
                self.found.push(format!("{name}: is listed with another text than {itself:?}"));
            }
        }
    }

    /// Who wraps by hand wraps for a width that the terminal does not have.
    fn wrapped_by_hand(&mut self, name: &str, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let [one, other] = pair else { continue };
            let is_apart = one.is_empty() || other.is_empty();
            let is_listed = other.starts_with("  ") && !other.starts_with("    ");
            if !is_apart && !is_listed && !one.ends_with('\\') {
                self.found.push(format!("{name}: wrapped by hand: {one}\n{other}"));
            }
        }
    }

    /// Examples stand behind what is explained, under a heading that says whether there are
    /// several.
    fn heading_of_examples(&mut self, name: &str, text: &str) {
        let mut lines = text.lines().skip_while(|line| !matches!(*line, "Example:" | "Examples:"));
        let Some(heading) = lines.next() else { return };
        let (indented, behind): (Vec<&str>, Vec<&str>) =
            lines.filter(|line| !line.is_empty()).partition(|line| line.starts_with("  "));
        let continued = indented.iter().filter(|line| line.ends_with('\\')).count();
        if (indented.len() - continued > 1) != (heading == "Examples:") {
            self.found.push(format!("{name}: {heading} above {} lines", indented.len()));
        }
        for line in behind.iter().filter(|line| !line.starts_with("Exit status")) {
            self.found.push(format!("{name}: behind the examples: {line}"));
        }
    }

    fn at(&mut self, name: &str, command: &Command, width: usize) {
        let mut command = command.clone().term_width(width);
        let texts = [command.get_after_help(), command.get_long_about()];
        let [behind, long] = texts.map(|it| it.map(ToString::to_string).unwrap_or_default());
        let helps = [command.render_help().to_string(), command.render_long_help().to_string()];
        for (help, before) in helps.into_iter().zip(["", &*long]) {
            for line in help.lines().filter(|line| line.chars().count() > width) {
                self.found.push(format!("{name}: over {width} columns: {line}"));
            }
            // What is wrapped loses its indentation.
            let lines = before.lines().chain(behind.lines());
            for line in lines.filter(|line| line.starts_with("  ")) {
                if !help.lines().any(|shown| shown == line) {
                    self.found.push(format!("{name}: not whole in {width} columns: {line}"));
                }
            }
        }
    }

    fn order(&mut self, name: &str, command: &Command) {
        let mut last = 0;
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
        for heading in shown.filter_map(Arg::get_help_heading) {
            match self.headings.iter().position(|known| *known == heading) {
                None => self.found.push(format!("{name}: an unknown heading: {heading}")),
                // Where a heading comes up first is where it stands.
                Some(place) if place < last => {
                    self.found.push(format!("{name}: {heading}: not in order"));
                }
                Some(place) => last = place,
            }
        }
        let help = command.get_arguments().find(|arg| arg.get_long() == Some("help"));
        if help.and_then(Arg::get_help_heading) != Some(COMMON_OPTIONS) {
            self.found.push(format!("{name}: --help is not among the common options"));
        }
    }

    fn argument(&mut self, name: &str, arg: &Arg) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        if help.is_empty() {
            self.found.push(format!("{name}: no help of {}", arg.get_id()));
        }
        let is_named = !arg.is_positional();
        if is_named && arg.is_required_set() && !help.ends_with("(required)") {
            self.found.push(format!("{name}: {} does not say that it is required", arg.get_id()));
        }
    }

    /// Has the program read each of its lines; others may stand between them.
    fn example<'a>(&mut self, name: &str, lines: impl Iterator<Item = &'a str>) {
        let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
        let program = format!("{} ", self.program.get_name());
        for line in text.lines().flat_map(|line| line.split(" && ")) {
            for piece in line.split(" | ").filter(|piece| piece.starts_with(&program)) {
                let words = piece.split_whitespace().map(|word| word.trim_matches('\''));
                if let Err(error) = self.program.clone().try_get_matches_from(words) {
                    self.found.push(format!("{name}: an example: {piece}: {error}"));
                }
            }
        }
    }
}
