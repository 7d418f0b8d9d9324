//! The text that a person sees of an HTML mail.

mod style;
mod text;
mod tokens;

use style::Sheet;
use text::Text;
use tokens::{Token, Tokens};

use super::shown::Shown;

/// The text of an HTML document: a line a block, entities decoded, style and scripts left out, and whatever
/// is hidden. Any input gives some text; broken markup is read as browsers do, roughly.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    shown(html).text
}

/// The same text, with what of it stands out and what is quoted.
pub(super) fn shown(html: &str) -> Shown {
    let mut text = Text::new(sheet(html));
    for token in Tokens::of(html) {
        match token {
            Token::Text(raw) => text.add(raw),
            Token::Tag(tag) => {
                text.lay_out(&tag);
                text.filled_in(&tag);
            }
            Token::Style(_) => {}
        }
    }
    text.finish()
}

/// What the document's own style sheets say.
fn sheet(html: &str) -> Sheet {
    let mut sheet = Sheet::default();
    for token in Tokens::of(html) {
        if let Token::Style(rules) = token {
            sheet.read(rules);
        }
    }
    sheet
}

/// Stand around the address of a link in what [`html_with_links`] gives; no mail has use for them.
pub(super) const LINK: (char, char) = ('\u{e000}', '\u{e001}');

/// The same text, and behind the words of each link its address, between the two marks of [`LINK`].
pub(super) fn html_with_links(html: &str) -> String {
    let unmarked = html.replace([LINK.0, LINK.1], " ");
    let mut text = Text::new(sheet(&unmarked));
    let mut open = None;
    for token in Tokens::of(&unmarked) {
        match token {
            Token::Text(raw) => text.add(raw),
            Token::Tag(tag) if tag.name == "a" || tag.name == "area" => {
                text.link(open.take());
                text.lay_out(&tag);
                if !tag.is_closing() {
                    open = tag.attribute("href");
                    text.described(&tag);
                }
                if tag.name == "area" {
                    text.link(open.take());
                }
            }
            Token::Tag(tag) => {
                // The words of a button that is a picture.
                if tag.name == "img" && open.is_some() {
                    text.described(&tag);
                }
                text.lay_out(&tag);
            }
            Token::Style(_) => {}
        }
    }
    text.link(open);
    text.finish().text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_a_person_sees() {
        let cases = [
            ("<p>Your code is <b>123456</b>.</p><p>Bye</p>", "Your code is 123456.\nBye"),
            ("<html><head><style>p{color:#123456}</style><title>x</title></head><body>hi</body>", "hi"),
            ("a<script>var code = '999999';</script>b", "ab"),
            ("<!-- 111111 --><span>1</span><span>2</span>", "12"),
            ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
            (
                "Best&auml;tigung &#49;&#x32; &amp; &lt;b&gt; &nosuch; & more",
                "Bestätigung 12 & <b> &nosuch; & more",
            ),
            ("<img alt=\"a > b\" src='x'>text", "text"),
            ("1 < 2 <3 and <b title=\"open>bold</b>", "1 < 2 <3 and bold"),
            ("  spaced\n\n   out  ", "spaced out"),
            ("<p>Code:</p><img alt='482 915' src=x>", "Code:\n482 915"),
            ("<input value=4><input value='8'><input type=hidden value=1><input type=submit value=2>", "4 8"),
            ("<img alt='7 days' hidden><div style='display:none'><img alt=1234></div>", ""),
            ("<style>never closed", ""),
            ("", ""),
        ];
        for (html, text) in cases {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn shows_where_links_lead() {
        let cases = [
            ("go <a class=x HREF='/a?b=1&amp;c=2'><b>there</b></a>, now", "go there{/a?b=1&c=2}, now"),
            (
                "<a data-href=no href = \"https://x.example/ y\" title='a > b'>1</a>",
                "a > b 1{https://x.example/y}",
            ),
            ("<a href=/one>1<a href=/two>2", "1{/one}2{/two}"),
            ("<a name=top>top</a> <a href>none</a>", "top none{}"),
            ("<a href=/logo><img alt=\"Reset it\" src=x></a>", "Reset it {/logo}"),
            ("<img alt=unseen><map><area href=/area alt=Here>x</map>", "Here {/area}x"),
            ("<!-- <a href=/no>no</a> --><style><a href=/no></style>", ""),
            ("<a href=/é/ü>&#10;é</a", "é{/é/ü}"),
            ("\u{e000}https://x.example/\u{e001}", "https://x.example/"),
        ];
        for (html, text) in cases {
            let shown = html_with_links(html).replace(LINK.0, "{").replace(LINK.1, "}");
            assert_eq!(shown, text, "{html}");
        }
    }
}
