// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::{Arg, ArgAction, ArgGroup, ValueHint};

use super::*;
use crate::familiar::Meaning;

fn program() -> Command {
    let service = Arg::new("service").value_name("SERVICE");
    let tcp = Arg::new("tcp").short('t').long("tcp").value_name("VIP:PORT");
    let persistent = Arg::new("persistent").short('p').long("persistent").num_args(0..=1);
    let numeric = Arg::new("numeric").short('n').long("numeric").action(ArgAction::SetTrue);
    let exact = Arg::new("exact").short('X').long("exact").action(ArgAction::SetTrue);
    let exact = exact.conflicts_with("numeric").help("In full.");
    let flags = Arg::new("flags").short('b').long("flags").value_delimiter(',');
    let flags = flags.action(ArgAction::Append).value_parser(["one", "two"]);
    let again = Arg::new("again").long("again").num_args(0..=1).require_equals(true);
    let netns = Arg::new("netns").long("netns").global(true);
    let add = Command::new("add")
        .about("Adds.")
        .args([service, tcp, persistent, numeric, exact, flags, again])
        .group(ArgGroup::new("which").args(["service", "tcp"]));
    let file = Arg::new("file").value_hint(ValueHint::FilePath);
    let folder = Arg::new("folder").long("folder").value_hint(ValueHint::DirPath);
    Command::new("x-y")
        .arg(netns)
        .subcommand(add)
        .subcommand(Command::new("save").args([file, folder]))
        .subcommand(Command::new("secret").hide(true))
        .disable_help_subcommand(true)
        .disable_help_flag(true)
}

fn live(line: &Line<'_>, id: &str) -> Option<Offer> {
    match id {
        "service" => Some(Offer::words(["tcp/192.0.2.1:80", "tcp/[2001:db8::1]:80"])),
        "tcp" => Some(Offer::Values(vec![
            Candidate::new("192.0.2.1:80", "rr"),
            Candidate::new("192.0.2.1:443", ""),
            Candidate::new("192.0.2.1:$(reboot)", ""),
        ])),
        "netns" => Some(Offer::words([format!("of-{}", line.command())])),
        "persistent" => Some(Offer::words(line.value_of("tcp"))),
        _ => None,
    }
}

fn familiar(words: &[&str]) -> Option<Familiar> {
    let read = |words, path| Some(Familiar { words, meaning: Meaning::Words(path) });
    match words {
        ["put", "in", ..] => read(2, &["add"]),
        ["put", ..] => Some(Familiar { words: 1, meaning: Meaning::Hints(Vec::new()) }),
        ["counted", ..] => read(1, &["add", "-n"]),
        _ => None,
    }
}

fn asked(shell: Shell, line: &str, typed: Option<&str>) -> String {
    let mut command = program();
    command.build();
    answer(&command, shell, line, typed, familiar, live)
}

/// What bash gets for a line whose words it does not cut any more.
fn bash(line: &str) -> Vec<String> {
    asked(Shell::Bash, line, None).lines().map(str::to_owned).collect()
}

#[test]
fn words_follow_what_was_typed() {
    for (line, offered) in [
        ("x-y ", "values add save"),
        ("x-y a", "values add"),
        ("x-y q", "values"),
        ("x-y -", "values --netns"),
        ("x-y --netns ", "values of-x-y"),
        ("x-y --netns=", "values --netns=of-x-y"),
        ("x-y --netns add add --netns=", "values --netns=of-add"),
        ("x-y add --netns ", "values of-add"),
        ("x-y add ", "values tcp/192.0.2.1:80 tcp/[2001:db8::1]:80"),
        ("x-y add -- ", "values tcp/192.0.2.1:80 tcp/[2001:db8::1]:80"),
        ("x-y add -- -", "values"),
        ("x-y add '[2", "values"),
        ("x-y add --again tcp/[2", "values tcp/[2001:db8::1]:80"),
        ("x-y add 'tcp/[2", "values tcp/[2001:db8::1]:80"),
        ("x-y add -t ", "values 192.0.2.1:80 192.0.2.1:443"),
        ("x-y add -t 192.0.2.1:8", "values 192.0.2.1:80"),
        ("x-y add -t192.0.2.1:8", "values -t192.0.2.1:80"),
        ("x-y add -nt=192.0.2.1:8", "values -nt=192.0.2.1:80"),
        ("x-y add -t 1 -p ", "values 1"),
        ("x-y add -nt1 -p ", "values 1"),
        ("x-y add -nt=1 -p ", "values 1"),
        ("x-y add --tcp=1 -p ", "values 1"),
        // Nothing more is known of it, and nothing without a name can follow.
        (
            "x-y add -t 1 -",
            "values -p --persistent -n --numeric -X --exact -b --flags --again --netns",
        ),
        ("x-y add -t 1 ", "values --persistent --numeric --exact --flags --again --netns"),
        ("x-y add -t 1 -n --", "values --persistent --flags --again --netns"),
        ("x-y add -X -p -", "values -t --tcp -b --flags --again --netns"),
        // What clap refuses, nothing follows.
        ("x-y add a b c --n", "values"),
        ("x-y sav ", "values"),
        ("x-y add -b ", "values one two"),
        ("x-y add --flags one,t", "values one,two"),
        ("x-y add --flags=one,t", "values --flags=one,two"),
        ("x-y add -b one -b t", "values two"),
        // Options of a command in front of it, and words that mean one.
        ("x-y --tcp 1 ", "values add"),
        ("x-y -t 1 ", "values add"),
        ("x-y --numeric --netns a ", "values add"),
        ("x-y --folder=/ ", "values save"),
        ("x-y --folder / --numeric ", "values --netns"),
        ("x-y --folder / add ", "values"),
        ("x-y -p ", "values add save"),
        ("x-y -b ", "values one two"),
        ("x-y --folder ", "folders"),
        ("x-y --tcp 1 --ex", "values"),
        ("x-y --tcp 1 add --ex", "values --exact"),
        ("x-y --tcp 1 add -p ", "values 1"),
        ("x-y put in --ex", "values --exact"),
        ("x-y counted --ex", "values"),
        ("x-y --netns a put in tcp/[2", "values tcp/[2001:db8::1]:80"),
        ("x-y put ", "values"),
        ("x-y save ", "files"),
        ("x-y save --folder ", "folders"),
        ("x-y save --folder=/e", "folders"),
        ("x-y save a ", "values --folder --netns"),
        ("x-y save a > ", "files"),
        ("x-y", ""),
    ] {
        assert_eq!(bash(line), offered.split_whitespace().collect::<Vec<_>>(), "{line}");
    }
}

/// Bash cuts words at a colon, fish and zsh do not.
#[test]
fn each_shell_gets_what_it_puts_in_place() {
    let line = "x-y add --tcp=192.0.2.1:";
    for (typed, offered) in [("", "80\n443"), ("192.0.2.1:", "192.0.2.1:80\n192.0.2.1:443")] {
        assert_eq!(asked(Shell::Bash, line, Some(typed)), format!("values\n{offered}\n"));
    }
    let line = "x-y add -t 192.0.2.1:8";
    assert_eq!(asked(Shell::Zsh, line, None), "values\n192.0.2.1\\:80:rr\n");
    assert_eq!(asked(Shell::Fish, line, None), "values\n192.0.2.1:80\trr\n");
    assert_eq!(asked(Shell::Fish, "x-y a", None), "values\nadd\tAdds\n");
}

#[test]
fn other_words_are_left_to_the_program() {
    let args = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
    for line in ["x-y", "x-y add", "x-y add __complete"] {
        assert!(complete(&args(line), program, familiar, live).is_none(), "{line}");
    }
    // Whatever it is, it ends well and silently.
    for line in ["x-y __complete", "x-y __complete ksh x", "x-y __complete bash"] {
        assert!(complete(&args(line), || panic!("not asked"), familiar, live).is_some(), "{line}");
    }
}

#[test]
fn an_interface_whose_name_is_no_text_hides_no_other() {
    let file = b"Inter-|   Receive\n face |bytes\n    lo:  0 0\n e\xff0: 1 0\n eth0: 2 0\n";
    assert_eq!(interfaces(file), ["lo", "eth0"]);
    assert_eq!(interfaces(b""), [""; 0]);
}
