//! Reads and writes the state of `hyperloglogplus` as a sequence of numbers.
//!
//! The registers of the crate are private, but its types implement serde. JSON would turn each
//! of thousands of numbers into text. The small serializer and deserializer below pass the
//! numbers themselves, in the order of the fields: an integer is one word, a sequence is its
//! length and its items, and an option is 0, or 1 and its value.

use serde::de::{self, DeserializeSeed, SeqAccess, Visitor};
use serde::ser::{self, Impossible, Serialize};
use std::fmt;

/// Serialises a value as words.
///
/// # Errors
/// A value with parts that the state of a sketch does not have, such as text.
pub(super) fn to_words(value: &impl Serialize) -> Result<Vec<u64>, NotWords> {
    let mut words = Vec::new();
    value.serialize(Out(&mut words))?;
    Ok(words)
}

/// Deserialises a value from words.
///
/// # Errors
/// Too few words, or a type that they do not fit.
pub(super) fn from_words<'de, T: de::Deserialize<'de>>(
    words: impl Iterator<Item = u64>,
) -> Result<T, NotWords> {
    let mut words = words;
    T::deserialize(&mut In(&mut words))
}

/// An error of [`to_words`] or [`from_words`]: the crate's state does not have the expected
/// form.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotWords(String);

impl ser::Error for NotWords {
    fn custom<T: fmt::Display>(words: T) -> Self {
        NotWords(words.to_string())
    }
}

impl de::Error for NotWords {
    fn custom<T: fmt::Display>(words: T) -> Self {
        NotWords(words.to_string())
    }
}

/// Returns the error for something that the state of a sketch does not have.
fn unexpected<T>(what: &str) -> Result<T, NotWords> {
    Err(NotWords(format!(
        "invalid state of a sketch: {what}; is this another version of hyperloglogplus?"
    )))
}

/// A serializer that appends words.
struct Out<'a>(&'a mut Vec<u64>);

/// Methods that refuse a type.
macro_rules! refused {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, _: $type) -> Result<(), NotWords> {
            unexpected(stringify!($type))
        })*
    };
}

impl<'a> ser::Serializer for Out<'a> {
    type Ok = ();
    type Error = NotWords;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeStruct = Self;
    type SerializeTupleStruct = Impossible<(), NotWords>;
    type SerializeTupleVariant = Impossible<(), NotWords>;
    type SerializeMap = Impossible<(), NotWords>;
    type SerializeStructVariant = Impossible<(), NotWords>;

    refused!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_f32: f32, serialize_f64: f64, serialize_char: char,
        serialize_str: &str, serialize_bytes: &[u8]);

    fn serialize_u8(self, v: u8) -> Result<(), NotWords> {
        self.serialize_u64(v.into())
    }
    fn serialize_u16(self, v: u16) -> Result<(), NotWords> {
        self.serialize_u64(v.into())
    }
    fn serialize_u32(self, v: u32) -> Result<(), NotWords> {
        self.serialize_u64(v.into())
    }
    fn serialize_u64(self, v: u64) -> Result<(), NotWords> {
        self.0.push(v);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), NotWords> {
        self.serialize_u64(0)
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), NotWords> {
        self.0.push(1);
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), NotWords> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotWords> {
        Ok(())
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), NotWords> {
        unexpected("an enum")
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotWords> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotWords> {
        unexpected("an enum")
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, NotWords> {
        let Some(len) = len else {
            return unexpected("a sequence without a length");
        };
        self.0.push(len as u64);
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, NotWords> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NotWords> {
        Ok(self)
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NotWords> {
        unexpected("a tuple struct")
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotWords> {
        unexpected("an enum")
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotWords> {
        unexpected("a map")
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotWords> {
        unexpected("an enum")
    }
}

/// Serializers of compound values, which append their parts one after another.
macro_rules! in_a_row {
    ($($of:ident :: $item:ident ($($name:ident: $type:ty)?)),*) => {
        $(impl ser::$of for Out<'_> {
            type Ok = ();
            type Error = NotWords;

            fn $item<T: ?Sized + Serialize>(&mut self, $($name: $type,)? value: &T) -> Result<(), NotWords> {
                value.serialize(Out(self.0))
            }
            fn end(self) -> Result<(), NotWords> {
                Ok(())
            }
        })*
    };
}

in_a_row!(
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeStruct::serialize_field(_key: &'static str)
);

/// A deserializer that takes words from an iterator.
struct In<'a, I>(&'a mut I);

impl<I: Iterator<Item = u64>> In<'_, I> {
    /// Takes the next word.
    fn word(&mut self) -> Result<u64, NotWords> {
        self.0
            .next()
            .map_or_else(|| unexpected("too few words"), Ok)
    }
}

impl<'de, I: Iterator<Item = u64>> de::Deserializer<'de> for &mut In<'_, I> {
    type Error = NotWords;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotWords> {
        visitor.visit_u64(self.word()?)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotWords> {
        match self.word()? {
            0 => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotWords> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotWords> {
        visitor.visit_unit()
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotWords> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotWords> {
        let len = self.word()? as usize;
        visitor.visit_seq(Items { from: self, len })
    }
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, NotWords> {
        visitor.visit_seq(Items { from: self, len })
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotWords> {
        let len = fields.len();
        visitor.visit_seq(Items { from: self, len })
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        tuple_struct map enum identifier ignored_any
    }
}

/// The items of a sequence.
struct Items<'a, 'b, I> {
    from: &'a mut In<'b, I>,
    /// Items that are left.
    len: usize,
}

impl<'de, I: Iterator<Item = u64>> SeqAccess<'de> for Items<'_, '_, I> {
    type Error = NotWords;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotWords> {
        if self.len == 0 {
            return Ok(None);
        }
        self.len -= 1;
        seed.deserialize(&mut *self.from).map(Some)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}
