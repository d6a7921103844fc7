// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every command of `docs/guide`, typed on the host that its prompt names, in the order
//! of the page; what it prints and its exit status are what the page says.

mod page;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lab::{Guided, Host, Model, quoted, skips_part};
use page::{Item, Step, matches, read};

/// A test for each page.
macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        const PAGES: &[&str] = &[$($page),*];
        $(#[test]
        fn $test() {
            run($page);
        })*
    };
}

pages! {
    index: "README.md",
    addresses: "1-addresses.md",
    hiding_the_vip: "2-hiding-the-vip.md",
    demands: "3-what-each-model-demands.md",
    nat: "4-nat.md",
    direct_routing: "5-dr.md",
    tunnels: "6-tun.md",
    failures: "7-failures.md",
}

/// The repository's first page; in one section of it, all is typed.
const FIRST_PAGE: &str = "../../README.md";
const TYPED: &str = "## What it looks like";

#[test]
fn first_page() {
    assert!(steps(FIRST_PAGE) > 5);
    run(FIRST_PAGE);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide")
}

#[track_caller]
fn items(page: &str) -> Vec<Item> {
    let path = folder().join(page);
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    if page == FIRST_PAGE {
        text = section(&text, TYPED);
    }
    read(&text).unwrap_or_else(|error| panic!("docs/guide/{page}:{error}"))
}

/// Returns a page of which nothing but one section is left, on the same lines.
fn section(text: &str, title: &str) -> String {
    let mut is_in = false;
    let lines = text.lines().map(|line| {
        is_in = if line.starts_with("## ") { line == title } else { is_in };
        if is_in { line } else { "" }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The hosts of a page.
struct Stage {
    hosts: Guided,
    /// What was started with `&`, one on each host.
    background: RefCell<BTreeMap<String, Child>>,
}

impl Stage {
    fn new(model: Model) -> Self {
        Self { hosts: Guided::new(model), background: RefCell::default() }
    }

    fn host(&self, name: &str) -> &Host {
        let found = self.hosts.network.hosts().find(|host| host.name() == name);
        found.unwrap_or_else(|| panic!("{name} is not in this network"))
    }

    /// Types a command; its exit status, and what it printed.
    fn type_in(&self, step: &Step) -> Result<(i32, String), String> {
        let host = self.host(&step.host);
        // A command that hangs must not hold up the suite.
        let limited = |command: &str| format!("timeout 30 sh -c {}", quoted(command));
        if let Some(command) = step.in_background() {
            let child = host.enter(|| listening(&limited(&format!("exec {command}"))))?;
            self.background.borrow_mut().insert(step.host.clone(), child);
            Ok((0, String::new()))
        } else if step.command == "wait" {
            let child = self.background.borrow_mut().remove(&step.host);
            let child = child.ok_or("there is nothing to wait for")?;
            let output = child.wait_with_output().map_err(|error| error.to_string())?;
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok((output.status.code().unwrap_or(-1), printed))
        } else {
            // As on a terminal.
            let output = host.sh(&limited(&format!("exec 2>&1\n{}", step.command)));
            Ok((output.status, output.stdout))
        }
    }

    /// Runs a step, and tells what was wrong with it.
    fn run(&self, page: &str, step: &Step) -> Result<(), String> {
        let (status, printed) = self.type_in(step).unwrap_or_else(|error| (-1, error));
        if status == step.status && matches(&step.expected, &printed.lines().collect::<Vec<_>>()) {
            return Ok(());
        }
        Err(format!(
            "docs/guide/{page}:{}: {}# {}\n--- the page says, with exit status {}\n{}\n\
             --- it was, with exit status {status}\n{printed}",
            step.line,
            step.host,
            step.command,
            step.status,
            step.expected.join("\n"),
        ))
    }
}

/// Starts a capture, which hears everything once this returns.
fn listening(command: &str) -> Result<Child, String> {
    let piped = Stdio::piped;
    let child = Command::new("sh").args(["-c", command]).stdout(piped()).stderr(piped()).spawn();
    let mut child = child.map_err(|error| format!("{command}: {error}"))?;
    let said = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
    let mut heard = String::new();
    for line in said.map_while(Result::ok) {
        if line.contains("listening on ") {
            return Ok(child);
        }
        heard += &line;
    }
    Err(format!("{command}: only a capture is put in the background: {heard}"))
}

/// Runs all of a page, so that one run shows all that is wrong with it.
#[track_caller]
fn run(page: &str) {
    let mut faults = Vec::new();
    let mut stage = None;
    for item in items(page) {
        match item {
            Item::Balanced => {}
            Item::Fresh(model) => stage = Some(Stage::new(model)),
            Item::After { module: Some(module), .. } if skips_part(&module, page) => stage = None,
            Item::After { page, .. } => stage = Some(balanced(&page)),
            Item::Step(step) => {
                faults.extend(stage.as_ref().and_then(|stage| stage.run(page, &step).err()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What the steps of `page` up to its mark leave.
fn balanced(page: &str) -> Stage {
    let items = items(page);
    let end = items.iter().position(|item| *item == Item::Balanced);
    let end = end.unwrap_or_else(|| panic!("{page} is never balanced"));
    let Some(Item::Fresh(model)) = items.first() else {
        panic!("{page} does not start with fresh hosts")
    };
    let stage = Stage::new(*model);
    for item in &items[1..end] {
        if let Item::Step(step) = item {
            stage.run(page, step).unwrap_or_else(|fault| panic!("\n{fault}"));
        }
    }
    stage
}

#[test]
fn every_page_is_run() {
    let files = std::fs::read_dir(folder()).expect("docs/guide");
    let mut files: Vec<_> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("text")).collect();
    files.sort();
    let mut pages = PAGES.to_vec();
    pages.sort_unstable();
    assert_eq!(files, pages);
    // A page of which nothing is run may have no command either.
    let idle: Vec<_> = pages.into_iter().filter(|page| steps(page) == 0).collect();
    assert_eq!(idle, ["3-what-each-model-demands.md", "README.md"]);
}

fn steps(page: &str) -> usize {
    items(page).iter().filter(|item| matches!(item, Item::Step(_))).count()
}

#[test]
fn nothing_escapes() {
    for (text, refusal) in [
        ("```sh\nrm -rf /\n```", "1: a block is `console`"),
        ("```\ndirector# true\n```", "1: a block is `console`"),
        ("~~~\ntrue\n~~~", "1: code that would not be run"),
        ("So:\n\n    rsctl clear", "3: code that would not be run"),
        ("1. So:\n   ```console\n   director# true\n   ```", "2: code that would not be run"),
        ("<pre>rsctl clear</pre>", "1: code that would not be run"),
        ("```text\nrsctl clear\n```", "1: no picture"),
        ("```text\n--\nrs1# true\n```", "3: a command in a picture"),
        ("```console\nrs1# true\n```", "1: no lab comment before"),
        ("<!-- lab: dr -->\n```console\ntrue\n```", "3: a console block starts with a prompt"),
        ("<!-- lab: dr -->\n```console\nrs3# true\n```", "3: there is no host rs3"),
        ("<!-- lab: dr -->\n```console\nrs1# true", "2: this block never ends"),
        ("<!-- lab: dr -->\n```console\n```", "2: an empty block"),
        ("<!-- lab: dr -->\n```console\nrs1# true &\n```", "3: nobody waits for this"),
        (
            "<!-- lab: dr -->\n```console\nrs1# true &\nrs1# false &\nrs1# wait\n```",
            "3: nobody waits for this",
        ),
        (
            "<!-- lab: dr -->\n```console\nrs1# true &\n```\n<!-- lab: balanced -->\n\
             ```console\nrs1# wait\n```",
            "3: nobody waits for this",
        ),
        (
            "<!-- lab: dr -->\n```console\nrs1# true &\n```\n<!-- lab: dr -->\n\
             ```console\nrs1# wait\n```",
            "3: nobody waits for this",
        ),
        (
            "<!-- lab: dr -->\n```console\nrs1# true &\nrs2# wait\n```",
            "4: there is nothing to wait for",
        ),
        ("<!-- lab: dr -->\n```console\nrs1# curl -s http://…/\n```", "3: no time limit"),
        ("<!-- lab: dr -->\n```console\nrs1# tcpdump -c 1 &\nrs1# wait\n```", "3: no time limit"),
        ("<!-- lab: dr-->", "1: no such lab comment"),
        ("<!-- lab: bridge -->", "1: no such lab comment"),
        ("<!-- lab: as in 5-dr.md, maybe -->", "1: no such lab comment"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.starts_with(refusal), "{text}: {error}");
    }
}

#[test]
fn a_step_is_its_command_output_and_status() {
    let text = "<!-- lab: dr -->\n```console\nrs1# false \\\n  || exit 3\none\n[exit status 3]\n\
                client$ true\n```\n<!-- later: check -->\n<!-- lab: balanced -->";
    let step = |line, host: &str, command: &str, expected: &[&str], status| {
        let expected = expected.iter().map(|&line| line.to_owned()).collect();
        let (host, command) = (host.to_owned(), command.to_owned());
        Item::Step(Step { line, host, command, expected, status })
    };
    let wanted = [
        Item::Fresh(Model::Dr),
        step(3, "rs1", "false \\\n  || exit 3", &["one"], 3),
        step(7, "client", "true", &[], 0),
        Item::Balanced,
    ];
    assert_eq!(read(text).expect("a page"), wanted);
}

#[test]
fn an_ellipsis_stands_for_what_varies_and_nothing_else_does() {
    for (expected, printed, matching) in [
        ("", "", true),
        ("a", "", false),
        ("", "a", false),
        ("a", "a  ", true),
        ("a…c", "abbc", true),
        ("a…c", "ac", true),
        ("a…c", "abd", false),
        ("a…c", "a\nc", false),
        ("…b…", "abc", true),
        ("…", "", true),
        ("…", "a\nb", true),
        ("…\nb", "a\na\nb", true),
        ("…\nb", "a\nb\nc", false),
    ] {
        let expected_lines: Vec<_> = expected.lines().map(str::to_owned).collect();
        let printed_lines: Vec<_> = printed.lines().collect();
        let says = format!("{expected:?} and {printed:?}");
        assert_eq!(matches(&expected_lines, &printed_lines), matching, "{says}");
    }
}
