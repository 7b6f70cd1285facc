//! The batch code, and a version of it with a bug.
use crate::misreading::Misreading;
use lambda::datum::{DataUnit, PersonId};
use lambda::engine::{Engine, Local};
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
    /// The engine that runs this code.
    pub fn engine(self) -> Box<dyn Engine> {
        match self {
            Self::Right => Box::new(Local::default()),
            Self::WithoutCookies => Box::new(Misreading::new(|datum| match &datum.dataunit {
                DataUnit::PageView(view) if matches!(view.person, PersonId::Cookie(_)) => None,
                _ => Some(datum),
            })),
        }
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
