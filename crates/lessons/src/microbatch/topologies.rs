//! The topologies of the chapter.
use super::aggregate::{ApproximateUniques, Count, Sum, Top};
use super::distinct::DistinctWithin;
use super::error::Result;
use super::event_time::EventTime;
use super::sessions::Sessions;
use super::stored::Kind;
use super::topology::{Emit, Topology, TopologyBuilder};
use super::value::{FieldValue, Owned};
use calendar::Granularity::Hour;
use lambda::batch::Precision;
use lambda::batch::bounces::{SILENCE, domain};
use lambda::datum::{self, Fact, Who};
use lambda::speed::Record;

/// A record as a line of text.
fn line(record: &Record<'_>, emit: &mut Emit<'_>) -> std::result::Result<(), String> {
    let line = std::str::from_utf8(record.value).map_err(|error| error.to_string())?;
    emit(&[FieldValue::Text(line)]);
    Ok(())
}

fn words(name: &str) -> TopologyBuilder {
    Topology::of(name)
        .source("lines", &["line"], line)
        .flat_map("split", "lines", &["line"], &["word"], |row, emit| {
            for word in row[0].text().split_ascii_whitespace() {
                emit(&[FieldValue::Text(word)]);
            }
        })
}

/// Word count (figure 16.5): split lines, count the words of the batch by word,
/// add that to the counts of all batches.
pub fn word_count(kind: Kind) -> Result<Topology> {
    words("word count")
        .aggregate("in the batch", "split", &["word"], Count, "batch count")
        .state(
            "counts",
            "in the batch",
            &["word"],
            Sum::of("batch count"),
            "count",
            kind,
        )
        .build()
}

/// The three most frequent words: a list that is kept, fed by the counts that a
/// batch changed.
pub fn top_words(kind: Kind) -> Result<Topology> {
    words("the top three words")
        .state("counts", "split", &["word"], Count, "count", kind)
        .state(
            "top",
            "counts",
            &[],
            Top::of(3, "word", "count"),
            "top",
            kind,
        )
        .build()
}

/// Page views, read and normalised by [the rule](lambda::datum#the-rule) of all layers, each once:
/// `page`, `secs`, and `person`, where users are numbers and cookies are texts. A page view that was
/// sent again repeats its `nonce`, as in the batch layer. A record that breaks the rule is rejected
/// with the reason, as [`Job::rejected`] shows; a fact of another kind makes no row.
///
/// [`Job::rejected`]: super::Job::rejected
///
/// A copy is recognised for `within` seconds of event time. What is later than that is too late, and
/// in the side output of `drop duplicates`.
fn page_views_from(name: &str, time: EventTime, within: i64) -> TopologyBuilder {
    let fields = ["page", "secs", "person", "nonce"];
    Topology::of(name)
        .event_time(time)
        .source("consume and normalise", &fields, |record, emit| {
            let fact = datum::read(record.value).map_err(|reason| reason.to_string())?;
            if let Fact::View(event) = fact {
                let person = match &event.who {
                    Who::User(id) => FieldValue::Int(*id),
                    Who::Cookie(cookie) => FieldValue::Text(cookie),
                };
                emit(&[
                    FieldValue::Text(&event.url),
                    FieldValue::Int(event.secs),
                    person,
                    FieldValue::Int(event.nonce),
                ]);
            }
            Ok(())
        })
        .distinct(
            "drop duplicates",
            "consume and normalise",
            &fields,
            DistinctWithin::by("secs").within(within),
        )
}

/// How long the views by hour remember page views, in seconds.
const DAY: i64 = 86_400;

/// Page views, each once, with the `hour` of each.
fn hours_from(name: &str) -> TopologyBuilder {
    page_views_from(name, EventTime::in_field("secs"), DAY).map(
        "hour",
        "drop duplicates",
        &["secs"],
        "hour",
        |row| Owned::Int(Hour.bucket(row[0].int())),
    )
}

/// Page views by page and hour, and who they came from.
pub fn page_views(kind: Kind) -> Result<Topology> {
    hours_from("page views and uniques")
        .state("views", "hour", &["page", "hour"], Count, "count", kind)
        .state(
            "uniques",
            "hour",
            &["page", "hour"],
            ApproximateUniques::of("person", Precision::DEFAULT),
            "uniques",
            kind,
        )
        .build()
}

/// The lesson's topology: consume, normalise, drop duplicates, update URL -> hour -> sketch.
pub fn lesson(kind: Kind) -> Result<Topology> {
    let uniques = ApproximateUniques::of("person", Precision::DEFAULT);
    hours_from("uniques over time")
        .state(
            "uniques",
            "hour",
            &["page", "hour"],
            uniques,
            "uniques",
            kind,
        )
        .build()
}

/// Bounce rate: visits of a person to a domain, ended by half an hour of silence; their number and
/// that of bounces, by domain, in the states `closed` and `bounces`. `time` says when a visit is over,
/// and for `lateness` seconds after that a late page view still corrects it. Page views that are
/// later are in no visit, and in the state `too late`, by domain, person and second. (They are found
/// where duplicates are dropped, which remembers page views for the allowed lateness, too.)
///
/// Each visit is charged to the domain in its own key, its last-seen time moves on
/// with every view, and two views in one second are two.
pub fn bounce_rate(time: EventTime, lateness: i64) -> Result<Topology> {
    bounce_rate_after(time, SILENCE, lateness)
}

/// [`bounce_rate`] with visits that end after another time than half an hour: `silence` seconds
/// without a page view.
///
/// ```
/// use lambda_workbook::microbatch::{EventTime, bounce_rate_after};
/// let quarter = bounce_rate_after(EventTime::in_field("secs"), 900, 0)?;
/// assert!(quarter.pipes().iter().any(|pipe| pipe.does.contains("gap 900 s")));
/// # Ok::<(), lambda_workbook::microbatch::MicroBatchError>(())
/// ```
pub fn bounce_rate_after(time: EventTime, silence: i64, lateness: i64) -> Result<Topology> {
    page_views_from("bounce rate", time, lateness)
        .map("domain of", "drop duplicates", &["page"], "domain", |row| {
            Owned::from(domain(row[0].text()))
        })
        .sessions(
            "visits",
            "domain of",
            &["domain", "person"],
            Sessions::by("secs").gap(silence).lateness(lateness),
        )
        .map("bounced", "visits", &["rows", "sign"], "bounce", |row| {
            Owned::Int(i64::from(row[0].int() == 1) * row[1].int())
        })
        .state(
            "closed",
            "bounced",
            &["domain"],
            Sum::of("sign"),
            "visits",
            Kind::Opaque,
        )
        .state(
            "bounces",
            "bounced",
            &["domain"],
            Sum::of("bounce"),
            "bounces",
            Kind::Opaque,
        )
        .side_output("side output", "drop duplicates")
        .map("its domain", "side output", &["page"], "domain", |row| {
            Owned::from(domain(row[0].text()))
        })
        .state(
            "too late",
            "its domain",
            &["domain", "person", "secs"],
            Count,
            "rows",
            Kind::Opaque,
        )
        .build()
}
