// SPDX-License-Identifier: MIT OR Apache-2.0
//! A catalogue of two rules, and what is made of what they find.

use lvs_term::Complaint;
use serde_json::json;

use crate::Severity::{Error, Info, Unread, Warning};
use crate::{
    Catalogue, Filter, Finding, Instruction, Phase, Remedy, Report, complete, in_order, nagios,
    page, rules_text,
};

crate::rules! {
    pub(crate) ALL:
    XX_ONE_01 "XX-ONE-01" {
        severities: &[Error, Warning],
        meaning: "One is wrong",
        reads: "one",
        remedy: "make it right",
        why: "one is lost",
        blind: "the other side of one",
    }
    XX_TWO_02 "XX-TWO-02" {
        severities: &[Info],
        meaning: "Two is odd",
        reads: "two",
        remedy: "none",
        why: "two is told",
        blind: "its cause",
    }
}

const CATALOGUE: Catalogue = Catalogue::new(&[ALL]);

fn one(remedies: impl IntoIterator<Item = Remedy>) -> Finding {
    Finding::new(&XX_ONE_01, Error, "one").steps(remedies)
}

fn two(remedies: impl IntoIterator<Item = Remedy>) -> Finding {
    Finding::new(&XX_TWO_02, Info, "two").steps(remedies)
}

fn words(text: &str) -> Remedy {
    Remedy::words(Phase::Rest, text)
}

fn texts(remedies: &[Remedy]) -> Vec<&str> {
    remedies.iter().map(Remedy::text).collect()
}

#[test]
fn a_rule_is_found_in_any_case_of_letters() {
    assert_eq!(CATALOGUE.find("xx-two-02"), Some(&XX_TWO_02));
    assert_eq!(CATALOGUE.find("XX-TWO-2"), None);
}

#[test]
fn a_page_has_the_rows_of_the_catalogue() {
    let page = "# Page\n\
                | XX-ONE-01 | error, warning | One is wrong | one is lost | one | make it right |\n\
                | XX-TWO-02 | info | Two is odd | two is told | two | none |\n\
                ## What they cannot see\n\
                | XX-ONE-01 | the other side of one |\n\
                | XX-TWO-02 | its cause |\n";
    assert_eq!(page::wrong_rows(page, CATALOGUE), None);
    for (from, to) in [
        ("One is wrong", "One is right"),
        ("| info |", "| error |"),
        ("| XX-TWO-02 | its cause |\n", ""),
        ("cannot see", "do not see"),
        ("# Page", "| XX-TWO-03 | what nobody knows |"),
    ] {
        let wrong = page::wrong_rows(&page.replace(from, to), CATALOGUE);
        assert!(wrong.is_some_and(|rows| rows.starts_with("| XX-ONE-01 | ")), "{from}");
    }
}

/// What shows a VIP waits for the settings that hide it, and cannot be run without them.
#[test]
fn what_shows_a_vip_hides_it_first() {
    let shows = || Remedy { shows: true, ..Remedy::command(Phase::Add, "show") };
    let mut findings = vec![
        one([Remedy::words(Phase::Announce, "tell"), shows(), shows()]),
        two([Remedy::command(Phase::Add, "add")]),
    ];
    let hiding = || {
        vec![
            Remedy::command(Phase::Settings, "a"),
            Remedy::command(Phase::Settings, "b"),
            Remedy::command(Phase::Settings, "a"),
            Remedy::words(Phase::Settings, "say"),
            Remedy::command(Phase::Remove, "remove"),
        ]
    };
    complete(&mut findings, hiding);
    assert_eq!(texts(&findings[0].remedy), ["say", "a && b && show", "remove", "tell"]);
    assert_eq!(texts(&findings[1].remedy), ["add"]);
    let mut quiet = vec![two([Remedy::command(Phase::Add, "add")])];
    complete(&mut quiet, || panic!("nothing is shown"));
}

#[test]
fn steps_of_all_findings_are_in_order_and_each_is_there_once() {
    let (late, early) = (Phase::Rest, Phase::Devices);
    let findings = [
        one([Remedy::command(late, "late"), Remedy::command(late, "same")]),
        two([
            Remedy::words(early, "early"),
            Remedy::command(late, "same"),
            Remedy::words(late, "same"),
        ]),
    ];
    let steps = serde_json::to_value(in_order(&findings)).unwrap();
    let expected = json!([
        {"phase": "devices", "words": "early", "rules": ["XX-TWO-02"]},
        {"phase": "rest", "command": "late", "rules": ["XX-ONE-01"]},
        {"phase": "rest", "command": "same", "rules": ["XX-ONE-01", "XX-TWO-02"]},
        {"phase": "rest", "words": "same", "rules": ["XX-TWO-02"]},
    ]);
    assert_eq!(steps, expected);
}

/// What is on a device that goes, goes with it.
#[test]
fn nothing_is_asked_of_a_device_that_is_gone() {
    let deletes = Some("t0".to_owned());
    let findings = [
        one([
            Remedy::command(Phase::Up, "up t0").on("t0"),
            Remedy::command(Phase::Up, "up t1").on("t1"),
        ]),
        two([Remedy { deletes, ..Remedy::command(Phase::Devices, "del t0") }]),
    ];
    let steps = in_order(&findings);
    assert_eq!(steps.iter().map(|it| it.text()).collect::<Vec<_>>(), ["del t0", "up t1"]);
}

#[test]
fn what_cannot_be_judged_takes_nothing_away() {
    let finding = || one([Remedy::command(Phase::Remove, "delete")]);
    assert_eq!(finding().unless(None), finding());
    let doubted = finding().unless(Some("a filter".to_owned()));
    assert_eq!(doubted.severity, Unread);
    assert_eq!(doubted.message, "cannot be judged: a filter; otherwise one");
    assert!(matches!(&doubted.remedy[..], [it] if matches!(it.instruction, Instruction::Words(_))));
}

#[test]
fn a_filter_limits_what_it_names() {
    let (one, two) = (one([]), two([]));
    let wants = |rules: &[_], severities: &[_]| {
        let filter = Filter { rules: rules.to_vec(), severities: severities.to_vec() };
        [filter.wants(&one), filter.wants(&two)]
    };
    assert_eq!(wants(&[], &[]), [true, true]);
    assert_eq!(wants(&[XX_TWO_02.id], &[]), [false, true]);
    assert_eq!(wants(&[], &[Error, Warning]), [true, false]);
    assert_eq!(wants(&[XX_TWO_02.id], &[Error]), [false, false]);
}

#[test]
fn the_worst_decides_the_exit_status() {
    let of = |severities: &[crate::Severity]| {
        let found = severities.iter().map(|it| Finding::new(&XX_ONE_01, *it, "")).collect();
        Report::new(found, Vec::new(), Vec::new()).exit_status()
    };
    assert_eq!(of(&[]), 0);
    assert_eq!(of(&[Info]), 0);
    assert_eq!(of(&[Warning, Info]), 3);
    assert_eq!(of(&[Unread, Warning, Info]), 5);
    assert_eq!(of(&[Error, Unread, Warning, Info]), 4);
}

#[test]
fn a_report_reads_as_text_and_as_json() {
    let found = vec![
        one([Remedy::command(Phase::Up, "up\u{1b}")]).read(["eth0\u{202e} = 0".to_owned()]),
        two([Remedy::words(Phase::Rest, "wait")]),
    ];
    let report = Report::new(found, vec!["a\nfile".to_owned()], vec!["a note".to_owned()]);
    assert_eq!(
        report.text("dr for 192.0.2.10"),
        "error: XX-ONE-01: one\n\
         \x20 read:   eth0\\u{202e} = 0\n\
         \x20 why:    one is lost\n\
         \x20 remedy: up\\u{1b}\n\
         info: XX-TWO-02: two\n\
         \x20 why:    two is told\n\
         \x20 remedy: wait\n\
         all remedies, in one safe order (what hides a VIP comes before the VIP):\n\
         \x20 1. up\\u{1b}\n\
         \x20 2. wait\n\
         dr for 192.0.2.10: 1 error, 0 warnings, 1 info\n"
    );
    assert_eq!(report.remarks(), "note: a note\nnote: not read: a\\nfile\n");
    let expected = json!({
        "errors": 1, "warnings": 0, "unjudged": 0,
        "findings": [
            {
                "rule": "XX-ONE-01", "severity": "error", "message": "one",
                "read": ["eth0\u{202e} = 0"], "why": "one is lost", "remedy": ["up\u{1b}"],
            },
            {
                "rule": "XX-TWO-02", "severity": "info", "message": "two",
                "read": [], "why": "two is told", "remedy": ["wait"],
            },
        ],
        "remedies": [
            {"phase": "up", "command": "up\u{1b}", "rules": ["XX-ONE-01"]},
            {"phase": "rest", "words": "wait", "rules": ["XX-TWO-02"]},
        ],
        "unread": ["a\nfile"], "notes": ["a note"],
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    let unread = vec![Finding::new(&XX_ONE_01, Unread, "one")];
    let text = Report::new(unread, Vec::new(), Vec::new()).text("nat");
    assert!(text.ends_with("nat: 0 errors, 0 warnings, 0 infos, 1 unread\n"), "{text}");
}

/// What can be run is all there.
#[test]
fn of_many_alike_people_see_the_first() {
    let of = |number: usize| {
        let found = (0..number).map(|at| {
            let remedy =
                [Remedy::command(Phase::Add, format!("add {at}")), words(&format!("see {at}"))];
            Finding { message: format!("it {at}"), ..one(remedy) }
        });
        Report::new(found.chain([two([])]).collect(), Vec::new(), Vec::new())
    };
    let text = of(8).text("dr");
    assert!(text.contains("it 7\n") && text.contains("  16. see 7\n"), "{text}");
    assert!(!text.contains("more"), "{text}");
    let report = of(100);
    let text = report.text("dr");
    assert!(text.contains("it 7\n") && !text.contains("it 8\n"), "{text}");
    assert_eq!(text.matches("error: XX-ONE-01: and 92 more, in JSON\n").count(), 1, "{text}");
    assert!(text.contains("  100. add 99\n  101. see 0\n"), "{text}");
    assert!(text.contains("  108. see 7\n  and 92 more for XX-ONE-01, in JSON\n"), "{text}");
    assert!(text.ends_with("dr: 100 errors, 0 warnings, 1 info\n"), "{text}");
    assert!(text.contains("info: XX-TWO-02: two\n"), "{text}");
    // What remedies one of the rest is told all the same.
    let last = Finding { message: "last".to_owned(), ..one([words("see last")]) };
    let found = (0..8).map(|_| one([])).chain([last]).collect();
    let text = Report::new(found, Vec::new(), Vec::new()).text("dr");
    assert!(!text.contains("XX-ONE-01: last") && text.contains("  1. see last\n"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 101);
    assert_eq!(json["remedies"].as_array().unwrap().len(), 200);
}

#[test]
fn one_rule_is_explained_and_several_are_listed() {
    assert_eq!(
        rules_text(&[&XX_ONE_01]),
        "XX-ONE-01 (error, warning)\n\
         One is wrong.\n\
         read:   one\n\
         why:    one is lost\n\
         remedy: make it right\n\
         blind:  the other side of one\n"
    );
    let listed = rules_text(ALL);
    assert!(listed.ends_with("XX-TWO-02  info                    Two is odd\n"), "{listed}");
    assert_eq!(serde_json::to_value(ALL).unwrap()[1]["blind"], "its cause");
}

/// A line with its performance data, and an exit status, as the Monitoring Plugins guidelines say.
#[test]
fn a_monitor_is_told_in_its_own_form() {
    let found = |severity| Finding::new(&XX_ONE_01, severity, format!("it is {severity}"));
    for (severities, status, first) in [
        (&[][..], 0, "LVS OK - dr: 0 errors, 0 warnings, 0 infos|errors=0;;0;0 warnings=0;0;;0"),
        (&[Info], 0, "LVS OK - dr: 0 errors, 0 warnings, 1 info|errors=0;;0;0 "),
        (&[Warning, Info], 1, "LVS WARNING - dr: 0 errors, 1 warning, 1 info; XX-ONE-01: it is w"),
        (&[Unread, Warning], 3, "LVS UNKNOWN - dr: 0 errors, 1 warning, 0 infos, 1 unread; XX"),
        (&[Error, Unread], 2, "LVS CRITICAL - dr: 1 error, 0 warnings, 0 infos, 1 unread; XX"),
    ] {
        let found: Vec<Finding> = severities.iter().copied().map(found).collect();
        let number = found.len();
        let report = Report::new(found, Vec::new(), Vec::new());
        let text = nagios::text(&report, "dr", "--xx");
        assert_eq!(nagios::state(&report).exit_status(), status, "{text}");
        assert!(text.starts_with(first), "{text}");
        assert_eq!(text.lines().count(), if number == 0 { 1 } else { number + 2 }, "{text}");
        assert_eq!(text.matches('|').count(), 1, "{text}");
        let more = "\nthe same without `--xx` says what was read, ";
        assert_eq!(text.contains(more), number > 0, "{text}");
    }
}

/// Whatever a text from outside has, a monitor finds one `|`, and a line where one is to be.
#[test]
fn nothing_in_a_text_is_taken_for_performance_data() {
    let odd = "a|b\nc\u{1b}[1m\u{202e}";
    let shown = r"a\u{7c}b\nc\u{1b}[1m\u{202e}";
    let found: Vec<Finding> =
        (0..40).map(|number| Finding::new(&XX_ONE_01, Error, format!("{number} {odd}"))).collect();
    let report = Report::new(found, vec![odd.to_owned()], vec![odd.to_owned()]);
    let text = nagios::text(&report, odd, "--xx");
    assert_eq!(text.matches('|').count(), 1, "{text}");
    assert!(text.starts_with(&format!("LVS CRITICAL - {shown}: 40 errors")), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("error: XX-ONE-01: ")).count(), 12);
    let last: Vec<&str> = text.lines().skip(13).collect();
    let (notes, unread) = (format!("note: {shown}"), format!("note: not read: {shown}"));
    assert_eq!((last[0], last.len()), ("and 28 more", 4), "{text}");
    assert_eq!(last[2..], [notes, unread]);
    // There may be as many remarks as findings.
    let report = Report::new(Vec::new(), vec![odd.to_owned(); 20], vec![odd.to_owned(); 20]);
    let text = nagios::text(&report, odd, "--xx");
    assert_eq!((text.lines().count(), text.lines().last()), (14, Some("and 28 more")), "{text}");

    let hints = vec![odd.to_owned()];
    let complaint = Complaint { message: odd.to_owned(), details: hints.clone(), hints };
    let text = nagios::unknown(&complaint);
    assert_eq!(text, format!("LVS UNKNOWN - {shown}\n{shown}\nhint: {shown}\n"));
    assert_eq!(nagios::State::Unknown.exit_status(), 3);
}
