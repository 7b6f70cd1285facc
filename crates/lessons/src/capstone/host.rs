//! Where a node runs: in this process, or in one of its own.
use super::error::Result;
use super::node::{Node, NodeConfig};
use super::order::{NodeReply, Order};
use lambda::faults::When;
use std::path::{Path, PathBuf};

/// A node that is told what to do, and that can crash while it does it.
pub trait Host {
    /// Gives an order and returns the reply; none if the node crashed before it replied.
    fn tell(&mut self, order: &Order) -> Result<Option<NodeReply>>;

    /// Starts it anew, on the files that the one before left.
    fn restart(&mut self) -> Result<()>;

    /// Plans a crash at a moment of the next orders, which `draw` chooses. `long` says that
    /// the next order takes long.
    fn plan_crash(&mut self, draw: u64, long: bool);
}

/// A node in this process. It crashes at a call to the log: everything that it holds in
/// memory is dropped, and nothing that it does from then on has an effect there.
pub struct Here {
    folder: PathBuf,
    config: NodeConfig,
    node: Option<Node>,
}

impl Here {
    /// Opens a folder.
    pub fn open(folder: &Path, config: NodeConfig) -> Result<Self> {
        let mut here = Self {
            folder: folder.to_owned(),
            config,
            node: None,
        };
        here.restart()?;
        Ok(here)
    }
}

impl Host for Here {
    fn tell(&mut self, order: &Order) -> Result<Option<NodeReply>> {
        let Some(node) = &mut self.node else {
            return Ok(None);
        };
        let obeyed = node.obey(order);
        if node.is_crashed() {
            self.node = None;
            return Ok(None);
        }
        obeyed.map(Some)
    }

    fn restart(&mut self) -> Result<()> {
        self.node = None;
        self.node = Some(Node::open(&self.folder, self.config.clone())?);
        Ok(())
    }

    fn plan_crash(&mut self, draw: u64, _long: bool) {
        if let Some(node) = &self.node {
            let when = match draw % 2 {
                0 => When::Before,
                _ => When::After,
            };
            node.crash_in(draw / 2 % 5, when);
        }
    }
}
