//! The index from identifiers to PersonIDs.

use super::components::{Joined, components};
use crate::datum::{Equiv, PersonId};
use polars::prelude::*;
use std::collections::HashMap;

/// An index from identifiers to PersonIDs. The PersonID of a person is the smallest of the
/// person's identifiers, where cookies come before accounts.
///
/// ```
/// use lambda_workbook::batch::persons::PersonIndex;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let index = PersonIndex::of(&[edge(1, 3), edge(3, 5)]);
/// assert_eq!(index.person(&UserId(5)), &UserId(1));
/// assert_eq!(index.person(&UserId(2)), &UserId(2)); // without an equiv, an identifier is its own person
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonIndex {
    /// The PersonID of each identifier that is not its own PersonID.
    persons: HashMap<PersonId, PersonId>,
}

impl PersonIndex {
    /// Creates the index of some equivs. For the cost see [`components`](super::components()).
    pub fn of(equivs: &[Equiv]) -> Self {
        Self::of_components(components(equivs))
    }

    /// Creates the index of persons that were joined one equiv at a time.
    pub fn of_joined(joined: Joined) -> Self {
        Self::of_components(joined.into_components())
    }

    fn of_components(components: Vec<Vec<PersonId>>) -> Self {
        let mut persons = HashMap::new();
        for component in components {
            let mut ids = component.into_iter();
            let Some(person) = ids.next() else { continue };
            persons.extend(ids.map(|id| (id, person.clone())));
        }
        PersonIndex { persons }
    }

    /// Returns the PersonID of an identifier: the identifier itself if it has no equiv. O(1).
    pub fn person<'a>(&'a self, id: &'a PersonId) -> &'a PersonId {
        self.persons.get(id).unwrap_or(id)
    }

    /// Returns the number of identifiers that are not their own PersonID.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// Returns whether every identifier is its own PersonID.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Returns the page views with each identifier replaced by its PersonID, in the columns
    /// `cookie` and `user_id`: as if every person had only ever used one identifier.
    ///
    /// # Errors
    /// A missing column, or a row with no person or with two.
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

    /// Returns the index as a table with the columns `id` and `person`, sorted by person. A
    /// cookie is shown as it is, an account as `user 7`.
    pub fn table(&self) -> PolarsResult<DataFrame> {
        let mut pairs: Vec<(&PersonId, &PersonId)> = self.persons.iter().collect();
        pairs.sort_unstable_by_key(|&(id, person)| (person, id));
        df!(
            "id" => pairs.iter().map(|(id, _)| display_name(id)).collect::<Vec<_>>(),
            "person" => pairs.iter().map(|(_, person)| display_name(person)).collect::<Vec<_>>(),
        )
    }
}

/// Returns an identifier as text: a cookie as it is, an account as "user 4".
pub fn display_name(id: &PersonId) -> String {
    match id {
        PersonId::Cookie(cookie) => cookie.clone(),
        PersonId::UserId(user) => format!("user {user}"),
    }
}
