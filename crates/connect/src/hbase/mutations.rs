//! The changes of a row as HBase takes them.
//!
//! HBase gives all changes of one atomic mutation the same sequence number, so their order among
//! each other is lost: a deletion hides what is written with it. Changes of the same cell are
//! therefore joined here, before they are sent.
use super::thrift2::{TColumn, TColumnValue, TDelete, TDeleteType, TMutation, TPut, TRowMutations};
use lambda::speed::{Cell, Change, Family, Mutation, family_at};
use std::collections::{BTreeMap, BTreeSet};

/// The longest row key that HBase takes, in bytes.
const LONGEST_ROW: usize = i16::MAX as usize;
/// The largest cell that HBase takes, in bytes, with some room for its key.
const LARGEST_CELL: usize = 10_000_000;
/// The largest mutation of one row, in bytes: the gateway takes messages of 100 MB.
const LARGEST_MUTATION: usize = 64 << 20;
/// The time of a deletion that covers everything up to the server's current time.
const NOW: i64 = i64::MAX;

/// What becomes of one cell.
#[derive(Default)]
struct Effect {
    /// Up to which timestamp the versions are deleted.
    deleted: Option<i64>,
    /// The versions that are written, by timestamp.
    written: BTreeMap<i64, Vec<u8>>,
}

/// The changes of a row, ready to be sent.
pub struct Changes {
    row: Vec<u8>,
    put: Option<TPut>,
    deletes: Vec<TDelete>,
}

impl Changes {
    /// Joins the changes of a row.
    ///
    /// # Errors
    /// What HBase cannot store, and what to do.
    pub fn of(mutation: &Mutation, families: &[Family]) -> Result<Self, String> {
        let row = &mutation.row;
        if row.is_empty() || row.len() > LONGEST_ROW {
            return Err(format!(
                "a row key has {} bytes, and HBase takes 1 to {LONGEST_ROW}; shorten it",
                row.len()
            ));
        }
        let bytes: usize = mutation.changes.iter().map(bytes_of).sum();
        if bytes > LARGEST_MUTATION {
            return Err(format!(
                "a mutation of one row has {bytes} bytes, and the gateway of HBase takes \
                 {LARGEST_MUTATION}; divide it into several mutations, which are not atomic together"
            ));
        }
        // What becomes of each cell, and of whole families.
        let mut cells: BTreeMap<(&str, &[u8]), Effect> = BTreeMap::new();
        let mut emptied: BTreeSet<&str> = BTreeSet::new();
        for change in &mutation.changes {
            match change {
                Change::Put {
                    family,
                    qualifier,
                    cell,
                } => {
                    check_qualifier(qualifier)?;
                    check_cell(row, qualifier, cell)?;
                    if emptied.contains(family) {
                        return Err(format!(
                            "a mutation deletes the family {family:?} of a row and then writes to \
                             it, which HBase cannot do atomically; apply two mutations"
                        ));
                    }
                    let versions = versions_of(families, family)?;
                    let effect = cells.entry((family, qualifier)).or_default();
                    if versions == 1 {
                        // It takes the place of what is there, so nothing need be deleted.
                        *effect = Effect::default();
                    } else if effect.deleted == Some(NOW) {
                        // Earlier versions have earlier timestamps.
                        effect.deleted = (cell.timestamp > 0).then(|| cell.timestamp - 1);
                    }
                    effect.written.insert(cell.timestamp, cell.value.clone());
                }
                Change::Delete { family, qualifier } => {
                    versions_of(families, family)?;
                    let effect = cells.entry((family, qualifier)).or_default();
                    effect.written.clear();
                    effect.deleted = Some(NOW);
                }
                Change::DeleteFamily { family } => {
                    versions_of(families, family)?;
                    cells.retain(|(other, _), _| other != family);
                    emptied.insert(family);
                }
            }
        }
        // As the gateway has it.
        let mut values = Vec::new();
        let mut deleted = Vec::new();
        for ((family, qualifier), effect) in cells {
            let (family, qualifier) = (family.as_bytes().to_vec(), qualifier.to_vec());
            if effect.deleted.is_some() {
                deleted.push(TColumn {
                    family: family.clone(),
                    qualifier: Some(qualifier.clone()),
                    timestamp: effect.deleted.filter(|up_to| *up_to != NOW),
                });
            }
            values.extend(
                effect
                    .written
                    .into_iter()
                    .map(|(timestamp, value)| TColumnValue {
                        family: family.clone(),
                        qualifier: qualifier.clone(),
                        value,
                        timestamp: Some(timestamp),
                    }),
            );
        }
        let emptied = emptied.into_iter().map(|family| TColumn {
            family: family.as_bytes().to_vec(),
            qualifier: None,
            timestamp: None,
        });
        let delete = |columns: Vec<TColumn>, kind: TDeleteType| TDelete {
            row: row.clone(),
            columns: Some(columns),
            timestamp: None,
            delete_type: Some(kind),
        };
        let deletes = [
            delete(deleted, TDeleteType::DELETE_COLUMNS),
            delete(emptied.collect(), TDeleteType::DELETE_FAMILY),
        ];
        let some = |delete: &TDelete| delete.columns.as_ref().is_some_and(|all| !all.is_empty());
        Ok(Self {
            row: row.clone(),
            put: (!values.is_empty()).then(|| TPut {
                row: row.clone(),
                column_values: values,
            }),
            deletes: deletes.into_iter().filter(some).collect(),
        })
    }

    /// Returns them as one put, if they are only that.
    pub fn into_put(self) -> Result<TPut, TRowMutations> {
        match self.put {
            Some(put) if self.deletes.is_empty() => Ok(put),
            put => Err(Self { put, ..self }.into_mutations()),
        }
    }

    /// Returns them as mutations that are applied atomically.
    pub fn into_mutations(self) -> TRowMutations {
        let deletes = self.deletes.into_iter().map(TMutation::DeleteSingle);
        TRowMutations {
            row: self.row,
            mutations: deletes.chain(self.put.map(TMutation::Put)).collect(),
        }
    }
}

/// About the number of bytes of a change in a message.
fn bytes_of(change: &Change) -> usize {
    match change {
        Change::Put {
            qualifier, cell, ..
        } => qualifier.len() + cell.value.len(),
        Change::Delete { qualifier, .. } => qualifier.len(),
        Change::DeleteFamily { .. } => 0,
    }
}

fn versions_of(families: &[Family], name: &str) -> Result<u32, String> {
    let place = family_at(families, name).map_err(|error| error.to_string())?;
    Ok(families[place].versions)
}

/// Refuses an empty qualifier. A cell that has one sorts before an older mark that its whole family is
/// deleted, as the mark has none either. A filter that seeks to a range of qualifiers then passes the
/// mark, and shows what it deletes. (HBASE-18471 repaired this for seeks without a filter.)
///
/// # Errors
/// If the qualifier is empty.
pub fn check_qualifier(qualifier: &[u8]) -> Result<(), String> {
    match qualifier.is_empty() {
        true => Err(
            "a cell has an empty qualifier, beside which HBase may show deleted cells again; give \
             the cell a name"
                .to_owned(),
        ),
        false => Ok(()),
    }
}

fn check_cell(row: &[u8], qualifier: &[u8], cell: &Cell) -> Result<(), String> {
    let bytes = row.len() + qualifier.len() + cell.value.len();
    if bytes > LARGEST_CELL {
        return Err(format!(
            "a cell has {bytes} bytes with its key, and HBase takes {LARGEST_CELL}; divide the \
             value into several cells"
        ));
    }
    if cell.timestamp < 0 {
        return Err(format!(
            "a cell has the timestamp {}, and HBase takes 0 or more",
            cell.timestamp
        ));
    }
    Ok(())
}

/// Returns the filter of a read of one row, for the cells whose qualifiers are in a range, as HBase
/// reads it: two messages of Protocol Buffers, one in the other. Without `to` the range has no end.
pub fn qualifiers_between(from: &[u8], to: Option<&[u8]>) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            field.push(length as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        field.extend_from_slice(bytes);
        field
    };
    let flag = |number: u8, yes: bool| vec![number << 3, yes.into()];
    let mut range = [field(1, from), flag(2, true)].concat();
    if let Some(to) = to {
        range.extend(field(3, to));
    }
    range.extend(flag(4, false));
    let name = b"org.apache.hadoop.hbase.filter.ColumnRangeFilter";
    [field(1, name), field(2, &range)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [Family; 2] = [
        Family::new("one"),
        Family {
            name: "many",
            versions: 3,
            ttl: None,
        },
    ];

    fn changes(mutation: Mutation) -> Result<Changes, String> {
        Changes::of(&mutation, &FAMILIES)
    }

    #[test]
    fn the_last_change_of_a_cell_counts() {
        let only = changes(
            Mutation::of("r")
                .put("one", "q", 0, "a")
                .put("one", "q", 0, "b"),
        );
        let put = only.unwrap().into_put().unwrap();
        assert_eq!(put.column_values.len(), 1);
        assert_eq!(put.column_values[0].value, b"b");
        // A write takes the place of what a deletion would remove.
        let written = changes(Mutation::of("r").delete("one", "q").put("one", "q", 0, "b"));
        assert!(written.unwrap().into_put().is_ok());
        let removed = changes(Mutation::of("r").put("one", "q", 0, "b").delete("one", "q"));
        assert_eq!(removed.unwrap().into_mutations().mutations.len(), 1);
        // Of several versions the earlier ones are deleted.
        let both = changes(
            Mutation::of("r")
                .delete("many", "q")
                .put("many", "q", 7, "b"),
        );
        let both = both.unwrap();
        assert_eq!(
            both.deletes[0].columns.as_ref().unwrap()[0].timestamp,
            Some(6)
        );
        assert_eq!(both.into_mutations().mutations.len(), 2);
    }

    #[test]
    fn what_hbase_cannot_store_is_named() {
        let long = Mutation::of(vec![b'x'; 40_000]).put("one", "q", 0, "");
        let large = Mutation::of("r").put("one", "q", 0, vec![0; 11_000_000]);
        let nameless = Mutation::of("r").put("one", "", 0, "");
        let early = Mutation::of("r").put("one", "q", -1, "");
        let mut emptied = Mutation::of("r");
        emptied.changes.push(Change::DeleteFamily { family: "one" });
        let other = Mutation::of("r").put("other", "q", 0, "");
        let wide = (0..8).fold(Mutation::of("r"), |mutation, q: u8| {
            mutation.put("one", [q], 0, vec![0; 9_000_000])
        });
        for (mutation, words) in [
            (long, "takes 1 to 32767"),
            (large, "divide the value"),
            (nameless, "give the cell a name"),
            (early, "0 or more"),
            (wide, "divide it into several mutations"),
            (emptied.put("one", "q", 0, ""), "apply two mutations"),
            (other, "one, many"),
        ] {
            let error = changes(mutation).err().unwrap();
            assert!(error.contains(words), "{error}");
        }
    }
}
