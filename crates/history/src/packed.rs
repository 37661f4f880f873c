//! Pieces of one response, sealed together in small packs, so that few bytes are opened to see one.

use crate::extract::{Extracted, Item, Piece};
use crate::seal::Seal;

/// About how many bytes of pieces are sealed together: those of one list page of 20 objects.
const PACK_BYTES: usize = 8 << 10;

/// The most siblings that are returned: those of one list page.
const SIBLINGS_MAX: usize = 20;

/// Where a piece is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    pack: u16,
    start: u16,
    length: u16,
    item: Option<Item>,
}

/// The pieces of one response.
#[derive(Debug)]
pub(crate) struct Packed {
    packs: Vec<Vec<u8>>,
    slots: Vec<Slot>,
    groups: Vec<Vec<u32>>,
    call: Vec<u8>,
}

impl Packed {
    /// Seals the call and its pieces; `None` where sealing fails.
    pub(crate) fn seal(call: &str, extracted: Extracted, seal: &dyn Seal) -> Option<Self> {
        let Extracted { pieces, groups, .. } = extracted;
        let mut packed = Self {
            packs: Vec::new(),
            slots: Vec::with_capacity(pieces.len()),
            groups,
            call: seal.seal(call.as_bytes())?,
        };
        let mut plain = Vec::new();
        for Piece { text, item } in pieces {
            if !plain.is_empty() && plain.len() + text.len() > PACK_BYTES {
                packed.packs.push(seal.seal(&plain)?);
                plain.clear();
            }
            packed.slots.push(Slot {
                pack: u16::try_from(packed.packs.len()).ok()?,
                start: u16::try_from(plain.len()).ok()?,
                length: u16::try_from(text.len()).ok()?,
                item,
            });
            plain.extend_from_slice(text.as_bytes());
        }
        if !plain.is_empty() {
            packed.packs.push(seal.seal(&plain)?);
        }
        Some(packed)
    }

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let packs: usize = self.packs.iter().map(Vec::len).sum();
        let groups: usize = self
            .groups
            .iter()
            .map(|group| size_of_val(&group[..]))
            .sum();
        packs + groups + size_of_val(&self.slots[..]) + self.call.len()
    }

    /// The call that the pieces are from.
    pub(crate) fn call(&self, seal: &dyn Seal) -> Option<String> {
        String::from_utf8(seal.open(&self.call)?).ok()
    }

    /// A piece, and those of the items next to it.
    pub(crate) fn piece(&self, piece: u32, seal: &dyn Seal) -> (String, Vec<String>) {
        let mut opened = Opened {
            packed: self,
            seal,
            last: None,
        };
        let text = opened.text(piece).unwrap_or_default();
        let siblings = self.siblings(piece);
        let siblings = siblings.into_iter().filter_map(|piece| opened.text(piece));
        (text, siblings.collect())
    }

    /// The pieces of the items around an item, as many before it as behind it where there are so many.
    fn siblings(&self, piece: u32) -> Vec<u32> {
        let Some(item) = self.slots.get(piece as usize).and_then(|slot| slot.item) else {
            return Vec::new();
        };
        let Some(group) = self.groups.get(item.group as usize) else {
            return Vec::new();
        };
        let kept = |range: &[u32]| -> Vec<u32> {
            range
                .iter()
                .copied()
                .filter(|piece| *piece != u32::MAX)
                .collect()
        };
        let position = (item.position as usize).min(group.len());
        let before = kept(&group[..position]);
        let behind = kept(group.get(position + 1..).unwrap_or_default());
        let half = SIBLINGS_MAX / 2;
        let from_before = before.len().min(SIBLINGS_MAX - behind.len().min(half));
        let from_behind = behind.len().min(SIBLINGS_MAX - from_before);
        let mut siblings = before[before.len() - from_before..].to_vec();
        siblings.extend_from_slice(&behind[..from_behind]);
        siblings
    }
}

/// Opens packs, and keeps the last one for pieces that follow each other.
struct Opened<'o> {
    packed: &'o Packed,
    seal: &'o dyn Seal,
    last: Option<(u16, Vec<u8>)>,
}

impl Opened<'_> {
    fn text(&mut self, piece: u32) -> Option<String> {
        let slot = *self.packed.slots.get(piece as usize)?;
        if self
            .last
            .as_ref()
            .is_none_or(|(pack, _)| *pack != slot.pack)
        {
            let sealed = self.packed.packs.get(usize::from(slot.pack))?;
            self.last = Some((slot.pack, self.seal.open(sealed)?));
        }
        let (_, plain) = self.last.as_ref()?;
        let start = usize::from(slot.start);
        let text = plain.get(start..start + usize::from(slot.length))?;
        String::from_utf8(text.to_vec()).ok()
    }
}
