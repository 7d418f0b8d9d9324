//! Credentials as values: password rules and generator, TOTP, QR pictures, recovery codes.
//!
//! Nothing here does I/O; randomness comes from the operating system and the time is an argument.

mod charset;
pub mod generator;
mod random;
pub mod rules;

pub use charset::CharSet;
pub use generator::{GenerateError, generate};
pub use rules::{PasswordRules, RulesError, Violation};
