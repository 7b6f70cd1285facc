//! Facts of the traffic as rows of a data frame.
use crate::systems::Result;
use lambda::datum::{DataUnit, Datum, PersonId};
use polars::prelude::{DataFrame, df};

/// Returns facts as rows with the columns `kind`, `true_as_of_secs`, `url`, `cookie`, `user_id`,
/// `nonce`, `cookie2` and `user_id2`. Facts that are neither page views nor equivs are left out.
pub(super) fn rows_of<'a>(facts: impl IntoIterator<Item = &'a Datum>) -> Result<DataFrame> {
    let split = |person: &PersonId| match person {
        PersonId::Cookie(cookie) => (Some(cookie.clone()), None),
        PersonId::UserId(user) => (None, Some(*user)),
    };
    let (mut kinds, mut secs, mut urls, mut nonces) = (vec![], vec![], vec![], vec![]);
    let (mut first, mut second) = (vec![], vec![]);
    for datum in facts {
        let (kind, url, nonce, id, other) = match &datum.dataunit {
            DataUnit::PageView(view) => {
                let (url, nonce) = (Some(view.page.url.clone()), Some(view.nonce));
                ("page_view", url, nonce, split(&view.person), (None, None))
            }
            DataUnit::Equiv(equiv) => ("equiv", None, None, split(&equiv.id1), split(&equiv.id2)),
            _ => continue,
        };
        kinds.push(kind);
        secs.push(datum.pedigree.true_as_of_secs);
        urls.push(url);
        nonces.push(nonce);
        first.push(id);
        second.push(other);
    }
    let (cookies, users): (Vec<Option<String>>, Vec<Option<i64>>) = first.into_iter().unzip();
    let (cookies2, users2): (Vec<Option<String>>, Vec<Option<i64>>) = second.into_iter().unzip();
    Ok(df!(
        "kind" => kinds,
        "true_as_of_secs" => secs,
        "url" => urls,
        "cookie" => cookies,
        "user_id" => users,
        "nonce" => nonces,
        "cookie2" => cookies2,
        "user_id2" => users2,
    )?)
}
