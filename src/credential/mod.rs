//! Credentials as values: password rules and generator, TOTP, QR pictures, recovery codes, and codes that people hand over.
//!
//! Nothing here does I/O; randomness comes from the operating system and the time is an argument.

mod charset;
pub mod generator;
pub mod handover;
mod otpauth;
mod random;
pub mod recovery;
pub mod rules;
pub mod totp;

pub use charset::CharSet;
pub use generator::{GenerateError, generate};
pub use handover::{BadKey, GivenCode, NoCode, Opener};
pub use recovery::{RecoveryCodes, RecoveryError};
pub use rules::{PasswordRules, RulesError, Violation};
pub use totp::{Algorithm, Code, TotpError, TotpSecret, Usable};
pub use turnlock_qr as qr;
