//! Protobuf's wire format, as far as one question and its answer need it.

/// A message that is being written.
#[derive(Clone, Default)]
pub struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Creates a message without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field with a text.
    pub fn text(self, field: u32, text: &str) -> Self {
        self.length_delimited(field, text.as_bytes())
    }

    /// Adds a field with a message.
    pub fn message(self, field: u32, message: Message) -> Self {
        self.length_delimited(field, &message.bytes)
    }

    fn length_delimited(mut self, field: u32, value: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
        self
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Returns the message as it is sent.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A field of a message: its number, and its value if that has one of the two forms that are read.
#[derive(Debug, PartialEq, Eq)]
pub struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Field<'a> {
    /// Returns the value of field `number` if this is it, and it is an integer.
    pub fn number(&self, number: u64) -> Option<u64> {
        match self.value {
            Value::Number(value) if self.number == number => Some(value),
            _ => None,
        }
    }

    /// Returns the value of field `number` if this is it, and it is a text, bytes or a message.
    pub fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(value) if self.number == number => Some(value),
            _ => None,
        }
    }
}

/// The fields of a message in their order. It ends at the first that is cut off or unknown.
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads a message.
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some(Field {
            number: key >> 3,
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written_up_to_where_it_is_cut_off() {
        let long = "x".repeat(300);
        let inner = Message::new().text(1, &long);
        let bytes = Message::new()
            .text(1, "abc")
            .message(200, inner)
            .into_bytes();
        let fields: Vec<Field<'_>> = Fields::of(&bytes).collect();
        assert_eq!(fields.len(), 2);
        assert_eq!(fields[0].bytes(1), Some(&b"abc"[..]));
        assert_eq!(fields[0].bytes(2), None);
        let inner = fields[1].bytes(200).unwrap();
        let text = Fields::of(inner).find_map(|field| field.bytes(1));
        assert_eq!(text, Some(long.as_bytes()));
        for cut in 1..bytes.len() {
            assert!(Fields::of(&bytes[..cut]).count() < 2, "{cut}");
        }
        // 150, as in protobuf's documentation, between two fields of fixed size.
        let fixed = [
            &[0x09, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0x10, 0x96, 0x01][..],
            &[0x1d, 1, 2, 3, 4],
        ]
        .concat();
        let numbers: Vec<u64> = Fields::of(&fixed)
            .filter_map(|field| field.number(2))
            .collect();
        assert_eq!(numbers, [150]);
    }
}
