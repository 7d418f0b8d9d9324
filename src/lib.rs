//! Turnlock.
