//! What goes into a reader's function, and what comes out.
use crate::notebook::table::{Cell, Grid, Head};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, PolarsResult, polars_bail};

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
pub struct Inputs(Vec<(&'static str, Value)>);

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
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.push((name, value));
        self
    }

    /// Every argument with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
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
    /// The value as a table of its own; timestamps also as a clock in `zone`
    /// reads them.
    pub fn grid(&self, caption: &str, zone: Tz) -> Grid {
        let mut grid = match self {
            Value::Frame(frame) => Grid::of(&readable(frame, zone)),
            Value::Zone(zone) => single(zone.name()),
            Value::Int(n) => single(&n.to_string()),
            Value::Text(text) => single(text),
        };
        let shape = std::mem::take(&mut grid.caption);
        grid.caption = match shape.as_str() {
            "" => caption.to_owned(),
            shape => format!("{caption} · {shape}"),
        };
        grid
    }
}

fn single(text: &str) -> Grid {
    Grid {
        caption: String::new(),
        heads: vec![Head::text("value")],
        rows: vec![vec![Cell::Value(text.to_owned())]],
    }
}

/// The columns that hold instants, in any exercise.
const INSTANTS: [&str; 2] = ["ts", "true_as_of_secs"];

/// The frame with a wall clock beside its instants.
pub(super) fn readable(frame: &DataFrame, zone: Tz) -> DataFrame {
    let reading = INSTANTS
        .iter()
        .find_map(|name| crate::notebook::with_time(frame, name, zone).ok());
    reading.unwrap_or_else(|| frame.clone())
}
