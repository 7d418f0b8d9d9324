//! Passwords by an app's rules, each that meets them equally likely.
//!
//! How? Characters that the rules treat alike form a group. A table counts, for every number of
//! characters still to come, how many ways there are to end well; a password is then drawn character by
//! character, each weighted by the ways it leaves open. No try is thrown away, rules that cannot be met
//! are known as such, and the table gives the exact entropy.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::charset::CharSet;
use super::random;
use super::rules::PasswordRules;

/// Passwords are no longer than this, unless the rules ask for more.
const LONGEST: usize = 64;
/// No app asks for more; a table for more would only eat memory.
const LIMIT: usize = 256;
const TABLE_LIMIT: usize = 4_000_000;
/// Shorter only if the rules say so.
const PREFERRED: usize = 20;
const ENOUGH_BITS: f64 = 128.0;
/// Allowed by many an app that then trips over them; used only where a class has nothing else.
const AWKWARD: &str = " \"'<>&\\`";

/// Why there is no password for these rules.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// No password can meet the rules.
    #[error("no password can meet `{rules}`: {reason}")]
    Unsatisfiable {
        /// The rules.
        rules: String,
        /// What stands in the way.
        reason: String,
    },
    /// Rules past what the generator takes on.
    #[error("`{rules}` asks for too much: {reason}")]
    TooMuch {
        /// The rules.
        rules: String,
        /// Which bound was crossed.
        reason: String,
    },
    /// The operating system gave no random numbers.
    #[error("the operating system's random source failed: {0}")]
    Random(#[from] getrandom::Error),
}

/// A password that meets `rules`: at least 20 characters and 128 bits where the rules allow, else as strong
/// as they allow. It never begins or ends with a space.
///
/// # Errors
/// When no password can meet the rules, or the random source fails.
pub fn generate(rules: &PasswordRules) -> Result<SecretString, GenerateError> {
    let plan = Plan::best(rules)?;
    Ok(plan.draw(plan.length)?)
}

impl PasswordRules {
    /// Whether any password meets the rules.
    ///
    /// # Errors
    /// The one that [`generate`] would give.
    pub fn satisfiable(&self) -> Result<(), GenerateError> {
        Plan::best(self).map(|_| ())
    }

    /// Bits of entropy of a generated password of `length` characters; 0 where there is none of that length.
    #[must_use]
    pub fn entropy_bits(&self, length: usize) -> f64 {
        if length == 0 || length > LIMIT {
            return 0.0;
        }
        Plan::new(self, &self.needs(), length).map_or(0.0, |plan| plan.bits(length).max(0.0))
    }
}

/// Characters that the rules treat alike.
struct Group {
    chars: Vec<char>,
    /// For each deficit state the one after a character of this group.
    next: Vec<usize>,
}

struct Plan {
    length: usize,
    groups: Vec<Group>,
    /// How many characters there are to choose from.
    pool: usize,
    /// The state in which nothing has been placed; state 0 lacks nothing more.
    start: usize,
    states: usize,
    /// How often a character may follow itself, if that is limited at all.
    limit: Option<usize>,
    /// `ways[left]` by state, run length and group of the last character: the share of all ways to add
    /// `left` characters that ends well.
    ways: Vec<Vec<f64>>,
}

impl Plan {
    fn best(rules: &PasswordRules) -> Result<Self, GenerateError> {
        let unsatisfiable =
            |reason: String| GenerateError::Unsatisfiable { rules: rules.to_string(), reason };
        let min = rules.min_length.map_or(1, |n| n as usize).max(1);
        let max = rules.max_length.map_or(usize::MAX, |n| n as usize);
        if min > max {
            return Err(unsatisfiable(format!("it asks for at least {min} and at most {max} characters")));
        }
        if min > LIMIT {
            return Err(GenerateError::TooMuch {
                rules: rules.to_string(),
                reason: format!("{min} characters; {LIMIT} is the limit"),
            });
        }
        let max = max.min(LONGEST.max(min));
        let hard = rules.needs();
        // Apps often ask for one of each kind without saying so. It costs next to nothing.
        let mut soft = hard.clone();
        let pool = pool(rules);
        for kind in [CharSet::lower(), CharSet::upper(), CharSet::digit(), CharSet::special()] {
            let kind = kind & pool;
            if max >= 8 && !kind.is_empty() && !soft.iter().any(|(class, _)| *class & pool == kind) {
                soft.push((kind, 1));
            }
        }
        for (needs, wished) in [(&soft, true), (&hard, false)] {
            let mut plan = match Self::new(rules, needs, max) {
                Ok(plan) => plan,
                Err(_) if wished => continue,
                Err(error) => return Err(error),
            };
            let strong = (PREFERRED.clamp(min, max)..=max).find(|&n| plan.bits(n) >= ENOUGH_BITS);
            let length = strong.or_else(|| {
                (min..=max)
                    .filter(|&n| plan.share(n) > 0.0)
                    .max_by(|&a, &b| plan.bits(a).total_cmp(&plan.bits(b)))
            });
            if let Some(length) = length {
                plan.length = length;
                return Ok(plan);
            }
        }
        let asked: usize = hard.iter().map(|(_, times)| times).sum();
        Err(unsatisfiable(if asked > max && hard.len() > 1 {
            format!("it requires {asked} characters in at most {max}")
        } else {
            format!(
                "{} characters to choose from, {asked} required, within {min} to {max} characters{}",
                pool.chars().count(),
                rules.max_consecutive.map_or(String::new(), |n| format!(", each at most {n} times in a row")),
            )
        }))
    }

    fn new(rules: &PasswordRules, needs: &[(CharSet, usize)], longest: usize) -> Result<Self, GenerateError> {
        let too_much = |reason: String| GenerateError::TooMuch { rules: rules.to_string(), reason };
        let too_many = || too_much("its required classes are too many to count".to_owned());
        // A state is what is still lacking of each class, as one number in mixed radix.
        let mut states = 1_usize;
        for (_, times) in needs {
            states = states.checked_mul(times + 1).filter(|&n| n <= TABLE_LIMIT).ok_or_else(too_many)?;
        }
        let pool = pool(rules);
        let mut kinds: Vec<(Vec<bool>, Vec<char>)> = Vec::new();
        for c in pool.chars() {
            let kind: Vec<bool> = needs.iter().map(|(class, _)| class.contains(c)).collect();
            // The space stands alone, since it may not come first or last.
            match kinds.iter_mut().find(|(known, chars)| *known == kind && c != ' ' && chars[0] != ' ') {
                Some((_, chars)) => chars.push(c),
                None => kinds.push((kind, vec![c])),
            }
        }
        let limit = rules.max_consecutive.map(|n| n as usize).filter(|&n| n < longest);
        let row = states * limit.unwrap_or(1).max(1) * kinds.len();
        if row.saturating_mul(longest) > TABLE_LIMIT {
            return Err(too_many());
        }
        let groups = kinds
            .into_iter()
            .map(|(kind, chars)| Group {
                chars,
                next: (0..states).map(|state| after(state, needs, &kind)).collect(),
            })
            .collect();
        let mut plan = Self {
            length: longest,
            groups,
            pool: pool.chars().count(),
            start: states - 1,
            states,
            limit,
            ways: Vec::with_capacity(longest),
        };
        plan.count(longest);
        Ok(plan)
    }

    fn runs(&self) -> usize {
        self.limit.unwrap_or(1).max(1)
    }

    fn index(&self, state: usize, run: usize, group: usize) -> usize {
        (state * self.runs() + run - 1) * self.groups.len() + group
    }

    fn count(&mut self, longest: usize) {
        let row = self.states * self.runs() * self.groups.len();
        let done: Vec<f64> =
            (0..row).map(|i| if i < self.runs() * self.groups.len() { 1.0 } else { 0.0 }).collect();
        self.ways.push(done);
        for left in 1..longest {
            let mut shares = Vec::with_capacity(row);
            for state in 0..self.states {
                for run in 1..=self.runs() {
                    for group in 0..self.groups.len() {
                        let options = self.options(left, state, Some((group, run)));
                        shares.push(options.iter().map(|option| option.share).sum());
                    }
                }
            }
            self.ways.push(shares);
        }
    }

    /// What the next character may be when `left` are to come, with the share of ways that end well.
    fn options(&self, left: usize, state: usize, last: Option<(usize, usize)>) -> Vec<Choice> {
        let pool = as_f64(self.pool);
        let Some(row) = self.ways.get(left - 1) else {
            return Vec::new();
        };
        let mut options = Vec::with_capacity(self.groups.len() + 1);
        for (group, Group { chars, next }) in self.groups.iter().enumerate() {
            let edge = left == 1 || last.is_none();
            if edge && chars[0] == ' ' {
                continue;
            }
            let others = chars.len() - usize::from(last.is_some_and(|(g, _)| g == group));
            let share = as_f64(others) / pool * row[self.index(next[state], 1, group)];
            options.push(Choice { group, same: false, run: 1, share });
            if let Some((_, run)) = last.filter(|&(g, run)| g == group && self.limit.is_none_or(|n| run < n))
            {
                let run = if self.limit.is_some() { run + 1 } else { 1 };
                let share = row[self.index(next[state], run, group)] / pool;
                options.push(Choice { group, same: true, run, share });
            }
        }
        options
    }

    /// The share of all strings of `length` that meet the rules.
    fn share(&self, length: usize) -> f64 {
        self.options(length, self.start, None).iter().map(|option| option.share).sum()
    }

    fn bits(&self, length: usize) -> f64 {
        let share = self.share(length);
        if share > 0.0 { as_f64(length) * as_f64(self.pool).log2() + share.log2() } else { 0.0 }
    }

    fn draw(&self, length: usize) -> Result<SecretString, getrandom::Error> {
        let mut password = Zeroizing::new(String::with_capacity(length));
        let (mut state, mut last) = (self.start, None);
        let mut last_char = None;
        for left in (1..=length).rev() {
            let options = self.options(left, state, last);
            let total: f64 = options.iter().map(|option| option.share).sum();
            let mut point = random::unit()? * total;
            let mut chosen = None;
            for option in options.iter().filter(|option| option.share > 0.0) {
                chosen = Some(option);
                if point < option.share {
                    break;
                }
                point -= option.share;
            }
            // `best` gave a length that can be reached, so every state on the way has an option.
            let Some(option) = chosen else { break };
            let group = &self.groups[option.group];
            let c = match last_char {
                Some(c) if option.same => c,
                _ => pick(&group.chars, last_char)?,
            };
            password.push(c);
            last_char = Some(c);
            state = group.next[state];
            last = Some((option.group, option.run));
        }
        Ok(SecretString::from(password.as_str()))
    }
}

struct Choice {
    group: usize,
    /// The last character once more, or any other of the group.
    same: bool,
    run: usize,
    share: f64,
}

fn pick(chars: &[char], but: Option<char>) -> Result<char, getrandom::Error> {
    let skip = chars.iter().position(|&c| Some(c) == but);
    let count = chars.len() - usize::from(skip.is_some());
    #[expect(clippy::cast_possible_truncation, reason = "at most 95 characters")]
    let index = random::below(count as u32)? as usize;
    Ok(chars[index + usize::from(skip.is_some_and(|s| index >= s))])
}

fn after(state: usize, needs: &[(CharSet, usize)], kind: &[bool]) -> usize {
    let (mut rest, mut radix, mut result) = (state, 1, 0);
    for ((_, times), &feeds) in needs.iter().zip(kind) {
        let lacking = rest % (times + 1);
        rest /= times + 1;
        result += radix * lacking.saturating_sub(usize::from(feeds));
        radix *= times + 1;
    }
    result
}

/// The characters to choose from. Without any class in the rules: letters, digits and `-`, which every
/// app takes that takes symbols at all.
fn pool(rules: &PasswordRules) -> CharSet {
    let awkward: CharSet = AWKWARD.chars().collect();
    let tame = |class: CharSet| {
        let rest = (class & CharSet::ascii_printable()).without(awkward);
        if !rest.is_empty() {
            return rest;
        }
        let printable = class.without(" ".chars().collect());
        if printable.is_empty() { class } else { printable }
    };
    let pool = rules.required.iter().fold(tame(rules.allowed), |pool, &class| pool | tame(class));
    if pool.is_empty() {
        let dash: CharSet = "-".chars().collect();
        CharSet::lower() | CharSet::upper() | CharSet::digit() | dash
    } else {
        pool
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn as_f64(n: usize) -> f64 {
    n as f64
}
