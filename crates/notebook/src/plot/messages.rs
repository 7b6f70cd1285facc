//! Message diagrams of runs: replicas are vertical lines, and time goes downwards. A message that
//! is lost ends in a cross, and one that has not arrived yet in an open circle; both say so.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, ON, Point, draw};
use super::style::{INK, LABEL, kind, right, text_width, wrong};
use super::{Figure, WIDTH};
use plotters::style::Color;

/// Starts a message diagram of replicas, which are numbered from 0.
///
/// Time goes downwards in steps, from 0. A message that is lost ends in a cross, and one that has
/// not arrived yet in an open circle.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let run = plot::messages("stale", ["replica 0", "replica 1"])
///     .note(0, 0, "write Tokyo")
///     .message(0, 1, 0, None, "hold Tokyo")
///     .pending(0, 1, 0, "hold Tokyo, again")
///     .bad(1, 1, "read: New York")
///     .cut(0, 1, 1);
/// assert!(run.figure().svg().contains("read: New York"));
/// assert!(run.figure().svg().contains("hold Tokyo (lost)"));
/// assert!(!run.first(1).figure().svg().contains("read: New York"));
/// assert!(!run.first(0).figure().svg().contains("write Tokyo"));
/// ```
pub fn messages<S: Into<String>>(title: &str, replicas: impl IntoIterator<Item = S>) -> Messages {
    Messages {
        title: title.to_owned(),
        replicas: replicas.into_iter().map(Into::into).collect(),
        arrows: Vec::new(),
        notes: Vec::new(),
        cut: None,
        shown: usize::MAX,
    }
}

/// The builder of a message diagram; see [`messages`].
#[derive(Clone)]
#[must_use = "end it with .figure()"]
pub struct Messages {
    title: String,
    replicas: Vec<String>,
    arrows: Vec<Arrow>,
    notes: Vec<Note>,
    /// The partition: (first step, last step, the replica to the right of it).
    cut: Option<(usize, usize, usize)>,
    /// How many steps are drawn.
    shown: usize,
}

/// A message.
#[derive(Clone)]
struct Arrow {
    from: usize,
    to: usize,
    /// The step at which it was sent.
    sent: usize,
    end: ArrowEnd,
    label: String,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq)]
enum ArrowEnd {
    /// It arrives at this step.
    Arrives(usize),
    /// It never arrives.
    Lost,
    /// It has not arrived when the picture ends.
    UnderWay,
}

impl Arrow {
    fn arrived(&self) -> Option<usize> {
        match self.end {
            ArrowEnd::Arrives(step) => Some(step),
            ArrowEnd::Lost | ArrowEnd::UnderWay => None,
        }
    }
}

/// An event at a replica.
#[derive(Clone)]
struct Note {
    replica: usize,
    step: usize,
    text: String,
    mark: NoteMark,
}

/// How an event is marked.
#[derive(Clone, Copy, PartialEq)]
enum NoteMark {
    /// It is as it should be.
    Right,
    /// It must not happen.
    Wrong,
    /// It is done to a replica, such as a crash.
    Fault,
}

/// The y position of step 0 in pixels.
const TOP: i32 = 74;
/// Height of a step in pixels.
const ROW: i32 = 40;
impl Messages {
    /// Adds an event at a replica.
    pub fn note(self, replica: usize, step: usize, text: impl Into<String>) -> Self {
        self.noted(replica, step, text.into(), NoteMark::Right)
    }

    /// Adds an event at a replica that must not happen, such as a stale read. It is highlighted.
    pub fn bad(self, replica: usize, step: usize, text: impl Into<String>) -> Self {
        self.noted(replica, step, text.into(), NoteMark::Wrong)
    }

    /// Adds an event that is done to a replica, such as a crash.
    pub fn fault(self, replica: usize, step: usize, text: impl Into<String>) -> Self {
        self.noted(replica, step, text.into(), NoteMark::Fault)
    }

    fn noted(mut self, replica: usize, step: usize, text: String, mark: NoteMark) -> Self {
        self.notes.push(Note {
            replica,
            step,
            text,
            mark,
        });
        self
    }

    /// Adds a message from one replica to another. `sent` and `arrived` are steps; `arrived` is
    /// `None` if the message is lost.
    pub fn message(
        mut self,
        from: usize,
        to: usize,
        sent: usize,
        arrived: Option<usize>,
        label: impl Into<String>,
    ) -> Self {
        let end = arrived.map_or(ArrowEnd::Lost, ArrowEnd::Arrives);
        let label = label.into();
        self.arrows.push(Arrow {
            from,
            to,
            sent,
            end,
            label,
        });
        self
    }

    /// Adds a message that is still under way when the picture ends: it may arrive later.
    pub fn pending(
        mut self,
        from: usize,
        to: usize,
        sent: usize,
        label: impl Into<String>,
    ) -> Self {
        let (label, end) = (label.into(), ArrowEnd::UnderWay);
        self.arrows.push(Arrow {
            from,
            to,
            sent,
            end,
            label,
        });
        self
    }

    /// Adds a network partition between the replicas before `second` and the others, from step
    /// `from` to step `until`. It is shaded.
    pub fn cut(mut self, from: usize, until: usize, second: usize) -> Self {
        self.cut = Some((from, until, second));
        self
    }

    /// Returns the same diagram with its first `steps` steps, in the same size. With none of them,
    /// nothing has happened yet.
    pub fn first(&self, steps: usize) -> Self {
        Messages {
            shown: steps,
            ..self.clone()
        }
    }

    /// Returns the number of steps.
    pub fn steps(&self) -> usize {
        match self.notes.is_empty() && self.arrows.is_empty() {
            true => 0,
            false => self.last_step() + 1,
        }
    }

    /// Returns the last step with an event, or at which a message is sent or arrives.
    pub fn last_step(&self) -> usize {
        let notes = self.notes.iter().map(|note| note.step);
        let arrows = self
            .arrows
            .iter()
            .map(|arrow| arrow.arrived().unwrap_or(arrow.sent));
        notes.chain(arrows).max().unwrap_or(0)
    }

    /// Draws the diagram.
    pub fn figure(&self) -> Figure {
        let bottom = TOP + ROW * (self.last_step() as i32 + 1);
        let svg = draw((WIDTH, (bottom + 14) as u32), |canvas| {
            canvas.title(&self.title, (8, 16));
            self.draw_cut(canvas);
            for (n, name) in self.replicas.iter().enumerate() {
                canvas.strong(name, (self.x(n), 34), BELOW);
                canvas.path(
                    vec![(self.x(n), TOP - 18), (self.x(n), bottom)],
                    INK.mix(0.7),
                    1,
                );
            }
            self.arrows
                .iter()
                .filter(|arrow| arrow.sent < self.shown)
                .for_each(|arrow| self.draw_arrow(canvas, arrow));
            self.notes
                .iter()
                .filter(|note| note.step < self.shown)
                .for_each(|note| self.draw_note(canvas, note));
        });
        Figure::new(svg, &self.title, &self.as_text())
    }

    /// Returns the x position of a replica.
    fn x(&self, replica: usize) -> i32 {
        let slot = WIDTH as i32 / self.replicas.len().max(1) as i32;
        slot * replica as i32 + slot / 2
    }

    /// Returns the y position of a step.
    fn y(step: usize) -> i32 {
        TOP + ROW * step as i32
    }

    /// Draws the partition.
    fn draw_cut(&self, canvas: &Canvas) {
        let Some((from, until, second)) = self.cut else {
            return;
        };
        if second == 0 || second >= self.replicas.len() || from >= self.shown {
            return;
        }
        let (left, right) = (self.x(second - 1), self.x(second));
        let until = until.min(self.shown.saturating_sub(1));
        let (top, end) = (Self::y(from) - ROW / 2, Self::y(until) + ROW / 2);
        let inset = (right - left) / 8;
        canvas.fill((left + inset, top), (right - inset, end), wrong().mix(0.14));
        canvas.label("partition", ((left + right) / 2, top + 3), BELOW);
    }

    /// Draws a message.
    fn draw_arrow(&self, canvas: &Canvas, arrow: &Arrow) {
        let ink = kind(0).mix(1.0);
        let start = (self.x(arrow.from), Self::y(arrow.sent));
        let arrived = arrow.arrived().filter(|step| *step < self.shown);
        let (x, end) = (self.x(arrow.to), arrived.unwrap_or(arrow.sent));
        let target = (x, Self::y(end));
        if arrived.is_some() {
            canvas.path(vec![start, target], ink, 2);
            canvas.polygon(head(start, target), ink);
            // The label is near the start and below the line, where a message and its answer are
            // far apart.
            // Copies of one message begin together, so their labels are near the ends.
            let place = if self.has_copies(arrow) { 7 } else { 3 };
            let part = |from: i32, to: i32| from + (to - from) * place / 10;
            let at = (part(start.0, target.0), part(start.1, target.1));
            canvas.label(&arrow.label, (at.0, at.1 + 11), ON);
            return;
        }
        // The line ends before the other replica, each of several that begin here a little lower.
        let place = self.stubs_before(arrow) as i32;
        let towards = if target.0 > start.0 { 1 } else { -1 };
        // Where an arrow leaves to the same side: below its label, because what is sent later must not
        // seem to be sent earlier. A steep arrow leaves no room there, so then it is above.
        let down = match self.leaves_with(arrow) {
            None => 9 + 15 * place,
            Some(steps) if steps < 2 => 36 + 15 * place,
            Some(_) => -(9 + 15 * place),
        };
        let stop = (start.0 + 34 * towards, start.1 + down);
        canvas.path(vec![start, stop], ink, 2);
        let (x, y) = stop;
        match arrow.end {
            ArrowEnd::Lost => {
                let cross = wrong().mix(1.0);
                canvas.path(vec![(x - 4, y - 4), (x + 4, y + 4)], cross, 2);
                canvas.path(vec![(x - 4, y + 4), (x + 4, y - 4)], cross, 2);
            }
            _ => canvas.circle((x + 4 * towards, y), 4, ink),
        }
        let text = self.stub_text(arrow);
        let anchor = if towards > 0 { AFTER } else { BEFORE };
        canvas.label(&text, (x + 12 * towards, y), anchor);
    }

    /// Whether another copy of this message arrives.
    fn has_copies(&self, arrow: &Arrow) -> bool {
        self.arrows.iter().any(|other| {
            let way = (other.from, other.to, other.sent) == (arrow.from, arrow.to, arrow.sent);
            let copy = way && other.label == arrow.label && other.arrived().is_some();
            copy && !std::ptr::eq(other, arrow)
        })
    }

    /// Returns how many steps later a message arrives that is sent at the same place, to the same
    /// side; of several the latest. `None` if there is no such message.
    fn leaves_with(&self, arrow: &Arrow) -> Option<usize> {
        let beside = self.arrows.iter().filter(|other| {
            let place = (other.from, other.sent) == (arrow.from, arrow.sent);
            let side = (other.to < other.from) == (arrow.to < arrow.from);
            place && side
        });
        let arrived = beside.filter_map(|other| Some(other.arrived()? - other.sent));
        arrived
            .filter(|steps| arrow.sent + steps < self.shown)
            .max()
    }

    /// Returns the number of messages that do not arrive and are drawn before this one at the same
    /// place.
    fn stubs_before(&self, arrow: &Arrow) -> usize {
        let shown = |other: &&Arrow| other.arrived().is_none_or(|step| step >= self.shown);
        let left = |of: &Arrow| of.to < of.from;
        let same = |other: &&Arrow| {
            (other.from, other.sent, left(other)) == (arrow.from, arrow.sent, left(arrow))
        };
        let before = self
            .arrows
            .iter()
            .take_while(|other| !std::ptr::eq(*other, arrow));
        before.filter(shown).filter(same).count()
    }

    /// Returns what is written beside a message that does not arrive, or not yet.
    fn stub_text(&self, arrow: &Arrow) -> String {
        let to = self.replicas.get(arrow.to).map_or("", String::as_str);
        let to = to.split(" (").next().unwrap_or_default();
        let end = match arrow.end {
            ArrowEnd::Lost => "lost",
            _ => "under way",
        };
        // With two replicas there is only one other.
        if self.replicas.len() < 3 {
            return format!("{} ({end})", arrow.label);
        }
        let words = format!("{} to {to} ({end})", arrow.label);
        let short = to.split_whitespace().last().unwrap_or_default();
        // Below the same message to another replica, which has its label.
        let named = self.arrows.iter().any(|other| {
            let place = (other.from, other.sent) == (arrow.from, arrow.sent);
            place && other.label == arrow.label && other.arrived().is_some()
        });
        if named && self.leaves_with(arrow) == Some(1) {
            return format!("to {short} ({end})");
        }
        // Where it would reach the line of the next replica, its number is enough.
        let room = WIDTH as i32 / self.replicas.len() as i32 - 56;
        match text_width(&words, LABEL) < room {
            true => words,
            false => format!("{} to {short} ({end})", arrow.label),
        }
    }

    /// Draws an event.
    fn draw_note(&self, canvas: &Canvas, note: &Note) {
        let (x, y) = (self.x(note.replica), Self::y(note.step));
        let ink = match note.mark {
            NoteMark::Right => right(),
            NoteMark::Wrong => wrong(),
            NoteMark::Fault => INK,
        };
        canvas.disc((x, y), 5, ink.mix(1.0));
        // The text is on the side without an arrow. The first and the last replica have room
        // outside.
        let bad = note.mark == NoteMark::Wrong;
        // Bold text is wider.
        let width = match bad {
            true => text_width(&note.text, LABEL) * 9 / 8,
            false => text_width(&note.text, LABEL),
        };
        let first = note.replica == 0 && self.replicas.len() > 1;
        let to_the_left = |arrow: &Arrow| {
            let at = |replica: usize, step: Option<usize>| {
                replica == note.replica && step == Some(note.step)
            };
            let leaves = at(arrow.from, Some(arrow.sent)) && arrow.to < note.replica;
            leaves || at(arrow.to, arrow.arrived()) && arrow.from < note.replica
        };
        let last = note.replica + 1 == self.replicas.len();
        let right = last || !first && self.arrows.iter().any(to_the_left);
        let left = if right {
            x + 10
        } else {
            (x - 10 - width).max(4)
        };
        if bad {
            canvas.fill((left - 3, y - 9), (left + width + 3, y + 9), ink.mix(0.16));
            canvas.strong(&note.text, (left, y), AFTER);
        } else {
            canvas.label(&note.text, (left, y), AFTER);
        }
    }

    /// Returns the events and messages as text, in the order of steps, which are counted from 1.
    fn as_text(&self) -> String {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for note in self.notes.iter().filter(|note| note.step < self.shown) {
            let mark = match note.mark {
                NoteMark::Wrong => "  <- wrong",
                NoteMark::Right | NoteMark::Fault => "",
            };
            lines.push((
                note.step,
                format!("{}: {}{mark}", self.replicas[note.replica], note.text),
            ));
        }
        for arrow in self.arrows.iter().filter(|arrow| arrow.sent < self.shown) {
            let end = match arrow.end {
                ArrowEnd::Arrives(step) => format!("arrives at {}", step + 1),
                ArrowEnd::Lost => "lost".to_owned(),
                ArrowEnd::UnderWay => "under way".to_owned(),
            };
            let (from, to) = (&self.replicas[arrow.from], &self.replicas[arrow.to]);
            lines.push((
                arrow.sent,
                format!("{from} -> {to}: {} ({end})", arrow.label),
            ));
        }
        lines.sort_by_key(|line| line.0);
        lines
            .into_iter()
            .map(|(step, text)| format!("{}: {text}\n", step + 1))
            .collect()
    }
}

/// Returns the triangle at the tip of an arrow.
fn head(from: Point, to: Point) -> Vec<Point> {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let length = dx.hypot(dy).max(1.0);
    let (dx, dy) = (dx / length, dy / length);
    let at = |back: f64, side: f64| {
        let x = f64::from(to.0) - back * dx - side * dy;
        let y = f64::from(to.1) - back * dy + side * dx;
        (x.round() as i32, y.round() as i32)
    };
    vec![to, at(9.0, 4.0), at(9.0, -4.0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn a_diagram_without_replicas_can_be_drawn() {
        let empty = messages("empty", Vec::<String>::new());
        assert_sound(&empty.figure());
        assert_eq!(empty.steps(), 0);
    }
}
