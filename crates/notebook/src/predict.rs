//! Predictions: a question, a field for the reader's answer, and what it is.
//!
//! A reader who has committed to an answer learns from the result. So the result of such
//! a cell is folded until an answer is entered, and then stands beside it; a tally at the
//! end of the chapter has them all. On a page without a kernel the answer stays folded.
use crate::widgets::{Interact, Text, ToggleButtons, interact};
use show::escape::escape;
use show::table::grouped;
use show::{Render, Rich};
use std::sync::Mutex;

/// Asks the reader for a prediction: `predict!("How many rows?", days.height())`.
///
/// The answer is computed at once and shown when the reader has entered one. With choices
/// in between, the reader chooses: `predict!("Which?", ["hours", "days"], "days")`.
///
/// ```
/// use lambda_workbook::notebook::predict;
/// use lambda_workbook::notebook::predict::predictions;
///
/// predict!("How many days have two hours that lie around midnight?", 2);
/// predict!("Which layer is computed from everything?", ["batch", "speed"], "batch");
/// assert_eq!(predictions().of(), 2);
/// ```
#[macro_export]
macro_rules! predict {
    ($question:expr, $answer:expr $(,)?) => {
        $crate::predict::predict($question).is($answer)
    };
    ($question:expr, $choices:expr, $answer:expr $(,)?) => {
        $crate::predict::predict($question).one_of($choices, $answer)
    };
}

/// What a prediction is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedAnswer {
    /// A number, and how far off a right prediction may be, as a share of it.
    Number { value: f64, within: f64 },
    /// A word. Upper and lower case, and blanks around it, make no difference.
    Word(String),
}

impl ExpectedAnswer {
    /// Whether a prediction is right; `None` if it is no answer at all.
    fn judge(&self, said: &str) -> Option<bool> {
        match self {
            ExpectedAnswer::Word(word) => {
                let said = said.trim();
                (!said.is_empty()).then(|| said.eq_ignore_ascii_case(word))
            }
            ExpectedAnswer::Number { value, within } => {
                let said = number(said)?;
                Some((said - value).abs() <= value.abs() * within)
            }
        }
    }

    /// The answer as it is shown.
    fn text(&self) -> String {
        match self {
            ExpectedAnswer::Word(word) => word.clone(),
            ExpectedAnswer::Number { value, .. } if value.fract() == 0.0 && value.abs() < 1e15 => {
                grouped(*value as i64)
            }
            // What is asked roughly is shown roughly.
            ExpectedAnswer::Number { value, within } if *within > 0.1 => match value.abs() {
                100.0.. => grouped(value.round() as i64),
                _ => format!("{value:.1}"),
            },
            ExpectedAnswer::Number { value, .. } => format!("{value:.3}"),
        }
    }
}

/// The number that a text begins with: `4`, `1,402,776 rows`, `0.5`.
fn number(text: &str) -> Option<f64> {
    let plain = text.trim().replace([',', '_'], "");
    let is_part = |c: char| c.is_ascii_digit() || ".-+eE".contains(c);
    let end = plain.find(|c| !is_part(c)).unwrap_or(plain.len());
    plain[..end].parse().ok()
}

macro_rules! exact_numbers {
    ($($number:ty),*) => {
        $(impl From<$number> for ExpectedAnswer {
            fn from(value: $number) -> ExpectedAnswer {
                ExpectedAnswer::Number { value: value as f64, within: 0.0 }
            }
        })*
    };
}

exact_numbers!(i32, i64, u32, u64, usize);

impl From<f64> for ExpectedAnswer {
    /// Right within one percent: nobody predicts the last digit of a fraction.
    fn from(value: f64) -> ExpectedAnswer {
        ExpectedAnswer::Number {
            value,
            within: 0.01,
        }
    }
}

impl From<&str> for ExpectedAnswer {
    fn from(word: &str) -> ExpectedAnswer {
        ExpectedAnswer::Word(word.trim().to_owned())
    }
}

impl From<String> for ExpectedAnswer {
    fn from(word: String) -> ExpectedAnswer {
        ExpectedAnswer::from(word.as_str())
    }
}

/// A number of which the order of magnitude is asked: within a factor of 1.5 it is right.
///
/// ```
/// use lambda_workbook::notebook::predict::{about, predict};
/// predict("How many page views has a day?").is(about(1_402_776));
/// ```
pub fn about(value: impl Into<ExpectedAnswer>) -> ExpectedAnswer {
    match value.into() {
        ExpectedAnswer::Number { value, .. } => ExpectedAnswer::Number { value, within: 0.5 },
        word => word,
    }
}

/// A question to the reader. [`Question::is`] or [`Question::one_of`] asks it.
#[derive(Clone, Debug)]
#[must_use = "a question is asked by `is` or `one_of`"]
pub struct Question(String);

/// Begins a prediction; see [`predict!`](crate::predict!).
pub fn predict(question: impl Into<String>) -> Question {
    Question(question.into())
}

impl Question {
    /// Asks for an answer in the reader's words.
    pub fn is(self, answer: impl Into<ExpectedAnswer>) -> Interact<Text> {
        let record = AskedQuestion::of(self.0, answer.into());
        let field = Text::new("You say", "").continuous_update(false);
        let field = field.placeholder("a number or a word, then Enter");
        interact(field, move |said: String| record.told(&said))
    }

    /// Has the reader choose. Nothing is chosen at first.
    pub fn one_of<const N: usize>(
        self,
        choices: [&str; N],
        answer: impl Into<ExpectedAnswer>,
    ) -> Interact<ToggleButtons<String>> {
        let record = AskedQuestion::of(self.0, answer.into());
        let options = ["?"].into_iter().chain(choices).map(str::to_owned);
        let buttons = ToggleButtons::new("You say", options.collect::<Vec<String>>());
        interact(buttons, move |said: String| {
            record.told(if said == "?" { "" } else { &said })
        })
    }
}

/// A prediction of this kernel's reader.
#[derive(Clone, Debug)]
struct AskedQuestion {
    question: String,
    answer: ExpectedAnswer,
    said: Option<String>,
}

/// All predictions since the kernel started, in the order in which they were asked.
static RECORDS: Mutex<Vec<AskedQuestion>> = Mutex::new(Vec::new());

fn records() -> std::sync::MutexGuard<'static, Vec<AskedQuestion>> {
    RECORDS
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl AskedQuestion {
    /// A new question. The same one, asked again, takes the place of the old.
    fn of(question: String, answer: ExpectedAnswer) -> AskedQuestion {
        let record = AskedQuestion {
            question,
            answer,
            said: None,
        };
        let mut records = records();
        match records
            .iter_mut()
            .find(|old| old.question == record.question)
        {
            Some(old) => *old = record.clone(),
            None => records.push(record.clone()),
        }
        record
    }

    /// Stores what the reader says, and shows it beside the answer.
    fn told(&self, said: &str) -> Rich {
        let verdict = self.answer.judge(said);
        let mut records = records();
        if let Some(record) = records.iter_mut().find(|old| old.question == self.question) {
            record.said = verdict.map(|_| said.trim().to_owned());
        }
        let answer = self.answer.text();
        let (question, answer) = (escape(&self.question), escape(&answer));
        let Some(right) = verdict else {
            let asked = format!("Predict. {}", self.question);
            return Rich::text(asked).html(format!(
                "<p><b>Predict.</b> {question}</p>\
                 <details><summary>Answer</summary><p>{answer}</p></details>"
            ));
        };
        let sign = if right { "✓" } else { "✗" };
        let text = format!(
            "Predict. {}\n{sign} You say {}; it is {}.",
            self.question,
            said.trim(),
            self.answer.text()
        );
        Rich::text(text).html(format!(
            "<p><b>Predict.</b> {question}</p>\
             <p>{sign} You say <b>{}</b>; it is <b>{answer}</b>.</p>",
            escape(said.trim())
        ))
    }
}

/// The tally of all predictions since the kernel started.
#[derive(Clone, Debug)]
pub struct Predictions(Vec<AskedQuestion>);

/// Returns the tally, for the end of a chapter.
pub fn predictions() -> Predictions {
    Predictions(records().clone())
}

impl Predictions {
    /// The number of questions asked.
    pub fn of(&self) -> usize {
        self.0.len()
    }

    /// The number of right answers.
    pub fn right(&self) -> usize {
        let right = |record: &&AskedQuestion| {
            let said = record.said.as_deref();
            said.and_then(|said| record.answer.judge(said)) == Some(true)
        };
        self.0.iter().filter(right).count()
    }

    /// The number of answers entered.
    pub fn entered(&self) -> usize {
        self.0.iter().filter(|record| record.said.is_some()).count()
    }

    fn headline(&self) -> String {
        match (self.of(), self.entered()) {
            (0, _) => "Nothing was asked since the kernel started.".to_owned(),
            (1, 0) => "One prediction asked, and none entered yet.".to_owned(),
            (of, 0) => format!("{of} predictions asked, and none entered yet."),
            (of, entered) => format!("{} right of {entered} entered, {of} asked.", self.right()),
        }
    }
}

impl Render for Predictions {
    fn render(&self) -> Rich {
        let headline = self.headline();
        let entered = self.0.iter().filter_map(|record| {
            let said = record.said.as_deref()?;
            let sign = if record.answer.judge(said) == Some(true) {
                "✓"
            } else {
                "✗"
            };
            Some((sign, record, said))
        });
        let (mut text, mut rows) = (headline.clone(), String::new());
        for (sign, record, said) in entered {
            let answer = record.answer.text();
            text += &format!(
                "\n{sign} {} You said {said}; it is {answer}.",
                record.question
            );
            rows += &format!(
                "<tr><td>{sign}</td><td style=\"text-align:left\">{}</td><td>{}</td><td>{}</td></tr>",
                escape(&record.question),
                escape(said),
                escape(&answer)
            );
        }
        let table = match rows.is_empty() {
            true => String::new(),
            false => format!(
                "<table><tr><th></th><th style=\"text-align:left\">question</th><th>you said</th><th>it is</th></tr>{rows}</table>"
            ),
        };
        Rich::text(text).html(format!("<p>{headline}</p>{table}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::Control;

    #[test]
    fn a_number_is_right_as_it_is_written() {
        let four = ExpectedAnswer::from(4);
        for said in ["4", " 4 ", "4 rows", "4.0", "+4"] {
            assert_eq!(four.judge(said), Some(true), "{said}");
        }
        assert_eq!(four.judge("5"), Some(false));
        for said in ["", "four", "-", "rows: 4"] {
            assert_eq!(four.judge(said), None, "{said}");
        }
        let many = ExpectedAnswer::from(1_402_776_i64);
        assert_eq!(many.judge("1,402,776"), Some(true));
        assert_eq!(many.judge("1_402_777"), Some(false));
        assert_eq!(about(1_402_776_i64).judge("2000000"), Some(true));
        assert_eq!(about(1_402_776_i64).judge("3000000"), Some(false));
        assert_eq!(ExpectedAnswer::from(0.333_333).judge("0.333"), Some(true));
        assert_eq!(ExpectedAnswer::from(0.333_333).judge("0.34"), Some(false));
    }

    #[test]
    fn a_word_is_right_in_any_case() {
        let word = ExpectedAnswer::from("Batch");
        assert_eq!(word.judge(" batch "), Some(true));
        assert_eq!(word.judge("speed"), Some(false));
        assert_eq!(word.judge(" "), None);
    }

    #[test]
    fn the_answer_is_folded_until_one_is_entered() {
        let record = AskedQuestion::of("How many <rows>?".to_owned(), ExpectedAnswer::from(4));
        let html = |rich: Rich| rich.get("text/html").unwrap().to_owned();
        let asked = html(record.told(""));
        assert!(
            asked.contains("<details>") && asked.contains("&lt;rows&gt;"),
            "{asked}"
        );
        let plain = record.told("").get("text/plain").unwrap().to_owned();
        assert!(
            !plain.contains('4'),
            "a page without HTML shows no answer: {plain}"
        );
        let told = html(record.told("5"));
        assert!(
            told.contains("✗ You say <b>5</b>; it is <b>4</b>."),
            "{told}"
        );
        assert!(!told.contains("<details>"), "{told}");
    }

    #[test]
    fn the_tally_has_each_question_once_with_its_last_answer() {
        let question = "The tally: how many?";
        let of = |predictions: &Predictions| {
            let found = predictions
                .0
                .iter()
                .filter(|record| record.question == question);
            found.map(|record| record.said.clone()).collect::<Vec<_>>()
        };
        let field = predict(question).is(7);
        assert_eq!(of(&predictions()), [None]);
        let record = AskedQuestion::of(question.to_owned(), ExpectedAnswer::from(7));
        record.told("6");
        record.told("7");
        assert_eq!(of(&predictions()), [Some("7".to_owned())]);
        record.told("");
        assert_eq!(
            of(&predictions()),
            [None],
            "what is taken back is not counted"
        );
        assert_eq!(field.controls().get(), "");
    }
}
