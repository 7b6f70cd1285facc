//! The samples of chapter 5: what a log and a store on real systems were seen to do, beside those of
//! this machine. A reader without them sees the samples, so the samples must be what they do.
use crate::broker;
use crate::region_server;
use crate::systems::new_name;
use connect::hbase::HBaseOptions;
use connect::kafka::KafkaOptions;
use lambda_workbook::speed::promises::{self, Promise, PromiseSample};
use lambda_workbook::speed::{retried, samples};

/// Fails unless this was seen when the sample was taken.
fn assert_sample(found: &[Promise], sample: &PromiseSample) {
    let found: Vec<(bool, &str)> = found
        .iter()
        .map(|row| (row.holds, row.seen.as_str()))
        .collect();
    assert_eq!(found, sample.seen, "{}", sample.system);
}

/// Rule: the chapter's sample of Kafka is what a broker does.
#[test]
fn the_sample_of_kafka_is_what_a_broker_does() {
    let Some(broker) = broker::shared() else {
        return;
    };
    let log = broker.log(KafkaOptions::default());
    let found = promises::of_log(&log, &new_name("promises")).unwrap();
    assert_sample(&found, &promises::KAFKA);
}

/// Rule: the chapter's sample of retries is what producers and a broker do.
#[test]
fn the_sample_of_retries_is_what_producers_do() {
    let Some(broker) = broker::shared() else {
        return;
    };
    let found = [(false, 1), (true, 1), (true, 2)].map(|(idempotent, sent)| {
        let log = broker.log(KafkaOptions {
            idempotent,
            ..broker::patient()
        });
        // The client sends again what was not acknowledged; the application does in the last row.
        if sent == 1 {
            log.lose_next_acknowledgement();
        }
        let found = retried(&log, &new_name("retried"), "", sent).unwrap();
        (found.stored, found.by_offset, found.by_identity)
    });
    let sample = samples::kafka_retries().map(|row| (row.stored, row.by_offset, row.by_identity));
    assert_eq!(found, sample);
}

/// Rule: the chapter's sample of HBase is what a table does.
#[test]
fn the_sample_of_hbase_is_what_a_table_does() {
    let Some(hbase) = region_server::shared() else {
        return;
    };
    let store = hbase.store(
        &new_name("promises"),
        &promises::FAMILIES,
        HBaseOptions::default(),
    );
    let found = promises::of_store(&store, "tried").unwrap();
    assert_sample(&found, &promises::HBASE);
}
