// SPDX-License-Identifier: MIT OR Apache-2.0

/// Returns a counter, shortened to nine columns; or, if it is to be `exact`, in full with a blank
/// in front.
pub(super) fn counter(number: u64, exact: bool) -> String {
    if exact {
        let length = number.to_string().len();
        let width = if length <= 8 { 9 } else { length + 1 };
        return format!("{number:width$}");
    }
    let (divisor, unit) = match number {
        0..100_000_000 => return format!("{number:9}"),
        100_000_000..1_000_000_000 => (1_000, 'K'),
        1_000_000_000..100_000_000_000 => (1_000_000, 'M'),
        100_000_000_000..100_000_000_000_000 => (1_000_000_000, 'G'),
        _ => (1_000_000_000_000, 'T'),
    };
    format!("{:8}{unit}", number / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_shortened_without_rounding() {
        for (number, text) in [
            (0, "        0"),
            (99_999_999, " 99999999"),
            (100_000_000, "  100000K"),
            (999_999_999, "  999999K"),
            (1_000_000_000, "    1000M"),
            (99_999_999_999, "   99999M"),
            (100_000_000_000, "     100G"),
            (99_999_999_999_999, "   99999G"),
            (100_000_000_000_000, "     100T"),
            (u64::MAX, "18446744T"),
        ] {
            assert_eq!(counter(number, false), text);
        }
    }

    #[test]
    fn exact_counters_keep_a_blank_in_front() {
        assert_eq!(counter(7, true), "        7");
        assert_eq!(counter(99_999_999, true), " 99999999");
        assert_eq!(counter(100_000_000, true), " 100000000");
        assert_eq!(counter(u64::MAX, true), " 18446744073709551615");
    }
}
