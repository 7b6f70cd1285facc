//! `workbook stream`: the records of a topic become views while they arrive, on Spark.
use super::batch::{Report, Show, precision};
use crate::Outcome;
use indicatif::HumanCount;
use lambda_workbook::batch::Precision;
use lambda_workbook::calendar;
use lambda_workbook::chrono_tz::Tz;
use lambda_workbook::engine::{BatchJob, SparkConnect, StreamJob, StreamProgress};
use lambda_workbook::lambda::BuiltBatch;
use lambda_workbook::notebook::table::counted;
use lambda_workbook::serving::ServingOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

/// Reads the records of a Kafka topic by Spark Structured Streaming: refuses what is no datum,
/// normalises URLs, drops duplicates and what is older than the watermark. From what is left it
/// computes the views of `workbook batch`, and publishes them in the folder `views`.
///
/// Run again, after its end or after a crash, it goes on where it was: each page view counts once.
#[derive(clap::Args)]
pub struct Args {
    /// The Spark Connect server, such as sc://127.0.0.1:15002. It must see the folder under the same
    /// path, and reach the brokers at the same address
    #[arg(long, value_name = "sc://HOST:PORT")]
    engine: String,
    /// The topic, such as kafka://127.0.0.1:9092/datums
    #[arg(long, value_name = "kafka://HOST:PORT/TOPIC")]
    log: String,
    /// Folder of the stream: its facts, its checkpoint, and the views
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on until Ctrl-C, with a micro-batch and new views this often; without it, end when
    /// what is in the topic is read
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: Option<u64>,
    /// How far the watermark lags behind the latest page view. One that is older is late, and
    /// dropped until the next `workbook batch`
    #[arg(long, value_name = "SECONDS", default_value_t = StreamJob::LATENESS, value_parser = clap::value_parser!(u64).range(1..=31_622_400))]
    lateness: u64,
    /// The most records of a micro-batch
    #[arg(long, value_name = "N", default_value_t = StreamJob::RECORDS_A_BATCH, value_parser = clap::value_parser!(u64).range(1..))]
    records_a_batch: u64,
    /// Also count by local day of this zone, such as America/Los_Angeles; may be repeated
    #[arg(long = "zone", value_name = "TZ", value_parser = calendar::parse_zone)]
    zones: Vec<Tz>,
    /// Precision of the sketches of uniques, 4 to 18
    #[arg(long, value_name = "BITS", default_value = "14", value_parser = precision)]
    precision: Precision,
    /// Parts of the views that queries read, each on a server of its own
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=99))]
    shards: u32,
    /// Versions of the views kept for a way back, the new one among them
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    keep: u32,
}

pub fn run(mut args: Args) -> anyhow::Result<Outcome> {
    args.zones.sort_unstable_by_key(|zone| zone.name());
    args.zones.dedup();
    let job = StreamJob {
        every: args.every,
        lateness: args.lateness,
        records_a_batch: args.records_a_batch,
        ..StreamJob::of(&args.log, &args.out)?
    };
    let spark = SparkConnect::open(&args.engine, None)?;
    if job.every.is_some() {
        go_on_after_interrupts();
        eprintln!("reading {}; Ctrl-C ends it", args.log);
    }

    // The stream, with views after each micro-batch if it goes on.
    let started = Instant::now();
    let mut records = 0;
    let streamed = spark.stream(&job, |progress| {
        say(&progress);
        if job.every.is_some() && progress.records > records {
            records = progress.records;
            // The stream goes on without these views, and the next ones contain what they lack.
            match publish(&args, &job) {
                Ok(Some(report)) => eprintln!("published {}", report.headline()),
                Ok(None) => {}
                Err(error) => eprintln!("error: these views are not published: {error:#}"),
            }
        }
    })?;

    // The views of all that was read, also of what an earlier run has read without publishing it.
    let report = publish(&args, &job)?;
    let mut out = std::io::stdout().lock();
    // A reader that has gone (`| head -1`) is no fault: the views are in place.
    let _ = writeln!(
        out,
        "read {} in {} in {:.1} s; dropped {} duplicates and {} late page views",
        counted(streamed.records as usize, "record", "records"),
        counted(streamed.batches as usize, "micro-batch", "micro-batches"),
        started.elapsed().as_secs_f64(),
        HumanCount(streamed.duplicates),
        HumanCount(streamed.late)
    );
    let _ = match report {
        Some(report) => report.write_views(&mut out),
        None => writeln!(out, "the topic has no record yet, so there are no views"),
    };
    Ok(Outcome::Done)
}

/// Computes the views of what the stream has written, and serves them. Returns nothing if it has
/// written nothing.
fn publish(args: &Args, job: &StreamJob) -> anyhow::Result<Option<Report>> {
    let input = job.input()?;
    if input.files().is_empty() {
        return Ok(None);
    }
    let batch = BatchJob {
        zones: args.zones.clone(),
        precision: args.precision,
        // A topic may begin with records that are no datums.
        nothing_is_an_error: false,
        ..BatchJob::of(input)
    };
    let how = ServingOptions {
        shards: args.shards,
        keep: args.keep as usize,
        precision: batch.precision.bits(),
    };
    // The stream may go on meanwhile, so this asks by a connection of its own.
    let spark = SparkConnect::open(&args.engine, None)?;
    let show = Show::new();
    let run = BuiltBatch::compute(
        &spark.streaming(),
        &batch,
        args.out.join("views"),
        how,
        &|progress| show.progress(progress),
    );
    show.done();
    let run = run?;
    let report = Report::of(&run, None);
    run.publish()?;
    Ok(Some(report))
}

fn say(progress: &StreamProgress) {
    let watermark = match &progress.watermark {
        Some(moment) => format!("; watermark {moment}"),
        None => String::new(),
    };
    eprintln!(
        "micro-batch {}: {} records, {} of those that waited; {} duplicates and {} late page views \
         dropped, {} page views remembered{watermark}",
        progress.batches,
        HumanCount(progress.records),
        share(progress),
        HumanCount(progress.duplicates),
        HumanCount(progress.late),
        HumanCount(progress.remembered),
    );
}

/// Returns how much of what was in the topic at the beginning has been read, in percent.
fn share(progress: &StreamProgress) -> String {
    match progress.waiting {
        0 => "all".to_owned(),
        waiting => format!("{} %", (progress.records * 100 / waiting).min(100)),
    }
}

/// Lets an interrupt end the stream and not this program, which then publishes the last views. The
/// program `connect` gets the same interrupt, and stops the stream.
fn go_on_after_interrupts() {
    extern "C" fn noted(_signal: i32) {}
    let handler = noted as extern "C" fn(i32) as libc::sighandler_t;
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGINT, handler) };
}
