//! Tables: made with their column families, compared with them, and removed.
use super::client::{Gateway, Kind};
use super::thrift2::{
    TColumnFamilyDescriptor, TTHBaseServiceSyncClient, TTableDescriptor, TTableName,
};
use lambda::speed::{Family, Result};
use std::time::{Duration, Instant};

/// How long a new table may take until it can be read.
const READY: Duration = Duration::from_secs(30);

fn name_of(table: &str) -> TTableName {
    TTableName {
        ns: None,
        qualifier: table.as_bytes().to_vec(),
    }
}

/// Returns whether a table exists.
///
/// # Errors
/// If HBase does not answer.
pub fn exists(gateway: &Gateway, table: &str) -> Result<bool> {
    let doing = format!("looking for the table {table:?}");
    gateway.call(Kind::Repeatable, &doing, |connection| {
        connection.table_exists(name_of(table))
    })
}

/// Makes a table with these families, unless it exists, and checks that it has them.
///
/// # Errors
/// If the name is none, HBase does not answer, or the table has other families.
pub fn create_or_check(gateway: &Gateway, table: &str, families: &[Family]) -> Result<()> {
    let doing = format!("opening the table {table:?}");
    let is_sound = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if table.is_empty() || !table.bytes().all(is_sound) || b"-.".contains(&table.as_bytes()[0]) {
        let problem = "this is no name of a table; write letters, digits, `_`, `-` and `.`, as in \
                       hbase://host:port/table";
        return Err(gateway.error(&doing, problem));
    }
    let wanted: Vec<TColumnFamilyDescriptor> = families
        .iter()
        .map(|family| descriptor_of(gateway, &doing, family))
        .collect::<Result<_>>()?;
    if !exists(gateway, table)? {
        let description = TTableDescriptor {
            table_name: name_of(table),
            columns: Some(wanted.clone()),
        };
        let made = gateway.call(Kind::Administer, &doing, |connection| {
            connection.create_table(description.clone())
        });
        // Another process may have made it at the same moment.
        if let Err(error) = made
            && !exists(gateway, table)?
        {
            return Err(error);
        }
    }
    check(gateway, table, &doing, &wanted)?;
    enable(gateway, table, &doing)
}

/// A table that was disabled, by a removal that did not end, cannot be read.
fn enable(gateway: &Gateway, table: &str, doing: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let disabled = gateway.call(Kind::Repeatable, doing, |connection| {
            connection.is_table_disabled(name_of(table))
        })?;
        if !disabled {
            return Ok(());
        }
        let enabled = gateway.call(Kind::Administer, doing, |connection| {
            connection.enable_table(name_of(table))
        });
        if let Err(error) = enabled
            && began.elapsed() > READY
        {
            return Err(error);
        }
    }
}

/// Compares the families of a table with those that are wanted. A table may have more.
fn check(
    gateway: &Gateway,
    table: &str,
    doing: &str,
    wanted: &[TColumnFamilyDescriptor],
) -> Result<()> {
    let found = gateway.call(Kind::Repeatable, doing, |connection| {
        connection.get_table_descriptor(name_of(table))
    })?;
    let found = found.columns.unwrap_or_default();
    let mut wrong = Vec::new();
    for family in wanted {
        let name = String::from_utf8_lossy(&family.name);
        let Some(found) = found.iter().find(|found| found.name == family.name) else {
            wrong.push(format!("it has no column family {name:?}"));
            continue;
        };
        if found.max_versions != family.max_versions {
            wrong.push(format!(
                "family {name:?} keeps {} versions, not {}",
                found.max_versions.unwrap_or_default(),
                family.max_versions.unwrap_or_default()
            ));
        }
        // No time to live is the largest number.
        let ttl = |family: &TColumnFamilyDescriptor| family.time_to_live.unwrap_or(i32::MAX);
        if ttl(found) != ttl(family) {
            wrong.push(format!(
                "family {name:?} has a TTL of {} s, not {} s",
                ttl(found),
                ttl(family)
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "the table was not made for this: {}; name another table, which is then made, or drop this \
         one (`disable` and `drop` in HBase's shell)",
        wrong.join("; ")
    );
    Err(gateway.error(doing, &problem))
}

/// Returns a family as HBase describes it.
fn descriptor_of(
    gateway: &Gateway,
    doing: &str,
    family: &Family,
) -> Result<TColumnFamilyDescriptor> {
    let seconds = match family.ttl {
        None => None,
        Some(millis) => match i32::try_from(millis / 1000) {
            Ok(seconds) if seconds > 0 && millis % 1000 == 0 => Some(seconds),
            _ => {
                let problem = format!(
                    "family {:?} has a TTL of {millis} ms; HBase counts it in whole seconds, from 1",
                    family.name
                );
                return Err(gateway.error(doing, &problem));
            }
        },
    };
    Ok(TColumnFamilyDescriptor {
        name: family.name.as_bytes().to_vec(),
        attributes: None,
        max_versions: Some(i32::try_from(family.versions).unwrap_or(i32::MAX)),
        time_to_live: seconds,
    })
}

/// Removes a table, with all that is in it. A crash in between leaves it disabled, and the next
/// removal goes on from there.
///
/// # Errors
/// If HBase does not answer.
pub fn remove(gateway: &Gateway, table: &str) -> Result<()> {
    let doing = format!("removing the table {table:?}");
    if !exists(gateway, table)? {
        return Ok(());
    }
    let disabled = gateway.call(Kind::Repeatable, &doing, |connection| {
        connection.is_table_disabled(name_of(table))
    })?;
    if !disabled {
        gateway.call(Kind::Administer, &doing, |connection| {
            connection.disable_table(name_of(table))
        })?;
    }
    gateway.call(Kind::Administer, &doing, |connection| {
        connection.delete_table(name_of(table))
    })
}
