//! What makes one value of many rows, in parts that merge.
use super::error::{MicroBatchError, Result};
use super::value::FieldValue;
use lambda::batch::Precision;
use lambda::batch::sketch::{Sketch, cookie_hash, user_hash};

/// A value made of rows. Parts of it, made by workers of their own, merge; so does
/// the value of a batch with what a state holds.
///
/// Merging is associative: the order of the workers does not matter. It must be
/// commutative too, unless it says otherwise.
pub trait Aggregate: Send + Sync + 'static {
    /// What is gathered.
    type Value: Clone + Send + Sync + 'static;

    /// What it does, with its fields: part of the state's identity.
    fn name(&self) -> String;
    /// The fields that it reads, in the order in which `add` gets them.
    fn fields(&self) -> Vec<String>;
    /// Of no rows.
    fn empty(&self) -> Self::Value;
    /// Takes a row.
    fn add(&self, value: &mut Self::Value, fields: &[FieldValue<'_>]) -> Result<()>;
    /// Takes another part, or a later batch.
    fn merge(&self, value: &mut Self::Value, other: Self::Value) -> Result<()>;
    /// As the next operator and a reader of the state get it; a text is put into
    /// `text` first.
    fn shown<'a>(&self, value: &Self::Value, text: &'a mut String) -> FieldValue<'a>;
    /// As it is stored.
    fn encode(&self, value: &Self::Value) -> Vec<u8>;
    /// From there.
    fn decode(&self, bytes: &[u8]) -> Result<Self::Value>;
}

fn sum(value: &mut i64, more: i64) -> Result<()> {
    let overflow = || MicroBatchError::Overflow {
        state: "a sum".to_owned(),
    };
    *value = value.checked_add(more).ok_or_else(overflow)?;
    Ok(())
}

fn decode_int(bytes: &[u8]) -> Result<i64> {
    let bytes = bytes.try_into().map_err(|_| MicroBatchError::Damaged {
        what: "a number of a state has not eight bytes",
    })?;
    Ok(i64::from_le_bytes(bytes))
}

/// How many rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count;

impl Aggregate for Count {
    type Value = i64;

    fn name(&self) -> String {
        "count".to_owned()
    }
    fn fields(&self) -> Vec<String> {
        Vec::new()
    }
    fn empty(&self) -> i64 {
        0
    }
    fn add(&self, value: &mut i64, _: &[FieldValue<'_>]) -> Result<()> {
        *value += 1;
        Ok(())
    }
    fn merge(&self, value: &mut i64, other: i64) -> Result<()> {
        sum(value, other)
    }
    fn shown<'a>(&self, value: &i64, _: &'a mut String) -> FieldValue<'a> {
        FieldValue::Int(*value)
    }
    fn encode(&self, value: &i64) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }
    fn decode(&self, bytes: &[u8]) -> Result<i64> {
        decode_int(bytes)
    }
}

/// The sum of a field.
#[derive(Clone, Debug)]
pub struct Sum(String);

impl Sum {
    /// Of this field.
    pub fn of(field: &str) -> Self {
        Self(field.to_owned())
    }
}

impl Aggregate for Sum {
    type Value = i64;

    fn name(&self) -> String {
        format!("sum of {}", self.0)
    }
    fn fields(&self) -> Vec<String> {
        vec![self.0.clone()]
    }
    fn empty(&self) -> i64 {
        0
    }
    fn add(&self, value: &mut i64, fields: &[FieldValue<'_>]) -> Result<()> {
        sum(value, fields[0].int())
    }
    fn merge(&self, value: &mut i64, other: i64) -> Result<()> {
        sum(value, other)
    }
    fn shown<'a>(&self, value: &i64, _: &'a mut String) -> FieldValue<'a> {
        FieldValue::Int(*value)
    }
    fn encode(&self, value: &i64) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }
    fn decode(&self, bytes: &[u8]) -> Result<i64> {
        decode_int(bytes)
    }
}

/// About how many different values a field has: a HyperLogLog sketch, the same
/// bytes as the batch views'.
#[derive(Clone, Debug)]
pub struct ApproximateUniques {
    field: String,
    precision: Precision,
}

impl ApproximateUniques {
    /// Of this field: numbers are user ids, texts are cookies.
    pub fn of(field: &str, precision: Precision) -> Self {
        Self {
            field: field.to_owned(),
            precision,
        }
    }
}

impl Aggregate for ApproximateUniques {
    type Value = Sketch;

    fn name(&self) -> String {
        format!(
            "uniques of {}, precision {}",
            self.field,
            self.precision.bits()
        )
    }
    fn fields(&self) -> Vec<String> {
        vec![self.field.clone()]
    }
    fn empty(&self) -> Sketch {
        Sketch::new(self.precision)
    }
    fn add(&self, value: &mut Sketch, fields: &[FieldValue<'_>]) -> Result<()> {
        value.add_hash(match fields[0] {
            FieldValue::Int(user) => user_hash(user),
            FieldValue::Text(cookie) => cookie_hash(cookie.as_bytes()),
        });
        Ok(())
    }
    fn merge(&self, value: &mut Sketch, other: Sketch) -> Result<()> {
        Ok(value.merge(&other)?)
    }
    fn shown<'a>(&self, value: &Sketch, _: &'a mut String) -> FieldValue<'a> {
        FieldValue::Int(value.uniques())
    }
    fn encode(&self, value: &Sketch) -> Vec<u8> {
        value.to_bytes()
    }
    fn decode(&self, bytes: &[u8]) -> Result<Sketch> {
        Ok(Sketch::from_bytes(bytes)?)
    }
}

/// The `k` names with the largest numbers. A name that comes again comes with its
/// new number, which must not be smaller: then no name outside of the list can
/// belong to it without being among the rows.
#[derive(Clone, Debug)]
pub struct Top {
    k: usize,
    name: String,
    number: String,
}

impl Top {
    /// Of names in one field by numbers in another.
    pub fn of(k: usize, name: &str, number: &str) -> Self {
        Self {
            k,
            name: name.to_owned(),
            number: number.to_owned(),
        }
    }

    fn put(&self, list: &mut Vec<(i64, String)>, number: i64, name: &str) {
        if let Some(place) = list.iter().position(|row| row.1 == name) {
            // Two workers never have the same name, so the later number is larger.
            list[place].0 = list[place].0.max(number);
        } else if list.len() < self.k
            || list
                .last()
                .is_some_and(|last| before(&(number, name), last))
        {
            list.push((number, name.to_owned()));
        } else {
            return;
        }
        list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        list.truncate(self.k);
    }
}

/// By number, the largest first; equals by name.
fn before(row: &(i64, &str), last: &(i64, String)) -> bool {
    row.0 > last.0 || (row.0 == last.0 && row.1 < last.1.as_str())
}

impl Aggregate for Top {
    type Value = Vec<(i64, String)>;

    fn name(&self) -> String {
        format!("top {} of {} by {}", self.k, self.name, self.number)
    }
    fn fields(&self) -> Vec<String> {
        vec![self.name.clone(), self.number.clone()]
    }
    fn empty(&self) -> Self::Value {
        Vec::new()
    }
    fn add(&self, value: &mut Self::Value, fields: &[FieldValue<'_>]) -> Result<()> {
        self.put(value, fields[1].int(), fields[0].text());
        Ok(())
    }
    fn merge(&self, value: &mut Self::Value, other: Self::Value) -> Result<()> {
        for (number, name) in other {
            self.put(value, number, &name);
        }
        Ok(())
    }
    fn shown<'a>(&self, value: &Self::Value, text: &'a mut String) -> FieldValue<'a> {
        text.clear();
        for (number, name) in value {
            let comma = if text.is_empty() { "" } else { ", " };
            *text += &format!("{comma}{name} {number}");
        }
        FieldValue::Text(text)
    }
    fn encode(&self, value: &Self::Value) -> Vec<u8> {
        serde_json::to_vec(value).unwrap_or_default()
    }
    fn decode(&self, bytes: &[u8]) -> Result<Self::Value> {
        serde_json::from_slice(bytes).map_err(|_| MicroBatchError::Damaged {
            what: "a top list of a state cannot be read",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_top_list_of_parts_is_the_top_list_of_the_whole(
            numbers in proptest::collection::btree_map("[a-h]", 0i64..6, 0..9),
            cut in 0usize..9,
        ) {
            let top = Top::of(3, "word", "count");
            let rows: Vec<(i64, String)> = numbers.into_iter().map(|(name, n)| (n, name)).collect();
            let list = |rows: &[(i64, String)]| {
                let mut list = top.empty();
                for (number, name) in rows {
                    top.add(&mut list, &[FieldValue::Text(name), FieldValue::Int(*number)]).unwrap();
                }
                list
            };
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let mut merged = list(left);
            top.merge(&mut merged, list(right)).unwrap();
            let mut sorted = rows.clone();
            sorted.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            sorted.truncate(3);
            prop_assert_eq!(&merged, &sorted);
            prop_assert_eq!(top.decode(&top.encode(&merged)).unwrap(), sorted);
        }
    }

    #[test]
    fn a_sum_that_no_longer_fits_is_an_error() {
        let mut value = i64::MAX;
        assert!(Count.merge(&mut value, 1).is_err());
        assert_eq!(value, i64::MAX);
    }
}
