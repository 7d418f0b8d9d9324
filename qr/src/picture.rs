//! A PNG picture as brightness values, in the views that QR codes are looked for in.

use std::io::Cursor;

use zeroize::Zeroizing;

use crate::QrError;

const LONGEST_SIDE: u32 = 8192;
const DECODED_LIMIT: usize = 64 * 1024 * 1024;
/// Enlarged views stay below this.
const VIEW_LIMIT: usize = 16 * 1024 * 1024;
/// White around the picture, in its own pixels, for codes that reach to its edge.
pub(super) const MARGIN: usize = 8;

/// Brightness values, 0 to 255; wiped after use, since a QR code is a secret too.
pub(super) struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Zeroizing<Vec<u8>>,
}

/// One way to look at a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Light on dark instead of dark on light.
    pub inverted: bool,
    /// How many times larger; tiny modules are not found otherwise.
    pub scale: usize,
    /// Black or white by one threshold for the whole picture, which finds faint codes; else by the
    /// surroundings, which finds codes on a busy page.
    pub global: bool,
}

impl View {
    /// Every view at one scale, the likeliest first.
    pub fn at_scale(scale: usize) -> impl Iterator<Item = Self> {
        [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .map(move |(inverted, global)| Self { inverted, scale, global })
    }
}

impl Picture {
    /// Decodes a PNG of any kind. A picture with transparency gives two: on white and on black.
    pub fn from_png(png: &[u8]) -> Result<Vec<Self>, QrError> {
        let bad = |error: png::DecodingError| match error {
            png::DecodingError::LimitsExceeded => QrError::TooLarge,
            other => QrError::NotPng(other.to_string()),
        };
        let limits = png::Limits { bytes: DECODED_LIMIT };
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(png), limits);
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(bad)?;
        let (width, height) = reader.info().size();
        let size = reader.output_buffer_size().unwrap_or(usize::MAX);
        if width.max(height) > LONGEST_SIDE || size > DECODED_LIMIT {
            return Err(QrError::TooLarge);
        }
        let mut bytes = Zeroizing::new(vec![0; size]);
        reader.next_frame(&mut bytes).map_err(bad)?;
        let samples = reader.output_color_type().0.samples();
        let colours = samples - usize::from(samples % 2 == 0);
        let transparent = samples > colours && bytes.chunks_exact(samples).any(|pixel| pixel[colours] < 255);
        let on = |backdrop: u8| Self {
            width: width as usize,
            height: height as usize,
            pixels: Zeroizing::new(
                bytes
                    .chunks_exact(samples)
                    .map(|pixel| over(brightness(&pixel[..colours]), pixel.get(colours), backdrop))
                    .collect(),
            ),
        };
        Ok(if transparent { vec![on(255), on(0)] } else { vec![on(255)] })
    }

    /// Size of a view, or `None` if it would be too large.
    fn size(&self, view: View) -> Option<(usize, usize)> {
        let width = (self.width + 2 * MARGIN) * view.scale;
        let height = (self.height + 2 * MARGIN) * view.scale;
        (view.scale == 1 || width * height <= VIEW_LIMIT).then_some((width, height))
    }

    /// The brightness values of a view, row by row; none if it would be too large.
    pub fn view(&self, view: View) -> Option<(usize, usize, Zeroizing<Vec<u8>>)> {
        let (width, height) = self.size(view)?;
        let mut pixels = Zeroizing::new(Vec::with_capacity(width * height));
        let (edge, blank) = (MARGIN * view.scale, 255);
        pixels.resize(edge * width, blank);
        let mut row = Zeroizing::new(Vec::with_capacity(width));
        for line in self.pixels.chunks_exact(self.width) {
            row.clear();
            row.resize(edge, blank);
            for &value in line {
                let value = if view.inverted { 255 - value } else { value };
                row.extend(std::iter::repeat_n(value, view.scale));
            }
            row.resize(width, blank);
            for _ in 0..view.scale {
                pixels.extend_from_slice(&row);
            }
        }
        pixels.resize(height * width, blank);
        Some((width, height, pixels))
    }

    /// The brightness that best parts dark from light (Otsu's method).
    pub fn threshold(&self) -> u8 {
        let mut counts = [0_u64; 256];
        for &pixel in self.pixels.iter() {
            counts[usize::from(pixel)] += 1;
        }
        let total: u64 = counts.iter().sum();
        let sum: u64 = (0..).zip(counts).map(|(value, count)| value * count).sum();
        let (mut below, mut sum_below) = (0_u64, 0_u64);
        let (mut best, mut threshold) = (0.0, 128);
        for (value, count) in (0_u8..=255).zip(counts) {
            below += count;
            sum_below += u64::from(value) * count;
            let above = total - below;
            if below == 0 || above == 0 {
                continue;
            }
            let gap = mean(sum_below, below) - mean(sum - sum_below, above);
            let spread = mean(below, total) * mean(above, total) * gap * gap;
            if spread > best {
                (best, threshold) = (spread, value);
            }
        }
        threshold
    }
}

#[expect(clippy::cast_precision_loss, reason = "a threshold needs no such precision")]
fn mean(sum: u64, count: u64) -> f64 {
    sum as f64 / count as f64
}

/// Rec. 601 weights; grey stays as it is.
fn brightness(colours: &[u8]) -> u8 {
    match *colours {
        [r, g, b] => weigh(&[(r, 299), (g, 587), (b, 114)]),
        [grey, ..] => grey,
        [] => 0,
    }
}

fn over(value: u8, alpha: Option<&u8>, backdrop: u8) -> u8 {
    alpha.map_or(value, |&alpha| {
        let opaque = u32::from(alpha) * 1000 / 255;
        weigh(&[(value, opaque), (backdrop, 1000 - opaque)])
    })
}

/// The mean by weights that add up to 1000.
fn weigh(parts: &[(u8, u32)]) -> u8 {
    let sum: u32 = parts.iter().map(|&(value, weight)| u32::from(value) * weight).sum();
    u8::try_from((sum + 500) / 1000).unwrap_or(u8::MAX)
}
