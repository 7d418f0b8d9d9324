//! What a picture says to whoever reads it: by Tesseract, which `scripts/install-test-deps` installs.

use std::io::BufReader;
use std::path::Path;
use std::process::Command;

/// Letters of pages are smaller than those that it reads well.
const ENLARGED: usize = 3;

/// So many characters of a secret in a row give it away.
const TELLING: usize = 8;

/// The words in a PNG file.
pub fn read(picture: &Path) -> String {
    let enlarged = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(enlarged.path(), enlarge(&std::fs::read(picture).unwrap())).unwrap();
    // Sparse text, in no order: labels, fields and codes.
    let output = Command::new("tesseract")
        .arg(enlarged.path())
        .args(["-", "--psm", "11", "--dpi", "288", "-l", "eng"])
        .env("OMP_THREAD_LIMIT", "1")
        .output()
        .expect("scripts/install-test-deps installs tesseract");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether what was read gives the secret away: a telling part of it, as far as such readers tell letters apart.
pub fn tells(read: &str, secret: &str) -> bool {
    let (read, secret) = (alike(read), alike(secret));
    secret.len() >= TELLING
        && secret.windows(TELLING).any(|part| read.windows(TELLING).any(|words| words == part))
}

/// Without case and what stands between, and with one letter for those that look alike.
fn alike(text: &str) -> Vec<char> {
    let kept = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    kept.map(|c| match c {
        'o' | 'q' => '0',
        'i' | 'l' | 'j' | 't' => '1',
        's' => '5',
        'z' => '2',
        'b' => '8',
        'g' => '6',
        c => c,
    })
    .collect()
}

/// The picture in grey, each of its pixels as several.
fn enlarge(png: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(BufReader::new(std::io::Cursor::new(png)));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, samples) = (info.width as usize, info.color_type.samples());
    let mut grey = Vec::with_capacity(pixels.len() * ENLARGED * ENLARGED);
    for row in pixels[..info.buffer_size()].chunks_exact(width * samples) {
        let row: Vec<u8> = row
            .chunks_exact(samples)
            .flat_map(|pixel| [pixel.iter().take(3).copied().min().unwrap_or(0); ENLARGED])
            .collect();
        (0..ENLARGED).for_each(|_| grey.extend(&row));
    }
    let mut enlarged = Vec::new();
    let mut encoder =
        png::Encoder::new(&mut enlarged, info.width * ENLARGED as u32, info.height * ENLARGED as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().unwrap().write_image_data(&grey).unwrap();
    enlarged
}
