//! One thread's part of a dump of callgrind.
//!
//! The format is that of <https://valgrind.org/docs/manual/cl-format.html>, of which this reads what callgrind
//! writes here: one event (instructions), one position (the line), names abbreviated to numbers.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Instructions by function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    functions: BTreeMap<String, Cost>,
}

/// Instructions of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// In its own code, and what was inlined into it.
    pub(super) own: u64,
    /// With all that it called. A function that calls itself through others has them more than once.
    pub(super) inclusive: u64,
}

impl Profile {
    /// Reads a dump; lines that it does not know have no instructions.
    pub(super) fn parse(text: &str) -> Profile {
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        let mut costs: BTreeMap<&str, Cost> = BTreeMap::new();
        let (mut function, mut called, mut is_call) = ("", "", false);
        for line in text.lines() {
            if let Some(word) = line.strip_prefix("fn=") {
                function = number(word, &mut names);
            } else if let Some(word) = line.strip_prefix("cfn=") {
                called = number(word, &mut names);
            } else if line.starts_with("calls=") {
                // The line after it tells what the calls cost.
                is_call = true;
            } else if let Some(cost) = cost(line) {
                let entry = costs.entry(function).or_default();
                if !is_call {
                    entry.own += cost;
                }
                if !is_call || called != function {
                    entry.inclusive += cost;
                }
                is_call = false;
            }
        }
        let mut profile = Profile::default();
        for (function, cost) in costs {
            profile.add(names.get(function).copied().unwrap_or(function), cost);
        }
        profile
    }

    /// All instructions.
    pub(super) fn total(&self) -> u64 {
        self.functions.values().map(|cost| cost.own).sum()
    }

    /// Whether a function with this in its name was running.
    pub(super) fn has(&self, part: &str) -> bool {
        self.functions.keys().any(|name| name.contains(part))
    }

    /// Adds what another thread did.
    pub(super) fn merge(&mut self, other: &Profile) {
        for (name, cost) in &other.functions {
            self.add(name, *cost);
        }
    }

    /// The functions whose `key` is highest, highest first.
    pub(super) fn highest(&self, count: usize, key: impl Fn(&str, &Cost) -> u64) -> Vec<(&str, Cost)> {
        let mut functions: Vec<_> =
            self.functions.iter().map(|(name, cost)| (name.as_str(), *cost)).collect();
        functions.sort_by_key(|(name, cost)| Reverse(key(name, cost)));
        functions.truncate(count);
        functions
    }

    fn add(&mut self, name: &str, cost: Cost) {
        let entry = self.functions.entry(name.to_owned()).or_default();
        entry.own += cost.own;
        entry.inclusive += cost.inclusive;
    }
}

/// The number of `(NUMBER) NAME` or `(NUMBER)`; the name stands where the number is first used.
fn number<'a>(word: &'a str, names: &mut BTreeMap<&'a str, &'a str>) -> &'a str {
    let Some((number, name)) = word.split_once(')') else { return word };
    if !name.trim().is_empty() {
        names.insert(number, name.trim());
    }
    number
}

/// The instructions of a line `POSITION COST`, where the position is a number, `+N`, `-N` or `*`.
fn cost(line: &str) -> Option<u64> {
    let (position, cost) = line.split_once(' ')?;
    let position = position.strip_prefix(['+', '-']).unwrap_or(position);
    let is_position =
        position == "*" || (!position.is_empty() && position.bytes().all(|byte| byte.is_ascii_digit()));
    if is_position { cost.trim().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the format's manual, with what callgrind adds: numbers for names, relative lines, other files.
    const DUMP: &str = "\
# callgrind format
version: 1
pid: 4711
part: 1
desc: Timerange: Basic block 0 - 1127842
positions: line
events: Ir
summary: 0

ob=(1) /usr/bin/program
fl=(1) file1.c
fn=(1) main
16 20
cfn=(2) func1
calls=1 50
* 400
fi=(3) inlined.h
+2 5
fe=(1)
cfi=(2) file2.c
cfn=(3) func2
calls=3 20
-1 400

fn=(2)
51 100
cfn=(3)
calls=2 20
* 300
cfn=(2)
calls=1 50
* 77

fl=(2)
fn=(3)
20 700

totals: 825
";

    #[test]
    fn own_and_inclusive_costs_are_told_apart() {
        let profile = Profile::parse(DUMP);
        assert_eq!(profile.total(), 825, "the total of the file");
        let by_inclusive = profile.highest(2, |_, cost| cost.inclusive);
        // What a function spends in a call of itself is in it already.
        let expected =
            [("main", Cost { own: 25, inclusive: 825 }), ("func2", Cost { own: 700, inclusive: 700 })];
        assert_eq!(by_inclusive, expected);
        assert_eq!(profile.highest(9, |_, cost| cost.own)[1].0, "func1");
        assert!(profile.has("unc2") && !profile.has("func3"));
    }

    #[test]
    fn threads_add_up_by_name() {
        let mut sum = Profile::parse(DUMP);
        sum.merge(&Profile::parse("fn=(9) func2\n1 5\n\nfn=(1) other\n1 3\n"));
        assert_eq!(sum.total(), 833);
        assert_eq!(sum.highest(1, |_, cost| cost.own), [("func2", Cost { own: 705, inclusive: 705 })]);
    }
}
