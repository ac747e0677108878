//! Databases that are made anew for the same text: alike but for a mark by which Berkeley DB tells its files apart.

use std::borrow::Cow;
use std::ops::Range;

/// Where the first page says what it belongs to: a hash or a B-tree (`DBMETA` of Berkeley DB 4 and 5).
const MAGIC: Range<usize> = 12..16;
const MAGICS: [[u8; 4]; 2] = [0x0006_1561_u32.to_le_bytes(), 0x0005_3162_u32.to_le_bytes()];

/// Where it has the mark: inode, device and time of making. What is not in use on other pages may hold a copy of it.
const MARK: Range<usize> = 52..72;

/// The bytes of a file without the mark and its copies; as they are, where it is no database.
pub(super) fn unmarked(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_database = bytes.get(MAGIC).is_some_and(|magic| MAGICS.iter().any(|known| magic == known));
    let Some(mark) = bytes.get(MARK).filter(|_| is_database) else { return Cow::Borrowed(bytes) };
    let mut unmarked = bytes.to_vec();
    for (at, window) in bytes.windows(mark.len()).enumerate() {
        if window == mark {
            unmarked[at..at + mark.len()].fill(0);
        }
    }
    Cow::Owned(unmarked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: usize = 512;

    /// A page of metadata, one of data, and one with a copy of the mark, as postmap makes them.
    fn database(mark: [u8; 20], data: u8) -> Vec<u8> {
        let mut bytes = vec![data; 3 * PAGE];
        bytes[MAGIC].copy_from_slice(&MAGICS[0]);
        bytes[MARK].copy_from_slice(&mark);
        bytes[2 * PAGE..][MARK].copy_from_slice(&mark);
        bytes
    }

    proptest! {
        #[test]
        fn databases_are_alike_when_nothing_but_the_mark_is_another(marks: ([u8; 20], [u8; 20]), data in 0..9_u8) {
            let (one, other) = (database(marks.0, data), database(marks.1, data));
            let others_data = database(marks.0, data + 1);
            prop_assert_eq!(unmarked(&one), unmarked(&other));
            prop_assert_ne!(unmarked(&one), unmarked(&others_data));
        }

        #[test]
        fn any_other_file_is_left_as_it_is(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(unmarked(&bytes), bytes.as_slice());
        }
    }

    #[test]
    fn a_database_that_is_cut_off_is_no_reason_to_panic() {
        let whole = database([1; 20], 2);
        for end in 0..whole.len() {
            assert_eq!(unmarked(&whole[..end]).len(), end);
        }
    }
}
