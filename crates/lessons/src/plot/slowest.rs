//! Queries to several servers, on an axis of latency: each ends with its slowest server (figures
//! 10.3 and 10.4).
use super::canvas::{AFTER, BEFORE, BELOW, draw};
use super::scale::{Scale, tick_label, ticks};
use super::style::{INK, kind, wrong};
use super::{Figure, WIDTH};
use crate::serving_layer::{ServiceTime, times_of};
use plotters::style::Color;

const TOP: i32 = 84;
const ROW: i32 = 26;
const LEFT: i32 = 62;
/// Room between two panels, for the last tick of one beside the first of the next.
const GAP: i32 = 40;

/// Draws `queries` queries to each of these numbers of servers, a panel for each number. A dot is
/// the answer of one server, and the large dot is the slowest, with which the query ends.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::ServiceTime;
/// let figure = plot::slowest(&[3, 20], 5, &ServiceTime::SPREAD, 7);
/// assert!(figure.svg().contains("20 servers"));
/// ```
pub fn slowest(servers: &[u32], queries: u64, service: &ServiceTime, seed: u64) -> Figure {
    // The latencies in milliseconds: for each panel, for each query, for each server.
    let ms = |n: u32, query| -> Vec<f64> {
        let times = times_of(service, seed, n, query);
        times
            .iter()
            .map(|time| time.as_secs_f64() * 1000.0)
            .collect()
    };
    let panels: Vec<Vec<Vec<f64>>> = servers
        .iter()
        .map(|n| (0..queries).map(|query| ms(*n, query)).collect())
        .collect();
    let all = panels.iter().flatten().flatten();
    // At least 75 ms, so that the axis stays as it is while a reader adds servers.
    let longest = all.copied().fold(75.0, f64::max);
    let marks = ticks(0.0, longest, 3);
    // All panels have the same scale, so that they can be compared.
    let count = panels.len().max(1) as i32;
    let width = (WIDTH as i32 - LEFT - GAP * count) / count;
    let bottom = TOP + ROW * queries as i32;
    let svg = draw((WIDTH, (bottom + 70) as u32), |canvas| {
        canvas.title("A query ends with its slowest server", (8, 16));
        canvas.disc((14, 44), 3, kind(0).mix(0.8));
        canvas.label("answer of a server", (24, 44), AFTER);
        canvas.disc((160, 44), 6, wrong().mix(1.0));
        canvas.label("the slowest: the query ends", (172, 44), AFTER);
        for query in 0..queries as i32 {
            canvas.label(
                &format!("query {}", query + 1),
                (LEFT - 8, TOP + ROW * query + ROW / 2),
                BEFORE,
            );
        }
        for (panel, (n, queries)) in (0..).zip(servers.iter().zip(&panels)) {
            let left = LEFT + (width + GAP) * panel;
            let along = Scale {
                from: 0.0,
                to: marks[marks.len() - 1],
                pixel_from: left,
                pixel_to: left + width,
            };
            canvas.strong(&name(*n), (left, TOP - 12), AFTER);
            for mark in &marks {
                let x = along.at(*mark);
                canvas.path(vec![(x, TOP), (x, bottom + 4)], INK.mix(0.25), 1);
                canvas.label(&tick_label(*mark), (x, bottom + 8), BELOW);
            }
            canvas.strong("latency in ms", (left + width / 2, bottom + 26), BELOW);
            for (row, times) in (0..).zip(queries) {
                let y = TOP + ROW * row + ROW / 2;
                let end = times.iter().copied().fold(0.0, f64::max);
                canvas.path(vec![(left, y), (along.at(end), y)], INK.mix(0.4), 1);
                for time in times {
                    canvas.disc((along.at(*time), y), 3, kind(0).mix(0.7));
                }
                canvas.disc((along.at(end), y), 6, wrong().mix(1.0));
            }
            let text = format!("mean end: {} ms", mean_end(queries).round());
            canvas.label(&text, (left + width / 2, bottom + 46), BELOW);
        }
    });
    let line = |(n, queries): (&u32, &Vec<Vec<f64>>)| {
        let ends = queries
            .iter()
            .map(|times| times.iter().copied().fold(0.0, f64::max));
        let ends: Vec<String> = ends.map(|end| format!("{}", end.round())).collect();
        format!("{}: queries end after {} ms\n", name(*n), ends.join(", "))
    };
    let text: String = servers.iter().zip(&panels).map(line).collect();
    Figure::new(svg, "A query ends with its slowest server", &text)
}

fn name(servers: u32) -> String {
    match servers {
        1 => "1 server".to_owned(),
        n => format!("{n} servers"),
    }
}

fn mean_end(queries: &[Vec<f64>]) -> f64 {
    let ends = queries
        .iter()
        .map(|times| times.iter().copied().fold(0.0, f64::max));
    ends.sum::<f64>() / queries.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn a_query_is_drawn_with_a_dot_for_each_server_and_one_for_its_end() {
        let figure = slowest(&[3, 20], 4, &ServiceTime::SPREAD, 7);
        assert_sound(&figure);
        // Two dots are in the legend.
        assert_eq!(
            figure.svg().matches("<circle").count(),
            2 + 4 * (3 + 1) + 4 * (20 + 1)
        );
        assert_sound(&slowest(&[], 0, &ServiceTime::SPREAD, 7));
    }
}
