// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is compared with what, and in how many rounds.

use crate::measure::{Pairs, Spread};
use crate::program::{Figure, Program};
use crate::row::{Bar, Form, Row};
use crate::scene::Scene;

/// Rounds of pairs of what is over in some milliseconds, of others, and of pairs with a
/// program that takes its time.
pub(crate) const MANY_ROUNDS: usize = 51;
pub(crate) const ROUNDS: usize = 15;
pub(crate) const FEW_ROUNDS: usize = 5;
/// With one that takes half a minute.
pub(crate) const LEAST_ROUNDS: usize = 3;

/// Nothing may take more than this many times what it took.
const OF_BASE: Bar = Bar::AtMost(1.05);

/// A program of ours in a scene, and what it is measured against.
pub(crate) struct Case {
    name: String,
    scene: Scene,
    rounds: usize,
    ours: Program,
    rivals: Vec<Rival>,
    of_base: Option<Bar>,
}

struct Rival {
    /// What stands behind the name of the case.
    label: String,
    form: Form,
    bar: Bar,
    /// The best of these; with none, ours is measured alone.
    programs: Vec<Program>,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, scene: Scene, rounds: usize, ours: Program) -> Self {
        let (name, rivals) = (name.into(), Vec::new());
        Self { name, scene, rounds, ours, rivals, of_base: Some(OF_BASE) }
    }

    /// One row: how many times as long as `program` ours takes.
    pub(crate) fn over(self, other: &str, program: Program, bar: Bar) -> Self {
        self.over_best(other, vec![program], bar)
    }

    /// The same, with whichever of `programs` takes the least, so that ours is not
    /// measured against a bad choice.
    pub(crate) fn over_best(self, other: &str, programs: Vec<Program>, bar: Bar) -> Self {
        self.against(Rival { label: format!("÷ {other}"), form: Form::AsLong, bar, programs })
    }

    /// One row: how many times as fast as `program` ours is.
    pub(crate) fn ahead_of(self, other: &str, program: Program, bar: Bar) -> Self {
        let programs = vec![program];
        self.against(Rival { label: format!("× {other}"), form: Form::AsFast, bar, programs })
    }

    /// One row: how much memory ours has.
    pub(crate) fn alone(self, bar: Bar) -> Self {
        let (label, programs) = (String::new(), Vec::new());
        self.against(Rival { label, form: Form::Memory, bar, programs })
    }

    fn against(mut self, rival: Rival) -> Self {
        self.rivals.push(rival);
        self
    }

    /// Measures it against another checkout by this bar.
    pub(crate) fn of_base(self, bar: Bar) -> Self {
        Self { of_base: Some(bar), ..self }
    }

    /// Leaves it out where another checkout is measured.
    pub(crate) fn without_base(self) -> Self {
        Self { of_base: None, ..self }
    }
}

/// The rows that are asked for, as they are measured.
pub(crate) struct Bench<'a> {
    word: &'a str,
    /// Whether programs of another checkout are what ours are measured against.
    base: bool,
    section: &'static str,
    rows: usize,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(word: &'a str, base: bool) -> Self {
        Self { word, base, section: "", rows: 0 }
    }

    /// What follows stands under this heading.
    pub(crate) fn section(&mut self, name: &'static str) {
        self.section = name;
    }

    /// Measures the rows of `case`.
    pub(crate) fn case(&mut self, case: Case) {
        let Case { name, scene, rounds, ours, rivals, of_base } = case;
        if self.base {
            let Some(bar) = of_base else { return };
            let name = name + ": ÷ base";
            self.pairs(name, Form::AsLong, ours.figure(), bar, || {
                scene.pairs(rounds, &ours, &ours.of_base())
            });
            return;
        }
        for Rival { label, form, bar, programs } in rivals {
            if programs.is_empty() {
                self.row(name.clone(), form, bar, || {
                    let figures = scene.figures(rounds, &ours);
                    let mebibytes = Spread::of(figures.iter().map(|kibibytes| kibibytes / 1024.0));
                    let ours = Spread::of(figures.into_iter());
                    (mebibytes, [ours.said(Figure::Peak), String::new()])
                });
                continue;
            }
            self.pairs(format!("{name}: {label}"), form, ours.figure(), bar, || {
                let best = best(&scene, &programs);
                scene.pairs(rounds, &ours, best)
            });
        }
    }

    /// Measures a row that is no case; never against another checkout.
    pub(crate) fn other(
        &mut self,
        name: &str,
        form: Form,
        bar: Bar,
        figure: Figure,
        measure: impl FnOnce() -> Pairs,
    ) {
        if !self.base {
            self.pairs(name.to_owned(), form, figure, bar, measure);
        }
    }

    fn pairs(
        &mut self,
        name: String,
        form: Form,
        figure: Figure,
        bar: Bar,
        measure: impl FnOnce() -> Pairs,
    ) {
        self.row(name, form, bar, || {
            let pairs = measure();
            let ratio = match form {
                Form::AsFast => pairs.other_by_ours(),
                Form::AsLong | Form::Memory => pairs.ours_by_other(),
            };
            (ratio, [pairs.ours().said(figure), pairs.other().said(figure)])
        });
    }

    fn row(
        &mut self,
        name: String,
        form: Form,
        bar: Bar,
        measure: impl FnOnce() -> (Spread, [String; 2]),
    ) {
        if !name.contains(self.word) {
            return;
        }
        eprintln!("bench: {name}");
        let (figure, [ours, other]) = measure();
        let row = Row { section: self.section.to_owned(), name, form, figure, bar, ours, other };
        println!("{}", row.line());
        self.rows += 1;
    }

    pub(crate) fn end(self) {
        assert!(self.rows > 0, "no row has '{}' in its name", self.word);
    }
}

/// Two figures that were each measured in a scene of their own.
pub(crate) fn apart(rounds: usize, ours: (&Scene, &Program), other: (&Scene, &Program)) -> Pairs {
    Pairs::measure(rounds, || ours.0.once(ours.1), || other.0.once(other.1))
}

fn best<'a>(scene: &Scene, programs: &'a [Program]) -> &'a Program {
    let [only] = programs else {
        let least = |program| (0..2).map(|_| scene.once(program)).fold(f64::INFINITY, f64::min);
        let timed = programs.iter().map(|program| (least(program), program));
        return timed.min_by(|one, other| one.0.total_cmp(&other.0)).expect("some").1;
    };
    only
}
