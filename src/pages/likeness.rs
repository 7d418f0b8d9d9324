//! Whether a page is one that is kept already: most steps leave the page on which the last one was as it is, but for
//! classes and styles, such as those of the field that has the focus.

/// A document, and what is known of it while it is recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    /// As it is written.
    pub html: String,
    /// Which of its elements could be seen, a digit for each; nothing of what was read from a file.
    pub visible: String,
}

impl Kept {
    /// Whether it has the same elements, with the same words and names, and the same of them could be seen.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.html == other.html
            || (!self.visible.is_empty()
                && self.visible == other.visible
                && without_styles(&self.html) == without_styles(&other.html))
    }
}

/// Without the tables of styles, and without classes.
fn without_styles(html: &str) -> String {
    let spans = [("<style>", "</style>"), (" class=\"", "\""), (" tl-style=\"", "\"")];
    spans.iter().fold(html.to_owned(), |html, (begin, end)| without(&html, begin, end))
}

/// Without whatever stands between the two. Neither stands in a text, where quotes and brackets are written otherwise.
fn without(text: &str, begin: &str, end: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(begin) {
        kept.push_str(before);
        rest = after.split_once(end).map_or("", |(_, rest)| rest);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(html: &str, visible: &str) -> Kept {
        Kept { html: html.to_owned(), visible: visible.to_owned() }
    }

    #[test]
    fn pages_are_alike_whose_styles_alone_differ_while_the_same_can_be_seen() {
        let html = |style: &str, class: &str, word: &str| {
            format!(
                "<style>{style}</style><p class=\"{class}\" tl-style=\"1\">{word}</p><b\n tl-style=\"2\">class=&quot;x&quot;</b>"
            )
        };
        let one = kept(&html("[a]{width:1px}", "field", "Name"), "11");
        assert!(one.is_like(&kept(&html("[a]{width:2px}", "field focused", "Name"), "11")));
        assert!(!one.is_like(&kept(&html("[a]{width:2px}", "field focused", "Surname"), "11")));
        assert!(!one.is_like(&kept(&html("[a]{width:2px}", "field focused", "Name"), "10")), "one is hidden");
        assert!(
            !kept(&one.html, "").is_like(&kept(&html("", "field", "Name"), "")),
            "nobody knows what was seen"
        );
        assert!(kept(&one.html, "").is_like(&one));
    }
}
