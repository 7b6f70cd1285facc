//! Lambda Workbook: the Lambda Architecture, taught by running it.
//!
//! This is the support crate: what the cells of the notebooks link. Each room
//! below is a chapter's code, each file in it one concept. Read it by going down
//! the list once; it is the way of one datum.
//!
//! | lesson | room | files, in reading order |
//! |---|---|---|
//! | the data | [`schema`] | what a datum is |
//! | | [`dataset`] | `spec` what is asked for -> `hours`, `people`, `site` the world it comes from -> `make` the data -> `json`, `parquet` on disk -> `folder` whole or not at all |
//! | time | [`calendar`] | `granularity` buckets of hours, days, weeks, months -> `local_day` days of a place -> `zone` names of places -> `plan` the fewest reads |
//! | batch views = function(all data) | [`batch`] | `normalise` URLs -> `rejected` what cannot be read -> `dedupe` -> `page_views` by bucket -> `local_days` by the day of a place -> `sketch` sets that merge -> `persons` who is who -> `uniques`, `bounces` of persons -> `sql`, `normal_form` -> `output` the swap |
//! | | [`engine`] | where a batch view of a large file runs: `local`, on this machine's cores |
//! | the serving layer | [`serving`] | `key` -> `sharding` -> `blocks` -> `record` -> `build` the swap -> `sums` -> `store` reads -> `cluster` replicas -> `scatter` the slowest server -> `index_design` -> `requirements` shown and broken |
//! | the speed layer | [`speed`] | `log` -> `queues`, `topology` other ways -> `event`, `dedupe` -> `store` random writes -> `delta`, `views`, `updater` exactly once -> `recent` from scratch -> `expiry` -> `burst`, `compaction` measured |
//! | query = both | [`lambda`] | `master` all data -> `batch_run` views up to a cut -> `query` merged or refused -> `timeline`, `accuracy`, `live` |
//! | replicas that may disagree | [`crdt`] | `crdt` the trait -> `replica` -> `version_vector` -> `g_counter`, `pn_counter` -> registers -> sets -> `map`, `sketch` -> `accumulator` -> `wrong` and the `history` that breaks it |
//! | | [`cap`] | `config` -> `network` -> `cell` -> `simulation` -> `sweep` over seeds -> `sally`, `gossip`, `realtime` -> `quorum_model`, `convergence_model` in every interleaving -> `diagram` |
//! | micro-batches | [`microbatch`] | `one_at_a_time` -> `stored` ids beside values -> `aggregate` -> `topology` -> `worker`, `exchange` -> `sessions` -> `job` plan, commit, done -> `topologies` -> `crashes`, `model` proof -> `trade` measured |
//! | data systems from first principles | [`systems`] | `fact_kind` -> `pedigree` -> `master_set` append-only by type -> `profiles`, `homes` -> `deployment` of a bug -> `incremental` without a batch layer -> `faults` in both designs -> `ways` to answer, measured |
//! | | [`systems`] | `birthday` -> `partial` recomputation -> `key_filter`, `bloom_join`, `bloom_sweep` -> `cost_model`, `cost_fit`, `cost_runs` |
//! | all of it, for a week | [`capstone`] | `week` what happens when -> `truth`, `arrivals` the data and the right answers -> `wire`, `sites`, `deployment` what goes wrong -> `order`, `node`, `host`, `process` -> `run` -> `reading`, `account` |
//! | what a cell shows | [`notebook`] | `display` -> `table`, `forms`, `plot`, `time` -> `rich` -> `emit`; `live` and `progress` while it runs, `widgets` that ask back; `cells`, `channel`: the process, and its way to the kernel |
//! | exercises | [`exercises`] | `exercise` -> `attempt` -> `compare` -> `judge` -> `verdict` -> `progress`; then one file each |
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

pub use ::lambda::{batch, datum, engine};
pub use calendar;
pub use dataset;
pub use exercises;
pub use exercises::{check, hint, marks, solution};
pub use lessons::{cap, capstone, crdt, microbatch, plot, systems};
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
