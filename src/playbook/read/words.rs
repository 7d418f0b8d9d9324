//! The words of the language: steps with examples, roles, field names.

/// The steps, each with an example.
pub(in crate::playbook) const STEPS: [(&str, &str); 14] = [
    ("open", "open: /login"),
    ("click", "click: { role: button, name: Sign in }"),
    ("fill", "fill: { into: { label: Username }, with: username }"),
    ("check", "check: { label: Trust this device }"),
    ("uncheck", "uncheck: { label: Stay signed in }"),
    ("select", "select: { in: { label: Method }, option: Authenticator app }"),
    ("press", "press: { key: Enter, in: { label: Password } }"),
    ("hover", "hover: { role: button, name: Menu }"),
    ("see", "see: { text: Welcome }"),
    ("gone", "gone: { text: Loading }"),
    ("expect", "expect: { signed_in: { role: link, name: Sign out } }"),
    ("read_secret", "read_secret: { text: { css: code.secret } }"),
    ("read_recovery_codes", "read_recovery_codes: { from: { css: ul.codes }, count: 10 }"),
    ("commit", "commit: { click: { role: button, name: Confirm } }"),
];

/// What others call the flows.
pub(in crate::playbook) const OTHER_FLOWS: [(&str, &[&str]); 5] = [
    (
        "login",
        &["signin", "sign_in", "log_in", "logon", "log_on", "sign_on", "signon", "authenticate", "auth"],
    ),
    ("logout", &["signout", "sign_out", "log_out", "logoff", "log_off", "sign_off"]),
    (
        "enrol_mfa",
        &[
            "mfa",
            "2fa",
            "tfa",
            "totp",
            "otp",
            "two_factor",
            "enable_mfa",
            "enable_2fa",
            "setup_mfa",
            "set_up_mfa",
            "enroll",
            "enrol",
            "enroll_mfa",
            "enrol_2fa",
            "enroll_2fa",
            "enrol_totp",
            "mfa_enrol",
            "mfa_enroll",
        ],
    ),
    (
        "change_password",
        &[
            "password_change",
            "password",
            "update_password",
            "set_password",
            "new_password",
            "rotate",
            "rotate_password",
            "change_pw",
            "pw_change",
            "passwd",
        ],
    ),
    (
        "recover",
        &[
            "recovery",
            "reset",
            "reset_password",
            "password_reset",
            "forgot",
            "forgot_password",
            "forgotten_password",
            "recover_password",
        ],
    ),
];

/// What others call the values.
pub(in crate::playbook) const OTHER_VALUES: [(&str, &[&str]); 7] = [
    ("username", &["user", "login", "name", "user_id", "account", "account_name"]),
    ("address", &["email", "mail", "email_address", "e_mail"]),
    ("number", &["phone", "phone_number", "mobile", "tel"]),
    ("password", &["pass", "pw", "pwd", "passwd", "current_password", "old_password", "secret"]),
    ("new_password", &["new", "new_pw", "new_pass", "newpwd", "password_new", "next_password"]),
    ("totp", &["otp", "code", "mfa", "2fa", "mfa_code", "2fa_code", "totp_code", "token"]),
    ("email_code", &["mail_code", "mailed_code", "code_email"]),
];

/// What a locator may go by.
pub(in crate::playbook) const BY: [&str; 8] =
    ["label", "role", "placeholder", "text", "test_id", "autocomplete", "css", "xpath"];

/// What narrows a locator down.
pub(in crate::playbook) const MODIFIERS: [&str; 6] =
    ["name", "exact", "frame", "within", "containing", "timeout"];

/// An example of a target.
pub(in crate::playbook) const TARGET: &str = "{ role: button, name: Sign in }";

/// The roles of WAI-ARIA 1.2 that an element can have (no abstract ones).
pub(in crate::playbook) const ROLES: [&str; 82] = [
    "alert",
    "alertdialog",
    "application",
    "article",
    "banner",
    "blockquote",
    "button",
    "caption",
    "cell",
    "checkbox",
    "code",
    "columnheader",
    "combobox",
    "complementary",
    "contentinfo",
    "definition",
    "deletion",
    "dialog",
    "directory",
    "document",
    "emphasis",
    "feed",
    "figure",
    "form",
    "generic",
    "grid",
    "gridcell",
    "group",
    "heading",
    "img",
    "insertion",
    "link",
    "list",
    "listbox",
    "listitem",
    "log",
    "main",
    "mark",
    "marquee",
    "math",
    "menu",
    "menubar",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "meter",
    "navigation",
    "none",
    "note",
    "option",
    "paragraph",
    "presentation",
    "progressbar",
    "radio",
    "radiogroup",
    "region",
    "row",
    "rowgroup",
    "rowheader",
    "scrollbar",
    "search",
    "searchbox",
    "separator",
    "slider",
    "spinbutton",
    "status",
    "strong",
    "subscript",
    "superscript",
    "switch",
    "tab",
    "table",
    "tablist",
    "tabpanel",
    "term",
    "textbox",
    "time",
    "timer",
    "toolbar",
    "tooltip",
    "tree",
    "treeitem",
];

/// The field names of HTML's `autocomplete` that a login, a code or a password form may bear.
pub(in crate::playbook) const AUTOCOMPLETE: [&str; 8] =
    ["username", "email", "current-password", "new-password", "one-time-code", "webauthn", "name", "tel"];
