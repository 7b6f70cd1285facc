//! The index from identifier to PersonID.

use super::components;
use crate::datum::{Equiv, PersonId};
use polars::prelude::*;
use std::collections::HashMap;

/// Which identifier belongs to which person. A person is named by the smallest
/// of their identifiers; cookies come before accounts.
///
/// ```
/// use lambda_workbook::batch::persons::PersonIndex;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let index = PersonIndex::of(&[edge(1, 3), edge(3, 5)]);
/// assert_eq!(index.person(&UserId(5)), &UserId(1));
/// assert_eq!(index.person(&UserId(2)), &UserId(2)); // no equiv: their own person
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonIndex {
    /// Only identifiers that are not their own PersonID.
    persons: HashMap<PersonId, PersonId>,
}

impl PersonIndex {
    /// The index that some equivs make; see [`components`](super::components())
    /// for what it costs.
    pub fn of(equivs: &[Equiv]) -> Self {
        let mut persons = HashMap::new();
        for component in components(equivs) {
            let mut ids = component.into_iter();
            let Some(person) = ids.next() else { continue };
            persons.extend(ids.map(|id| (id, person.clone())));
        }
        PersonIndex { persons }
    }

    /// The PersonID of an identifier.
    pub fn person<'a>(&'a self, id: &'a PersonId) -> &'a PersonId {
        self.persons.get(id).unwrap_or(id)
    }

    /// How many identifiers lead to another.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// Whether everyone is their own person.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// The page views with `cookie` and `user_id` of the PersonID in place of
    /// the identifier's: the views as if everyone had only ever used one.
    ///
    /// # Errors
    /// A missing column, or a row with no person or two.
    pub fn apply(&self, views: &DataFrame) -> PolarsResult<DataFrame> {
        let cookies = views.column("cookie")?.str()?;
        let users = views.column("user_id")?.i64()?;
        let mut cookie = StringChunkedBuilder::new("cookie".into(), views.height());
        let mut user = PrimitiveChunkedBuilder::<Int64Type>::new("user_id".into(), views.height());
        for row in 0..views.height() {
            let id = match (cookies.get(row), users.get(row)) {
                (Some(cookie), None) => PersonId::Cookie(cookie.to_owned()),
                (None, Some(user)) => PersonId::UserId(user),
                _ => polars_bail!(ComputeError: "row {row}: a person is a cookie or a user_id"),
            };
            match self.person(&id) {
                PersonId::Cookie(id) => {
                    cookie.append_value(id);
                    user.append_null();
                }
                PersonId::UserId(id) => {
                    cookie.append_null();
                    user.append_value(*id);
                }
            }
        }
        let mut views = views.clone();
        views.with_column(cookie.finish().into_column())?;
        views.with_column(user.finish().into_column())?;
        Ok(views)
    }

    /// The index as a table: `id`, `person`, sorted. Cookies are shown as they
    /// are, accounts as `user 7`.
    pub fn table(&self) -> PolarsResult<DataFrame> {
        let mut pairs: Vec<(&PersonId, &PersonId)> = self.persons.iter().collect();
        pairs.sort_unstable_by_key(|&(id, person)| (person, id));
        df!(
            "id" => pairs.iter().map(|(id, _)| shown(id)).collect::<Vec<_>>(),
            "person" => pairs.iter().map(|(_, person)| shown(person)).collect::<Vec<_>>(),
        )
    }
}

/// Returns an identifier in words, such as "user 4".
pub fn shown(id: &PersonId) -> String {
    match id {
        PersonId::Cookie(cookie) => cookie.clone(),
        PersonId::UserId(user) => format!("user {user}"),
    }
}
