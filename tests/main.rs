//! The one integration binary: a file per promise or feature under `suite/`, a shared harness in `harness/`.
