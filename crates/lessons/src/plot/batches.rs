//! A stream cut into batches (figures 16.1 and 16.4).
use super::canvas::{AFTER, BEFORE, BELOW, ON, draw};
use super::style::{INK, kind, text_width};
use super::{Figure, WIDTH};
use crate::microbatch::BatchPlan;
use plotters::style::Color;

const LEFT: i32 = 92;
/// Height of a record.
const BOX: i32 = 26;
/// Height of a partition, with its offsets.
const LANE: i32 = 54;
const TOP: i32 = 64;

/// Draws the records of each partition with their offsets, coloured by the batch that takes them.
/// The number in a record is that of its batch.
///
/// ```
/// use lambda_workbook::microbatch::BatchPlan;
/// use lambda_workbook::plot;
/// let plans = [
///     BatchPlan { batch: 1, from: vec![0, 0], to: vec![3, 1] },
///     BatchPlan { batch: 2, from: vec![3, 1], to: vec![5, 1] },
/// ];
/// assert!(plot::batches(&plans, "Two batches").svg().contains("partition 1"));
/// ```
pub fn batches(plans: &[BatchPlan], title: &str) -> Figure {
    let partitions = plans.iter().map(|plan| plan.to.len()).max().unwrap_or(0);
    let ends = plans.iter().flat_map(|plan| plan.to.iter().copied());
    let most = ends.max().unwrap_or(0).max(1) as i32;
    let width = ((WIDTH as i32 - LEFT - 16) / most).min(56);
    let svg = draw(
        (WIDTH, (TOP + LANE * partitions as i32 + 6) as u32),
        |canvas| {
            canvas.title(title, (8, 16));
            // The legend: a batch and its size.
            let mut x = 8;
            for plan in plans {
                let ink = kind(plan.batch as usize - 1);
                canvas.fill((x, 34), (x + 12, 46), ink.mix(0.32));
                canvas.outline((x, 34), (x + 12, 46), ink.mix(1.0));
                let words = legend(plan);
                canvas.label(&words, (x + 17, 41), AFTER);
                x += 17 + text_width(&words, super::style::LABEL) + 16;
            }
            for partition in 0..partitions {
                let top = TOP + LANE * partition as i32;
                let name = format!("partition {partition}");
                canvas.label(&name, (LEFT - 8, top + BOX / 2), BEFORE);
                for plan in plans {
                    let (from, to) = (plan.from[partition], plan.to[partition]);
                    for offset in from..to {
                        let left = LEFT + width * offset as i32;
                        let right = left + width - 3;
                        let ink = kind(plan.batch as usize - 1);
                        canvas.fill((left, top), (right, top + BOX), ink.mix(0.32));
                        canvas.outline((left, top), (right, top + BOX), ink.mix(1.0));
                        let middle = (left + right) / 2;
                        canvas.strong(&plan.batch.to_string(), (middle, top + BOX / 2), ON);
                        canvas.label(&offset.to_string(), (middle, top + BOX + 4), BELOW);
                    }
                    // Where the batch ends in this partition.
                    let x = LEFT + width * to as i32 - 2;
                    canvas.path(vec![(x, top - 6), (x, top + BOX + 6)], INK.mix(1.0), 2);
                }
            }
        },
    );
    let line = |plan: &BatchPlan| {
        let taken = plan.from.iter().zip(&plan.to);
        let taken: Vec<String> = taken.map(|(from, to)| format!("{from}..{to}")).collect();
        format!("{}: offsets {}\n", legend(plan), taken.join(", "))
    };
    Figure::new(svg, title, &plans.iter().map(line).collect::<String>())
}

fn legend(plan: &BatchPlan) -> String {
    let records = notebook::table::counted(plan.records() as usize, "record", "records");
    format!("batch {}: {records}", plan.batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn three_unequal_batches_of_three_partitions() {
        let plan = |batch, from: [u64; 3], to: [u64; 3]| BatchPlan {
            batch,
            from: from.to_vec(),
            to: to.to_vec(),
        };
        let plans = [
            plan(1, [0, 0, 0], [3, 2, 3]),
            plan(2, [3, 2, 3], [5, 2, 6]),
            plan(3, [5, 2, 6], [5, 2, 9]),
        ];
        let figure = batches(&plans, "Three batches");
        assert_sound(&figure);
        assert!(figure.svg().contains("batch 2: 5 records"));
        assert_sound(&batches(&[], "none"));
    }
}
