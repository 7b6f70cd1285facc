//! The picture as SVG, on white, so that it can be read on light and on dark pages.
use super::layout::{BOX, Layout, Node};
use crate::manifest::Package;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The colours of the pictures in cells (`crates/show/src/picture/style.rs`): text, arrows and
/// frames, and the first two colours of series.
const TEXT_INK: &str = "#333333";
const INK: &str = "#767676";
const LINKED: &str = "#3b82c4";
const PROGRAM: &str = "#d97a1a";

const MARGIN: f64 = 16.0;
const LEGEND: f64 = 34.0;
/// Room between two layers, and above and below the text of a box, in pixels.
const BETWEEN: f64 = 36.0;
const PADDING: f64 = 11.0;
/// Sizes of text, and the height of a line of description.
const NAME: f64 = 15.0;
const TEXT: f64 = 12.0;
const LINE: f64 = 14.5;

/// The upper and the lower edge of each layer, counted from the bottom.
struct Layers(Vec<(f64, f64)>);

impl Layers {
    /// A layer is as high as the highest of its boxes.
    fn of(packages: &[Package], layout: &Layout) -> Layers {
        let mut heights = vec![0.0_f64; layout.layers];
        for node in &layout.nodes {
            if let Some(package) = node.package {
                let height = height(&packages[package]);
                heights[node.layer] = heights[node.layer].max(height);
            }
        }
        let mut top = MARGIN + LEGEND;
        let mut edges = Vec::new();
        for height in heights.into_iter().rev() {
            edges.push((top, top + height));
            top += height + BETWEEN;
        }
        edges.reverse();
        Layers(edges)
    }

    fn top(&self, node: &Node) -> f64 {
        self.0[node.layer].0
    }

    fn bottom(&self, node: &Node) -> f64 {
        self.0[node.layer].1
    }
}

pub fn draw(packages: &[Package], layout: &Layout) -> String {
    let linked = linked(packages);
    let width = layout.width + 2.0 * MARGIN;
    let layers = Layers::of(packages, layout);
    let height = layers.0.first().map_or(0.0, |lowest| lowest.1) + MARGIN;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" font-family=\"sans-serif\" \
         fill=\"{TEXT_INK}\">\n\
         <title>The crates of the workspace. Each depends only on crates below it.</title>\n\
         <!-- Drawn from the Cargo manifests by `cargo x picture`. -->\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"{INK}\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>"
    );
    legend(&mut out);
    for arrow in &layout.arrows {
        let nodes: Vec<&Node> = arrow.iter().map(|&place| &layout.nodes[place]).collect();
        let _ = writeln!(
            out,
            "<path d=\"{}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"1.3\" \
             marker-end=\"url(#head)\"/>",
            path(&nodes, &layers)
        );
    }
    for node in &layout.nodes {
        let Some(package) = node.package.map(|place| &packages[place]) else {
            continue;
        };
        let colour = match () {
            () if package.is_program => PROGRAM,
            () if linked.contains(package.name.as_str()) => LINKED,
            () => INK,
        };
        boxed(
            &mut out,
            package,
            colour,
            node.x + MARGIN,
            &layers.0[node.layer],
        );
    }
    out.push_str("</svg>\n");
    out
}

fn legend(out: &mut String) {
    let mut x = MARGIN;
    for (colour, words) in [(PROGRAM, "a program"), (LINKED, "what a cell links")] {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{MARGIN}\" width=\"18\" height=\"12\" rx=\"3\" fill=\"none\" \
             stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{TEXT}\">{words}</text>",
            x + 25.0,
            MARGIN + 10.5
        );
        x += 25.0 + text_width(words, TEXT) + 24.0;
    }
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{TEXT}\">An arrow points to what a crate is \
         compiled against.</text>",
        MARGIN + 10.5
    );
}

/// A curve from the lower edge of the first node to the upper edge of the last, straight
/// past the boxes of the layers between them.
fn path(nodes: &[&Node], layers: &Layers) -> String {
    let mut path = format!("M{:.1} {:.1}", nodes[0].x + MARGIN, layers.bottom(nodes[0]));
    for step in nodes.windows(2) {
        let (x, y) = (step[0].x + MARGIN, layers.bottom(step[0]));
        let (to_x, to_y) = (step[1].x + MARGIN, layers.top(step[1]));
        let middle = (y + to_y) / 2.0;
        let _ = write!(
            path,
            "C{x:.1} {middle:.1} {to_x:.1} {middle:.1} {to_x:.1} {to_y:.1}"
        );
        if step[1].package.is_none() {
            let _ = write!(path, "V{:.1}", layers.bottom(step[1]));
        }
    }
    path
}

/// The lines of a crate's description.
fn lines(package: &Package) -> Vec<String> {
    wrap(&package.description, TEXT, BOX - 20.0)
}

/// The height of a crate's box.
fn height(package: &Package) -> f64 {
    2.0 * PADDING + NAME + 2.0 + lines(package).len() as f64 * LINE
}

/// A crate: its name, and what it is for, between the edges of its layer.
fn boxed(out: &mut String, package: &Package, colour: &str, middle: f64, edges: &(f64, f64)) {
    let (top, bottom) = *edges;
    let (left, all) = (middle - BOX / 2.0, bottom - top);
    let _ = writeln!(
        out,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{BOX}\" height=\"{all:.1}\" rx=\"8\" \
         fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
    );
    let mut y = top + (all - height(package)) / 2.0 + PADDING + NAME - 2.0;
    let _ = writeln!(
        out,
        "<text x=\"{middle:.1}\" y=\"{y:.1}\" font-size=\"{NAME}\" font-weight=\"bold\" \
         text-anchor=\"middle\">{}</text>",
        escaped(&package.name)
    );
    y += 3.0;
    for line in lines(package) {
        y += LINE;
        let _ = writeln!(
            out,
            "<text x=\"{middle:.1}\" y=\"{y:.1}\" font-size=\"{TEXT}\" \
             text-anchor=\"middle\">{}</text>",
            escaped(&line)
        );
    }
}

/// The crates that end in the library that cells link, and this library itself.
fn linked(packages: &[Package]) -> BTreeSet<&str> {
    let mut linked = BTreeSet::new();
    let mut open = vec!["lambda_workbook_cells"];
    while let Some(name) = open.pop() {
        if linked.insert(name) {
            let package = packages.iter().find(|package| package.name == name);
            let below = package.map(|package| package.dependencies.iter());
            open.extend(below.into_iter().flatten().map(String::as_str));
        }
    }
    linked
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    // In a description, code stands between backticks, which a picture does not need.
    text.replace('`', "")
}

/// Breaks a text at spaces into lines no wider than `width` pixels.
fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// About how wide a text is drawn, in pixels, whichever sans-serif font a reader has. The
/// estimate is rather too wide than too narrow.
fn text_width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.32,
        ' ' | 'f' | 't' | 'r' | '/' | '-' | '(' | ')' | 'I' => 0.4,
        'm' | 'w' | 'M' | 'W' => 0.97,
        c if c.is_ascii_uppercase() => 0.72,
        _ => 0.62,
    };
    text.chars().map(em).sum::<f64>() * size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{manifest, project};

    #[test]
    fn every_crate_says_what_it_is_for_and_its_name_fits_its_box() {
        for package in manifest::packages(&project()).unwrap() {
            let name = text_width(&package.name, NAME);
            assert!(name <= BOX - 12.0, "{}: the name is too wide", package.name);
            assert!(
                !package.description.is_empty(),
                "{}: what is it for?",
                package.name
            );
        }
    }
}
