//! Painting on screenshots: covers over what nobody may read, and frames around what somebody looks for.

use std::io;

use crate::browser::Box4;

/// A grey that no page takes for its own.
const COVER: [u8; 3] = [0x60; 3];
/// A red that is seen on any page.
const OUTLINE: [u8; 3] = [0xe0, 0x10, 0x40];
/// How thick an outline is, in pixels.
const THICK: f64 = 3.0;

/// The pixels of a picture.
pub(super) struct Canvas {
    pixels: Vec<u8>,
    info: png::OutputInfo,
}

/// The picture with something painted on it.
pub(super) fn repaint(png: &[u8], paint: impl FnOnce(&mut Canvas)) -> Result<Vec<u8>, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let mut decoder = png::Decoder::new(io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| words(&error))?;
    let size = reader.output_buffer_size().ok_or("the screenshot is too large")?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|error| words(&error))?;
    let mut canvas = Canvas { pixels, info };
    paint(&mut canvas);
    let Canvas { pixels, info } = canvas;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.set_depth(info.bit_depth);
    let mut writer = encoder.write_header().map_err(|error| words(&error))?;
    writer.write_image_data(&pixels).map_err(|error| words(&error))?;
    writer.finish().map_err(|error| words(&error))?;
    Ok(out)
}

impl Canvas {
    /// Paints the box over.
    pub fn cover(&mut self, covered: Box4) {
        self.fill(covered, COVER);
    }

    /// Draws a frame around the box, outside of it.
    pub fn outline(&mut self, [x, y, width, height]: Box4) {
        let (left, top) = (x - THICK, y - THICK);
        let (wide, high) = (width + 2.0 * THICK, height + 2.0 * THICK);
        self.fill([left, top, wide, THICK], OUTLINE);
        self.fill([left, y + height, wide, THICK], OUTLINE);
        self.fill([left, top, THICK, high], OUTLINE);
        self.fill([x + width, top, THICK, high], OUTLINE);
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the picture first"
    )]
    fn fill(&mut self, [x, y, width, height]: Box4, colour: [u8; 3]) {
        let clamp = |value: f64, most: u32| value.clamp(0.0, f64::from(most)) as usize;
        let (left, right) = (clamp(x.floor(), self.info.width), clamp((x + width).ceil(), self.info.width));
        let (top, bottom) =
            (clamp(y.floor(), self.info.height), clamp((y + height).ceil(), self.info.height));
        let kind = self.info.color_type;
        let samples = kind.samples();
        let colours =
            samples - usize::from(matches!(kind, png::ColorType::Rgba | png::ColorType::GrayscaleAlpha));
        for row in top..bottom {
            let line = &mut self.pixels[row * self.info.line_size..][left * samples..right * samples];
            for pixel in line.chunks_exact_mut(samples) {
                // Opaque where there is an alpha channel.
                pixel.fill(0xff);
                pixel[..colours].copy_from_slice(&colour[..colours]);
            }
        }
    }
}
