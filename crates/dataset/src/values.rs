//! What a datum says in a column of [`COLUMNS`](super::COLUMNS).
use lambda::datum::*;

/// The text of a datum in a column; none where this kind says nothing there.
pub fn text<'d>(column: &str, unit: &'d DataUnit) -> Option<&'d str> {
    match column {
        "url" => url(unit),
        "cookie" => cookie(person(unit)?),
        "cookie2" => cookie(second(unit)?),
        "full_name" => match said(unit)? {
            PersonPropertyValue::FullName(name) => Some(name),
            _ => None,
        },
        "gender" => match said(unit)? {
            PersonPropertyValue::Gender(gender) => Some(gender.as_str()),
            _ => None,
        },
        "city" => place(unit)?.city.as_deref(),
        "state" => place(unit)?.state.as_deref(),
        "country" => place(unit)?.country.as_deref(),
        _ => None,
    }
}

/// The number of a datum in a column; none where this kind says nothing there.
pub fn number(column: &str, unit: &DataUnit) -> Option<i64> {
    match (column, unit) {
        ("user_id", _) => user_id(person(unit)?),
        ("user_id2", _) => user_id(second(unit)?),
        ("nonce", DataUnit::PageView(view)) => Some(view.nonce),
        ("age", _) => match said(unit)? {
            PersonPropertyValue::Age(age) => Some(*age),
            _ => None,
        },
        ("page_views", DataUnit::PageProperty(page)) => {
            let PagePropertyValue::PageViews(views) = page.property;
            Some(views)
        }
        _ => None,
    }
}

fn url(unit: &DataUnit) -> Option<&str> {
    match unit {
        DataUnit::PageView(view) => Some(&view.page.url),
        DataUnit::PageProperty(page) => Some(&page.id.url),
        _ => None,
    }
}

fn person(unit: &DataUnit) -> Option<&PersonId> {
    match unit {
        DataUnit::PageView(view) => Some(&view.person),
        DataUnit::Equiv(edge) => Some(&edge.id1),
        DataUnit::PersonProperty(property) => Some(&property.id),
        DataUnit::PageProperty(_) => None,
    }
}

fn second(unit: &DataUnit) -> Option<&PersonId> {
    match unit {
        DataUnit::Equiv(edge) => Some(&edge.id2),
        _ => None,
    }
}

fn said(unit: &DataUnit) -> Option<&PersonPropertyValue> {
    match unit {
        DataUnit::PersonProperty(property) => Some(&property.property),
        _ => None,
    }
}

fn place(unit: &DataUnit) -> Option<&Location> {
    match said(unit)? {
        PersonPropertyValue::Location(place) => Some(place),
        _ => None,
    }
}

fn cookie(person: &PersonId) -> Option<&str> {
    match person {
        PersonId::Cookie(cookie) => Some(cookie),
        PersonId::UserId(_) => None,
    }
}

fn user_id(person: &PersonId) -> Option<i64> {
    match person {
        PersonId::UserId(id) => Some(*id),
        PersonId::Cookie(_) => None,
    }
}
