// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;
use std::str::FromStr;

use super::BadValue;

/// Names a network namespace: a name of `ip netns`, the number of a process in it, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamespaceName {
    Name(String),
    Process(u32),
    Path(PathBuf),
}

impl FromStr for NamespaceName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Some(pid) = text.strip_prefix("pid:") {
            return match pid.parse() {
                Ok(pid) if !pid_has_sign(text) => Ok(Self::Process(pid)),
                _ => Err(BadValue::new(format!("`{text}` names no process"))
                    .hint("write pid:1234 for the namespace of process 1234")),
            };
        }
        match text {
            "" | "." | ".." => Err(BadValue::new("a network namespace has a name")
                .hint("`ip netns list` shows the names; pid:1234 and /run/netns/blue do too")),
            path if path.contains('/') => Ok(Self::Path(path.into())),
            name => Ok(Self::Name(name.to_owned())),
        }
    }
}

fn pid_has_sign(text: &str) -> bool {
    text.contains('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_processes_and_files() {
        assert_eq!("blue".parse(), Ok(NamespaceName::Name("blue".to_owned())));
        assert_eq!("pid:12".parse(), Ok(NamespaceName::Process(12)));
        assert_eq!("/run/netns/x".parse(), Ok(NamespaceName::Path("/run/netns/x".into())));
        for bad in ["", ".", "..", "pid:", "pid:+1", "pid:-1", "pid:x"] {
            assert!(bad.parse::<NamespaceName>().is_err(), "{bad}");
        }
    }
}
