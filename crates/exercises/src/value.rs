//! What goes into a reader's function, and what comes out.
use chrono_tz::Tz;
use notebook::table::Grid;
use notebook::time::with_readings;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::borrow::Cow;

/// An argument, or an answer.
#[derive(Clone, Debug)]
pub enum Value {
    /// A table.
    Frame(DataFrame),
    /// A time zone.
    Zone(Tz),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

/// The arguments of one call, by name, in the order of the signature.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<(Cow<'static, str>, Value)>);

macro_rules! typed {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty, $what:literal) => {
        $(#[$doc])*
        pub fn $name(&self, name: &str) -> PolarsResult<&$type> {
            match self.get(name) {
                Some(Value::$variant(value)) => Ok(value),
                _ => polars_bail!(InvalidOperation: "this case has no {} `{}`", $what, name),
            }
        }
    };
}

impl Inputs {
    /// No arguments yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next argument.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: Value) -> Self {
        self.0.push((name.into(), value));
        self
    }

    /// Every argument with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The same arguments, with another value for one of them.
    pub fn replaced(&self, place: usize, value: Value) -> Self {
        let mut inputs = self.clone();
        inputs.0[place].1 = value;
        inputs
    }

    typed!(
        /// A table among the arguments.
        frame, Frame, DataFrame, "table"
    );
    typed!(
        /// A time zone among the arguments.
        zone, Zone, Tz, "time zone"
    );
    typed!(
        /// A whole number among the arguments.
        int, Int, i64, "number"
    );
    typed!(
        /// Text among the arguments.
        text, Text, String, "text"
    );

    fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The zone in which timestamps are best read: the first among the arguments.
    pub fn zone_to_read_in(&self) -> Tz {
        let mut zones = self.iter().filter_map(|(_, value)| match value {
            Value::Zone(zone) => Some(*zone),
            _ => None,
        });
        zones.next().unwrap_or(Tz::UTC)
    }
}

impl Value {
    /// Returns the table that stands for a refusal, the `Err(text)` of a reader's function,
    /// where the text does not matter: it has the column `error` and no row.
    pub(super) fn refusal() -> PolarsResult<DataFrame> {
        df!("error" => Vec::<String>::new())
    }

    /// Whether this is [`Value::refusal`].
    pub(super) fn is_refusal(&self) -> bool {
        let Value::Frame(frame) = self else {
            return false;
        };
        let names = frame.get_column_names();
        frame.height() == 0 && names.len() == 1 && names[0].as_str() == "error"
    }

    /// A table, with a wall clock of `zone` beside its instants; `None` for what
    /// is no table, and for a refusal.
    pub fn grid(&self, caption: &str, zone: Tz) -> Option<Grid> {
        let Value::Frame(frame) = self else {
            return None;
        };
        if self.is_refusal() {
            return None;
        }
        let mut grid = Grid::of(&readable(frame, zone));
        let rows = counted(frame.height(), "row");
        grid.caption = format!("{caption}, {rows}");
        Some(grid)
    }

    /// The value in one line; `None` for a table that is no refusal.
    pub fn line(&self) -> Option<String> {
        match self {
            Value::Frame(_) => self
                .is_refusal()
                .then(|| "a refusal, `Err(text)`".to_owned()),
            Value::Zone(zone) => Some(zone.name().to_owned()),
            Value::Int(n) => Some(n.to_string()),
            Value::Text(text) => Some(format!("{text:?}")),
        }
    }
}

/// Returns a number with its noun: `1 row`, `2 rows`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// The columns that hold instants, in any exercise.
const INSTANTS: [&str; 2] = ["ts", "true_as_of_secs"];

/// The frame with a wall clock beside its instants.
fn readable(frame: &DataFrame, zone: Tz) -> DataFrame {
    let reading = INSTANTS
        .iter()
        .find_map(|name| with_readings(frame, name, &[zone]).ok());
    reading.unwrap_or_else(|| frame.clone())
}
