//! Normalised and denormalised tables, side by side.
use super::canvas::{AFTER, Canvas, draw};
use super::style::{INK, kind, wrong};
use super::{Figure, WIDTH};
use notebook::table::grouped;
use plotters::style::Color;
use polars::prelude::{AnyValue, DataFrame, PolarsResult};

const ROW: i32 = 24;
/// Where the denormalised table begins.
const MIDDLE: i32 = 384;

/// Draws the normalised tables of users and locations on the left, and the denormalised table on the
/// right. The cells that hold the city of `location_id` are tinted: one on the left, as many as
/// there are users on the right. A city that differs from the first one has a red frame.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::batch::normal_form::{denormalised, locations, users};
/// let (users, locations) = (users()?, locations()?);
/// let figure = plot::normal_forms(&users, &locations, &denormalised(&users, &locations)?, 3)?;
/// assert!(figure.svg().contains("Chicago"));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// A missing column.
pub fn normal_forms(
    users: &DataFrame,
    locations: &DataFrame,
    view: &DataFrame,
    location_id: i64,
) -> PolarsResult<Figure> {
    let title = "Normalised: each fact once. Denormalised: a copy in every row.";
    let of_user = ["user_id", "name", "location_id"];
    let of_location = ["location_id", "city", "state", "population"];
    let of_both = ["user_id", "name", "location_id", "city", "state"];
    let user = Grid::of(users, &of_user, location_id)?;
    let location = Grid::of(locations, &of_location, location_id)?;
    let joined = Grid::of(view, &of_both, location_id)?;
    let height = 92 + ROW * (user.rows.len() + location.rows.len() + 2) as i32 + 44;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        canvas.strong("normalised", (8, 48), AFTER);
        canvas.strong("denormalised", (MIDDLE, 48), AFTER);
        user.draw(canvas, (8, 62));
        let top = 62 + ROW * (user.rows.len() + 1) as i32 + 34;
        canvas.label("joined by location_id", (8, top - 16), AFTER);
        location.draw(canvas, (8, top));
        joined.draw(canvas, (MIDDLE, 62));
        let below = 62 + ROW * (joined.rows.len() + 1) as i32;
        let cells = format!(
            "the city of location {location_id} is in {} cells",
            joined.tinted()
        );
        canvas.label(&cells, (MIDDLE, below + 20), AFTER);
        let words = match joined.rows.iter().filter(|row| row.differs).count() {
            0 => "all copies agree".to_owned(),
            n => format!("{n} of them contradicts the first"),
        };
        canvas.strong(&words, (MIDDLE, below + 42), AFTER);
    });
    let text = format!(
        "users\n{}locations\n{}denormalised\n{}",
        user.text(),
        location.text(),
        joined.text()
    );
    Ok(Figure::new(svg, title, &text))
}

/// A table as text, with the width of each column in pixels.
struct Grid {
    names: Vec<&'static str>,
    widths: Vec<i32>,
    rows: Vec<GridRow>,
}

struct GridRow {
    cells: Vec<String>,
    /// The row is about the location that is shown, and has its city.
    tinted: bool,
    /// Its city is not that of the first such row.
    differs: bool,
}

impl Grid {
    fn of(frame: &DataFrame, names: &[&'static str], location_id: i64) -> PolarsResult<Self> {
        let mut rows: Vec<GridRow> = Vec::new();
        let mut first = None;
        for row in 0..frame.height() {
            let mut cells = Vec::new();
            for name in names {
                cells.push(match frame.column(name)?.get(row)? {
                    AnyValue::String(text) => text.to_owned(),
                    AnyValue::Int64(n) => grouped(n),
                    AnyValue::Null => String::new(),
                    other => other.to_string(),
                });
            }
            let at = |wanted: &str| names.iter().position(|name| *name == wanted);
            let id = at("location_id").map(|place| cells[place].clone());
            let city = at("city").map(|place| cells[place].clone());
            let tinted = id == Some(grouped(location_id)) && city.is_some();
            if tinted && first.is_none() {
                first = Some(city.clone());
            }
            let differs = tinted && first != Some(city);
            rows.push(GridRow {
                cells,
                tinted,
                differs,
            });
        }
        let width = |name: &&str| match *name {
            "user_id" => 62,
            "name" => 58,
            "location_id" => 88,
            "city" => 80,
            "state" => 44,
            _ => 80,
        };
        let widths = names.iter().map(width).collect();
        Ok(Grid {
            names: names.to_vec(),
            widths,
            rows,
        })
    }

    fn tinted(&self) -> usize {
        self.rows.iter().filter(|row| row.tinted).count()
    }

    fn draw(&self, canvas: &Canvas, (left, top): (i32, i32)) {
        let wide: i32 = self.widths.iter().sum();
        let mut x = left;
        for (name, width) in self.names.iter().zip(&self.widths) {
            canvas.strong(name, (x + 4, top + ROW / 2), AFTER);
            x += width;
        }
        for (n, row) in (1..).zip(&self.rows) {
            let y = top + ROW * n;
            canvas.path(vec![(left, y), (left + wide, y)], INK.mix(0.6), 1);
            let mut x = left;
            for ((name, width), cell) in self.names.iter().zip(&self.widths).zip(&row.cells) {
                let is_city = *name == "city" && row.tinted;
                let (from, to) = ((x + 1, y + 2), (x + width - 3, y + ROW - 2));
                if is_city {
                    canvas.fill(from, to, kind(0).mix(0.25));
                }
                if is_city && row.differs {
                    let frame = vec![from, (to.0, from.1), to, (from.0, to.1), from];
                    canvas.path(frame, wrong().mix(1.0), 3);
                }
                canvas.label(cell, (x + 6, y + ROW / 2), AFTER);
                x += width;
            }
        }
    }

    fn text(&self) -> String {
        let line = |row: &GridRow| {
            let mark = if row.differs {
                "  <- contradicts the first"
            } else {
                ""
            };
            format!("{}{mark}\n", row.cells.join(" | "))
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::batch::normal_form::{denormalised, locations, users, with_city};
    use show::picture::assert_sound;

    #[test]
    fn a_half_update_is_marked_only_in_the_denormalised_table() {
        let (users, locations) = (users().unwrap(), locations().unwrap());
        let master = denormalised(&users, &locations).unwrap();
        let marks = |rows: usize| {
            let moved = with_city(&locations, 3, "Evanston", rows).unwrap();
            let copies = with_city(&master, 3, "Evanston", rows).unwrap();
            let figure = normal_forms(&users, &moved, &copies, 3).unwrap();
            assert_sound(&figure);
            figure.svg().matches("stroke-width=\"3\"").count()
        };
        assert_eq!([marks(0), marks(1), marks(2)], [0, 1, 0]);
    }
}
