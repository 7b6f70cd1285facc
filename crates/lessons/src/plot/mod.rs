//! Every picture that a cell draws: the charts of [`notebook::plot`], which know no
//! chapter, and the pictures of a chapter's own types.
//!
//! | function | shows |
//! |---|---|
//! | [`months`](fn@months) | weeks below months, and which of them lie across two |
//! | [`plan`](fn@plan) | a plan of reads, bucket by bucket |
//! | [`round`](fn@round) | equivs after one round |
//! | [`rounds`](fn@rounds) | equivs after each round, side by side |
//! | [`visits`](fn@visits) | page views cut into visits, by identifier and by person |
//! | [`sides`](fn@sides) | people at query time, or in the batch run |
//! | [`cuts`] | hashes, cut into register and rank |
//! | [`arrival`], [`arrivals`] | registers as visitors come |
//! | [`merged`] | two sketches, merged register by register |
//! | [`accuracy`](fn@accuracy) | errors of sketches, precision by precision |
//! | [`queues`](fn@queues) | three ways to hand on events, and what a crash did to each |
//! | [`log_states`](fn@log_states) | a log with the offsets of its readers, moment by moment |
//! | [`crash_frames`](fn@crash_frames) | a crash between an effect and its acknowledgement |
//! | [`kill_frames`](fn@kill_frames) | one kill of a consumer, frame by frame, for several consumers |
//! | [`event_times`](fn@event_times) | event time against processing time, with the watermark |
//! | [`strategies`](fn@strategies) | a realtime view from all recent data, or from new data and the view before |
//! | [`topology`](fn@topology) | queues and workers that have run |
//! | [`batches`](fn@batches) | a stream cut into batches |
//! | [`stages`](fn@stages) | what moves between a driver and its executors for a query |
//! | [`stage_load`](fn@stage_load) | the rows of each executor after a shuffle |
//! | [`stored_counts`](fn@stored_counts) | counts, each with the batch that changed it last |
//! | [`protocol_frames`](fn@protocol_frames) | a run of the commit protocol, frame by frame |
//! | [`pipes`](fn@pipes) | the operators of a micro-batch topology |
//! | [`held`](fn@held) | which view holds which minutes |
//! | [`names_at_cut`](fn@names_at_cut) | how the name of a person is found by the table of a cut and the equivs since |
//! | [`birthdays`](fn@birthdays) | how age samples narrow a birthday |
//! | [`fit`](fn@fit) | a line through timed runs, and what it leaves of each |
//! | [`slowest`](fn@slowest) | queries to several servers, each of which ends with the slowest |
//! | [`slow_share`](fn@slow_share) | how many queries are slow: a formula, and what was measured |
//! | [`index_layouts`](fn@index_layouts) | rows on the disks of shards, and the path of the read head |
//! | [`keyed_rows`](fn@keyed_rows) | the keys of a store, each with its sorted buckets |
//! | [`publication`](fn@publication), [`publication_at`] | what readers see while versions are published |
//! | [`publication_schedule`] | when readers read and versions are published |
//! | [`normal_forms`](fn@normal_forms) | normalised and denormalised tables, side by side |
//! | [`designs`](fn@designs) | what each design of a data system keeps, computes and answers from |
//! | [`wrong_hours`](fn@wrong_hours) | wrong answers by hour under one fault, in a panel for each design |
//! | [`guesses`](fn@guesses) | how many strangers a sketch takes for members, by its size and precision |
//! | [`trials`] | wrong answers by hour, fault by fault and design by design |
//! | [`dashboard`](fn@dashboard) | a week of all layers, with what went wrong |
//! | [`incident`](fn@incident) | a week of all layers as monitoring shows it, without the truth |
mod accuracy;
mod batches;
mod birthdays;
mod crash_frames;
mod dashboard;
mod designs;
mod event_times;
mod fit;
mod guesses;
mod held;
mod incident;
mod index_layouts;
mod keyed_rows;
mod kill_frames;
mod log_states;
mod months;
mod names_at_cut;
mod normal_forms;
mod pipes;
mod plan;
mod protocol_frames;
mod publication;
mod queues;
mod registers;
mod rounds;
mod sides;
mod slow_share;
mod slowest;
mod stage_load;
mod stages;
mod stored_counts;
mod strategies;
mod topology;
mod visits;
mod wrong_hours;

pub use accuracy::accuracy;
pub use batches::batches;
pub use birthdays::birthdays;
pub use crash_frames::crash_frames;
pub use dashboard::dashboard;
pub use designs::{designs, trials};
pub use event_times::event_times;
pub use fit::fit;
pub use guesses::guesses;
pub use held::held;
pub use incident::incident;
pub use index_layouts::index_layouts;
pub use keyed_rows::keyed_rows;
pub use kill_frames::kill_frames;
pub use log_states::log_states;
pub use months::months;
pub use names_at_cut::names_at_cut;
pub use normal_forms::normal_forms;
pub use notebook::plot::*;
pub use pipes::{pipes, pipes_of};
pub use plan::{plan, plans};
pub use protocol_frames::protocol_frames;
pub use publication::{publication, publication_at, publication_schedule};
pub use queues::queues;
pub use registers::{arrival, arrivals, cuts, merged};
pub use rounds::{round, rounds};
pub use sides::sides;
pub use slow_share::slow_share;
pub use slowest::slowest;
pub use stage_load::stage_load;
pub use stages::stages;
pub use stored_counts::stored_counts;
pub use strategies::strategies;
pub use topology::topology;
pub use visits::visits;
pub use wrong_hours::wrong_hours;

// What all pictures are drawn with.
use show::picture::{canvas, scale, style};
