//! Queues and workers, drawn from a topology that has run.
use super::canvas::{Canvas, ON, Point, draw};
use super::style::{INK, series as colour};
use super::{Figure, WIDTH};
use crate::speed_layer::QueueTopology;
use notebook::table::grouped;
use plotters::style::Color;

const BOX: (i32, i32) = (104, 40);
const ROW: i32 = 58;
const TOP: i32 = 84;
const MARGIN: i32 = 8;

/// The queues and workers of a topology, numbered from 0, each with how many tuples it has had.
pub fn topology(topology: &QueueTopology) -> Figure {
    let passed = topology.passed();
    let columns: Vec<(String, bool, &Vec<u64>)> = passed
        .iter()
        .flat_map(|(name, queues, workers)| {
            [
                (String::new(), false, queues),
                ((*name).to_owned(), true, workers),
            ]
        })
        .collect();
    let tallest = columns
        .iter()
        .map(|(.., counts)| counts.len())
        .max()
        .unwrap_or(0) as i32;
    let height = TOP + ROW * tallest + 8;
    let step = (WIDTH as i32 - 2 * MARGIN - BOX.0) / (columns.len() as i32 - 1).max(1);
    // Columns of fewer boxes stand in the middle.
    let spot = |column: usize, place: usize| -> Point {
        let count = columns[column].2.len() as i32;
        let y = TOP + (tallest - count) * ROW / 2 + ROW * place as i32;
        (MARGIN + step * column as i32, y)
    };
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(topology.name(), (MARGIN, 16));
        for (column, (name, worker, counts)) in columns.iter().enumerate() {
            let head = if *worker { name.as_str() } else { "queues" };
            let x = spot(column, 0).0 + BOX.0 / 2;
            canvas.strong(head, (x, TOP - 28), ON);
            for (place, count) in counts.iter().enumerate() {
                boxed(canvas, spot(column, place), *worker, place, *count);
                wires(canvas, &columns, column, place, &spot);
            }
        }
    });
    let line = |(name, queues, workers): &(&str, Vec<u64>, Vec<u64>)| {
        let list = |counts: &[u64]| {
            let counts: Vec<String> = counts.iter().map(|n| grouped(*n as i64)).collect();
            counts.join(", ")
        };
        format!("queues: {} -> {name}: {}\n", list(queues), list(workers))
    };
    let text: String = passed.iter().map(line).collect();
    Figure::new(svg, topology.name(), &text)
}

fn boxed(canvas: &Canvas, (x, y): Point, worker: bool, place: usize, count: u64) {
    let (ink, end) = (colour(usize::from(worker)), (x + BOX.0, y + BOX.1));
    if worker {
        canvas.fill((x, y), end, ink.mix(0.16));
    }
    canvas.outline((x, y), end, ink.mix(1.0));
    let name = if worker {
        format!("worker {place}")
    } else {
        format!("queue {place}")
    };
    canvas.label(&name, (x + BOX.0 / 2, y + 11), ON);
    canvas.strong(&grouped(count as i64), (x + BOX.0 / 2, y + 26), ON);
}

/// The wires that leave a box: from a queue to its worker, from a worker to every
/// queue of the next stage.
fn wires(
    canvas: &Canvas,
    columns: &[(String, bool, &Vec<u64>)],
    column: usize,
    place: usize,
    spot: &impl Fn(usize, usize) -> Point,
) {
    let Some((.., next)) = columns.get(column + 1) else {
        return;
    };
    let targets: Vec<usize> = match columns[column].1 {
        true => (0..next.len()).collect(),
        false => vec![place % next.len()],
    };
    let from = spot(column, place);
    for target in targets {
        let to = spot(column + 1, target);
        let start = (from.0 + BOX.0 + 2, from.1 + BOX.1 / 2);
        canvas.arrow(start, (to.0 - 3, to.1 + BOX.1 / 2), INK.mix(0.8), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed_layer::Tuple;
    use show::picture::assert_sound;

    #[test]
    fn topology_of_three_queues_and_two_stages() {
        let run = QueueTopology::new("Page views over time")
            .stage("normalise", 2, |tuple, emit| emit(tuple))
            .queues(3)
            .stage("store", 2, |_, _| ());
        run.run((0..1200u32).map(|n| Tuple::new(n.to_be_bytes(), "")));
        let figure = topology(&run);
        assert_sound(&figure);
        assert!(figure.svg().contains("worker 1") && figure.svg().contains("queue 2"));
    }
}
