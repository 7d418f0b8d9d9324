//! QR codes in PNG pictures: read to learn a TOTP secret, found to be covered in evidence.
//!
//! A crate of its own, since it looks at every pixel of every picture: it is compiled for speed even where the rest is
//! compiled for debugging.

mod picture;

use secrecy::SecretString;
use zeroize::Zeroize;

use crate::picture::{MARGIN, Picture, View};

/// Why no QR code was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// The bytes are no PNG picture, or a damaged one.
    #[error("the picture is not a readable PNG: {0}")]
    NotPng(String),
    /// More pixels than are looked at.
    #[error("the picture is too large: 8192 pixels a side and 64 MiB decoded are the limit")]
    TooLarge,
    /// Nothing in it looks like a QR code.
    #[error("no QR code in the picture; it was looked for dark on light, light on dark, and enlarged")]
    NotFound,
    /// Something does, but cannot be read.
    #[error("the picture has a QR code that cannot be read: too blurred, too small, or damaged")]
    Unreadable,
}

/// A QR code and where it is.
#[derive(Debug)]
pub struct Found {
    /// What it says; `None` if it was seen but could not be read (another reader might).
    pub content: Option<SecretString>,
    /// Its corners in pixels of the picture: top left, top right, bottom right, bottom left, as the code
    /// itself is turned.
    pub bounds: [(i32, i32); 4],
}

/// What the QR codes of a picture say; at least one.
///
/// # Errors
/// When the picture cannot be decoded or has no QR code that can be read.
pub fn decode(png: &[u8]) -> Result<Vec<SecretString>, QrError> {
    let pictures = Picture::from_png(png)?;
    let mut seen = false;
    for view in (1..=3).flat_map(View::at_scale) {
        let found: Vec<Found> = pictures.iter().flat_map(|picture| look(picture, view)).collect();
        seen |= !found.is_empty();
        let contents: Vec<SecretString> = found.into_iter().filter_map(|found| found.content).collect();
        if !contents.is_empty() {
            return Ok(contents);
        }
    }
    Err(if seen { QrError::Unreadable } else { QrError::NotFound })
}

/// Every QR code of a picture in any view, also those that cannot be read. Empty if there is none.
///
/// # Errors
/// When the picture cannot be decoded.
pub fn find(png: &[u8]) -> Result<Vec<Found>, QrError> {
    let pictures = Picture::from_png(png)?;
    let mut all: Vec<Found> = Vec::new();
    // A page shows its codes large enough to be scanned; the three-fold view would only cost time.
    let enlarged = View::at_scale(2).filter(|view| !view.global);
    for view in View::at_scale(1).chain(enlarged) {
        for found in pictures.iter().flat_map(|picture| look(picture, view)) {
            match all.iter_mut().find(|known| same_place(known, &found)) {
                Some(known) if known.content.is_none() => *known = found,
                Some(_) => {}
                None => all.push(found),
            }
        }
    }
    Ok(all)
}

fn look(picture: &Picture, view: View) -> Vec<Found> {
    let Some((width, height, pixels)) = picture.view(view) else {
        return Vec::new();
    };
    let mut image = if view.global {
        let threshold = picture.threshold();
        // Inverted, light becomes dark; what lies at the threshold stays on its side.
        let threshold = if view.inverted { 254 - threshold } else { threshold };
        rqrr::PreparedImage::prepare_from_bitmap(width, height, |x, y| pixels[y * width + x] <= threshold)
    } else {
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x])
    };
    let place = |n: i32, size: usize| {
        let size = i32::try_from(size).unwrap_or(i32::MAX);
        let scale = i32::try_from(view.scale).unwrap_or(1);
        (n / scale - MARGIN as i32).clamp(0, size)
    };
    image
        .detect_grids()
        .into_iter()
        .map(|grid| {
            let mut bytes = Vec::new();
            let content = grid.decode_to(&mut bytes).ok().and_then(|_| std::str::from_utf8(&bytes).ok());
            let content = content.map(SecretString::from);
            bytes.zeroize();
            Found {
                content,
                bounds: grid.bounds.map(|p| (place(p.x, picture.width), place(p.y, picture.height))),
            }
        })
        .collect()
}

/// Two views see one code when the centre of each lies within the other.
fn same_place(a: &Found, b: &Found) -> bool {
    let extent = |found: &Found| {
        let x = found.bounds.map(|(x, _)| x);
        let y = found.bounds.map(|(_, y)| y);
        let range = |n: [i32; 4]| {
            let min = n.into_iter().min().unwrap_or(0);
            let max = n.into_iter().max().unwrap_or(0);
            (min, max)
        };
        (range(x), range(y))
    };
    let (a, b) = (extent(a), extent(b));
    let middle_within = |(min, max): (i32, i32), (low, high): (i32, i32)| {
        let middle = i32::midpoint(min, max);
        low <= middle && middle <= high
    };
    middle_within(a.0, b.0) && middle_within(a.1, b.1) && middle_within(b.0, a.0) && middle_within(b.1, a.1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use png::{BitDepth, ColorType};
    use qrcodegen::{QrCode, QrCodeEcc};
    use secrecy::ExposeSecret;

    const URI: &str = "otpauth://totp/ACME%20Co:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30";

    /// Dark and light as RGBA, the size of a module and the margin in modules.
    struct Look {
        dark: [u8; 4],
        light: [u8; 4],
        module: usize,
        margin: usize,
    }

    const PLAIN: Look = Look { dark: [0, 0, 0, 255], light: [255, 255, 255, 255], module: 4, margin: 4 };

    /// An RGBA canvas with codes drawn on it.
    struct Canvas {
        width: usize,
        height: usize,
        pixels: Vec<[u8; 4]>,
    }

    impl Canvas {
        fn new(width: usize, height: usize, colour: [u8; 4]) -> Self {
            let pixels = vec![colour; width * height];
            Self { width, height, pixels }
        }

        fn of(text: &str, look: &Look) -> Self {
            let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
            let size = (code.size() as usize + 2 * look.margin) * look.module;
            let mut canvas = Self::new(size, size, look.light);
            canvas.draw(&code, 0, 0, look);
            canvas
        }

        fn draw(&mut self, code: &QrCode, left: usize, top: usize, look: &Look) {
            let size = (code.size() as usize + 2 * look.margin) * look.module;
            for y in 0..size {
                for x in 0..size {
                    let module = |n: usize| (n / look.module) as i32 - look.margin as i32;
                    let dark = code.get_module(module(x), module(y));
                    self.pixels[(top + y) * self.width + left + x] =
                        if dark { look.dark } else { look.light };
                }
            }
        }

        fn turned(&self) -> Self {
            let mut turned = Self::new(self.height, self.width, [0; 4]);
            for y in 0..self.height {
                for x in 0..self.width {
                    turned.pixels[x * self.height + self.height - 1 - y] = self.pixels[y * self.width + x];
                }
            }
            turned
        }

        fn png(&self) -> Vec<u8> {
            let bytes: Vec<u8> = self.pixels.iter().flatten().copied().collect();
            encode(self.width, self.height, ColorType::Rgba, BitDepth::Eight, &[], &bytes)
        }
    }

    fn encode(
        w: usize,
        h: usize,
        colour: ColorType,
        depth: BitDepth,
        palette: &[u8],
        bytes: &[u8],
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, w as u32, h as u32);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if !palette.is_empty() {
            encoder.set_palette(palette.to_vec());
        }
        encoder.write_header().unwrap().write_image_data(bytes).unwrap();
        out
    }

    fn read(png: &[u8]) -> Vec<String> {
        let mut texts: Vec<String> =
            decode(png).unwrap().iter().map(|text| text.expose_secret().to_owned()).collect();
        texts.sort();
        texts
    }

    #[test]
    fn reads_every_look_that_apps_give_their_codes() {
        let looks = [
            ("plain", PLAIN),
            ("inverted", Look { dark: [255; 4], light: [0, 0, 0, 255], ..PLAIN }),
            ("tiny", Look { module: 2, ..PLAIN }),
            ("one pixel a module", Look { module: 1, ..PLAIN }),
            ("three pixels a module", Look { module: 3, ..PLAIN }),
            ("big", Look { module: 20, ..PLAIN }),
            ("narrow margin", Look { margin: 1, ..PLAIN }),
            ("no margin", Look { margin: 0, ..PLAIN }),
            (
                "tiny, inverted, no margin",
                Look { dark: [255; 4], light: [20, 20, 20, 255], module: 2, margin: 0 },
            ),
            ("faint", Look { dark: [190, 190, 190, 255], light: [215, 215, 215, 255], ..PLAIN }),
            ("faint and dark", Look { dark: [60, 60, 60, 255], light: [35, 35, 35, 255], ..PLAIN }),
            ("dark theme", Look { dark: [226, 232, 240, 255], light: [15, 23, 42, 255], ..PLAIN }),
            ("coloured", Look { dark: [79, 40, 180, 255], light: [255, 250, 220, 255], ..PLAIN }),
            ("on nothing", Look { light: [0, 0, 0, 0], ..PLAIN }),
            ("white on nothing", Look { dark: [255; 4], light: [0, 0, 0, 0], ..PLAIN }),
        ];
        for (name, look) in looks {
            let canvas = Canvas::of(URI, &look);
            assert_eq!(decode(&canvas.png()).map(|texts| texts.len()), Ok(1), "{name}");
            assert_eq!(read(&canvas.png()), [URI], "{name}");
            assert_eq!(read(&canvas.turned().png()), [URI], "{name}, turned");
        }
    }

    #[test]
    fn reads_every_kind_of_png() {
        let canvas = Canvas::of(URI, &PLAIN);
        let (w, h) = (canvas.width, canvas.height);
        let grey: Vec<u8> = canvas.pixels.iter().map(|pixel| pixel[0]).collect();
        let wide: Vec<u8> = grey.iter().flat_map(|&value| [value, value]).collect();
        let deep: Vec<u8> = wide.iter().flat_map(|&value| [value; 3]).collect();
        let index: Vec<u8> = grey.iter().map(|&value| u8::from(value == 0)).collect();
        let bits: Vec<u8> = grey
            .chunks(w)
            .flat_map(|row| {
                row.chunks(8).map(|eight| {
                    eight.iter().enumerate().fold(0, |byte, (i, &v)| byte | u8::from(v > 0) << (7 - i))
                })
            })
            .collect();
        for png in [
            encode(w, h, ColorType::Grayscale, BitDepth::Eight, &[], &grey),
            encode(w, h, ColorType::Grayscale, BitDepth::One, &[], &bits),
            encode(w, h, ColorType::Grayscale, BitDepth::Sixteen, &[], &wide),
            encode(w, h, ColorType::Rgb, BitDepth::Sixteen, &[], &deep),
            encode(w, h, ColorType::Indexed, BitDepth::Eight, &[250, 250, 250, 10, 10, 40], &index),
        ] {
            assert_eq!(read(&png), [URI]);
        }
    }

    #[test]
    fn finds_every_code_of_a_page_and_where_it_is() {
        let mut page = Canvas::new(1280, 720, [250, 250, 252, 255]);
        let code = |text| QrCode::encode_text(text, QrCodeEcc::Low).unwrap();
        let dark = Look { dark: [240; 4], light: [17, 24, 39, 255], module: 5, margin: 4 };
        let tiny = Look { module: 2, ..PLAIN };
        page.draw(&code(URI), 100, 60, &PLAIN);
        page.draw(&code("otpauth://totp/b?secret=JBSWY3DPEHPK3PXP"), 700, 100, &dark);
        page.draw(&code("https://example.com/app"), 60, 560, &tiny);
        let found = find(&page.png()).unwrap();
        let mut contents: Vec<&str> =
            found.iter().filter_map(|f| Some(f.content.as_ref()?.expose_secret())).collect();
        contents.sort_unstable();
        assert_eq!(contents, ["https://example.com/app", URI, "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP"]);
        let first =
            found.iter().find(|f| f.content.as_ref().is_some_and(|c| c.expose_secret() == URI)).unwrap();
        let side = code(URI).size() * 4;
        let corners = [(116, 76), (116 + side, 76), (116 + side, 76 + side), (116, 76 + side)];
        for ((x, y), (expected_x, expected_y)) in first.bounds.into_iter().zip(corners) {
            let off = (x - expected_x).abs().max((y - expected_y).abs());
            assert!(off <= 8, "{:?} is not near {corners:?}", first.bounds);
        }
    }

    #[test]
    fn says_when_there_is_nothing_to_read() {
        let blank = Canvas::new(300, 200, [255; 4]);
        assert_eq!(decode(&blank.png()).unwrap_err(), QrError::NotFound);
        assert!(find(&blank.png()).unwrap().is_empty());
        assert!(matches!(decode(b"GIF89a").unwrap_err(), QrError::NotPng(_)));
        let whole = Canvas::of(URI, &PLAIN).png();
        assert!(matches!(decode(&whole[..whole.len() / 2]).unwrap_err(), QrError::NotPng(_)));
        // Half of the code painted over: more than its redundancy can mend.
        let mut damaged = Canvas::of(URI, &PLAIN);
        let (w, h) = (damaged.width, damaged.height);
        for y in h * 5 / 10..h * 7 / 10 {
            for x in w / 6..w * 5 / 6 {
                damaged.pixels[y * w + x] = [255; 4];
            }
        }
        assert_eq!(decode(&damaged.png()).unwrap_err(), QrError::Unreadable);
        assert_eq!(find(&damaged.png()).unwrap().iter().filter(|f| f.content.is_none()).count(), 1);
    }

    #[test]
    fn refuses_pictures_past_its_bounds() {
        for (w, h, limit) in [(9000, 10, true), (10, 9000, true), (8192, 8, false)] {
            let png = encode(w, h, ColorType::Grayscale, BitDepth::Eight, &[], &vec![255; w * h]);
            let expected = if limit { QrError::TooLarge } else { QrError::NotFound };
            assert_eq!(decode(&png).unwrap_err(), expected, "{w}x{h}");
        }
        let bytes = vec![255; 5000 * 5000 * 3];
        let png = encode(5000, 5000, ColorType::Rgb, BitDepth::Eight, &[], &bytes);
        assert_eq!(decode(&png).unwrap_err(), QrError::TooLarge);
    }
}
