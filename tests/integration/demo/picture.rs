// SPDX-License-Identifier: MIT OR Apache-2.0

//! Draws a scene of a run as a terminal would show it, for the first page.

use std::io;
use std::path::Path;

use svg::Document;
use svg::node::element::{Rectangle, Style, Text, Title};

/// The scene that is drawn.
const SCENE: &str = "=== DR: ";

/// Of the picture, in pixels.
const LINE: f64 = 18.0;
const COLUMN: f64 = 8.0;
const EDGE: f64 = 16.0;

/// Readable on white and on dark, whichever the reader has.
const COLOURS: &str = "
text { font: 13px ui-monospace, monospace; fill: #1f2328 }
.paper { fill: #f6f8fa; stroke: #d0d7de }
.typed { font-weight: bold }
.ok { fill: #1a7f37 }
.failed { fill: #cf222e; font-weight: bold }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.paper { fill: #0d1117; stroke: #30363d }
.ok { fill: #3fb950 }
.failed { fill: #f85149 }
}
";

/// Draws what a run printed, which standard input has, into `file`.
pub(crate) fn draw(file: &Path) -> io::Result<()> {
    let run = io::read_to_string(io::stdin())?;
    let lines = scene(&run)
        .ok_or_else(|| io::Error::other(format!("no scene {SCENE:?} in what was printed")))?;
    svg::save(file, &document(&lines))
}

/// Returns the lines of the scene, and the verdict on the whole run.
fn scene(run: &str) -> Option<Vec<&str>> {
    let mut lines = run.lines().skip_while(|line| !line.starts_with(SCENE));
    let title = lines.next()?;
    let mut shown = vec![title];
    shown.extend(lines.take_while(|line| !line.starts_with("=== ")));
    shown.extend(run.lines().filter(|line| line.ends_with(" expectations met")));
    Some(shown)
}

fn document(lines: &[&str]) -> Document {
    let wide = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let (width, height) = (pixels(wide, COLUMN), pixels(lines.len(), LINE));
    let paper = Rectangle::new().set("class", "paper").set("rx", 6);
    let mut document = Document::new()
        .set("viewBox", (0.0, 0.0, width, height))
        .set("width", width)
        .add(Title::new("make demo: direct routing, by two real servers"))
        .add(Style::new(COLOURS))
        .add(paper.set("width", width).set("height", height));
    for (number, line) in lines.iter().enumerate() {
        let down = pixels(number, LINE) - EDGE / 2.0;
        document = document.add(drawn(line).set("x", EDGE).set("y", down));
    }
    document
}

fn pixels(count: usize, each: f64) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX)) * each + 2.0 * EDGE
}

/// Draws a line. Its spaces are such that stay, whatever a reader of SVG makes of others.
fn drawn(line: &str) -> Text {
    let is_typed = line.split_once("# ").is_some_and(|(host, _)| !host.contains(' '));
    let class = if is_typed || line.starts_with("=== ") {
        "typed"
    } else if line.starts_with("  ok ") {
        "ok"
    } else if line.starts_with("  FAILED ") {
        "failed"
    } else {
        "printed"
    };
    Text::new(line.replace(' ', "\u{a0}")).set("class", class)
}
