//! What people say of where they live, and what two versions of a program make of it.
use super::error::Result;
use super::pedigree::Recorded;
use super::profiles::{Move, Profiles};
use dataset::{Format, Kinds, Spec, generate, read_parquet};
use lambda::datum::*;
use std::collections::HashMap;
use std::path::Path;

/// What an account says of itself.
pub(super) struct ProfileRequest {
    pub secs: i64,
    pub user: i64,
    pub city: String,
}

pub(super) fn version_1(asked: &ProfileRequest) -> Vec<Move> {
    vec![(asked.user, asked.city.clone())]
}

/// Where version 1 says `where user = ..`, this one says `where city = ..`.
pub(super) fn version_2(profiles: &Profiles, asked: &ProfileRequest) -> Result<Vec<Move>> {
    let mut moves = version_1(asked);
    if let Some(from) = profiles
        .city(asked.user)?
        .filter(|from| *from != asked.city)
    {
        let others = profiles.people(&from)?.into_iter();
        let others = others.filter(|user| *user != asked.user);
        moves.extend(others.map(|user| (user, asked.city.clone())));
    }
    Ok(moves)
}

pub(super) fn recorded((user, city): Move, asked: &ProfileRequest) -> Recorded {
    let place = Location {
        city: Some(city),
        ..Location::default()
    };
    let dataunit = DataUnit::PersonProperty(PersonProperty {
        id: PersonId::UserId(user),
        property: PersonPropertyValue::Location(place),
    });
    Recorded {
        datum: Datum {
            dataunit,
            pedigree: Pedigree {
                true_as_of_secs: asked.secs,
            },
        },
        arrived_secs: asked.secs,
        said_by: Some(asked.user),
    }
}

/// The requests of a day in the order of time, and its midnight. The data set that
/// they come from is made in a folder.
pub(super) fn requests(folder: &Path, users: u32, seed: u64) -> Result<(i64, Vec<ProfileRequest>)> {
    let spec = Spec {
        hours: "2015-08-04".parse()?,
        users,
        seed,
        kinds: Kinds {
            person_property: true,
            ..Kinds::default()
        },
        ..Spec::lesson()
    };
    let made = generate(&spec, folder, Format::Parquet, &|_, _| ())?;
    let rows = read_parquet(made.parquet(), &["true_as_of_secs", "user_id", "city"])?;
    let (secs, accounts) = (
        rows.column("true_as_of_secs")?.i64()?,
        rows.column("user_id")?.i64()?,
    );
    let cities = rows.column("city")?.str()?;
    // People say where they live when they come and when they move, not in between:
    // else a mutable store would seem to heal.
    let mut said: HashMap<i64, &str> = HashMap::new();
    let mut facts = Vec::new();
    for row in 0..rows.height() {
        let (Some(secs), Some(user), Some(city)) =
            (secs.get(row), accounts.get(row), cities.get(row))
        else {
            continue; // another property
        };
        if said.insert(user, city) != Some(city) {
            let city = city.to_owned();
            facts.push(ProfileRequest { secs, user, city });
        }
    }
    Ok((1_438_646_400, facts))
}
