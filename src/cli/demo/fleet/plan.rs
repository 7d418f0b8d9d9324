use crate::cli::Failure;
use crate::job::{AccountRef, Job, Kind};

/// How many accounts there are, each with two jobs.
pub const ACCOUNTS: usize = 20;

/// What is asked of an account, in this order; the accounts go through these pairs in turn.
const PAIRS: [[Kind; 2]; 5] = [
    [Kind::VerifyLogin, Kind::ChangePassword],
    [Kind::EnrolMfa, Kind::VerifyLogin],
    [Kind::ChangePassword, Kind::VerifyLogin],
    [Kind::ChangePassword, Kind::EnrolMfa],
    [Kind::VerifyLogin, Kind::ChangePassword],
];

/// The jobs of an account, the second of which is submitted when the first has ended.
pub type Errand = [Job; 2];

/// All that the fleet has to do.
///
/// # Errors
/// Never; a test holds that.
pub fn plan() -> Result<Vec<Errand>, Failure> {
    let errand = |nth: usize| -> Result<Errand, Failure> {
        let account: AccountRef = format!("acme/user{:02}", nth + 1).parse().map_err(Failure::usage)?;
        Ok(PAIRS[nth % PAIRS.len()].map(|kind| Job {
            requested_by: Some("turnlock demo".to_owned()),
            ..Job::new(kind, account.clone())
        }))
    };
    (0..ACCOUNTS).map(errand).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_has_forty_jobs_of_all_three_kinds() {
        let jobs: Vec<Job> = plan().unwrap().into_iter().flatten().collect();
        let of = |kind| jobs.iter().filter(|job| job.kind == kind).count();
        assert_eq!(
            (of(Kind::VerifyLogin), of(Kind::ChangePassword), of(Kind::EnrolMfa), jobs.len()),
            (16, 16, 8, 40)
        );
    }
}
