//! The table of figures, with the goals that authchain reaches or misses.

use super::peer::Peer;

/// Which figures are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Small ones.
    Less,
    /// Large ones.
    More,
}

/// A goal of authchain.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// In the row's own unit: no worse than this.
    Bound(f64),
    /// This many times better than that peer.
    Times(f64, Peer),
    /// No failed login.
    NoFailure,
}

/// A figure, and the number of logins with a wrong result.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    /// The figure; infinite if the event never came.
    pub figure: Option<f64>,
    /// The number of logins with a wrong result.
    pub failed: usize,
}

/// One row.
#[derive(Clone)]
pub struct Row {
    /// What was measured, with its unit.
    pub what: String,
    /// By peer, in the order of [`super::peer::ALL`].
    pub cells: [Cell; 4],
    /// Which figures are better.
    pub better: Better,
    /// A goal of authchain.
    pub goals: Vec<Goal>,
}

impl From<f64> for Cell {
    fn from(figure: f64) -> Self {
        Self {
            figure: Some(figure),
            failed: 0,
        }
    }
}

/// Prints the head of the table, in Markdown.
pub fn head() {
    println!("| | authchain | nslcd | SSSD | floor | × nslcd | × SSSD | goal |");
    println!("|---|---|---|---|---|---|---|---|");
}

impl Row {
    /// Prints the row. Returns whether its goal is reached.
    pub fn print(&self) -> bool {
        let [own, nslcd, sssd, floor] = self.cells.map(|cell| cell.show());
        let ratio = |peer| {
            self.ratio(peer)
                .map_or_else(String::new, |times| format!("{times:.1}"))
        };
        let [by_nslcd, by_sssd] = [Peer::Nslcd, Peer::Sssd].map(ratio);
        let (goal, is_reached) = self.goal();
        println!(
            "| {} | {own} | {nslcd} | {sssd} | {floor} | {by_nslcd} | {by_sssd} | {goal} |",
            self.what
        );
        is_reached
    }

    /// How many times better authchain is.
    fn ratio(&self, peer: Peer) -> Option<f64> {
        let own = self.cells[Peer::Authchain as usize].figure?;
        let other = self.cells[peer as usize].figure?;
        let times = match self.better {
            Better::Less => other / own,
            Better::More => own / other,
        };
        (own > 0.0 && times.is_finite()).then_some(times)
    }

    fn goal(&self) -> (String, bool) {
        let met: Vec<bool> = self.goals.iter().map(|goal| self.meets(goal)).collect();
        let is_reached = met.iter().all(|met| *met);
        let texts: Vec<String> = (self.goals.iter().zip(&met))
            .map(|(goal, met)| {
                format!(
                    "{}{}",
                    self.in_words(goal),
                    if *met { "" } else { " **missed**" }
                )
            })
            .collect();
        (texts.join(", "), is_reached)
    }

    fn meets(&self, goal: &Goal) -> bool {
        let own = self.cells[Peer::Authchain as usize];
        match (goal, self.better) {
            (Goal::Bound(bound), Better::Less) => own.figure.is_some_and(|own| own <= *bound),
            (Goal::Bound(bound), Better::More) => own.figure.is_some_and(|own| own >= *bound),
            (Goal::Times(times, peer), _) => self.ratio(*peer).is_some_and(|ratio| ratio >= *times),
            (Goal::NoFailure, _) => own.failed == 0,
        }
    }

    fn in_words(&self, goal: &Goal) -> String {
        match (goal, self.better) {
            (Goal::Bound(bound), Better::Less) => format!("≤ {bound}"),
            (Goal::Bound(bound), Better::More) => format!("≥ {bound}"),
            (Goal::Times(times, peer), _) => format!("≥ {times} × {}", peer.name()),
            (Goal::NoFailure, _) => "none wrong".to_owned(),
        }
    }
}

impl Cell {
    fn show(self) -> String {
        let figure = match self.figure {
            None => return "–".to_owned(),
            Some(figure) if figure.is_infinite() => "never".to_owned(),
            Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
            Some(figure) if figure >= 10.0 => format!("{figure:.1}"),
            Some(figure) => format!("{figure:.2}"),
        };
        match self.failed {
            0 => figure,
            failed => format!("{figure} ({failed} wrong)"),
        }
    }
}
