//! The ratios of a run as a picture (SVG): a bar for each, the interval of 95 % as a whisker, the target as a mark.
//!
//! Bars are as long as the logarithm of the ratio, from 1 to the right where ours is more and to the left where it is less, so
//! that twice and half are equally far. The colour says whether the target is met.

use std::fmt::Write;
use std::path::Path;

use crate::bound::{Bound, Verdict};
use crate::report::{Row, figure};

const LEFT: f64 = 430.0;
const PLOT: f64 = 620.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 78.0;
const LINE: f64 = 22.0;

/// The ratios that the picture has room for; what lies beyond ends at its edge.
const RANGE: (f64, f64) = (0.125, 8.0);

/// Where lines are drawn, and what stands there.
const TICKS: [(f64, &str); 7] =
    [(0.125, "1/8"), (0.25, "1/4"), (0.5, "1/2"), (1.0, "1"), (2.0, "2"), (4.0, "4"), (8.0, "8")];

/// Draws the rows that are ratios, or have a limit to be a ratio of.
pub(crate) fn svg<'a>(rows: impl Iterator<Item = &'a Row>, below: &str) -> String {
    let bars: Vec<Bar> = rows.filter_map(Bar::of).collect();
    let bottom = TOP + LINE * bars.len() as f64;
    let (width, height) = (LEFT + PLOT + RIGHT, bottom + 64.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    text(&mut svg, 16.0, 26.0, "start", "#222", "Callvault side by side with its peers", 18);
    let legend =
        "bar: median ratio, ours to peer's; line: 95 %; triangle: target (right: at least, left: at most)";
    text(&mut svg, 16.0, 48.0, "start", "#555", legend, 12);
    for (at, (words, color)) in
        [("met", MET), ("open", OPEN), ("missed", MISSED), ("no target", FREE)].into_iter().enumerate()
    {
        let left = LEFT + PLOT - 330.0 + 90.0 * at as f64;
        rectangle(&mut svg, left, 16.0, 12.0, 12.0, color);
        text(&mut svg, left + 17.0, 26.0, "start", "#222", words, 12);
    }
    for (value, words) in TICKS {
        let color = if value == 1.0 { "#444" } else { "#ddd" };
        line(&mut svg, place(value), TOP - 6.0, place(value), bottom + 4.0, color);
        text(&mut svg, place(value), bottom + 20.0, "middle", "#555", words, 12);
        text(&mut svg, place(value), TOP - 10.0, "middle", "#555", words, 12);
    }
    for (index, bar) in bars.iter().enumerate() {
        bar.draw(&mut svg, TOP + LINE * index as f64);
    }
    text(&mut svg, 16.0, bottom + 48.0, "start", "#555", below, 11);
    svg.push_str("</svg>\n");
    svg
}

/// Writes the picture.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write<'a>(rows: impl Iterator<Item = &'a Row>, below: &str, file: &Path) -> anyhow::Result<()> {
    Ok(fs_err::write(file, svg(rows, below))?)
}

const MET: &str = "#2a9d5c";
const OPEN: &str = "#e0a526";
const MISSED: &str = "#cc4b3c";
const FREE: &str = "#8aa0b8";

/// One line of the picture.
struct Bar {
    name: String,
    figure: String,
    color: &'static str,
    median: f64,
    interval: Option<(f64, f64)>,
    bound: Option<Bound>,
}

impl Bar {
    /// A figure that stands for itself is drawn as its share of the limit; without one it is left out.
    fn of(row: &Row) -> Option<Bar> {
        let estimate = &row.estimate;
        let (unit, bound) = match (row.peer, row.bound) {
            (Some(_), bound) => (1.0, bound),
            (None, Some(Bound::AtMost(limit))) => (limit, Some(Bound::AtMost(1.0))),
            (None, Some(Bound::AtLeast(limit))) => (limit, Some(Bound::AtLeast(1.0))),
            (None, None) => return None,
        };
        let parts = [
            Some(row.work.clone()),
            (!row.file.is_empty()).then(|| row.file.clone()),
            row.connections.map(|connections| format!("{connections} conns")),
            (row.measure != "per s").then(|| row.measure.to_owned()),
        ];
        let mut name = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let figure = match row.peer {
            Some(peer) => {
                name = format!("{name} / {peer}");
                figure(estimate.median)
            }
            None => format!("{} {}", figure(estimate.median), row.measure),
        };
        Some(Bar {
            name,
            figure,
            color: match row.verdict() {
                Some(Verdict::Met) => MET,
                Some(Verdict::Open) => OPEN,
                Some(Verdict::Missed) => MISSED,
                None => FREE,
            },
            median: estimate.median / unit,
            interval: estimate.interval.map(|(low, high)| (low / unit, high / unit)),
            bound,
        })
    }

    fn draw(&self, svg: &mut String, top: f64) {
        let middle = top + LINE / 2.0;
        text(svg, LEFT - 12.0, middle + 4.5, "end", "#222", &self.name, 12);
        let (start, end) = (place(1.0), place(self.median));
        rectangle(svg, start.min(end), top + 4.0, (end - start).abs().max(1.0), LINE - 8.0, self.color);
        if let Some((low, high)) = self.interval {
            let (low, high) = (place(low), place(high));
            line(svg, low, middle, high, middle, "#222");
            for end in [low, high] {
                line(svg, end, middle - 4.0, end, middle + 4.0, "#222");
            }
        }
        if let Some(bound) = self.bound {
            let (at, tip) = match bound {
                Bound::AtLeast(value) => (place(value), 8.0),
                Bound::AtMost(value) => (place(value), -8.0),
            };
            let (high, low) = (top + 3.0, top + LINE - 3.0);
            let _ = writeln!(
                svg,
                "<path d=\"M{at:.1} {high:.1} L{:.1} {middle:.1} L{at:.1} {low:.1} Z\" fill=\"none\" stroke=\"#111\" stroke-width=\"1.6\"/>",
                at + tip
            );
        }
        let words = match self.bound {
            Some(_) if self.color == MET => format!("{} met", self.figure),
            Some(_) if self.color == OPEN => format!("{} open", self.figure),
            Some(_) => format!("{} missed", self.figure),
            None => self.figure.clone(),
        };
        text(svg, LEFT + PLOT + 14.0, middle + 4.5, "start", "#222", &words, 12);
    }
}

/// Where a ratio lies.
fn place(ratio: f64) -> f64 {
    let (low, high) = RANGE;
    // Zero and what is no number go to the edge as well.
    let ratio = if ratio.is_finite() { ratio.clamp(low, high) } else { high };
    LEFT + PLOT * (ratio / low).ln() / (high / low).ln()
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, color: &str, words: &str, size: u32) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Writing into a string does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{color}\" font-size=\"{size}\">{words}</text>"
    );
}

fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, color: &str) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>"
    );
}

fn line(svg: &mut String, x1: f64, y1: f64, x2: f64, y2: f64, color: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{color}\"/>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Estimate;

    fn row(peer: Option<&'static str>, bound: Option<Bound>, median: f64) -> Row {
        let estimate =
            Estimate { median, min: median, max: median, interval: Some((median * 0.9, median * 1.1)) };
        Row {
            work: "a < b".to_owned(),
            file: "4KiB".to_owned(),
            connections: Some(16),
            measure: "per s",
            peer,
            ours: None,
            peers: None,
            estimate,
            bound,
        }
    }

    #[test]
    fn twice_and_half_are_equally_far_from_one() {
        let one = place(1.0);
        assert!((place(2.0) - one - (one - place(0.5))).abs() < 1e-9);
        assert_eq!(place(0.0), LEFT);
        assert_eq!(place(1e9), LEFT + PLOT);
        assert_eq!(place(f64::NAN), LEFT + PLOT);
    }

    #[test]
    fn what_has_neither_peer_nor_limit_is_not_drawn() {
        assert!(Bar::of(&row(None, None, 3.0)).is_none());
        let bar = Bar::of(&row(None, Some(Bound::AtMost(96.0)), 48.0)).expect("a bar");
        assert_eq!((bar.median, bar.bound, bar.color), (0.5, Some(Bound::AtMost(1.0)), MET));
    }

    #[test]
    fn the_picture_is_well_formed() {
        let rows = [row(Some("nginx & Lua"), Some(Bound::AtLeast(1.15)), 1.1), row(Some("x"), None, 2.0)];
        let svg = svg(rows.iter(), "below");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.contains("a &lt; b, 4KiB, 16 conns / nginx &amp; Lua"), "{svg}");
        assert!(svg.contains("1.10 missed"), "{svg}");
        assert!(svg.ends_with("</svg>\n"));
    }
}
