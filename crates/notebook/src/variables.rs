//! The variables that later cells use.
//!
//! evcxr writes into each cell how a variable is kept and taken, with a hash map of its own. The kernel
//! writes calls of this module in its place: the map is compiled once, and not in every cell.
use super::channel;
use std::any::{Any, TypeId};
use std::collections::HashMap;

/// What evcxr reads when a variable was lost because its type is another one now.
const CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";

/// The variables of a notebook, by name.
///
/// ```
/// use lambda_workbook::notebook::variables::Variables;
/// use std::any::TypeId;
///
/// let mut variables = Variables::default();
/// variables.put("answer", Box::new(42_i32));
/// assert!(variables.check("answer", TypeId::of::<i32>()));
/// let answer = variables.take("answer", TypeId::of::<i32>());
/// assert_eq!(answer.downcast_ref(), Some(&42_i32));
/// ```
#[derive(Default)]
pub struct Variables(HashMap<String, Box<dyn Any>>);

impl Variables {
    /// Keeps a variable, in place of another one with its name.
    pub fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns whether there is a variable.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns whether a variable has a type, or is not there. If it has another one, because the
    /// reader defined the type again, the reader and evcxr are told.
    pub fn check(&self, name: &str, wanted: TypeId) -> bool {
        let is_kept = self
            .0
            .get(name)
            .is_none_or(|value| (**value).type_id() == wanted);
        if !is_kept {
            eprintln!("The type of the variable {name} was redefined, so was lost.");
            channel::to_evcxr(&format!("{CHANGED_TYPE}{name}"));
        }
        is_kept
    }

    /// Takes a variable of a type.
    ///
    /// # Panics
    /// If there is none, or it has another type; [`check`](Self::check) comes before this.
    pub fn take(&mut self, name: &str, wanted: TypeId) -> Box<dyn Any> {
        match self.0.remove(name) {
            Some(value) if (*value).type_id() == wanted => value,
            Some(_) => panic!("the variable `{name}` has another type"),
            None => panic!("the variable `{name}` is not there"),
        }
    }
}
