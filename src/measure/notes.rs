//! Texts, each with a number beside it, found again by a place.

/// What a block of texts takes, in bytes.
const EACH: usize = 1 << 14;

/// Texts in blocks.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Each with the place at which it begins.
    lists: Vec<(u32, Vec<u8>)>,
    /// The place of the next note.
    next: u32,
}

/// Bytes of a length, and of a number.
const WORD: usize = 4;
/// What a length has besides where a number other than 0 follows it.
const NUMBERED: u32 = 1 << 31;

impl Notes {
    /// Adds a text; `None` where there are too many.
    pub fn push(&mut self, text: &[u8], number: u32) -> Option<u32> {
        let length = u32::try_from(text.len()).ok().filter(|length| *length < NUMBERED)?;
        let more = text.len() + if number == 0 { WORD } else { 2 * WORD };
        let place = self.next;
        self.next = place.checked_add(u32::try_from(more).ok()?)?;
        if self.lists.last().is_none_or(|(_, last)| last.capacity() - last.len() < more) {
            self.lists.push((place, Vec::with_capacity(EACH.max(more))));
        }
        let (_, last) = self.lists.last_mut()?;
        if number == 0 {
            last.extend_from_slice(&length.to_le_bytes());
        } else {
            last.extend_from_slice(&(length | NUMBERED).to_le_bytes());
            last.extend_from_slice(&number.to_le_bytes());
        }
        last.extend_from_slice(text);
        Some(place)
    }

    /// The text at a place, and the number beside it.
    pub fn get(&self, place: u32) -> (&[u8], u32) {
        let found = || {
            let list = self.lists.partition_point(|(start, _)| *start <= place).checked_sub(1)?;
            let (start, list) = self.lists.get(list)?;
            let (length, rest) = list.get((place - start) as usize..)?.split_first_chunk()?;
            let length = u32::from_le_bytes(*length);
            let (number, rest) = match length & NUMBERED {
                0 => (&[0; WORD], rest),
                _ => rest.split_first_chunk()?,
            };
            Some((rest.get(..(length & !NUMBERED) as usize)?, u32::from_le_bytes(*number)))
        };
        found().unwrap_or_default()
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.lists.iter().map(|(_, list)| list.capacity()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn texts_of_any_length_are_found_again() {
        let mut notes = Notes::default();
        let lengths = [0, 1, 18, 16_375, 16_376, 16_377, 100_000, 3].iter().cycle().take(64);
        let texts: Vec<Vec<u8>> = lengths.map(|length| vec![b'x'; *length]).collect();
        let places: Vec<u32> = (0..).zip(&texts).map(|(number, text)| notes.push(text, number).unwrap()).collect();
        for ((number, text), place) in (0..).zip(&texts).zip(places) {
            assert_eq!(notes.get(place), (text.as_slice(), number));
        }
        assert_eq!(notes.get(u32::MAX), (&[][..], 0));
    }
}
