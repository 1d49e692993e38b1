//! A plot of lines over numbers, as SVG. It knows nothing of builds.

use std::fmt::Write as _;

/// One line of the plot: its name, its colour, and its points.
pub struct Line<'a> {
    /// Written beside its last point.
    pub name: &'a str,
    /// An SVG colour.
    pub colour: &'a str,
    /// Points in ascending order of their first value.
    pub points: Vec<(f64, f64)>,
}

/// Size of the picture, and its margins: left, right, top, bottom.
const SIZE: (f64, f64) = (760.0, 420.0);
const MARGIN: (f64, f64, f64, f64) = (60.0, 150.0, 40.0, 50.0);

/// Draws the lines; `title`, `x` and `y` say what is shown and in which unit. The vertical axis is logarithmic where one line dwarfs the others.
#[expect(clippy::too_many_lines, reason = "the parts of one picture")]
pub fn svg(title: &str, x: &str, y: &str, lines: &[Line<'_>]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = points()
        .map(|point| point.1)
        .fold((f64::INFINITY, 1.0), |(low, high), value| {
            (f64::min(low, value), f64::max(high, value))
        });
    let logarithmic = low > 0.0 && high / low > 8.0;
    let ticks = ticks(if logarithmic { low } else { 0.0 }, high, logarithmic);
    let (bottom, top) = (
        ticks.first().copied().unwrap_or(0.0),
        ticks.last().copied().unwrap_or(1.0),
    );
    let across = |value: f64| MARGIN.0 + (SIZE.0 - MARGIN.0 - MARGIN.1) * value / right;
    let share = |value: f64| {
        if logarithmic {
            (value / bottom).ln() / (top / bottom).ln()
        } else {
            (value - bottom) / (top - bottom)
        }
    };
    let up = |value: f64| SIZE.1 - MARGIN.3 - (SIZE.1 - MARGIN.2 - MARGIN.3) * share(value);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n",
        SIZE.0, SIZE.1
    );
    let _ = writeln!(
        svg,
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{}\" y=\"22\" font-size=\"15\">{}</text>",
        MARGIN.0,
        text(title)
    );
    for tick in &ticks {
        let (height, end) = (up(*tick), SIZE.0 - MARGIN.1);
        let _ = writeln!(
            svg,
            "<line x1=\"{}\" x2=\"{end}\" y1=\"{height:.1}\" y2=\"{height:.1}\" stroke=\"#ddd\"/>",
            MARGIN.0
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            MARGIN.0 - 6.0,
            height + 4.0
        );
    }
    let mut marks: Vec<f64> = points().map(|point| point.0).collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    for mark in marks {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{mark}</text>",
            across(mark),
            SIZE.1 - MARGIN.3 + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        across(right / 2.0),
        SIZE.1 - 10.0,
        text(x)
    );
    let unit = if logarithmic {
        format!("{y}, logarithmic")
    } else {
        y.to_owned()
    };
    let _ = writeln!(
        svg,
        "<text x=\"14\" y=\"{:.1}\" transform=\"rotate(-90 14 {:.1})\" text-anchor=\"middle\">{}</text>",
        SIZE.1 / 2.0,
        SIZE.1 / 2.0,
        text(&unit)
    );
    let mut taken: Vec<f64> = Vec::new();
    for line in lines {
        let path: Vec<String> = line
            .points
            .iter()
            .map(|point| format!("{:.1},{:.1}", across(point.0), up(point.1)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            path.join(" "),
            line.colour
        );
        for point in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"/>",
                across(point.0),
                up(point.1),
                line.colour
            );
        }
        if let Some(last) = line.points.last() {
            // Names that would lie over each other are moved down.
            let mut height = up(last.1) + 4.0;
            while taken.iter().any(|other| (other - height).abs() < 14.0) {
                height += 2.0;
            }
            taken.push(height);
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{height:.1}\" fill=\"{}\">{}</text>",
                across(last.0) + 8.0,
                line.colour,
                text(line.name)
            );
        }
    }
    svg + "</svg>\n"
}

/// Chooses round values from at most `low` to at least `high`.
fn ticks(low: f64, high: f64, logarithmic: bool) -> Vec<f64> {
    let power = 10f64.powf(if logarithmic { low } else { high / 4.0 }.log10().floor());
    let mut ticks = Vec::new();
    if logarithmic {
        let mut decade = power;
        'all: loop {
            for step in [1.0, 2.0, 5.0] {
                ticks.push(decade * step);
                if decade * step >= high {
                    break 'all;
                }
            }
            decade *= 10.0;
        }
        let below = ticks.iter().filter(|tick| **tick <= low).count();
        ticks.drain(..below.saturating_sub(1));
    } else {
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| high / step <= 6.0)
            .unwrap_or(high);
        let mut tick = 0.0;
        while tick < high {
            ticks.push(tick);
            tick += step;
        }
        ticks.push(tick);
    }
    ticks
}

/// Makes text safe between tags.
fn text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_values() {
        assert_eq!(ticks(0.0, 43.0, false), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(0.0, 7.0, false), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(
            ticks(30.0, 900.0, true),
            [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
        );
    }

    #[test]
    fn every_line_is_drawn_and_named() {
        let line = |name, points: &[(f64, f64)]| Line {
            name,
            colour: "red",
            points: points.to_vec(),
        };
        let svg = svg(
            "a < b",
            "n",
            "s",
            &[
                line("one", &[(8.0, 10.0), (16.0, 20.0)]),
                line("two & more", &[(8.0, 11.0), (16.0, 20.0)]),
            ],
        );
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(
            svg.contains("a &lt; b")
                && svg.contains("two &amp; more")
                && svg.ends_with("</svg>\n")
                && !svg.contains("NaN")
        );
    }
}
