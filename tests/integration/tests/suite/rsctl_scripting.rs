// SPDX-License-Identifier: MIT OR Apache-2.0

//! docs/scripting.md: its commands, its shell script, and what its Ansible tasks run and look at.
//! Ansible itself runs them in `tests/integration/peers/ansible`.

use lab::Host;
use serde_json::Value;

use crate::netlink::saved;

const PAGE: &str = include_str!("../../../../docs/scripting.md");

/// What Ansible has in check mode behind the command.
const DRY_RUN: &str = "{{ ' --dry-run' if ansible_check_mode else '' }}";

/// The block that begins with that fence.
fn block(fence: &str) -> &'static str {
    let (_, block) = PAGE.split_once(&format!("\n```{fence}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_commands_of_the_page_are_done_or_have_nothing_to_do() {
    let host = Host::new("director");
    let rows = PAGE.lines().filter_map(|line| line.strip_suffix("` |")?.split_once("| `rsctl "));
    let commands: Vec<_> = rows.map(|(_, command)| command).collect();
    assert_eq!(commands.len(), 7);
    for command in &commands {
        host.must("rsctl set-service tcp/192.0.2.10:80");
        host.must("rsctl set-server tcp/192.0.2.10:80 -r 10.0.0.11 -r 10.0.0.13");
        host.must(&format!("rsctl {command} -v"));
        let again = host.must(&format!("rsctl {command} -v"));
        assert!(again.stdout.starts_with("nothing to change: "), "{command}: {}", again.stdout);
        assert!(again.stdout.lines().all(|line| line.starts_with("nothing")), "{command}");
    }
}

#[test]
fn the_shell_script_changes_nothing_the_second_time() {
    let host = Host::new("director");
    let script = block("sh");
    let run = || {
        let output = host.feed("cat >/run/setup.sh && sh /run/setup.sh", script);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
        output.stdout
    };
    assert_eq!(run(), "the service of DNS is new\n");
    let there = saved(&host);
    let server = |line: &&String| line.ends_with("-g -w 2");
    assert_eq!((there.len(), there.iter().filter(server).count()), (9, 6), "{there:#?}");
    assert_eq!(run(), "");
    assert_eq!(saved(&host), there);
    // What somebody else has done meanwhile is undone.
    host.must(
        "rsctl add-server tcp/192.0.2.10:80 -r 10.0.0.13
         rsctl edit-server --everywhere -r 10.0.0.11 -w 7
         rsctl edit-service tcp/192.0.2.10:443 -s rr --no-persistent",
    );
    assert_eq!(run(), "");
    let mut again = saved(&host);
    let mut there = there;
    again.sort();
    there.sort();
    assert_eq!(again, there);
}

#[test]
fn the_tasks_of_ansible_see_what_changed() {
    let host = Host::new("director");
    let tasks: Vec<_> = block("yaml").split("- name: ").skip(1).collect();
    assert_eq!(tasks.len(), 3);
    for task in tasks {
        let value = |key: &str| {
            let line = task.lines().find_map(|line| line.trim().strip_prefix(key));
            line.unwrap_or_else(|| panic!("{key} in {task}"))
        };
        let command = value("cmd: ").strip_suffix(DRY_RUN).expect("a dry run in check mode");
        let register = value("register: ");
        let condition = format!("({register}.stdout | from_json).changed | length > 0");
        assert_eq!(value("changed_when: "), condition);
        assert_eq!(value("check_mode: "), "false");
        if command.contains("-r 10.0.0.13") {
            host.must("rsctl add-server tcp/192.0.2.10:80 -r 10.0.0.13");
        }
        let is_changed = |dry_run: &str| {
            // Without a shell, as the module does: no word of it needs one.
            let output = host.must(&format!("{command}{dry_run}"));
            let document: Value = serde_json::from_str(&output.stdout).unwrap();
            !document["changed"].as_array().unwrap().is_empty()
        };
        let before = saved(&host);
        assert!(is_changed(" --dry-run"), "{command}");
        assert_eq!(saved(&host), before, "{command}");
        assert!(is_changed(""), "{command}");
        assert_ne!(saved(&host), before, "{command}");
        assert!(!is_changed(" --dry-run") && !is_changed(""), "{command}");
    }
}

#[test]
fn what_the_page_shows_is_what_is_said() {
    let host = Host::new("director");
    host.must(
        "for port in 80 443; do
             rsctl add-service tcp/192.0.2.10:$port && rsctl add-server tcp/192.0.2.10:$port -r 10.0.0.11 -w 2
         done
         rsctl edit-server tcp/192.0.2.10:443 -r 10.0.0.11 -w 0",
    );
    let (command, shown) = block("").split_once('\n').unwrap();
    let said = host.must(command.strip_prefix("# ").unwrap()).stdout;
    assert_eq!(said, shown);
}
