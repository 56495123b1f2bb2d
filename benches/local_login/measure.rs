//! Medians.

/// Medians of two measurements made in turn.
pub fn paired(
    count: usize,
    mut first: impl FnMut() -> f64,
    mut second: impl FnMut() -> f64,
) -> [f64; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..count {
        samples[0].push(first());
        samples[1].push(second());
    }
    samples.map(middle)
}

/// The median of `count` measurements.
pub fn median(count: usize, mut measure: impl FnMut() -> f64) -> f64 {
    middle((0..count).map(|_| measure()).collect())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
