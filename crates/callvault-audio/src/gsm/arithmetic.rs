//! The 16-bit operations of section 5.1 of the standard.

/// Sum, saturated.
pub(super) fn add(left: i16, right: i16) -> i16 {
    left.saturating_add(right)
}

/// Difference, saturated.
pub(super) fn sub(left: i16, right: i16) -> i16 {
    left.saturating_sub(right)
}

/// Product of two fractions of 15 bits, rounded; -1 times -1 saturates.
pub(super) fn mult_r(left: i16, right: i16) -> i16 {
    let product = (i32::from(left) * i32::from(right) + 0x4000) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stay_within_16_bits() {
        assert_eq!(add(i16::MAX, 1), i16::MAX);
        assert_eq!(sub(i16::MIN, 1), i16::MIN);
        assert_eq!(mult_r(i16::MIN, i16::MIN), i16::MAX);
        assert_eq!(mult_r(i16::MIN, i16::MAX), -32767);
        // A half is rounded up, also below zero.
        assert_eq!((mult_r(1, 16384), mult_r(-1, 16384)), (1, 0));
    }
}
