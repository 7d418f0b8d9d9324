//! Credentials as values: password rules and generator, TOTP, QR pictures, recovery codes.
//!
//! Nothing here does I/O; randomness comes from the operating system and the time is an argument.

mod charset;
pub mod generator;
mod otpauth;
mod picture;
pub mod qr;
mod random;
pub mod recovery;
pub mod rules;
pub mod totp;

pub use charset::CharSet;
pub use generator::{GenerateError, generate};
pub use recovery::{RecoveryCodes, RecoveryError};
pub use rules::{PasswordRules, RulesError, Violation};
pub use totp::{Algorithm, Code, TotpError, TotpSecret, Usable};
