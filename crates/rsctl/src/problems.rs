// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists what is wrong with a file that is to be restored or saved.

use std::fmt;

use ipvs_cluster::cluster;
use ipvs_cluster::file::Problem;
use lvs_term::count;

/// The most problems of a file that are told to who has not asked for all.
pub(crate) const MOST_PROBLEMS: usize = 20;

/// Returns the first lines of many, and how many more there are.
pub(crate) fn first(lines: impl ExactSizeIterator<Item = String>, most: usize) -> Vec<String> {
    let untold = lines.len().saturating_sub(most);
    lines.take(most).chain((untold > 0).then(|| format!("and {untold} more"))).collect()
}

/// Lists what is wrong with a file.
#[derive(Debug)]
pub(crate) struct Problems {
    /// The file's name.
    pub(crate) file: String,
    /// All problems, in the order of the file.
    pub(crate) all: Vec<Problem>,
    /// Whether all of them are told. Of a file that is no table, each line is wrong.
    pub(crate) shows_all: bool,
}

impl Problems {
    fn untold(&self) -> usize {
        if self.shows_all { 0 } else { self.all.len().saturating_sub(MOST_PROBLEMS) }
    }

    /// Returns a line for each problem that is told, and one for the others.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.all.iter().map(|it| format!("{}:{}: {}", self.file, it.line, it.message));
        first(lines, self.all.len() - self.untold())
    }

    /// Returns what helps with a file that may be none.
    pub(crate) fn hint_for_form(&self) -> Option<&'static str> {
        match &*self.all.first()?.message {
            "not UTF-8" => {
                Some("a table is text: what `rsctl save` writes, or lines of ipvsadm (-A, -a)")
            }
            "the file ends in the middle" => {
                Some("its end is missing: is it all of what `rsctl save` wrote?")
            }
            _ => None,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        (self.untold() > 0).then(|| format!("`--verbose` shows all {}", self.all.len()))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = count(self.all.len(), "problem");
        write!(f, "cannot restore {}: {problems}; nothing was changed", self.file)
    }
}

/// Lists what is wrong with the file of a cluster.
#[derive(Debug)]
pub(crate) struct ClusterProblems {
    /// The file's name.
    pub(crate) file: String,
    pub(crate) all: Vec<cluster::Problem>,
    /// Whether all of them are told.
    pub(crate) shows_all: bool,
}

impl ClusterProblems {
    fn untold(&self) -> usize {
        if self.shows_all { 0 } else { self.all.len().saturating_sub(MOST_PROBLEMS) }
    }

    /// Returns the lines of each problem that is told, and one for the others.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (file, untold) = (&self.file, self.untold());
        let mut lines = Vec::new();
        for it in self.all.iter().take(self.all.len() - untold) {
            lines.push(format!("{file}:{}:{}: {}", it.line, it.column, it.message));
            if !it.snippet.trim().is_empty() {
                let margin = it.line.to_string();
                lines.push(format!("  {margin} | {}", it.snippet));
                let (margin, caret) = (" ".repeat(margin.len()), " ".repeat(it.caret));
                lines.push(format!("  {margin} | {caret}^"));
            }
            lines.extend(it.hint.as_ref().map(|hint| format!("  hint: {hint}")));
        }
        lines.extend((untold > 0).then(|| format!("and {untold} more")));
        lines
    }

    pub(crate) fn hint(&self) -> Option<String> {
        (self.untold() > 0).then(|| format!("`--json` shows all {}", self.all.len()))
    }
}

#[cfg(test)]
mod tests {
    use lvs_term::Complaint;

    use super::*;
    use crate::error::Error;

    /// The first so many are told, and how many more there are, unless all are asked for.
    #[test]
    fn of_many_problems_the_first_are_told() {
        let error = |number: usize, shows_all| {
            let problem = |line| Problem { line, message: "bad".to_owned() };
            let all = (1..=number).map(problem).collect();
            Error::BadFile(Problems { file: "f".to_owned(), all, shows_all })
        };
        for (number, shows_all, lines, last, hints) in [
            (20, false, 20, "f:20: bad", &[][..]),
            (21, false, 21, "and 1 more", &["`--verbose` shows all 21"]),
            (10_000, false, 21, "and 9980 more", &["`--verbose` shows all 10000"]),
            (10_000, true, 10_000, "f:10000: bad", &[]),
        ] {
            let Complaint { message, details, hints: told } = error(number, shows_all).complaint();
            assert_eq!(
                message,
                format!("cannot restore f: {number} problems; nothing was changed")
            );
            assert_eq!((details.len(), details.last().map(String::as_str)), (lines, Some(last)));
            assert_eq!(details[19], "f:20: bad");
            assert_eq!(told, hints);
        }
    }
}
