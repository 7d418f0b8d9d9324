//! Unbiased choices from the operating system's random source.

/// A number below `bound`, each equally likely. `bound` is at least 1.
pub(super) fn below(bound: u32) -> Result<u32, getrandom::Error> {
    // The values past the last whole multiple of `bound` would favour small numbers: drawn again.
    let usable = u32::MAX - (u32::MAX % bound + 1) % bound;
    loop {
        let value = getrandom::u32()?;
        if value <= usable {
            return Ok(value % bound);
        }
    }
}

/// A number in [0, 1) with 53 random bits.
pub(super) fn unit() -> Result<f64, getrandom::Error> {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    let bits = (getrandom::u64()? >> 11) as f64;
    Ok(bits / 9_007_199_254_740_992.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn stays_below_and_reaches_every_value() {
        let mut seen = [0_u32; 10];
        for _ in 0..2000 {
            seen[super::below(10).unwrap() as usize] += 1;
        }
        assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
        assert_eq!(super::below(1).unwrap(), 0);
        assert!((0.0..1.0).contains(&super::unit().unwrap()));
    }
}
