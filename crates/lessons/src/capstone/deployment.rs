//! The batch code, and a version of it with a bug.
use super::error::Result;
use crate::misreading::Misreading;
use lambda::LambdaError;
use lambda::datum::{DataUnit, PersonId};
use lambda::engine::{self, Engine, Local};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which version of the batch code is deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Every page view counts.
    #[default]
    Right,
    /// "A cookie is a robot": page views by a cookie are left out. It runs, its types are
    /// right, and its views are published.
    WithoutCookies,
}

impl Code {
    /// Returns the engine that runs this code: the one at an address such as
    /// `sc://127.0.0.1:15002`, or that of this machine. The code with a bug is always run on this
    /// machine.
    ///
    /// # Errors
    /// If no engine answers at the address.
    pub fn engine(self, at: Option<&str>) -> Result<Box<dyn Engine>> {
        Ok(match (self, at) {
            (Self::Right, Some(address)) => engine::open(address).map_err(LambdaError::from)?,
            (Self::Right, None) => Box::new(Local::default()),
            (Self::WithoutCookies, _) => Box::new(Misreading::new(|datum| match &datum.dataunit {
                DataUnit::PageView(view) if matches!(view.person, PersonId::Cookie(_)) => None,
                _ => Some(datum),
            })),
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::WithoutCookies => "with a bug",
        })
    }
}
