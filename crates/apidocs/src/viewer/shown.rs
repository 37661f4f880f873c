//! Text that a page shows as it is spelled: the content of `<pre>` and `<textarea>`.

/// The limit on the text that is collected, in bytes: as much as a document may have.
const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Collects the text of one element at a time.
#[derive(Debug, Default)]
pub(super) struct Shown {
    element: Option<Vec<u8>>,
    text: String,
}

impl Shown {
    pub(super) fn open(&mut self, name: &[u8]) {
        match name {
            b"pre" | b"textarea" if self.element.is_none() => {
                self.element = Some(name.to_vec());
                self.text.clear();
            }
            // Line numbers and lines are often elements of their own.
            b"br" => self.push("\n"),
            _ => {}
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        if self.element.is_some() && self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.push_str(text);
        }
    }

    /// Returns the text of an element that ends.
    pub(super) fn close(&mut self, name: &[u8]) -> Option<String> {
        if self.element.as_deref() != Some(name) {
            return None;
        }
        self.element = None;
        Some(std::mem::take(&mut self.text))
    }
}
