//! Where a node runs: in this process, or in one of its own.
use super::error::Result;
use super::node::{Config, Node};
use super::order::{Order, Reply};
use super::wire::CrashAt;
use std::path::{Path, PathBuf};

/// A node that can be told what to do, and that may die of it.
pub trait Host {
    /// The reply, or none if the node died before it gave one.
    fn tell(&mut self, order: &Order) -> Result<Option<Reply>>;

    /// Starts it anew, on the files that the one before left.
    fn restart(&mut self) -> Result<()>;

    /// Lets it die at some moment of its next orders, which `draw` chooses. `long` says
    /// that the next order is a long one.
    fn doom(&mut self, draw: u64, long: bool);
}

/// A node in this process. It dies at a call to the log: everything that it holds in
/// memory is dropped, and nothing that it does from then on has an effect there.
pub struct Here {
    folder: PathBuf,
    config: Config,
    node: Option<Node>,
}

impl Here {
    /// Opens a folder.
    pub fn open(folder: &Path, config: Config) -> Result<Self> {
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
    fn tell(&mut self, order: &Order) -> Result<Option<Reply>> {
        let Some(node) = &mut self.node else {
            return Ok(None);
        };
        let obeyed = node.obey(order);
        if node.is_dead() {
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

    fn doom(&mut self, draw: u64, _long: bool) {
        if let Some(node) = &self.node {
            node.arm(CrashAt {
                calls: draw / 2 % 5,
                after: draw % 2 == 1,
            });
        }
    }
}
