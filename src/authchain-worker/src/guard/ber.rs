//! BER elements, read without recursion and without copying.
//!
//! LDAP uses a small part of BER (RFC 4511 §5.1): definite lengths, tags of one byte. Everything
//! else is refused.

use super::Refusal;

/// The deepest nesting that is accepted. LDAP needs six levels: message, operation, attributes,
/// attribute, values, value.
const DEPTH: usize = 8;

/// The most elements of a message. Each costs ldap3 some sixty bytes.
const ELEMENTS: usize = 4096;

/// The bit of a tag that is set if the element contains others.
const CONSTRUCTED: u8 = 0x20;

/// The bits of a tag that are all set if it continues in the next byte.
const LONG_TAG: u8 = 0x1f;

/// An element: its tag and its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class, form and number in one byte.
    pub tag: u8,
    /// The bytes behind the length.
    pub contents: &'a [u8],
}

/// The header of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Class, form and number in one byte.
    pub tag: u8,
    /// The size of the header itself, in bytes.
    pub size: usize,
    /// The length of the contents, in bytes.
    pub length: usize,
}

impl Header {
    /// Reads the header at the beginning of `bytes`; `None` if more bytes are needed.
    ///
    /// # Errors
    /// For tags and lengths that LDAP does not use.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let [tag, rest @ ..] = bytes else {
            return Ok(None);
        };
        if tag & LONG_TAG == LONG_TAG {
            return Err(Refusal::Tag);
        }
        let [first, rest @ ..] = rest else {
            return Ok(None);
        };
        let (count, length) = match first {
            0..=0x7f => (0, Some(usize::from(*first))),
            // 0x80 is the indefinite form; more than four bytes are more than any message.
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let number = rest.get(..count).map(big_endian);
                let length = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
                (count, length)
            }
            _ => return Err(Refusal::Length),
        };
        Ok(length.map(|length| Self {
            tag: *tag,
            size: count.saturating_add(2),
            length,
        }))
    }

    /// Returns the size of the whole element, in bytes.
    pub fn total(&self) -> usize {
        self.size.saturating_add(self.length)
    }
}

/// Returns the value of an INTEGER (X.690 §8.3), such as an id or a limit; `None` if it is negative
/// or has more than four bytes.
pub fn integer(contents: &[u8]) -> Option<i32> {
    let is_short = (1..=4).contains(&contents.len());
    let number = is_short.then(|| big_endian(contents))?;
    let is_negative = contents.first().is_some_and(|byte| *byte > 0x7f);
    i32::try_from(number).ok().filter(|_| !is_negative)
}

fn big_endian(bytes: &[u8]) -> u32 {
    (bytes.iter()).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// A sequence of elements, as bytes.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Returns the elements in `bytes`.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns the next element; `None` at the end.
    ///
    /// # Errors
    /// For an element that is cut off, or that LDAP does not use.
    pub fn take(&mut self) -> Result<Option<Element<'a>>, Refusal> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let header = Header::read(self.0)?.ok_or(Refusal::Length)?;
        let (element, rest) = (self.0)
            .split_at_checked(header.total())
            .ok_or(Refusal::Length)?;
        self.0 = rest;
        Ok(Some(Element {
            tag: header.tag,
            contents: element.get(header.size..).unwrap_or_default(),
        }))
    }

    /// Returns the contents of the next element, which must have `tag`; `shape` names the message
    /// in the error.
    ///
    /// # Errors
    /// As [`take`](Self::take), and for another tag or none.
    pub fn expect(&mut self, tag: u8, shape: &'static str) -> Result<&'a [u8], Refusal> {
        match self.take()? {
            Some(element) if element.tag == tag => Ok(element.contents),
            _ => Err(Refusal::Shape(shape)),
        }
    }

    /// Returns whether no element is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Checks the nesting of all elements: each ends within the element around it, and they are neither
/// too deep nor too many.
///
/// # Errors
/// For the first fault.
pub fn check_nesting(message: &[u8]) -> Result<(), Refusal> {
    let mut open = Vec::with_capacity(DEPTH);
    open.push(Elements::of(message));
    let mut count = 0usize;
    while let Some(innermost) = open.last_mut() {
        let Some(element) = innermost.take()? else {
            open.pop();
            continue;
        };
        count = count.saturating_add(1);
        if count > ELEMENTS {
            return Err(Refusal::TooMany);
        }
        if element.tag & CONSTRUCTED != 0 {
            if open.len() == DEPTH {
                return Err(Refusal::TooDeep);
            }
            open.push(Elements::of(element.contents));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_once_it_is_whole() {
        let header = |tag, size, length| Ok(Some(Header { tag, size, length }));
        assert_eq!(Header::read(&[]), Ok(None));
        assert_eq!(Header::read(&[0x30]), Ok(None));
        assert_eq!(Header::read(&[0x30, 0x05]), header(0x30, 2, 5));
        assert_eq!(Header::read(&[0x30, 0x82, 0x01]), Ok(None));
        assert_eq!(Header::read(&[0x30, 0x82, 1, 2]), header(0x30, 4, 258));
        assert_eq!(Header::read(&[0x30, 0x84, 0, 0, 0, 3]), header(0x30, 6, 3));
        let largest = header(0x30, 6, 0x7fff_ffff);
        assert_eq!(Header::read(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), largest);
        for length in [0x80, 0x85, 0xff] {
            assert_eq!(Header::read(&[0x30, length, 0]), Err(Refusal::Length));
        }
        assert_eq!(Header::read(&[0x1f, 1]), Err(Refusal::Tag));
    }

    #[test]
    fn elements_must_end_within_the_element_around_them() {
        assert_eq!(check_nesting(&[0x30, 3, 2, 1, 7]), Ok(()));
        assert_eq!(check_nesting(&[0x30, 2, 2, 1]), Err(Refusal::Length));
        assert_eq!(check_nesting(&[0x30, 3, 2, 2, 7]), Err(Refusal::Length));
        assert_eq!(check_nesting(&[0x30, 4, 2, 1, 7]), Err(Refusal::Length));
        assert_eq!(check_nesting(&[0x30, 1, 2]), Err(Refusal::Length));
    }

    #[test]
    fn a_hundred_thousand_levels_are_refused_and_overflow_nothing() {
        let levels = 100_000u32;
        let message: Vec<u8> = (0..levels)
            .rev()
            .flat_map(|inner| {
                let [a, b, c, d] = (inner * 6).to_be_bytes();
                [0x30, 0x84, a, b, c, d]
            })
            .collect();
        assert_eq!(check_nesting(&message), Err(Refusal::TooDeep));
    }

    #[test]
    fn many_small_elements_are_refused() {
        let many = [4, 0].repeat(ELEMENTS);
        let mut message = vec![0x30, 0x82];
        message.extend(u16::try_from(many.len()).unwrap().to_be_bytes());
        message.extend(many);
        assert_eq!(check_nesting(&message), Err(Refusal::TooMany));
    }
}
