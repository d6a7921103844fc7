// SPDX-License-Identifier: MIT OR Apache-2.0

/// Whether a terminal would do something else with it than show it: controls, line ends of
/// Unicode's, and what turns the direction of the text around.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_harmful() {
        for c in "\0\n\t\x1b\x7f\u{80}\u{9b}\u{9f}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
                  \u{202e}\u{2066}\u{2069}"
            .chars()
        {
            assert!(is_harmful(c), "{c:?}");
        }
        for c in
            " ~\u{a0}\u{e9}\u{61b}\u{200d}\u{2010}\u{2027}\u{202f}\u{2065}\u{206a}\u{1f600}".chars()
        {
            assert!(!is_harmful(c), "{c:?}");
        }
    }
}
