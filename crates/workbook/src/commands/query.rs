//! `workbook query`: what the views of a batch run answer, and what that took.
use crate::{Outcome, wrong_use};
use indicatif::HumanCount;
use lambda_workbook::batch::bounces::domain;
use lambda_workbook::batch::{Sketch, normalise_url};
use lambda_workbook::calendar::{self, Granularity, Plan, Span, SpanError, local_day};
use lambda_workbook::chrono::{DateTime, NaiveDate, NaiveDateTime};
use lambda_workbook::chrono_tz::Tz;
use lambda_workbook::lambda::{Answer, Freshness, Options, Query};
use lambda_workbook::notebook::table::counted;
use lambda_workbook::notebook::time::wall_clock;
use lambda_workbook::serving::{BLOCK, Bounces, Explained, ServedViews, ServingError};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Ask the views that `workbook batch` published.
///
/// A range is answered from the fewest buckets: page views from sums and
/// differences of hours, days, weeks and months, uniques from merged sketches.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of a batch run: what `workbook batch` calls --out
    #[arg(long, value_name = "DIR", global = true, default_value = "views")]
    views: PathBuf,
    /// Folder that `workbook append` made, in place of --views: answers come from the
    /// serving views and the realtime views together
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "views")]
    home: Option<PathBuf>,
    #[command(flatten)]
    log: super::LogArgs,
    /// Also show what was read, and what came from which layer
    #[arg(long, global = true)]
    explain: bool,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    /// How often was a page seen?
    PageViews(Range),
    /// How many different persons saw a page?
    Uniques(Range),
    /// How many visits to a domain ended where they began, over all time?
    BounceRate {
        /// The domain, or any URL of it
        domain: String,
    },
}

/// A page and a range of whole hours; all that the view holds if none is named.
#[derive(clap::Args)]
struct Range {
    /// The page, as a browser or as a view writes it
    url: String,
    /// First hour: 2015-08-03T03, 2015-08-03 (midnight), or epoch seconds
    #[arg(long, value_name = "TIME", value_parser = time, requires = "until", allow_hyphen_values = true)]
    from: Option<Time>,
    /// End of the range, which is not in it
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from", allow_hyphen_values = true)]
    until: Option<Time>,
    /// One calendar day of the zone instead
    #[arg(long, value_name = "DATE", conflicts_with = "from")]
    day: Option<NaiveDate>,
    /// Where clocks read these times
    #[arg(long, value_name = "TZ", default_value = "UTC", value_parser = calendar::parse_zone)]
    zone: Tz,
    /// A line for each day of the zone that the range touches
    #[arg(long)]
    by_day: bool,
}

#[derive(Clone, Copy)]
enum Time {
    /// What a clock reads.
    Wall(NaiveDateTime),
    Epoch(i64),
}

fn time(text: &str) -> Result<Time, String> {
    if let Ok(secs) = text.parse() {
        return Ok(Time::Epoch(secs));
    }
    let text = text.replacen(' ', "T", 1);
    let wall =
        |pattern, rest: &str| NaiveDateTime::parse_from_str(&format!("{text}{rest}"), pattern);
    wall("%Y-%m-%dT%H:%M:%S", "")
        .or_else(|_| wall("%Y-%m-%dT%H:%M:%S", ":00"))
        .or_else(|_| wall("%Y-%m-%dT%H:%M:%S", ":00:00"))
        .or_else(|_| wall("%Y-%m-%dT%H:%M:%S", "T00:00:00"))
        .map(Time::Wall)
        .map_err(|_| "write a time as 2015-08-03T03, 2015-08-03T03:00 or 2015-08-03".to_owned())
}

pub fn run(args: Args) -> anyhow::Result<Outcome> {
    let lambda = match &args.home {
        Some(home) => {
            super::must_be_home(home)?;
            Some(args.log.open(home, Options::default())?)
        }
        None => None,
    };
    let layers = match &lambda {
        Some(lambda) => Layers::Both(Box::new(lambda.query()?)),
        None => Layers::Serving(ServedViews::open(&args.views).map_err(|error| {
            match error {
                // There is nothing there: most likely another folder was meant.
                ServingError::Version(_) => anyhow::Error::new(error).context(format!(
                    "no views to ask in {}; name the folder that `workbook batch --out` wrote",
                    args.views.display()
                )),
                damaged => damaged.into(),
            }
        })?),
    };
    let show = Show {
        explain: args.explain,
        json: args.json,
    };
    match args.question {
        Question::PageViews(range) => ask(&layers, &show, &range, "page views", |url, span| {
            layers.page_views(url, span)
        }),
        Question::Uniques(range) => ask(&layers, &show, &range, "uniques", |url, span| {
            layers.uniques(url, span)
        }),
        Question::BounceRate { domain: name } => bounce_rate(&layers, &show, &name),
    }
}

/// How answers are printed.
struct Show {
    explain: bool,
    json: bool,
}

/// What is asked.
enum Layers<'a> {
    /// The serving views alone.
    Serving(ServedViews),
    /// Serving and realtime views together, at one moment.
    Both(Box<Query<'a>>),
}

/// What each layer alone would say, and how fresh their answer is.
type Parts<T> = Option<(T, T, Freshness)>;

/// An answer, and where it comes from.
struct Found<T> {
    value: T,
    /// What was read of the serving views; `None` if they do not hold the URL.
    reads: Option<Explained<()>>,
    /// What each layer says, where both were asked.
    parts: Parts<T>,
}

impl Found<i64> {
    fn of_serving<T>(read: Option<Explained<T>>, value: impl Fn(&T) -> i64) -> Self {
        Self {
            value: read.as_ref().map_or(0, |read| value(&read.value)),
            reads: read.map(|read| read.map(|_| ())),
            parts: None,
        }
    }

    fn of_both((answer, reads): (Answer<i64>, Option<Explained<()>>)) -> Self {
        Self {
            value: answer.value,
            reads,
            parts: Some((answer.serving, answer.realtime, answer.freshness)),
        }
    }
}

impl Layers<'_> {
    fn served(&self) -> &ServedViews {
        match self {
            Self::Serving(views) => views,
            Self::Both(query) => query.served(),
        }
    }

    fn page_views(&self, url: &str, span: Span) -> anyhow::Result<Found<i64>> {
        Ok(match self {
            Self::Serving(views) => Found::of_serving(views.page_views(url, span)?, |count| *count),
            Self::Both(query) => {
                Found::of_both(query.page_views_explained(url, span.from()..span.until())?)
            }
        })
    }

    fn uniques(&self, url: &str, span: Span) -> anyhow::Result<Found<i64>> {
        Ok(match self {
            Self::Serving(views) => Found::of_serving(views.uniques(url, span)?, Sketch::uniques),
            Self::Both(query) => {
                Found::of_both(query.uniques_explained(url, span.from()..span.until())?)
            }
        })
    }

    /// `None` for a domain to which nobody came.
    fn bounces(&self, domain: &str) -> anyhow::Result<Option<Found<Bounces>>> {
        let (value, parts) = match self {
            Self::Serving(views) => match views.bounces(domain)? {
                Some(value) => (value, None),
                None => return Ok(None),
            },
            Self::Both(query) => {
                let answer = query.bounces(domain)?;
                let parts = (answer.serving, answer.realtime, answer.freshness);
                (answer.value, Some(parts))
            }
        };
        Ok((value.visits > 0).then_some(Found {
            value,
            reads: None,
            parts,
        }))
    }

    /// All of the time in which a URL was seen; `None` for a URL that was not.
    fn extent(&self, url: &str) -> anyhow::Result<Option<Span>> {
        let served = self.served().extent(url)?;
        let Self::Both(query) = self else {
            return Ok(served);
        };
        let all = *calendar::TIMESTAMPS.start()..*calendar::TIMESTAMPS.end();
        let hours = query.page_views_by_hour(url, all)?;
        let ends = hours.keys().next().zip(hours.keys().next_back());
        let hour = Granularity::Hour.secs();
        let seen = ends.map(|(first, last)| Span::of_hours_in(&(*first..last + hour)));
        Ok(match (served, seen) {
            (Some(served), Some(seen)) => Some(Span::of_hours_in(
                &(served.from().min(seen.from())..served.until().max(seen.until())),
            )),
            (served, seen) => served.or(seen),
        })
    }

    /// The error for a URL or a domain that was not seen, with the nearest that were.
    fn unknown(&self, name: &str, of_bounces: bool) -> anyhow::Error {
        let error = unknown(self.served(), name, of_bounces);
        let waiting = match self {
            Self::Serving(_) => 0,
            Self::Both(query) => query.freshness().waiting,
        };
        if waiting == 0 {
            return error;
        }
        anyhow::anyhow!(
            "{error}; {} in the log, in no view yet; apply them with `workbook speed --home DIR`",
            match waiting {
                1 => "1 record waits".to_owned(),
                waiting => format!("{} records wait", HumanCount(waiting)),
            }
        )
    }
}

fn ask(
    layers: &Layers<'_>,
    show: &Show,
    range: &Range,
    what: &str,
    count: impl Fn(&str, Span) -> anyhow::Result<Found<i64>>,
) -> anyhow::Result<Outcome> {
    // The URL and the ranges that are meant.
    let url = normalised(&range.url);
    let Some(whole) = layers.extent(&url)? else {
        return Err(layers.unknown(&url, false));
    };
    let span = range.span(whole);
    let mut spans = vec![span];
    if range.by_day {
        spans = days(span, range.zone);
    }

    // An answer for each.
    let mut out = std::io::stdout().lock();
    for span in spans {
        let found = count(&url, span)?;
        // A reader that has gone (`| head -1`) is no fault.
        let _ = match show.json {
            true => writeln!(out, "{}", as_json(what, &url, span, &found, show.explain)),
            false => {
                let (from, until) = (span.from(), span.until());
                writeln!(
                    out,
                    "{} of {url} from {} to before {}",
                    amount(found.value.max(0), what),
                    wall_clock(from, range.zone),
                    wall_clock(until, range.zone)
                )
                .and_then(|()| match show.explain {
                    true => explain(&mut out, &found, what),
                    false => Ok(()),
                })
            }
        };
    }
    Ok(Outcome::Done)
}

impl Range {
    /// The range that is meant, given all that the view holds.
    fn span(&self, whole: Span) -> Span {
        let local = |from, until| Span::local(from, until, self.zone);
        if let Some(date) = self.day {
            let noon = date.and_hms_opt(12, 0, 0).expect("a time of day");
            let noon = local(noon, noon)
                .unwrap_or_else(|error| wrong_use(error))
                .from();
            let day = local_day(noon, self.zone);
            // Samoa had no December 30, 2011.
            if with_offset(noon, self.zone).date_naive() != date {
                wrong_use(format!("the calendar of {} has no {date}", self.zone));
            }
            return whole_hours(Span::new(day.start, day.end));
        }
        let (Some(from), Some(until)) = (self.from, self.until) else {
            return whole;
        };
        let instant = |time| match time {
            Time::Epoch(secs) => Ok(secs),
            Time::Wall(wall) => local(wall, wall).map(Span::from),
        };
        whole_hours(instant(from).and_then(|from| Span::new(from, instant(until)?)))
    }
}

fn with_offset(ts: i64, zone: Tz) -> DateTime<Tz> {
    let utc = DateTime::from_timestamp(ts, 0).expect("a second that a span holds");
    utc.with_timezone(&zone)
}

/// The span, if hours can answer for it.
fn whole_hours(span: Result<Span, SpanError>) -> Span {
    let planned = span.and_then(|span| Plan::additive(span, &[Granularity::Hour]).map(|_| span));
    planned.unwrap_or_else(|error| wrong_use(error))
}

/// The days of a zone that a span touches, cut to it.
fn days(span: Span, zone: Tz) -> Vec<Span> {
    let mut days = Vec::new();
    let mut ts = span.from();
    while ts < span.until() {
        let end = local_day(ts, zone).end.min(span.until());
        days.push(whole_hours(Span::new(ts, end)));
        ts = end;
    }
    // An empty range has an answer too.
    if days.is_empty() {
        days.push(span);
    }
    days
}

/// The URL as views write it.
fn normalised(url: &str) -> String {
    let scheme = if url.contains("://") { "" } else { "http://" };
    match normalise_url(&format!("{scheme}{url}")) {
        Ok(url) => url.into_owned(),
        Err(error) => wrong_use(error),
    }
}

/// Names of a view that are nearest to one that it does not hold.
const SUGGESTED: usize = 3;

fn unknown(views: &ServedViews, name: &str, of_bounces: bool) -> anyhow::Error {
    let names = views.names(of_bounces).unwrap_or_default();
    let mut near: Vec<(usize, &str)> = names
        .iter()
        .map(|known| (strsim::levenshtein(name, known), known.as_str()))
        .collect();
    near.sort_unstable();
    let near: Vec<&str> = near.iter().take(SUGGESTED).map(|near| near.1).collect();
    let what = if of_bounces { "domain" } else { "URL" };
    let held = match near.is_empty() {
        true => "it is empty".to_owned(),
        false => format!(
            "it holds {}, the nearest: {}",
            counted(names.len(), what, &format!("{what}s")),
            near.join(", ")
        ),
    };
    anyhow::anyhow!("the view has no {what} {name:?}; {held}")
}

fn bounce_rate(layers: &Layers<'_>, show: &Show, name: &str) -> anyhow::Result<Outcome> {
    let url = normalised(name);
    let name = domain(&url);
    let Some(found) = layers.bounces(name)? else {
        return Err(layers.unknown(name, true));
    };
    let (value, rate) = (found.value, found.value.rate());
    let version = layers.served().version();
    let mut out = std::io::stdout().lock();
    if show.json {
        let mut answer = json!({
            "domain": name, "visits": value.visits, "bounces": value.bounces,
            "bounce_rate": rate, "version": version,
        });
        let of = |part: Bounces| json!({"visits": part.visits, "bounces": part.bounces});
        add_parts(&mut answer, &found.parts, of);
        let _ = writeln!(out, "{answer}");
        return Ok(Outcome::Done);
    }
    let percent = rate.map_or("no visits".to_owned(), |rate| {
        format!("{:.2} %", 100.0 * rate)
    });
    let _ = writeln!(
        out,
        "{percent} bounce rate of {name}: {} of {} visits ended where they began",
        HumanCount(value.bounces as u64),
        HumanCount(value.visits as u64)
    );
    if show.explain {
        if let Some(version) = version {
            let _ = writeln!(
                out,
                "1 read: the domain's row, in version {version} of the view"
            );
        }
        let _ = explain_parts(&mut out, &found.parts, ToString::to_string);
    }
    Ok(Outcome::Done)
}

fn explain(out: &mut impl Write, found: &Found<i64>, what: &str) -> std::io::Result<()> {
    match &found.reads {
        Some(reads) => explain_reads(out, reads, what)?,
        None => writeln!(out, "the serving views do not hold this URL")?,
    }
    explain_parts(out, &found.parts, |part| amount(*part, what))
}

/// "1 page view", "2 page views".
fn amount(n: i64, what: &str) -> String {
    let what = match n {
        1 => what.strip_suffix('s').unwrap_or(what),
        _ => what,
    };
    format!("{} {what}", HumanCount(n as u64))
}

/// What each layer alone would say, and how fresh the answer is.
fn explain_parts<T>(
    out: &mut impl Write,
    parts: &Parts<T>,
    words: impl Fn(&T) -> String,
) -> std::io::Result<()> {
    let Some((serving, realtime, freshness)) = parts else {
        return Ok(());
    };
    let records = |n: u64| counted(n as usize, "record", "records");
    writeln!(
        out,
        "the serving views alone, batch {} with {}: {}",
        freshness.batch,
        records(freshness.served),
        words(serving)
    )?;
    writeln!(
        out,
        "the realtime views alone, {} since the batch's cut: {}",
        records(freshness.realtime),
        words(realtime)
    )?;
    writeln!(
        out,
        "in the log, in no view yet: {}",
        records(freshness.waiting)
    )
}

fn explain_reads(out: &mut impl Write, reads: &Explained<()>, what: &str) -> std::io::Result<()> {
    let plan = reads.plan.to_string();
    writeln!(out, "{}", plan.lines().next().unwrap_or_default())?;
    for (read, value) in &reads.parts {
        let sign = if read.minus { '-' } else { '+' };
        let value = match value {
            Some(value) => amount(*value, what),
            None => "no row: nobody came".to_owned(),
        };
        writeln!(
            out,
            "  {sign} {} {:<11} {} to before {}  {value}",
            read.granularity,
            read.ts,
            wall_clock(read.ts, Tz::UTC),
            wall_clock(read.end(), Tz::UTC),
        )?;
    }
    writeln!(
        out,
        "version {}, shard {} of {}: 1 look into the index, {}, {} of {BLOCK} bytes",
        reads.version,
        reads.shard + 1,
        reads.shards,
        counted(reads.scans, "contiguous scan", "contiguous scans"),
        counted(reads.blocks as usize, "block", "blocks"),
    )
}

fn as_json(
    what: &str,
    url: &str,
    span: Span,
    found: &Found<i64>,
    explain: bool,
) -> serde_json::Value {
    let mut object = json!({
        "url": url, "from": span.from(), "until": span.until(),
        what.replace(' ', "_"): found.value,
        "version": found.reads.as_ref().map(|reads| reads.version),
    });
    add_parts(&mut object, &found.parts, |part| json!(part));
    if let (true, Some(reads)) = (explain, &found.reads) {
        let each = reads.parts.iter().map(|(read, value)| {
            json!({
                "granularity": read.granularity.code(), "ts": read.ts,
                "minus": read.minus, "value": value,
            })
        });
        object["reads"] = each.collect();
        object["scans"] = json!(reads.scans);
        object["blocks"] = json!(reads.blocks);
        object["shard"] = json!(reads.shard);
    }
    object
}

/// Adds what each layer alone would say, where both were asked.
fn add_parts<T: Copy>(
    object: &mut serde_json::Value,
    parts: &Parts<T>,
    of: impl Fn(T) -> serde_json::Value,
) {
    if let Some((serving, realtime, freshness)) = parts {
        object["serving"] = of(*serving);
        object["realtime"] = of(*realtime);
        object["batch"] = json!(freshness.batch);
        object["waiting"] = json!(freshness.waiting);
    }
}
