//! `workbook bench widgets`: how long after a slider's move its picture is there.
//!
//! A front end moves a slider many times a second, whatever the kernel does, and
//! hears the pictures that come back. A move counts until the first picture that
//! shows it or a later one, since of moves that wait only the last is drawn.

use super::print_table;
use anyhow::{Context, Result, bail};
use kernel::client::Client;
use kernel::place::Built;
use kernel::wire::{Message, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Moves a second
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Seconds that each picture's slider moves
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

/// The most that 99 of 100 moves may take, in milliseconds.
const LIMIT_MS: f64 = 30.0;

/// A picture that follows a slider: its name, and `picture(n)` in Rust.
const PICTURES: [(&str, &str); 3] = [
    (
        "a line of text",
        "fn picture(n: i64) -> Rich { Rich::text(format!(\"n={n};\")) }",
    ),
    (
        "a chart of 24 bars",
        r#"fn picture(n: i64) -> plot::Figure {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour}:00")).collect();
    let counts: Vec<i64> = (0..24).map(|hour| (hour * n) % 1000).collect();
    let view = df!("hour" => hours, "count" => counts).unwrap();
    plot::bars(&view, "hour", "count").title(&format!("n={n};")).figure().unwrap()
}"#,
    ),
    (
        "a line of 2,000 points",
        r#"fn picture(n: i64) -> plot::Figure {
    let x: Vec<i64> = (0..2000).collect();
    let y: Vec<f64> = x.iter().map(|x| (*x as f64 * n as f64 / 5e4).sin()).collect();
    let view = df!("x" => x, "y" => y).unwrap();
    plot::lines(&view, "x", "y").title(&format!("n={n};")).figure().unwrap()
}"#,
    ),
];

pub fn run(args: Args) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(args))
}

async fn measure(args: Args) -> Result<Outcome> {
    let built = Built::find()?;
    let folder = tempfile::tempdir()?;
    let mut rows = vec![Vec::from(
        [
            "ms from a move to its picture",
            "median",
            "99th percentile",
            "longest",
            "of it the closure",
            "size",
            "drawn",
            "moves",
        ]
        .map(str::to_owned),
    )];
    let mut met = true;
    for (name, code) in PICTURES {
        let mut client = Client::start(&built.exe, folder.path()).await?;
        let slider = show(&mut client, code, args.rate * args.seconds).await?;
        let mut seen = moves(&mut client, &slider, &args).await?;
        seen.waits.sort_by(f64::total_cmp);
        let closure = closure_ms(&mut client).await?;
        client.shutdown().await?;
        let late = percentile(&seen.waits, 0.99);
        met &= late <= LIMIT_MS;
        rows.push(vec![
            name.to_owned(),
            format!("{:.2}", percentile(&seen.waits, 0.5)),
            format!("{late:.2}"),
            format!("{:.2}", percentile(&seen.waits, 1.0)),
            format!("{closure:.2}"),
            format!("{} KB", seen.largest / 1000),
            seen.drawn.to_string(),
            seen.waits.len().to_string(),
            match late <= LIMIT_MS {
                true => String::new(),
                false => format!("missed {LIMIT_MS} ms"),
            },
        ]);
    }
    print_table(&rows);
    Ok(if met { Outcome::Done } else { Outcome::No })
}

/// What a front end saw.
struct Seen {
    /// Of each move, in milliseconds.
    waits: Vec<f64>,
    drawn: usize,
    /// The bytes of the largest picture.
    largest: usize,
}

/// Shows the picture under a slider; returns the slider's comm.
async fn show(client: &mut Client, code: &str, moves: u32) -> Result<String> {
    client.execute(code).await?;
    let cell = format!("interact(IntSlider::new(\"n\", 0..={moves}), picture);");
    let id = client.request("execute_request", execute(&cell)).await?;
    let mut slider = None;
    loop {
        let message = client.published().await?;
        match message.kind() {
            "error" => bail!("`{cell}` failed: {}", message.content["evalue"]),
            "comm_open" if message.content["data"]["state"]["_model_name"] == "IntSliderModel" => {
                slider = Some(text(&message.content["comm_id"]).to_owned());
            }
            _ if is_end(&message, &id) => return slider.context("no slider was shown"),
            _ => {}
        }
    }
}

fn execute(code: &str) -> Value {
    json!({
        "code": code, "silent": false, "store_history": true, "user_expressions": {},
        "allow_stdin": false, "stop_on_error": true,
    })
}

fn is_end(message: &Message, request: &str) -> bool {
    message.parent_id() == request && message.content["execution_state"] == "idle"
}

async fn moves(client: &mut Client, slider: &str, args: &Args) -> Result<Seen> {
    let count = (args.rate * args.seconds) as usize;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / args.rate.max(1));
    let mut sent: Vec<Instant> = Vec::with_capacity(count);
    let mut seen = Seen {
        waits: Vec::with_capacity(count),
        drawn: 0,
        largest: 0,
    };
    while seen.waits.len() < count {
        tokio::select! {
            _ = ticks.tick(), if sent.len() < count => {
                let state = json!({"value": sent.len() + 1});
                let data = json!({"method": "update", "state": state, "buffer_paths": []});
                let content = json!({"comm_id": slider, "data": data});
                sent.push(Instant::now());
                client.request("comm_msg", content).await?;
            }
            message = client.published() => {
                let message = message?;
                if message.kind() == "update_display_data" {
                    let data = &message.content["data"];
                    let shown = number(text(&data["text/plain"])).context("a picture without n")?;
                    let svg = text(&data["image/svg+xml"]).len();
                    seen.drawn += 1;
                    seen.largest = seen.largest.max(svg);
                    while seen.waits.len() < shown.min(sent.len()) {
                        let wait = sent[seen.waits.len()].elapsed();
                        seen.waits.push(wait.as_secs_f64() * 1e3);
                    }
                }
            }
        }
    }
    Ok(seen)
}

/// The number in `n=7;`.
fn number(text: &str) -> Option<usize> {
    text.split_once("n=")?.1.split_once(';')?.0.parse().ok()
}

/// What the closure takes by itself.
async fn closure_ms(client: &mut Client) -> Result<f64> {
    let code = "let start = std::time::Instant::now();\n\
                for n in 0..100 { std::hint::black_box(picture(n).render()); }\n\
                println!(\"{}\", start.elapsed().as_secs_f64() * 10.0);";
    let ran = client.execute(code).await?;
    ran.stdout()
        .trim()
        .parse()
        .with_context(|| format!("no time was printed: {:?}", ran.error()))
}

/// Of sorted numbers, the one that this share of them does not pass.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    let at = at.saturating_sub(1).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_numbers() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), 50.0);
        assert_eq!(percentile(&hundred, 0.99), 99.0);
        assert_eq!(percentile(&hundred, 1.0), 100.0);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_number_of_a_picture_is_in_its_title() {
        assert_eq!(number("[figure] n=17;\n0: 3"), Some(17));
        assert_eq!(number("nothing"), None);
    }
}
