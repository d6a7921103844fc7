// SPDX-License-Identifier: MIT OR Apache-2.0

//! What holds for any file.

use ipvs_netlink::ServiceKey;
use proptest::prelude::*;

use super::super::problem::Found;
use super::super::tree::{Shape, Tree, Value};
use super::super::{Cluster, json, read};
use super::SITE;

/// Writes a tree with the places of its parts, but for those of brackets.
fn shown(value: Value<'_>) -> String {
    match value.shape() {
        Shape::Scalar(it) => format!("{} {:?} {}", value.at(), it.text, it.is_plain),
        Shape::List(items) => format!("[{}]", items.map(shown).collect::<Vec<_>>().join(",")),
        Shape::Map(entries) => format!("{{{}}}", entries.map(shown).collect::<Vec<_>>().join(",")),
    }
}

fn keys(cluster: &Cluster) -> Vec<ServiceKey> {
    cluster.desired().services().iter().map(|wanted| wanted.service.key).collect()
}

/// Half a file is a problem, or has no service that the whole one has not.
fn judge_truncations(file: &str) {
    let whole = keys(&read(file.as_bytes()).unwrap());
    let mut read_halves = 0;
    for end in 0..file.len() {
        let Some(half) = file.get(..end) else { continue };
        if let Ok(cluster) = read(half.as_bytes()) {
            read_halves += 1;
            for key in keys(&cluster) {
                assert!(whole.contains(&key), "{key} is in this half only:\n{half}");
            }
        }
    }
    // At the end of a line YAML cannot tell.
    assert!(read_halves <= file.lines().count(), "{read_halves} halves were read");
}

#[test]
fn no_half_of_a_file_has_services_of_its_own() {
    judge_truncations(SITE);
    judge_truncations(
        "format: ipvs-cluster/1\nservices:\n- servers: [10.0.0.1]\n  service: \"tcp/192.0.2.1:80\"\n\
         - servers:\n  - 10.0.0.1\n  service:\n  - tcp/192.0.2.1:8080,8081\n  - udp/192.0.2.1:53\n",
    );
}

/// Of JSON, every half is noticed.
#[test]
fn no_half_of_json_is_read() {
    let file = r#"{"format": "ipvs-cluster/1", "vips": {"a": ["192.0.2.1"]}, "services":
        [{"service": "tcp/a:80", "servers": ["10.0.0.1", {"server": "10.0.0.2", "weight": 3}]}]}"#;
    assert!(read(file.as_bytes()).is_ok());
    for end in (0..file.len()).filter(|end| file.is_char_boundary(*end)) {
        assert!(read(&file.as_bytes()[..end]).is_err(), "{}", &file[..end]);
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "[ -~é\\n\\t😀]{0,8}".prop_map(serde_json::Value::from),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        let key = "[a-z:#{\\[\"é -]{1,5}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(key, inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Our reader of JSON and the YAML parser make the same of it, each part at the same place.
    #[test]
    fn json_is_yaml(value in any_json(), is_pretty in any::<bool>()) {
        let value = serde_json::json!({ "root": value });
        let text = match is_pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => value.to_string(),
        };
        let by_json = json::read(&text).expect(&text);
        let mut found = Found::default();
        let by_yaml = Tree::of_yaml(&text, &mut found).expect(&text);
        prop_assert_eq!(shown(by_json.root().unwrap()), shown(by_yaml.root().unwrap()), "{}", text);
    }

    /// Whatever is done to a file, it is read or told of, and each problem has its place in it.
    #[test]
    fn any_file_is_read_or_told_of(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0..6_u8, "[ -~\t\n]{0,3}"), 0..6),
    ) {
        let mut file = SITE.to_owned();
        for (place, kind, text) in edits {
            let place = place.index(file.len());
            let end = (place + usize::from(kind) * 3).min(file.len());
            file.replace_range(place..if kind == 5 { place } else { end }, &text);
        }
        if let Err(problems) = read(file.as_bytes()) {
            prop_assert!(!problems.0.is_empty());
            let lines: Vec<_> = file.split('\n').collect();
            for problem in problems.0 {
                let line = lines.get(problem.line - 1);
                prop_assert!(line.is_some(), "{problem} is in no line of\n{file}");
                let length = line.map_or(0, |line| line.chars().count());
                prop_assert!(problem.column <= length + 1, "{problem} is in no column of\n{file}");
            }
        }
    }
}
