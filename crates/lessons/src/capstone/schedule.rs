//! Deployments, roll backs and batch runs, when they are due.
use super::deployment::Code;
use super::error::Result;
use super::order::{NodeReply, Order};
use super::reading::Mark;
use super::run::Simulation;

/// A batch run on its way.
pub(super) struct RunningBatch {
    batch: u64,
    cut: Vec<u64>,
    code: Code,
    pub(super) due: i64,
}

impl Simulation<'_> {
    /// Deployments, roll backs and batch runs that are due.
    pub(super) fn batches(&mut self, hour: i64) -> Result<()> {
        let noticed = self.week.bad_deployment.is_some_and(|bad| {
            self.wrong_since
                .is_some_and(|since| hour - since >= bad.noticed_after)
        });
        if noticed {
            let (&batch, _) = self.codes.last_key_value().expect("a batch is served");
            self.tell(&Order::RollBack(batch - 1))?;
            self.codes.remove(&batch);
            self.marks.push(Mark::RolledBack(batch));
            (self.wrong_since, self.mended) = (None, true);
            (self.running, self.expire_at) = (None, None);
            // The mended code runs at once.
            self.next_begin = hour;
        }
        if let Some(run) = self.running.take_if(|run| run.due <= hour) {
            self.serve(run)?;
            self.expire_at = Some(hour + self.week.expire_after);
        }
        if self.expire_at.is_some_and(|at| at <= hour) {
            self.tell(&Order::Expire)?;
            self.marks.push(Mark::Expired);
            self.expire_at = None;
        }
        if self.running.is_none() && self.next_begin <= hour {
            let due = hour + self.week.batch_takes;
            self.running = Some(self.begin(due)?);
            let every = self.week.batch_every;
            self.next_begin = (hour / every + 1) * every;
        }
        Ok(())
    }

    fn begin(&mut self, due: i64) -> Result<RunningBatch> {
        let NodeReply::Begun { batch, cut } = self.tell(&Order::Begin)? else {
            unreachable!("a beginning is answered by a cut")
        };
        let bad = self.week.bad_deployment;
        let is_bad = !self.mended && bad.is_some_and(|bad| batch >= bad.batch);
        self.marks.push(Mark::Begun(batch));
        Ok(RunningBatch {
            batch,
            cut,
            code: if is_bad {
                Code::WithoutCookies
            } else {
                Code::Right
            },
            due,
        })
    }

    fn serve(&mut self, run: RunningBatch) -> Result<()> {
        let RunningBatch {
            batch, cut, code, ..
        } = run;
        self.tell(&Order::Serve { batch, cut, code })?;
        self.codes.insert(batch, code);
        self.audit.batches += 1;
        self.marks.push(Mark::Served(batch, code));
        Ok(())
    }

    pub(super) fn run_batch(&mut self) -> Result<()> {
        let run = self.begin(0)?;
        self.serve(run)?;
        self.tell(&Order::Expire)?;
        Ok(())
    }
}
