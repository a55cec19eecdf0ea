//! The few colours of a line, or none.

/// Whether words are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette(pub bool);

impl Palette {
    /// Good.
    pub fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    /// To look at.
    pub fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Bad.
    pub fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    /// By the way.
    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
