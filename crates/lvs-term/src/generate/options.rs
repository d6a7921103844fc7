// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes what may be typed: the synopsis of a command, and its arguments one by one.

use clap::builder::PossibleValue;
use clap::{Arg, Command};

use super::COMMON_OPTIONS;
use super::prose::sentence;
use super::roff::{Roff, bold, escaped, italic};

/// Writes the lines of `Usage:`, with the options in place of `[OPTIONS]`.
pub(super) fn synopsis(page: &mut Roff, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    // A line that does not begin with the program goes on with the one before.
    let name = usage.split_whitespace().nth(1).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for line in usage.trim_start_matches("Usage:").lines().map(str::trim) {
        match lines.last_mut().filter(|_| line.split(' ').next() != Some(name)) {
            Some(last) => last.extend([" ", line]),
            None => lines.push(line.to_owned()),
        }
    }
    for line in &lines {
        let (name, rest) = split(line);
        page.request("SY", &[&name]);
        for word in &rest {
            match *word {
                "[OPTIONS]" => options(page, command, &rest),
                word => page.raw(&shown(word)),
            }
        }
        page.request("YS", &[]);
    }
}

/// Splits a line of usage behind the words that are typed as they are.
fn split(line: &str) -> (String, Vec<&str>) {
    let words = words(line);
    let is_variable = |word: &&str| word.starts_with(['[', '<', '-']);
    let end = words.iter().position(is_variable).unwrap_or(words.len());
    let (name, rest) = words.split_at(end);
    (name.join(" "), rest.to_vec())
}

/// Splits at blanks, but for those of a choice: `<SERVICE|--vip VIP>`.
fn words(line: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let is_end = |letter: char| {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && letter.is_whitespace()
    };
    line.split(is_end).filter(|word| !word.is_empty()).collect()
}

/// Returns the flags that a word of usage names, by itself or in a choice.
fn flags_in(word: &str) -> impl Iterator<Item = &str> {
    word.split(['<', '>', '|', ' ']).filter(|part| part.starts_with('-'))
}

/// Returns a word of usage: `<FILE>`, `[FILE]`, `--mode`, `<SERVICE|--vip VIP>`.
fn shown(word: &str) -> String {
    let inner = |open, close| word.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(choice) = inner('<', '>').filter(|choice| choice.contains('|')) {
        let part = |part: &str| match part {
            part if part.starts_with('-') => bold(part),
            part => italic(part),
        };
        let one = |one: &str| one.split(' ').map(part).collect::<Vec<_>>().join("\\ ");
        return format!("{{{}}}", choice.split('|').map(one).collect::<Vec<_>>().join("|\\:"));
    }
    if let Some(repeated) = word.strip_suffix("...") {
        return format!("{}...", shown(repeated));
    }
    match (inner('<', '>'), inner('[', ']')) {
        (Some(name), _) => italic(name),
        (_, Some(name)) => format!("[{}]", italic(name)),
        _ if word.starts_with('-') => bold(word),
        _ => escaped(word),
    }
}

/// Writes each option that is not named behind `[OPTIONS]`, those together that exclude each
/// other.
fn options(page: &mut Roff, command: &Command, named: &[&str]) {
    let mut seen: Vec<&Arg> = Vec::new();
    // An argument without a name, in place of which options may be given: it stands for them.
    let stands_for = |arg: &Arg| {
        members(command, arg).is_some_and(|all| all.iter().any(|member| member.is_positional()))
    };
    let stood_for: Vec<_> = command.get_arguments().filter(|arg| stands_for(arg)).collect();
    let headings: Vec<_> = stood_for.iter().filter_map(|arg| arg.get_help_heading()).collect();
    for arg in own(command) {
        let mut in_usage = named.iter().flat_map(|word| flags_in(word));
        let is_named = in_usage.any(|word| flags(arg).iter().any(|flag| flag == word));
        let is_stood_for = arg.get_help_heading().is_some_and(|it| headings.contains(&it));
        if is_named || is_stood_for || seen.contains(&arg) {
            continue;
        }
        let others = if stands_for(arg) { None } else { members(command, arg) };
        let together = others.unwrap_or_else(|| vec![arg]);
        let words: Vec<_> = together.iter().map(|arg| short_form(arg)).collect();
        page.raw(&format!("[{}]", words.join("|\\:")));
        seen.extend(together);
    }
    if command.get_arguments().any(is_common) {
        page.raw("[\\fICOMMON\\ OPTIONS\\fR]");
    }
}

/// The options that are a command's own.
fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    let options = command.get_arguments().filter(|arg| !arg.is_positional());
    options.filter(|arg| !arg.is_hide_set() && !is_common(arg))
}

fn is_common(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(COMMON_OPTIONS)
}

/// Returns the arguments of which only one can be given, if this is one of them.
fn members<'a>(command: &'a Command, arg: &Arg) -> Option<Vec<&'a Arg>> {
    let groups = command.get_groups().filter(|group| !(*group).clone().is_multiple());
    let mut groups = groups.map(|group| group.get_args().collect::<Vec<_>>());
    let ids = groups.find(|ids| ids.len() > 1 && ids.contains(&arg.get_id()))?;
    let all = command.get_arguments().filter(|arg| ids.contains(&arg.get_id()));
    Some(all.filter(|arg| !arg.is_hide_set()).collect())
}

fn flags(arg: &Arg) -> Vec<String> {
    let short = arg.get_short().map(|c| format!("-{c}"));
    short.into_iter().chain(arg.get_long().map(|long| format!("--{long}"))).collect()
}

/// Returns an option by its shortest name, with its value.
fn short_form(arg: &Arg) -> String {
    let name = flags(arg).into_iter().next().unwrap_or_default();
    // Nothing of it goes to the next line alone.
    format!("{}{}", bold(&name), value(arg, "\\ "))
}

/// Returns the value of an option, with what stands in front of it.
fn value(arg: &Arg, space: &str) -> String {
    let Some(range) = arg.get_num_args().filter(|range| range.takes_values()) else {
        return String::new();
    };
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<_> = names.iter().map(|name| italic(name)).collect();
    match range.min_values() {
        0 if arg.is_require_equals_set() => format!("[={}]", names.join(space)),
        0 => format!("{space}[{}]", names.join(space)),
        _ => format!("{space}{}", names.join(space)),
    }
}

/// Writes the arguments: those without a name, those without a heading, then each heading's.
pub(super) fn list(page: &mut Roff, command: &Command) {
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut headings: Vec<Option<&str>> = vec![None];
    for heading in shown().map(Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            page.request("SS", &[heading]);
        }
        let of = || shown().filter(|arg| arg.get_help_heading() == heading);
        of().filter(|arg| arg.is_positional()).for_each(|arg| argument(page, arg));
        let mut options: Vec<_> = of().filter(|arg| !arg.is_positional()).collect();
        options.sort_by_key(|arg| arg.get_display_order());
        options.iter().for_each(|arg| argument(page, arg));
    }
}

fn argument(page: &mut Roff, arg: &Arg) {
    page.request("TP", &[]);
    if arg.is_positional() {
        let names = arg.get_value_names().unwrap_or_default();
        page.raw(&names.iter().map(|name| italic(name)).collect::<Vec<_>>().join(" "));
    } else {
        let names: Vec<_> = flags(arg).iter().map(|flag| bold(flag)).collect();
        page.raw(&format!("{}{}", names.join(", "), value(arg, " ")));
    }
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string);
    for (place, paragraph) in help.unwrap_or_default().split("\n\n").enumerate() {
        if place > 0 {
            page.request("IP", &[]);
        }
        page.text(&sentence(&paragraph.replace('\n', " ")));
    }
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    if !aliases.is_empty() {
        let aliases: Vec<_> = aliases.iter().map(|alias| format!("`--{alias}`")).collect();
        page.text(&format!("Also {}.", aliases.join(", ")));
    }
    values(page, arg);
}

/// Writes which values there are, and which is taken if none is given.
fn values(page: &mut Roff, arg: &Arg) {
    let takes = arg.get_num_args().is_some_and(|range| range.takes_values());
    if !takes {
        return;
    }
    let values = arg.get_possible_values();
    let values: Vec<&PossibleValue> = values.iter().filter(|value| !value.is_hide_set()).collect();
    let is_told = !arg.is_hide_possible_values_set();
    let have_help = values.iter().any(|value| value.get_help().is_some());
    let names: Vec<_> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
    if is_told && !have_help && !names.is_empty() {
        page.text(&format!("One of {}.", names.join(", ")));
    }
    let defaults = arg.get_default_values();
    if !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let defaults: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        page.text(&format!("Default: `{}`.", defaults.join(",")));
    }
    if is_told && have_help {
        page.request("RS", &[]);
        for value in values {
            page.request("TP", &[]);
            page.raw(&bold(value.get_name()));
            let help = value.get_help().map(ToString::to_string);
            page.text(&sentence(&help.unwrap_or_default()));
        }
        page.request("RE", &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_in_the_usage_stands_for_its_options() {
        let usage = "x edit [OPTIONS] <SERVICE|--vip VIP|--all>\n  -r <RIP[:PORT]>...";
        let command = Command::new("x").override_usage(usage).disable_help_flag(true).args([
            Arg::new("vip").long("vip").value_name("VIP"),
            Arg::new("all").long("all").action(clap::ArgAction::SetTrue),
            Arg::new("rip").short('r').value_name("RIP[:PORT]").num_args(1..),
            Arg::new("weight").short('w').value_name("N").num_args(1),
        ]);
        let mut page = Roff::default();
        synopsis(&mut page, &command);
        assert_eq!(
            page.finish(),
            ".SY \"x edit\"\n[\\fB\\-w\\fR\\ \\fIN\\fR]\n\
             {\\fISERVICE\\fR|\\:\\fB\\-\\-vip\\fR\\ \\fIVIP\\fR|\\:\\fB\\-\\-all\\fR}\n\
             \\fB\\-r\\fR\n\\fIRIP[:PORT]\\fR...\n.YS\n"
        );
    }
}
