//! Lambda Workbook: the Lambda Architecture, taught by running it.
//!
//! This is the face of the support crate: what the cells of the notebooks link. It has no
//! code of its own but the prelude, and re-exports the crates below it.
//!
//! | crate | read it for |
//! |---|---|
//! | [`lambda`](mod@lambda) | the architecture itself; its front page is a tour along the way of one datum |
//! | [`calendar`](mod@calendar) | buckets, local days, zones, and the fewest reads that cover a range |
//! | [`dataset`] | the lesson's data: what is asked for, the world it comes from, how it is made and kept |
//! | [`lessons`] | the experiments of the chapters, below |
//! | [`notebook`] | what a cell shows while it runs: charts, progress, widgets, the channel to the kernel |
//! | [`show`] | how a value looks in a cell: text, HTML, tables, pictures |
//! | [`exercises`] | how an exercise is checked: `exercise` -> `attempt` -> `compare` -> `judge` -> `verdict` -> `progress`; then one file each |
//!
//! The chapters, and the files of their experiments in reading order. They are in
//! `crates/lessons/src/`, in the folder of the module's name; those of `serving` are in
//! `serving_layer/`, those of `speed` in `speed_layer/`, those of `lambda` in `layers/`.
//!
//! | chapter | module | files |
//! |---|---|---|
//! | page views | [`pages`] | `counter` incremented on arrival -> `rolled` days out of hours -> `steps` towards a view by local day |
//! | unique visitors | [`people`] | `sums` that fail -> `registers` HyperLogLog opened -> `storage`, `accuracy` measured -> `cover` a plan -> `in_range` answers -> `steps` |
//! | people | [`people`] | `components` in two ways -> `sides` -> `bounce` -> `steps` |
//! | the serving store | [`serving`] | `scatter` the slowest server -> `index_layout`, `index_design` where rows are -> `publication` under readers, `simulated_folder` step by step -> `requirements` shown and broken |
//! | the speed layer | [`speed`] | `queues`, `crash_frames` other ways -> `readers` of a log -> `promises` tried -> `recent` from scratch, `commit_orders` -> `topology`, `grouping` -> `retry`, `duplicates` -> `burst`, `compaction`, `forgetting` measured -> `requirements` shown and broken -> `steps` |
//! | the query | [`lambda`](mod@lambda) | `timeline`, `accuracy`, `live`, `steps` |
//! | replicas that may disagree | [`crdt`] | `crdt` the trait -> `replica` -> `version_vector` -> `g_counter`, `pn_counter` -> registers -> sets -> `map`, `sketch` -> `accumulator` -> `wrong` and the `history` that breaks it |
//! | | [`cap`] | `config` -> `network` -> `replica_state` -> `simulation` -> `sweep` over seeds -> `sally`, `gossip`, `realtime` -> `quorum_picture`, `lattice` -> `quorum_model`, `convergence_model` in every interleaving -> `scopes` -> `diagram` -> `steps` |
//! | write a node | [`cap::node`] | `state` what the reader works with -> `plan` -> `simulator` -> `history` what is claimed -> `shrink` -> `picture` -> `attack` -> `model_nodes`, `log_steps` -> `stdio` under Maelstrom |
//! | micro-batches | [`microbatch`] | `one_at_a_time` -> `stored` ids beside values -> `aggregate` -> `topology` -> `worker`, `exchange` -> `job` plan, commit, done -> `topologies` -> `crashes`, `model` proof -> `trade` measured -> `paradigms` other ways, crashed |
//! | event time and late data | [`microbatch`] | `event_time` the watermark -> `distinct`, `sessions` -> `late_data` two hours of late rows -> `steps` |
//! | data systems from first principles | [`systems`] | `fact_kind` -> `pedigree` -> `master_set` append-only by type -> `profiles`, `homes` -> `deployment` of a bug -> `incremental` without a batch layer -> [`designs`] under faults -> `ways` to answer, measured |
//! | recomputation | [`systems`] | `birthday` -> `partial` recomputation -> `key_filter`, `bloom_join`, `bloom_sweep` -> `cost_model`, `cost_fit`, `cost_runs` |
//! | all of it, for a week | [`capstone`] | `week` what happens when -> `truth`, `arrivals` the data and the right answers -> `faulty_log`, `sites`, `deployment` what goes wrong -> `order`, `node`, `host`, `process` -> `run` -> `reading`, `evidence`, `account`; then `kill_frames` one kill of a consumer, `parts` a reader's own part, `incident` a fault to find and repair |
//! | do you still need Lambda? | [`designs`] | `scenario` what goes wrong -> `system` what a design must do -> `lambda_layers`, `kappa`, `one_store`, `lakehouse`, `maintained` the designs -> `run` judged -> `sealed`, `erasure` a person is forgotten |
//!
//! A cell starts with [`prelude`]. The same views in two forms, which the tests
//! hold equal: [`batch`] computes over a data frame, to be read and changed in a
//! cell; [`engine`] streams files of any size, for `workbook batch`.
//!
//! ```
//! use lambda_workbook::prelude::*;
//!
//! let raw = df!(
//!     "true_as_of_secs" => [1_438_912_800i64, 1_438_912_801],
//!     "url" => ["http://mysite.com/blog", "http://MYSITE.COM:80/blog?page=2"],
//!     "cookie" => ["ABCDE", "PQRST"],
//!     "user_id" => [None::<i64>, None],
//!     "nonce" => [1i64, 2],
//! )?;
//! let views = batch::distinct(&batch::normalised(&raw)?)?;
//! let hours = batch::page_views(&views, Granularity::Hour)?;
//! assert_eq!(hours.column("count")?.i64()?.get(0), Some(2));
//! # Ok::<(), PolarsError>(())
//! ```
//!
//! The crates that cells use are re-exported, so that nothing but this one
//! shared library is ever linked.

pub mod prelude;

/// Both layers as one, and the experiments with it.
pub mod lambda {
    pub use ::lambda::*;
    pub use lessons::layers::*;
}

/// The serving layer, and the experiments with it.
pub mod serving {
    pub use ::lambda::serving::*;
    pub use lessons::serving_layer::*;
}

/// The speed layer, and the experiments with it.
pub mod speed {
    pub use ::lambda::speed::*;
    pub use lessons::speed_layer::*;
}

/// Engines, for batch views and for SQL. In a cell they show the progress of what they run.
pub mod engine {
    pub use ::lambda::engine::*;
    pub use lessons::engine_progress::open;
}

pub use ::lambda::{batch, datum, faults};
pub use calendar;
pub use dataset;
pub use exercises;
pub use exercises::{check, hint, marks, solution};
pub use lessons;
pub use lessons::{cap, capstone, crdt, designs, microbatch, pages, people, plot, systems};
pub use notebook;
pub use show;

pub use chrono;
pub use chrono_tz;
pub use hyperloglogplus;
pub use petgraph;
pub use plotters;
pub use polars;
pub use polars_io;
pub use serde_json;
