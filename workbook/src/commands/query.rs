//! `workbook query`: what the views of a batch run answer, and what that took.
use crate::{Outcome, wrong_use};
use anyhow::Context;
use indicatif::HumanCount;
use lambda_workbook::batch::bounces::domain;
use lambda_workbook::batch::normalise_url;
use lambda_workbook::calendar::{self, Granularity, Plan, Span, SpanError, local_day};
use lambda_workbook::chrono::{DateTime, NaiveDate, NaiveDateTime};
use lambda_workbook::chrono_tz::Tz;
use lambda_workbook::notebook::table::counted;
use lambda_workbook::notebook::time::wall_clock;
use lambda_workbook::serving::{Answer, BLOCK, ServedViews};
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
    /// Also show what was read
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
    let views = ServedViews::open(&args.views).with_context(|| {
        let folder = args.views.display();
        format!("no views to ask in {folder}; name the folder that `workbook batch --out` wrote")
    })?;
    let show = Show {
        explain: args.explain,
        json: args.json,
    };
    match args.question {
        Question::PageViews(range) => {
            let count = |url: &str, span| Ok(views.page_views(url, span)?.map(|a| (a.value, a)));
            ask(&views, &show, &range, "page views", count)
        }
        Question::Uniques(range) => {
            let count = |url: &str, span| {
                Ok(views
                    .uniques(url, span)?
                    .map(|answer| (answer.value.uniques(), answer)))
            };
            ask(&views, &show, &range, "uniques", count)
        }
        Question::BounceRate { domain: name } => bounce_rate(&views, &show, &name),
    }
}

/// How answers are printed.
struct Show {
    explain: bool,
    json: bool,
}

type Asked<T> = anyhow::Result<Option<(i64, Answer<T>)>>;

fn ask<T>(
    views: &ServedViews,
    show: &Show,
    range: &Range,
    what: &str,
    count: impl Fn(&str, Span) -> Asked<T>,
) -> anyhow::Result<Outcome> {
    let url = normalised(&range.url);
    let Some(whole) = views.extent(&url)? else {
        return Err(unknown(views, &url, false));
    };
    let span = range.span(whole);
    let mut spans = vec![span];
    if range.by_day {
        spans = days(span, range.zone);
    }
    let mut out = std::io::stdout().lock();
    for span in spans {
        let Some((value, answer)) = count(&url, span)? else {
            return Err(unknown(views, &url, false));
        };
        // A reader that has gone (`| head -1`) is no fault.
        let _ = match show.json {
            true => writeln!(out, "{}", as_json(what, &url, value, &answer, show.explain)),
            false => {
                let (from, until) = (span.from(), span.until());
                writeln!(
                    out,
                    "{} {what} of {url} from {} to before {}",
                    HumanCount(value.max(0) as u64),
                    wall_clock(from, range.zone),
                    wall_clock(until, range.zone)
                )
                .and_then(|()| match show.explain {
                    true => explain(&mut out, &answer, what),
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

fn bounce_rate(views: &ServedViews, show: &Show, name: &str) -> anyhow::Result<Outcome> {
    let url = normalised(name);
    let name = domain(&url);
    let Some((found, version)) = views.bounces(name)? else {
        return Err(unknown(views, name, true));
    };
    let rate = found.rate();
    let mut out = std::io::stdout().lock();
    if show.json {
        let answer = json!({
            "domain": name, "visits": found.visits, "bounces": found.bounces,
            "bounce_rate": rate, "version": version,
        });
        let _ = writeln!(out, "{answer}");
        return Ok(Outcome::Done);
    }
    let percent = rate.map_or("no visits".to_owned(), |rate| {
        format!("{:.2} %", 100.0 * rate)
    });
    let _ = writeln!(
        out,
        "{percent} bounce rate of {name}: {} of {} visits ended where they began",
        HumanCount(found.bounces as u64),
        HumanCount(found.visits as u64)
    );
    if show.explain {
        let _ = writeln!(
            out,
            "1 read: the domain's row, in version {version} of the view"
        );
    }
    Ok(Outcome::Done)
}

fn explain<T>(out: &mut impl Write, answer: &Answer<T>, what: &str) -> std::io::Result<()> {
    let plan = answer.plan.to_string();
    writeln!(out, "{}", plan.lines().next().unwrap_or_default())?;
    for (read, value) in &answer.parts {
        let sign = if read.minus { '-' } else { '+' };
        let value = match value {
            Some(value) => format!("{} {what}", HumanCount(*value as u64)),
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
        answer.version,
        answer.shard + 1,
        answer.shards,
        counted(answer.scans, "contiguous scan", "contiguous scans"),
        counted(answer.blocks as usize, "block", "blocks"),
    )
}

fn as_json<T>(
    what: &str,
    url: &str,
    value: i64,
    answer: &Answer<T>,
    explain: bool,
) -> serde_json::Value {
    let span = answer.plan.span();
    let mut object = json!({
        "url": url, "from": span.from(), "until": span.until(),
        what.replace(' ', "_"): value, "version": answer.version,
    });
    if explain {
        let reads = answer.parts.iter().map(|(read, value)| {
            json!({
                "granularity": read.granularity.code(), "ts": read.ts,
                "minus": read.minus, "value": value,
            })
        });
        object["reads"] = reads.collect();
        object["scans"] = json!(answer.scans);
        object["blocks"] = json!(answer.blocks);
        object["shard"] = json!(answer.shard);
    }
    object
}
