//! The one integration binary: a file per promise or feature under `suite/`, a shared harness in `harness/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;
mod suite {
    mod app_limits;
    mod architecture;
    mod browser;
    mod browser_actions;
    mod browser_capture;
    mod browser_frames;
    mod browser_input;
    mod browser_limits;
    mod browser_locators;
    mod browser_navigation;
    mod browser_pool;
    mod browser_process;
    mod browser_secrets;
    mod cancel;
    mod cli;
    mod crash_matrix;
    mod demo;
    mod deploy;
    mod faults;
    mod fleet_demo;
    mod flow;
    mod flow_codes;
    mod flow_ends;
    mod flow_lost;
    mod flow_recover;
    mod flow_secrets;
    mod flow_variants;
    mod inbox;
    mod inbox_links;
    mod inbox_serve;
    mod notices;
    mod password_rules;
    mod playbook;
    mod playbook_import;
    mod playbook_new;
    mod postgres_workers;
    mod rabbit;
    mod rabbit_dead;
    mod soak;
    mod store;
    mod vault;
    mod worker;
}
