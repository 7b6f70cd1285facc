//! Makes a value of `hyperloglogplus` from its state, given as a sequence of numbers.
//!
//! The registers of the crate are private, but its types implement serde. JSON would turn each
//! of thousands of numbers into text. The small deserializer below takes
//! the numbers themselves, in the order of the fields: an integer is one word, a sequence is its
//! length and its items, and an option is 0, or 1 and its value.

use serde::de::{self, DeserializeSeed, SeqAccess, Visitor};
use std::fmt;

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

/// An error of [`from_words`]: the crate's state does not have the expected form.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotWords(String);

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
