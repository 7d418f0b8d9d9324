use std::io::{self, Write};

use data_encoding::BASE64;

use crate::cli::terminal::Pictures;

/// So much of a picture goes into one of kitty's commands, in characters.
const CHUNK: usize = 4096;

/// Draws a PNG within the text, so many columns wide.
pub(super) fn draw(out: &mut impl Write, png: &[u8], columns: usize, how: Pictures) -> io::Result<()> {
    let encoded = BASE64.encode(png);
    match how {
        Pictures::Iterm => writeln!(
            out,
            "\u{1b}]1337;File=inline=1;size={};width={columns};preserveAspectRatio=1:{encoded}\u{7}",
            png.len()
        ),
        Pictures::Kitty => {
            let mut chunks = encoded.as_bytes().chunks(CHUNK).peekable();
            // It is drawn at once and answers nothing, so that no answer is taken for something that was typed.
            let mut first = format!("a=T,f=100,q=2,c={columns},");
            while let Some(chunk) = chunks.next() {
                let more = u8::from(chunks.peek().is_some());
                write!(out, "\u{1b}_G{first}m={more};")?;
                out.write_all(chunk)?;
                out.write_all(b"\x1b\\")?;
                first.clear();
            }
            writeln!(out)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_go_in_pieces() {
        let mut out = Vec::new();
        draw(&mut out, &[7; 5_000], 60, Pictures::Kitty).unwrap();
        let out = String::from_utf8(out).unwrap();
        let pieces: Vec<_> = out.trim_end().split("\u{1b}\\").filter(|piece| !piece.is_empty()).collect();
        assert_eq!(pieces.len(), 2);
        assert!(pieces[0].starts_with("\u{1b}_Ga=T,f=100,q=2,c=60,m=1;"), "{}", &pieces[0][..40]);
        assert!(pieces[1].starts_with("\u{1b}_Gm=0;"), "{}", &pieces[1][..10]);
        let data: String = pieces.iter().map(|piece| piece.split_once(';').unwrap().1).collect();
        assert_eq!(BASE64.decode(data.as_bytes()).unwrap(), [7; 5_000]);
    }

    #[test]
    fn iterm_takes_one_command() {
        let mut out = Vec::new();
        draw(&mut out, b"png", 60, Pictures::Iterm).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, "\u{1b}]1337;File=inline=1;size=3;width=60;preserveAspectRatio=1:cG5n\u{7}\n");
    }
}
