//! The changes that are tried. What each does stands in `browser/page/mutate.js`, under the same name.

/// A change that an app may make to its pages without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mutation {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub does: &'static str,
}

const fn mutation(name: &'static str, does: &'static str) -> Mutation {
    Mutation { name, does }
}

/// All of them.
pub const MUTATIONS: [Mutation; 23] = [
    mutation("ids-renamed", "every `id` is generated anew, and what refers to it follows"),
    mutation("classes-renamed", "every class is generated anew, and the styles follow"),
    mutation("test-ids-gone", "no `data-testid` and the like is left"),
    mutation("field-names-changed", "every field and button has another `name`"),
    mutation("autocomplete-gone", "no `autocomplete` is left"),
    mutation("late", "what the step is about comes half a second after the page"),
    mutation("covered-for-a-moment", "something covers the whole page for half a second"),
    mutation(
        "drawn-anew",
        "the form, or what else holds it, is replaced by an equal one ten times in half a second",
    ),
    mutation("fields-reordered", "the fields of the form stand in the opposite order"),
    mutation("another-language", "every text is in another language"),
    mutation("newsletter-added", "a form for a newsletter follows, with a field for an address and a button"),
    mutation("registration-added", "a form for new users precedes, with fields for a name and a password"),
    mutation("hidden-twin", "the form is there once more before it, hidden, as for small screens"),
    mutation("wrapped", "it stands in two more elements without a meaning"),
    mutation("button-as-link", "the button is an `<a role=button>`"),
    mutation("button-as-input", "the `<button>` is an `<input type=submit>`, or the other way round"),
    mutation("heading-without-tag", "the heading is a `<div role=heading>`"),
    mutation("labels-by-aria", "the field has its label as `aria-label`, and no `<label>`"),
    mutation("labels-as-placeholders", "the field has its label as a placeholder, and no `<label>`"),
    mutation("spaced-and-in-capitals", "every text is in capitals, with more space in and around it"),
    mutation("in-a-shadow-root", "the part of the page that holds it is in an open shadow root"),
    mutation("banner-added", "an announcement with a heading, a link and a button stands above"),
    mutation("out-of-sight", "it lies three screens further down"),
];
