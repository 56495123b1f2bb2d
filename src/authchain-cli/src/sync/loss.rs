//! The refusal of a list from which too many are missing.

use crate::terminal::{Failure, clean};

/// Most names in a line about those who would go.
const SOME: usize = 5;

/// Refuses that more than a tenth of the names of the last run go, or all of them. A single one of
/// several may go: whoever can change their own entry must not be able to stop everything.
pub(super) fn refuse(what: &str, gone: &[&String], before: usize) -> Result<(), Failure> {
    let is_large = gone.len().saturating_mul(10) > before;
    if !is_large || (gone.len() == 1 && before > 1) {
        return Ok(());
    }
    let some: Vec<String> = gone.iter().take(SOME).map(|name| clean(name)).collect();
    let more = match gone.len() > SOME {
        true => ", …",
        false => "",
    };
    Err(Failure::refused(format!(
        "{} of {before} {what} would go ({}{more}), more than a tenth: nothing was changed; if \
         that is right, say --force",
        gone.len(),
        some.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_tenth_does_not_go_and_one_of_a_few_does() {
        let name = "alice".to_owned();
        for (gone, before, is_fine) in [
            (0, 0, true),
            (1, 1, false),
            (1, 3, true),
            (2, 3, false),
            (2, 20, true),
            (3, 20, false),
            (20, 20, false),
        ] {
            let gone = vec![&name; gone];
            assert_eq!(refuse("people", &gone, before).is_ok(), is_fine, "{before}");
        }
    }
}
