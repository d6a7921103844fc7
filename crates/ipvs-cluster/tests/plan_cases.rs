// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each folder of `plan_cases`: a table, what is wanted of it, and the plan.

#![cfg(feature = "file")]

use std::fs;
use std::path::Path;

use ipvs_cluster::{Action, Observed, Policy, Step, file, plan};
use serde_json::{Value, json};

fn object(step: &Step) -> Value {
    let action = match step.action() {
        Action::Add => "add",
        Action::Edit => "edit",
        Action::Delete => "delete",
    };
    json!({
        "action": action,
        "service": step.service().map(|key| key.to_string()),
        "server": step.server().map(|key| key.to_string()),
        "before": file::before(step),
        "after": file::after(step),
    })
}

#[test]
fn every_case_has_its_plan() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan_cases");
    let read = |folder: &Path, name: &str| {
        let path = folder.join(name);
        file::read(&fs::read(&path).unwrap())
            .unwrap_or_else(|problems| panic!("{}: {problems:#?}", path.display()))
            .desired
    };
    let mut seen = 0;
    for case in fs::read_dir(&cases).unwrap() {
        let folder = case.unwrap().path();
        let current = Observed::from(&read(&folder, "current.json"));
        let merges = folder.ends_with("merge");
        let policy = if merges { Policy::add_only() } else { Policy::exact() };
        let policy = policy.reorder(folder.ends_with("reorder"));
        let plan = plan(&read(&folder, "desired.json"), &current, policy);
        let steps: Vec<Value> = plan.steps().iter().map(object).collect();
        let path = folder.join("plan.json");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, serde_json::to_string_pretty(&steps).unwrap() + "\n").unwrap();
        }
        let expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(Value::from(steps), expected, "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 8, "{seen} cases");
}
