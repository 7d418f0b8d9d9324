//! The binary: parse arguments, call the library, map the outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    turnlock::cli::main(std::env::args_os()).into()
}
