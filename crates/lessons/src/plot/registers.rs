//! HyperLogLog on the screen: hashes cut in two, registers that fill, and two sketches merged.
//!
//! One colour has one meaning in all of them: blue is a register, orange is what a visitor brings or
//! what wins a merge, green is the truth.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, Canvas, ON, draw};
use super::style::{INK, LABEL, kind, marked, right, text_width};
use super::{Figure, WIDTH};
use crate::people::Registers;
use lambda::batch::Precision;
use lambda::batch::persons::index::display_name;
use lambda::batch::sketch::SketchError;
use lambda::datum::PersonId;
use notebook::table::{counted, grouped};
use plotters::style::{Color, RGBColor};

/// Returns the colour of a register.
fn register_ink() -> RGBColor {
    kind(0)
}

/// Returns the colour of what a visitor brings or a merge changes.
fn new_ink() -> RGBColor {
    marked()
}

/// Bits of a hash that are drawn; a hash has 64.
const SHOWN: u32 = 24;

/// Draws the hash of each visitor as bits: the first choose the register, and the place of the first 1
/// among the others is the rank.
///
/// ```
/// use lambda_workbook::{batch::Precision, people::visitors, plot};
/// let figure = plot::cuts(&visitors(1..=3), Precision::new(4)?);
/// assert_eq!(figure.svg().matches(", rank ").count(), 3);
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
pub fn cuts(people: &[PersonId], precision: Precision) -> Figure {
    const LEFT: i32 = 76;
    const BIT: i32 = 18;
    const ROW: i32 = 30;
    let registers = Registers::new(precision);
    let bits = i32::from(precision.bits());
    let title = "The first bits of each hash, cut into register and rank";
    let top = 62;
    let height = top + ROW * people.len() as i32 + 8;
    let mut text = String::new();
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        canvas.strong("register", (LEFT + BIT * bits / 2, 46), ON);
        canvas.strong(
            "zeros, up to the first 1: rank",
            (LEFT + BIT * bits + 14, 46),
            AFTER,
        );
        for (row, person) in (0..).zip(people) {
            let landing = registers.landing(person);
            let (upper, lower) = (top + ROW * row, top + ROW * row + BIT + 4);
            let middle = (upper + lower) / 2;
            canvas.label(&display_name(person), (LEFT - 10, middle), BEFORE);
            let rank_ends = bits + i32::from(landing.rank);
            for bit in 0..SHOWN as i32 {
                // A gap parts the register from the rest.
                let left = LEFT + BIT * bit + if bit < bits { 0 } else { 14 };
                let one = landing.hash >> (63 - bit) & 1 == 1;
                let digit = if one { "1" } else { "0" };
                let at = (left + BIT / 2, middle);
                if bit < rank_ends {
                    let ink = if bit < bits {
                        register_ink()
                    } else {
                        new_ink()
                    }
                    .mix(1.0);
                    canvas.outline((left + 1, upper), (left + BIT - 1, lower), ink);
                    canvas.outline((left + 2, upper + 1), (left + BIT - 2, lower - 1), ink);
                    canvas.strong(digit, at, ON);
                } else {
                    canvas.label(digit, at, ON);
                }
            }
            let end = LEFT + BIT * SHOWN as i32 + 20;
            canvas.label("…", (end, middle), AFTER);
            let says = format!("register {}, rank {}", landing.register, landing.rank);
            canvas.strong(&says, (end + 22, middle), AFTER);
        }
    });
    for person in people {
        let landing = registers.landing(person);
        text.push_str(&format!(
            "{}: {:024b}… register {}, rank {}\n",
            display_name(person),
            landing.hash >> (64 - SHOWN),
            landing.register,
            landing.rank
        ));
    }
    Figure::new(svg, title, &text)
}

/// Draws what the last of some visitors does to the registers, and the estimate beside the truth.
/// The visitors must differ, because their number is drawn as the truth.
///
/// ```
/// use lambda_workbook::{batch::Precision, people::visitors, plot};
/// let figure = plot::arrival(&visitors(1..=100), Precision::new(4)?);
/// assert!(figure.svg().contains("visitor 100"));
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
pub fn arrival(people: &[PersonId], precision: Precision) -> Figure {
    let mut registers = Registers::new(precision);
    let last = people.iter().map(|person| registers.add(person)).last();
    let says = match last {
        None => "nobody yet: all registers are 0".to_owned(),
        Some(last) => {
            let does = match last.raises() {
                true => format!("raised from {} to {}", last.before, last.rank),
                false => format!("stays at {}", last.before),
            };
            let (number, register) = (grouped(people.len() as i64), last.register);
            format!(
                "visitor {number} has rank {}: register {register} {does}",
                last.rank
            )
        }
    };
    let (truth, estimate) = (people.len() as f64, registers.estimate());
    let svg = draw((WIDTH, 232), |canvas| {
        canvas.title(&says, (8, 16));
        let place = Place {
            left: 8,
            right: 470,
            bottom: 186,
            unit: 9,
        };
        let new = |register| last.is_some_and(|last| last.register == register);
        bars(canvas, registers.ranks(), &place, &new);
        if registers.ranks().len() <= 16 {
            canvas.label(
                "number of the register; above each bar the largest rank so far",
                (8, 220),
                AFTER,
            );
        }
        // The two numbers.
        let most = truth.max(estimate).max(1.0);
        for (y, name, value, ink) in [
            (70, "true number", truth, right()),
            (134, "estimate", estimate, register_ink()),
        ] {
            let length = (value / most * 190.0).round() as i32;
            canvas.strong(
                &format!("{name}: {}", grouped(value.round() as i64)),
                (510, y),
                AFTER,
            );
            canvas.fill((510, y + 12), (511 + length, y + 30), ink.mix(1.0));
        }
    });
    let text = format!(
        "registers: {}\ntrue number: {}\nestimate: {}",
        listed(registers.ranks()),
        people.len(),
        estimate.round()
    );
    Figure::new(svg, &says, &text)
}

/// Draws the registers after each of these numbers of visitors, side by side.
///
/// ```
/// use lambda_workbook::{batch::Precision, people::visitors, plot};
/// let figure = plot::arrivals(&visitors(1..=64), &[1, 8, 64], Precision::new(4)?);
/// assert!(figure.svg().contains("64 visitors"));
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
pub fn arrivals(people: &[PersonId], after: &[usize], precision: Precision) -> Figure {
    let title = "The same registers as visitors come";
    let width = WIDTH as i32 / after.len().max(1) as i32;
    let states: Vec<(usize, Registers)> = after
        .iter()
        .map(|&n| {
            let seen = &people[..n.min(people.len())];
            (seen.len(), Registers::of(precision, seen))
        })
        .collect();
    let says = |n: usize| counted(n, "visitor", "visitors");
    let svg = draw((WIDTH, 170), |canvas| {
        canvas.title(title, (8, 16));
        for (panel, (n, registers)) in (0..).zip(&states) {
            let left = width * panel + 8;
            let place = Place {
                left,
                right: left + width - 18,
                bottom: 122,
                unit: 5,
            };
            bars(canvas, registers.ranks(), &place, &|_| false);
            let middle = left + (width - 18) / 2;
            canvas.strong(&says(*n), (middle, 128), BELOW);
            let estimate = registers.estimate().round() as i64;
            canvas.label(
                &format!("estimate {}", grouped(estimate)),
                (middle, 146),
                BELOW,
            );
        }
    });
    let line = |(n, registers): &(usize, Registers)| {
        let estimate = registers.estimate().round();
        format!(
            "{}: {}; estimate {estimate}\n",
            says(*n),
            listed(registers.ranks())
        )
    };
    Figure::new(svg, title, &states.iter().map(line).collect::<String>())
}

/// Draws two sketches and their merge, register below register. The larger of each two is marked. Beside
/// each stands the true number: that of the first, of the second, and of both together.
///
/// # Errors
/// Registers of two precisions.
///
/// ```
/// use lambda_workbook::{batch::Precision, people::{Registers, visitors}, plot};
/// let sixteen = Precision::new(4)?;
/// let (nine, ten) = (visitors(1..=40), visitors(21..=60));
/// let (nine, ten) = (Registers::of(sixteen, &nine), Registers::of(sixteen, &ten));
/// let figure = plot::merged(("9 h", &nine), ("10 h", &ten), [40, 40, 60])?;
/// assert!(figure.svg().contains("merged"));
/// # Ok::<(), lambda_workbook::batch::sketch::SketchError>(())
/// ```
pub fn merged(
    (one_name, one): (&str, &Registers),
    (other_name, other): (&str, &Registers),
    truth: [i64; 3],
) -> Result<Figure, SketchError> {
    let mut both = one.clone();
    both.merge(other)?;
    let title = "Merging keeps the larger number of each register";
    let rows = [
        (one_name, one, other),
        (other_name, other, one),
        ("merged", &both, &both),
    ];
    let svg = draw((WIDTH, 300), |canvas| {
        canvas.title(title, (8, 16));
        canvas.fill((8, 35), (18, 45), new_ink().mix(1.0));
        canvas.label("the larger of the two, where they differ", (24, 40), AFTER);
        for (row, (name, registers, against)) in (0..).zip(rows) {
            let bottom = 116 + 84 * row;
            let place = Place {
                left: 90,
                right: 560,
                bottom,
                unit: 5,
            };
            let wins = |register: usize| {
                row < 2 && registers.ranks()[register] > against.ranks()[register]
            };
            bars(canvas, registers.ranks(), &place, &wins);
            canvas.strong(name, (80, bottom - 16), BEFORE);
            let estimate = format!("estimate {}", grouped(registers.estimate().round() as i64));
            canvas.strong(&estimate, (576, bottom - 24), AFTER);
            let truth = format!("true number {}", grouped(truth[row as usize]));
            canvas.label(&truth, (576, bottom - 6), AFTER);
        }
    });
    let line = |((name, registers, _), truth): (&(&str, &Registers, &Registers), i64)| {
        let estimate = registers.estimate().round();
        format!(
            "{name}: {}; estimate {estimate}, true number {truth}\n",
            listed(registers.ranks())
        )
    };
    Ok(Figure::new(
        svg,
        title,
        &rows.iter().zip(truth).map(line).collect::<String>(),
    ))
}

/// Where bars are drawn.
struct Place {
    left: i32,
    right: i32,
    bottom: i32,
    /// Pixels for each rank.
    unit: i32,
}

/// Draws a bar for each register, with its rank above and, where there is room, its number below.
fn bars(canvas: &Canvas, ranks: &[u8], place: &Place, changed: &dyn Fn(usize) -> bool) {
    let width = f64::from(place.right - place.left) / ranks.len().max(1) as f64;
    let wide = text_width("10", LABEL) as f64 + 3.0 < width;
    for (register, rank) in ranks.iter().enumerate() {
        let left = place.left + (width * register as f64).round() as i32;
        let right = place.left + (width * (register + 1) as f64).round() as i32;
        let middle = (left + right) / 2;
        let top = place.bottom - place.unit * i32::from(*rank);
        let ink = if changed(register) {
            new_ink()
        } else {
            register_ink()
        };
        let gap = i32::from(right - left > 3);
        if *rank > 0 {
            canvas.fill((left + gap, top), (right - gap, place.bottom), ink.mix(1.0));
        }
        if wide && changed(register) {
            canvas.strong(&rank.to_string(), (middle, top - 3), ABOVE);
        } else if wide {
            canvas.label(&rank.to_string(), (middle, top - 3), ABOVE);
        }
        if wide && place.unit > 5 {
            canvas.label(&register.to_string(), (middle, place.bottom + 4), BELOW);
        }
    }
    let line = vec![(place.left, place.bottom), (place.right, place.bottom)];
    canvas.path(line, INK.mix(0.7), 1);
}

fn listed(ranks: &[u8]) -> String {
    ranks
        .iter()
        .map(u8::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::visitors;
    use show::Render;
    use show::picture::assert_sound;

    fn sixteen() -> Precision {
        Precision::new(4).unwrap()
    }

    #[test]
    fn hashes_are_cut_where_the_registers_cut_them() {
        let people = visitors(1..=6);
        let figure = cuts(&people, sixteen());
        assert_sound(&figure);
        let registers = Registers::new(sixteen());
        for person in &people {
            let landing = registers.landing(person);
            let says = format!("register {}, rank {}", landing.register, landing.rank);
            assert!(figure.svg().contains(&says), "{says}");
        }
    }

    #[test]
    fn an_arrival_says_what_the_last_visitor_changes() {
        let people = visitors(1..=300);
        for seen in [0, 1, 300] {
            assert_sound(&arrival(&people[..seen], sixteen()));
        }
        assert_sound(&arrival(&people, Precision::new(8).unwrap()));
        // The same visitor again raises nothing.
        let twice = [people[0].clone(), people[0].clone()];
        assert!(arrival(&twice, sixteen()).svg().contains("stays at"));
        assert!(
            arrival(&people[..1], sixteen())
                .svg()
                .contains("raised from 0")
        );
    }

    #[test]
    fn arrivals_are_drawn_after_each_number() {
        let figure = arrivals(&visitors(1..=1_000), &[1, 4, 16, 64, 256, 1_000], sixteen());
        assert_sound(&figure);
        let text = figure.render().get("text/plain").unwrap().to_owned();
        for line in ["1 visitor: 0 ", "1,000 visitors: "] {
            assert!(text.lines().any(|shown| shown.starts_with(line)), "{text}");
        }
        assert_sound(&arrivals(&[], &[], sixteen()));
    }

    #[test]
    fn merged_registers_stand_below_each_other() {
        let of = |ids| Registers::of(sixteen(), &visitors(ids));
        let figure = merged(
            ("9 to 10", &of(1..=60)),
            ("10 to 11", &of(31..=90)),
            [60, 60, 90],
        )
        .unwrap();
        assert_sound(&figure);
        let other = Registers::new(Precision::new(5).unwrap());
        assert!(merged(("a", &of(1..=2)), ("b", &other), [2, 2, 4]).is_err());
    }
}
