// SPDX-License-Identifier: MIT OR Apache-2.0

//! The rows where people read them: as a table, and on a page with plots.

use std::fs;
use std::io;
use std::path::Path;

use crate::plot;
use crate::row::Row;
use crate::table::table;

/// Shows the rows on standard input as one table, and what else is there as it comes. With
/// a file `data`, puts them in it: instead of those with their names, or behind the others.
pub(crate) fn show(data: Option<&str>) {
    let rows = Row::read(io::stdin().lock(), |line| eprintln!("{line}"));
    if rows.is_empty() {
        return; // what the machine said has been shown
    }
    println!("\n{}", table(&rows));
    if let Some(data) = data {
        let mut all = if Path::new(data).exists() { read(data) } else { Vec::new() };
        for row in rows {
            match all.iter_mut().find(|old| old.name == row.name) {
                Some(old) => *old = row,
                None => all.push(row),
            }
        }
        let lines: String = all.iter().map(|row| row.line() + "\n").collect();
        fs::write(data, lines).unwrap_or_else(|error| panic!("{data}: {error}"));
    }
}

/// Writes the rows of the file `data` into `page`, each section between its markers, and
/// draws each as a plot into the folder `plots`, which is beside the page.
pub(crate) fn write(data: &str, page: &str, plots: &str) {
    let rows = read(data);
    let mut text = fs::read_to_string(page).unwrap_or_else(|error| panic!("{page}: {error}"));
    let mut sections: Vec<&str> = Vec::new();
    for row in &rows {
        if !sections.contains(&row.section.as_str()) {
            sections.push(&row.section);
        }
    }
    for section in sections {
        let rows: Vec<Row> = rows.iter().filter(|row| row.section == section).cloned().collect();
        let name = section.replace(' ', "-") + ".svg";
        let path = Path::new(plots).join(&name);
        let folder = Path::new(plots).file_name().unwrap_or_default().display();
        let image = format!("![A plot of the table below]({folder}/{name})");
        text = replaced(&text, section, &format!("{image}\n\n{}", table(&rows)));
        fs::write(&path, plot::svg(section, &rows))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    fs::write(page, text).unwrap_or_else(|error| panic!("{page}: {error}"));
}

/// The page with `shown` between the markers of `section`.
fn replaced(page: &str, section: &str, shown: &str) -> String {
    let (begin, end) = (format!("<!-- rows of {section} -->\n"), "<!-- end of rows -->");
    let (before, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("the page has no line '{}'", begin.trim_end()));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("no line '{end}' behind it"));
    format!("{before}{begin}{shown}{end}{after}")
}

fn read(data: &str) -> Vec<Row> {
    let text = fs::read(data).unwrap_or_else(|error| panic!("{data}: {error}"));
    Row::read(text.as_slice(), |line| panic!("{data}: no row: {line}"))
}
