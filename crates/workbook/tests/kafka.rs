//! A real Kafka broker behind the command line and behind a cell.
use crate::broker::shared;
use crate::command_line::{done, refused, view};
use crate::execution::{Execution, root};
use crate::kernel::with_kernel::{block_on, good, kernel};
use kernel::notebook_file::{Notebook, source};
use std::path::Path;

/// Rule: with its log in Kafka, a home folder answers as with a log of its own, and remembers which
/// log it has.
#[test]
fn both_layers_stand_on_a_log_in_kafka() {
    let Some(broker) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (home, input) = (path("home"), path("views.jsonl"));
    let log = format!("kafka://{}/command-line", broker.address);
    let lines = [
        view("foo.com/", 1, 60),
        view("foo.com/", 2, 70),
        "no datum\n".to_owned(),
    ];
    std::fs::write(&input, lines.concat()).unwrap();
    let said = done(&["append", "--home", &home, "--log", &log, &input]);
    assert_eq!(said, "appended 3 records; the log has 3\n");
    // The folder knows its log from now on.
    let said = done(&["speed", "--home", &home]);
    assert!(
        said.starts_with("applied 3 records, 1 of them rejected"),
        "{said}"
    );
    let ask = [
        "query",
        "--home",
        &home,
        "page-views",
        "foo.com/",
        "--explain",
    ];
    assert!(done(&ask).starts_with("2 page views"));
    done(&["batch", "--home", &home]);
    // The same views again are duplicates in another batch, and one is new.
    std::fs::write(&input, view("foo.com/", 3, 80)).unwrap();
    done(&["append", "--home", &home, &input]);
    done(&["speed", "--home", &home]);
    let said = done(&ask);
    assert!(said.starts_with("3 page views"), "{said}");
    assert!(
        said.contains("batch 1 with 3 records: 2 page views"),
        "{said}"
    );

    let other = format!("kafka://{}/other", broker.address);
    let said = refused(&["speed", "--home", &home, "--log", &other]);
    assert!(said.contains("leave the address out"), "{said}");

    let no_name = format!("kafka://{}/command line", broker.address);
    let said = refused(&["append", "--home", &path("new"), "--log", &no_name, &input]);
    assert!(said.contains("has letters, digits"), "{said}");
}

/// Rule: a week of everything that goes wrong is clean on a log in Kafka too, with processes that
/// are killed; and a broker that is not there is named, with what to do.
#[test]
fn a_soak_is_clean_on_a_log_in_kafka() {
    let Some(broker) = shared() else { return };
    let log = format!("kafka://{}", broker.address);
    let said = done(&["soak", "--views", "300", "--log", &log]);
    assert!(
        said.contains("lost 0") && said.contains("doubled 0"),
        "{said}"
    );

    let said = refused(&["soak", "--log", "kafka://127.0.0.1:1"]);
    assert!(
        said.contains("127.0.0.1:1") && said.contains("workbook up kafka"),
        "{said}"
    );
}

/// Rule: one line of a cell opens a log in Kafka, and all else is as with the log of this machine.
#[test]
fn a_cell_opens_a_log_in_kafka_by_one_line() {
    let Some(broker) = shared() else { return };
    assert!(
        Path::new(env!("CARGO_BIN_EXE_workbook"))
            .with_file_name("connect")
            .is_file(),
        "the program connect is built beside this one: `cargo build --package workbook --package connect`"
    );
    let address = &broker.address;
    block_on(async {
        let mut kernel = kernel().await;
        good(
            &mut kernel,
            &format!("let log = speed::open(\"kafka://{address}\")?;"),
        )
        .await;
        good(&mut kernel, "log.create_topic(\"of-a-cell\", 2)?;\nspeed::feed(log.as_ref(), \"of-a-cell\", &dataset::golden())?;").await;
        let ran = good(
            &mut kernel,
            "println!(\"{}\", log.ends(\"of-a-cell\")?.iter().sum::<u64>());",
        )
        .await;
        assert_eq!(ran.stdout(), "10\n");
        let ran = good(
            &mut kernel,
            "let folder = scratch(\"kafka\")?;\n\
             let mut layers = lambda::Lambda::open(&folder, log.clone(), \"of-a-cell\", lambda::Options::default())?;\n\
             layers.drain()?;\n\
             println!(\"{}\", layers.query()?.freshness().realtime);",
        )
        .await;
        assert_eq!(ran.stdout(), "10\n");
        // The capstone runs on it by its address.
        let ran = good(
            &mut kernel,
            &format!(
                "let week = capstone::Week {{ log: Some(\"kafka://{address}\".to_owned()), ..capstone::Week::drawn(3, 300) }};\n\
                 let history = capstone::here(&scratch(\"kafka-week\")?, &week, &mut |_| ())?;\n\
                 println!(\"{{}}\", history.account.is_some_and(|account| account.is_clean()));"
            ),
        )
        .await;
        assert_eq!(ran.stdout(), "true\n");
        kernel.shutdown().await.unwrap();
    });
}

/// Rule: the chapters that open a log run on Kafka, from their first cell to their last, once the
/// address is changed where they open it. They show what they show with the log of this machine,
/// but for the cells that show in which partition a key lies, and so in which batch it comes: Kafka's
/// clients hash it otherwise.
#[test]
fn chapters_run_on_kafka_by_one_line() {
    let Some(broker) = shared() else { return };
    let on_kafka = format!("speed::open(\"kafka://{}?topics=new\")?", broker.address);
    let chapters = [
        (
            "05_speed_layer",
            "home",
            1,
            &[
                "speed-05",
                "speed-05p",
                "speed-05r",
                "speed-07",
                "speed-08p",
            ][..],
        ),
        ("06_query", "home", 2, &[]),
        (
            "08_micro_batches",
            "folder",
            4,
            &["lesson", "views_rows", "rejected_rows"],
        ),
    ];
    for (chapter, folder, opened, others) in chapters {
        let notebooks = root().join("notebooks");
        let mut notebook = Notebook::read(&notebooks.join(format!("{chapter}.ipynb"))).unwrap();
        let mut changed = 0;
        for cell in notebook.cells_mut() {
            for name in ["log", "switch-log"] {
                let here = format!("speed::open(&{folder}.join({name:?}).to_string_lossy())?");
                let code = source(cell);
                changed += code.matches(&here).count();
                cell["source"] = code.replace(&here, &on_kafka).into();
            }
        }
        assert_eq!(changed, opened, "{chapter}");
        let execution = Execution::of_chapter(notebook);
        assert_eq!(execution.errors(), [], "{chapter}");
        assert_eq!(execution.changed(), others, "{chapter}");
    }
}
