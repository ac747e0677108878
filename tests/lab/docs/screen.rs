//! A picture (SVG) of what a terminal shows.

use std::fmt::Write as _;

/// The size of a character and of the margin, in pixels.
const COLUMN: f64 = 7.8;
const LINE: f64 = 17.0;
const MARGIN: f64 = 14.0;

/// A stretch of a line in one look.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Style {
    bold: bool,
    dim: bool,
    colour: Option<&'static str>,
}

/// The text without what makes it coloured.
pub fn plain(text: &str) -> String {
    text.lines().map(|line| spans(line).into_iter().map(|(_, text)| text).collect::<String>() + "\n").collect()
}

/// Draws lines with the usual colour sequences (SGR of ECMA-48).
pub fn draw(title: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(spans).collect();
    let columns = plain(text).lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let size = |count: usize, unit: f64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * unit + 2.0 * MARGIN;
    let (width, height) = (size(columns, COLUMN), size(lines.len(), LINE));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" role=\"img\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f27\"/>\n",
        escaped(title)
    );
    let mut baseline = MARGIN + 12.0;
    for line in lines {
        if line.iter().any(|(_, text)| !text.trim().is_empty()) {
            let spans: String = line.iter().map(|(style, text)| span(style, text)).collect();
            writeln!(
                svg,
                "<text x=\"{MARGIN}\" y=\"{baseline}\" fill=\"#d7dae0\" xml:space=\"preserve\">{spans}</text>"
            )
            .expect("a text takes it");
        }
        baseline += LINE;
    }
    svg + "</svg>\n"
}

fn span(style: &Style, text: &str) -> String {
    let mut traits = String::new();
    if style.bold {
        traits.push_str(" font-weight=\"bold\"");
    }
    if style.dim {
        traits.push_str(" fill-opacity=\"0.65\"");
    }
    if let Some(colour) = style.colour {
        write!(traits, " fill=\"{colour}\"").expect("a text takes it");
    }
    if traits.is_empty() { escaped(text) } else { format!("<tspan{traits}>{}</tspan>", escaped(text)) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn spans(line: &str) -> Vec<(Style, String)> {
    let mut style = Style::default();
    let mut parts = line.split("\u{1b}[");
    let mut spans = vec![(style.clone(), parts.next().unwrap_or_default().to_owned())];
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap_or(("", part));
        codes.split(';').for_each(|code| style.take(code));
        spans.push((style.clone(), text.to_owned()));
    }
    spans
}

impl Style {
    fn take(&mut self, code: &str) {
        match code {
            "" | "0" => *self = Self::default(),
            "1" => self.bold = true,
            "2" => self.dim = true,
            "22" => (self.bold, self.dim) = (false, false),
            "31" | "91" => self.colour = Some("#e06c75"),
            "32" | "92" => self.colour = Some("#98c379"),
            "33" | "93" => self.colour = Some("#e5c07b"),
            "34" | "94" => self.colour = Some("#61afef"),
            "35" | "95" => self.colour = Some("#c678dd"),
            "36" | "96" => self.colour = Some("#56b6c2"),
            "90" => self.colour = Some("#7f848e"),
            "39" => self.colour = None,
            _ => {}
        }
    }
}
