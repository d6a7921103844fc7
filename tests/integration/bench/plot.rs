// SPDX-License-Identifier: MIT OR Apache-2.0

//! The rows of a section as a picture: a bar for each, and a line where its goal is.

use svg::Document;
use svg::node::element::{Group, Line, Rectangle, Style, Text, Title};

use crate::row::{Bar, Form, Row};
use crate::table::{bar, median};

/// Of the picture, in pixels: the names, the bars, and the figures behind them.
const NAMES: f64 = 430.0;
const BARS: f64 = 330.0;
const FIGURES: f64 = 140.0;
const ROW: f64 = 22.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 12.0;

/// A bar that is longer than this, and than every goal, ends at the edge.
const SHOWN: f64 = 2.0;

/// Readable on white and on dark, whichever the reader has.
const COLOURS: &str = "
text { font: 13px sans-serif; fill: #1f2328 }
.paper { fill: #ffffff }
.met { fill: #2da44e }
.missed { fill: #cf222e }
.plain { fill: #6e7781 }
.goal { stroke: #1f2328; stroke-width: 2 }
.other { stroke: #8c959f; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.paper { fill: #0d1117 }
.met { fill: #3fb950 }
.missed { fill: #f85149 }
.plain { fill: #8b949e }
.goal { stroke: #e6edf3 }
.other { stroke: #6e7681 }
}
";

/// The plot of the section `name`.
pub(crate) fn svg(name: &str, rows: &[Row]) -> String {
    let (ratios, amounts): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.form != Form::Memory);
    let mut top = 0.0;
    let mut parts = Vec::new();
    let heading =
        "the time or memory of ours; the dashed line is the other's, the solid one the goal";
    for (rows, heading) in
        [(ratios, heading), (amounts, "the memory of ours; the solid line is the goal")]
    {
        if !rows.is_empty() {
            parts.push(
                panel(&format!("{name}: {heading}"), &rows)
                    .set("transform", format!("translate(0 {top})")),
            );
            top += TOP + ROW * count(rows.len()) + BOTTOM;
        }
    }
    let width = NAMES + BARS + FIGURES;
    let paper = Rectangle::new().set("class", "paper").set("width", width).set("height", top);
    let document = Document::new()
        .set("viewBox", (0.0, 0.0, width, top))
        .set("width", width)
        .set("height", top)
        .set("role", "img")
        .add(Title::new(name))
        .add(Style::new(COLOURS))
        .add(paper);
    let document = parts.into_iter().fold(document, Document::add);
    document.to_string() + "\n"
}

/// Rows on one scale.
fn panel(heading: &str, rows: &[&Row]) -> Group {
    let longest = rows.iter().map(|row| shown(row).max(goal(row).unwrap_or(0.0)));
    // The other's line is in the picture in any case; amounts have no such line.
    let least = if rows[0].form == Form::Memory { 0.0 } else { 1.0 };
    let scale = BARS / longest.fold(least, f64::max);
    let bottom = TOP + ROW * count(rows.len());
    let mut group = Group::new().add(Text::new(heading).set("x", 12).set("y", 24));
    if rows[0].form != Form::Memory {
        group = group.add(line("other", scale, TOP - 6.0, bottom));
    }
    for (row, place) in rows.iter().zip(0..) {
        let top = TOP + ROW * f64::from(place);
        let class = match row.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "plain",
        };
        let length = (length(row) * scale).clamp(1.0, BARS);
        let rectangle = Rectangle::new()
            .set("class", class)
            .set("x", NAMES)
            .set("y", top + 3.0)
            .set("width", rounded(length))
            .set("height", ROW - 8.0);
        let name = Text::new(row.name.as_str())
            .set("x", NAMES - 8.0)
            .set("y", top + 14.0)
            .set("text-anchor", "end");
        let figure = match row.bar {
            Bar::None => median(row),
            goal => format!("{} ({})", median(row), bar(goal)),
        };
        let figure = Text::new(figure).set("x", NAMES + BARS + 8.0).set("y", top + 14.0);
        group = group.add(name).add(rectangle).add(figure);
        if let Some(goal) = goal(row) {
            group = group.add(line("goal", goal * scale, top, top + ROW - 2.0));
        }
    }
    group
}

/// How long ours takes if the other takes 1, or the MiB of ours.
fn length(row: &Row) -> f64 {
    of(row.form, row.figure.median)
}

/// The same as far as the scale has to reach for it.
fn shown(row: &Row) -> f64 {
    if row.form == Form::Memory { length(row) } else { length(row).min(SHOWN) }
}

fn goal(row: &Row) -> Option<f64> {
    match row.bar {
        Bar::AtMost(limit) | Bar::AtLeast(limit) => Some(of(row.form, limit)),
        Bar::None => None,
    }
}

fn of(form: Form, figure: f64) -> f64 {
    if form == Form::AsFast { 1.0 / figure } else { figure }
}

fn line(class: &str, at: f64, from: f64, to: f64) -> Line {
    let at = rounded(NAMES + at);
    Line::new().set("class", class).set("x1", at).set("x2", at).set("y1", from).set("y2", to)
}

fn rounded(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

fn count(rows: usize) -> f64 {
    u32::try_from(rows).map_or(f64::MAX, f64::from)
}
